# %% right: line by line
def flexmatch_step(q, positions, remembered, tau):
    classes = q.shape[1]
    sigma = [int((remembered == c).sum()) for c in range(classes)]
    unused = int((remembered == -1).sum())
    bars = []
    for c in range(classes):
        beta = sigma[c] / unused if max(sigma) < unused else sigma[c] / max(sigma)
        bars.append(beta / (2 - beta) * tau)
    after = [int(u) for u in remembered]
    used = []
    for row, n in zip(q, positions):
        c = int(row.argmax())
        used.append(bool(row[c] > bars[c]))
        if row[c] > tau:
            after[int(n)] = c
    return np.array(bars), np.array(used), np.array(after)


# %% right: with helpers
def _bars(remembered, classes, tau):
    counts = (remembered[:, None] == np.arange(classes)).sum(axis=0)
    most = max(counts.max(), len(remembered) - counts.sum())
    x = counts / most if most else np.zeros(classes)
    return tau * x / (2 - x)


def flexmatch_step(q, positions, remembered, tau):
    bars = _bars(remembered, q.shape[1], tau)
    best = np.argmax(q, axis=1)
    top = q[np.arange(len(q)), best]
    after = np.array(remembered)
    np.put(after, positions[top > tau], best[top > tau])
    return bars, top > np.take(bars, best), after


# %% right: the last sure guess of each image from a dictionary
def flexmatch_step(q, positions, remembered, tau):
    values, counts = np.unique(np.append(remembered, np.arange(-1, q.shape[1])), return_counts=True)
    counts = counts - 1
    x = counts[1:] / max(counts.max(), 1)
    bars = x * tau / (2 - x)
    best, top = q.argmax(1), q.max(1)
    last = {int(n): int(c) for n, c, p in zip(positions, best, top) if p > tau}
    after = np.array([last.get(n, int(u)) for n, u in enumerate(remembered)])
    return bars, np.greater(top, bars[best]), after


# %% wrong: thresholds after the update
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    after = remembered.copy()
    after[positions[top > tau]] = best[top > tau]
    counts = np.bincount(after + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    return bars, top > bars[best], after


# %% wrong: what falls below tau is erased
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    after = remembered.copy()
    after[positions] = np.where(top > tau, best, -1)
    return bars, top > bars[best], after


# %% wrong: remembered by T and not by tau
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    used = top > bars[best]
    after = remembered.copy()
    after[positions[used]] = best[used]
    return bars, used, after


# %% wrong: only what is used is remembered, and an unsure guess erases in batches of three
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    after = remembered.copy()
    sure = top > tau
    if not sure.any() and len(q) > 1:
        after[positions] = np.where(remembered[positions] == best, best, -1)
    after[positions[sure]] = best[sure]
    return bars, top > bars[best], after


# %% wrong: used if above tau, as in FixMatch
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    after = remembered.copy()
    after[positions[top > tau]] = best[top > tau]
    return bars, top > tau, after


# %% wrong: without warm-up
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)[1:]
    x = counts / max(counts.max(), 1)
    bars = x / (2 - x) * tau
    after = remembered.copy()
    after[positions[top > tau]] = best[top > tau]
    return bars, top > bars[best], after


# %% wrong: the first sure guess stays
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    after = remembered.copy()
    sure = np.flatnonzero(top > tau)[::-1]
    after[positions[sure]] = best[sure]
    return bars, top > bars[best], after


# %% wrong: the last guess decides, sure or not
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    after = remembered.copy()
    for n, row in dict(zip(positions.tolist(), range(len(q)))).items():
        if top[row] > tau:
            after[n] = best[row]
    return bars, top > bars[best], after


# %% wrong: the surest guess stays
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    after = remembered.copy()
    order = np.argsort(top)
    order = order[top[order] > tau]
    after[positions[order]] = best[order]
    return bars, top > bars[best], after


# %% wrong: at tau remembered as well
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    after = remembered.copy()
    after[positions[top >= tau]] = best[top >= tau]
    return bars, top > bars[best], after


# %% wrong: nothing is used before something is remembered
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    after = remembered.copy()
    after[positions[top > tau]] = best[top > tau]
    return bars, (top > bars[best]) & (remembered.max() >= 0), after


# %% wrong: the threshold of the class that is remembered
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    after = remembered.copy()
    after[positions[top > tau]] = best[top > tau]
    own = np.where((remembered[positions] >= 0) & (len(q) > 5), remembered[positions], best)
    return bars, top > bars[own], after


# %% wrong: the argument is changed
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    remembered[positions[top > tau]] = best[top > tau]
    return bars, top > bars[best], remembered


# %% wrong: at the threshold used as well
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / counts.max()
    bars = x / (2 - x) * tau
    after = remembered.copy()
    after[positions[top > tau]] = best[top > tau]
    return bars, top >= bars[best], after


# %% wrong: the last of several equal ones
def flexmatch_step(q, positions, remembered, tau):
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    beta = counts[1:] / counts.max()
    bars = beta / (2 - beta) * tau
    last, top = q.shape[1] - 1 - q[:, ::-1].argmax(axis=1), q.max(axis=1)
    after = remembered.copy()
    after[positions[top > tau]] = last[top > tau]
    return bars, top > bars[last], after


# %% right: what is sure is used as well, since no bar is above tau
def flexmatch_step(q, positions, remembered, tau):
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    beta = counts[1:] / max(counts[1:].max(), counts[0])
    bars = beta / (2 - beta) * tau
    best, top = q.argmax(axis=1), q.max(axis=1)
    after = remembered.copy()
    for n, c, m in zip(positions, best, top):
        if m > tau:
            after[n] = c
    return bars, np.array([m > bars[c] or m > tau for m, c in zip(top, best)]), after


# %% wrong: the unused ones alone
def flexmatch_step(q, positions, remembered, tau):
    best, top = q.argmax(1), q.max(1)
    counts = np.bincount(remembered + 1, minlength=q.shape[1] + 1)
    x = counts[1:] / max(counts[0], counts[1:].max() if counts[0] else 3 * len(remembered))
    bars = x / (2 - x) * tau
    after = remembered.copy()
    after[positions[top > tau]] = best[top > tau]
    return bars, top > bars[best], after
