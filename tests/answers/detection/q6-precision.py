# %% right: from the end, with searchsorted
def average_precision(scores, hits, objects):
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(hits[order])
    precision = found / (np.arange(len(found)) + 1)
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = max(precision[i], precision[i + 1])
    place = np.searchsorted(found / objects + 1e-12, np.linspace(0, 1, 101))
    return np.append(precision, 0)[place].mean()


# %% right: loops over levels
def average_precision(scores, hits, objects):
    ranked = [bool(hit) for _, hit in sorted(zip(-scores, hits), key=lambda pair: pair[0])]
    points, right = [], 0
    for n, hit in enumerate(ranked, 1):
        right += hit
        points.append((right * 100, right / n))
    total = 0
    for level in range(101):
        total += max((p for r, p in points if r >= level * objects), default=0)
    return total / 101


# %% right: running maximum backwards
def average_precision(scores, hits, objects):
    hits = hits[np.argsort(-scores)].astype(float)
    recall = hits.cumsum() / objects
    precision = np.maximum.accumulate((hits.cumsum() / np.arange(1, len(hits) + 1))[::-1])[::-1]
    values = []
    for level in np.linspace(0, 1, 101):
        reached = np.flatnonzero(recall >= level - 1e-9)
        values.append(precision[reached[0]] if len(reached) else 0.0)
    return np.mean(values)


# %% wrong: does not sort
def average_precision(scores, hits, objects):
    found = np.cumsum(hits)
    precision, recall = found / np.arange(1, len(found) + 1), found / objects
    reached = recall[None] >= np.arange(101)[:, None] / 100 - 1e-12
    return np.where(reached, precision, 0).max(axis=1, initial=0).mean()


# %% wrong: by rising score
def average_precision(scores, hits, objects):
    found = np.cumsum(hits[np.argsort(scores)])
    precision, recall = found / np.arange(1, len(found) + 1), found / objects
    reached = recall[None] >= np.arange(101)[:, None] / 100 - 1e-12
    return np.where(reached, precision, 0).max(axis=1, initial=0).mean()


# %% wrong: recall of what was found, not of all objects
def average_precision(scores, hits, objects):
    found = np.cumsum(hits[np.argsort(-scores)])
    total = max(found[-1], 1) if len(found) else 1
    precision, recall = found / np.arange(1, len(found) + 1), found / total
    reached = recall[None] >= np.arange(101)[:, None] / 100 - 1e-12
    return np.where(reached, precision, 0).max(axis=1, initial=0).mean()


# %% wrong: the precision at the level, not the largest from there on
def average_precision(scores, hits, objects):
    found = np.cumsum(hits[np.argsort(-scores)])
    precision, recall = found / np.arange(1, len(found) + 1), found / objects
    values = []
    for level in np.arange(101) / 100:
        reached = np.flatnonzero(recall >= level - 1e-12)
        values.append(precision[reached[0]] if len(reached) else 0)
    return float(np.mean(values))


# %% wrong: eleven levels
def average_precision(scores, hits, objects):
    found = np.cumsum(hits[np.argsort(-scores)])
    precision, recall = found / np.arange(1, len(found) + 1), found / objects
    reached = recall[None] >= np.arange(11)[:, None] / 10 - 1e-12
    return np.where(reached, precision, 0).max(axis=1, initial=0).mean()


# %% wrong: the mean precision at each hit
def average_precision(scores, hits, objects):
    hits = hits[np.argsort(-scores)]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return (precision * hits).sum() / objects


# %% wrong: no detections divide by zero
def average_precision(scores, hits, objects):
    found = np.cumsum(hits[np.argsort(-scores)])
    precision, recall = found / np.arange(1, len(found) + 1), found / objects
    reached = recall[None] >= np.arange(101)[:, None] / 100 - 1e-12
    return np.where(reached, precision, 0).max(axis=1).mean()


# %% wrong: the mean over the levels that are reached
def average_precision(scores, hits, objects):
    tp = np.cumsum(hits[np.argsort(-scores)]); p, r = tp / np.arange(1, len(tp) + 1), tp / objects
    return np.mean([p[r >= t].max() for t in np.linspace(0, 1, 101) if (r >= t).any()])


# %% wrong: rounds the recall to a level
def average_precision(scores, hits, objects):
    found = np.cumsum(hits[np.argsort(-scores)])
    best = np.zeros(101)
    for n, right in enumerate(found, 1):
        reached = int(round(100 * right / objects)) + 1
        best[:reached] = np.maximum(best[:reached], right / n)
    return best.mean()
