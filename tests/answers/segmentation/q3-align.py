# %% right: four loops
def roi_align(features, box, size, points):
    x1, y1, x2, y2 = box
    result = np.zeros((len(features), size, size))
    for i in range(size):
        for j in range(size):
            for u in range(points):
                for v in range(points):
                    row = y1 + (y2 - y1) * (i + (u + 0.5) / points) / size - 0.5
                    column = x1 + (x2 - x1) * (j + (v + 0.5) / points) / size - 0.5
                    result[:, i, j] += between(features, row, column)
    return result / points**2


# %% right: two matrices
def hat(low, high, size, points, length):
    place = low + (np.arange(size * points) + 0.5) * (high - low) / (size * points) - 0.5
    shares = np.maximum(1 - np.abs(place.clip(0, length - 1)[:, None] - np.arange(length)), 0)
    return shares.reshape(size, points, length).mean(axis=1)


def roi_align(features, box, size, points):
    rows = hat(box[1], box[3], size, points, features.shape[1])
    columns = hat(box[0], box[2], size, points, features.shape[2])
    return rows @ features @ columns.T


# %% right: bin by bin with linspace
def roi_align(features, box, size, points):
    x1, y1, x2, y2 = box
    bin_h, bin_w = (y2 - y1) / size, (x2 - x1) / size
    inside = (np.arange(points) + 0.5) / points
    result = np.empty((features.shape[0], size, size))
    for i in range(size):
        for j in range(size):
            values = [
                between(features, y1 + (i + a) * bin_h - 0.5, x1 + (j + b) * bin_w - 0.5)
                for a in inside
                for b in inside
            ]
            result[:, i, j] = np.mean(values, axis=0)
    return result


# %% wrong: cells' middles at whole numbers
def roi_align(features, box, size, points):
    x1, y1, x2, y2 = box
    steps = (np.arange(size * points) + 0.5) / (size * points)
    rows, columns = y1 + steps * (y2 - y1), x1 + steps * (x2 - x1)
    values = np.array([[between(features, row, column) for column in columns] for row in rows])
    return values.reshape(size, points, size, points, -1).mean(axis=(1, 3)).transpose(2, 0, 1)


# %% wrong: the box rounded first
def roi_align(features, box, size, points):
    x1, y1, x2, y2 = (round(value) for value in box)
    steps = (np.arange(size * points) + 0.5) / (size * points)
    rows, columns = y1 + steps * (y2 - y1) - 0.5, x1 + steps * (x2 - x1) - 0.5
    values = np.array([[between(features, row, column) for column in columns] for row in rows])
    return values.reshape(size, points, size, points, -1).mean(axis=(1, 3)).transpose(2, 0, 1)


# %% wrong: maxima instead of means
def roi_align(features, box, size, points):
    x1, y1, x2, y2 = box
    steps = (np.arange(size * points) + 0.5) / (size * points)
    rows, columns = y1 + steps * (y2 - y1) - 0.5, x1 + steps * (x2 - x1) - 0.5
    values = np.array([[between(features, row, column) for column in columns] for row in rows])
    return values.reshape(size, points, size, points, -1).max(axis=(1, 3)).transpose(2, 0, 1)


# %% wrong: points at the corners of the parts
def roi_align(features, box, size, points):
    x1, y1, x2, y2 = box
    steps = np.arange(size * points) / (size * points)
    rows, columns = y1 + steps * (y2 - y1) - 0.5, x1 + steps * (x2 - x1) - 0.5
    values = np.array([[between(features, row, column) for column in columns] for row in rows])
    return values.reshape(size, points, size, points, -1).mean(axis=(1, 3)).transpose(2, 0, 1)


# %% wrong: x and y exchanged
def roi_align(features, box, size, points):
    y1, x1, y2, x2 = box
    steps = (np.arange(size * points) + 0.5) / (size * points)
    rows, columns = y1 + steps * (y2 - y1) - 0.5, x1 + steps * (x2 - x1) - 0.5
    values = np.array([[between(features, row, column) for column in columns] for row in rows])
    return values.reshape(size, points, size, points, -1).mean(axis=(1, 3)).transpose(2, 0, 1)


# %% wrong: one point whatever was asked for
def roi_align(features, box, size, points):
    x1, y1, x2, y2 = box
    steps = (np.arange(size) + 0.5) / size
    rows, columns = y1 + steps * (y2 - y1) - 0.5, x1 + steps * (x2 - x1) - 0.5
    return np.array([[between(features, row, column) for column in columns] for row in rows]).transpose(2, 0, 1)


# %% wrong: the channels last
def roi_align(features, box, size, points):
    x1, y1, x2, y2 = box
    steps = (np.arange(size * points) + 0.5) / (size * points)
    rows, columns = y1 + steps * (y2 - y1) - 0.5, x1 + steps * (x2 - x1) - 0.5
    values = np.array([[between(features, row, column) for column in columns] for row in rows])
    return values.reshape(size, points, size, points, -1).mean(axis=(1, 3))


# %% wrong: a box has at least one cell, as in old libraries
def roi_align(features, box, size, points):
    x1, y1, x2, y2 = box
    n = size * points
    high, wide = max(y2 - y1, 1.0), max(x2 - x1, 1.0)
    fine = np.zeros((features.shape[0], n, n))
    for i in range(n):
        for j in range(n):
            y, x = y1 + (i + 0.5) * high / n, x1 + (j + 0.5) * wide / n
            fine[:, i, j] = between(features, y - 0.5, x - 0.5)
    return fine.reshape(-1, size, points, size, points).mean(axis=(2, 4))


# %% wrong: the size of the box taken for its end
def roi_align(features, box, size, points):
    x1, y1, w, h = box
    steps = (np.arange(size * points) + 0.5) / (size * points)
    values = np.array([[between(features, y1 + s * h - 0.5, x1 + t * w - 0.5) for t in steps] for s in steps])
    return values.reshape(size, points, size, points, -1).mean(axis=(1, 3)).transpose(2, 0, 1)


# %% wrong: points of one bin scattered over its neighbours
def roi_align(features, box, size, points):
    x1, y1, x2, y2 = box
    steps = (np.arange(size * points) + 0.5) / (size * points)
    values = np.array(
        [[between(features, y1 + s * (y2 - y1) - 0.5, x1 + t * (x2 - x1) - 0.5) for t in steps] for s in steps]
    )
    return values.reshape(points, size, points, size, -1).mean(axis=(0, 2)).transpose(2, 0, 1)


# %% right: float32, places by linspace
def roi_align(features, box, size, points):
    x1, y1, x2, y2 = np.asarray(box, dtype=np.float64)
    n = size * points
    ys = np.linspace(y1, y2, 2 * n + 1)[1::2] - 0.5
    xs = np.linspace(x1, x2, 2 * n + 1)[1::2] - 0.5
    grid = np.array([[between(features, y, x) for x in xs] for y in ys])
    return np.transpose(grid.reshape(size, points, size, points, -1).mean((1, 3)), (2, 0, 1)).astype(np.float32)


# %% wrong: the box cut off at the border
def roi_align(features, box, size, points):
    height, width = features.shape[1:]
    x1, x2 = np.clip([box[0], box[2]], 0, width)
    y1, y2 = np.clip([box[1], box[3]], 0, height)
    steps = (np.arange(size * points) + 0.5) / (size * points)
    rows, columns = y1 + steps * (y2 - y1) - 0.5, x1 + steps * (x2 - x1) - 0.5
    values = np.array([[between(features, row, column) for column in columns] for row in rows])
    return values.reshape(size, points, size, points, -1).mean(axis=(1, 3)).transpose(2, 0, 1)
