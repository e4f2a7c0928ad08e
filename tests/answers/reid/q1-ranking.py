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


# %% wrong: the precision over the whole list
def score(distances, ids_q, ids_g, cams_q, cams_g):
    firsts, precisions = [], []
    for row, person, camera in zip(distances, ids_q, cams_q):
        keep = (ids_g != person) | (cams_g != camera)
        hits = ids_g[keep][row[keep].argsort()] == person
        if not hits.any():
            raise ValueError
        firsts.append(hits[0])
        precisions.append((hits.cumsum() / np.arange(1, len(hits) + 1)).mean())
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
