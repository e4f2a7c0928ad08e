# %% right: loops and plain numbers
import math


def class_weights(labels, classes):
    result = [0.0] * classes
    for k in range(classes):
        count = sum(1 for label in labels if label == k)
        if count:
            result[k] = len(labels) / (classes * count)
    return np.array(result)


def balanced(logits, labels, alpha):
    total = 0.0
    for row, label in zip(logits, labels):
        top = max(row)
        total += alpha[label] * (top + math.log(sum(math.exp(v - top) for v in row)) - row[label])
    return total / len(labels)


# %% right: logaddexp and errstate
def class_weights(labels, classes):
    counts = (labels[:, None] == np.arange(classes)).sum(axis=0)
    with np.errstate(divide="ignore"):
        weights = labels.size / (classes * counts)
    weights[counts == 0] = 0
    return weights


def balanced(logits, labels, alpha):
    log_total = np.logaddexp.reduce(logits, axis=1)
    own = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return float(np.mean(alpha[labels] * (log_total - own)))


# %% right: unique classes and one-hot codes
def class_weights(labels, classes):
    names, counts = np.unique(labels, return_counts=True)
    weights = np.zeros(classes)
    weights[names] = labels.shape[0] / classes / counts
    return weights


def balanced(logits, labels, alpha):
    codes = np.eye(logits.shape[1])[labels]
    z = logits - np.max(logits, axis=-1)[:, np.newaxis]
    log_p = z - np.log(np.sum(np.exp(z), axis=-1))[:, np.newaxis]
    return -np.einsum("ik,ik,k->", codes, log_p, alpha) / len(logits)


# %% wrong: a class without a label has an infinite weight
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    with np.errstate(divide="ignore"):
        return len(labels) / (classes * counts)


def balanced(logits, labels, alpha):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(alpha[labels] * log_p[np.arange(len(labels)), labels]).mean()


# %% wrong: counts as many classes as occur
def class_weights(labels, classes):
    counts = np.bincount(labels)
    present = (counts > 0).sum()
    return np.where(counts > 0, len(labels) / (present * np.maximum(counts, 1)), 0.0)


def balanced(logits, labels, alpha):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(alpha[labels] * log_p[np.arange(len(labels)), labels]).mean()


# %% wrong: a class without a label counts as one label
def class_weights(labels, classes):
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    return len(labels) / (classes * counts)


def balanced(logits, labels, alpha):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(alpha[labels] * log_p[np.arange(len(labels)), labels]).mean()


# %% wrong: inverse counts without n and K
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, 1 / np.maximum(counts, 1), 0.0)


def balanced(logits, labels, alpha):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(alpha[labels] * log_p[np.arange(len(labels)), labels]).mean()


# %% wrong: the frequency instead of its inverse
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return classes * counts / len(labels)


def balanced(logits, labels, alpha):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(alpha[labels] * log_p[np.arange(len(labels)), labels]).mean()


# %% wrong: n over n_k, K forgotten
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / np.maximum(counts, 1), 0.0)


def balanced(logits, labels, alpha):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(alpha[labels] * log_p[np.arange(len(labels)), labels]).mean()


# %% wrong: weights that sum to K
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    weights = np.where(counts > 0, 1 / np.maximum(counts, 1), 0.0)
    return weights / weights.sum() * classes


def balanced(logits, labels, alpha):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(alpha[labels] * log_p[np.arange(len(labels)), labels]).mean()


# %% wrong: divides by the sum of the weights
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 0.0)


def balanced(logits, labels, alpha):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    each = -alpha[labels] * log_p[np.arange(len(labels)), labels]
    return each.sum() / alpha[labels].sum()


# %% wrong: a sum instead of the mean
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 0.0)


def balanced(logits, labels, alpha):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(alpha[labels] * log_p[np.arange(len(labels)), labels]).sum()


# %% wrong: weights multiply the logits
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 0.0)


def balanced(logits, labels, alpha):
    shifted = logits * alpha
    shifted = shifted - shifted.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean()


# %% wrong: the weight of the likeliest class
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 0.0)


def balanced(logits, labels, alpha):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(alpha[logits.argmax(axis=1)] * log_p[np.arange(len(labels)), labels]).mean()


# %% wrong: the mean over all entries of the matrix
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 0.0)


def balanced(logits, labels, alpha):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(np.eye(len(alpha))[labels] * alpha * log_p).mean()


# %% wrong: the largest logit of the whole batch
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 0.0)


def balanced(logits, labels, alpha):
    powers = np.exp(logits - logits.max())
    p = powers / (powers.sum(axis=1, keepdims=True) + 1e-300)
    top = logits[np.arange(len(labels)), labels] - logits.max()
    log_p = top - np.log(powers.sum(axis=1) + 1e-300)
    return -(alpha[labels] * log_p).mean()


# %% wrong: the logarithm of a clipped probability
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 0.0)


def balanced(logits, labels, alpha):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    return -(alpha[labels] * np.log(p[np.arange(len(labels)), labels] + 1e-12)).mean()


# %% wrong: the logarithm of a probability that rounds to 0
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 0.0)


def balanced(logits, labels, alpha):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        return -(alpha[labels] * np.log(p[np.arange(len(labels)), labels])).mean()


# %% wrong: two classes only
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 0.0)


def balanced(logits, labels, alpha):
    margin = (logits[:, 1] - logits[:, 0]) * (1 - 2 * labels)
    return (alpha[labels] * np.logaddexp(0, margin)).mean()


# %% wrong: the logits are shifted in place
def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 0.0)


def balanced(logits, labels, alpha):
    logits -= logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -(alpha[labels] * log_p[np.arange(len(labels)), labels]).mean()
