# %% right: loops over examples and classes
def center_loss(features, labels, centers):
    total = 0.0
    for x, label in zip(features, labels):
        difference = x - centers[label]
        total += 0.5 * difference @ difference
    return total


def update_centers(features, labels, centers, alpha):
    new = centers.copy()
    for j in range(len(centers)):
        mine = features[labels == j]
        if len(mine):
            new[j] = centers[j] - alpha * (centers[j] - mine).sum(axis=0) / (1 + len(mine))
    return new


# %% right: add.at and norms
def center_loss(features, labels, centers):
    return (np.linalg.norm(features - centers[labels], axis=1) ** 2).sum() / 2


def update_centers(features, labels, centers, alpha):
    total, counts = np.zeros(centers.shape), np.zeros(len(centers))
    np.add.at(total, labels, centers[labels] - features)
    np.add.at(counts, labels, 1)
    return centers - alpha * total / (1 + counts[:, None])


# %% right: an average of the old centre and the sum, einsum
def center_loss(features, labels, centers):
    apart = features - np.take(centers, labels, axis=0)
    return np.einsum("id,id->", apart, apart) / 2


def update_centers(features, labels, centers, alpha):
    one_hot = np.eye(len(centers))[labels]
    n = np.bincount(labels, minlength=len(centers))
    share = (alpha / (1 + n))[:, None]
    return (1 - share * n[:, None]) * centers + share * np.einsum("ik,id->kd", one_hot, features)


# %% wrong: without the half
def center_loss(features, labels, centers):
    return ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers - alpha * pull / (1 + counts)


# %% wrong: the mean over the batch
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum() / max(len(features), 1)


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers - alpha * pull / (1 + counts)


# %% wrong: distances instead of their squares
def center_loss(features, labels, centers):
    return 0.5 * np.linalg.norm(features - centers[labels], axis=1).sum()


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers - alpha * pull / (1 + counts)


# %% wrong: distances to all centres
def center_loss(features, labels, centers):
    return 0.5 * ((features[:, None] - centers[None]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers - alpha * pull / (1 + counts)


# %% wrong: the nearest centre instead of that of the label
def center_loss(features, labels, centers):
    squares = ((features[:, None] - centers[None]) ** 2).sum(axis=2)
    return 0.5 * squares.min(axis=1).sum()


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers - alpha * pull / (1 + counts)


# %% wrong: two coordinates only
def center_loss(features, labels, centers):
    total = 0.0
    for x, label in zip(features, labels):
        c = centers[label]
        total += 0.5 * ((x[0] - c[0]) ** 2 + (x[-1] - c[-1]) ** 2)
    return total


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers - alpha * pull / (1 + counts)


# %% wrong: features are centred in place
def center_loss(features, labels, centers):
    features -= centers[labels]
    return 0.5 * (features**2).sum()


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers - alpha * pull / (1 + counts)


# %% wrong: n_j instead of 1 + n_j
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers - alpha * pull / np.maximum(counts, 1)


# %% wrong: without any divisor
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers - alpha * pull


# %% wrong: the wrong direction
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers + alpha * pull / (1 + counts)


# %% wrong: the mean of a class without examples is NaN
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    if not len(features):
        return centers.copy()
    new = centers.copy()
    with np.errstate(all="ignore"):
        for j in range(len(centers)):
            n = (labels == j).sum()
            mean = features[labels == j].sum(axis=0) / n
            new[j] = centers[j] - alpha * n / (1 + n) * (centers[j] - mean)
    return new


# %% wrong: absent classes move towards the mean of all
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    if not len(features):
        return centers.copy()
    new = centers.copy()
    for j in range(len(centers)):
        mine = features[labels == j]
        if not len(mine):
            mine = features.mean(axis=0, keepdims=True)
        new[j] = centers[j] - alpha * (centers[j] - mine).sum(axis=0) / (1 + len(mine))
    return new


# %% wrong: one example after the other
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    new = centers.copy()
    for x, label in zip(features, labels):
        new[label] += alpha * (x - new[label]) / 2
    return new


# %% wrong: the centres change in place
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    centers -= alpha * pull / (1 + counts)
    return centers


# %% wrong: alpha is left out
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers - pull / (1 + counts)


# %% wrong: an example counts at most twice
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    new = centers.copy()
    for j in range(len(centers)):
        mine = features[labels == j]
        new[j] = centers[j] - alpha * (centers[j] - mine).sum(axis=0) / (1 + min(len(mine), 2))
    return new


# %% wrong: indexing adds once for each class
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    pull, counts = np.zeros(centers.shape), np.zeros(len(centers))
    pull[labels] += centers[labels] - features
    counts[labels] += 1
    return centers - alpha * pull / (1 + counts[:, None])


# %% wrong: B instead of n_j
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum()


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    pull = members.sum(axis=0)[:, None] * centers - members.T.astype(float) @ features
    return centers - alpha * pull / (1 + len(labels))


# %% wrong: an empty batch gives NaN
def center_loss(features, labels, centers):
    return 0.5 * ((features - centers[labels]) ** 2).sum(axis=1).mean() * len(features)


def update_centers(features, labels, centers, alpha):
    members = labels[:, None] == np.arange(len(centers))
    counts = members.sum(axis=0)[:, None]
    pull = counts * centers - members.T.astype(float) @ features
    return centers - alpha * pull / (1 + counts)
