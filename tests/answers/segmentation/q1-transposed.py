# %% right: a loop over the kernel
def transposed(x, kernel, stride):
    k, (h, w) = kernel.shape[0], x.shape
    result = np.zeros(((h - 1) * stride + k, (w - 1) * stride + k))
    for u in range(k):
        for v in range(k):
            result[u : u + (h - 1) * stride + 1 : stride, v : v + (w - 1) * stride + 1 : stride] += kernel[u, v] * x
    return result


# %% right: zeros between, then the flipped kernel
def transposed(x, kernel, stride):
    k = len(kernel)
    spread = np.zeros(((x.shape[0] - 1) * stride + 1, (x.shape[1] - 1) * stride + 1))
    spread[::stride, ::stride] = x
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(spread, k - 1), (k, k))
    return np.einsum("ijuv,uv->ij", windows, kernel[::-1, ::-1])


# %% right: every number of the result by its sum
def transposed(x, kernel, stride):
    k, (h, w) = len(kernel), x.shape
    rows, columns = (h - 1) * stride + k, (w - 1) * stride + k
    result = np.zeros((rows, columns))
    for a in range(rows):
        for b in range(columns):
            for i in range(h):
                for j in range(w):
                    u, v = a - i * stride, b - j * stride
                    if 0 <= u < k and 0 <= v < k:
                        result[a, b] += x[i, j] * kernel[u, v]
    return result


# %% wrong: overlapping copies overwrite each other
def transposed(x, kernel, stride):
    k = len(kernel)
    result = np.zeros(((x.shape[0] - 1) * stride + k, (x.shape[1] - 1) * stride + k))
    for i, j in np.ndindex(x.shape):
        result[i * stride : i * stride + k, j * stride : j * stride + k] = x[i, j] * kernel
    return result


# %% wrong: the kernel flipped
def transposed(x, kernel, stride):
    k = len(kernel)
    result = np.zeros(((x.shape[0] - 1) * stride + k, (x.shape[1] - 1) * stride + k))
    for i, j in np.ndindex(x.shape):
        result[i * stride : i * stride + k, j * stride : j * stride + k] += x[i, j] * kernel[::-1, ::-1]
    return result


# %% wrong: the size is height times stride
def transposed(x, kernel, stride):
    k = len(kernel)
    result = np.zeros((x.shape[0] * stride + k, x.shape[1] * stride + k))
    for i, j in np.ndindex(x.shape):
        result[i * stride : i * stride + k, j * stride : j * stride + k] += x[i, j] * kernel
    return result[: x.shape[0] * stride, : x.shape[1] * stride]


# %% wrong: ignores the stride
def transposed(x, kernel, stride):
    k = len(kernel)
    result = np.zeros(((x.shape[0] - 1) * stride + k, (x.shape[1] - 1) * stride + k))
    for i, j in np.ndindex(x.shape):
        result[i : i + k, j : j + k] += x[i, j] * kernel
    return result


# %% wrong: keeps the input's whole numbers
def transposed(x, kernel, stride):
    k = len(kernel)
    result = np.zeros(((x.shape[0] - 1) * stride + k, (x.shape[1] - 1) * stride + k), dtype=x.dtype)
    for i, j in np.ndindex(x.shape):
        result[i * stride : i * stride + k, j * stride : j * stride + k] += (x[i, j] * kernel).astype(x.dtype)
    return result


# %% wrong: averages where copies overlap
def transposed(x, kernel, stride):
    k = len(kernel)
    result = np.zeros(((x.shape[0] - 1) * stride + k, (x.shape[1] - 1) * stride + k))
    count = np.zeros(result.shape)
    for i, j in np.ndindex(x.shape):
        result[i * stride : i * stride + k, j * stride : j * stride + k] += x[i, j] * kernel
        count[i * stride : i * stride + k, j * stride : j * stride + k] += 1
    return result / np.maximum(count, 1)


# %% wrong: PyTorch does it
def transposed(x, kernel, stride):
    tensors = torch.tensor(x, dtype=torch.float64)[None, None], torch.tensor(kernel)[None, None]
    return torch.nn.functional.conv_transpose2d(*tensors, stride=stride)[0, 0].numpy()


# %% wrong: a number that is not above zero puts no copy
def transposed(x, kernel, stride):
    height, width = x.shape
    k = len(kernel)
    out = np.zeros(((height - 1) * stride + k, (width - 1) * stride + k))
    for i in range(height):
        for j in range(width):
            if x[i, j] > 0:
                out[i * stride : i * stride + k, j * stride : j * stride + k] += x[i, j] * kernel
    return out


# %% right: float32, places by number
def transposed(x, kernel, stride):
    h, w = x.shape
    k = kernel.shape[0]
    out = np.zeros(((h - 1) * stride + k, (w - 1) * stride + k), dtype=np.float32)
    for u in range(k):
        for v in range(k):
            out[u : u + (h - 1) * stride + 1 : stride, v : v + (w - 1) * stride + 1 : stride] += kernel[u, v] * x
    return out


# %% wrong: rows overwrite where they overlap
def transposed(x, kernel, stride):
    k, (h, w) = len(kernel), x.shape
    result = np.zeros(((h - 1) * stride + k, (w - 1) * stride + k))
    for i in range(h):
        row = np.zeros((k, (w - 1) * stride + k))
        for j in range(w):
            row[:, j * stride : j * stride + k] += x[i, j] * kernel
        result[i * stride : i * stride + k] = row
    return result


# %% wrong: the argument scaled in place
def transposed(x, kernel, stride):
    k = len(kernel)
    result = np.zeros(((x.shape[0] - 1) * stride + k, (x.shape[1] - 1) * stride + k))
    for i, j in np.ndindex(x.shape):
        result[i * stride : i * stride + k, j * stride : j * stride + k] += x[i, j] * kernel
        x[i, j] = 0
    return result
