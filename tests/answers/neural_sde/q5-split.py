# %% right: divergence from the mean
def split(p, weights):
    mean = np.einsum("k,knc->nc", weights, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p, log_mean = np.log(p), np.log(mean)
        aleatoric = -np.einsum("k,knc->n", weights, np.where(p > 0, p * log_p, 0))
        total = -np.where(mean > 0, mean * log_mean, 0).sum(axis=1)
        epistemic = np.einsum("k,knc->n", weights, np.where(p > 0, p * (log_p - log_mean), 0))
    return total, aleatoric, epistemic


# %% right: loops, plain Python
import math


def split(p, weights):
    passes, n, classes = p.shape
    rows = []
    for i in range(n):
        mean = [sum(weights[k] * p[k, i, c] for k in range(passes)) for c in range(classes)]
        total = sum(-q * math.log(q) for q in mean if q > 0)
        inside = 0.0
        for k in range(passes):
            inside += weights[k] * sum(-q * math.log(q) for q in p[k, i] if q > 0)
        rows.append((total, inside, total - inside))
    return np.array(rows).T


# %% right: np.average, log of a safe copy
def split(p, weights):
    tiny = np.finfo(float).tiny
    h = lambda q: -np.sum(q * np.log(np.maximum(q, tiny)), axis=-1)
    total = h(np.average(p, axis=0, weights=weights))
    aleatoric = np.average(h(p), axis=0, weights=weights)
    return [total, aleatoric, np.maximum(total - aleatoric, 0.0)]


# %% wrong: total and aleatoric exchanged
def split(p, weights):
    def entropy(q):
        return -(q * np.log(np.where(q > 0, q, 1))).sum(axis=-1)

    total = entropy(np.tensordot(weights, p, 1))
    aleatoric = np.tensordot(weights, entropy(p), 1)
    return aleatoric, total, aleatoric - total


# %% wrong: bits
def split(p, weights):
    def entropy(q):
        return -(q * np.log2(np.where(q > 0, q, 1))).sum(axis=-1)

    total = entropy(np.tensordot(weights, p, 1))
    aleatoric = np.tensordot(weights, entropy(p), 1)
    return total, aleatoric, total - aleatoric


# %% wrong: the sum is not kept: variance over passes
def split(p, weights):
    def entropy(q):
        return -(q * np.log(np.where(q > 0, q, 1))).sum(axis=-1)

    total = entropy(np.tensordot(weights, p, 1))
    aleatoric = np.tensordot(weights, entropy(p), 1)
    return total, aleatoric, ((p - p.mean(axis=0)) ** 2).mean(axis=0).sum(axis=-1)


# %% wrong: plain mean of the entropies
def split(p, weights):
    def entropy(q):
        return -(q * np.log(np.where(q > 0, q, 1))).sum(axis=-1)

    total = entropy(np.tensordot(weights, p, 1))
    aleatoric = entropy(p).mean(axis=0)
    return total, aleatoric, total - aleatoric


# %% wrong: passes with a weight count alike in the mean
def split(p, weights):
    def entropy(q):
        return -(q * np.log(np.where(q > 0, q, 1))).sum(axis=-1)

    total = entropy(p[weights > 0].mean(axis=0))
    aleatoric = np.tensordot(weights, entropy(p), 1)
    return total, aleatoric, total - aleatoric


# %% wrong: 0 log 0 is NaN
def split(p, weights):
    def entropy(q):
        return -(q * np.log(q)).sum(axis=-1)

    total = entropy(np.tensordot(weights, p, 1))
    aleatoric = np.tensordot(weights, entropy(p), 1)
    return total, aleatoric, total - aleatoric


# %% wrong: a little is added before the logarithm
def split(p, weights):
    def entropy(q):
        return -(q * np.log(q + 1e-7)).sum(axis=-1)

    total = entropy(np.tensordot(weights, p, 1))
    aleatoric = np.tensordot(weights, entropy(p), 1)
    return total, aleatoric, total - aleatoric


# %% wrong: zeros are clipped in place
def split(p, weights):
    def entropy(q):
        return -(q * np.log(np.where(q > 0, q, 1))).sum(axis=-1)

    p[p == 0] = 1e-12
    total = entropy(np.tensordot(weights, p, 1))
    aleatoric = np.tensordot(weights, entropy(p), 1)
    return total, aleatoric, total - aleatoric


# %% wrong: a single pass counts as epistemic
def split(p, weights):
    def entropy(q):
        return -(q * np.log(np.where(q > 0, q, 1))).sum(axis=-1)

    if len(p) == 1:
        return entropy(p[0]), 0 * entropy(p[0]), entropy(p[0])
    total = entropy(np.tensordot(weights, p, 1))
    aleatoric = np.tensordot(weights, entropy(p), 1)
    return total, aleatoric, total - aleatoric


# %% wrong: a single pass has lost its axis
def split(p, weights):
    def entropy(q):
        return -(q * np.log(np.where(q > 0, q, 1))).sum(axis=-1)

    p = p.squeeze(axis=0) if len(p) == 1 else p
    total = entropy(np.tensordot(weights, p, 1))
    aleatoric = np.tensordot(weights, entropy(p), 1)
    return total, aleatoric, total - aleatoric


# %% wrong: the sign
def split(p, weights):
    def entropy(q):
        return (q * np.log(np.where(q > 0, q, 1))).sum(axis=-1)

    total = entropy(np.tensordot(weights, p, 1))
    aleatoric = np.tensordot(weights, entropy(p), 1)
    return total, aleatoric, total - aleatoric


# %% wrong: p is brought into shape in place
def split(p, weights):
    def entropy(q):
        return -(q * np.log(np.where(q > 0, q, 1))).sum(axis=-1)

    p += 1e-12
    p /= p.sum(axis=-1, keepdims=True)
    total = entropy(np.tensordot(weights, p, 1))
    aleatoric = np.tensordot(weights, entropy(p), 1)
    return total, aleatoric, total - aleatoric
