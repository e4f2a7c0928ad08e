# %% right: a loop over the maps
def localisation(maps, found, boxes):
    hits, overlaps = [], []
    for cam, mine, true in zip(maps, found, boxes):
        row, column = np.unravel_index(np.argmax(cam), cam.shape)
        x1, y1, x2, y2 = true
        hits.append(x1 <= column + 0.5 <= x2 and y1 <= row + 0.5 <= y2)
        w = max(0.0, min(mine[2], x2) - max(mine[0], x1))
        h = max(0.0, min(mine[3], y2) - max(mine[1], y1))
        area = (mine[2] - mine[0]) * (mine[3] - mine[1]) + (x2 - x1) * (y2 - y1)
        overlaps.append(w * h / (area - w * h))
    return float(np.mean(hits)), float(np.mean(overlaps))


# %% right: columns unpacked
def localisation(maps, found, boxes):
    n, height, width = maps.shape
    place = maps.reshape(n, height * width).argmax(1)
    x, y = place % width + 0.5, place // width + 0.5
    ax1, ay1, ax2, ay2 = found.T
    bx1, by1, bx2, by2 = boxes.T
    inside = np.logical_and.reduce([x >= bx1, x <= bx2, y >= by1, y <= by2])
    shared = np.clip(np.minimum(ax2, bx2) - np.maximum(ax1, bx1), 0, None) * np.clip(
        np.minimum(ay2, by2) - np.maximum(ay1, by1), 0, None
    )
    union = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - shared
    return inside.sum().item() / n, (shared / union).mean().item()


# %% right: helper functions
def area(box):
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def overlap(a, b):
    both = [max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])]
    return area(both) / (area(a) + area(b) - area(both))


def points_at(cam, box):
    for row in range(cam.shape[0]):
        for column in range(cam.shape[1]):
            if cam[row, column] == cam.max():
                return box[0] <= column + 0.5 <= box[2] and box[1] <= row + 0.5 <= box[3]


def localisation(maps, found, boxes):
    n = len(maps)
    return (
        sum(bool(points_at(cam, box)) for cam, box in zip(maps, boxes)) / n,
        float(sum(overlap(a, b) for a, b in zip(found, boxes)) / n),
    )


# %% wrong: rows and columns are swapped
def localisation(maps, found, boxes):
    rows, columns = np.divmod(maps.reshape(len(maps), -1).argmax(axis=1), maps.shape[2])
    y, x = columns + 0.5, rows + 0.5
    hits = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
    shared = np.minimum(found[:, 2:], boxes[:, 2:]) - np.maximum(found[:, :2], boxes[:, :2])
    shared = np.maximum(shared, 0).prod(axis=1)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (found, boxes)]
    return float(hits.mean()), float((shared / (areas[0] + areas[1] - shared)).mean())


# %% wrong: the pixel's corner instead of its middle
def localisation(maps, found, boxes):
    y, x = np.divmod(maps.reshape(len(maps), -1).argmax(axis=1), maps.shape[2])
    hits = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
    shared = np.minimum(found[:, 2:], boxes[:, 2:]) - np.maximum(found[:, :2], boxes[:, :2])
    shared = np.maximum(shared, 0).prod(axis=1)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (found, boxes)]
    return float(hits.mean()), float((shared / (areas[0] + areas[1] - shared)).mean())


# %% wrong: two negative sides make a positive overlap
def localisation(maps, found, boxes):
    rows, columns = np.divmod(maps.reshape(len(maps), -1).argmax(axis=1), maps.shape[2])
    x, y = columns + 0.5, rows + 0.5
    hits = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
    shared = np.minimum(found[:, 2:], boxes[:, 2:]) - np.maximum(found[:, :2], boxes[:, :2])
    shared = np.maximum(shared.prod(axis=1), 0)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (found, boxes)]
    return float(hits.mean()), float((shared / (areas[0] + areas[1] - shared)).mean())


# %% wrong: counts the shared area twice
def localisation(maps, found, boxes):
    rows, columns = np.divmod(maps.reshape(len(maps), -1).argmax(axis=1), maps.shape[2])
    x, y = columns + 0.5, rows + 0.5
    hits = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
    shared = np.minimum(found[:, 2:], boxes[:, 2:]) - np.maximum(found[:, :2], boxes[:, :2])
    shared = np.maximum(shared, 0).prod(axis=1)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (found, boxes)]
    return float(hits.mean()), float((shared / (areas[0] + areas[1])).mean())


# %% wrong: points into the found box
def localisation(maps, found, boxes):
    rows, columns = np.divmod(maps.reshape(len(maps), -1).argmax(axis=1), maps.shape[2])
    x, y = columns + 0.5, rows + 0.5
    hits = (found[:, 0] <= x) & (x <= found[:, 2]) & (found[:, 1] <= y) & (y <= found[:, 3])
    shared = np.minimum(found[:, 2:], boxes[:, 2:]) - np.maximum(found[:, :2], boxes[:, :2])
    shared = np.maximum(shared, 0).prod(axis=1)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (found, boxes)]
    return float(hits.mean()), float((shared / (areas[0] + areas[1] - shared)).mean())


# %% wrong: one IoU of the summed areas
def localisation(maps, found, boxes):
    rows, columns = np.divmod(maps.reshape(len(maps), -1).argmax(axis=1), maps.shape[2])
    x, y = columns + 0.5, rows + 0.5
    hits = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
    shared = np.minimum(found[:, 2:], boxes[:, 2:]) - np.maximum(found[:, :2], boxes[:, :2])
    shared = np.maximum(shared, 0).prod(axis=1)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (found, boxes)]
    return float(hits.mean()), float(shared.sum() / (areas[0] + areas[1] - shared).sum())


# %% wrong: the border does not count
def localisation(maps, found, boxes):
    rows, columns = np.divmod(maps.reshape(len(maps), -1).argmax(axis=1), maps.shape[2])
    x, y = columns + 0.5, rows + 0.5
    hits = (boxes[:, 0] < x) & (x < boxes[:, 2]) & (boxes[:, 1] < y) & (y < boxes[:, 3])
    shared = np.minimum(found[:, 2:], boxes[:, 2:]) - np.maximum(found[:, :2], boxes[:, :2])
    shared = np.maximum(shared, 0).prod(axis=1)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (found, boxes)]
    return float(hits.mean()), float((shared / (areas[0] + areas[1] - shared)).mean())


# %% wrong: the last of the highest pixels
def localisation(maps, found, boxes):
    hits, total = 0, 0.0
    for m, (a1, b1, a2, b2), (x1, y1, x2, y2) in zip(maps, found, boxes):
        y, x = np.unravel_index(m.size - 1 - m[::-1, ::-1].argmax(), m.shape)
        mx, my = x + 0.5, y + 0.5
        hits += bool(x1 <= mx <= x2 and y1 <= my <= y2)
        inter = max(0.0, min(a2, x2) - max(a1, x1)) * max(0.0, min(b2, y2) - max(b1, y1))
        a, b = (a2 - a1) * (b2 - b1), (x2 - x1) * (y2 - y1)
        total += inter / (a + b - inter)
    return hits / len(maps), total / len(maps)


# %% wrong: ties in columns
def localisation(maps, found, boxes):
    hits, total = 0, 0.0
    for m, (a1, b1, a2, b2), (x1, y1, x2, y2) in zip(maps, found, boxes):
        x, y = np.unravel_index(m.T.argmax(), m.T.shape)
        mx, my = x + 0.5, y + 0.5
        hits += bool(x1 <= mx <= x2 and y1 <= my <= y2)
        inter = max(0.0, min(a2, x2) - max(a1, x1)) * max(0.0, min(b2, y2) - max(b1, y1))
        a, b = (a2 - a1) * (b2 - b1), (x2 - x1) * (y2 - y1)
        total += inter / (a + b - inter)
    return hits / len(maps), total / len(maps)


# %% wrong: absolute values
def localisation(maps, found, boxes):
    hits, total = 0, 0.0
    for m, (a1, b1, a2, b2), (x1, y1, x2, y2) in zip(maps, found, boxes):
        y, x = np.unravel_index(np.abs(m).argmax(), m.shape)
        mx, my = x + 0.5, y + 0.5
        hits += bool(x1 <= mx <= x2 and y1 <= my <= y2)
        inter = max(0.0, min(a2, x2) - max(a1, x1)) * max(0.0, min(b2, y2) - max(b1, y1))
        a, b = (a2 - a1) * (b2 - b1), (x2 - x1) * (y2 - y1)
        total += inter / (a + b - inter)
    return hits / len(maps), total / len(maps)


# %% wrong: the larger area instead of the union
def localisation(maps, found, boxes):
    hits, total = 0, 0.0
    for m, (a1, b1, a2, b2), (x1, y1, x2, y2) in zip(maps, found, boxes):
        y, x = np.unravel_index(m.argmax(), m.shape)
        mx, my = x + 0.5, y + 0.5
        hits += bool(x1 <= mx <= x2 and y1 <= my <= y2)
        inter = max(0.0, min(a2, x2) - max(a1, x1)) * max(0.0, min(b2, y2) - max(b1, y1))
        a, b = (a2 - a1) * (b2 - b1), (x2 - x1) * (y2 - y1)
        total += inter / (max(a, b))
    return hits / len(maps), total / len(maps)


# %% wrong: an array instead of a tuple
def localisation(maps, found, boxes):
    n, h, w = maps.shape
    i = maps.reshape(n, -1).argmax(1)
    y, x = i // w + 0.5, i % w + 0.5
    hit = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
    side = np.minimum(found[:, 2:], boxes[:, 2:]) - np.maximum(found[:, :2], boxes[:, :2])
    inter = np.clip(side, 0, None).prod(1)
    area = lambda b: (b[:, 2:] - b[:, :2]).prod(1)
    return np.array([hit.mean(), (inter / (area(found) + area(boxes) - inter)).mean()])


# %% wrong: one pair of values for each image
def localisation(maps, found, boxes):
    n, h, w = maps.shape
    i = maps.reshape(n, -1).argmax(1)
    y, x = i // w + 0.5, i % w + 0.5
    hit = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
    side = np.minimum(found[:, 2:], boxes[:, 2:]) - np.maximum(found[:, :2], boxes[:, :2])
    inter = np.clip(side, 0, None).prod(1)
    area = lambda b: (b[:, 2:] - b[:, :2]).prod(1)
    return hit, inter / (area(found) + area(boxes) - inter)


# %% wrong: changes the boxes
def localisation(maps, found, boxes):
    found[:, 2:] -= found[:, :2]
    hits, total = 0, 0.0
    for m, (a1, b1, a2, b2), (x1, y1, x2, y2) in zip(maps, found, boxes):
        y, x = np.unravel_index(m.argmax(), m.shape)
        mx, my = x + 0.5, y + 0.5
        hits += bool(x1 <= mx <= x2 and y1 <= my <= y2)
        inter = max(0.0, min(a1 + a2, x2) - max(a1, x1)) * max(0.0, min(b1 + b2, y2) - max(b1, y1))
        a, b = (a2) * (b2), (x2 - x1) * (y2 - y1)
        total += inter / (a + b - inter)
    return hits / len(maps), total / len(maps)


# %% wrong: counts whole pixels
def localisation(maps, found, boxes):
    hits, total = 0, 0.0
    for m, mine, true in zip(maps, found, boxes):
        y, x = np.unravel_index(m.argmax(), m.shape)
        hits += bool(true[0] <= x + 0.5 <= true[2] and true[1] <= y + 0.5 <= true[3])
        size = int(max(mine.max(), true.max())) + 1
        masks = np.zeros((2, size, size), dtype=bool)
        for mask, (x1, y1, x2, y2) in zip(masks, (mine, true)):
            mask[int(y1) : int(y2), int(x1) : int(x2)] = True
        total += masks.all(axis=0).sum() / max(masks.any(axis=0).sum(), 1)
    return hits / len(maps), float(total / len(maps))
