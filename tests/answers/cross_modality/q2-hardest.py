# %% right: loops and lists
def hardest(features_a, features_b, labels_a, labels_b):
    positives, negatives = [], []
    for vector, label in zip(features_a, labels_a):
        d = np.sqrt(((features_b - vector) ** 2).sum(axis=1))
        own = [j for j in range(len(d)) if labels_b[j] == label]
        others = [j for j in range(len(d)) if labels_b[j] != label]
        if not own or not others:
            raise ValueError("an anchor without a partner")
        positives.append(max(own, key=lambda j: d[j]))
        negatives.append(min(others, key=lambda j: d[j]))
    return np.array(positives), np.array(negatives)


# %% right: masked arrays
def hardest(features_a, features_b, labels_a, labels_b):
    same = np.equal.outer(labels_a, labels_b)
    if (~same).all(axis=1).any() or same.all(axis=1).any():
        raise ValueError("no positive or no negative")
    d = np.linalg.norm(features_a[:, None] - features_b[None], axis=2)
    return np.ma.masked_array(d, ~same).argmax(axis=1), np.ma.masked_array(d, same).argmin(axis=1)


# %% right: minus one for others, infinity for the same
def hardest(features_a, features_b, labels_a, labels_b):
    d = ((features_a[:, np.newaxis, :] - features_b) ** 2).sum(-1)
    same = labels_a.reshape(-1, 1) == labels_b.reshape(1, -1)
    counts = same.sum(axis=1)
    if (counts == 0).any() or (counts == len(labels_b)).any():
        raise ValueError("every anchor needs both")
    positive = np.where(same, d, -1).argmax(axis=1)
    d[same] = np.inf
    return [positive, d.argmin(axis=1)]


# %% right: a stable sort of each row
def hardest(features_a, features_b, labels_a, labels_b):
    found = np.empty((2, len(features_a)), dtype=int)
    for i in range(len(features_a)):
        gap = features_b - features_a[i]
        d = np.einsum("nd,nd->n", gap, gap)
        own, = np.nonzero(labels_b == labels_a[i])
        rest, = np.nonzero(labels_b != labels_a[i])
        if own.size == 0 or rest.size == 0:
            raise ValueError(f"anchor {i}")
        found[0, i] = own[np.argsort(-d[own], kind="stable")[0]]
        found[1, i] = rest[np.argsort(d[rest], kind="stable")[0]]
    return found[0], found[1]


# %% wrong: max for min, as on the slide
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if not same.any(axis=1).all() or same.all(axis=1).any():
        raise ValueError
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return np.where(same, d, -np.inf).argmax(axis=1), np.where(same, -np.inf, d).argmax(axis=1)


# %% wrong: the nearest positive
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if not same.any(axis=1).all() or same.all(axis=1).any():
        raise ValueError
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return np.where(same, d, np.inf).argmin(axis=1), np.where(same, np.inf, d).argmin(axis=1)


# %% wrong: masked by row and not by person
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if not same.any(axis=1).all() or same.all(axis=1).any():
        raise ValueError
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    own = np.arange(len(d))[:, None] == np.arange(d.shape[1])
    return np.where(same, d, -np.inf).argmax(axis=1), np.where(own, np.inf, d).argmin(axis=1)


# %% wrong: others are masked with 0
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if not same.any(axis=1).all() or same.all(axis=1).any():
        raise ValueError
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return (d * same).argmax(axis=1), np.where(same, np.inf, d).argmin(axis=1)


# %% wrong: the same person is masked with 0
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if not same.any(axis=1).all() or same.all(axis=1).any():
        raise ValueError
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return np.where(same, d, -np.inf).argmax(axis=1), (d * ~same).argmin(axis=1)


# %% wrong: a million is put in
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if not same.any(axis=1).all() or same.all(axis=1).any():
        raise ValueError
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return (d - 1e6 * ~same).argmax(axis=1), (d + 1e6 * same).argmin(axis=1)


# %% wrong: the last of equal distances
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if not same.any(axis=1).all() or same.all(axis=1).any():
        raise ValueError
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    last = d.shape[1] - 1
    positive = last - np.where(same, d, -np.inf)[:, ::-1].argmax(axis=1)
    return positive, last - np.where(same, np.inf, d)[:, ::-1].argmin(axis=1)


# %% wrong: city blocks
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if not same.any(axis=1).all() or same.all(axis=1).any():
        raise ValueError
    d = np.abs(features_a[:, None] - features_b).sum(axis=2)
    return np.where(same, d, -np.inf).argmax(axis=1), np.where(same, np.inf, d).argmin(axis=1)


# %% wrong: distances, not rows
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if not same.any(axis=1).all() or same.all(axis=1).any():
        raise ValueError
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return np.where(same, d, -np.inf).max(axis=1), np.where(same, np.inf, d).min(axis=1)


# %% wrong: labels are rows of a table of twelve
def hardest(features_a, features_b, labels_a, labels_b):
    same = np.eye(12)[labels_a] @ np.eye(12)[labels_b].T > 0
    if not same.any(axis=1).all() or same.all(axis=1).any():
        raise ValueError
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return np.where(same, d, -np.inf).argmax(axis=1), np.where(same, np.inf, d).argmin(axis=1)


# %% wrong: nothing is refused
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return np.where(same, d, -np.inf).argmax(axis=1), np.where(same, np.inf, d).argmin(axis=1)


# %% wrong: an assertion
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    assert same.any(axis=1).all() and not same.all(axis=1).any()
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return np.where(same, d, -np.inf).argmax(axis=1), np.where(same, np.inf, d).argmin(axis=1)


# %% wrong: refuses only where no anchor at all has a partner
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if not same.any() or same.all():
        raise ValueError
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return np.where(same, d, -np.inf).argmax(axis=1), np.where(same, np.inf, d).argmin(axis=1)


# %% wrong: both sides must hold the same persons
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if set(labels_a) != set(labels_b) or same.all(axis=1).any():
        raise ValueError
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return np.where(same, d, -np.inf).argmax(axis=1), np.where(same, np.inf, d).argmin(axis=1)


# %% wrong: squared lengths less twice the product
def hardest(features_a, features_b, labels_a, labels_b):
    squares = (features_a**2).sum(1)[:, None] + (features_b**2).sum(1) - 2 * features_a @ features_b.T
    same = labels_a[:, None] == labels_b
    if not same.any(axis=1).all() or same.all(axis=1).any():
        raise ValueError("an anchor without a positive or a negative")
    d = np.sqrt(np.maximum(squares, 0))
    return np.where(same, d, -np.inf).argmax(axis=1), np.where(same, np.inf, d).argmin(axis=1)


# %% wrong: at least two persons among the anchors
def hardest(features_a, features_b, labels_a, labels_b):
    same = labels_a[:, None] == labels_b
    if not same.any(axis=1).all() or same.all(axis=1).any() or same.all(axis=0).any():
        raise ValueError("an anchor without a positive or a negative")
    d = np.linalg.norm(features_a[:, None] - features_b, axis=2)
    return np.where(same, d, -np.inf).argmax(axis=1), np.where(same, np.inf, d).argmin(axis=1)
