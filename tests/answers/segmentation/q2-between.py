# %% right: hats
def between(features, row, column):
    height, width = features.shape[1:]
    down = np.maximum(1 - np.abs(np.clip(row, 0, height - 1) - np.arange(height)), 0)
    right = np.maximum(1 - np.abs(np.clip(column, 0, width - 1) - np.arange(width)), 0)
    return np.einsum("chw,h,w->c", features, down, right)


# %% right: four corners with their weights
def between(features, row, column):
    height, width = features.shape[1:]
    row, column = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
    i, j = int(np.floor(row)), int(np.floor(column))
    total = np.zeros(len(features))
    for k in (i, i + 1):
        for l in (j, j + 1):
            weight = (1 - abs(row - k)) * (1 - abs(column - l))
            if weight > 0:
                total += weight * features[:, k, l]
    return total


# %% right: the border copied once
def between(features, row, column):
    height, width = features.shape[1:]
    padded = np.pad(features, ((0, 0), (1, 1), (1, 1)), mode="edge")
    row, column = min(max(row, 0), height - 1) + 1, min(max(column, 0), width - 1) + 1
    i, j = int(row), int(column)
    a, b = row - i, column - j
    return (
        (1 - a) * (1 - b) * padded[:, i, j]
        + (1 - a) * b * padded[:, i, j + 1]
        + a * (1 - b) * padded[:, i + 1, j]
        + a * b * padded[:, i + 1, j + 1]
    )


# %% wrong: the nearest cell
def between(features, row, column):
    height, width = features.shape[1:]
    i, j = int(np.clip(round(row), 0, height - 1)), int(np.clip(round(column), 0, width - 1))
    return features[:, i, j]


# %% wrong: weights the wrong way round
def between(features, row, column):
    height, width = features.shape[1:]
    row, column = min(max(row, 0), height - 1), min(max(column, 0), width - 1)
    i, j = int(row), int(column)
    k, l = min(i + 1, height - 1), min(j + 1, width - 1)
    a, b = row - i, column - j
    return (
        a * b * features[:, i, j]
        + a * (1 - b) * features[:, i, l]
        + (1 - a) * b * features[:, k, j]
        + (1 - a) * (1 - b) * features[:, k, l]
    )


# %% wrong: row and column exchanged
def between(features, row, column):
    height, width = features.shape[1:]
    row, column = min(max(column, 0), height - 1), min(max(row, 0), width - 1)
    i, j = int(row), int(column)
    k, l = min(i + 1, height - 1), min(j + 1, width - 1)
    a, b = row - i, column - j
    return (
        (1 - a) * (1 - b) * features[:, i, j]
        + (1 - a) * b * features[:, i, l]
        + a * (1 - b) * features[:, k, j]
        + a * b * features[:, k, l]
    )


# %% wrong: zero from one cell beyond the edge on, as libraries have it
def between(features, row, column):
    channels, height, width = features.shape
    if row < -1 or row > height or column < -1 or column > width:
        return np.zeros(channels)
    row = min(max(row, 0), height - 1)
    column = min(max(column, 0), width - 1)
    i, j = int(row), int(column)
    i2, j2 = min(i + 1, height - 1), min(j + 1, width - 1)
    a, b = row - i, column - j
    top = (1 - b) * features[:, i, j] + b * features[:, i, j2]
    bottom = (1 - b) * features[:, i2, j] + b * features[:, i2, j2]
    return (1 - a) * top + a * bottom


# %% wrong: runs over the last cell
def between(features, row, column):
    height, width = features.shape[1:]
    row, column = min(max(row, 0), height - 1), min(max(column, 0), width - 1)
    i, j = int(row), int(column)
    a, b = row - i, column - j
    return (
        (1 - a) * (1 - b) * features[:, i, j]
        + (1 - a) * b * features[:, i, j + 1]
        + a * (1 - b) * features[:, i + 1, j]
        + a * b * features[:, i + 1, j + 1]
    )


# %% wrong: the first channel only
def between(features, row, column):
    _, height, width = features.shape
    row = min(max(row, 0), height - 1)
    column = min(max(column, 0), width - 1)
    i, j = int(row), int(column)
    i2, j2 = min(i + 1, height - 1), min(j + 1, width - 1)
    a, b = row - i, column - j
    f = features[0]
    value = (1 - a) * ((1 - b) * f[i, j] + b * f[i, j2]) + a * ((1 - b) * f[i2, j] + b * f[i2, j2])
    return np.full(len(features), value)


# %% wrong: cells' middles at halves
def between(features, row, column):
    height, width = features.shape[1:]
    down = np.maximum(1 - np.abs(np.clip(row - 0.5, 0, height - 1) - np.arange(height)), 0)
    right = np.maximum(1 - np.abs(np.clip(column - 0.5, 0, width - 1) - np.arange(width)), 0)
    return np.einsum("chw,h,w->c", features, down, right)


# %% right: float32, the border copied below and to the right
def between(features, row, column):
    f = np.pad(np.asarray(features, np.float32), ((0, 0), (0, 1), (0, 1)), mode="edge")
    row = float(np.clip(row, 0, features.shape[1] - 1))
    column = float(np.clip(column, 0, features.shape[2] - 1))
    i, j = int(np.floor(row)), int(np.floor(column))
    a, b = np.array([1 - row + i, row - i], np.float32), np.array([1 - column + j, column - j], np.float32)
    return (f[:, i : i + 2, j : j + 2] * np.outer(a, b)).sum(axis=(1, 2))


# %% right: NumPy's interpolation, twice
def between(features, row, column):
    out = []
    for one in features:
        along = [np.interp(column, np.arange(one.shape[1]), line) for line in one]
        out.append(np.interp(row, np.arange(len(one)), along))
    return np.array(out)


# %% wrong: height taken for width
def between(features, row, column):
    channels, height, width = features.shape
    row = min(max(row, 0), width - 1)
    column = min(max(column, 0), height - 1)
    i, j = int(row), int(column)
    i2, j2 = min(i + 1, height - 1), min(j + 1, width - 1)
    a, b = row - i, column - j
    upper = (1 - b) * features[:, i, j] + b * features[:, i, j2]
    lower = (1 - b) * features[:, i2, j] + b * features[:, i2, j2]
    return (1 - a) * upper + a * lower


# %% wrong: the border copied once, the point not moved
def between(features, row, column):
    padded = np.pad(features, ((0, 0), (1, 2), (1, 2)), mode="edge")
    row, column = row + 1, column + 1
    i, j = int(row), int(column)
    a, b = row - i, column - j
    upper = (1 - b) * padded[:, i, j] + b * padded[:, i, j + 1]
    lower = (1 - b) * padded[:, i + 1, j] + b * padded[:, i + 1, j + 1]
    return (1 - a) * upper + a * lower


# %% wrong: the place as a share of the length
def between(features, row, column):
    height, width = features.shape[1:]
    with np.errstate(all="ignore"):
        row = np.clip(np.float64(row) / (height - 1), 0, 1) * (height - 1)
        column = np.clip(np.float64(column) / (width - 1), 0, 1) * (width - 1)
    down = np.maximum(1 - np.abs(row - np.arange(height)), 0)
    right = np.maximum(1 - np.abs(column - np.arange(width)), 0)
    return np.einsum("chw,h,w->c", features, down, right)


# %% wrong: SciPy does it
from scipy.ndimage import map_coordinates


def between(features, row, column):
    return np.array([map_coordinates(one, [[row], [column]], order=1, mode="nearest")[0] for one in features])
