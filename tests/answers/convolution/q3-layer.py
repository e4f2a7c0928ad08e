# %% right: a loop over the places
def conv_layer(x, weight, bias, stride=1, padding=0):
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    filters, _, k, _ = weight.shape
    rows, columns = (x.shape[2] - k) // stride + 1, (x.shape[3] - k) // stride + 1
    result = np.empty((len(x), filters, rows, columns))
    for i in range(rows):
        for j in range(columns):
            patch = x[:, :, i * stride : i * stride + k, j * stride : j * stride + k]
            result[:, :, i, j] = np.tensordot(patch, weight, axes=([1, 2, 3], [1, 2, 3])) + bias
    return result


# %% right: patches as a matrix
def conv_layer(x, weight, bias, stride=1, padding=0):
    n, c, h, w = x.shape
    o, _, k, _ = weight.shape
    padded = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    padded[:, :, padding : padding + h, padding : padding + w] = x
    rows, columns = (h + 2 * padding - k) // stride + 1, (w + 2 * padding - k) // stride + 1
    patches = np.stack(
        [
            padded[:, :, i * stride : i * stride + k, j * stride : j * stride + k].reshape(n, -1)
            for i in range(rows)
            for j in range(columns)
        ],
        axis=1,
    )
    scores = patches @ weight.reshape(o, -1).T + bias
    return scores.transpose(0, 2, 1).reshape(n, o, rows, columns)


# %% right: a loop over the weights of the filter
def conv_layer(x, weight, bias, stride=1, padding=0):
    k = weight.shape[2]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows, columns = (x.shape[2] - k) // stride + 1, (x.shape[3] - k) // stride + 1
    total = np.zeros((len(x), len(weight), rows, columns)) + bias.reshape(1, -1, 1, 1)
    for u in range(k):
        for v in range(k):
            part = x[:, :, u : u + stride * (rows - 1) + 1 : stride, v : v + stride * (columns - 1) + 1 : stride]
            total += np.einsum("nchw,oc->nohw", part, weight[:, :, u, v])
    return total


# %% wrong: forgets the bias
def conv_layer(x, weight, bias, stride=1, padding=0):
    k = weight.shape[-1]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwuv,ocuv->nohw", windows, weight)


# %% wrong: ignores the stride
def conv_layer(x, weight, bias, stride=1, padding=0):
    k = weight.shape[-1]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
    return np.einsum("nchwuv,ocuv->nohw", windows, weight) + bias[:, None, None]


# %% wrong: flips the filters
def conv_layer(x, weight, bias, stride=1, padding=0):
    k = weight.shape[-1]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwuv,ocuv->nohw", windows, weight[:, :, ::-1, ::-1]) + bias[:, None, None]


# %% wrong: the mean over the channels
def conv_layer(x, weight, bias, stride=1, padding=0):
    k = weight.shape[-1]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwuv,ocuv->nohw", windows, weight) / x.shape[1] + bias[:, None, None]


# %% wrong: only the first channel
def conv_layer(x, weight, bias, stride=1, padding=0):
    k = weight.shape[-1]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nhwuv,ouv->nohw", windows[:, 0], weight[:, 0]) + bias[:, None, None]


# %% wrong: the bias along the columns
def conv_layer(x, weight, bias, stride=1, padding=0):
    k = weight.shape[-1]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwuv,ocuv->nohw", windows, weight) + bias.mean()


# %% wrong: PyTorch does it
def conv_layer(x, weight, bias, stride=1, padding=0):
    tensors = (torch.tensor(value) for value in (x, weight, bias))
    return torch.nn.functional.conv2d(*tensors, stride=stride, padding=padding).numpy()


# %% wrong: counts on how x lies in memory
def conv_layer(x, weight, bias, stride=1, padding=0):
    k = weight.shape[-1]
    if padding:
        x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    n, c, h, w = x.shape
    s = x.itemsize
    shape = (n, c, (h - k) // stride + 1, (w - k) // stride + 1, k, k)
    steps = (c * h * w * s, h * w * s, w * s * stride, s * stride, w * s, s)
    windows = np.lib.stride_tricks.as_strided(x, shape, steps)
    return np.einsum("nchwuv,ocuv->nohw", windows, weight) + bias[:, None, None]


# %% wrong: the filter needs a middle
def conv_layer(x, weight, bias, stride=1, padding=0):
    r = weight.shape[-1] // 2
    weight = weight[:, :, : 2 * r + 1, : 2 * r + 1]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows, columns = (range(r, size - r, stride) for size in x.shape[2:])
    result = np.zeros((len(x), len(weight), len(rows), len(columns)))
    for i, a in enumerate(rows):
        for j, b in enumerate(columns):
            patch = x[:, :, a - r : a - r + weight.shape[2], b - r : b - r + weight.shape[3]]
            result[:, :, i, j] = np.tensordot(patch, weight, axes=([1, 2, 3], [1, 2, 3])) + bias
    return result


# %% wrong: padding is on or off
def conv_layer(x, weight, bias, stride=1, padding=0):
    k = weight.shape[-1]
    p = k // 2 if padding else 0
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwuv,ocuv->nohw", windows, weight) + bias[:, None, None]
