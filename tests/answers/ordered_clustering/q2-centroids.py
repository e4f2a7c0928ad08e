# %% right: a loop over clusters
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% right: a multiple of the total taken away, by one-hot rows
def centroids(h, old, alpha):
    k = old.shape[0]
    near = h @ old.T
    labels = near.argmax(1)
    one_hot = np.eye(k)[labels]
    a = 0 if k == 1 else alpha / (k - 1)
    pulls = (1 + a) * one_hot.T @ h - a * np.ones((k, 1)) @ h.sum(0, keepdims=True)
    lengths = np.sqrt((pulls**2).sum(1))
    new = np.array([v / s if s >= 1e-9 else o for v, s, o in zip(pulls, lengths, old)])
    queue = iter(np.lexsort((np.arange(len(h)), near.max(1))))
    for j in np.flatnonzero(one_hot.sum(0) == 0):
        new[j] = h[next(queue)]
    return labels, new


# %% right: plain Python sums
def centroids(h, old, alpha):
    n, k = len(h), len(old)
    labels, best = [], []
    for point in h:
        products = [float(point @ c) for c in old]
        labels.append(products.index(max(products)))
        best.append(max(products))
    queue = sorted(range(n), key=lambda i: best[i])
    new = []
    for j in range(k):
        if j not in labels:
            new.append(h[queue.pop(0)])
            continue
        pull = 0
        for i in range(n):
            if labels[i] == j:
                pull = pull + h[i]
            elif alpha:
                pull = pull - alpha / (k - 1) * h[i]
        size = float(np.hypot.reduce(pull))
        new.append(old[j] if size < 1e-9 else pull / size)
    return np.array(labels), np.stack(new)


# %% right: np.add.at, and weights for all points of all clusters
def centroids(h, old, alpha):
    k = len(old)
    cosines = np.einsum("nd,kd->nk", h, old)
    labels = np.argmax(cosines, axis=1)
    sums = np.zeros_like(old)
    np.add.at(sums, labels, h)
    rest = h.sum(axis=0)[None] - sums
    pulls = sums - (alpha * rest / (k - 1) if k > 1 else 0)
    size = np.sqrt(np.einsum("kd,kd->k", pulls, pulls))
    ok = size >= 1e-9
    new = old.copy()
    new[ok] = pulls[ok] / size[ok, None]
    empty = np.bincount(labels, minlength=k) == 0
    new[empty] = h[np.argsort(cosines.max(axis=1), kind="mergesort")[: empty.sum()]]
    return labels, new


# %% wrong: minus the other centroids instead of their points
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull / len(mine) - alpha / (k - 1) * (old.sum(axis=0) - old[j])
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: means instead of sums
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        pull = mine.mean(axis=0)
        if k > 1 and len(mine) < len(h):
            pull = pull - alpha / (k - 1) * h[labels != j].mean(axis=0)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: 1 / k instead of 1 / (k - 1)
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / k * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: minus all points, its own among them
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * total
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: not brought to length 1
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / len(mine)
    return labels, new


# %% wrong: repulsion between centroids in the assignment
def centroids(h, old, alpha):
    cosines = h @ old.T
    others = old @ old.T - np.eye(len(old))
    labels = (cosines - alpha * others.sum(axis=1)).argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: one cluster divides by 0
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if True:
            pull = pull - np.float64(alpha) / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: of equal cosines the last
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = len(old) - 1 - cosines[:, ::-1].argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: a cluster without points is NaN
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = np.nan
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: a cluster without points keeps its centroid
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: every empty cluster takes the farthest point
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: the last empty cluster takes the farthest point
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[(np.bincount(labels, minlength=k) == 0).sum() - 1 - taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: the repulsive direction for a cluster without points
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]] if alpha == 0 else -total / np.linalg.norm(total)
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: the farthest point leaves its cluster at once
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    own = labels
    empty = np.flatnonzero(np.bincount(labels, minlength=k) == 0)
    if alpha:
        own = labels.copy()
        own[order[: len(empty)]] = empty
    for j in range(k):
        mine = h[own == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: points that cancel give NaN
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        with np.errstate(all="ignore"):
            new[j] = pull / length
    return labels, new


# %% wrong: points that cancel give a zero vector
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        new[j] = pull / max(length, 1e-9)
    return labels, new


# %% wrong: a sum shorter than one half counts as 0
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 0.5:
            new[j] = pull / length
    return labels, new


# %% wrong: centroids first, then labels
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return (h @ new.T).argmax(axis=1), new


# %% wrong: old centroids changed in place
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: by scikit-learn
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    from sklearn.preprocessing import normalize
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = normalize(pull[None])[0]
    return labels, new


# %% wrong: as many clusters as points: each its own
def centroids(h, old, alpha):
    if len(old) == len(h):
        return np.arange(len(h)), h.copy()
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: alpha above 1 counts as 1
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            new[j] = h[order[taken]]
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - min(alpha, 1) / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new


# %% wrong: equal points: the farthest of those that differ from it
def centroids(h, old, alpha):
    cosines = h @ old.T
    labels = cosines.argmax(axis=1)
    k, total = len(old), h.sum(axis=0)
    new = old.copy()
    order = np.argsort(cosines.max(axis=1), kind="stable")
    taken = 0
    for j in range(k):
        mine = h[labels == j]
        if len(mine) == 0:
            different = [i for i in order if cosines[i].max() < 1 - 1e-9]
            new[j] = h[different[taken]] if different else np.nan
            taken += 1
            continue
        pull = mine.sum(axis=0)
        if k > 1:
            pull = pull - alpha / (k - 1) * (total - pull)
        length = np.linalg.norm(pull)
        if length >= 1e-9:
            new[j] = pull / length
    return labels, new
