# %% right: rows of a channel
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    rows = lambda a: np.moveaxis(a, 1, 0).reshape(a.shape[1], -1)
    g, v = rows(gradient), rows(x)
    n = v.shape[1]
    s = np.sqrt(v.var(axis=1, keepdims=True) + eps)
    z = (v - v.mean(axis=1, keepdims=True)) / s
    to_weight, to_bias = (g * z).sum(axis=1), g.sum(axis=1)
    to_x = weight[:, None] / s * (g - to_bias[:, None] / n - z * to_weight[:, None] / n)
    to_x = np.moveaxis(to_x.reshape(x.shape[1], x.shape[0], *x.shape[2:]), 0, 1)
    return to_x, to_weight, to_bias


# %% right: the paper's chain, through variance and mean
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = tuple(a for a in range(x.ndim) if a != 1)
    shape = [1, -1] + [1] * (x.ndim - 2)
    n = x.size / x.shape[1]
    mean = x.mean(axes).reshape(shape)
    var = ((x - mean) ** 2).mean(axes).reshape(shape)
    to_z = gradient * weight.reshape(shape)
    to_var = (to_z * (x - mean)).sum(axes).reshape(shape) * -0.5 * (var + eps) ** -1.5
    to_mean = -(to_z / np.sqrt(var + eps)).sum(axes).reshape(shape)
    to_x = to_z / np.sqrt(var + eps) + to_var * 2 * (x - mean) / n + to_mean / n
    z = (x - mean) / np.sqrt(var + eps)
    return to_x, (gradient * z).sum(axes), gradient.sum(axes)


# %% right: the whole Jacobian of each channel
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    to_x = np.zeros(x.shape)
    to_weight, to_bias = np.zeros(len(weight)), np.zeros(len(weight))
    for c in range(len(weight)):
        v, g = x[:, c].ravel(), gradient[:, c].ravel()
        n = len(v)
        s = np.sqrt(v.var() + eps)
        z = (v - v.mean()) / s
        jacobian = (np.eye(n) - 1 / n - np.outer(z, z) / n) / s
        to_x[:, c] = (weight[c] * jacobian @ g).reshape(x[:, c].shape)
        to_weight[c], to_bias[c] = g @ z, g.sum()
    return [to_x, to_weight, to_bias]


# %% wrong: mean and variance as constants
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (-1, *[1] * (x.ndim - 2))
    s = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    z = (x - x.mean(axis=axes, keepdims=True)) / s
    return gradient * weight.reshape(column) / s, (gradient * z).sum(axis=axes), gradient.sum(axis=axes)


# %% wrong: the variance as a constant
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (-1, *[1] * (x.ndim - 2))
    s = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    z = (x - x.mean(axis=axes, keepdims=True)) / s
    g = gradient * weight.reshape(column)
    return (g - g.mean(axis=axes, keepdims=True)) / s, (gradient * z).sum(axis=axes), gradient.sum(axis=axes)


# %% wrong: the mean as a constant
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (-1, *[1] * (x.ndim - 2))
    s = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    z = (x - x.mean(axis=axes, keepdims=True)) / s
    g = gradient * weight.reshape(column)
    to_x = (g - z * (g * z).mean(axis=axes, keepdims=True)) / s
    return to_x, (gradient * z).sum(axis=axes), gradient.sum(axis=axes)


# %% wrong: the sums are divided by the batch alone
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (-1, *[1] * (x.ndim - 2))
    s = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    z = (x - x.mean(axis=axes, keepdims=True)) / s
    g = gradient * weight.reshape(column)
    total, along = g.sum(axis=axes, keepdims=True), (g * z).sum(axis=axes, keepdims=True)
    return (g - total / len(x) - z * along / len(x)) / s, (gradient * z).sum(axis=axes), gradient.sum(axis=axes)


# %% wrong: eps is that of the default
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (-1, *[1] * (x.ndim - 2))
    s = np.sqrt(x.var(axis=axes, keepdims=True) + 1e-5)
    z = (x - x.mean(axis=axes, keepdims=True)) / s
    g = gradient * weight.reshape(column)
    to_x = (g - g.mean(axis=axes, keepdims=True) - z * (g * z).mean(axis=axes, keepdims=True)) / s
    return to_x, (gradient * z).sum(axis=axes), gradient.sum(axis=axes)


# %% wrong: weight is forgotten on the way to x
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    s = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    z = (x - x.mean(axis=axes, keepdims=True)) / s
    g = gradient
    to_x = (g - g.mean(axis=axes, keepdims=True) - z * (g * z).mean(axis=axes, keepdims=True)) / s
    return to_x, (gradient * z).sum(axis=axes), gradient.sum(axis=axes)


# %% wrong: divided by the variance, not by its root
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (-1, *[1] * (x.ndim - 2))
    v = x.var(axis=axes, keepdims=True) + eps
    z = (x - x.mean(axis=axes, keepdims=True)) / np.sqrt(v)
    g = gradient * weight.reshape(column)
    to_x = (g - g.mean(axis=axes, keepdims=True) - z * (g * z).mean(axis=axes, keepdims=True)) / v
    return to_x, (gradient * z).sum(axis=axes), gradient.sum(axis=axes)


# %% wrong: weight stands in the gradient of weight
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (-1, *[1] * (x.ndim - 2))
    s = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    z = (x - x.mean(axis=axes, keepdims=True)) / s
    g = gradient * weight.reshape(column)
    to_x = (g - g.mean(axis=axes, keepdims=True) - z * (g * z).mean(axis=axes, keepdims=True)) / s
    return to_x, (g * z).sum(axis=axes), gradient.sum(axis=axes)


# %% wrong: means for weight and bias
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (-1, *[1] * (x.ndim - 2))
    s = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    z = (x - x.mean(axis=axes, keepdims=True)) / s
    g = gradient * weight.reshape(column)
    to_x = (g - g.mean(axis=axes, keepdims=True) - z * (g * z).mean(axis=axes, keepdims=True)) / s
    return to_x, (gradient * z).mean(axis=axes), gradient.mean(axis=axes)


# %% wrong: of weight and bias only the first position counts
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (-1, *[1] * (x.ndim - 2))
    s = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    z = (x - x.mean(axis=axes, keepdims=True)) / s
    g = gradient * weight.reshape(column)
    to_x = (g - g.mean(axis=axes, keepdims=True) - z * (g * z).mean(axis=axes, keepdims=True)) / s
    first = lambda a: a.reshape(*a.shape[:2], -1)[:, :, 0].sum(axis=0)
    return to_x, first(gradient * z), first(gradient)


# %% wrong: x in place of z
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (-1, *[1] * (x.ndim - 2))
    s = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    z = (x - x.mean(axis=axes, keepdims=True)) / s
    g = gradient * weight.reshape(column)
    to_x = (g - g.mean(axis=axes, keepdims=True) - z * (g * z).mean(axis=axes, keepdims=True)) / s
    return to_x, (gradient * x).sum(axis=axes), gradient.sum(axis=axes)


# %% wrong: the gradient is changed in place
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (-1, *[1] * (x.ndim - 2))
    s = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    z = (x - x.mean(axis=axes, keepdims=True)) / s
    to_weight, to_bias = (gradient * z).sum(axis=axes), gradient.sum(axis=axes)
    gradient *= weight.reshape(column)
    g = gradient
    to_x = (g - g.mean(axis=axes, keepdims=True) - z * (g * z).mean(axis=axes, keepdims=True)) / s
    return to_x, to_weight, to_bias


# %% wrong: automatic gradients
def batch_norm_backward(gradient, x, weight, eps=1e-5):
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, weight, 0 * weight)]
    y = torch.nn.functional.batch_norm(tensors[0], None, None, tensors[1], tensors[2], True, 0.1, eps)
    return [a.numpy() for a in torch.autograd.grad(y, tensors, torch.tensor(gradient))]
