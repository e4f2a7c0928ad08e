# %% right: loops over windows and heads
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    d = dim // heads
    result = np.zeros((n, tokens, dim))
    for i in range(n):
        for h in range(heads):
            part = slice(h * d, (h + 1) * d)
            scores = q[i, :, part] @ k[i, :, part].T / d**0.5 + bias[h]
            scores[~mask[i % len(mask)]] = -np.inf
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            result[i, :, part] = weights @ v[i, :, part] / weights.sum(axis=1, keepdims=True)
    return result


# %% right: einsum, windows and maps as two axes
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    windows = mask.shape[0]
    q, k, v = (x.reshape(n // windows, windows, tokens, heads, -1) for x in (q, k, v))
    scores = np.einsum("bwqhd,bwkhd->bwhqk", q, k) * (dim / heads) ** -0.5 + bias
    scores = scores + np.where(mask, 0, -np.inf)[None, :, None]
    scores = scores - scores.max(-1, keepdims=True)
    e = np.exp(scores)
    return np.einsum("bwhqk,bwkhd->bwqhd", e / e.sum(-1, keepdims=True), v).reshape(n, tokens, dim)


# %% right: heads split off, masks tiled
def window_attention(q, k, v, heads, bias, mask):
    def split(x):
        return np.stack(np.split(x, heads, axis=2), axis=1)

    q, k, v = split(q), split(k), split(v)
    seen = np.tile(mask, (len(q) // len(mask), 1, 1))[:, None]
    scores = np.matmul(q, np.swapaxes(k, -1, -2)) / np.sqrt(q.shape[-1]) + bias[None]
    top = np.max(scores, axis=-1, keepdims=True, where=seen, initial=-np.inf)
    e = np.exp(np.minimum(scores - top, 0)) * seen
    y = np.matmul(e / e.sum(axis=-1, keepdims=True), v)
    return np.concatenate(list(np.moveaxis(y, 1, 0)), axis=-1)


# %% wrong: the bias before the scaling
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = (q @ k.transpose(0, 1, 3, 2) + bias) / np.sqrt(dim // heads)
    scores = np.where(mask[np.arange(n) % len(mask)][:, None], scores, -np.inf)
    w = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (w / w.sum(axis=-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: the mask after the softmax
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim // heads) + bias
    w = np.exp(scores - scores.max(axis=-1, keepdims=True))
    w = w / w.sum(axis=-1, keepdims=True) * mask[np.arange(n) % len(mask)][:, None]
    return (w @ v).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: heads before windows
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, heads, tokens, dim // heads) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim // heads) + bias
    scores = np.where(mask[np.arange(n) % len(mask)][:, None], scores, -np.inf)
    w = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (w / w.sum(axis=-1, keepdims=True) @ v).reshape(n, tokens, dim)


# %% wrong: each mask for the windows of all maps that follow each other
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim // heads) + bias
    scores = np.where(np.repeat(mask, n // len(mask), axis=0)[:, None], scores, -np.inf)
    w = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (w / w.sum(axis=-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: the root of all channels
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim) + bias
    scores = np.where(mask[np.arange(n) % len(mask)][:, None], scores, -np.inf)
    w = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (w / w.sum(axis=-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: no scaling
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) + bias
    scores = np.where(mask[np.arange(n) % len(mask)][:, None], scores, -np.inf)
    w = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (w / w.sum(axis=-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: exp of the scores as they are
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim // heads) + bias
    scores = np.where(mask[np.arange(n) % len(mask)][:, None], scores, -np.inf)
    w = np.exp(scores)
    return (w / w.sum(axis=-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: scores clipped to what exp can take
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = np.clip(q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim // heads) + bias, -50, 50)
    w = np.exp(scores) * mask[np.arange(n) % len(mask)][:, None]
    return (w / w.sum(axis=-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: the largest score of the whole batch
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim // heads) + bias
    scores = np.where(mask[np.arange(n) % len(mask)][:, None], scores, -np.inf)
    w = np.exp(scores - scores.max())
    return (w / w.sum(axis=-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: the largest score before the mask
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim // heads) + bias
    w = np.exp(scores - scores.max(axis=-1, keepdims=True)) * mask[np.arange(n) % len(mask)][:, None]
    return (w / w.sum(axis=-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: 100 less for what may not be seen
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim // heads) + bias
    scores = scores + np.where(mask[np.arange(n) % len(mask)][:, None], 0, -100)
    w = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (w / w.sum(axis=-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: the softmax over queries
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim // heads) + bias
    scores = np.where(mask[np.arange(n) % len(mask)][:, None], scores, -np.inf)
    w = np.exp(scores - scores.max(axis=-2, keepdims=True))
    return (w / w.sum(axis=-2, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: scales q in place
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q *= (dim // heads) ** -0.5
    q += 0.0 * q + 1e-9
    a, b, c = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = a @ b.transpose(0, 1, 3, 2) + bias
    scores = np.where(mask[np.arange(n) % len(mask)][:, None], scores, -np.inf)
    w = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (w / w.sum(axis=-1, keepdims=True) @ c).transpose(0, 2, 1, 3).reshape(n, tokens, dim)


# %% wrong: forgets to put the heads beside each other
def window_attention(q, k, v, heads, bias, mask):
    n, tokens, dim = q.shape
    q, k, v = (x.reshape(n, tokens, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dim // heads) + bias
    scores = np.where(mask[np.arange(n) % len(mask)][:, None], scores, -np.inf)
    w = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (w / w.sum(axis=-1, keepdims=True) @ v).reshape(n, tokens, dim)
