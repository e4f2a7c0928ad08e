# %% right: one branch each, ones times means
def set_means(x, norm, groups):
    ones = np.ones(x.shape)
    if norm == "batch":
        return ones * x.mean(axis=(0, 2, 3))[None, :, None, None]
    if norm == "layer":
        return ones * x.mean(axis=(1, 2, 3))[:, None, None, None]
    if norm == "instance":
        return ones * x.mean(axis=(2, 3))[:, :, None, None]
    if norm == "token":
        return ones * x.mean(axis=1)[:, None]
    size = x.shape[1] // groups
    return np.concatenate(
        [
            np.ones((len(x), size, *x.shape[2:])) * x[:, i : i + size].mean(axis=(1, 2, 3), keepdims=True)
            for i in range(0, x.shape[1], size)
        ],
        axis=1,
    )


# %% right: loops and boolean masks
def set_means(x, norm, groups):
    b, c, h, w = np.indices(x.shape)
    size = x.shape[1] // groups
    zero = np.zeros_like(b)
    keys = {
        "batch": (zero, c, zero, zero),
        "layer": (b, zero, zero, zero),
        "instance": (b, c, zero, zero),
        "group": (b, c // size, zero, zero),
        "token": (b, zero, h, w),
    }[norm]
    label = np.ravel_multi_index(keys, x.shape)
    sums = np.bincount(label.ravel(), weights=x.ravel().astype(float), minlength=x.size)
    counts = np.bincount(label.ravel(), minlength=x.size)
    return (sums[label] / counts[label]).reshape(x.shape)


# %% right: everything is a group norm of something, in place on a copy
def set_means(x, norm, groups):
    result = np.array(x, dtype=np.float64)
    n, c, h, w = result.shape
    if norm == "token":
        for i in range(h):
            for j in range(w):
                result[:, :, i, j] = result[:, :, i, j].mean(axis=1, keepdims=True)
        return result
    if norm == "batch":
        for k in range(c):
            result[:, k] = x[:, k].mean()
        return result
    groups = {"layer": 1, "instance": c, "group": groups}[norm]
    for image in range(n):
        for part in np.split(np.arange(c), groups):
            result[image, part] = x[image, part].mean()
    return result


# %% right: einsum and repeat, a read-only result of a broadcast
def set_means(x, norm, groups):
    n, c, h, w = x.shape
    x = x / 1
    if norm == "group":
        m = np.einsum("ngshw->ng", x.reshape(n, groups, -1, h, w)) / (c // groups * h * w)
        m = np.repeat(m, c // groups, axis=1)[:, :, None, None]
    else:
        path = {"batch": "nchw->c", "layer": "nchw->n", "instance": "nchw->nc", "token": "nchw->nhw"}[norm]
        m = np.einsum(path, x)
        m = m * m.size / x.size
        m = {"batch": m.reshape(1, -1, 1, 1), "layer": m.reshape(-1, 1, 1, 1)}.get(
            norm, m[:, None] if norm == "token" else m[..., None, None] if m.ndim == 2 else m
        )
    return np.broadcast_to(m, (n, c, h, w))


# %% wrong: batch norm over the batch only, as for a plain layer
def set_means(x, norm, groups):
    axes = {"batch": 0, "layer": (1, 2, 3), "instance": (2, 3), "token": 1, "group": (2, 3, 4)}[norm]
    parts = x.reshape(len(x), groups, -1, *x.shape[2:]) if norm == "group" else x
    return np.broadcast_to(parts.mean(axes, keepdims=True), parts.shape).reshape(x.shape)


# %% wrong: layer norm over the channels of each position for both
def set_means(x, norm, groups):
    axes = {"batch": (0, 2, 3), "layer": 1, "instance": (2, 3), "token": 1, "group": (2, 3, 4)}[norm]
    parts = x.reshape(len(x), groups, -1, *x.shape[2:]) if norm == "group" else x
    return np.broadcast_to(parts.mean(axes, keepdims=True), parts.shape).reshape(x.shape)


# %% wrong: groups take every second channel
def set_means(x, norm, groups):
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "token": 1, "group": (1, 3, 4)}[norm]
    parts = x.reshape(len(x), -1, groups, *x.shape[2:]) if norm == "group" else x
    return np.broadcast_to(parts.mean(axes, keepdims=True), parts.shape).reshape(x.shape)


# %% wrong: groups of two channels, whatever their number
def set_means(x, norm, groups):
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "token": 1, "group": (2, 3, 4)}[norm]
    parts = x.reshape(len(x), -1, 2, *x.shape[2:]) if norm == "group" else x
    return np.broadcast_to(parts.mean(axes, keepdims=True), parts.shape).reshape(x.shape)


# %% wrong: the result has the type of x
def set_means(x, norm, groups):
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "token": 1, "group": (2, 3, 4)}[norm]
    parts = x.reshape(len(x), groups, -1, *x.shape[2:]) if norm == "group" else x
    result = np.empty_like(parts)
    result[...] = parts.mean(axes, keepdims=True)
    return result.reshape(x.shape)


# %% wrong: the middle between the smallest and the largest
def set_means(x, norm, groups):
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "token": 1, "group": (2, 3, 4)}[norm]
    parts = x.reshape(len(x), groups, -1, *x.shape[2:]) if norm == "group" else x
    middle = (parts.min(axes, keepdims=True) + parts.max(axes, keepdims=True)) / 2
    return np.broadcast_to(middle, parts.shape).reshape(x.shape)


# %% wrong: the means without the shape of x
def set_means(x, norm, groups):
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "token": 1, "group": (2, 3, 4)}[norm]
    parts = x.reshape(len(x), groups, -1, *x.shape[2:]) if norm == "group" else x
    return parts.mean(axes)


# %% wrong: instance norm over the batch too
def set_means(x, norm, groups):
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (0, 2, 3), "token": 1, "group": (2, 3, 4)}[norm]
    parts = x.reshape(len(x), groups, -1, *x.shape[2:]) if norm == "group" else x
    return np.broadcast_to(parts.mean(axes, keepdims=True), parts.shape).reshape(x.shape)


# %% wrong: a token is a position of all images
def set_means(x, norm, groups):
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "token": (0, 1), "group": (2, 3, 4)}[norm]
    parts = x.reshape(len(x), groups, -1, *x.shape[2:]) if norm == "group" else x
    return np.broadcast_to(parts.mean(axes, keepdims=True), parts.shape).reshape(x.shape)


# %% wrong: the groups also share the batch
def set_means(x, norm, groups):
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "token": 1, "group": (0, 2, 3, 4)}[norm]
    parts = x.reshape(len(x), groups, -1, *x.shape[2:]) if norm == "group" else x
    return np.broadcast_to(parts.mean(axes, keepdims=True), parts.shape).reshape(x.shape)


# %% wrong: x is overwritten
def set_means(x, norm, groups):
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "token": 1, "group": (2, 3, 4)}[norm]
    parts = x.reshape(len(x), groups, -1, *x.shape[2:]) if norm == "group" else x
    parts[...] = parts.mean(axes, keepdims=True)
    return x


# %% wrong: a mean of PyTorch
def set_means(x, norm, groups):
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "token": 1, "group": (2, 3, 4)}[norm]
    parts = torch.tensor(x).double()
    parts = parts.reshape(len(x), groups, -1, *x.shape[2:]) if norm == "group" else parts
    return parts.mean(axes, keepdim=True).expand(parts.shape).reshape(x.shape).numpy()
