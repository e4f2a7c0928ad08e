# %% right: einsum
def class_scores(features, weights):
    pooled = np.einsum("nkhw->nk", features) / (features.shape[2] * features.shape[3])
    return np.einsum("nk,ck->nc", pooled, weights)


# %% right: loops over images and classes
def class_scores(features, weights):
    scores = np.zeros((len(features), len(weights)))
    for n, maps in enumerate(features):
        for c, w in enumerate(weights):
            scores[n, c] = sum(w[k] * maps[k].mean() for k in range(len(w)))
    return scores


# %% right: the map first, then its mean
def class_scores(features, weights):
    n, k, h, width = features.shape
    maps = weights @ features.reshape(n, k, h * width)
    return maps.mean(axis=2)


# %% wrong: sums instead of averages, as on the slide
def class_scores(features, weights):
    return features.sum(axis=(2, 3)) @ weights.T


# %% wrong: pools with the maximum
def class_scores(features, weights):
    return features.max(axis=(2, 3)) @ weights.T


# %% wrong: forgets the transpose
def class_scores(features, weights):
    return features.mean(axis=(2, 3)) @ weights


# %% wrong: averages over the height alone and sums over the width
def class_scores(features, weights):
    return features.mean(axis=2).sum(axis=2) @ weights.T


# %% wrong: averages over the channels
def class_scores(features, weights):
    return features.mean(axis=(1, 2, 3))[:, None] * weights.sum(axis=1)


# %% wrong: a softmax that nobody asked for
def class_scores(features, weights):
    s = features.mean(axis=(2, 3)) @ weights.T
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# %% wrong: six places, whatever the maps
def class_scores(features, weights):
    return features.sum(axis=(2, 3)) @ weights.T / 6


# %% wrong: divides in place
def class_scores(features, weights):
    features /= features.shape[2] * features.shape[3]
    return features.sum(axis=(2, 3)) @ weights.T


# %% wrong: rounds to float32
def class_scores(features, weights):
    return (features.mean(axis=(2, 3)) @ weights.T).astype(np.float32)


# %% wrong: memory as it lies
def class_scores(features, weights):
    same = features.ravel(order="K").reshape(features.shape)
    return same.mean(axis=(2, 3)) @ weights.T


# %% wrong: the first image alone
def class_scores(features, weights):
    return (weights @ features[0].mean(axis=(1, 2)))[None]


# %% wrong: another library
def class_scores(features, weights):
    f = torch.as_tensor(features)
    return torch.nn.functional.linear(f.mean((2, 3)), torch.as_tensor(weights)).numpy()
