# %% right: a loop over the pairs
def build(features, clusters, cameras):
    found = sorted({(int(c), int(k)) for c, k in zip(cameras, clusters) if k >= 0})
    f = features / features.norm(dim=1, keepdim=True)
    vectors = torch.stack([f[(cameras == c) & (clusters == k)].sum(0) for c, k in found])
    return vectors / vectors.norm(dim=1, keepdim=True), torch.tensor(found)


def follow(vectors, features, indices, m):
    rows = list(vectors)
    for i, j in enumerate(indices.tolist()):
        rows[j] = m * rows[j] + (1 - m) * features[i] / features[i].norm()
    rows = torch.stack(rows)
    return rows / rows.norm(dim=1, keepdim=True)


# %% right: camera after camera, and closed weights
def build(features, clusters, cameras):
    rows, pairs = [], []
    f = nn.functional.normalize(features, dim=1)
    for camera in cameras.unique():
        for cluster in clusters[cameras == camera].unique():
            if cluster >= 0:
                rows.append(f[(cameras == camera) & (clusters == cluster)].mean(dim=0))
                pairs.append(torch.stack([camera, cluster]))
    return nn.functional.normalize(torch.stack(rows)), torch.stack(pairs)


def follow(vectors, features, indices, m):
    f = nn.functional.normalize(features)
    later = (indices[:, None] == indices).triu(1).sum(1)
    counts = torch.bincount(indices, minlength=len(vectors))
    new = vectors * (torch.tensor(float(m), dtype=vectors.dtype) ** counts)[:, None]
    weights = (1 - m) * torch.tensor(float(m), dtype=vectors.dtype) ** later
    return nn.functional.normalize(new.index_add(0, indices, weights[:, None] * f))


# %% right: one-hot products
def build(features, clusters, cameras):
    base = int(clusters.max()) + 1
    code = torch.where(clusters < 0, -1, cameras * base + clusters)
    codes = code[code >= 0].unique()
    one_hot = (code[None] == codes[:, None]).to(features.dtype)
    vectors = nn.functional.normalize(one_hot @ nn.functional.normalize(features))
    return vectors, torch.stack([codes // base, codes % base], dim=1)


def follow(vectors, features, indices, m):
    vectors = vectors.clone()
    for feature, j in zip(nn.functional.normalize(features), indices):
        vectors[j] = m * vectors[j] + (1 - m) * feature
    return nn.functional.normalize(vectors)


# %% wrong: noise is a cluster
def build(features, clusters, cameras):
    members = clusters >= -1
    pairs, which = torch.stack([cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, nn.functional.normalize(features[members]))
    return nn.functional.normalize(sums), pairs


def follow(vectors, features, indices, m):
    vectors = vectors.clone()
    for feature, j in zip(nn.functional.normalize(features), indices):
        vectors[j] = m * vectors[j] + (1 - m) * feature
    return nn.functional.normalize(vectors)


# %% wrong: features keep their length
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, features[members])
    return nn.functional.normalize(sums), pairs


def follow(vectors, features, indices, m):
    vectors = vectors.clone()
    for feature, j in zip(nn.functional.normalize(features), indices):
        vectors[j] = m * vectors[j] + (1 - m) * feature
    return nn.functional.normalize(vectors)


# %% wrong: by cluster, then by camera
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([clusters[members], cameras[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, nn.functional.normalize(features[members]))
    return nn.functional.normalize(sums), pairs.flip(1)


def follow(vectors, features, indices, m):
    vectors = vectors.clone()
    for feature, j in zip(nn.functional.normalize(features), indices):
        vectors[j] = m * vectors[j] + (1 - m) * feature
    return nn.functional.normalize(vectors)


# %% wrong: all at once, so that the last image wins
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, nn.functional.normalize(features[members]))
    return nn.functional.normalize(sums), pairs


def follow(vectors, features, indices, m):
    vectors = vectors.clone()
    vectors[indices] = m * vectors[indices] + (1 - m) * nn.functional.normalize(features)
    return nn.functional.normalize(vectors)


# %% wrong: the momentum is the other way round
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, nn.functional.normalize(features[members]))
    return nn.functional.normalize(sums), pairs


def follow(vectors, features, indices, m):
    vectors = vectors.clone()
    for feature, j in zip(nn.functional.normalize(features), indices):
        vectors[j] = (1 - m) * vectors[j] + m * feature
    return nn.functional.normalize(vectors)


# %% wrong: in place
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, nn.functional.normalize(features[members]))
    return nn.functional.normalize(sums), pairs


def follow(vectors, features, indices, m):
    for feature, j in zip(nn.functional.normalize(features), indices):
        vectors[j] = m * vectors[j] + (1 - m) * feature
    return nn.functional.normalize(vectors)


# %% wrong: long features move more
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, nn.functional.normalize(features[members]))
    return nn.functional.normalize(sums), pairs


def follow(vectors, features, indices, m):
    vectors = vectors.clone()
    for feature, j in zip(features, indices):
        vectors[j] = m * vectors[j] + (1 - m) * feature
    return nn.functional.normalize(vectors)


# %% right: a class for the memory
def _unit(x):
    return x / x.norm(dim=1, keepdim=True)


class Memory:
    def __init__(self, vectors):
        self.vectors = vectors.detach().clone()

    @torch.no_grad()
    def update(self, f, j, m):
        self.vectors[j] = self.vectors[j].mul(m).add(f, alpha=1 - m)


def build(features, clusters, cameras):
    vectors, pairs = [], []
    for c in torch.unique(cameras):
        for k in torch.unique(clusters[cameras == c]):
            if k < 0:
                continue
            at = (cameras == c) & (clusters == k)
            vectors.append(_unit(_unit(features[at]).sum(0, keepdim=True))[0])
            pairs.append(torch.stack([c, k]))
    return torch.stack(vectors), torch.stack(pairs)


def follow(vectors, features, indices, m):
    memory = Memory(vectors)
    for f, j in zip(_unit(features), indices):
        memory.update(f, j, m)
    return _unit(memory.vectors)


# %% wrong: every cluster in every camera
def build(features, clusters, cameras):
    keep = clusters >= 0
    f = nn.functional.normalize(features[keep], dim=1)
    both = torch.stack([cameras[keep], clusters[keep]], dim=1)
    pairs = torch.cartesian_prod(cameras[keep].unique(), clusters[keep].unique())
    where = torch.stack([(pairs == p).all(1).nonzero()[0, 0] for p in both])
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype).index_add(0, where, f)
    return nn.functional.normalize(sums, dim=1), pairs


def follow(vectors, features, indices, m):
    new = vectors.clone()
    f = nn.functional.normalize(features, dim=1)
    for one, j in zip(f, indices):
        new[j] = m * new[j] + (1 - m) * one
    return nn.functional.normalize(new, dim=1)


# %% wrong: the features of build are overwritten
def build(features, clusters, cameras):
    keep = clusters >= 0
    f = nn.functional.normalize(features[keep], dim=1)
    features.div_(features.norm(dim=1, keepdim=True))
    both = torch.stack([cameras[keep], clusters[keep]], dim=1)
    pairs, where = torch.unique(both, dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype).index_add(0, where, f)
    return nn.functional.normalize(sums, dim=1), pairs


def follow(vectors, features, indices, m):
    new = vectors.clone()
    f = nn.functional.normalize(features, dim=1)
    for one, j in zip(f, indices):
        new[j] = m * new[j] + (1 - m) * one
    return nn.functional.normalize(new, dim=1)


# %% wrong: sums in float32
def build(features, clusters, cameras):
    keep = clusters >= 0
    f = nn.functional.normalize(features[keep], dim=1)
    both = torch.stack([cameras[keep], clusters[keep]], dim=1)
    pairs, where = torch.unique(both, dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=torch.float32).index_add(0, where, f)
    return nn.functional.normalize(sums, dim=1), pairs


def follow(vectors, features, indices, m):
    new = vectors.clone()
    f = nn.functional.normalize(features, dim=1)
    for one, j in zip(f, indices):
        new[j] = m * new[j] + (1 - m) * one
    return nn.functional.normalize(new, dim=1)


# %% wrong: one image for each pair
def build(features, clusters, cameras):
    keep = clusters >= 0
    f = nn.functional.normalize(features[keep], dim=1)
    both = torch.stack([cameras[keep], clusters[keep]], dim=1)
    pairs, where = torch.unique(both, dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype).index_copy(0, where, f)
    return nn.functional.normalize(sums, dim=1), pairs


def follow(vectors, features, indices, m):
    new = vectors.clone()
    f = nn.functional.normalize(features, dim=1)
    for one, j in zip(f, indices):
        new[j] = m * new[j] + (1 - m) * one
    return nn.functional.normalize(new, dim=1)


# %% wrong: of length 1 after every image
def build(features, clusters, cameras):
    keep = clusters >= 0
    f = nn.functional.normalize(features[keep], dim=1)
    both = torch.stack([cameras[keep], clusters[keep]], dim=1)
    pairs, where = torch.unique(both, dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype).index_add(0, where, f)
    return nn.functional.normalize(sums, dim=1), pairs


def follow(vectors, features, indices, m):
    new = vectors.clone()
    f = nn.functional.normalize(features, dim=1)
    for one, j in zip(f, indices):
        new[j] = nn.functional.normalize(m * new[j] + (1 - m) * one, dim=0)
    return nn.functional.normalize(new, dim=1)


# %% wrong: from the last image to the first
def build(features, clusters, cameras):
    keep = clusters >= 0
    f = nn.functional.normalize(features[keep], dim=1)
    both = torch.stack([cameras[keep], clusters[keep]], dim=1)
    pairs, where = torch.unique(both, dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype).index_add(0, where, f)
    return nn.functional.normalize(sums, dim=1), pairs


def follow(vectors, features, indices, m):
    new = vectors.clone()
    f = nn.functional.normalize(features, dim=1)
    for one, j in zip(f.flip(0), indices.flip(0)):
        new[j] = m * new[j] + (1 - m) * one
    return nn.functional.normalize(new, dim=1)


# %% wrong: only proxies with an image get length 1
def build(features, clusters, cameras):
    keep = clusters >= 0
    f = nn.functional.normalize(features[keep], dim=1)
    both = torch.stack([cameras[keep], clusters[keep]], dim=1)
    pairs, where = torch.unique(both, dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype).index_add(0, where, f)
    return nn.functional.normalize(sums, dim=1), pairs


def follow(vectors, features, indices, m):
    new = vectors.clone()
    f = nn.functional.normalize(features, dim=1)
    for one, j in zip(f, indices):
        new[j] = m * new[j] + (1 - m) * one
    new[indices] = nn.functional.normalize(new[indices], dim=1)
    return new


# %% wrong: at most a thousand clusters
def build(features, clusters, cameras):
    keep = clusters >= 0
    f = nn.functional.normalize(features[keep], dim=1)
    code, where = torch.unique(1000 * cameras[keep] + clusters[keep], return_inverse=True)
    sums = torch.zeros(len(code), features.shape[1], dtype=features.dtype).index_add(0, where, f)
    return nn.functional.normalize(sums, dim=1), torch.stack([code // 1000, code % 1000], dim=1)


def follow(vectors, features, indices, m):
    vectors = vectors.clone()
    for feature, j in zip(nn.functional.normalize(features), indices):
        vectors[j] = m * vectors[j] + (1 - m) * feature
    return nn.functional.normalize(vectors)


# %% wrong: the old vectors are brought to length 1 first
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, nn.functional.normalize(features[members]))
    return nn.functional.normalize(sums), pairs


def follow(vectors, features, indices, m):
    vectors = nn.functional.normalize(vectors)
    for feature, j in zip(nn.functional.normalize(features), indices):
        vectors[j] = m * vectors[j] + (1 - m) * feature
    return nn.functional.normalize(vectors)


# %% wrong: of length 1 after each image of a pair
def build(features, clusters, cameras):
    found = {}
    for f, k, c in zip(features, clusters.tolist(), cameras.tolist()):
        if k >= 0:
            total = found.get((c, k), 0) + f / f.norm()
            found[c, k] = total / total.norm()
    pairs = sorted(found)
    return torch.stack([found[pair] for pair in pairs]), torch.tensor(pairs)


def follow(vectors, features, indices, m):
    vectors = vectors.clone()
    for feature, j in zip(nn.functional.normalize(features), indices):
        vectors[j] = m * vectors[j] + (1 - m) * feature
    return nn.functional.normalize(vectors)


# %% wrong: vectors in float64, whatever comes in
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=torch.float64)
    sums.index_add_(0, which, nn.functional.normalize(features[members].double()))
    return nn.functional.normalize(sums), pairs


def follow(vectors, features, indices, m):
    vectors = vectors.clone()
    for feature, j in zip(nn.functional.normalize(features), indices):
        vectors[j] = m * vectors[j] + (1 - m) * feature
    return nn.functional.normalize(vectors)


# %% wrong: follows in float64
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, nn.functional.normalize(features[members]))
    return nn.functional.normalize(sums), pairs


def follow(vectors, features, indices, m):
    new = vectors.double().clone()
    for feature, j in zip(nn.functional.normalize(features.double()), indices):
        new[j] = m * new[j] + (1 - m) * feature
    return nn.functional.normalize(new)
