# %% right: loops
def assemble(rows, size, height, width):
    n, count, entries = rows.shape
    channels = entries // (size * size)
    images = np.zeros((n, channels, height, width), rows.dtype)
    across = width // size
    for k in range(count):
        i, j = divmod(k, across)
        images[:, :, i * size : (i + 1) * size, j * size : (j + 1) * size] = rows[:, k].reshape(n, channels, size, size)
    return images


# %% right: swapaxes
def assemble(rows, size, height, width):
    n = len(rows)
    c = rows.shape[-1] // size // size
    x = rows.reshape(n, height // size, width // size, c, size, size)
    return np.moveaxis(x, 3, 1).swapaxes(3, 4).reshape(n, c, height, width)


# %% right: einsum
def assemble(rows, size, height, width):
    c = rows.shape[2] // size**2
    x = rows.reshape(-1 if len(rows) else 0, height // size, width // size, c, size, size)
    return np.einsum("nijcab->nciajb", x).reshape(len(rows), c, height, width)


# %% wrong: a plain reshape
def assemble(rows, size, height, width):
    return rows.reshape(len(rows), rows.shape[2] // size**2, height, width)


# %% wrong: squares column by column
def assemble(rows, size, height, width):
    c = rows.shape[2] // size**2
    x = rows.reshape(len(rows), width // size, height // size, c, size, size)
    return x.transpose(0, 3, 2, 4, 1, 5).reshape(len(rows), c, height, width)


# %% wrong: one channel only
def assemble(rows, size, height, width):
    x = rows.reshape(len(rows), height // size, width // size, -1, size, size)[:, :, :, :1]
    return x.transpose(0, 3, 1, 4, 2, 5).reshape(len(rows), 1, height, width)


# %% wrong: channels last inside a row
def assemble(rows, size, height, width):
    c = rows.shape[2] // size**2
    x = rows.reshape(len(rows), height // size, width // size, size, size, c)
    return x.transpose(0, 5, 1, 3, 2, 4).reshape(len(rows), c, height, width)


# %% wrong: as many squares across as down
def assemble(rows, size, height, width):
    c = rows.shape[2] // size**2
    side = int(rows.shape[1] ** 0.5)
    x = rows.reshape(len(rows), side, side, c, size, size)
    return x.transpose(0, 3, 1, 4, 2, 5).reshape(len(rows), c, height, width)


# %% right: sorts the numbers of the pixels with patches
def assemble(rows, size, height, width):
    n, _, entries = rows.shape
    numbers = np.arange(entries // size**2 * height * width).reshape(1, -1, height, width)
    return rows.reshape(n, -1)[:, patches(numbers, size).ravel().argsort()].reshape(n, -1, height, width)


# %% wrong: the first image alone
def assemble(rows, size, height, width):
    c = rows.shape[2] // size**2
    x = rows[0].reshape(1, height // size, width // size, c, size, size)
    return x.transpose(0, 3, 1, 4, 2, 5).reshape(1, c, height, width)


# %% wrong: gives the argument another shape
def assemble(rows, size, height, width):
    n, _, entries = rows.shape
    rows.shape = (n, height // size, width // size, entries // size**2, size, size)
    return rows.transpose(0, 3, 1, 4, 2, 5).reshape(n, entries // size**2, height, width)


# %% wrong: the channel is taken for the first axis of the squares
def assemble(rows, size, height, width):
    n, _, entries = rows.shape
    c = entries // size**2
    x = rows.reshape(n, c, height // size, width // size, size, size)
    return x.transpose(0, 1, 2, 4, 3, 5).reshape(n, c, height, width)
