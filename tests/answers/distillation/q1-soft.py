# %% right: plain Python, one example at a time
import math


def log_probabilities(row):
    top = max(row)
    total = math.log(sum(math.exp(v - top) for v in row))
    return [v - top - total for v in row]


def soft_loss(student, teacher, labels, temperature, weight):
    total = 0.0
    for s, t, y in zip(student.tolist(), teacher.tolist(), labels.tolist()):
        log_q = log_probabilities([v / temperature for v in s])
        log_p = log_probabilities([v / temperature for v in t])
        divergence = sum(math.exp(a) * (a - b) for a, b in zip(log_p, log_q))
        total += (1 - weight) * -log_probabilities(s)[y] + weight * temperature**2 * divergence
    return total / len(labels)


# %% right: logaddexp, and only where p is above 0
def soft_loss(student, teacher, labels, temperature, weight):
    def log_softmax(z):
        return z - np.logaddexp.reduce(z, axis=1, keepdims=True)

    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    p = np.exp(log_p)
    gaps = np.zeros_like(p)
    np.subtract(log_p, log_q, out=gaps, where=p > 0)
    n = len(student)
    hard = np.take_along_axis(log_softmax(student), labels[:, None], axis=1)
    return float(-(1 - weight) * hard.sum() / n + weight * temperature**2 * (p * gaps).sum() / n)


# %% right: cross-entropy with soft targets less their entropy
def soft_loss(student, teacher, labels, temperature, weight):
    def parts(z):
        z = z - z.max(axis=-1)[..., None]
        e = np.exp(z)
        s = e.sum(axis=-1)[..., None]
        return e / s, z - np.log(s)

    p, log_p = parts(teacher / temperature)
    _, log_q = parts(student / temperature)
    cross, entropy = -np.einsum("bk,bk->b", p, log_q), -np.einsum("bk,bk->b", p, log_p)
    one_hot = np.eye(student.shape[1])[labels]
    hard = -(one_hot * parts(student)[1]).sum(axis=1)
    return np.mean((1 - weight) * hard + weight * temperature**2 * (cross - entropy))


# %% wrong: no tau squared
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    hard = -log_softmax(student)[np.arange(len(labels)), labels].mean()
    return (1 - weight) * hard + weight * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()


# %% wrong: tau, not tau squared
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    hard = -log_softmax(student)[np.arange(len(labels)), labels].mean()
    return (1 - weight) * hard + weight * temperature * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()


# %% wrong: from student to teacher, as the slide writes it
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    hard = -log_softmax(student)[np.arange(len(labels)), labels].mean()
    return (1 - weight) * hard + weight * temperature**2 * (np.exp(log_q) * (log_q - log_p)).sum(axis=1).mean()


# %% wrong: the mean over classes too
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    hard = -log_softmax(student)[np.arange(len(labels)), labels].mean()
    return (1 - weight) * hard + weight * temperature**2 * (np.exp(log_p) * (log_p - log_q)).mean()


# %% wrong: the temperature in the cross-entropy too
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    hard = -log_q[np.arange(len(labels)), labels].mean()
    return (1 - weight) * hard + weight * temperature**2 * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()


# %% wrong: the two weights exchanged
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    hard = -log_softmax(student)[np.arange(len(labels)), labels].mean()
    return weight * hard + (1 - weight) * temperature**2 * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()


# %% wrong: a sum over the examples
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    hard = -log_softmax(student)[np.arange(len(labels)), labels].sum()
    return (1 - weight) * hard + weight * temperature**2 * (np.exp(log_p) * (log_p - log_q)).sum()


# %% wrong: the teacher without a temperature
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher), log_softmax(student / temperature)
    hard = -log_softmax(student)[np.arange(len(labels)), labels].mean()
    return (1 - weight) * hard + weight * temperature**2 * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()


# %% wrong: cross-entropy with soft targets, their entropy left in
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    hard = -log_softmax(student)[np.arange(len(labels)), labels].mean()
    return (1 - weight) * hard - weight * temperature**2 * (np.exp(log_p) * log_q).sum(axis=1).mean()


# %% wrong: exp of the logits as they are
def soft_loss(student, teacher, labels, temperature, weight):
    def softmax(z):
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = -np.log(softmax(student)[np.arange(len(labels)), labels]).mean()
    return (1 - weight) * hard + weight * temperature**2 * (p * np.log(p / q)).sum(axis=1).mean()


# %% wrong: probabilities clipped before the logarithm
def soft_loss(student, teacher, labels, temperature, weight):
    def softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return np.clip(e / e.sum(axis=1, keepdims=True), 1e-12, 1)

    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = -np.log(softmax(student)[np.arange(len(labels)), labels]).mean()
    return (1 - weight) * hard + weight * temperature**2 * (p * (np.log(p) - np.log(q))).sum(axis=1).mean()


# %% wrong: the largest logit of the whole batch taken out
def log_softmax(z):
    z = z - z.max()
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    hard = -log_softmax(student)[np.arange(len(labels)), labels].mean()
    return (1 - weight) * hard + weight * temperature**2 * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()


# %% wrong: every label in every row
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    hard = -log_softmax(student)[:, labels].mean()
    return (1 - weight) * hard + weight * temperature**2 * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()


# %% wrong: the first example's label for all
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    hard = -log_softmax(student)[0, labels[0]]
    return (1 - weight) * hard + weight * temperature**2 * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()


# %% wrong: the arguments divided in place
def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def soft_loss(student, teacher, labels, temperature, weight):
    hard = -log_softmax(student)[np.arange(len(labels)), labels].mean()
    student -= student.max(axis=1, keepdims=True)
    student /= temperature
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student)
    return (1 - weight) * hard + weight * temperature**2 * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()


# %% wrong: by PyTorch
def soft_loss(student, teacher, labels, temperature, weight):
    s, t, y = map(torch.tensor, (student, teacher, labels))
    kl = torch.nn.functional.kl_div(
        (s / temperature).log_softmax(1), (t / temperature).log_softmax(1), log_target=True, reduction="batchmean"
    )
    return ((1 - weight) * torch.nn.functional.cross_entropy(s, y) + weight * temperature**2 * kl).item()
