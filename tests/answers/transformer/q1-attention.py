# %% right: one query at a time
def attention(Q, K, V, mask=None):
    lead, n, m = Q.shape[:-2], Q.shape[-2], K.shape[-2]
    allowed = np.broadcast_to(True if mask is None else mask, (*lead, n, m))
    result = np.zeros((*lead, n, V.shape[-1]))
    for place in np.ndindex(*lead, n):
        head, row = place[:-1], place[-1]
        seen = np.flatnonzero(allowed[place])
        if not len(seen):
            continue
        scores = K[head][seen] @ Q[head][row] / math.sqrt(Q.shape[-1])
        weights = np.exp(scores - scores.max())
        result[place] = weights / weights.sum() @ V[head][seen]
    return result


# %% right: einsum, and a large negative number with the weights cut afterwards
def attention(Q, K, V, mask=None):
    scores = np.einsum("...nd,...md->...nm", Q, K) * Q.shape[-1] ** -0.5
    allowed = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    scores = np.where(allowed, scores, np.finfo(float).min)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True)) * allowed
    sums = weights.sum(axis=-1, keepdims=True)
    weights = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    return np.einsum("...nm,...me->...ne", weights, V)


# %% right: by the logarithm of the sum
def attention(Q, K, V, mask=None):
    scores = Q / np.sqrt(Q.shape[-1]) @ K.swapaxes(-2, -1)
    if mask is None:
        mask = np.ones(scores.shape, bool)
    mask = np.broadcast_to(mask, scores.shape)
    some = mask.any(axis=-1, keepdims=True)
    safe = np.where(mask | ~some, scores, -np.inf)
    top = safe.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(safe - top).sum(axis=-1, keepdims=True)) + top
    return np.where(some, np.exp(safe - log_sum), 0) @ V


# %% wrong: divides by d, not by its root
def attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / Q.shape[-1]
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isneginf(top), 0, top))
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V


# %% wrong: softmax over the queries
def attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    top = scores.max(axis=-2, keepdims=True)
    weights = np.exp(scores - np.where(np.isneginf(top), 0, top))
    total = weights.sum(axis=-2, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V


# %% wrong: the mask the other way round, as PyTorch's MultiheadAttention has it
def attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    if mask is not None:
        scores = np.where(mask, -np.inf, scores)
    top = scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isneginf(top), 0, top))
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V


# %% wrong: powers that overflow
def attention(Q, K, V, mask=None):
    weights = np.exp(Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1]))
    if mask is not None:
        weights = weights * mask
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V


# %% wrong: one matrix only
def attention(Q, K, V, mask=None):
    scores = Q @ K.T / np.sqrt(Q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isneginf(top), 0, top))
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V


# %% wrong: looks for the largest score before it masks
def attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    if mask is not None:
        weights = weights * mask
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V


# %% wrong: one largest score for all queries
def attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    mask = np.broadcast_to(True if mask is None else mask, scores.shape)
    top = scores[mask].max() if mask.any() else 0
    weights = np.exp(np.where(mask, scores - top, -np.inf))
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V


# %% wrong: minus a billion is not low enough
def attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    mask = np.broadcast_to(True if mask is None else mask, scores.shape)
    scores = np.where(mask, scores, -1e9)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return np.where(mask.any(axis=-1, keepdims=True), weights, 0) @ V


# %% wrong: the NaN of a blind query is mended afterwards
def attention(Q, K, V, mask=None):
    if mask is not None and not np.any(mask):
        return np.zeros((*Q.shape[:-1], V.shape[-1]))
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.nan_to_num(weights / weights.sum(axis=-1, keepdims=True)) @ V


# %% wrong: zeros only where all queries are blind
def attention(Q, K, V, mask=None):
    if mask is not None and not np.any(mask):
        return np.zeros((*Q.shape[:-1], V.shape[-1]))
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, np.finfo(float).min)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ V


# %% wrong: divides by 2, the root of the d that is shown
def attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / 2
    mask = np.broadcast_to(True if mask is None else mask, scores.shape)
    top = np.max(scores, axis=-1, keepdims=True, where=mask, initial=-np.finfo(float).max)
    weights = np.exp(scores - top, where=mask, out=np.zeros_like(scores))
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V


# %% wrong: takes the mask of the first matrix for all
def attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    if mask is not None:
        mask = np.broadcast_to(mask, scores.shape)
        if mask.ndim == 4:
            mask = mask[:1, :1]
    mask = np.broadcast_to(True if mask is None else mask, scores.shape)
    top = np.max(scores, axis=-1, keepdims=True, where=mask, initial=-np.finfo(float).max)
    weights = np.exp(scores - top, where=mask, out=np.zeros_like(scores))
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V


# %% wrong: picks scores by a mask of another shape
def attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    if mask is not None:
        scores[~mask] = -np.inf
    top = scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isneginf(top), 0, top))
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V


# %% wrong: divides the queries in place
def attention(Q, K, V, mask=None):
    Q /= np.sqrt(Q.shape[-1])
    scores = Q @ np.swapaxes(K, -1, -2)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isneginf(top), 0, top))
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V


# %% wrong: subtracts the largest score only where it is above 0
def attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    mask = np.broadcast_to(True if mask is None else mask, scores.shape)
    top = np.max(scores, axis=-1, keepdims=True, where=mask, initial=0)
    weights = np.exp(scores - top, where=mask, out=np.zeros_like(scores))
    some = mask.any(axis=-1, keepdims=True)
    return np.divide(weights, weights.sum(axis=-1, keepdims=True), where=some, out=np.zeros_like(scores)) @ V


# %% wrong: matrix by matrix, with the first axis of the mask taken for the first axis of Q
def attention(Q, K, V, mask=None):
    if Q.ndim > 2:
        masks = mask if mask is not None and mask.ndim > 2 else [mask] * len(Q)
        return np.stack([attention(Q[k], K[k], V[k], masks[k]) for k in range(len(Q))])
    scores = Q @ K.T / np.sqrt(Q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isneginf(top), 0, top))
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ V
