# %% right: one example at a time
def backward(x, parameters, gradient):
    result = {name: np.zeros_like(value) for name, value in parameters.items()}
    for row, g in zip(x, gradient):
        z = parameters["weight1"] @ row + parameters["bias1"]
        a = np.maximum(z, 0)
        result["weight2"] += np.outer(g, a)
        result["bias2"] += g
        to_z = (parameters["weight2"].T @ g) * (z > 0)
        result["weight1"] += np.outer(to_z, row)
        result["bias1"] += to_z
    return result


# %% right: einsum
def backward(x, parameters, gradient):
    z = np.einsum("nf,hf->nh", x, parameters["weight1"]) + parameters["bias1"]
    to_z = np.where(z > 0, np.einsum("nc,ch->nh", gradient, parameters["weight2"]), 0.0)
    return {
        "weight1": np.einsum("nh,nf->hf", to_z, x),
        "bias1": np.einsum("nh->h", to_z),
        "weight2": np.einsum("nc,nh->ch", gradient, np.where(z > 0, z, 0.0)),
        "bias2": np.einsum("nc->c", gradient),
    }


# %% right: ones instead of sums
def backward(x, parameters, gradient):
    ones = np.ones(len(x))
    z = x @ parameters["weight1"].T + parameters["bias1"]
    mask = np.heaviside(z, 0)
    to_z = gradient.dot(parameters["weight2"]) * mask
    found = {"weight2": gradient.T.dot(z * mask), "bias2": ones @ gradient}
    found["weight1"], found["bias1"] = to_z.T.dot(x), ones @ to_z
    return found


# %% wrong: forgets the ReLU on the way back
def backward(x, parameters, gradient):
    a = np.maximum(x @ parameters["weight1"].T + parameters["bias1"], 0)
    to_z = gradient @ parameters["weight2"]
    return {
        "weight1": to_z.T @ x,
        "bias1": to_z.sum(axis=0),
        "weight2": gradient.T @ a,
        "bias2": gradient.sum(axis=0),
    }


# %% wrong: the slope of the ReLU at the wrong place, of the gradient that arrives
def backward(x, parameters, gradient):
    a = np.maximum(x @ parameters["weight1"].T + parameters["bias1"], 0)
    to_a = gradient @ parameters["weight2"]
    to_z = to_a * (to_a > 0)
    return {
        "weight1": to_z.T @ x,
        "bias1": to_z.sum(axis=0),
        "weight2": gradient.T @ a,
        "bias2": gradient.sum(axis=0),
    }


# %% wrong: weight gradients transposed
def backward(x, parameters, gradient):
    z = x @ parameters["weight1"].T + parameters["bias1"]
    to_z = (gradient @ parameters["weight2"]) * (z > 0)
    return {
        "weight1": x.T @ to_z,
        "bias1": to_z.sum(axis=0),
        "weight2": np.maximum(z, 0).T @ gradient,
        "bias2": gradient.sum(axis=0),
    }


# %% wrong: the mean over the examples
def backward(x, parameters, gradient):
    z = x @ parameters["weight1"].T + parameters["bias1"]
    to_z = (gradient @ parameters["weight2"]) * (z > 0)
    n = len(x)
    return {
        "weight1": to_z.T @ x / n,
        "bias1": to_z.mean(axis=0),
        "weight2": gradient.T @ np.maximum(z, 0) / n,
        "bias2": gradient.mean(axis=0),
    }


# %% wrong: the bias gradients are not summed over the batch
def backward(x, parameters, gradient):
    z = x @ parameters["weight1"].T + parameters["bias1"]
    to_z = (gradient @ parameters["weight2"]) * (z > 0)
    return {
        "weight1": to_z.T @ x,
        "bias1": to_z,
        "weight2": gradient.T @ np.maximum(z, 0),
        "bias2": gradient,
    }


# %% wrong: z instead of the activation in the second layer
def backward(x, parameters, gradient):
    z = x @ parameters["weight1"].T + parameters["bias1"]
    to_z = (gradient @ parameters["weight2"]) * (z > 0)
    return {
        "weight1": to_z.T @ x,
        "bias1": to_z.sum(axis=0),
        "weight2": gradient.T @ z,
        "bias2": gradient.sum(axis=0),
    }


# %% wrong: slope 1 at exactly zero
def backward(x, parameters, gradient):
    z = x @ parameters["weight1"].T + parameters["bias1"]
    to_z = (gradient @ parameters["weight2"]) * (z >= 0)
    return {
        "weight1": to_z.T @ x,
        "bias1": to_z.sum(axis=0),
        "weight2": gradient.T @ np.maximum(z, 0),
        "bias2": gradient.sum(axis=0),
    }


# %% wrong: autograd does it
def backward(x, parameters, gradient):
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in parameters.items()}
    a = torch.relu(torch.tensor(x) @ tensors["weight1"].T + tensors["bias1"])
    (a @ tensors["weight2"].T + tensors["bias2"]).backward(torch.tensor(gradient))
    return {name: value.grad.numpy() for name, value in tensors.items()}


# %% wrong: writes into the dictionary it was given
def backward(x, parameters, gradient):
    z = x @ parameters["weight1"].T + parameters["bias1"]
    to_z = (gradient @ parameters["weight2"]) * (z > 0)
    parameters["weight1"], parameters["bias1"] = to_z.T @ x, to_z.sum(axis=0)
    parameters["weight2"], parameters["bias2"] = gradient.T @ np.maximum(z, 0), gradient.sum(axis=0)
    return parameters


# %% wrong: changes the gradient that arrives
def backward(x, parameters, gradient):
    z = x @ parameters["weight1"].T + parameters["bias1"]
    to_z = (gradient @ parameters["weight2"]) * (z > 0)
    result = {"weight1": to_z.T @ x, "bias1": to_z.sum(axis=0), "weight2": gradient.T @ np.maximum(z, 0)}
    result["bias2"] = gradient.sum(axis=0)
    gradient *= 0
    return result


# %% wrong: loses the axis of a single example
def backward(x, parameters, gradient):
    z = x @ parameters["weight1"].T + parameters["bias1"]
    to_z = np.squeeze((gradient @ parameters["weight2"]) * (z > 0))
    return {
        "weight1": to_z.T @ x,
        "bias1": to_z.sum(axis=0),
        "weight2": gradient.T @ np.maximum(z, 0),
        "bias2": gradient.sum(axis=0),
    }


# %% wrong: the sizes of the visible test
def backward(x, parameters, gradient):
    result = {"weight1": np.zeros((4, 3)), "bias1": np.zeros(4), "weight2": np.zeros((2, 4)), "bias2": np.zeros(2)}
    for row, g in zip(x, gradient):
        z = parameters["weight1"] @ row + parameters["bias1"]
        to_z = (parameters["weight2"].T @ g) * (z > 0)
        result["weight1"] += np.outer(to_z, row)
        result["bias1"] += to_z
        result["weight2"] += np.outer(g, np.maximum(z, 0))
        result["bias2"] += g
    return result
