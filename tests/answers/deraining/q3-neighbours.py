# %% right: a latent at a time
def near_and_far(likeness, own, count):
    near, far = [], []
    for row, itself in zip(likeness, own):
        others = [i for i in range(len(row)) if i != itself]
        near.append(sorted(others, key=lambda i: -row[i])[:count])
        far.append(sorted(others, key=lambda i: row[i])[:count])
    return np.array(near), np.array(far)


# %% right: copies with infinity, then a stable sort
def near_and_far(likeness, own, count):
    rows = np.flatnonzero(own >= 0)
    close, away = -likeness.astype(float), likeness.astype(float).copy()
    close[rows, own[rows]] = np.inf
    away[rows, own[rows]] = np.inf
    return close.argsort(axis=1, kind="stable")[:, :count], away.argsort(axis=1, kind="stable")[:, :count]


# %% right: lexsort, the own one last
def near_and_far(likeness, own, count):
    near = np.empty((len(own), count), int)
    far = np.empty((len(own), count), int)
    numbers = np.arange(likeness.shape[1])
    for a in range(len(own)):
        itself = numbers == own[a]
        near[a] = np.lexsort((numbers, -likeness[a], itself))[:count]
        far[a] = np.lexsort((numbers, likeness[a], itself))[:count]
    return near, far


# %% right: pick the best and cross it out
def near_and_far(likeness, own, count):
    results = []
    for sign in (1.0, -1.0):
        left = sign * likeness
        for a, i in enumerate(own):
            if i != -1:
                left[a, i] = -np.inf
        chosen = []
        for _ in range(count):
            best = left.argmax(axis=1)
            chosen.append(best)
            left[np.arange(len(left)), best] = -np.inf
        results.append(np.stack(chosen, axis=1))
    return results


# %% wrong: the smallest for the nearest
def near_and_far(likeness, own, count):
    itself = np.arange(likeness.shape[1]) == own[:, None]
    far, near = (np.argsort(np.where(itself, np.inf, s * likeness), axis=1, kind="stable")[:, :count] for s in (-1, 1))
    return near, far


# %% wrong: itself is kept
def near_and_far(likeness, own, count):
    order = [np.argsort(sign * likeness, axis=1, kind="stable")[:, :count] for sign in (-1, 1)]
    return order[0], order[1]


# %% wrong: itself is left out of the near ones only
def near_and_far(likeness, own, count):
    itself = np.arange(likeness.shape[1]) == own[:, None]
    near = np.argsort(np.where(itself, np.inf, -likeness), axis=1, kind="stable")[:, :count]
    return near, np.argsort(likeness, axis=1, kind="stable")[:, :count]


# %% wrong: itself is left out of the far ones only
def near_and_far(likeness, own, count):
    itself = np.arange(likeness.shape[1]) == own[:, None]
    far = np.argsort(np.where(itself, np.inf, likeness), axis=1, kind="stable")[:, :count]
    return np.argsort(-likeness, axis=1, kind="stable")[:, :count], far


# %% wrong: the first of the near ones is taken for itself, always
def near_and_far(likeness, own, count):
    near = np.argsort(-likeness, axis=1, kind="stable")[:, 1 : count + 1]
    return near, np.argsort(likeness, axis=1, kind="stable")[:, :count]


# %% wrong: -1 leaves out the last one
def near_and_far(likeness, own, count):
    rows = np.arange(len(own))
    close, away = -likeness, likeness.copy()
    close[rows, own] = np.inf
    away[rows, own] = np.inf
    return close.argsort(axis=1, kind="stable")[:, :count], away.argsort(axis=1, kind="stable")[:, :count]


# %% wrong: -1 leaves out the last one of the near ones
def near_and_far(likeness, own, count):
    rows = np.arange(len(own))
    close = -likeness
    close[rows, own] = np.inf
    away = np.where(np.arange(likeness.shape[1]) == own[:, None], np.inf, likeness)
    return close.argsort(axis=1, kind="stable")[:, :count], away.argsort(axis=1, kind="stable")[:, :count]


# %% wrong: the sorted row from behind, so that of equals the last comes first
def near_and_far(likeness, own, count):
    itself = np.arange(likeness.shape[1]) == own[:, None]
    near = np.argsort(np.where(itself, -np.inf, likeness), axis=1, kind="stable")[:, ::-1][:, :count]
    return near, np.argsort(np.where(itself, np.inf, likeness), axis=1, kind="stable")[:, :count]


# %% wrong: the far ones from the end of the near ones' order
def near_and_far(likeness, own, count):
    itself = np.arange(likeness.shape[1]) == own[:, None]
    order = np.argsort(np.where(itself, np.inf, -likeness), axis=1, kind="stable")
    far = []
    for row, i in zip(order, own):
        row = row[row != i]
        far.append(row[::-1][:count])
    return order[:, :count], np.array(far)


# %% wrong: itself gets kernel 0
def near_and_far(likeness, own, count):
    itself = np.arange(likeness.shape[1]) == own[:, None]
    near = np.argsort(-np.where(itself, 0.0, likeness), axis=1, kind="stable")[:, :count]
    far = np.argsort(np.where(itself, np.inf, likeness), axis=1, kind="stable")[:, :count]
    return near, far


# %% wrong: itself gets kernel -1 among the near ones
def near_and_far(likeness, own, count):
    itself = np.arange(likeness.shape[1]) == own[:, None]
    near = np.argsort(-np.where(itself, -0.3, likeness), axis=1, kind="stable")[:, :count]
    far = np.argsort(np.where(itself, np.inf, likeness), axis=1, kind="stable")[:, :count]
    return near, far


# %% wrong: itself gets kernel 1.1 among the far ones
def near_and_far(likeness, own, count):
    itself = np.arange(likeness.shape[1]) == own[:, None]
    near = np.argsort(np.where(itself, np.inf, -likeness), axis=1, kind="stable")[:, :count]
    far = np.argsort(np.where(itself, 1.1, likeness), axis=1, kind="stable")[:, :count]
    return near, far


# %% wrong: the first latent's exception for all
def near_and_far(likeness, own, count):
    numbers = np.array([i for i in range(likeness.shape[1]) if i != own[0]])
    rest = likeness[:, numbers]
    near = numbers[np.argsort(-rest, axis=1, kind="stable")[:, :count]]
    return near, numbers[np.argsort(rest, axis=1, kind="stable")[:, :count]]


# %% wrong: the kernels in place of their numbers
def near_and_far(likeness, own, count):
    itself = np.arange(likeness.shape[1]) == own[:, None]
    near, far = (np.sort(np.where(itself, np.inf, s * likeness), axis=1)[:, :count] for s in (-1, 1))
    return -near, far


# %% wrong: numbers as fractions
def near_and_far(likeness, own, count):
    itself = np.arange(likeness.shape[1]) == own[:, None]
    near, far = (np.argsort(np.where(itself, np.inf, s * likeness), axis=1, kind="stable")[:, :count] for s in (-1, 1))
    return near * 1.0, far * 1.0


# %% wrong: writes into the kernel
def near_and_far(likeness, own, count):
    likeness *= -1
    itself = np.arange(likeness.shape[1]) == own[:, None]
    near, far = (np.argsort(np.where(itself, np.inf, s * likeness), axis=1, kind="stable")[:, :count] for s in (1, -1))
    return near, far


# %% wrong: PyTorch sorts
import torch


def near_and_far(likeness, own, count):
    itself = np.arange(likeness.shape[1]) == own[:, None]
    order = [torch.tensor(np.where(itself, np.inf, s * likeness)).sort(dim=1, stable=True) for s in (-1, 1)]
    return order[0].indices[:, :count].numpy(), order[1].indices[:, :count].numpy()


# %% wrong: infinities are written into the kernels
def near_and_far(likeness, own, count):
    rows = np.flatnonzero(own >= 0)
    likeness[rows, own[rows]] = -np.inf
    near = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
    likeness[rows, own[rows]] = np.inf
    return near, np.argsort(likeness, axis=1, kind="stable")[:, :count]
