# %% right: a confusion matrix
def mean_iou(predicted, target, classes):
    keep = target.ravel() != -1
    table = np.zeros((classes, classes))
    np.add.at(table, (target.ravel()[keep], predicted.ravel()[keep]), 1)
    both = np.diag(table)
    either = table.sum(0) + table.sum(1) - both
    return (both[either > 0] / either[either > 0]).mean()


# %% right: plain Python
def mean_iou(predicted, target, classes):
    ious = []
    for c in range(classes):
        both = either = 0
        for p, t in zip(predicted.flatten(), target.flatten()):
            if t == -1:
                continue
            both += p == c and t == c
            either += p == c or t == c
        if either:
            ious.append(both / either)
    return sum(ious) / len(ious)


# %% right: one-hot
def mean_iou(predicted, target, classes):
    p, t = predicted[target >= 0], target[target >= 0]
    a, b = np.eye(classes)[p], np.eye(classes)[t]
    both, total = (a * b).sum(0), a.sum(0) + b.sum(0)
    occurs = total > 0
    return np.mean(both[occurs] / (total - both)[occurs])


# %% wrong: the share of right pixels
def mean_iou(predicted, target, classes):
    keep = target >= 0
    return (predicted[keep] == target[keep]).mean()


# %% wrong: the recall of each class
def mean_iou(predicted, target, classes):
    keep = target >= 0
    values = [(predicted[keep & (target == c)] == c).mean() for c in range(classes) if (keep & (target == c)).any()]
    return np.mean(values)


# %% wrong: absent classes count as zero
def mean_iou(predicted, target, classes):
    keep, values = target >= 0, []
    for c in range(classes):
        a, b = (predicted == c) & keep, (target == c) & keep
        values.append((a & b).sum() / max((a | b).sum(), 1))
    return np.mean(values)


# %% wrong: -1 is not left out
def mean_iou(predicted, target, classes):
    values = []
    for c in range(classes):
        a, b = predicted == c, target == c
        if (a | b).any():
            values.append((a & b).sum() / (a | b).sum())
    return np.mean(values)


# %% wrong: only classes of the target
def mean_iou(predicted, target, classes):
    keep, values = target >= 0, []
    for c in np.unique(target[keep]):
        a, b = (predicted == c) & keep, (target == c) & keep
        values.append((a & b).sum() / (a | b).sum())
    return np.mean(values)


# %% wrong: pools all classes into one fraction
def mean_iou(predicted, target, classes):
    counts = target >= 0
    both = either = 0
    for c in range(classes):
        a, b = (predicted == c) & counts, (target == c) & counts
        both, either = both + (a & b).sum(), either + (a | b).sum()
    return both / either


# %% wrong: a mean over images of the mean over classes
def mean_iou(predicted, target, classes):
    values = []
    for p, t in zip(predicted, target):
        counts = t >= 0
        for c in range(classes):
            a, b = (p == c) & counts, (t == c) & counts
            if (a | b).any():
                values.append((a & b).sum() / (a | b).sum())
    return np.mean(values)


# %% wrong: NaN for classes that do not occur
def mean_iou(predicted, target, classes):
    counts, values = target >= 0, []
    for c in range(classes):
        a, b = (predicted == c) & counts, (target == c) & counts
        with np.errstate(invalid="ignore"):
            values.append((a & b).sum() / (a | b).sum())
    return np.mean(values)


# %% right: float32, absent classes as NaN
def mean_iou(predicted, target, classes):
    numbers = np.arange(classes)[:, None]
    p, t = predicted.ravel() == numbers, target.ravel() == numbers
    p = p & (target.ravel() != -1)
    with np.errstate(invalid="ignore"):
        return np.float32(np.nanmean((p & t).sum(1) / (p | t).sum(1)))


# %% wrong: a class that is predicted where nothing is known occurs
def mean_iou(predicted, target, classes):
    known, values = target != -1, []
    for c in range(classes):
        if not ((predicted == c) | (target == c)).any():
            continue
        both = ((predicted == c) & (target == c)).sum()
        either = (((predicted == c) | (target == c)) & known).sum()
        values.append(both / max(either, 1))
    return np.mean(values)


# %% wrong: classes up to the largest of the target
def mean_iou(predicted, target, classes):
    known, values = target >= 0, []
    for c in range(target.max() + 1):
        a, b = (predicted == c) & known, (target == c) & known
        if (a | b).any():
            values.append((a & b).sum() / (a | b).sum())
    return np.mean(values)


# %% wrong: loops over two axes
def mean_iou(predicted, target, classes):
    height, width = target.shape
    both, either = [0] * classes, [0] * classes
    for i in range(height):
        for j in range(width):
            if target[i, j] == -1:
                continue
            for c in {int(predicted[i, j]), int(target[i, j])}:
                either[c] += 1
                both[c] += bool(predicted[i, j] == target[i, j])
    return np.mean([b / e for b, e in zip(both, either) if e])


# %% wrong: marks the prediction in place
def mean_iou(predicted, target, classes):
    predicted[target == -1] = -1
    ious = []
    for c in range(classes):
        both = np.sum((predicted == c) & (target == c))
        either = np.sum((predicted == c) | (target == c))
        if either > 0:
            ious.append(both / either)
    return np.mean(ious)
