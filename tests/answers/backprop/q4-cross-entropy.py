# %% right: one example at a time
def cross_entropy(scores, labels):
    total = 0.0
    for row, label in zip(scores, labels):
        top = row.max()
        total += top + np.log(np.exp(row - top).sum()) - row[label]
    return total / len(labels)


def cross_entropy_gradient(scores, labels):
    result = np.empty(scores.shape)
    for k, (row, label) in enumerate(zip(scores, labels)):
        powers = np.exp(row - row.max())
        result[k] = powers / powers.sum()
        result[k, label] -= 1
    return result / len(labels)


# %% right: with one-hot labels
def log_probabilities(scores):
    shifted = scores - scores.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def cross_entropy(scores, labels):
    y = np.eye(scores.shape[1])[labels]
    return -(y * log_probabilities(scores)).sum() / len(scores)


def cross_entropy_gradient(scores, labels):
    y = np.eye(scores.shape[1])[labels]
    return (np.exp(log_probabilities(scores)) - y) / len(scores)


# %% right: logaddexp and take_along_axis
def cross_entropy(scores, labels):
    log_sum = np.logaddexp.reduce(scores, axis=1)
    at_label = np.take_along_axis(scores, labels[:, None], axis=1)[:, 0]
    return float(np.mean(log_sum - at_label))


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    return (p - (labels[:, None] == np.arange(scores.shape[1]))) / labels.size


# %% right: calls the softmax of question 3
def cross_entropy(scores, labels):
    top = scores.max(axis=1)
    log_sum = np.log(np.exp(scores - top[:, None]).sum(axis=1))
    return (log_sum + top - scores[np.arange(len(labels)), labels]).mean()


def cross_entropy_gradient(scores, labels):
    slopes = softmax(scores)
    slopes[range(len(labels)), labels] -= 1
    return slopes / len(labels)


# %% wrong: the sum instead of the mean
def cross_entropy(scores, labels):
    log_sum = np.logaddexp.reduce(scores, axis=1)
    return (log_sum - scores[np.arange(len(labels)), labels]).sum()


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


# %% wrong: the gradient without 1/N
def cross_entropy(scores, labels):
    log_sum = np.logaddexp.reduce(scores, axis=1)
    return (log_sum - scores[np.arange(len(labels)), labels]).mean()


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    p[np.arange(len(labels)), labels] -= 1
    return p


# %% wrong: the logarithm of a probability that underflows
def cross_entropy(scores, labels):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(labels)), labels]).mean()


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


# %% wrong: the gradient changes the scores in place
def cross_entropy(scores, labels):
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    p[np.arange(len(labels)), labels] -= 1
    scores[:] = p / len(labels)
    return scores


# %% wrong: the sign of the gradient
def cross_entropy(scores, labels):
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    return (np.eye(scores.shape[1])[labels] - p) / len(labels)


# %% wrong: PyTorch does it
def cross_entropy(scores, labels):
    return torch.nn.functional.cross_entropy(torch.tensor(scores), torch.tensor(labels)).item()


def cross_entropy_gradient(scores, labels):
    x = torch.tensor(scores, requires_grad=True)
    torch.nn.functional.cross_entropy(x, torch.tensor(labels)).backward()
    return x.grad.numpy()


# %% wrong: the maximum of the whole batch
def cross_entropy(scores, labels):
    shifted = scores - scores.max()
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


# %% wrong: subtracts the mean of the row
def cross_entropy(scores, labels):
    shifted = scores - scores.mean(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


# %% wrong: clips the probability
def cross_entropy(scores, labels):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(labels)), labels] + 1e-12).mean()


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


# %% wrong: numbers the classes that occur
def cross_entropy(scores, labels):
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    columns = np.unique(labels, return_inverse=True)[1]
    return -log_p[np.arange(len(labels)), columns].mean()


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


# %% wrong: the gradient divided by the number of classes
def cross_entropy(scores, labels):
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    p[np.arange(len(labels)), labels] -= 1
    return p / p.shape[1]


# %% wrong: one-hot labels up to the largest label
def cross_entropy(scores, labels):
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_gradient(scores, labels):
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    return (p - np.eye(labels.max() + 1)[labels]) / len(labels)


# %% wrong: the gradient by the maximum of the whole batch
def cross_entropy(scores, labels):
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_gradient(scores, labels):
    powers = np.exp(scores - scores.max())
    p = powers / powers.sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)
