# %% right: broadcasting
def activation_map(features, weights, labels):
    if len(labels) and (labels.min() < 0 or labels.max() > len(weights) - 1):
        raise ValueError("a label names no class")
    return (weights[labels][:, :, None, None] * features).sum(axis=1)


# %% right: a loop over the images
def activation_map(features, weights, labels):
    maps = np.zeros((len(features), *features.shape[2:]))
    for n, c in enumerate(labels):
        if c < 0 or c >= weights.shape[0]:
            raise ValueError(f"label {c} is out of range")
        maps[n] = np.tensordot(weights[c], features[n], axes=1)
    return maps


# %% right: all maps, of which the labels choose
def activation_map(features, weights, labels):
    for c in labels:
        if c not in range(len(weights)):
            raise ValueError(f"no class {c}")
    every = np.einsum("ck,nkhw->nchw", weights, features)
    return every[np.arange(len(features)), labels]


# %% wrong: lets NumPy count from the end
def activation_map(features, weights, labels):
    if (labels >= len(weights)).any():
        raise ValueError("a label is too large")
    return np.einsum("nk,nkhw->nhw", weights[labels], features)


# %% wrong: refuses the last class
def activation_map(features, weights, labels):
    if (labels < 0).any() or (labels >= len(weights) - 1).any():
        raise ValueError("a label names no class")
    return np.einsum("nk,nkhw->nhw", weights[labels], features)


# %% wrong: all images get the first one's label
def activation_map(features, weights, labels):
    if (labels < 0).any() or (labels >= len(weights)).any():
        raise ValueError("a label names no class")
    return np.einsum("k,nkhw->nhw", weights[labels[0]], features)


# %% wrong: keeps only the positive evidence
def activation_map(features, weights, labels):
    if (labels < 0).any() or (labels >= len(weights)).any():
        raise ValueError("a label names no class")
    return np.maximum(np.einsum("nk,nkhw->nhw", weights[labels], features), 0)


# %% wrong: divides by the number of places
def activation_map(features, weights, labels):
    if (labels < 0).any() or (labels >= len(weights)).any():
        raise ValueError("a label names no class")
    h, w = features.shape[2:]
    return np.einsum("nk,nkhw->nhw", weights[labels], features) / (h * w)


# %% wrong: an IndexError for a label that is too large
def activation_map(features, weights, labels):
    return np.einsum("nk,nkhw->nhw", weights[labels], features)


# %% wrong: keeps a channel axis
def activation_map(features, weights, labels):
    if (labels < 0).any() or (labels >= len(weights)).any():
        raise ValueError("a label names no class")
    return (weights[labels][:, :, None, None] * features).sum(axis=1, keepdims=True)


# %% right: a list of maps, stacked
def activation_map(features, weights, labels):
    maps = []
    for image, label in zip(features, labels):
        if not 0 <= label < weights.shape[0]:
            raise ValueError(f'label {label}')
        cam = np.zeros(image.shape[1:])
        for w, f in zip(weights[label], image):
            cam += w * f
        maps.append(cam)
    return np.stack(maps)


# %% right: an error class of its own
def activation_map(features, weights, labels):
    class LabelError(ValueError):
        pass

    if len(labels) and (min(labels) < 0 or max(labels) > len(weights) - 1):
        raise LabelError()
    every = np.tensordot(features, weights, axes=([1], [1]))
    return np.array([every[i, :, :, c] for i, c in enumerate(labels)])


# %% wrong: an assert is no ValueError
def activation_map(features, weights, labels):
    assert (labels >= 0).all() and (labels < len(weights)).all()
    return np.einsum('nk,nkhw->nhw', weights[labels], features)


# %% wrong: looks at the first label only
def activation_map(features, weights, labels):
    if not 0 <= labels[0] < len(weights):
        raise ValueError
    return np.einsum('nk,nkhw->nhw', weights[labels], features)


# %% wrong: looks at the sum of the labels
def activation_map(features, weights, labels):
    if sum(labels) < 0 or labels.max() >= len(weights):
        raise ValueError
    return np.einsum('nk,nkhw->nhw', weights[labels], features)


# %% wrong: weighs the features in place
def activation_map(features, weights, labels):
    labels = np.asarray(labels)
    if (labels < 0).any() or (labels >= len(weights)).any():
        raise ValueError('no such class')
    for i, c in enumerate(labels):
        features[i] *= weights[c][:, None, None]
    return features.sum(1)


# %% wrong: in float32
def activation_map(features, weights, labels):
    if (labels < 0).any() or (labels >= len(weights)).any():
        raise ValueError("a label names no class")
    return np.einsum("nk,nkhw->nhw", weights[labels].astype(np.float32), features.astype(np.float32))
