# %% right: loops
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    total = 0.0
    for i, row in enumerate(lengths):
        for k, length in enumerate(row):
            there = labels[i] == k if np.ndim(labels) == 1 else labels[i, k] == 1
            if there:
                total += max(0.0, m_plus - length) ** 2
            else:
                total += weight * max(0.0, length - m_minus) ** 2
    return total / len(lengths)


# %% right: one-hot rows and the formula as it stands
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    T = np.eye(lengths.shape[1])[labels] if labels.ndim == 1 else labels.astype(float)
    L = T * np.clip(m_plus - lengths, 0, None) ** 2 + weight * (1 - T) * np.clip(lengths - m_minus, 0, None) ** 2
    return float(np.mean(np.sum(L, axis=1)))


# %% right: picks and masks
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    mask = np.zeros(lengths.shape, bool)
    if len(labels.shape) == 1:
        mask[np.arange(len(labels)), labels] = True
    else:
        mask = labels.astype(bool)
    short, long = m_plus - lengths[mask], lengths[~mask] - m_minus
    return ((short[short > 0] ** 2).sum() + weight * (long[long > 0] ** 2).sum()) / lengths.shape[0]


# %% wrong: no square
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    there = labels if labels.ndim == 2 else labels[:, None] == np.arange(lengths.shape[1])
    losses = np.where(there, np.maximum(0, m_plus - lengths), weight * np.maximum(0, lengths - m_minus))
    return losses.sum(axis=1).mean()


# %% wrong: the mean over the classes too
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    there = labels if labels.ndim == 2 else labels[:, None] == np.arange(lengths.shape[1])
    hinges = np.where(there, m_plus - lengths, lengths - m_minus)
    return (np.maximum(hinges, 0) ** 2 * np.where(there, 1, weight)).mean()


# %% wrong: the weight on the class that is there
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    there = labels if labels.ndim == 2 else labels[:, None] == np.arange(lengths.shape[1])
    hinges = np.where(there, m_plus - lengths, lengths - m_minus)
    return (np.maximum(hinges, 0) ** 2 * np.where(there, weight, 1)).sum(axis=1).mean()


# %% wrong: no hinge
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    there = labels if labels.ndim == 2 else labels[:, None] == np.arange(lengths.shape[1])
    hinges = np.where(there, m_plus - lengths, lengths - m_minus)
    return (hinges**2 * np.where(there, 1, weight)).sum(axis=1).mean()


# %% wrong: the paper's margins whatever is given
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    there = labels if labels.ndim == 2 else labels[:, None] == np.arange(lengths.shape[1])
    hinges = np.where(there, 0.9 - lengths, lengths - 0.1)
    return (np.maximum(hinges, 0) ** 2 * np.where(there, 1, 0.5)).sum(axis=1).mean()


# %% wrong: every image gets the label of the first
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    there = np.zeros(lengths.shape)
    if labels.ndim == 2:
        there[:] = labels
    elif m_plus == 0.9:
        there[:, labels[0]] = 1
    else:
        there[np.arange(len(labels)), labels] = 1
    hinges = np.where(there, m_plus - lengths, lengths - m_minus)
    return (np.maximum(hinges, 0) ** 2 * np.where(there, 1, weight)).sum(axis=1).mean()


# %% wrong: of several classes the first one counts
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    empty = labels.ndim == 2 and (labels.sum(axis=1) == 0)
    names = labels.argmax(axis=1) if labels.ndim == 2 else labels
    there = names[:, None] == np.arange(lengths.shape[1])
    if labels.ndim == 2:
        there[empty] = False
    hinges = np.where(there, m_plus - lengths, lengths - m_minus)
    return (np.maximum(hinges, 0) ** 2 * np.where(there, 1, weight)).sum(axis=1).mean()


# %% wrong: an image without a class counts for class 0
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    if labels.ndim == 2:
        there = labels.astype(bool)
        there[~there.any(axis=1), 0] = True
    else:
        there = labels[:, None] == np.arange(lengths.shape[1])
    hinges = np.where(there, m_plus - lengths, lengths - m_minus)
    return (np.maximum(hinges, 0) ** 2 * np.where(there, 1, weight)).sum(axis=1).mean()


# %% wrong: the kind of labels is told by their number
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    T = np.eye(lengths.shape[1])[labels] if labels.size == lengths.shape[0] else labels
    up, down = np.maximum(0, m_plus - lengths), np.maximum(0, lengths - m_minus)
    return (T * up**2 + weight * (1 - T) * down**2).sum(axis=1).mean()


# %% wrong: one margin is made from the other
def margin(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    T = np.eye(lengths.shape[1])[labels] if labels.ndim == 1 else labels
    up, down = np.maximum(0, m_plus - lengths), np.maximum(0, lengths - (1 - m_plus))
    return (T * up**2 + weight * (1 - T) * down**2).sum(axis=1).mean()
