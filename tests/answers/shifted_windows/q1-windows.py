# %% right: loops over squares
def window_partition(x, window):
    batch, height, width, dim = x.shape
    found = []
    for one in x:
        for top in range(0, height, window):
            for left in range(0, width, window):
                found.append(one[top : top + window, left : left + window])
    return np.array(found)


def window_reverse(windows, window, height, width):
    columns = width // window
    count = columns * (height // window)
    maps = np.empty((len(windows) // count, height, width, windows.shape[-1]))
    for number, square in enumerate(windows):
        b, place = divmod(number, count)
        top, left = place // columns * window, place % columns * window
        maps[b, top : top + window, left : left + window] = square
    return maps


# %% right: split and stack, concatenate back
def window_partition(x, window):
    strips = np.split(x, x.shape[1] // window, axis=1)
    squares = [np.split(strip, x.shape[2] // window, axis=2) for strip in strips]
    together = np.stack([np.stack(row, axis=1) for row in squares], axis=1)
    return together.reshape(-1, window, window, x.shape[3])


def window_reverse(windows, window, height, width):
    grid = windows.reshape(-1, height // window, width // window, window, window, windows.shape[3])
    rows = [np.concatenate([grid[:, r, c] for c in range(width // window)], axis=2) for r in range(height // window)]
    return np.concatenate(rows, axis=1)


# %% right: swapaxes and einsum
def window_partition(x, window):
    b, h, w, d = x.shape
    y = x.reshape(b, h // window, window, w // window, window, d).swapaxes(2, 3)
    return y.reshape(b * (h // window) * (w // window), window, window, d)


def window_reverse(windows, window, height, width):
    d = windows.shape[-1]
    y = windows.reshape(-1, height // window, width // window, window, window, d)
    return np.einsum("brcijd->bricjd", y).reshape(len(y), height, width, d)


# %% right: index arithmetic
def window_partition(x, window):
    b, h, w, d = x.shape
    n = np.arange((h // window) * (w // window))
    rows = (n // (w // window) * window)[:, None, None] + np.arange(window)[:, None]
    columns = (n % (w // window) * window)[:, None, None] + np.arange(window)
    return x[:, rows, columns].reshape(-1, window, window, d)


def window_reverse(windows, window, height, width):
    r, c = np.arange(height)[:, None], np.arange(width)
    number = r // window * (width // window) + c // window
    count = (height // window) * (width // window)
    return windows.reshape(-1, count, window, window, windows.shape[-1])[:, number, r % window, c % window]


# %% wrong: a reshape without a transpose
def window_partition(x, window):
    return x.reshape(-1, window, window, x.shape[3])


def window_reverse(windows, window, height, width):
    return windows.reshape(-1, height, width, windows.shape[3])


# %% wrong: windows column by column
def window_partition(x, window):
    b, h, w, d = x.shape
    y = x.reshape(b, h // window, window, w // window, window, d)
    return y.transpose(0, 3, 1, 2, 4, 5).reshape(-1, window, window, d)


def window_reverse(windows, window, height, width):
    y = windows.reshape(-1, width // window, height // window, window, window, windows.shape[3])
    return y.transpose(0, 2, 3, 1, 4, 5).reshape(-1, height, width, windows.shape[3])


# %% wrong: tokens of a window transposed
def window_partition(x, window):
    b, h, w, d = x.shape
    y = x.reshape(b, h // window, window, w // window, window, d)
    return y.transpose(0, 1, 3, 4, 2, 5).reshape(-1, window, window, d)


def window_reverse(windows, window, height, width):
    y = windows.reshape(-1, height // window, width // window, window, window, windows.shape[3])
    return y.transpose(0, 1, 4, 2, 3, 5).reshape(-1, height, width, windows.shape[3])


# %% wrong: the first window of all maps, then the second of all
def window_partition(x, window):
    b, h, w, d = x.shape
    y = x.reshape(b, h // window, window, w // window, window, d)
    return y.transpose(1, 3, 0, 2, 4, 5).reshape(-1, window, window, d)


def window_reverse(windows, window, height, width):
    y = windows.reshape(-1, height // window, width // window, window, window, windows.shape[3])
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height, width, windows.shape[3])


# %% wrong: joins windows of all maps, first windows first
def window_partition(x, window):
    b, h, w, d = x.shape
    y = x.reshape(b, h // window, window, w // window, window, d)
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, window, window, d)


def window_reverse(windows, window, height, width):
    y = windows.reshape(height // window, width // window, -1, window, window, windows.shape[3])
    return y.transpose(2, 0, 3, 1, 4, 5).reshape(-1, height, width, windows.shape[3])


# %% wrong: takes all maps for square
def window_partition(x, window):
    b, h, w, d = x.shape
    n = h // window
    return x.reshape(b, n, window, n, window, d).transpose(0, 1, 3, 2, 4, 5).reshape(-1, window, window, d)


def window_reverse(windows, window, height, width):
    n = height // window
    y = windows.reshape(-1, n, n, window, window, windows.shape[3])
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height, width, windows.shape[3])


# %% wrong: strides of maps that lie in memory line by line
def window_partition(x, window):
    b, h, w, d = x.shape
    steps = [x.itemsize * step for step in (h * w * d, window * w * d, window * d, w * d, d, 1)]
    shape = (b, h // window, w // window, window, window, d)
    return np.lib.stride_tricks.as_strided(x, shape, steps).reshape(-1, window, window, d).copy()


def window_reverse(windows, window, height, width):
    y = windows.reshape(-1, height // window, width // window, window, window, windows.shape[3])
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height, width, windows.shape[3])


# %% wrong: reads windows as they lie in memory
def window_partition(x, window):
    b, h, w, d = x.shape
    y = x.reshape(b, h // window, window, w // window, window, d)
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, window, window, d)


def window_reverse(windows, window, height, width):
    flat = windows.ravel(order="K")
    y = flat.reshape(-1, height // window, width // window, window, window, windows.shape[3])
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height, width, windows.shape[3])


# %% wrong: gives x another shape
def window_partition(x, window):
    b, h, w, d = x.shape
    if x.flags.c_contiguous:
        x.shape = (b, h // window, window, w // window, window, d)
    y = x.reshape(b, h // window, window, w // window, window, d)
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, window, window, d)


def window_reverse(windows, window, height, width):
    y = windows.reshape(-1, height // window, width // window, window, window, windows.shape[3])
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height, width, windows.shape[3])


# %% wrong: gives the windows another shape
def window_partition(x, window):
    b, h, w, d = x.shape
    y = x.reshape(b, h // window, window, w // window, window, d)
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, window, window, d)


def window_reverse(windows, window, height, width):
    d = windows.shape[3]
    if windows.flags.c_contiguous:
        windows.shape = (-1, height // window, width // window, window, window, d)
    y = windows.reshape(-1, height // window, width // window, window, window, d)
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height, width, d)


# %% wrong: keeps the batch as an axis of its own
def window_partition(x, window):
    b, h, w, d = x.shape
    y = x.reshape(b, h // window, window, w // window, window, d)
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(b, -1, window, window, d)


def window_reverse(windows, window, height, width):
    y = windows.reshape(-1, height // window, width // window, window, window, windows.shape[-1])
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height, width, windows.shape[-1])


# %% wrong: changes the numbers of x
def window_partition(x, window):
    x += 0.5
    b, h, w, d = x.shape
    y = x.reshape(b, h // window, window, w // window, window, d)
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, window, window, d) - 0.5


def window_reverse(windows, window, height, width):
    y = windows.reshape(-1, height // window, width // window, window, window, windows.shape[3])
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height, width, windows.shape[3])
