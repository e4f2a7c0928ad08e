# %% right: loops
def iou(a, b):
    result = np.zeros((len(a), len(b)))
    for i, (x1, y1, x2, y2) in enumerate(a):
        for j, (u1, v1, u2, v2) in enumerate(b):
            width = min(x2, u2) - max(x1, u1)
            height = min(y2, v2) - max(y1, v1)
            if width > 0 and height > 0:
                shared = width * height
                result[i, j] = shared / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - shared)
    return result


# %% right: a helper for the area, and where
def area(boxes):
    return (boxes[..., 2] - boxes[..., 0]).clip(0) * (boxes[..., 3] - boxes[..., 1]).clip(0)


def iou(a, b):
    both = np.empty((len(a), len(b), 4))
    both[..., :2] = np.maximum(a[:, None, :2], b[None, :, :2])
    both[..., 2:] = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = area(both)
    union = area(a)[:, None] + area(b) - shared
    return np.where(union == 0, 0, shared / np.where(union == 0, 1, union))


# %% right: axis by axis
def iou(a, b):
    shared = 1.0
    for axis in (0, 1):
        low = np.maximum.outer(a[:, axis], b[:, axis])
        high = np.minimum.outer(a[:, axis + 2], b[:, axis + 2])
        shared = shared * np.maximum(high - low, 0)
    sizes = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (a, b)]
    union = np.add.outer(*sizes) - shared
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(shared / union)


# %% wrong: counts the shared part twice
def iou(a, b):
    size = np.maximum(np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2]), 0)
    shared = size.prod(axis=2)
    area = lambda boxes: (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return shared / np.maximum(area(a)[:, None] + area(b)[None], 1e-12)


# %% wrong: two negative sides make an area
def iou(a, b):
    size = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    shared = size.prod(axis=2)
    area = lambda boxes: (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    union = area(a)[:, None] + area(b)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


# %% wrong: fills one half of the table only, as if both lists were the same
def iou(a, b):
    result = np.zeros((len(a), len(b)))
    area = lambda box: (box[2] - box[0]) * (box[3] - box[1])
    for i in range(len(a)):
        for j in range(i, len(b)):
            w = max(min(a[i, 2], b[j, 2]) - max(a[i, 0], b[j, 0]), 0)
            h = max(min(a[i, 3], b[j, 3]) - max(a[i, 1], b[j, 1]), 0)
            union = area(a[i]) + area(b[j]) - w * h
            result[i, j] = w * h / union if union > 0 else 0
    return result


# %% wrong: width and height instead of corners
def iou(a, b):
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    area = lambda boxes: boxes[:, 2] * boxes[:, 3]
    return shared / (area(a)[:, None] + area(b)[None] - shared)


# %% wrong: rows and columns the wrong way round
def iou(a, b):
    size = np.maximum(np.minimum(b[:, None, 2:], a[None, :, 2:]) - np.maximum(b[:, None, :2], a[None, :, :2]), 0)
    shared = size.prod(axis=2)
    area = lambda boxes: (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    union = area(b)[:, None] + area(a)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


# %% wrong: NaN for boxes without area
def iou(a, b):
    size = np.maximum(np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2]), 0)
    shared = size.prod(axis=2)
    area = lambda boxes: (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    with np.errstate(invalid="ignore"):
        return shared / (area(a)[:, None] + area(b)[None] - shared)


# %% wrong: forgets to stop at zero in one direction only
def iou(a, b):
    w = np.clip(np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0]), 0, None)
    h = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    shared = w * h
    area_a, area_b = np.prod(a[:, 2:] - a[:, :2], axis=1), np.prod(b[:, 2:] - b[:, :2], axis=1)
    union = area_a[:, None] + area_b[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


# %% wrong: the box around both instead of the union
def iou(a, b):
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    low, high = np.minimum(a[:, None, :2], b[None, :, :2]), np.maximum(a[:, None, 2:], b[None, :, 2:])
    around = np.prod(high - low, axis=2)
    return np.divide(shared, around, out=np.zeros_like(shared), where=around > 0)


# %% wrong: adds a small number to the area
def iou(a, b):
    lo = np.maximum(a[:, None, :2], b[None, :, :2]); hi = np.minimum(a[:, None, 2:], b[None, :, 2:])
    s = np.prod(np.maximum(hi - lo, 0), axis=-1)
    u = np.prod(a[:, 2:] - a[:, :2], axis=1)[:, None] + np.prod(b[:, 2:] - b[:, :2], axis=1) - s
    return s / (u + 1e-6)
