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


# %% right: channels as rows
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    rows = x.transpose(1, 0, 2, 3).reshape(x.shape[1], -1)
    mean, var = running_mean.copy(), running_var.copy()
    if training:
        n = rows.shape[1]
        mean = rows.sum(1) / n
        var = ((rows - mean[:, None]) ** 2).sum(1) / n
        running_mean = running_mean + momentum * (mean - running_mean)
        running_var = running_var + momentum * (var * n / (n - 1) - running_var)
    rows = weight[:, None] * (rows - mean[:, None]) / (var[:, None] + eps) ** 0.5 + bias[:, None]
    y = rows.reshape(x.shape[1], x.shape[0], *x.shape[2:]).transpose(1, 0, 2, 3)
    return y, running_mean, running_var


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


# %% wrong: one mean for each position
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean[:, None, None], running_var[:, None, None]
    if training:
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean = (1 - momentum) * running_mean + momentum * mean.mean((1, 2))
        running_var = (1 - momentum) * running_var + momentum * var.mean((1, 2))
    y = (x - mean) / np.sqrt(var + eps)
    return weight[:, None, None] * y + bias[:, None, None], running_mean, running_var


# %% wrong: normalises each image by itself
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = x.mean(axis=(2, 3), keepdims=True), x.var(axis=(2, 3), keepdims=True)
    if training:
        running_mean = (1 - momentum) * running_mean + momentum * mean.mean((0, 2, 3))
        running_var = (1 - momentum) * running_var + momentum * var.mean((0, 2, 3))
    y = (x - mean) / np.sqrt(var + eps)
    return weight[:, None, None] * y + bias[:, None, None], running_mean, running_var


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


# %% wrong: momentum the other way round
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        n = x.size // x.shape[1]
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var * n / (n - 1)
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


# %% wrong: forgets scale and shift
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        n = x.size // x.shape[1]
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    return (x - mean[:, None, None]) / np.sqrt(var[:, None, None] + eps), running_mean, running_var


# %% wrong: torch normalises
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    m, v, w, b = (torch.tensor(a) for a in (running_mean, running_var, weight, bias))
    y = torch.nn.functional.batch_norm(torch.tensor(x), m, v, w, b, training, momentum, eps)
    return y.numpy(), m.numpy(), v.numpy()


# %% wrong: normalises x in place
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean[:, None, None], running_var[:, None, None]
    if training:
        n = x.size // x.shape[1]
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
        mean, var = mean[:, None, None], var[:, None, None]
    x -= mean
    x /= np.sqrt(var + eps)
    return weight[:, None, None] * x + bias[:, None, None], running_mean, running_var
