# %% right: plain Python, one example at a time
import math


def pieces(row, label):
    top = max(row)
    powers = [math.exp(v - top) for v in row]
    total = sum(powers)
    p = [v / total for v in powers]
    log_pt = row[label] - top - math.log(total)
    rest = sum(v for k, v in enumerate(p) if k != label)
    return p, log_pt, rest


def focal(logits, labels, alpha, gamma):
    result = []
    for row, label in zip(logits, labels):
        _, log_pt, rest = pieces(row, label)
        result.append(-alpha[label] * rest**gamma * log_pt)
    return np.array(result)


def focal_gradient(logits, labels, alpha, gamma):
    result = np.zeros(logits.shape)
    for i, (row, label) in enumerate(zip(logits, labels)):
        p, log_pt, rest = pieces(row, label)
        for k in range(len(row)):
            share = p[k] / rest if rest > 0 else 1 / (len(row) - 1)  # of the rivals' probability
            inner = gamma * p[label] * rest**gamma * log_pt
            if k == label:
                result[i, k] = alpha[label] * (inner - rest ** (gamma + 1))
            else:
                result[i, k] = -alpha[label] * (inner * share - rest**gamma * p[k])
    return result


# %% right: expm1 of the logarithm, and zero where nothing is missing
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def focal(logits, labels, alpha, gamma):
    log_pt = np.take_along_axis(log_softmax(logits), labels[:, None], 1)[:, 0]
    return -alpha[labels] * (-np.expm1(log_pt)) ** gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    log_p = log_softmax(logits)
    log_pt = log_p[np.arange(len(labels)), labels]
    missing = -np.expm1(log_pt)
    factor = np.zeros(len(labels))
    some = missing > 0
    m, l = missing[some], log_pt[some]
    factor[some] = gamma * np.exp(l) * m ** (gamma - 1) * l - m**gamma
    return (alpha[labels] * factor)[:, None] * (np.eye(logits.shape[1])[labels] - np.exp(log_p))


# %% right: one minus p where that is above 0, branches for gamma 0
def chances(logits, labels):
    z = logits - logits.max(axis=1)[:, None]
    p = np.exp(z) / np.exp(z).sum(axis=1)[:, None]
    rows = np.arange(len(labels))
    return p, p[rows, labels], z[rows, labels] - np.log(np.exp(z).sum(axis=1))


def focal(logits, labels, alpha, gamma):
    _, pt, log_pt = chances(logits, labels)
    return -alpha[labels] * (1 - pt) ** gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, pt, log_pt = chances(logits, labels)
    onehot = np.zeros_like(p)
    onehot[np.arange(len(labels)), labels] = 1
    if gamma == 0:
        return alpha[labels][:, None] * (p - onehot)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = gamma * pt * (1 - pt) ** (gamma - 1.0) * log_pt - (1 - pt) ** gamma
    inner = np.where(pt == 1, 0.0, inner)
    return (alpha[labels] * inner)[:, None] * (onehot - p)


# %% right: the margin of the rivals, and the chain rule through it
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    rivals = logits.copy()
    rivals[np.arange(len(labels)), labels] = -np.inf
    shares = np.exp(rivals - np.logaddexp.reduce(rivals, axis=1)[:, None])
    shares[np.arange(len(labels)), labels] = -1
    by_margin = alpha[labels] * missing**gamma * (missing - gamma * np.exp(log_pt) * log_pt)
    return by_margin[:, None] * shares


# %% wrong: one number for the batch
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return (-alpha[labels] * missing**gamma * log_pt).mean()


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    safe = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * safe ** (gamma - 1) * log_pt - safe**gamma)
    own = np.arange(p.shape[1]) == labels[:, None]
    return factor[:, None] * np.where(own, safe[:, None], -p)


# %% wrong: alpha inside the power
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -((alpha[labels] * missing) ** gamma) * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    safe = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * safe ** (gamma - 1) * log_pt - safe**gamma)
    own = np.arange(p.shape[1]) == labels[:, None]
    return factor[:, None] * np.where(own, safe[:, None], -p)


# %% wrong: p_t to the power instead of 1 - p_t
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, _ = parts(logits, labels)
    return -alpha[labels] * np.exp(log_pt) ** gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    safe = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * safe ** (gamma - 1) * log_pt - safe**gamma)
    own = np.arange(p.shape[1]) == labels[:, None]
    return factor[:, None] * np.where(own, safe[:, None], -p)


# %% wrong: gamma multiplies instead of being a power
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * gamma * missing * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    safe = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * safe ** (gamma - 1) * log_pt - safe**gamma)
    own = np.arange(p.shape[1]) == labels[:, None]
    return factor[:, None] * np.where(own, safe[:, None], -p)


# %% wrong: alpha and 1 - alpha of the binary form
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    weight = np.where(labels == 1, alpha[1], 1 - alpha[1])
    return -weight * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    safe = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * safe ** (gamma - 1) * log_pt - safe**gamma)
    own = np.arange(p.shape[1]) == labels[:, None]
    return factor[:, None] * np.where(own, safe[:, None], -p)


# %% wrong: the logarithm of a probability that rounds to 0
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    p, _, missing = parts(logits, labels)
    with np.errstate(divide="ignore"):
        return -alpha[labels] * missing**gamma * np.log(p[np.arange(len(labels)), labels])


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    safe = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * safe ** (gamma - 1) * log_pt - safe**gamma)
    own = np.arange(p.shape[1]) == labels[:, None]
    return factor[:, None] * np.where(own, safe[:, None], -p)


# %% wrong: a clipped probability
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    p, _, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * np.log(np.clip(p[np.arange(len(labels)), labels], 1e-7, 1))


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    safe = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * safe ** (gamma - 1) * log_pt - safe**gamma)
    own = np.arange(p.shape[1]) == labels[:, None]
    return factor[:, None] * np.where(own, safe[:, None], -p)


# %% wrong: whole powers only
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing ** int(gamma) * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    safe = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * safe ** (gamma - 1) * log_pt - safe**gamma)
    own = np.arange(p.shape[1]) == labels[:, None]
    return factor[:, None] * np.where(own, safe[:, None], -p)


# %% wrong: logits are shifted in place
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    logits -= logits.max(axis=1, keepdims=True)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    safe = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * safe ** (gamma - 1) * log_pt - safe**gamma)
    own = np.arange(p.shape[1]) == labels[:, None]
    return factor[:, None] * np.where(own, safe[:, None], -p)


# %% wrong: the factor counts as a constant
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    missing = np.maximum(missing, 1e-300)
    factor = -alpha[labels] * missing**gamma
    return factor[:, None] * (np.eye(p.shape[1])[labels] - p)


# %% wrong: the sign is turned
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    missing = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * missing ** (gamma - 1) * log_pt - missing**gamma)
    return factor[:, None] * (p - np.eye(p.shape[1])[labels])


# %% wrong: the gradient of the mean
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    missing = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * missing ** (gamma - 1) * log_pt - missing**gamma)
    return factor[:, None] * (np.eye(p.shape[1])[labels] - p) / len(labels)


# %% wrong: p_t is forgotten in the derivative of the factor
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    missing = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * missing ** (gamma - 1) * log_pt - missing**gamma)
    return factor[:, None] * (np.eye(p.shape[1])[labels] - p)


# %% wrong: only the entry of the label
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    missing = np.maximum(missing, 1e-300)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * missing ** (gamma - 1) * log_pt - missing**gamma)
    return factor[:, None] * np.eye(p.shape[1])[labels] * (1 - p)


# %% wrong: weights are left out of the gradient
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    missing = np.maximum(missing, 1e-300)
    factor = gamma * np.exp(log_pt) * missing ** (gamma - 1) * log_pt - missing**gamma
    return factor[:, None] * (np.eye(p.shape[1])[labels] - p)


# %% wrong: whole powers only in the gradient
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    missing = np.maximum(missing, 1e-300)
    gamma = int(gamma)
    factor = alpha[labels] * (gamma * np.exp(log_pt) * missing ** (gamma - 1) * log_pt - missing**gamma)
    return factor[:, None] * (np.eye(p.shape[1])[labels] - p)


# %% wrong: an infinite power times zero at certainty
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, _ = parts(logits, labels)
    pt = p[np.arange(len(labels)), labels]
    with np.errstate(all="ignore"):
        factor = alpha[labels] * (gamma * pt * (1 - pt) ** (gamma - 1) * np.log(np.maximum(pt, 5e-324)) - (1 - pt) ** gamma)
    if gamma == 0:
        factor = -alpha[labels]
    return factor[:, None] * (np.eye(p.shape[1])[labels] - p)


# %% wrong: zero wherever a probability has rounded
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    p, log_pt, missing = parts(logits, labels)
    pt = np.clip(p[np.arange(len(labels)), labels], 1e-12, 1 - 1e-12)
    factor = alpha[labels] * (gamma * pt * (1 - pt) ** (gamma - 1) * np.log(pt) - (1 - pt) ** gamma)
    sure = (p[np.arange(len(labels)), labels] < 1e-12) | (missing < 1e-12)
    return np.where(sure, 0, factor)[:, None] * (np.eye(p.shape[1])[labels] - p)


# %% wrong: differences with a wide step
def parts(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rivals = logits.copy()
    rivals[rows, labels] = -np.inf
    margin = np.logaddexp.reduce(rivals, axis=1) - logits[rows, labels]
    return p, -np.logaddexp(0, margin), np.exp(-np.logaddexp(0, -margin))


def focal(logits, labels, alpha, gamma):
    _, log_pt, missing = parts(logits, labels)
    return -alpha[labels] * missing**gamma * log_pt


def focal_gradient(logits, labels, alpha, gamma):
    result, step = np.zeros(logits.shape), 0.05
    for k in range(logits.shape[1]):
        move = step * np.eye(logits.shape[1])[k]
        up, down = (focal(logits + s * move, labels, alpha, gamma) for s in (1, -1))
        result[:, k] = (up - down) / (2 * step)
    return result
