# %% right: reshapes, and ddof for the running variance
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    if training:
        mean = np.mean(x, axis=(0, 2, 3))
        var = np.var(x, axis=(0, 2, 3))
        new_mean = momentum * mean + (1 - momentum) * running_mean
        new_var = momentum * np.var(x, axis=(0, 2, 3), ddof=1) + (1 - momentum) * running_var
    else:
        mean, var, new_mean, new_var = running_mean, running_var, running_mean, running_var
    y = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    return y * weight.reshape(shape) + bias.reshape(shape), new_mean, new_var


# %% right: a loop over the channels
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = np.empty(x.shape)
    means, variances = running_mean.copy(), running_var.copy()
    for c in range(x.shape[1]):
        values = x[:, c]
        m, v = running_mean[c], running_var[c]
        if training:
            m, v = values.mean(), values.var()
            means[c] = (1 - momentum) * means[c] + momentum * m
            variances[c] = (1 - momentum) * variances[c] + momentum * values.var(ddof=1)
        y[:, c] = weight[c] * (values - m) / np.sqrt(v + eps) + bias[c]
    return y, means, variances


# %% wrong: the batch's statistics in evaluation too
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    n = x.size // x.shape[1]
    mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    if training:
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    z = (x - mean[:, None, None]) / np.sqrt(var[:, None, None] + eps)
    return weight[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% wrong: the running variance divides by n
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * var
    z = (x - mean[:, None, None]) / np.sqrt(var[:, None, None] + eps)
    return weight[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% wrong: eps outside the root
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        n = x.size // x.shape[1]
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    z = (x - mean[:, None, None]) / (np.sqrt(var[:, None, None]) + eps)
    return weight[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% wrong: changes the running values in place
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        n = x.size // x.shape[1]
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        running_mean *= 1 - momentum
        running_mean += momentum * mean
        running_var *= 1 - momentum
        running_var += momentum * var * n / (n - 1)
    z = (x - mean[:, None, None]) / np.sqrt(var[:, None, None] + eps)
    return weight[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% wrong: torch normalises
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    m, v, w, b = (torch.tensor(a) for a in (running_mean, running_var, weight, bias))
    y = torch.nn.functional.batch_norm(torch.tensor(x), m, v, w, b, training, momentum, eps)
    return y.numpy(), m.numpy(), v.numpy()


# %% right: a list of three, channels moved to the end
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    flat = np.moveaxis(x, 1, -1)
    if not training:
        y = (flat - running_mean) / np.sqrt(running_var + eps) * weight + bias
        return np.moveaxis(y, -1, 1), running_mean, running_var
    rows = flat.reshape(-1, x.shape[1])
    mu = np.mean(rows, axis=0)
    y = (flat - mu) / np.sqrt(np.var(rows, axis=0) + eps) * weight + bias
    return [
        np.moveaxis(y, -1, 1),
        running_mean + momentum * (mu - running_mean),
        running_var + momentum * (np.var(rows, axis=0, ddof=1) - running_var),
    ]


# %% wrong: squares before it subtracts the mean
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        mean = x.mean(axis=(0, 2, 3))
        var = (x**2).mean(axis=(0, 2, 3)) - mean**2
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    z = (x - mean[None, :, None, None]) / np.sqrt(var[None, :, None, None] + eps)
    y = weight[None, :, None, None] * z + bias[None, :, None, None]
    return y, new_mean, new_var


# %% wrong: updates the running values in evaluation too
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    new_mean = (1 - momentum) * running_mean + momentum * x.mean(axis=(0, 2, 3))
    new_var = (1 - momentum) * running_var + momentum * x.var(axis=(0, 2, 3), ddof=1)
    mean, var = (x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))) if training else (running_mean, running_var)
    y = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    return y * weight.reshape(shape) + bias.reshape(shape), new_mean, new_var


# %% wrong: means of shape (channels,) stand against the width
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    if not training:
        return weight * (x - running_mean) / np.sqrt(running_var + eps) + bias, running_mean, running_var
    new_mean = (1 - momentum) * running_mean + momentum * mean
    new_var = (1 - momentum) * running_var + momentum * x.var(axis=(0, 2, 3), ddof=1)
    return weight * (x - mean) / np.sqrt(var + eps) + bias, new_mean, new_var


# %% wrong: each image by itself in training
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    if training:
        mean = np.mean(x, axis=(0, 2, 3))
        var = np.var(x, axis=(0, 2, 3))
        new_mean = momentum * mean + (1 - momentum) * running_mean
        new_var = momentum * np.var(x, axis=(0, 2, 3), ddof=1) + (1 - momentum) * running_var
    else:
        mean, var, new_mean, new_var = running_mean, running_var, running_mean, running_var
    y = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    if training:
        y = (x - x.mean((2, 3), keepdims=True)) / np.sqrt(x.var((2, 3), keepdims=True) + eps)
    return y * weight.reshape(shape) + bias.reshape(shape), new_mean, new_var


# %% wrong: scales and shifts in training only
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    if not training:
        y = (x - running_mean.reshape(shape)) / np.sqrt(running_var.reshape(shape) + eps)
        return y, running_mean, running_var
    else:
        mean = np.mean(x, axis=(0, 2, 3))
        var = np.var(x, axis=(0, 2, 3))
        new_mean = momentum * mean + (1 - momentum) * running_mean
        new_var = momentum * np.var(x, axis=(0, 2, 3), ddof=1) + (1 - momentum) * running_var
    y = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    return y * weight.reshape(shape) + bias.reshape(shape), new_mean, new_var


# %% wrong: the old running mean does not shrink
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    if training:
        mean = np.mean(x, axis=(0, 2, 3))
        var = np.var(x, axis=(0, 2, 3))
        new_mean = running_mean + momentum * mean
        new_var = momentum * np.var(x, axis=(0, 2, 3), ddof=1) + (1 - momentum) * running_var
    else:
        mean, var, new_mean, new_var = running_mean, running_var, running_mean, running_var
    y = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    return y * weight.reshape(shape) + bias.reshape(shape), new_mean, new_var


# %% wrong: n is always that of the visible test
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    if training:
        mean = np.mean(x, axis=(0, 2, 3))
        var = np.var(x, axis=(0, 2, 3))
        new_mean = momentum * mean + (1 - momentum) * running_mean
        new_var = momentum * var * 120 / 119 + (1 - momentum) * running_var
    else:
        mean, var, new_mean, new_var = running_mean, running_var, running_mean, running_var
    y = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    return y * weight.reshape(shape) + bias.reshape(shape), new_mean, new_var


# %% wrong: always momentum 0.1
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    if training:
        mean = np.mean(x, axis=(0, 2, 3))
        var = np.var(x, axis=(0, 2, 3))
        new_mean = 0.1 * mean + 0.9 * running_mean
        new_var = 0.1 * np.var(x, axis=(0, 2, 3), ddof=1) + 0.9 * running_var
    else:
        mean, var, new_mean, new_var = running_mean, running_var, running_mean, running_var
    y = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    return y * weight.reshape(shape) + bias.reshape(shape), new_mean, new_var
