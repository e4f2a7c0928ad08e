# %% right: regions of three stretches, as in the authors' code
def shift_mask(height, width, window, shift):
    image = np.zeros((height, width), int)
    number = 0
    if shift:
        parts = (slice(0, -window), slice(-window, -shift), slice(-shift, None))
        for rows in parts:
            for columns in parts:
                image[rows, columns] = number
                number += 1
    windows = window_partition(image[None, :, :, None], window).reshape(-1, window * window)
    return windows[:, :, None] == windows[:, None, :]


# %% right: loops over windows and tokens
def shift_mask(height, width, window, shift):
    result = []
    for top in range(0, height, window):
        for left in range(0, width, window):
            tokens = [(top + i, left + j) for i in range(window) for j in range(window)]
            kinds = [(r >= height - shift, c >= width - shift) for r, c in tokens]
            result.append([[a == b for b in kinds] for a in kinds])
    return np.array(result)


# %% right: from where tokens came, without windows of booleans
def shift_mask(height, width, window, shift):
    rows = (np.arange(height) + shift) // height
    columns = (np.arange(width) + shift) // width
    r = np.repeat(rows.reshape(-1, 1, window, 1), width // window, axis=1)
    c = np.repeat(columns.reshape(1, -1, 1, window), height // window, axis=0)
    r = np.broadcast_to(r, (height // window, width // window, window, window)).reshape(-1, window**2)
    c = np.broadcast_to(c, (height // window, width // window, window, window)).reshape(-1, window**2)
    return np.equal(r[:, :, None], r[:, None]) & np.equal(c[:, :, None], c[:, None])


# %% right: rolls the numbers of stretches of the map as it was
def shift_mask(height, width, window, shift):
    r = (np.arange(height) - shift) // window
    c = (np.arange(width) - shift) // window
    names = np.roll(r[:, None] * (width + 2) + c, (-shift, -shift), (0, 1))
    names = window_partition(names[None, ..., None].astype(float), window).reshape(-1, window * window)
    return names[:, :, None] == names[:, None, :]


# %% wrong: regions by window instead of by what came in again
def shift_mask(height, width, window, shift):
    r, c = np.arange(height) // window, np.arange(width) // window
    names = r[:, None] * width + c
    names = names.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    names = names.reshape(-1, window * window)
    return names[:, :, None] == names[:, None, :]


# %% wrong: the complement
def shift_mask(height, width, window, shift):
    names = 2 * (np.arange(height) >= height - shift)[:, None] + (np.arange(width) >= width - shift)
    names = names.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    names = names.reshape(-1, window * window)
    return names[:, :, None] != names[:, None, :]


# %% wrong: no mask at all
def shift_mask(height, width, window, shift):
    return np.ones(((height // window) * (width // window), window * window, window * window), bool)


# %% wrong: rows only
def shift_mask(height, width, window, shift):
    names = (np.arange(height) >= height - shift)[:, None] + np.zeros(width, int)
    names = names.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    names = names.reshape(-1, window * window)
    return names[:, :, None] == names[:, None, :]


# %% wrong: added instead of numbered, so that two corners have one name
def shift_mask(height, width, window, shift):
    names = (np.arange(height) >= height - shift)[:, None].astype(int) + (np.arange(width) >= width - shift)
    names = names.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    names = names.reshape(-1, window * window)
    return names[:, :, None] == names[:, None, :]


# %% wrong: always half a window
def shift_mask(height, width, window, shift):
    s = window // 2 if shift else 0
    names = 2 * (np.arange(height) >= height - s)[:, None] + (np.arange(width) >= width - s)
    names = names.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    names = names.reshape(-1, window * window)
    return names[:, :, None] == names[:, None, :]


# %% wrong: nothing for a shift of 0
def shift_mask(height, width, window, shift):
    if shift == 0:
        return None
    names = 2 * (np.arange(height) >= height - shift)[:, None] + (np.arange(width) >= width - shift)
    names = names.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    names = names.reshape(-1, window * window)
    return names[:, :, None] == names[:, None, :]


# %% wrong: what came in again is at the top and at the left
def shift_mask(height, width, window, shift):
    names = 2 * (np.arange(height) < shift)[:, None] + (np.arange(width) < shift)
    names = names.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    names = names.reshape(-1, window * window)
    return names[:, :, None] == names[:, None, :]


# %% wrong: height and width exchanged
def shift_mask(height, width, window, shift):
    height, width = width, height
    names = 2 * (np.arange(height) >= height - shift)[:, None] + (np.arange(width) >= width - shift)
    names = names.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    names = names.reshape(-1, window * window)
    return names[:, :, None] == names[:, None, :]


# %% wrong: numbers for booleans
def shift_mask(height, width, window, shift):
    names = 2 * (np.arange(height) >= height - shift)[:, None] + (np.arange(width) >= width - shift)
    names = names.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    names = names.reshape(-1, window * window)
    return np.where(names[:, :, None] == names[:, None, :], 0.0, -100.0)


# %% wrong: windows of a plain reshape
def shift_mask(height, width, window, shift):
    names = 2 * (np.arange(height) >= height - shift)[:, None] + (np.arange(width) >= width - shift)
    names = names.reshape(-1, window * window)
    return names[:, :, None] == names[:, None, :]


# %% wrong: a token does not see itself
def shift_mask(height, width, window, shift):
    names = 2 * (np.arange(height) >= height - shift)[:, None] + (np.arange(width) >= width - shift)
    names = names.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    names = names.reshape(-1, window * window)
    return (names[:, :, None] == names[:, None, :]) & ~np.eye(window * window, dtype=bool)


# %% wrong: a slice from minus nothing
def shift_mask(height, width, window, shift):
    names = np.zeros((height, width), int)
    names[-shift:] += 2
    names[: height - shift, -shift:] += 1
    names[-shift:, -shift:] += 1
    names = names.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    names = names.reshape(-1, window * window)
    same = names[:, :, None] == names[:, None, :]
    return same if shift else same[:, :1]
