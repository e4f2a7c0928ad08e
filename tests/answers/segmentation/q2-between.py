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


# %% wrong: zeros beyond the border
def between(features, row, column):
    padded = np.pad(features, ((0, 0), (9, 9), (9, 9)))
    row, column = row + 9, column + 9
    i, j = int(row), int(column)
    a, b = row - i, column - j
    return (
        (1 - a) * (1 - b) * padded[:, i, j]
        + (1 - a) * b * padded[:, i, j + 1]
        + a * (1 - b) * padded[:, i + 1, j]
        + a * b * padded[:, i + 1, j + 1]
    )


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


# %% wrong: along the rows only
def between(features, row, column):
    height, width = features.shape[1:]
    row, column = min(max(row, 0), height - 1), min(max(column, 0), width - 1)
    i, j = int(row), int(round(column))
    k, a = min(i + 1, height - 1), row - int(row)
    return (1 - a) * features[:, i, j] + a * features[:, k, j]


# %% wrong: cells' middles at halves
def between(features, row, column):
    height, width = features.shape[1:]
    down = np.maximum(1 - np.abs(np.clip(row - 0.5, 0, height - 1) - np.arange(height)), 0)
    right = np.maximum(1 - np.abs(np.clip(column - 0.5, 0, width - 1) - np.arange(width)), 0)
    return np.einsum("chw,h,w->c", features, down, right)
