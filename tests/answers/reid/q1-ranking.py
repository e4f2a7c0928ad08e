# %% right: query by query, with lists
def score(distances, ids_q, ids_g, cams_q, cams_g):
    firsts, precisions = [], []
    for row, person, camera in zip(distances, ids_q, cams_q):
        listed = [ids_g[j] for j in np.argsort(row) if not (ids_g[j] == person and cams_g[j] == camera)]
        places = [place for place, other in enumerate(listed, start=1) if other == person]
        if not places:
            raise ValueError("no right image")
        firsts.append(places[0] == 1)
        precisions.append(sum(i / place for i, place in enumerate(places, start=1)) / len(places))
    return float(np.mean(firsts)), float(np.mean(precisions))


# %% right: what is left out goes to the end
def score(distances, ids_q, ids_g, cams_q, cams_g):
    same = ids_q[:, None] == ids_g
    out = same & (cams_q[:, None] == cams_g)
    order = np.argsort(np.where(out, np.inf, distances), axis=1)
    right = np.take_along_axis(same & ~out, order, axis=1)
    if (right.sum(axis=1) == 0).any():
        raise ValueError("no right image")
    places = np.arange(1, right.shape[1] + 1)
    precision = np.cumsum(right, axis=1) / places
    return right[:, 0].mean(), ((precision * right).sum(axis=1) / right.sum(axis=1)).mean()


# %% right: boolean selection
def score(distances, ids_q, ids_g, cams_q, cams_g):
    total_first = total_precision = 0.0
    for q in range(len(distances)):
        keep = (ids_g != ids_q[q]) | (cams_g != cams_q[q])
        hits = ids_g[keep][distances[q][keep].argsort()] == ids_q[q]
        where = np.flatnonzero(hits) + 1
        if where.size == 0:
            raise ValueError(f"query {q} has no match")
        total_first += hits[0]
        total_precision += np.mean(np.arange(1, where.size + 1) / where)
    return total_first / len(distances), total_precision / len(distances)


# %% wrong: nothing is left out
def score(distances, ids_q, ids_g, cams_q, cams_g):
    right = ids_g[np.argsort(distances, axis=1)] == ids_q[:, None]
    if not right.any(axis=1).all():
        raise ValueError
    precision = right.cumsum(axis=1) / np.arange(1, right.shape[1] + 1)
    return right[:, 0].mean(), ((precision * right).sum(axis=1) / right.sum(axis=1)).mean()


# %% wrong: everything by the query's camera is left out
def score(distances, ids_q, ids_g, cams_q, cams_g):
    firsts, precisions = [], []
    for row, person, camera in zip(distances, ids_q, cams_q):
        keep = cams_g != camera
        hits = ids_g[keep][row[keep].argsort()] == person
        where = np.flatnonzero(hits) + 1
        if not len(where):
            raise ValueError
        firsts.append(hits[0])
        precisions.append(np.mean(np.arange(1, len(where) + 1) / where))
    return np.mean(firsts), np.mean(precisions)


# %% wrong: left-out images keep their places
def score(distances, ids_q, ids_g, cams_q, cams_g):
    order = np.argsort(distances, axis=1)
    same = ids_g[order] == ids_q[:, None]
    right = same & (cams_g[order] != cams_q[:, None])
    if not right.any(axis=1).all():
        raise ValueError
    precision = right.cumsum(axis=1) / np.arange(1, right.shape[1] + 1)
    return right[:, 0].mean(), ((precision * right).sum(axis=1) / right.sum(axis=1)).mean()


# %% wrong: the farthest first
def score(distances, ids_q, ids_g, cams_q, cams_g):
    firsts, precisions = [], []
    for row, person, camera in zip(distances, ids_q, cams_q):
        keep = (ids_g != person) | (cams_g != camera)
        hits = ids_g[keep][np.argsort(-row[keep])] == person
        where = np.flatnonzero(hits) + 1
        if not len(where):
            raise ValueError
        firsts.append(hits[0])
        precisions.append(np.mean(np.arange(1, len(where) + 1) / where))
    return np.mean(firsts), np.mean(precisions)


# %% wrong: a query without a match counts as 0
def score(distances, ids_q, ids_g, cams_q, cams_g):
    firsts, precisions = [], []
    for row, person, camera in zip(distances, ids_q, cams_q):
        keep = (ids_g != person) | (cams_g != camera)
        hits = ids_g[keep][row[keep].argsort()] == person
        where = np.flatnonzero(hits) + 1
        firsts.append(hits[:1].any())
        precisions.append(np.mean(np.arange(1, len(where) + 1) / where) if len(where) else 0.0)
    return np.mean(firsts), np.mean(precisions)


# %% right: a sorted list for each query, a list of two numbers
def one_query(row, person, ids, camera, cams):
    entries = sorted(zip(row.tolist(), ids.tolist(), cams.tolist()))
    entries = [who for _, who, where in entries if not (who == person and where == camera)]
    places = [p for p, who in enumerate(entries, start=1) if who == person]
    if not places:
        raise ValueError
    return float(places[0] == 1), sum(i / p for i, p in enumerate(places, 1)) / len(places)


def score(distances, ids_q, ids_g, cams_q, cams_g):
    found = [one_query(d, p, ids_g, c, cams_g) for d, p, c in zip(distances, ids_q, cams_q)]
    return [sum(f[0] for f in found) / len(found), sum(f[1] for f in found) / len(found)]


# %% wrong: the precisions of all queries in one mean
def score(distances, ids_q, ids_g, cams_q, cams_g):
    first, aps = [], []
    for q in range(len(distances)):
        order = np.argsort(distances[q])
        keep = ~((ids_g[order] == ids_q[q]) & (cams_g[order] == cams_q[q]))
        right = (ids_g[order] == ids_q[q])[keep]
        places = np.flatnonzero(right) + 1
        if len(places) == 0:
            raise ValueError("no right image")
        first.append(places[0] == 1)
        aps.extend(np.arange(1, len(places) + 1) / places)
    return np.mean(first), np.mean(aps)


# %% wrong: rank-1 of the last query
def score(distances, ids_q, ids_g, cams_q, cams_g):
    first, aps = [], []
    for q in range(len(distances)):
        order = np.argsort(distances[q])
        keep = ~((ids_g[order] == ids_q[q]) & (cams_g[order] == cams_q[q]))
        right = (ids_g[order] == ids_q[q])[keep]
        places = np.flatnonzero(right) + 1
        if len(places) == 0:
            raise ValueError("no right image")
        first.append(places[0] == 1)
        aps.append(np.mean(np.arange(1, len(places) + 1) / places))
    return float(places[0] == 1), np.mean(aps)


# %% wrong: looks for a right image before any is left out
def score(distances, ids_q, ids_g, cams_q, cams_g):
    first, aps = [], []
    for q in range(len(distances)):
        order = np.argsort(distances[q])
        keep = ~((ids_g[order] == ids_q[q]) & (cams_g[order] == cams_q[q]))
        right = (ids_g[order] == ids_q[q])[keep]
        places = np.flatnonzero(right) + 1
        if ids_q[q] not in ids_g:
            raise ValueError("no right image")
        first.append(bool(len(places)) and places[0] == 1)
        aps.append(np.sum(np.arange(1, len(places) + 1) / places) / max(len(places), 1))
    return np.mean(first), np.mean(aps)


# %% wrong: an assertion, no ValueError
def score(distances, ids_q, ids_g, cams_q, cams_g):
    first, aps = [], []
    for q in range(len(distances)):
        order = np.argsort(distances[q])
        keep = ~((ids_g[order] == ids_q[q]) & (cams_g[order] == cams_q[q]))
        right = (ids_g[order] == ids_q[q])[keep]
        places = np.flatnonzero(right) + 1
        assert len(places)
        first.append(places[0] == 1)
        aps.append(np.mean(np.arange(1, len(places) + 1) / places))
    return np.mean(first), np.mean(aps)


# %% wrong: the distances are overwritten
def score(distances, ids_q, ids_g, cams_q, cams_g):
    first, aps = [], []
    for q in range(len(distances)):
        distances[q, (ids_g == ids_q[q]) & (cams_g == cams_q[q])] = np.inf
        order = np.argsort(distances[q])
        keep = np.isfinite(distances[q][order])
        places = np.flatnonzero((ids_g[order] == ids_q[q])[keep]) + 1
        if len(places) == 0:
            raise ValueError("no right image")
        first.append(places[0] == 1)
        aps.append(np.mean(np.arange(1, len(places) + 1) / places))
    return np.mean(first), np.mean(aps)


# %% wrong: mAP first
def score(distances, ids_q, ids_g, cams_q, cams_g):
    first, aps = [], []
    for q in range(len(distances)):
        order = np.argsort(distances[q])
        keep = ~((ids_g[order] == ids_q[q]) & (cams_g[order] == cams_q[q]))
        right = (ids_g[order] == ids_q[q])[keep]
        places = np.flatnonzero(right) + 1
        if len(places) == 0:
            raise ValueError("no right image")
        first.append(places[0] == 1)
        aps.append(np.mean(np.arange(1, len(places) + 1) / places))
    return np.mean(aps), np.mean(first)


# %% wrong: what is left out gets the distance 1000
def score(distances, ids_q, ids_g, cams_q, cams_g):
    first, aps = [], []
    for q in range(len(distances)):
        out = (ids_g == ids_q[q]) & (cams_g == cams_q[q])
        order = np.argsort(np.where(out, 1000.0, distances[q]))
        right = ((ids_g == ids_q[q]) & ~out)[order]
        places = np.flatnonzero(right) + 1
        if len(places) == 0:
            raise ValueError("no right image")
        first.append(places[0] == 1)
        aps.append(np.mean(np.arange(1, len(places) + 1) / places))
    return np.mean(first), np.mean(aps)


# %% wrong: the error comes only where no query has a right image
def score(distances, ids_q, ids_g, cams_q, cams_g):
    first, aps = [], []
    for row, person, camera in zip(distances, ids_q, cams_q):
        keep = (ids_g != person) | (cams_g != camera)
        places = np.flatnonzero(ids_g[keep][np.argsort(row[keep])] == person) + 1
        if len(places):
            first.append(places[0] == 1)
            aps.append(np.mean(np.arange(1, len(places) + 1) / places))
    if not aps:
        raise ValueError("no right image")
    return np.mean(first), np.mean(aps)
