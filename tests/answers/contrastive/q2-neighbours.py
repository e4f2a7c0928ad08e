# %% right: one row at a time with bincount
def vote(features, bank, labels, k, temperature):
    unit = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    result = []
    for v in features:
        cosines = unit @ (v / np.linalg.norm(v))
        best = np.argpartition(-cosines, k - 1)[:k]
        result.append(np.bincount(labels[best], np.exp((cosines[best] - cosines.max()) / temperature)).argmax())
    return np.array(result)


# %% right: all weights, those of the far ones zero
def vote(features, bank, labels, k, temperature):
    cosines = features @ bank.T
    cosines = cosines / np.linalg.norm(features, axis=1)[:, None] / np.linalg.norm(bank, axis=1)
    threshold = np.sort(cosines, axis=1)[:, -k][:, None]
    weights = np.where(cosines >= threshold, np.exp((cosines - 1) / temperature), 0)
    return (weights @ np.eye(labels.max() + 1)[labels]).argmax(axis=1)


# %% right: a dictionary of votes
def vote(features, bank, labels, k, temperature):
    result = np.zeros(len(features), int)
    for n, v in enumerate(features):
        similar = sorted(
            ((v @ row / np.sqrt((v @ v) * (row @ row)), int(label)) for row, label in zip(bank, labels)),
            key=lambda pair: -pair[0],
        )[:k]
        votes = {}
        for cosine, label in similar:
            votes[label] = votes.get(label, 0) + np.exp((cosine - similar[0][0]) / temperature)
        result[n] = max(sorted(votes), key=votes.get)
    return result


# %% right: weights as they stand
def vote(features, bank, labels, k, temperature):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    b = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    cos = f @ b.T
    near = np.argsort(-cos, axis=1)[:, :k]
    votes = np.zeros((len(f), labels.max() + 1))
    for i in range(len(f)):
        for j in near[i]:
            votes[i, labels[j]] += np.exp(cos[i, j] / temperature)
    return votes.argmax(axis=1)


# %% wrong: every neighbour has one vote
def vote(features, bank, labels, k, temperature):
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    bank = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    nearest = np.argsort(-(features @ bank.T), axis=1)[:, :k]
    return np.array([np.bincount(labels[row]).argmax() for row in nearest])


# %% wrong: dot products in place of cosines
def vote(features, bank, labels, k, temperature):
    scores = features @ bank.T
    nearest = np.argsort(-scores, axis=1)[:, :k]
    weights = np.exp((np.take_along_axis(scores, nearest, 1) - scores.max()) / temperature)
    return np.array([np.bincount(labels[row], weight).argmax() for row, weight in zip(nearest, weights)])


# %% wrong: the k farthest
def vote(features, bank, labels, k, temperature):
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    bank = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    cosines = features @ bank.T
    nearest = np.argsort(cosines, axis=1)[:, :k]
    weights = np.exp((np.take_along_axis(cosines, nearest, 1) - 1) / temperature)
    return np.array([np.bincount(labels[row], weight).argmax() for row, weight in zip(nearest, weights)])


# %% wrong: all of the bank votes
def vote(features, bank, labels, k, temperature):
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    bank = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    weights = np.exp((features @ bank.T - 1) / temperature)
    return (weights @ np.eye(labels.max() + 1)[labels]).argmax(axis=1)


# %% wrong: the nearest alone
def vote(features, bank, labels, k, temperature):
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    bank = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    return labels[(features @ bank.T).argmax(axis=1)]


# %% wrong: the temperature multiplies
def vote(features, bank, labels, k, temperature):
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    bank = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    cosines = features @ bank.T
    nearest = np.argsort(-cosines, axis=1)[:, :k]
    weights = np.exp((np.take_along_axis(cosines, nearest, 1) - 1) * temperature)
    return np.array([np.bincount(labels[row], weight).argmax() for row, weight in zip(nearest, weights)])


# %% wrong: as many sums as labels that occur
def vote(features, bank, labels, k, temperature):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    b = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    cos = f @ b.T
    near = np.argsort(-cos, axis=1)[:, :k]
    names, labels = np.unique(labels, return_inverse=True)
    votes = np.zeros((len(f), len(names)))
    for i in range(len(f)):
        for j in near[i]:
            votes[i, labels[j]] += np.exp((cos[i, j] - 1) / temperature)
    return votes.argmax(axis=1)


# %% wrong: labels come back as fractions
def vote(features, bank, labels, k, temperature):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    b = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    cos = f @ b.T
    near = np.argsort(-cos, axis=1)[:, :k]
    votes = np.zeros((len(f), labels.max() + 1))
    for i in range(len(f)):
        for j in near[i]:
            votes[i, labels[j]] += np.exp((cos[i, j] - 1) / temperature)
    return votes.argmax(axis=1).astype(float)


# %% wrong: room for as many labels as occur
def vote(features, bank, labels, k, temperature):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    b = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    cos = f @ b.T
    near = np.argsort(-cos, axis=1)[:, :k]
    votes = np.zeros((len(f), len(np.unique(labels))))
    for i in range(len(f)):
        for j in near[i]:
            votes[i, labels[j]] += np.exp((cos[i, j] - 1) / temperature)
    return votes.argmax(axis=1)


# %% wrong: a partition that fails when all of the bank votes
def vote(features, bank, labels, k, temperature):
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    b = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    cos = f @ b.T
    nearest = np.argpartition(-cos, k, axis=1)[:, :k]
    weight = np.exp(np.take_along_axis(cos, nearest, axis=1) / temperature)
    votes = np.zeros((len(f), labels.max() + 1))
    np.add.at(votes, (np.arange(len(f))[:, None], labels[nearest]), weight)
    return votes.argmax(axis=1)
