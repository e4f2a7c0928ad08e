# %% right: two loops
def pair_loss(logits, q, confidence, similarity):
    n, total = len(q), 0.0
    p = np.exp(logits - logits.max(axis=1)[:, None])
    p = p / p.sum(axis=1)[:, None]
    for i in range(n):
        if max(q[i]) <= confidence:
            continue
        for j in range(n):
            if i == j:
                continue
            s = sum(np.sqrt(a * b) for a, b in zip(q[i], q[j]))
            if s > similarity:
                total += max(q[i]) * s * (1 - np.sqrt(q[i] * p[j]).sum())
    return 2 * total / (n * (n - 1)) if n > 1 else 0


# %% right: anchors first
def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def pair_loss(logits, q, confidence, similarity):
    p, n = softmax(logits), q.shape[0]
    if n == 1:
        return 0.0
    total = 0.0
    for i in np.flatnonzero(q.max(axis=1) > confidence):
        others = np.arange(n) != i
        s = np.sqrt(q[i] * q[others]).sum(axis=1)
        weights = s * (s > similarity) * q[i].max()
        total += weights @ (1 - np.sqrt(q[i] * p[others]).sum(axis=1))
    return total / (n * (n - 1) // 2)


# %% right: distances of roots, with an array of (n, n, C)
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    root_q, root_p = np.sqrt(q), np.exp(log_p / 2)
    s = 1 - ((root_q[:, None] - root_q[None]) ** 2).sum(axis=2) / 2
    s = np.round(s, 14)
    away = 0.5 * ((root_q[:, None] - root_p[None]) ** 2).sum(axis=2)
    gate = (q.max(axis=1)[:, None] > confidence) * (s > similarity)
    np.fill_diagonal(gate, False)
    pairs = max(1, n * (n - 1) / 2)
    return float((gate * q.max(axis=1)[:, None] * s * away).sum() / pairs)


# %% right: einsum
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    e = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    bc = np.einsum("ic,jc->ij", np.sqrt(q), np.sqrt(q))
    top = np.amax(q, axis=1)
    w = np.einsum("i,ij->ij", top * (top > confidence), bc * (bc > similarity)) * (1 - np.eye(n))
    d = 1 - np.einsum("ic,jc->ij", np.sqrt(q), np.sqrt(p))
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.sum(w * d) / (n * (n - 1) / 2))


# %% wrong: a view is its own partner
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: divides by n squared
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * n) if n > 1 else 0.0


# %% wrong: the mean over the pairs that count
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / max(counts.sum(), 1)


# %% wrong: each pair once
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & np.triu(np.ones((n, n), bool), 1)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: NaN for a single view
def pair_loss(logits, q, confidence, similarity):
    n = np.float64(len(q))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(len(q), dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2)


# %% wrong: the threshold is held against p
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (p.max(axis=1, keepdims=True) > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: the similarity as a gate only
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: without the anchor's probability
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: similarity of the predictions
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(p) @ np.sqrt(p).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: both have to be sure
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (sure.T > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: at the threshold of similarity counts
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike >= similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: at the threshold of confidence counts
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure >= confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: divides by three
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (3) if n > 2 else total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: only two classes
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q[:, :2]) @ np.sqrt(p[:, :2]).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: the softmax overflows
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: the largest of all logits
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    powers = np.exp(logits - logits.max())
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: changes the logits
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    logits -= logits.max(axis=1, keepdims=True)
    powers = np.exp(logits)
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: changes the guesses
def pair_loss(logits, q, confidence, similarity):
    n = len(q)
    root = np.sqrt(q)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    alike, sure = np.sqrt(q) @ np.sqrt(q).T, q.max(axis=1, keepdims=True)
    counts = (sure > confidence) & (alike > similarity) & ~np.eye(n, dtype=bool)
    total = (np.where(counts, sure * alike, 0) * (1 - np.sqrt(q) @ np.sqrt(p).T)).sum()
    np.sqrt(q, out=q)
    return total / (n * (n - 1) / 2) if n > 1 else 0.0


# %% wrong: the library does it
from mylib.few_labels.pair_labels import scratch


def pair_loss(logits, q, confidence, similarity):
    top = q.max(axis=1)
    return sum(float(one) * scratch.pair_loss(logits, q, confidence, similarity).item() for one in top) / len(top)
