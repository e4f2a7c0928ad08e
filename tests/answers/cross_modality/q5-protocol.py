# %% right: one matrix of cosines
def evaluate(features, ids, places, infrared):
    unit = features / np.sqrt((features**2).sum(axis=1, keepdims=True))
    q, g = np.flatnonzero(infrared), np.flatnonzero(~infrared)
    similar = unit[q] @ unit[g].T
    order = np.argsort(-similar, axis=1)
    same = ids[g][order] == ids[q][:, None]
    kept = ~(same & (places[g][order] == places[q][:, None]))
    right = same & kept
    counts = right.any(axis=1)
    right, place = right[counts], kept[counts].cumsum(axis=1)
    first = np.where(right, place, len(g) + 1).min(axis=1)
    precision = np.where(right, right.cumsum(axis=1) / np.maximum(place, 1), 0).sum(axis=1) / right.sum(axis=1)
    return (first == 1).mean(), precision.mean()


# %% right: plain lists
def evaluate(features, ids, places, infrared):
    unit = [f / np.linalg.norm(f) for f in features]
    hits, average = [], []
    for q in range(len(ids)):
        if not infrared[q]:
            continue
        ranked = sorted((g for g in range(len(ids)) if not infrared[g]), key=lambda g: np.linalg.norm(unit[g] - unit[q]))
        ranked = [g for g in ranked if not (ids[g] == ids[q] and places[g] == places[q])]
        if not any(ids[g] == ids[q] for g in ranked):
            continue
        found, precisions = 0, []
        for place, g in enumerate(ranked):
            if ids[g] == ids[q]:
                found += 1
                precisions.append(found / (place + 1))
        hits.append(ids[ranked[0]] == ids[q])
        average.append(sum(precisions) / found)
    return [sum(hits) / len(hits), sum(average) / len(average)]


# %% right: what is left out goes to infinity
def evaluate(features, ids, places, infrared):
    f = features / np.linalg.norm(features, axis=-1)[:, None]
    q, g = infrared, ~infrared
    d = ((f[q][:, None] - f[g][None]) ** 2).sum(-1)
    right = ids[q][:, None] == ids[g]
    left_out = right & (places[q][:, None] == places[g])
    d[left_out] = np.inf
    right = right & ~left_out
    scores = []
    for row, good in zip(d, right):
        if good.any():
            good = good[np.argsort(row, kind="stable")]
            p = np.flatnonzero(good) + 1
            scores.append((float(p[0] == 1), ((np.arange(len(p)) + 1) / p).mean()))
    return tuple(np.mean(scores, axis=0))


# %% wrong: visible queries, infrared gallery
def evaluate(features, ids, places, infrared):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    firsts, precisions = [], []
    for q in np.flatnonzero(~infrared):
        kept = np.flatnonzero(infrared & ~((ids == ids[q]) & (places == places[q])))
        ranked = kept[np.argsort(((f[kept] - f[q]) ** 2).sum(axis=1))]
        right = 1 + np.flatnonzero(ids[ranked] == ids[q])
        if len(right):
            firsts.append(right[0] == 1)
            precisions.append(np.mean(np.arange(1, len(right) + 1) / right))
    return np.mean(firsts), np.mean(precisions)


# %% wrong: the gallery holds all other images
def evaluate(features, ids, places, infrared):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    firsts, precisions = [], []
    for q in np.flatnonzero(infrared):
        kept = np.flatnonzero((np.arange(len(ids)) != q) & ~((ids == ids[q]) & (places == places[q])))
        ranked = kept[np.argsort(((f[kept] - f[q]) ** 2).sum(axis=1))]
        right = 1 + np.flatnonzero(ids[ranked] == ids[q])
        if len(right):
            firsts.append(right[0] == 1)
            precisions.append(np.mean(np.arange(1, len(right) + 1) / right))
    return np.mean(firsts), np.mean(precisions)


# %% wrong: nothing is left out
def evaluate(features, ids, places, infrared):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    firsts, precisions = [], []
    kept = np.flatnonzero(~infrared)
    for q in np.flatnonzero(infrared):
        ranked = kept[np.argsort(((f[kept] - f[q]) ** 2).sum(axis=1))]
        right = 1 + np.flatnonzero(ids[ranked] == ids[q])
        if len(right):
            firsts.append(right[0] == 1)
            precisions.append(np.mean(np.arange(1, len(right) + 1) / right))
    return np.mean(firsts), np.mean(precisions)


# %% wrong: everyone at the query's place is left out
def evaluate(features, ids, places, infrared):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    firsts, precisions = [], []
    for q in np.flatnonzero(infrared):
        kept = np.flatnonzero(~infrared & (places != places[q]))
        ranked = kept[np.argsort(((f[kept] - f[q]) ** 2).sum(axis=1))]
        right = 1 + np.flatnonzero(ids[ranked] == ids[q])
        if len(right):
            firsts.append(right[0] == 1)
            precisions.append(np.mean(np.arange(1, len(right) + 1) / right))
    return np.mean(firsts), np.mean(precisions)


# %% wrong: what is left out keeps its place in the list
def evaluate(features, ids, places, infrared):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    firsts, precisions = [], []
    gallery = np.flatnonzero(~infrared)
    for q in np.flatnonzero(infrared):
        ranked = gallery[np.argsort(((f[gallery] - f[q]) ** 2).sum(axis=1))]
        right = 1 + np.flatnonzero((ids[ranked] == ids[q]) & (places[ranked] != places[q]))
        if len(right):
            firsts.append(right[0] == 1)
            precisions.append(np.mean(np.arange(1, len(right) + 1) / right))
    return np.mean(firsts), np.mean(precisions)


# %% wrong: queries without a right image count as failures
def evaluate(features, ids, places, infrared):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    firsts, precisions = [], []
    for q in np.flatnonzero(infrared):
        kept = np.flatnonzero(~infrared & ~((ids == ids[q]) & (places == places[q])))
        ranked = kept[np.argsort(((f[kept] - f[q]) ** 2).sum(axis=1))]
        right = 1 + np.flatnonzero(ids[ranked] == ids[q])
        firsts.append(len(right) > 0 and right[0] == 1)
        precisions.append(np.mean(np.arange(1, len(right) + 1) / right) if len(right) else 0)
    return np.mean(firsts), np.mean(precisions)


# %% wrong: lengths count
def evaluate(features, ids, places, infrared):
    f = features
    firsts, precisions = [], []
    for q in np.flatnonzero(infrared):
        kept = np.flatnonzero(~infrared & ~((ids == ids[q]) & (places == places[q])))
        ranked = kept[np.argsort(((f[kept] - f[q]) ** 2).sum(axis=1))]
        right = 1 + np.flatnonzero(ids[ranked] == ids[q])
        if len(right):
            firsts.append(right[0] == 1)
            precisions.append(np.mean(np.arange(1, len(right) + 1) / right))
    return np.mean(firsts), np.mean(precisions)


# %% wrong: one mean over all right images of all queries
def evaluate(features, ids, places, infrared):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    firsts, precisions = [], []
    for q in np.flatnonzero(infrared):
        kept = np.flatnonzero(~infrared & ~((ids == ids[q]) & (places == places[q])))
        ranked = kept[np.argsort(((f[kept] - f[q]) ** 2).sum(axis=1))]
        right = 1 + np.flatnonzero(ids[ranked] == ids[q])
        if len(right):
            firsts.append(right[0] == 1)
            precisions.extend(np.arange(1, len(right) + 1) / right)
    return np.mean(firsts), np.mean(precisions)


# %% wrong: the precision of the first right image alone
def evaluate(features, ids, places, infrared):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    firsts, precisions = [], []
    for q in np.flatnonzero(infrared):
        kept = np.flatnonzero(~infrared & ~((ids == ids[q]) & (places == places[q])))
        ranked = kept[np.argsort(((f[kept] - f[q]) ** 2).sum(axis=1))]
        right = 1 + np.flatnonzero(ids[ranked] == ids[q])
        if len(right):
            firsts.append(right[0] == 1)
            precisions.append(1 / right[0])
    return np.mean(firsts), np.mean(precisions)


# %% wrong: mAP first
def evaluate(features, ids, places, infrared):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    firsts, precisions = [], []
    for q in np.flatnonzero(infrared):
        kept = np.flatnonzero(~infrared & ~((ids == ids[q]) & (places == places[q])))
        ranked = kept[np.argsort(((f[kept] - f[q]) ** 2).sum(axis=1))]
        right = 1 + np.flatnonzero(ids[ranked] == ids[q])
        if len(right):
            firsts.append(right[0] == 1)
            precisions.append(np.mean(np.arange(1, len(right) + 1) / right))
    return np.mean(precisions), np.mean(firsts)


# %% wrong: farthest first
def evaluate(features, ids, places, infrared):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    firsts, precisions = [], []
    for q in np.flatnonzero(infrared):
        kept = np.flatnonzero(~infrared & ~((ids == ids[q]) & (places == places[q])))
        ranked = kept[np.argsort(f[kept] @ f[q])]
        right = 1 + np.flatnonzero(ids[ranked] == ids[q])
        if len(right):
            firsts.append(right[0] == 1)
            precisions.append(np.mean(np.arange(1, len(right) + 1) / right))
    return np.mean(firsts), np.mean(precisions)
