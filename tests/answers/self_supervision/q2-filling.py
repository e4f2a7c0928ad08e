# %% right: a sum over pixels
def filling_loss(prediction, images, mask):
    total, count = 0.0, 0
    batch, channels, height, width = images.shape
    for b in range(batch):
        for i in range(height):
            for j in range(width):
                if mask[b, 0, i, j]:
                    total += sum((prediction[b, c, i, j] - images[b, c, i, j]) ** 2 for c in range(channels))
                    count += channels
    if count == 0:
        raise ValueError("nothing hidden")
    return total / count


# %% right: where, before it is squared
def filling_loss(prediction, images, mask):
    if not np.any(mask):
        raise ValueError
    error = np.where(mask, prediction - images, 0)
    return float(np.sum(error**2)) / (mask.sum() * images.shape[1])


# %% right: the hidden pixels of every channel
def filling_loss(prediction, images, mask):
    hidden = mask[:, 0]
    if hidden.sum() < 1:
        raise ValueError("expected a hidden pixel")
    gaps = [prediction[:, c][hidden] - images[:, c][hidden] for c in range(images.shape[1])]
    return np.mean(np.square(np.concatenate(gaps)))


# %% right: channels last and a norm
def filling_loss(prediction, images, mask):
    there = np.nonzero(mask[:, 0])
    if len(there[0]) == 0:
        raise ValueError("empty mask")
    p, x = (np.moveaxis(one, 1, -1)[there] for one in (prediction, images))
    return np.linalg.norm(p - x) ** 2 / p.size


# %% wrong: mean over all pixels
def filling_loss(prediction, images, mask):
    if not mask.any():
        raise ValueError
    return np.where(mask, (prediction - images) ** 2, 0).mean()


# %% wrong: the visible pixels
def filling_loss(prediction, images, mask):
    if not mask.any():
        raise ValueError
    hidden = np.broadcast_to(~mask, images.shape)
    return ((prediction[hidden] - images[hidden]) ** 2).mean()


# %% wrong: an empty mask is 0
def filling_loss(prediction, images, mask):
    hidden = np.broadcast_to(mask, images.shape)
    if not hidden.any():
        return 0.0
    return ((prediction[hidden] - images[hidden]) ** 2).mean()


# %% wrong: an empty mask is no number
def filling_loss(prediction, images, mask):
    hidden = np.broadcast_to(mask, images.shape)
    return ((prediction[hidden] - images[hidden]) ** 2).sum() / hidden.sum()


# %% wrong: divided by pixels, not by channels
def filling_loss(prediction, images, mask):
    if not mask.any():
        raise ValueError
    return (np.where(mask, prediction - images, 0) ** 2).sum() / mask.sum()


# %% wrong: multiplied by the mask
def filling_loss(prediction, images, mask):
    if not mask.any():
        raise ValueError
    return (((prediction - images) * mask) ** 2).sum() / (mask.sum() * images.shape[1])


# %% wrong: a mean of means
def filling_loss(prediction, images, mask):
    if not mask.any():
        raise ValueError
    means = []
    for p, x, m in zip(prediction, images, mask):
        if m.any():
            hidden = np.broadcast_to(m, x.shape)
            means.append(((p[hidden] - x[hidden]) ** 2).mean())
    return np.mean(means)


# %% wrong: the mean absolute error
def filling_loss(prediction, images, mask):
    hidden = np.broadcast_to(mask, images.shape)
    if not hidden.any():
        raise ValueError
    return np.abs(prediction[hidden] - images[hidden]).mean()


# %% wrong: an image without a hole is an error
def filling_loss(prediction, images, mask):
    if not mask.any(axis=(1, 2, 3)).all():
        raise ValueError
    hidden = np.broadcast_to(mask, images.shape)
    return ((prediction[hidden] - images[hidden]) ** 2).mean()


# %% wrong: nothing visible is an error
def filling_loss(prediction, images, mask):
    if not mask.any() or mask.all():
        raise ValueError
    hidden = np.broadcast_to(mask, images.shape)
    return ((prediction[hidden] - images[hidden]) ** 2).mean()


# %% wrong: the mask is changed
def filling_loss(prediction, images, mask):
    if not mask.any():
        raise ValueError
    prediction[~np.broadcast_to(mask, images.shape)] = 0
    x = np.where(mask, images, 0)
    return ((prediction - x) ** 2).sum() / (mask.sum() * images.shape[1])
