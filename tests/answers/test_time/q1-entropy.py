# %% right: log-softmax, then sums
def entropy_and_slope(logits):
    z = np.asarray(logits, dtype=np.float64)
    m = z.max(axis=1, keepdims=True)
    log_p = z - m - np.log(np.sum(np.exp(z - m), axis=1, keepdims=True))
    p = np.exp(log_p)
    h = -np.einsum("nc,nc->n", p, log_p)
    return h, -p * (log_p + h[:, None]) / z.shape[0]


# %% right: a loop over images, 0 log 0 left out
def entropy_and_slope(logits):
    entropies, slopes = [], []
    for row in logits:
        e = np.exp(row - np.max(row))
        p = e / e.sum()
        logs = np.array([np.log(q) if q > 0 else 0.0 for q in p])
        h = -np.sum(p * logs)
        entropies.append(h)
        slopes.append([-q * (l + h) for q, l in zip(p, logs)])
    return np.array(entropies), np.array(slopes) / len(logits)


# %% right: a tiny number added before the logarithm
def entropy_and_slope(logits):
    e = np.exp(logits - logits.max(1)[:, None])
    p = e / e.sum(1)[:, None]
    log_p = np.log(p + 1e-300)
    h = -(p * log_p).sum(1)
    return h, -p * (log_p + h.reshape(-1, 1)) / len(p)


# %% wrong: in bits
def entropy_and_slope(logits):
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = (z - np.log(np.exp(z).sum(axis=1, keepdims=True))) / np.log(2)
    p = 2**log_p
    h = -(p * log_p).sum(axis=1)
    return h, -p * (log_p + h[:, None]) / len(logits)


# %% wrong: the slope of the sum
def entropy_and_slope(logits):
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    h = -(p * log_p).sum(axis=1)
    return h, -p * (log_p + h[:, None])


# %% wrong: the entropy of two classes
def entropy_and_slope(logits):
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    whole = -(p * log_p).sum(axis=1)
    h = -(p[:, 0] * log_p[:, 0] + p[:, 1] * log_p[:, 1])
    return h, -p * (log_p + whole[:, None]) / len(logits)


# %% wrong: the slope for two classes
def entropy_and_slope(logits):
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    h = -(p * log_p).sum(axis=1)
    return h, -p * p[:, ::-1] * (z - z[:, ::-1]) / len(logits)


# %% wrong: the maximum of the whole batch
def entropy_and_slope(logits):
    z = logits - logits.max()
    e = np.exp(z)
    log_p = z - np.log(e.sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    h = -(p * log_p).sum(axis=1)
    return h, -p * (log_p + h[:, None]) / len(logits)


# %% wrong: 0 log 0 in the entropy
def entropy_and_slope(logits):
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    h = -(p * log_p).sum(axis=1)
    return -(p * np.log(p)).sum(axis=1), -p * (log_p + h[:, None]) / len(logits)


# %% wrong: 0 log 0 in the slope
def entropy_and_slope(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    h = -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(axis=1)
    return h, -p * (np.log(p) + h[:, None]) / len(logits)


# %% wrong: something added to p
def entropy_and_slope(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    log_p = np.log(p + 1e-9)
    h = -(p * log_p).sum(axis=1)
    return h, -p * (log_p + h[:, None]) / len(logits)


# %% wrong: written into an array of the logits' type
def entropy_and_slope(logits):
    p, log_p = np.zeros_like(logits), np.zeros_like(logits)
    for i, row in enumerate(logits):
        e = np.exp(row - row.max())
        p[i], log_p[i] = e / e.sum(), row - row.max() - np.log(e.sum())
    h = -(p * log_p).sum(axis=1)
    return h, -p * (log_p + h[:, None]) / len(logits)


# %% wrong: a single entropy is a number
def entropy_and_slope(logits):
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    h = -(p * log_p).sum(axis=1)
    return np.squeeze(h), -p * (log_p + h[:, None]) / len(logits)


# %% wrong: in place
def entropy_and_slope(logits):
    logits -= logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    h = -(p * log_p).sum(axis=1)
    return h, -p * (log_p + h[:, None]) / len(logits)


# %% wrong: PyTorch's gradient
def entropy_and_slope(logits):
    z = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    log_p = z.log_softmax(1)
    h = -(log_p.exp() * log_p).sum(1)
    h.mean().backward()
    return h.detach().numpy(), z.grad.numpy()


# %% wrong: logits clipped at 500
def entropy_and_slope(logits):
    z = np.clip(logits, -500, 500)
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    h = -(p * log_p).sum(axis=1)
    return h, -p * (log_p + h[:, None]) / len(logits)
