# %% right: where, without loops
def assign(anchors, truth, labels):
    if truth.shape[0] == 0:
        return torch.zeros(len(anchors), dtype=torch.int64)
    overlap = iou_torch(anchors, truth)
    best, which = overlap.max(1)
    mine = (overlap == overlap.max(0).values) & (overlap > 0)
    forced = mine.any(1)
    result = torch.where(best >= 0.5, labels[which] + 1, torch.where(best < 0.3, 0, -1))
    return torch.where(forced & (best < 0.5), labels[mine.int().argmax(1)] + 1, result)


# %% right: anchor by anchor
def assign(anchors, truth, labels):
    result = []
    overlap = iou_torch(anchors, truth) if len(truth) else torch.zeros(len(anchors), 1)
    for row in overlap:
        top = row.max().item()
        result.append(int(labels[row.argmax()]) + 1 if top >= 0.5 else 0 if top < 0.3 else -1)
    for j in range(len(truth)):
        i = int(overlap[:, j].argmax())
        if overlap[i].max() < 0.5:
            result[i] = int(labels[j]) + 1
    return torch.tensor(result)


# %% right: best anchors first
def assign(anchors, truth, labels):
    result = torch.zeros(len(anchors)).long()
    if len(truth) == 0:
        return result
    overlap = iou_torch(anchors, truth)
    best, which = overlap.max(dim=1)
    result[(best >= 0.3) & (best < 0.5)] = -1
    result[overlap.argmax(dim=0)] = 1 + labels
    good = best >= 0.5
    result[good] = (1 + labels[which])[good]
    return result


# %% wrong: forgets the best anchor of each object
def assign(anchors, truth, labels):
    if not len(truth):
        return torch.zeros(len(anchors), dtype=torch.long)
    best, which = iou_torch(anchors, truth).max(dim=1)
    return torch.where(best >= 0.5, 1 + labels[which], torch.where(best < 0.3, 0, -1))


# %% wrong: nothing is ignored
def assign(anchors, truth, labels):
    if not len(truth):
        return torch.zeros(len(anchors), dtype=torch.long)
    overlap = iou_torch(anchors, truth)
    best, which = overlap.max(dim=1)
    result = torch.where(best >= 0.5, 1 + labels[which], 0)
    for j, i in enumerate(overlap.argmax(dim=0).tolist()):
        if best[i] < 0.5:
            result[i] = 1 + labels[j]
    return result


# %% wrong: above instead of at least
def assign(anchors, truth, labels):
    if not len(truth):
        return torch.zeros(len(anchors), dtype=torch.long)
    overlap = iou_torch(anchors, truth)
    best, which = overlap.max(dim=1)
    result = torch.where(best > 0.5, 1 + labels[which], torch.where(best < 0.3, 0, -1))
    for j, i in enumerate(overlap.argmax(dim=0).tolist()):
        if best[i] <= 0.5:
            result[i] = 1 + labels[j]
    return result


# %% wrong: fails on a picture without objects
def assign(anchors, truth, labels):
    overlap = iou_torch(anchors, truth)
    best, which = overlap.max(dim=1)
    result = torch.where(best >= 0.5, 1 + labels[which], torch.where(best < 0.3, 0, -1))
    for j, i in enumerate(overlap.argmax(dim=0).tolist()):
        if best[i] < 0.5:
            result[i] = 1 + labels[j]
    return result


# %% wrong: an object of label 0 counts as background
def assign(anchors, truth, labels):
    if not len(truth):
        return torch.zeros(len(anchors), dtype=torch.long)
    names = torch.where(labels > 0, 1 + labels, 0)
    overlap = iou_torch(anchors, truth)
    best, which = overlap.max(dim=1)
    result = torch.where(best >= 0.5, names[which], torch.where(best < 0.3, 0, -1))
    for j, i in enumerate(overlap.argmax(dim=0).tolist()):
        if best[i] < 0.5:
            result[i] = names[j]
    return result


# %% wrong: the best anchor only where it overlaps the object by a tenth
def assign(anchors, truth, labels):
    if not len(truth):
        return torch.zeros(len(anchors), dtype=torch.long)
    overlap = iou_torch(anchors, truth)
    best, which = overlap.max(dim=1)
    result = torch.where(best >= 0.5, 1 + labels[which], torch.where(best < 0.3, 0, -1))
    for j, i in enumerate(overlap.argmax(dim=0).tolist()):
        if 0.1 <= best[i] < 0.5:
            result[i] = 1 + labels[j]
    return result


# %% wrong: the best anchor of the last object only
def assign(anchors, truth, labels):
    if not len(truth):
        return torch.zeros(len(anchors), dtype=torch.long)
    overlap = iou_torch(anchors, truth)
    best, which = overlap.max(dim=1)
    result = torch.where(best >= 0.5, 1 + labels[which], torch.where(best < 0.3, 0, -1))
    for j, i in enumerate(overlap.argmax(dim=0).tolist()):
        forced = j, i
    if best[forced[1]] < 0.5:
        result[forced[1]] = 1 + labels[forced[0]]
    return result


# %% wrong: floating-point labels
def assign(anchors, truth, labels):
    result = torch.zeros(len(anchors))
    if not len(truth):
        return result
    overlap = iou_torch(anchors, truth)
    best, which = overlap.max(dim=1)
    result[best >= 0.3] = -1
    result[best >= 0.5] = 1.0 + labels[which[best >= 0.5]]
    for j, i in enumerate(overlap.argmax(dim=0).tolist()):
        if best[i] < 0.5:
            result[i] = 1 + labels[j]
    return result


# %% wrong: the best anchor is forced before the thresholds
def assign(anchors, truth, labels):
    result = torch.zeros(len(anchors), dtype=torch.long)
    if not len(truth):
        return result
    overlap = iou_torch(anchors, truth)
    result[overlap.argmax(dim=0)] = 1 + labels
    best, which = overlap.max(dim=1)
    result[(best >= 0.3) & (best < 0.5)] = -1
    result[best >= 0.5] = 1 + labels[which[best >= 0.5]]
    return result


# %% wrong: the last object with half of an overlap wins
def assign(anchors, truth, labels):
    if len(truth) == 0: return torch.zeros(len(anchors), dtype=torch.int64)
    o = iou_torch(anchors, truth); best, which = o.max(1)
    out = torch.full((len(anchors),), -1); out[best < 0.3] = 0
    for j in range(len(truth)):
        out[o[:, j] >= 0.5] = 1 + labels[j]
    f = o.argmax(0)
    for j in range(len(truth)):
        if best[f[j]] < 0.5: out[f[j]] = 1 + labels[j]
    return out


# %% wrong: a forced anchor takes the object that it overlaps most
def assign(anchors, truth, labels):
    if len(truth) == 0: return torch.zeros(len(anchors), dtype=torch.int64)
    o = iou_torch(anchors, truth); best, which = o.max(1)
    out = torch.full((len(anchors),), -1); out[best < 0.3] = 0
    out[best >= 0.5] = 1 + labels[which[best >= 0.5]]
    f = o.argmax(0)
    for j in range(len(truth)):
        if best[f[j]] < 0.5: out[f[j]] = 1 + labels[which[f[j]]]
    return out


# %% wrong: the best anchor goes to its object always
def assign(anchors, truth, labels):
    if len(truth) == 0: return torch.zeros(len(anchors), dtype=torch.int64)
    o = iou_torch(anchors, truth); best, which = o.max(1)
    out = torch.full((len(anchors),), -1); out[best < 0.3] = 0
    out[best >= 0.5] = 1 + labels[which[best >= 0.5]]
    out[o.argmax(0)] = 1 + labels
    return out


# %% wrong: the lower limit is background
def assign(anchors, truth, labels):
    if len(truth) == 0: return torch.zeros(len(anchors), dtype=torch.int64)
    o = iou_torch(anchors, truth); best, which = o.max(1)
    out = torch.full((len(anchors),), -1); out[best <= 0.3] = 0
    out[best >= 0.5] = 1 + labels[which[best >= 0.5]]
    f = o.argmax(0)
    for j in range(len(truth)):
        if best[f[j]] < 0.5: out[f[j]] = 1 + labels[j]
    return out
