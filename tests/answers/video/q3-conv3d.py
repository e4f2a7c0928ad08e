# %% right: a loop over the places
def conv3d(clip, weight):
    filters, _, kt, kh, kw = weight.shape
    _, time, height, width = clip.shape
    y = np.zeros((filters, time - kt + 1, height - kh + 1, width - kw + 1))
    for t in range(y.shape[1]):
        for i in range(y.shape[2]):
            for j in range(y.shape[3]):
                y[:, t, i, j] = np.tensordot(weight, clip[:, t : t + kt, i : i + kh, j : j + kw], axes=4)
    return y


# %% right: a loop over the weights
def conv3d(clip, weight):
    kt, kh, kw = weight.shape[2:]
    shape = [n - k + 1 for n, k in zip(clip.shape[1:], (kt, kh, kw))]
    y = np.zeros((len(weight), *shape))
    for r in range(kt):
        for i in range(kh):
            for j in range(kw):
                part = clip[:, r : r + shape[0], i : i + shape[1], j : j + shape[2]]
                y += np.tensordot(weight[:, :, r, i, j], part, axes=1)
    return y


# %% right: 2D convolutions of the frames, added up
def conv2d(image, weight):
    windows = np.lib.stride_tricks.sliding_window_view(image, weight.shape[2:], axis=(1, 2))
    return np.einsum("chwuv,ocuv->ohw", windows, weight)


def conv3d(clip, weight):
    kt = weight.shape[2]
    frames = []
    for t in range(clip.shape[1] - kt + 1):
        frames.append(sum(conv2d(clip[:, t + r], weight[:, :, r]) for r in range(kt)))
    return np.stack(frames, axis=1)


# %% right: a result in float32
def conv3d(clip, weight):
    boxes = np.lib.stride_tricks.sliding_window_view(clip.astype(np.float32), weight.shape[2:], axis=(1, 2, 3))
    return np.tensordot(weight.astype(np.float32), boxes, axes=([1, 2, 3, 4], [0, 4, 5, 6]))


# %% wrong: flips everything
def conv3d(clip, weight):
    boxes = np.lib.stride_tricks.sliding_window_view(clip, weight.shape[2:], axis=(1, 2, 3))
    return np.einsum("cthwruv,ocruv->othw", boxes, weight[:, :, ::-1, ::-1, ::-1])


# %% wrong: does not add over the channels
def conv3d(clip, weight):
    boxes = np.lib.stride_tricks.sliding_window_view(clip, weight.shape[2:], axis=(1, 2, 3))
    return np.einsum("cthwruv,ocruv->octhw", boxes, weight)


# %% wrong: the mean over the channels
def conv3d(clip, weight):
    boxes = np.lib.stride_tricks.sliding_window_view(clip, weight.shape[2:], axis=(1, 2, 3))
    return np.einsum("cthwruv,ocruv->othw", boxes, weight) / len(clip)


# %% wrong: pads with zeros
def conv3d(clip, weight):
    clip = np.pad(clip, [(0, 0), *((k // 2, k // 2) for k in weight.shape[2:])])
    boxes = np.lib.stride_tricks.sliding_window_view(clip, weight.shape[2:], axis=(1, 2, 3))
    return np.einsum("cthwruv,ocruv->othw", boxes, weight)


# %% wrong: one filter for the whole depth in time
def conv3d(clip, weight):
    boxes = np.lib.stride_tricks.sliding_window_view(clip, weight.shape[2:], axis=(1, 2, 3))
    return np.einsum("cthwruv,ocruv->othw", boxes, weight.mean(axis=2, keepdims=True).repeat(weight.shape[2], axis=2))


# %% wrong: torch convolves
def conv3d(clip, weight):
    x, w = torch.tensor(clip, dtype=torch.float64), torch.tensor(weight, dtype=torch.float64)
    return torch.nn.functional.conv3d(x[None], w)[0].numpy()


# %% wrong: subtracts the mean in place
def conv3d(clip, weight):
    mean = clip.mean()
    clip -= mean
    boxes = np.lib.stride_tricks.sliding_window_view(clip + mean, weight.shape[2:], axis=(1, 2, 3))
    return np.einsum("cthwruv,ocruv->othw", boxes, weight)


# %% wrong: the window moves along the channels too
def conv3d(clip, weight):
    boxes = np.lib.stride_tricks.sliding_window_view(clip, weight.shape[2:])
    return np.einsum("cthwruv,ocruv->othw", boxes, weight)


# %% wrong: flips height and width, not time
def conv3d(clip, weight):
    weight = weight[..., ::-1, ::-1]
    windows = np.lib.stride_tricks.sliding_window_view(clip, weight.shape[2:], axis=(1, 2, 3))
    return np.einsum("cthwxyz,fcxyz->fthw", windows, weight, optimize=True)


# %% wrong: only for clips as wide as they are high
def conv3d(clip, weight):
    filters, _, kt, kh, kw = weight.shape
    t, h, w = clip.shape[1] - kt + 1, clip.shape[2] - kh + 1, clip.shape[2] - kw + 1
    result = np.zeros((filters, t, h, w))
    for a in range(kt):
        for b in range(kh):
            for c in range(kw):
                result += np.tensordot(weight[:, :, a, b, c], clip[:, a : a + t, b : b + h, c : c + w], 1)
    return result
