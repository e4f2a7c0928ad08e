# %% right: a path at a time
def best_of(paths, target):
    gradient, losses = np.zeros(paths.shape), []
    for b in range(len(paths)):
        scores = [np.mean(np.sum((guess - target[b]) ** 2, axis=-1)) for guess in paths[b]]
        best = scores.index(min(scores))
        losses.append(scores[best])
        gradient[b, best] = 2 * (paths[b, best] - target[b]) / (target.shape[1] * len(paths))
    return sum(losses) / len(losses), gradient


# %% right: a mask of winners
def best_of(paths, target):
    B, K, T, _ = paths.shape
    gap = paths - target.reshape(B, 1, T, 2)
    d = np.einsum("bktc,bktc->bk", gap, gap) / T
    winner = np.arange(K) == d.argmin(1)[:, None]
    return (d * winner).sum() / B, 2 / (T * B) * gap * winner[:, :, None, None]


# %% right: complex numbers
def best_of(paths, target):
    p, y = paths[..., 0] + 1j * paths[..., 1], target[..., 0] + 1j * target[..., 1]
    gap = p - y[:, None]
    scores = (gap.real**2 + gap.imag**2).mean(-1)
    best = scores.argmin(-1)
    slope = np.zeros_like(gap)
    for b, k in enumerate(best):
        slope[b, k] = 2 * gap[b, k] / gap.shape[2] / gap.shape[0]
    return [float(scores.min(1).mean()), np.stack([slope.real, slope.imag], -1)]


# %% right: take along the axis
def best_of(paths, target):
    squares = ((paths - target[:, np.newaxis]) ** 2).sum(-1).mean(-1)
    k = np.argmin(squares, axis=1)[:, None]
    loss = np.take_along_axis(squares, k, 1).mean()
    gradient = np.zeros_like(paths)
    winners = np.take_along_axis(paths, k[:, :, None, None], 1)
    slope = 2 * (winners - target[:, None]) / target.shape[0] / target.shape[1]
    np.put_along_axis(gradient, k[:, :, None, None], slope, 1)
    return loss, gradient


# %% wrong: mean over the guesses
def best_of(paths, target):
    gap = paths - target[:, None]
    batch, k, future, _ = paths.shape
    return (gap**2).sum(3).mean(), 2 * gap / (batch * k * future)


# %% wrong: summed coordinates
def best_of(paths, target):
    gap = paths - target[:, None]
    d = np.abs(gap).sum(3).mean(2)
    rows, best = np.arange(len(paths)), d.argmin(1)
    gradient = np.zeros_like(paths)
    gradient[rows, best] = 2 * gap[rows, best] / (len(paths) * paths.shape[2])
    return (gap[rows, best] ** 2).sum(2).mean(), gradient


# %% wrong: one winner for the batch
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3).mean(2)
    k = d.mean(0).argmin()
    gradient = np.zeros_like(paths)
    gradient[:, k] = 2 * gap[:, k] / (len(paths) * paths.shape[2])
    return d[:, k].mean(), gradient


# %% wrong: ties share
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3).mean(2)
    winner = d == d.min(1, keepdims=True)
    share = winner / winner.sum(1, keepdims=True)
    return d.min(1).mean(), 2 * gap * share[:, :, None, None] / (len(paths) * paths.shape[2])


# %% wrong: the last of equal guesses
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3).mean(2)
    k = d.shape[1] - 1 - d[:, ::-1].argmin(1)
    rows = np.arange(len(paths))
    gradient = np.zeros_like(paths)
    gradient[rows, k] = 2 * gap[rows, k] / (len(paths) * paths.shape[2])
    return d.min(1).mean(), gradient


# %% wrong: the gradient is not divided by the batch
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3).mean(2)
    rows, best = np.arange(len(paths)), d.argmin(1)
    gradient = np.zeros_like(paths)
    gradient[rows, best] = 2 * gap[rows, best] / paths.shape[2]
    return d.min(1).mean(), gradient


# %% wrong: the gradient is not divided by the times
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3).mean(2)
    rows, best = np.arange(len(paths)), d.argmin(1)
    gradient = np.zeros_like(paths)
    gradient[rows, best] = gap[rows, best] / len(paths)
    return d.min(1).mean(), gradient


# %% wrong: the gradient goes to all guesses
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3).mean(2)
    return d.min(1).mean(), 2 * gap / (len(paths) * paths.shape[2])


# %% wrong: the other sign
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3).mean(2)
    rows, best = np.arange(len(paths)), d.argmin(1)
    gradient = np.zeros_like(paths)
    gradient[rows, best] = -2 * gap[rows, best] / (len(paths) * paths.shape[2])
    return d.min(1).mean(), gradient


# %% wrong: a winner at every time
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3)  # (batch, guesses, times)
    best = d.argmin(1)
    winner = np.arange(d.shape[1])[None, :, None] == best[:, None]
    return d.min(1).mean(), 2 * gap * winner[..., None] / (len(paths) * paths.shape[2])


# %% wrong: the winner is nearest at the end
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3)
    rows, best = np.arange(len(paths)), d[:, :, -1].argmin(1)
    gradient = np.zeros_like(paths)
    gradient[rows, best] = 2 * gap[rows, best] / (len(paths) * paths.shape[2])
    return d.mean(2)[rows, best].mean(), gradient


# %% wrong: distances, not their squares
def best_of(paths, target):
    gap = paths - target[:, None]
    d = np.sqrt((gap**2).sum(3)).mean(2)
    rows, best = np.arange(len(paths)), d.argmin(1)
    gradient = np.zeros_like(paths)
    gradient[rows, best] = 2 * gap[rows, best] / (len(paths) * paths.shape[2])
    return d.min(1).mean(), gradient


# %% wrong: the winner by mean distance, its loss by squares
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3)
    rows, best = np.arange(len(paths)), np.sqrt(d).mean(2).argmin(1)
    gradient = np.zeros_like(paths)
    gradient[rows, best] = 2 * gap[rows, best] / (len(paths) * paths.shape[2])
    return d.mean(2)[rows, best].mean(), gradient


# %% wrong: the paths become their gaps
def best_of(paths, target):
    paths -= target[:, None]
    d = (paths**2).sum(3).mean(2)
    rows, best = np.arange(len(paths)), d.argmin(1)
    gradient = np.zeros_like(paths)
    gradient[rows, best] = 2 * paths[rows, best] / (len(paths) * paths.shape[2])
    return d.min(1).mean(), gradient


# %% wrong: the loss of one winner for all, the gradient of each
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3).mean(2)
    rows, best = np.arange(len(paths)), d.argmin(1)
    gradient = np.zeros_like(paths)
    gradient[rows, best] = 2 * gap[rows, best] / (len(paths) * paths.shape[2])
    return d.mean(0).min(), gradient


# %% wrong: one guess competes with nobody and is not taught
def best_of(paths, target):
    gap = paths - target[:, None]
    d = (gap**2).sum(3).mean(2)
    gradient = np.zeros_like(paths)
    if paths.shape[1] > 1:
        rows, best = np.arange(len(paths)), d.argmin(1)
        gradient[rows, best] = 2 * gap[rows, best] / (len(paths) * paths.shape[2])
    return d.min(1).mean(), gradient
