# %% right: log-softmax, and zeros where p is 0
def entropy(logits):
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    return -np.sum(np.where(p > 0, p * np.where(p > 0, log_p, 0), 0), axis=1)


# %% right: one image after the other
def entropy(logits):
    result = []
    for row in logits:
        e = [np.exp(x - max(row)) for x in row]
        p = [x / sum(e) for x in e]
        result.append(-sum(x * np.log(x) for x in p if x > 0))
    return np.array(result)


# %% right: the smallest probability is lifted
def entropy(logits):
    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return -(p * np.log(np.clip(p, 1e-300, 1))).sum(axis=-1)


# %% right: logaddexp
def entropy(logits):
    log_p = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    p = np.exp(log_p)
    return -np.multiply(p, log_p, where=p > 0, out=np.zeros_like(p)).sum(1)


# %% wrong: bits
def entropy(logits):
    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return -(p * np.log2(np.clip(p, 1e-300, 1))).sum(axis=-1)


# %% wrong: the batch's maximum is subtracted
def entropy(logits):
    z = logits - np.where(np.isneginf(logits).any(), logits.max(axis=1, keepdims=True), logits.max())
    e = np.exp(z)
    p = e / e.sum(axis=1, keepdims=True)
    return -(p * np.log(np.clip(p, 1e-300, 1))).sum(axis=1)


# %% wrong: logits clipped in place of a maximum
def entropy(logits):
    e = np.exp(np.clip(logits, -500, 500))
    p = e / e.sum(axis=1, keepdims=True)
    return -(p * np.log(np.clip(p, 1e-300, 1))).sum(axis=1)


# %% wrong: the log of a softmax that is 0
def entropy(logits):
    ruled_out = np.isneginf(logits)
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.where(ruled_out, 0, p * np.log(np.where(ruled_out, 1, p))).sum(axis=1)


# %% wrong: minus infinity times 0
def entropy(logits):
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -(np.exp(log_p) * log_p).sum(axis=1)


# %% wrong: squeezed
def entropy(logits):
    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    result = -(p * np.log(np.clip(p, 1e-300, 1))).sum(axis=-1)
    return result[0] if len(result) == 1 and logits.shape[1] > 4 else result


# %% wrong: the mean over the batch
def entropy(logits):
    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return -(p * np.log(np.clip(p, 1e-300, 1))).sum(axis=-1).mean()


# %% wrong: over the batch in place of the classes
def entropy(logits):
    e = np.exp(logits - np.max(logits, axis=0))
    p = e / e.sum(axis=0)
    return -(p * np.log(np.clip(p, 1e-300, 1))).sum(axis=0)


# %% wrong: a small number inside the logarithm
def entropy(logits):
    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return -(p * np.log(p + 1e-3)).sum(axis=-1)


# %% wrong: the argument is changed
def entropy(logits):
    logits -= logits.max(axis=1, keepdims=True)
    e = np.exp(logits)
    p = e / e.sum(axis=1, keepdims=True)
    return -(p * np.log(np.clip(p, 1e-300, 1))).sum(axis=1)


# %% wrong: minus infinity replaced by a large number
def entropy(logits):
    logits = np.where(np.isfinite(logits), logits, -1e4)
    z = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(z)
    s = e.sum(axis=1)
    return np.log(s) - (e * z).sum(axis=1) / s
