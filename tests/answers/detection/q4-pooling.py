# %% right: floor and ceil as written
def roi_pool(features, box, size):
    x1, y1, x2, y2 = box
    result = np.zeros((features.shape[0], size, size))
    for i in range(size):
        for j in range(size):
            top, bottom = int(np.floor(i * (y2 - y1) / size)), int(np.ceil((i + 1) * (y2 - y1) / size))
            left, right = int(np.floor(j * (x2 - x1) / size)), int(np.ceil((j + 1) * (x2 - x1) / size))
            result[:, i, j] = features[:, y1 + top : y1 + bottom, x1 + left : x1 + right].max(axis=(1, 2))
    return result


# %% right: rows first, then columns
def roi_pool(features, box, size):
    x1, y1, x2, y2 = box
    cut = features[:, y1:y2, x1:x2]

    def along(values, length):
        parts = [
            values[:, i * length // size : (i * length + length + size - 1) // size].max(axis=1) for i in range(size)
        ]
        return np.stack(parts, axis=1)

    rows = along(cut, y2 - y1)
    return along(rows.transpose(0, 2, 1), x2 - x1).transpose(0, 2, 1)


# %% right: each cell goes to its bins
def roi_pool(features, box, size):
    x1, y1, x2, y2 = box
    result = np.full((len(features), size, size), -np.inf)
    h, w = y2 - y1, x2 - x1
    for a in range(h):
        for b in range(w):
            for i in range(size):
                for j in range(size):
                    if (
                        i * h < (a + 1) * size
                        and a * size < (i + 1) * h
                        and j * w < (b + 1) * size
                        and b * size < (j + 1) * w
                    ):
                        result[:, i, j] = np.maximum(result[:, i, j], features[:, y1 + a, x1 + b])
    return result


# %% wrong: the mean of each bin
def roi_pool(features, box, size):
    x1, y1, x2, y2 = box
    result = np.zeros((features.shape[0], size, size))
    for i in range(size):
        for j in range(size):
            rows = slice(y1 + i * (y2 - y1) // size, y1 - (-(i + 1) * (y2 - y1) // size))
            columns = slice(x1 + j * (x2 - x1) // size, x1 - (-(j + 1) * (x2 - x1) // size))
            result[:, i, j] = features[:, rows, columns].mean(axis=(1, 2))
    return result


# %% wrong: x and y exchanged
def roi_pool(features, box, size):
    y1, x1, y2, x2 = box
    result = np.zeros((features.shape[0], size, size))
    for i in range(size):
        for j in range(size):
            rows = slice(y1 + i * (y2 - y1) // size, y1 - (-(i + 1) * (y2 - y1) // size))
            columns = slice(x1 + j * (x2 - x1) // size, x1 - (-(j + 1) * (x2 - x1) // size))
            result[:, i, j] = features[:, rows, columns].max(axis=(1, 2), initial=-np.inf)
    return result


# %% wrong: bins that share nothing
def roi_pool(features, box, size):
    x1, y1, x2, y2 = box
    result = np.zeros((features.shape[0], size, size))
    for i in range(size):
        for j in range(size):
            rows = slice(y1 + i * (y2 - y1) // size, y1 + (i + 1) * (y2 - y1) // size)
            columns = slice(x1 + j * (x2 - x1) // size, x1 + (j + 1) * (x2 - x1) // size)
            result[:, i, j] = features[:, rows, columns].max(axis=(1, 2), initial=-np.inf)
    return result


# %% wrong: bins of equal size, rounded up
def roi_pool(features, box, size):
    x1, y1, x2, y2 = box
    h, w = -(-(y2 - y1) // size), -(-(x2 - x1) // size)
    result = np.zeros((features.shape[0], size, size))
    for i in range(size):
        for j in range(size):
            rows, columns = slice(y1 + i * h, min(y1 + i * h + h, y2)), slice(x1 + j * w, min(x1 + j * w + w, x2))
            result[:, i, j] = features[:, rows, columns].max(axis=(1, 2), initial=-np.inf)
    return result


# %% wrong: the end of the box counts
def roi_pool(features, box, size):
    x1, y1, x2, y2 = box
    h, w = y2 - y1 + 1, x2 - x1 + 1
    result = np.zeros((features.shape[0], size, size))
    for i in range(size):
        for j in range(size):
            rows, columns = (
                slice(y1 + i * h // size, y1 - (-(i + 1) * h // size)),
                slice(x1 + j * w // size, x1 - (-(j + 1) * w // size)),
            )
            result[:, i, j] = features[:, rows, columns].max(axis=(1, 2))
    return result


# %% wrong: pools the whole map
def roi_pool(features, box, size):
    _, h, w = features.shape
    result = np.zeros((features.shape[0], size, size))
    for i in range(size):
        for j in range(size):
            result[:, i, j] = features[
                :, i * h // size : -(-(i + 1) * h // size), j * w // size : -(-(j + 1) * w // size)
            ].max(axis=(1, 2))
    return result


# %% wrong: rounds the edges of the bins
def roi_pool(features, box, size):
    x1, y1, x2, y2 = box
    rows, columns = (np.linspace(low, high, size + 1).round().astype(int) for low, high in ((y1, y2), (x1, x2)))
    result = np.empty((len(features), size, size))
    for i in range(size):
        for j in range(size):
            part = features[
                :, rows[i] : max(rows[i + 1], rows[i] + 1), columns[j] : max(columns[j + 1], columns[j] + 1)
            ]
            result[:, i, j] = part.max(axis=(1, 2), initial=-np.inf)
    return result


# %% wrong: one maximum for all channels
def roi_pool(features, box, size):
    x1, y1, x2, y2 = box
    result = np.zeros((features.shape[0], size, size))
    for i in range(size):
        for j in range(size):
            rows = slice(y1 + i * (y2 - y1) // size, y1 - (-(i + 1) * (y2 - y1) // size))
            columns = slice(x1 + j * (x2 - x1) // size, x1 - (-(j + 1) * (x2 - x1) // size))
            result[:, i, j] = features[:, rows, columns].max()
    return result


# %% wrong: the maximum starts from zero
def roi_pool(features, box, size):
    x1, y1, x2, y2 = box
    result = np.zeros((features.shape[0], size, size))
    for i in range(size):
        for j in range(size):
            rows = slice(y1 + i * (y2 - y1) // size, y1 - (-(i + 1) * (y2 - y1) // size))
            columns = slice(x1 + j * (x2 - x1) // size, x1 - (-(j + 1) * (x2 - x1) // size))
            result[:, i, j] = np.maximum(result[:, i, j], features[:, rows, columns].max(axis=(1, 2)))
    return result


# %% wrong: bins begin at whole multiples of a rounded height
def roi_pool(features, box, size):
    x1, y1, x2, y2 = box
    L, W = y2 - y1, x2 - x1
    out = np.zeros((len(features), size, size))
    for i in range(size):
        for j in range(size):
            out[:, i, j] = features[:, y1 + i*(L//size):y1 + -(-(i+1)*L//size), x1 + j*(W//size):x1 + -(-(j+1)*W//size)].max(axis=(1, 2))
    return out
