# %% right: loops
def max_pool(x, size):
    n, c, h, w = x.shape
    result = np.empty((n, c, h // size, w // size))
    for i in range(h // size):
        for j in range(w // size):
            result[:, :, i, j] = x[:, :, i * size : (i + 1) * size, j * size : (j + 1) * size].max(axis=(2, 3))
    return result


def max_pool_gradient(x, size, gradient):
    result = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*gradient.shape):
        best, place = -np.inf, None
        for u in range(i * size, (i + 1) * size):
            for v in range(j * size, (j + 1) * size):
                if x[n, c, u, v] > best:
                    best, place = x[n, c, u, v], (u, v)
        result[(n, c, *place)] = gradient[n, c, i, j]
    return result


# %% right: blocks flattened, argmax and put_along_axis
def blocks_of(x, size):
    n, c, h, w = x.shape
    r, s = h // size, w // size
    cut = x[:, :, : r * size, : s * size].reshape(n, c, r, size, s, size)
    return cut.transpose(0, 1, 2, 4, 3, 5).reshape(n, c, r, s, size * size)


def max_pool(x, size):
    return blocks_of(x, size).max(axis=-1)


def max_pool_gradient(x, size, gradient):
    flat = blocks_of(x, size)
    n, c, r, s, _ = flat.shape
    to_flat = np.zeros(flat.shape)
    np.put_along_axis(to_flat, flat.argmax(axis=-1)[..., None], gradient[..., None], axis=-1)
    result = np.zeros(x.shape)
    unfolded = to_flat.reshape(n, c, r, s, size, size).transpose(0, 1, 2, 4, 3, 5)
    result[:, :, : r * size, : s * size] = unfolded.reshape(n, c, r * size, s * size)
    return result


# %% right: maxima of strided slices, what is taken is taken
def max_pool(x, size):
    h, w = x.shape[2] // size * size, x.shape[3] // size * size
    slices = [x[:, :, u:h:size, v:w:size] for u in range(size) for v in range(size)]
    return np.maximum.reduce(slices)


def max_pool_gradient(x, size, gradient):
    h, w = x.shape[2] // size * size, x.shape[3] // size * size
    top, left = max_pool(x, size), gradient.copy()
    result = np.zeros(x.shape)
    for u in range(size):
        for v in range(size):
            hit = x[:, :, u:h:size, v:w:size] == top
            result[:, :, u:h:size, v:w:size] = np.where(hit, left, 0)
            left[hit] = 0
    return result


# %% wrong: the gradient goes to all maxima
def max_pool(x, size):
    n, c, h, w = x.shape
    cut = x[:, :, : h // size * size, : w // size * size]
    return cut.reshape(n, c, h // size, size, w // size, size).max(axis=(3, 5))


def max_pool_gradient(x, size, gradient):
    result = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*gradient.shape):
        block = x[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
        result[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size] = (block == block.max()) * gradient[
            n, c, i, j
        ]
    return result


# %% wrong: the gradient is shared among the maxima
def max_pool(x, size):
    n, c, h, w = x.shape
    cut = x[:, :, : h // size * size, : w // size * size]
    return cut.reshape(n, c, h // size, size, w // size, size).max(axis=(3, 5))


def max_pool_gradient(x, size, gradient):
    result = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*gradient.shape):
        block = x[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
        hit = block == block.max()
        result[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size] = hit * gradient[n, c, i, j] / hit.sum()
    return result


# %% wrong: the last of equal maxima
def max_pool(x, size):
    n, c, h, w = x.shape
    cut = x[:, :, : h // size * size, : w // size * size]
    return cut.reshape(n, c, h // size, size, w // size, size).max(axis=(3, 5))


def max_pool_gradient(x, size, gradient):
    result = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*gradient.shape):
        block = x[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
        last = block.size - 1 - block[::-1, ::-1].argmax()
        u, v = np.unravel_index(last, block.shape)
        result[n, c, i * size + u, j * size + v] = gradient[n, c, i, j]
    return result


# %% wrong: starts from zero, so that negative maxima are lost
def max_pool(x, size):
    n, c, h, w = x.shape
    result = np.zeros((n, c, h // size, w // size))
    for u in range(size):
        for v in range(size):
            part = x[:, :, u : h // size * size : size, v : w // size * size : size]
            result = np.maximum(result, part)
    return result


def max_pool_gradient(x, size, gradient):
    result = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*gradient.shape):
        block = x[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
        u, v = np.unravel_index(block.argmax(), block.shape)
        result[n, c, i * size + u, j * size + v] = gradient[n, c, i, j]
    return result


# %% wrong: the mean instead of the maximum
def max_pool(x, size):
    n, c, h, w = x.shape
    cut = x[:, :, : h // size * size, : w // size * size]
    return cut.reshape(n, c, h // size, size, w // size, size).mean(axis=(3, 5))


def max_pool_gradient(x, size, gradient):
    result = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*gradient.shape):
        result[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size] = gradient[n, c, i, j] / size**2
    return result


# %% wrong: sizes that do not divide are refused
def max_pool(x, size):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // size, size, w // size, size).max(axis=(3, 5))


def max_pool_gradient(x, size, gradient):
    result = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*gradient.shape):
        block = x[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
        u, v = np.unravel_index(block.argmax(), block.shape)
        result[n, c, i * size + u, j * size + v] = gradient[n, c, i, j]
    return result


# %% wrong: the gradient has the size of the blocks only
def max_pool(x, size):
    n, c, h, w = x.shape
    cut = x[:, :, : h // size * size, : w // size * size]
    return cut.reshape(n, c, h // size, size, w // size, size).max(axis=(3, 5))


def max_pool_gradient(x, size, gradient):
    n, c, r, s = gradient.shape
    result = np.zeros((n, c, r * size, s * size))
    for n, c, i, j in np.ndindex(*gradient.shape):
        block = x[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
        u, v = np.unravel_index(block.argmax(), block.shape)
        result[n, c, i * size + u, j * size + v] = gradient[n, c, i, j]
    return result


# %% wrong: of equal maxima the first by columns
def max_pool(x, size):
    n, c, h, w = x.shape
    cut = x[:, :, : h // size * size, : w // size * size]
    return cut.reshape(n, c, h // size, size, w // size, size).max(axis=(3, 5))


def max_pool_gradient(x, size, gradient):
    result = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*gradient.shape):
        block = x[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
        v, u = np.unravel_index(block.T.argmax(), block.shape)
        result[n, c, i * size + u, j * size + v] = gradient[n, c, i, j]
    return result


# %% wrong: every second place whatever the size
def max_pool(x, size):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    return windows.max(axis=(4, 5))[:, :, ::2, ::2]


def max_pool_gradient(x, size, gradient):
    result = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*gradient.shape):
        block = x[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
        u, v = np.unravel_index(block.argmax(), block.shape)
        result[n, c, i * size + u, j * size + v] = gradient[n, c, i, j]
    return result
