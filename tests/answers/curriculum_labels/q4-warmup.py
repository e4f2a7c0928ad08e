# %% right: plain Python
def normalised(counts, images, warm_up=True):
    counts = [int(c) for c in counts]
    below = max(counts)
    if warm_up:
        below = max(below, images - sum(counts))
    return np.array([c / below if below > 0 else 0.0 for c in counts])


# %% right: two cases, as in the algorithm
def normalised(counts, images, warm_up=True):
    unused = images - np.sum(counts)
    if not np.any(counts):
        return np.zeros(counts.shape)
    if warm_up and counts.max() < unused:
        return counts / unused
    return counts / counts.max()


# %% right: where
def normalised(counts, images, warm_up=True):
    below = np.maximum(counts.max(), images - counts.sum() if warm_up else 0)
    return np.divide(counts, below, out=np.zeros(len(counts)), where=below > 0)


# %% wrong: N in place of the unused ones
def normalised(counts, images, warm_up=True):
    below = max(counts.max(), images) if warm_up else counts.max()
    return counts / max(below, 1)


# %% wrong: 0 / 0 without warm-up
def normalised(counts, images, warm_up=True):
    below = max(counts.max(), images - counts.sum()) if warm_up else counts.max()
    return counts / below


# %% wrong: warm-up as long as anything is unused
def normalised(counts, images, warm_up=True):
    unused = images - counts.sum()
    below = unused if warm_up and unused > 0 else counts.max()
    return counts / max(below, 1)


# %% wrong: the unused ones alone
def normalised(counts, images, warm_up=True):
    unused = images - counts.sum()
    if warm_up and (unused > counts.max() or unused == 0):
        return counts / unused if unused else np.full(len(counts), np.nan)
    return counts / max(counts.max(), 1)


# %% wrong: no warm-up at all
def normalised(counts, images, warm_up=True):
    return counts / max(counts.max(), 1)


# %% wrong: always warm-up
def normalised(counts, images, warm_up=True):
    return counts / max(counts.max(), images - counts.sum(), 1)


# %% wrong: the slide's formula without its minus
def normalised(counts, images, warm_up=True):
    below = max(counts.max(), images * counts.sum()) if warm_up else counts.max()
    return counts / max(below, 1)


# %% wrong: the smaller of the two
def normalised(counts, images, warm_up=True):
    below = min(counts.max(), images - counts.sum()) if warm_up else counts.max()
    return counts / max(below, 1)


# %% wrong: the largest first
def normalised(counts, images, warm_up=True):
    below = max(counts.max(), images - counts.sum()) if warm_up else counts.max()
    return np.sort(counts)[::-1] / max(below, 1)
