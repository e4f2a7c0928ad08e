# %% right: loops over squares
def patches(images, size):
    n, channels, height, width = images.shape
    if height % size or width % size:
        raise ValueError("the squares do not fit")
    rows = [
        images[:, :, i : i + size, j : j + size].reshape(n, channels * size * size)
        for i in range(0, height, size)
        for j in range(0, width, size)
    ]
    return np.stack(rows, axis=1)


# %% right: swapaxes
def patches(images, size):
    n, c, h, w = images.shape
    if h % size != 0 or w % size != 0:
        raise ValueError(f"{size}, {h}, {w}")
    x = images.reshape(n, c, h // size, size, w // size, size).swapaxes(3, 4)
    return np.moveaxis(x, 1, 3).reshape(n, h // size * (w // size), c * size**2)


# %% right: a view of windows
def patches(images, size):
    n, c, h, w = images.shape
    if h % size or w % size:
        raise ValueError("no")
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(2, 3))[:, :, ::size, ::size]
    return np.einsum("ncijab->nijcab", windows).reshape(n, (h // size) * (w // size), c * size * size)


# %% wrong: a plain reshape
def patches(images, size):
    n, c, h, w = images.shape
    if h % size or w % size:
        raise ValueError("no")
    return images.reshape(n, (h // size) * (w // size), c * size * size)


# %% wrong: channels last inside a square
def patches(images, size):
    n, c, h, w = images.shape
    if h % size or w % size:
        raise ValueError("no")
    x = images.reshape(n, c, h // size, size, w // size, size)
    return x.transpose(0, 2, 4, 3, 5, 1).reshape(n, (h // size) * (w // size), c * size * size)


# %% wrong: squares column by column
def patches(images, size):
    n, c, h, w = images.shape
    if h % size or w % size:
        raise ValueError("no")
    x = images.reshape(n, c, h // size, size, w // size, size)
    return x.transpose(0, 4, 2, 1, 3, 5).reshape(n, (h // size) * (w // size), c * size * size)


# %% wrong: transposed inside a square
def patches(images, size):
    n, c, h, w = images.shape
    if h % size or w % size:
        raise ValueError("no")
    x = images.reshape(n, c, h // size, size, w // size, size)
    return x.transpose(0, 2, 4, 1, 5, 3).reshape(n, (h // size) * (w // size), c * size * size)


# %% wrong: takes images for squares
def patches(images, size):
    n, c, h, w = images.shape
    if h % size or w % size:
        raise ValueError("no")
    x = images.reshape(n, c, h // size, size, h // size, size)
    return x.transpose(0, 2, 4, 1, 3, 5).reshape(n, (h // size) ** 2, c * size * size)


# %% wrong: looks at the height only
def patches(images, size):
    n, c, h, w = images.shape
    if h % size:
        raise ValueError("no")
    images = images[..., : w // size * size]
    x = images.reshape(n, c, h // size, size, w // size, size)
    return x.transpose(0, 2, 4, 1, 3, 5).reshape(n, (h // size) * (w // size), c * size * size)


# %% right: the number of squares left to reshape
def patches(images, size):
    n, c, h, w = images.shape
    if any(side % size for side in (h, w)):
        raise ValueError
    x = images.reshape(n, c, -1, size, w // size, size)
    return x.transpose(0, 2, 4, 1, 3, 5).reshape(n, -1, c * size**2)


# %% wrong: asserts that the squares fit
def patches(images, size):
    n, c, h, w = images.shape
    assert h % size == 0 and w % size == 0
    x = images.reshape(n, c, h // size, size, w // size, size)
    return x.transpose(0, 2, 4, 1, 3, 5).reshape(n, -1, c * size * size)


# %% wrong: an error only if neither side is divided
def patches(images, size):
    n, c, h, w = images.shape
    if h % size and w % size:
        raise ValueError("no")
    corners = [(i, j) for i in range(0, h // size * size, size) for j in range(0, w // size * size, size)]
    return np.stack([images[:, :, i : i + size, j : j + size].reshape(n, -1) for i, j in corners], axis=1)


# %% wrong: strides of an image that lies in memory line by line
def patches(images, size):
    n, c, h, w = images.shape
    if h % size or w % size:
        raise ValueError("no")
    steps = [images.itemsize * step for step in (c * h * w, size * w, size, h * w, w, 1)]
    shape = (n, h // size, w // size, c, size, size)
    return np.lib.stride_tricks.as_strided(images, shape, steps).reshape(n, -1, c * size * size)


# %% wrong: gives the argument another shape
def patches(images, size):
    n, c, h, w = images.shape
    if h % size or w % size:
        raise ValueError("no")
    if images.flags.c_contiguous:
        images.shape = (n, c, h // size, size, w // size, size)
    return images.reshape(n, c, h // size, size, w // size, size).transpose(0, 2, 4, 1, 3, 5).reshape(n, -1, c * size**2)


# %% wrong: pixels as whole numbers
def patches(images, size):
    n, c, h, w = images.shape
    if h % size or w % size:
        raise ValueError("no")
    rows = np.zeros((n, (h // size) * (w // size), c * size * size), dtype=int)
    for k in range(rows.shape[1]):
        i, j = k // (w // size) * size, k % (w // size) * size
        rows[:, k] = images[:, :, i : i + size, j : j + size].reshape(n, -1)
    return rows


# %% wrong: the last row and column of squares of one pixel are missed
def patches(images, size):
    n, c, h, w = images.shape
    if h % size or w % size:
        raise ValueError("no")
    rows = [
        images[:, :, i : i + size, j : j + size].reshape(n, -1)
        for i in range(0, h - 1, size)
        for j in range(0, w - 1, size)
    ]
    return np.stack(rows, axis=1)
