# %% right: indices
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.sum()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others).sum()


# %% right: one-hot labels and weights
def objective(h, centroids, labels, alpha):
    k = centroids.shape[0]
    mine = torch.nn.functional.one_hot(labels, k).to(h.dtype)
    weight = mine - (1 - mine) * (alpha / (k - 1) if k > 1 else 0.0)
    return torch.einsum("nk,nd,kd->", weight, h, centroids)


# %% right: sums of the clusters first
def objective(h, centroids, labels, alpha):
    k, total = len(centroids), h.sum(0)
    value = h.new_zeros(())
    for j in range(k):
        s = h[labels == j].sum(0)
        pull = s if k == 1 else s - alpha / (k - 1) * (total - s)
        value = value + pull @ centroids[j]
    return value


# %% right: point by point
def objective(h, centroids, labels, alpha):
    total = 0
    for i, j in enumerate(labels.tolist()):
        for other, c in enumerate(centroids):
            weight = 1.0 if other == j else -alpha / (len(centroids) - 1)
            total = total + weight * torch.dot(h[i], c)
    return total


# %% wrong: the own cluster among the others
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.sum()
    others = products.sum(dim=1)
    return (own - alpha / (k - 1) * others).sum()


# %% wrong: 1 / k
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.sum()
    others = products.sum(dim=1) - own
    return (own - alpha / k * others).sum()


# %% wrong: a mean
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.mean()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others).mean()


# %% wrong: the sign of the second term
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.sum()
    others = products.sum(dim=1) - own
    return (own + alpha / (k - 1) * others).sum()


# %% wrong: 0 / 0 with one cluster
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.T
    own = products[torch.arange(len(h)), labels]
    others = products.sum(dim=1) - own
    return (own - torch.tensor(alpha) / (k - 1) * others).sum()


# %% wrong: one cluster gives nothing
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return 0 * own.sum()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others).sum()


# %% wrong: everything brought to length 1
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = torch.nn.functional.normalize(h) @ torch.nn.functional.normalize(centroids).T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.sum()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others).sum()


# %% wrong: only clusters with points count
def objective(h, centroids, labels, alpha):
    centroids = centroids[: int(labels.max()) + 1]
    k = len(centroids)
    products = h @ centroids.T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.sum()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others).sum()


# %% wrong: a number
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.sum().item()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others).sum().item()


# %% wrong: centroids detached
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.detach().T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.sum()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others).sum()


# %% wrong: points detached
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h.detach() @ centroids.T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.sum()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others).sum()


# %% wrong: the own centroids detached
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.T
    own = (h * centroids.detach()[labels]).sum(1)
    if k == 1:
        return own.sum()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others).sum()


# %% wrong: one number for each point
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.sum()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others)


# %% wrong: points normalised in place
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    if not h.requires_grad:
        h /= 2
        h = 2 * h
    products = h @ centroids.T
    own = products[torch.arange(len(h)), labels]
    if k == 1:
        return own.sum()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others).sum()


# %% wrong: the largest product instead of the own
def objective(h, centroids, labels, alpha):
    k = len(centroids)
    products = h @ centroids.T
    own = products.max(dim=1).values
    if k == 1:
        return own.sum()
    others = products.sum(dim=1) - own
    return (own - alpha / (k - 1) * others).sum()
