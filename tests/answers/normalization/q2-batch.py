# %% right: channels first, one matrix
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean = np.zeros(weight.shape)
        self.running_var = np.ones(weight.shape)

    def __call__(self, x, training):
        rows = np.moveaxis(x, 1, 0).reshape(x.shape[1], -1)
        if training:
            if rows.shape[1] == 1:
                raise ValueError("need two values")
            mean = rows.mean(axis=1)
            centred = rows - mean[:, None]
            var = (centred * centred).mean(axis=1)
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (np.var(rows, axis=1, ddof=1) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        z = (rows - mean[:, None]) / np.sqrt(var + self.eps)[:, None]
        y = self.weight[:, None] * z + self.bias[:, None]
        return np.moveaxis(y.reshape(x.shape[1], x.shape[0], *x.shape[2:]), 0, 1)


# %% right: a loop over channels
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.w = np.array(weight, float)
        self.b = np.array(bias, float)
        self.momentum = momentum
        self.eps = eps
        self.running_mean = 0 * self.w
        self.running_var = 0 * self.w + 1

    def __call__(self, x, training):
        y = np.zeros(x.shape)
        count = x[:, 0].size
        if training and count < 2:
            raise ValueError("one value")
        for c in range(x.shape[1]):
            values = x[:, c]
            if training:
                m = values.sum() / count
                v = ((values - m) ** 2).sum() / count
                self.running_mean[c] = (1 - self.momentum) * self.running_mean[c] + self.momentum * m
                unbiased = ((values - m) ** 2).sum() / (count - 1)
                self.running_var[c] = (1 - self.momentum) * self.running_var[c] + self.momentum * unbiased
            else:
                m, v = self.running_mean[c], self.running_var[c]
            y[:, c] = self.w[c] * (values - m) / np.sqrt(v + self.eps) + self.b[c]
        return y


# %% right: two helpers, transposition to channels last
def _statistics(rows):
    return np.mean(rows, axis=0), np.var(rows, axis=0)


class BatchNorm:
    running_mean: np.ndarray
    running_var: np.ndarray

    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        (channels,) = np.shape(weight)
        self.parameters = (weight, bias)
        self.options = (momentum, eps)
        self.running_mean, self.running_var = np.zeros(channels), np.ones(channels)

    def __call__(self, x, training):
        momentum, eps = self.options
        last = np.swapaxes(x[..., None], 1, -1)
        rows = last.reshape(-1, x.shape[1])
        if not training:
            mean, var = self.running_mean, self.running_var
        elif len(rows) > 1:
            mean, var = _statistics(rows)
            n = len(rows)
            self.running_mean = (1 - momentum) * self.running_mean + momentum * mean
            self.running_var = (1 - momentum) * self.running_var + momentum * var * (n / (n - 1))
        else:
            raise ValueError("batch of one value")
        weight, bias = self.parameters
        y = (last - mean) * (weight * (var + eps) ** -0.5) + bias
        return np.swapaxes(y, 1, -1)[..., 0]


# %% wrong: the variance that normalises divides by n - 1
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        mean, variance = self.running_mean, self.running_var
        if training:
            axes = (0, *range(2, x.ndim))
            if x.size // x.shape[1] < 2:
                raise ValueError
            mean, variance = x.mean(axis=axes), x.var(axis=axes, ddof=1)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: eps outside of the root
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        mean, variance = self.running_mean, self.running_var
        if training:
            axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
            if n < 2:
                raise ValueError
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / (n - 1)
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / (np.sqrt(variance.reshape(column)) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: the running variance is the biased one
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        mean, variance = self.running_mean, self.running_var
        if training:
            axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
            if n < 2:
                raise ValueError
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: evaluation moves the running values
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
        if training and n < 2:
            raise ValueError
        mean, variance = self.running_mean, self.running_var
        own_mean, own = x.mean(axis=axes), x.var(axis=axes)
        if n > 1:
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * own_mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * own * n / (n - 1)
        if training:
            mean, variance = own_mean, own
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: the batch's statistics in evaluation too
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
        mean, variance = x.mean(axis=axes), x.var(axis=axes)
        if training:
            if n < 2:
                raise ValueError
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / (n - 1)
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: the running values normalise in training too
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        if training:
            axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
            if n < 2:
                raise ValueError
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / (n - 1)
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - self.running_mean.reshape(column)) / np.sqrt(self.running_var.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: images only
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        shape = x.shape
        if x.ndim == 2 or x.ndim == 3 and x.shape[2] < 2:
            x = x.reshape(*x.shape[:2], 1, 1)
        n = x.shape[0] * x.shape[2] * x.shape[3]
        mean, variance = self.running_mean, self.running_var
        if training:
            if n < 2:
                raise ValueError
            mean, variance = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / (n - 1)
        z = (x - mean[:, None, None]) / np.sqrt(variance[:, None, None] + self.eps)
        return (self.weight[:, None, None] * z + self.bias[:, None, None]).reshape(shape)


# %% wrong: a momentum of 0.1 whatever was asked for
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.eps = weight, bias, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        mean, variance = self.running_mean, self.running_var
        if training:
            axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
            if n < 2:
                raise ValueError
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean = 0.9 * self.running_mean + 0.1 * mean
            self.running_var = 0.9 * self.running_var + 0.1 * variance * n / (n - 1)
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: the old value has the weight momentum
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        mean, variance = self.running_mean, self.running_var
        if training:
            axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
            if n < 2:
                raise ValueError
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * variance * n / (n - 1)
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: the mean of squares less the square of the mean
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        mean, variance = self.running_mean, self.running_var
        if training:
            axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
            if n < 2:
                raise ValueError
            mean = x.mean(axis=axes)
            variance = np.maximum((x**2).mean(axis=axes) - mean**2, 0)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / (n - 1)
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: one value is let through
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        mean, variance = self.running_mean, self.running_var
        if training:
            axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / max(n - 1, 1)
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: refused after the mean was moved
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        mean, variance = self.running_mean, self.running_var
        if training:
            axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            if n < 2:
                raise ValueError
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / (n - 1)
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: evaluation forgets weight and bias
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        column = (-1, *[1] * (x.ndim - 2))
        if not training:
            return (x - self.running_mean.reshape(column)) / np.sqrt(self.running_var.reshape(column) + self.eps)
        axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
        if n < 2:
            raise ValueError
        mean, variance = x.mean(axis=axes), x.var(axis=axes)
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
        self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / (n - 1)
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: evaluation forgets eps
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        column = (-1, *[1] * (x.ndim - 2))
        if training:
            axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
            if n < 2:
                raise ValueError
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / (n - 1)
            variance = variance + self.eps
        else:
            mean, variance = self.running_mean, self.running_var
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column))
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: x is centred in place
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        mean, variance = self.running_mean, self.running_var
        if training:
            axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
            if n < 2:
                raise ValueError
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / (n - 1)
        column = (-1, *[1] * (x.ndim - 2))
        x -= mean.reshape(column)
        x /= np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * x + self.bias.reshape(column)


# %% wrong: values are counted as in images, whatever the axes
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        mean, variance = self.running_mean, self.running_var
        if training:
            axes, n = (0, *range(2, x.ndim)), x.shape[0] * x.shape[-1] * x.shape[-2]
            if x[:, 0].size < 2:
                raise ValueError
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / (n - 1)
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)


# %% wrong: a batch of one image is refused
class BatchNorm:
    def __init__(self, weight, bias, momentum=0.1, eps=1e-5):
        self.weight, self.bias, self.momentum, self.eps = weight, bias, momentum, eps
        self.running_mean, self.running_var = np.zeros(len(weight)), np.ones(len(weight))

    def __call__(self, x, training):
        mean, variance = self.running_mean, self.running_var
        if training:
            if len(x) < 2:
                raise ValueError
            axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * variance * n / (n - 1)
        column = (-1, *[1] * (x.ndim - 2))
        z = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + self.eps)
        return self.weight.reshape(column) * z + self.bias.reshape(column)
