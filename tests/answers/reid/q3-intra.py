# %% right: camera by camera
def intra_loss(features, indices, vectors, cameras, temperature):
    f = features / features.norm(dim=1, keepdim=True)
    total = 0.0
    for camera in cameras[indices].unique():
        rows = cameras[indices] == camera
        columns = (cameras == camera).nonzero()[:, 0]
        scores = f[rows] @ vectors[columns].T / temperature
        targets = torch.searchsorted(columns, indices[rows])
        total = total + nn.functional.cross_entropy(scores, targets)
    return total


# %% right: logsumexp
def intra_loss(features, indices, vectors, cameras, temperature):
    f = nn.functional.normalize(features, dim=1)
    scores = torch.einsum("bd,pd->bp", f, vectors) / temperature
    own = cameras[None] == cameras[indices][:, None]
    total = torch.where(own, scores, torch.tensor(-torch.inf, dtype=scores.dtype)).logsumexp(dim=1)
    losses = total - scores.gather(1, indices[:, None])[:, 0]
    weights = 1 / torch.bincount(cameras[indices])[cameras[indices]]
    return (losses * weights).sum()


# %% right: image by image
def intra_loss(features, indices, vectors, cameras, temperature):
    losses = {}
    for feature, j in zip(features, indices):
        f = feature / (feature * feature).sum().sqrt()
        s = vectors[cameras == cameras[j]] @ f / temperature
        losses.setdefault(int(cameras[j]), []).append(torch.logsumexp(s, 0) - vectors[j] @ f / temperature)
    return sum(torch.stack(values).mean() for values in losses.values())


# %% wrong: all proxies in the denominator
def intra_loss(features, indices, vectors, cameras, temperature):
    scores = nn.functional.normalize(features) @ vectors.T / temperature
    mine = cameras[indices]
    losses = nn.functional.cross_entropy(scores, indices, reduction="none")
    return (losses / (mine[:, None] == mine).sum(dim=1)).sum()


# %% wrong: the mean over the batch
def intra_loss(features, indices, vectors, cameras, temperature):
    scores = nn.functional.normalize(features) @ vectors.T / temperature
    scores = scores.masked_fill(cameras != cameras[indices][:, None], -torch.inf)
    return nn.functional.cross_entropy(scores, indices)


# %% wrong: the mean over cameras
def intra_loss(features, indices, vectors, cameras, temperature):
    scores = nn.functional.normalize(features) @ vectors.T / temperature
    mine = cameras[indices]
    scores = scores.masked_fill(cameras != mine[:, None], -torch.inf)
    losses = nn.functional.cross_entropy(scores, indices, reduction="none")
    return (losses / (mine[:, None] == mine).sum(dim=1)).sum() / len(mine.unique())


# %% wrong: features keep their length
def intra_loss(features, indices, vectors, cameras, temperature):
    scores = features @ vectors.T / temperature
    mine = cameras[indices]
    scores = scores.masked_fill(cameras != mine[:, None], -torch.inf)
    losses = nn.functional.cross_entropy(scores, indices, reduction="none")
    return (losses / (mine[:, None] == mine).sum(dim=1)).sum()


# %% wrong: the exponential overflows
def intra_loss(features, indices, vectors, cameras, temperature):
    s = (nn.functional.normalize(features) @ vectors.T / temperature).exp()
    mine = cameras[indices]
    total = (s * (cameras == mine[:, None])).sum(dim=1)
    losses = -(s.gather(1, indices[:, None])[:, 0] / total).log()
    return (losses / (mine[:, None] == mine).sum(dim=1)).sum()


# %% wrong: other cameras get a score of 0
def intra_loss(features, indices, vectors, cameras, temperature):
    scores = nn.functional.normalize(features) @ vectors.T / temperature
    mine = cameras[indices]
    scores = scores.masked_fill(cameras != mine[:, None], 0)
    losses = nn.functional.cross_entropy(scores, indices, reduction="none")
    return (losses / (mine[:, None] == mine).sum(dim=1)).sum()


# %% right: masked by torch.where, log_softmax
def intra_loss(features, indices, vectors, cameras, temperature):
    s = torch.einsum("bd,kd->bk", nn.functional.normalize(features), vectors).div(temperature)
    own = cameras[indices]
    s = torch.where(own[:, None] == cameras, s, torch.full_like(s, -torch.inf))
    logp = s.log_softmax(1).gather(1, indices[:, None]).squeeze(1)
    n = (own[:, None] == own).sum(1)
    return -(logp / n).sum()


# %% wrong: no gradient
def intra_loss(features, indices, vectors, cameras, temperature):
    f = nn.functional.normalize(features.detach(), dim=1)
    logits = f @ vectors.T / temperature
    mine = cameras[indices]
    logits = logits.masked_fill(cameras[None] != mine[:, None], float("-inf"))
    each = torch.logsumexp(logits, 1) - logits[torch.arange(len(f)), indices]
    total = 0.0
    for c in mine.unique():
        total = total + each[mine == c].mean()
    return total


# %% wrong: a number
def intra_loss(features, indices, vectors, cameras, temperature):
    f = nn.functional.normalize(features, dim=1)
    logits = f @ vectors.T / temperature
    mine = cameras[indices]
    logits = logits.masked_fill(cameras[None] != mine[:, None], float("-inf"))
    each = torch.logsumexp(logits, 1) - logits[torch.arange(len(f)), indices]
    total = 0.0
    for c in mine.unique():
        total = total + each[mine == c].mean()
    return total.item()


# %% wrong: the features are overwritten
def intra_loss(features, indices, vectors, cameras, temperature):
    features.data /= features.data.norm(dim=1, keepdim=True)
    f = features
    logits = f @ vectors.T / temperature
    mine = cameras[indices]
    logits = logits.masked_fill(cameras[None] != mine[:, None], float("-inf"))
    each = torch.logsumexp(logits, 1) - logits[torch.arange(len(f)), indices]
    total = 0.0
    for c in mine.unique():
        total = total + each[mine == c].mean()
    return total


# %% wrong: cameras without an image are nan
def intra_loss(features, indices, vectors, cameras, temperature):
    f = nn.functional.normalize(features, dim=1)
    logits = f @ vectors.T / temperature
    mine = cameras[indices]
    logits = logits.masked_fill(cameras[None] != mine[:, None], float("-inf"))
    each = torch.logsumexp(logits, 1) - logits[torch.arange(len(f)), indices]
    total = 0.0
    for c in cameras.unique():
        total = total + each[mine == c].mean()
    return total


# %% wrong: the length is a constant to the gradient
def intra_loss(features, indices, vectors, cameras, temperature):
    f = features / features.detach().norm(dim=1, keepdim=True)
    logits = f @ vectors.T / temperature
    mine = cameras[indices]
    logits = logits.masked_fill(cameras[None] != mine[:, None], float("-inf"))
    each = torch.logsumexp(logits, 1) - logits[torch.arange(len(f)), indices]
    total = 0.0
    for c in mine.unique():
        total = total + each[mine == c].mean()
    return total


# %% wrong: the largest score of all cameras is subtracted
def intra_loss(features, indices, vectors, cameras, temperature):
    f = nn.functional.normalize(features, dim=1)
    logits = f @ vectors.T / temperature
    mine = cameras[indices]
    logits = logits - logits.max(dim=1, keepdim=True).values
    sums = (logits.exp() * (cameras == mine[:, None])).sum(1)
    each = sums.log() - logits[torch.arange(len(f)), indices]
    total = 0.0
    for c in mine.unique():
        total = total + each[mine == c].mean()
    return total


# %% wrong: counts on proxies that stand camera by camera
def intra_loss(features, indices, vectors, cameras, temperature):
    scores = nn.functional.normalize(features, dim=1) @ vectors.T / temperature
    counts = torch.bincount(cameras)
    parts = [part.logsumexp(dim=1) for part in scores.split(counts.tolist(), dim=1)]
    mine = cameras[indices]
    each = torch.stack(parts, dim=1).gather(1, mine[:, None]) - scores.gather(1, indices[:, None])
    return sum(each[mine == c].mean() for c in mine.unique())
