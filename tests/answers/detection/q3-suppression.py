# %% right: with the function of question 1
def suppress(boxes, scores, threshold):
    overlap, kept = iou(boxes, boxes), []
    for i in np.argsort(-scores, kind="stable"):
        if not kept or overlap[i, kept].max() <= threshold:
            kept.append(i)
    return kept


# %% right: sorted, with a mask of what is alive
def suppress(boxes, scores, threshold):
    alive, kept = np.ones(len(boxes), bool), []
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    for i in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        if not alive[i]:
            continue
        kept.append(i)
        shared = np.prod(
            np.maximum(np.minimum(boxes[i, 2:], boxes[:, 2:]) - np.maximum(boxes[i, :2], boxes[:, :2]), 0), axis=1
        )
        alive &= ~(shared / (area + area[i] - shared) > threshold)
    return np.array(kept, dtype=int)


# %% right: the fixed point
def suppress(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    over = np.triu(iou(boxes[order], boxes[order]) > threshold, k=1)
    keep = np.ones(len(boxes), bool)
    for _ in range(len(boxes)):
        keep = ~(over & keep[:, None]).any(axis=0)
    return order[keep]


# %% wrong: dropped boxes drop others
def suppress(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    over = np.triu(iou(boxes[order], boxes[order]) > threshold, k=1)
    return order[~over.any(axis=0)]


# %% wrong: drops at the threshold, too
def suppress(boxes, scores, threshold):
    overlap, kept = iou(boxes, boxes), []
    for i in np.argsort(-scores, kind="stable"):
        if all(overlap[i, j] < threshold for j in kept):
            kept.append(i)
    return np.array(kept, dtype=int)


# %% wrong: in the order of the indices
def suppress(boxes, scores, threshold):
    overlap, kept = iou(boxes, boxes), []
    for i in np.argsort(-scores, kind="stable"):
        if all(overlap[i, j] <= threshold for j in kept):
            kept.append(i)
    return np.array(sorted(kept), dtype=int)


# %% wrong: returns a mask
def suppress(boxes, scores, threshold):
    overlap, keep = iou(boxes, boxes), np.zeros(len(boxes), bool)
    for i in np.argsort(-scores, kind="stable"):
        keep[i] = not (overlap[i][keep] > threshold).any()
    return keep


# %% wrong: the last of equal scores first
def suppress(boxes, scores, threshold):
    overlap, kept = iou(boxes, boxes), []
    for i in np.argsort(scores, kind="stable")[::-1]:
        if all(overlap[i, j] <= threshold for j in kept):
            kept.append(i)
    return np.array(kept, dtype=int)


# %% wrong: the library's
def suppress(boxes, scores, threshold):
    from mylib.vision.detection.scratch import nms

    return nms(boxes, scores, threshold)


# %% wrong: compares with the best box only
def suppress(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    if not len(order):
        return order
    overlap = iou(boxes, boxes)
    best = order[0]
    return np.array([i for i in order if i == best or overlap[best, i] <= threshold], dtype=int)


# %% wrong: a box without area does not drop itself
def suppress(boxes, scores, threshold):
    order, kept = np.argsort(-scores, kind="stable"), []
    while len(order) and len(kept) < len(boxes):
        best = order[0]
        kept.append(best)
        order = order[iou(boxes[[best]], boxes[order])[0] <= threshold]
    return np.array(kept, dtype=int)


# %% wrong: positions in the sorted list
def suppress(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    boxes, kept = boxes[order], []
    overlap = iou(boxes, boxes)
    for i in range(len(boxes)):
        if all(overlap[i, j] <= threshold for j in kept):
            kept.append(i)
    return np.array(kept, dtype=int)


# %% wrong: returns the boxes
def suppress(boxes, scores, threshold):
    kept, overlap = [], iou(boxes, boxes)
    for i in np.argsort(-scores, kind="stable"):
        if all(overlap[i, j] <= threshold for j in kept):
            kept.append(i)
    return boxes[np.array(kept, dtype=int)]


# %% wrong: changes the scores
def suppress(boxes, scores, threshold):
    kept = []
    scores *= -1
    for i in np.argsort(scores, kind="stable"):
        if all(iou(boxes[[i]], boxes[[j]])[0, 0] <= threshold for j in kept):
            kept.append(i)
    return np.array(kept)


# %% wrong: marks what is gone by a score of -1
def suppress(boxes, scores, threshold):
    left, kept, overlap = scores.copy(), [], iou(boxes, boxes)
    while (left > -1).any():
        i = int(np.argmax(left))
        kept.append(i)
        left[overlap[i] > threshold] = -1
        left[i] = -1
    return np.array(kept, dtype=int)
