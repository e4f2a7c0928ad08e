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


# %% wrong: means of another length than 1
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, nn.functional.normalize(features[members]))
    return sums, pairs


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


# %% wrong: one proxy for each cluster
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([0 * cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, nn.functional.normalize(features[members]))
    return nn.functional.normalize(sums), pairs


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


# %% wrong: never of length 1
def build(features, clusters, cameras):
    members = clusters >= 0
    pairs, which = torch.stack([cameras[members], clusters[members]], dim=1).unique(dim=0, return_inverse=True)
    sums = torch.zeros(len(pairs), features.shape[1], dtype=features.dtype)
    sums.index_add_(0, which, nn.functional.normalize(features[members]))
    return nn.functional.normalize(sums), pairs


def follow(vectors, features, indices, m):
    vectors = vectors.clone()
    for feature, j in zip(nn.functional.normalize(features), indices):
        vectors[j] = m * vectors[j] + (1 - m) * feature
    return vectors


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
