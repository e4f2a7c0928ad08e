# %% right: a loop over all names
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    thetas, ms = {}, {}
    for name in weights:
        if name in gradients:
            ms[name] = momentum * buffers[name] + multiplier * learning_rate * gradients[name]
            thetas[name] = (1 - multiplier * weight_decay) * weights[name] - ms[name]
        else:
            thetas[name], ms[name] = weights[name], buffers[name]
    return thetas, ms


# %% right: comprehensions and a helper
def buffer_after(gradient, buffer, rate, momentum):
    return buffer if gradient is None else buffer * momentum + rate * gradient


def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    ms = {
        name: buffer_after(gradients.get(name), buffers[name], multiplier * learning_rate, momentum) for name in buffers
    }
    thetas = {
        name: theta - ms[name] - multiplier * weight_decay * theta if name in gradients else theta
        for name, theta in weights.items()
    }
    return thetas, ms


# %% right: copies changed in place
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    weights = {name: np.array(value) for name, value in weights.items()}
    buffers = {name: np.array(value) for name, value in buffers.items()}
    for name, gradient in gradients.items():
        buffers[name] *= momentum
        buffers[name] += multiplier * learning_rate * gradient
        weights[name] *= 1 - multiplier * weight_decay
        weights[name] -= buffers[name]
    return weights, buffers


# %% right: in another order, with NumPy's functions
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = {}, {}
    for name in sorted(weights):
        theta, g = weights[name], gradients.get(name)
        if g is None:
            new_weights[name], new_buffers[name] = theta.copy(), buffers[name].copy()
            continue
        m = np.add(np.multiply(momentum, buffers[name]), np.multiply(multiplier * learning_rate, g))
        new_buffers[name] = m
        new_weights[name] = np.subtract(np.subtract(theta, m), multiplier * weight_decay * theta)
    return new_weights, new_buffers


# %% wrong: decays twice, as the slide prints it without its colours
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = dict(weights), dict(buffers)
    for name, gradient in gradients.items():
        theta = weights[name]
        g = gradient + weight_decay * theta
        m = momentum * buffers[name] + multiplier * learning_rate * g
        new_weights[name], new_buffers[name] = theta - m - multiplier * weight_decay * theta, m
    return new_weights, new_buffers


# %% wrong: the penalty instead of the decay
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = dict(weights), dict(buffers)
    for name, gradient in gradients.items():
        theta = weights[name]
        m = momentum * buffers[name] + multiplier * learning_rate * (gradient + weight_decay * theta)
        new_weights[name], new_buffers[name] = theta - m, m
    return new_weights, new_buffers


# %% wrong: lambda is multiplied by the learning rate, as in torch
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = dict(weights), dict(buffers)
    for name, gradient in gradients.items():
        theta = weights[name]
        m = momentum * buffers[name] + multiplier * learning_rate * gradient
        new_weights[name], new_buffers[name] = theta - m - multiplier * learning_rate * weight_decay * theta, m
    return new_weights, new_buffers


# %% wrong: the multiplier stands outside of the buffer
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = dict(weights), dict(buffers)
    for name, gradient in gradients.items():
        theta = weights[name]
        m = momentum * buffers[name] + learning_rate * gradient
        new_weights[name], new_buffers[name] = theta - multiplier * m - multiplier * weight_decay * theta, m
    return new_weights, new_buffers


# %% wrong: learning rate and multiplier stand outside of the buffer
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = dict(weights), dict(buffers)
    for name, gradient in gradients.items():
        theta = weights[name]
        m = momentum * buffers[name] + gradient
        new_weights[name] = theta - multiplier * learning_rate * m - multiplier * weight_decay * theta
        new_buffers[name] = m
    return new_weights, new_buffers


# %% wrong: decays the weights that have moved already
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = dict(weights), dict(buffers)
    for name, gradient in gradients.items():
        new_buffers[name] = momentum * buffers[name] + multiplier * learning_rate * gradient
        new_weights[name] = (weights[name] - new_buffers[name]) * (1 - multiplier * weight_decay)
    return new_weights, new_buffers


# %% wrong: the multiplier does not reach the decay
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = dict(weights), dict(buffers)
    for name, gradient in gradients.items():
        theta = weights[name]
        m = momentum * buffers[name] + multiplier * learning_rate * gradient
        new_weights[name], new_buffers[name] = theta - m - weight_decay * theta, m
    return new_weights, new_buffers


# %% wrong: nothing of the buffer is forgotten
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = dict(weights), dict(buffers)
    for name, gradient in gradients.items():
        theta = weights[name]
        m = buffers[name] + multiplier * learning_rate * gradient
        new_weights[name], new_buffers[name] = theta - m - multiplier * weight_decay * theta, m
    return new_weights, new_buffers


# %% wrong: gradients by position
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = dict(weights), dict(buffers)
    for (name, theta), gradient in zip(weights.items(), gradients.values()):
        m = momentum * buffers[name] + multiplier * learning_rate * gradient
        new_weights[name], new_buffers[name] = theta - m - multiplier * weight_decay * theta, m
    return new_weights, new_buffers


# %% wrong: what has no gradient decays, and lives on its momentum
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = {}, {}
    for name, theta in weights.items():
        gradient = gradients.get(name, np.zeros_like(theta))
        m = momentum * buffers[name] + multiplier * learning_rate * gradient
        new_weights[name], new_buffers[name] = theta - m - multiplier * weight_decay * theta, m
    return new_weights, new_buffers


# %% wrong: changes the given arrays
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    for name, gradient in gradients.items():
        buffers[name] *= momentum
        buffers[name] += multiplier * learning_rate * gradient
        weights[name] *= 1 - multiplier * weight_decay
        weights[name] -= buffers[name]
    return weights, buffers


# %% wrong: returns only what has a gradient
def sgdw_step(weights, gradients, buffers, learning_rate, momentum, weight_decay, multiplier):
    new_weights, new_buffers = {}, {}
    for name, gradient in gradients.items():
        theta = weights[name]
        m = momentum * buffers[name] + multiplier * learning_rate * gradient
        new_weights[name], new_buffers[name] = theta - m - multiplier * weight_decay * theta, m
    return new_weights, new_buffers
