# %% right: unit vectors, and squares by one product
def kernels(x, y, lengths):
    def unit(rows):
        size = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
        return np.divide(rows, size, out=np.zeros(rows.shape), where=size > 0)

    a, b = x / lengths, y / lengths
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return unit(x) @ unit(y).T, np.exp(-np.maximum(squares, 0) / 2)


# %% right: two loops
import math


def kernels(x, y, lengths):
    cosine, exponential = np.zeros((len(x), len(y))), np.zeros((len(x), len(y)))
    for i, a in enumerate(x):
        for j, b in enumerate(y):
            size = math.sqrt(a @ a) * math.sqrt(b @ b)
            if size > 0:
                cosine[i, j] = (a @ b) / size
            exponential[i, j] = math.exp(-sum(((p - q) / l) ** 2 for p, q, l in zip(a, b, lengths)) / 2)
    return cosine, exponential


# %% right: a product of one exponential for each dimension, lists
def kernels(x, y, lengths):
    with np.errstate(all="ignore"):
        cosine = (x @ y.T) / np.outer(np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1))
    parts = [np.exp(-0.5 * np.subtract.outer(x[:, j], y[:, j]) ** 2 / l**2) for j, l in enumerate(lengths)]
    return [np.nan_to_num(cosine), np.prod(parts, axis=0)]


# %% right: einsum and a diagonal of inverse squares
def kernels(x, y, lengths):
    d = x[:, None, :].astype(float) - y[None, :, :]
    precision = np.diag(1 / lengths**2)
    k = np.exp(-0.5 * np.einsum("abi,ij,abj->ab", d, precision, d))
    nx, ny = (np.sqrt(np.einsum("ai,ai->a", v, v)) for v in (x, y))
    nx[nx == 0] = 1
    ny[ny == 0] = 1
    return np.einsum("ai,bi->ab", x, y) / nx[:, None] / ny, k


# %% wrong: the distance is not squared
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    distance = np.sqrt((((x[:, None] - y) / lengths) ** 2).sum(axis=2))
    return x @ y.T / np.where(size == 0, 1, size), np.exp(-distance / 2)


# %% wrong: the distance is not squared, but the length is (one dimension looks right at distance 1)
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    return x @ y.T / np.where(size == 0, 1, size), np.exp(-(np.abs(x[:, None] - y) / lengths**2).sum(axis=2) / 2)


# %% wrong: the length is not squared
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    return x @ y.T / np.where(size == 0, 1, size), np.exp(-((x[:, None] - y) ** 2 / lengths).sum(axis=2) / 2)


# %% wrong: the first length for all dimensions
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    squares = ((x[:, None] - y) ** 2).sum(axis=2)
    return x @ y.T / np.where(size == 0, 1, size), np.exp(-squares / (2 * lengths[0] ** 2))


# %% wrong: a vector of zeros gives NaN
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    return x @ y.T / size, np.exp(-(((x[:, None] - y) / lengths) ** 2).sum(axis=2) / 2)


# %% wrong: two vectors of zeros are alike
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    cosine = x @ y.T / np.where(size == 0, 1, size)
    both = (x == 0).all(axis=1)[:, None] & (y == 0).all(axis=1)
    return np.where(both, 1.0, cosine), np.exp(-(((x[:, None] - y) / lengths) ** 2).sum(axis=2) / 2)


# %% wrong: the cosine without its sign
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    cosine = np.abs(x @ y.T) / np.where(size == 0, 1, size)
    return cosine, np.exp(-(((x[:, None] - y) / lengths) ** 2).sum(axis=2) / 2)


# %% wrong: negative cosines are cut off
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    cosine = np.clip(x @ y.T / np.where(size == 0, 1, size), 0, 1)
    return cosine, np.exp(-(((x[:, None] - y) / lengths) ** 2).sum(axis=2) / 2)


# %% wrong: something small is added to the lengths
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1) + 1e-12
    return x @ y.T / size, np.exp(-(((x[:, None] - y) / lengths) ** 2).sum(axis=2) / 2)


# %% wrong: short vectors are taken for zeros
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    cosine = np.where(size < 1e-8, 0, x @ y.T / np.maximum(size, 1e-8))
    return cosine, np.exp(-(((x[:, None] - y) / lengths) ** 2).sum(axis=2) / 2)


# %% wrong: unit vectors are written where whole numbers stand
def kernels(x, y, lengths):
    a, b = np.zeros_like(x), np.zeros_like(y)
    for new, old in ((a, x), (b, y)):
        for i, row in enumerate(old):
            size = np.linalg.norm(row)
            new[i] = row / size if size > 0 else 0
    return a @ b.T, np.exp(-(((x[:, None] - y) / lengths) ** 2).sum(axis=2) / 2)


# %% wrong: the lengths scale the vectors of the cosine too
def kernels(x, y, lengths):
    a, b = x / lengths, y / lengths
    size = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)
    return a @ b.T / np.where(size == 0, 1, size), np.exp(-((a[:, None] - b) ** 2).sum(axis=2) / 2)


# %% wrong: a plain product
def kernels(x, y, lengths):
    return x @ y.T, np.exp(-(((x[:, None] - y) / lengths) ** 2).sum(axis=2) / 2)


# %% wrong: without the half
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    return x @ y.T / np.where(size == 0, 1, size), np.exp(-(((x[:, None] - y) / lengths) ** 2).sum(axis=2))


# %% wrong: row by row
def kernels(x, y, lengths):
    n = min(len(x), len(y))
    a, b = x[:n], y[:n]
    cosine = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return cosine, np.exp(-(((a - b) / lengths) ** 2).sum(1) / 2)


# %% wrong: divides the arguments themselves
def kernels(x, y, lengths):
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    cosine = x @ y.T / np.where(size == 0, 1, size)
    x -= y[0]
    return cosine, np.exp(-(((x[:, None] - (y - y[0])) / lengths) ** 2).sum(axis=2) / 2)


# %% wrong: scipy does it
from scipy.spatial.distance import cdist


def kernels(x, y, lengths):
    cosine = np.nan_to_num(1 - cdist(x, y, "cosine"))
    return cosine, np.exp(-cdist(x / lengths, y / lengths, "sqeuclidean") / 2)


# %% wrong: vectors of zeros are filled in place
def kernels(x, y, lengths):
    exponential = np.exp(-(((x[:, None] - y) / lengths) ** 2).sum(axis=2) / 2)
    nothing = ~x.any(axis=1)[:, None] | ~y.any(axis=1)
    for rows in (x, y):
        rows[~rows.any(axis=1)] = 1
    size = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    return np.where(nothing, 0, x @ y.T / size), exponential
