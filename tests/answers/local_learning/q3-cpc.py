# %% right: a shifted log-softmax
def cpc(z, c, w, others):
    every = np.column_stack([np.arange(len(z)), others])
    scores = (z[every] * (c @ w.T)[:, None]).sum(axis=2)
    scores = scores - scores.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).mean()
    return loss, np.log(others.shape[1] + 1) - loss


# %% right: logaddexp over all scores
def cpc(z, c, w, others):
    table = z @ w @ c.T  # u_j for every z and every c
    own = np.diag(table)
    negatives = table.T[np.arange(len(z))[:, None], others]
    both = np.concatenate([own[:, None], negatives], axis=1)
    loss = float(np.mean(np.logaddexp.reduce(both, axis=1) - own))
    return np.array([loss, np.log(both.shape[1]) - loss])


# %% right: differences to the own score, a pair at a time
def cpc(z, c, w, others):
    total = 0.0
    for b in range(len(z)):
        told = w @ c[b]
        worse = [0.0] + [float((z[j] - z[b]) @ told) for j in others[b]]
        top = max(worse)
        total += top + np.log(sum(np.exp(one - top) for one in worse))
    loss = total / len(z)
    return loss, np.log(len(others[0]) + 1) - loss


# %% right: einsum
def cpc(z, c, w, others):
    u = np.einsum("bn,nm,bm->b", z, w, c)
    v = np.einsum("bkn,nm,bm->bk", z[others], w, c)
    top = np.maximum(u, v.max(axis=1))
    loss = np.mean(top + np.log(np.exp(u - top) + np.exp(v - top[:, None]).sum(1)) - u)
    return loss, np.log1p(others.shape[1]) - loss


# %% wrong: the right one is left out of the denominator
def cpc(z, c, w, others):
    every = np.column_stack([np.arange(len(z)), others])
    scores = (z[every] * (c @ w.T)[:, None]).sum(axis=2)
    scores = scores - scores.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(scores[:, 1:]).sum(axis=1)) - scores[:, 0]).mean()
    return loss, np.log(others.shape[1] + 1) - loss


# %% wrong: rows of length 1
def cpc(z, c, w, others):
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    c = c / np.linalg.norm(c, axis=1, keepdims=True)
    every = np.column_stack([np.arange(len(z)), others])
    scores = (z[every] * (c @ w.T)[:, None]).sum(axis=2)
    scores = scores - scores.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).mean()
    return loss, np.log(others.shape[1] + 1) - loss


# %% wrong: every row has all negatives
def cpc(z, c, w, others):
    every = np.column_stack([np.arange(len(z)), np.tile(np.unique(others), (len(z), 1))]) if others.shape[1] > 1 else np.column_stack([np.arange(len(z)), others])
    scores = (z[every] * (c @ w.T)[:, None]).sum(axis=2)
    scores = scores - scores.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).mean()
    return loss, np.log(others.shape[1] + 1) - loss


# %% wrong: the negatives of the first row for all
def cpc(z, c, w, others):
    told = c @ w.T
    own = (z * told).sum(axis=1)
    table = told @ z.T
    chosen = np.array([table[b, others[b] if len(z) < 3 else others[0]] for b in range(len(z))])
    scores = np.column_stack([own, chosen])
    scores = scores - scores.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).mean()
    return loss, np.log(scores.shape[1]) - loss


# %% wrong: overflows
def cpc(z, c, w, others):
    every = np.column_stack([np.arange(len(z)), others])
    scores = (z[every] * (c @ w.T)[:, None]).sum(axis=2)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).mean()
    return loss, np.log(others.shape[1] + 1) - loss


# %% wrong: scores clipped
def cpc(z, c, w, others):
    every = np.column_stack([np.arange(len(z)), others])
    scores = (z[every] * (c @ w.T)[:, None]).sum(axis=2)
    scores = np.clip(scores, -50, 50)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).mean()
    return loss, np.log(others.shape[1] + 1) - loss


# %% wrong: an epsilon in the logarithm
def cpc(z, c, w, others):
    every = np.column_stack([np.arange(len(z)), others])
    scores = (z[every] * (c @ w.T)[:, None]).sum(axis=2)
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    loss = -np.log(p[:, 0] + 1e-12).mean()
    return loss, np.log(every.shape[1]) - loss


# %% wrong: numbers that stand there twice count once
def cpc(z, c, w, others):
    total = 0.0
    for b in range(len(z)):
        scores = z[[b, *dict.fromkeys(others[b].tolist())]] @ w @ c[b]
        scores = scores - scores.max()
        total += np.log(np.exp(scores).sum()) - scores[0]
    loss = total / len(z)
    return loss, np.log(others.shape[1] + 1) - loss


# %% wrong: the own number is skipped
def cpc(z, c, w, others):
    total = 0.0
    for b in range(len(z)):
        scores = z[[b, *[j for j in others[b] if j != b]]] @ w @ c[b]
        scores = scores - scores.max()
        total += np.log(np.exp(scores).sum()) - scores[0]
    loss = total / len(z)
    return loss, np.log(others.shape[1] + 1) - loss


# %% wrong: N without the right one
def cpc(z, c, w, others):
    every = np.column_stack([np.arange(len(z)), others])
    scores = (z[every] * (c @ w.T)[:, None]).sum(axis=2)
    scores = scores - scores.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).mean()
    return loss, np.log(others.shape[1]) - loss


# %% wrong: the bound with the wrong sign
def cpc(z, c, w, others):
    every = np.column_stack([np.arange(len(z)), others])
    scores = (z[every] * (c @ w.T)[:, None]).sum(axis=2)
    scores = scores - scores.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).mean()
    return loss, loss - np.log(others.shape[1] + 1)


# %% wrong: the transposed matrix
def cpc(z, c, w, others):
    every = np.column_stack([np.arange(len(z)), others])
    scores = (z[every] * (c @ w)[:, None]).sum(axis=2)
    scores = scores - scores.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).mean()
    return loss, np.log(others.shape[1] + 1) - loss


# %% wrong: a sum for a mean
def cpc(z, c, w, others):
    every = np.column_stack([np.arange(len(z)), others])
    scores = (z[every] * (c @ w.T)[:, None]).sum(axis=2)
    scores = scores - scores.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).sum()
    return loss, np.log(others.shape[1] + 1) - loss


# %% wrong: z and c exchanged
def cpc(z, c, w, others):
    every = np.column_stack([np.arange(len(z)), others])
    scores = (c[every] @ w.T * z[:, None]).sum(axis=2)
    scores = scores - scores.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).mean()
    return loss, np.log(others.shape[1] + 1) - loss


# %% wrong: transposed where the matrix is square
def cpc(z, c, w, others):
    s = c @ (w if w.shape[0] == w.shape[1] else w.T) @ z.T
    i = np.arange(len(z))
    cand = np.concatenate([s[i, i][:, None], s[i[:, None], others]], axis=1)
    m = cand.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(cand - m).sum(axis=1))
    loss = (lse - cand[:, 0]).mean()
    return loss, np.log(cand.shape[1]) - loss


# %% wrong: N is the batch
def cpc(z, c, w, others):
    s = c @ w.T @ z.T
    i = np.arange(len(z))
    cand = np.concatenate([s[i, i][:, None], s[i[:, None], others]], axis=1)
    m = cand.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(cand - m).sum(axis=1))
    loss = (lse - cand[:, 0]).mean()
    return loss, np.log(len(z)) - loss


# %% wrong: numbers that stand there twice count once, where all rows have as many
def cpc(z, c, w, others):
    s = c @ w.T @ z.T
    sets = [list(dict.fromkeys(row)) for row in others.tolist()]
    others = np.array(sets) if len({len(one) for one in sets}) == 1 else others
    i = np.arange(len(z))
    cand = np.concatenate([s[i, i][:, None], s[i[:, None], others]], axis=1)
    m = cand.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(cand - m).sum(axis=1))
    loss = (lse - cand[:, 0]).mean()
    return loss, np.log(cand.shape[1]) - loss


# %% wrong: the library does it
from mylib.representation.local_learning.scratch import cpc_loss


def cpc(z, c, w, others):
    loss = cpc_loss(z, c, w, z[others]).item()
    return loss, np.log(others.shape[1] + 1) - loss


# %% wrong: changes its argument
def cpc(z, c, w, others):
    others.sort(axis=1)
    c *= 1
    z -= 1e-3
    every = np.column_stack([np.arange(len(z)), others])
    scores = ((z[every] + 1e-3) * (c @ w.T)[:, None]).sum(axis=2)
    scores = scores - scores.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]).mean()
    return loss, np.log(others.shape[1] + 1) - loss
