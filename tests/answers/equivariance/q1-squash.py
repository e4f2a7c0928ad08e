# %% right: plain Python, one vector at a time
import math


def squash(s):
    flat = np.array(s, dtype=float).reshape(-1, s.shape[-1])
    for vector in flat:
        n = math.sqrt(sum(float(x) ** 2 for x in vector))
        if n > 0:
            vector *= n / (1 + n * n)
    return flat.reshape(s.shape)


def squash_gradient(s, gradient):
    rows, given = s.reshape(-1, s.shape[-1]), gradient.reshape(-1, s.shape[-1])
    result = np.zeros(rows.shape)
    for i, (x, g) in enumerate(zip(rows, given)):
        n = math.sqrt(float(x @ x))
        if n == 0:
            continue
        result[i] = n / (1 + n * n) * g + (1 - n * n) / (1 + n * n) ** 2 / n * float(x @ g) * x
    return result.reshape(s.shape)


# %% right: the formula with its division, zeros put in afterwards
def squash(s):
    with np.errstate(all="ignore"):
        n = np.linalg.norm(s, axis=-1, keepdims=True)
        return np.nan_to_num(n**2 / (1 + n**2) * s / n)


def squash_gradient(s, gradient):
    with np.errstate(all="ignore"):
        n = np.linalg.norm(s, axis=-1, keepdims=True)
        unit = s / n
        radial = (unit * gradient).sum(-1, keepdims=True) * unit
        result = n / (1 + n**2) * (gradient - radial) + 2 * n / (1 + n**2) ** 2 * radial
    return np.nan_to_num(result)


# %% right: the whole Jacobian, by einsum
def squash(s):
    s = np.asarray(s, float)
    n = np.einsum("...d,...d->...", s, s) ** 0.5
    return (n / (1 + n**2))[..., np.newaxis] * s


def squash_gradient(s, gradient):
    n = np.einsum("...d,...d->...", s, s) ** 0.5
    g, slope = n / (1 + n**2), (1 - n**2) / (1 + n**2) ** 2
    over = np.divide(slope, n, out=np.zeros_like(n, dtype=float), where=n > 0)
    jacobian = g[..., None, None] * np.eye(s.shape[-1]) + over[..., None, None] * s[..., :, None] * s[..., None, :]
    return np.einsum("...ij,...j->...i", jacobian, gradient)


# %% wrong: mere normalisation
def squash(s):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    return s / np.where(n > 0, n, 1)


def squash_gradient(s, gradient):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    unit = s / np.where(n > 0, n, 1)
    return (gradient - (unit * gradient).sum(-1, keepdims=True) * unit) / np.where(n > 0, n, 1)


# %% wrong: NaN at a vector of zeros
def squash(s):
    n = np.sqrt((s * s).sum(axis=-1, keepdims=True))
    return n**2 / (1 + n**2) * s / n


def squash_gradient(s, gradient):
    n = np.sqrt((s * s).sum(axis=-1, keepdims=True))
    return n / (1 + n * n) * gradient + (1 - n * n) / (1 + n * n) ** 2 / n * (s * gradient).sum(-1, keepdims=True) * s


# %% wrong: the last axis is taken to be the second
def squash(s):
    s = np.asarray(s, float)
    n = np.sqrt((s * s).sum(axis=1 if s.ndim > 1 else 0, keepdims=True))
    return s * n / (1 + n * n)


def squash_gradient(s, gradient):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    along = (s * gradient).sum(axis=-1, keepdims=True) / np.where(n > 0, n, 1)
    return n / (1 + n * n) * gradient + (1 - n * n) / (1 + n * n) ** 2 * along * s


# %% wrong: a small number under the root
def squash(s):
    n = np.sqrt((s * s).sum(axis=-1, keepdims=True) + 1e-8)
    return s * n / (1 + n * n)


def squash_gradient(s, gradient):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    along = (s * gradient).sum(axis=-1, keepdims=True) / np.where(n > 0, n, 1)
    return n / (1 + n * n) * gradient + (1 - n * n) / (1 + n * n) ** 2 * along * s


# %% wrong: a small number under the root of the gradient's length
def squash(s):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    return s * n / (1 + n * n)


def squash_gradient(s, gradient):
    squared = (s * s).sum(axis=-1, keepdims=True)
    n = np.sqrt(squared + 1e-8)
    slope = n / (1 + n * n) * gradient
    slope = slope + (1 - n * n) / (1 + n * n) ** 2 / n * (s * gradient).sum(-1, keepdims=True) * s
    return np.where(squared > 0, slope, 0)


# %% wrong: all vectors of an image meet together in the gradient
def squash(s):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    return s * n / (1 + n * n)


def squash_gradient(s, gradient):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    axes = -1 if s.ndim < 3 else (-2, -1)
    along = (s * gradient).sum(axis=axes, keepdims=True) / np.where(n > 0, n, 1)
    return n / (1 + n * n) * gradient + (1 - n * n) / (1 + n * n) ** 2 * along * s


# %% wrong: the factor is taken for a constant
def squash(s):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    return s * n / (1 + n * n)


def squash_gradient(s, gradient):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    return n / (1 + n * n) * gradient


# %% wrong: written into an array of whole numbers
def squash(s):
    result = np.zeros_like(s)
    for index in np.ndindex(s.shape[:-1]):
        n = np.linalg.norm(s[index])
        result[index] = s[index] * n / (1 + n * n)
    return result


def squash_gradient(s, gradient):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    along = (s * gradient).sum(axis=-1, keepdims=True) / np.where(n > 0, n, 1)
    return n / (1 + n * n) * gradient + (1 - n * n) / (1 + n * n) ** 2 * along * s


# %% wrong: in place
def squash(s):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    if s.dtype == float:
        s *= n / (1 + n * n)
        return s
    return s * n / (1 + n * n)


def squash_gradient(s, gradient):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    along = (s * gradient).sum(axis=-1, keepdims=True) / np.where(n > 0, n, 1)
    return n / (1 + n * n) * gradient + (1 - n * n) / (1 + n * n) ** 2 * along * s


# %% wrong: short vectors are taken for zero in the gradient
def squash(s):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    return s * n / (1 + n**2)


def squash_gradient(s, gradient):
    n = np.linalg.norm(s, axis=-1, keepdims=True)
    safe = np.where(n == 0, 1.0, n)
    slope = (1 - n**2) / (1 + n**2) ** 2
    out = n / (1 + n**2) * gradient + slope / safe * (s * gradient).sum(-1, keepdims=True) * s
    return np.where(n < 1e-3, 0.0, out)
