# %% right: plain Python loops
import math


def soft_gradient(student, teacher, labels, temperature, weight):
    def softmax(row):
        top = max(row)
        e = [math.exp(v - top) for v in row]
        return [v / sum(e) for v in e]

    result = []
    for s, t, y in zip(student.tolist(), teacher.tolist(), labels.tolist()):
        own = softmax(s)
        q, p = softmax([v / temperature for v in s]), softmax([v / temperature for v in t])
        row = []
        for k in range(len(s)):
            hard = own[k] - (1.0 if k == y else 0.0)
            row.append(((1 - weight) * hard + weight * temperature * (q[k] - p[k])) / len(labels))
        result.append(row)
    return np.array(result)


# %% right: in two steps, each with its own factor
def soft_gradient(student, teacher, labels, temperature, weight):
    def probabilities(z):
        return np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))

    n = len(labels)
    grad = probabilities(student)
    grad[np.arange(n), labels] -= 1
    grad *= (1 - weight) / n
    grad += weight * temperature / n * probabilities(student / temperature)
    grad -= weight * temperature / n * probabilities(teacher / temperature)
    return grad


# %% right: the chain rule through the logarithm of softmax
def soft_gradient(student, teacher, labels, temperature, weight):
    def softmax(z):
        e = np.exp(z - z.max(1)[:, None])
        return e / e.sum(1)[:, None]

    def through(upstream, z):
        return upstream - softmax(z) * upstream.sum(axis=1, keepdims=True)

    n, k = student.shape
    to_hard = -1.0 / n * (labels[:, None] == np.arange(k))
    to_soft = -softmax(teacher / temperature) * temperature**2 / n
    hard = through(to_hard, student)
    soft = through(to_soft, student / temperature) / temperature
    return (1 - weight) * hard + weight * soft


# %% wrong: no tau
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = softmax(student) - np.eye(student.shape[1])[labels]
    return ((1 - weight) * hard + weight * (q - p)) / len(labels)


# %% wrong: tau squared, the chain rule forgotten
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = softmax(student) - np.eye(student.shape[1])[labels]
    return ((1 - weight) * hard + weight * temperature**2 * (q - p)) / len(labels)


# %% wrong: one over tau, tau squared forgotten
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = softmax(student) - np.eye(student.shape[1])[labels]
    return ((1 - weight) * hard + weight / temperature * (q - p)) / len(labels)


# %% wrong: not divided by the examples
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = softmax(student) - np.eye(student.shape[1])[labels]
    return (1 - weight) * hard + weight * temperature * (q - p)


# %% wrong: the gradient with respect to the teacher
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = softmax(student) - np.eye(student.shape[1])[labels]
    gap = np.log(p / q)
    soft = temperature * p * (gap - (p * gap).sum(axis=1, keepdims=True))
    return ((1 - weight) * hard + weight * soft) / len(labels)


# %% wrong: of the divergence from student to teacher
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = softmax(student) - np.eye(student.shape[1])[labels]
    gap = np.log(q / p)
    soft = temperature * q * (gap - (q * gap).sum(axis=1, keepdims=True))
    return ((1 - weight) * hard + weight * soft) / len(labels)


# %% wrong: the sign of the teacher's term
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = softmax(student) - np.eye(student.shape[1])[labels]
    return ((1 - weight) * hard + weight * temperature * (p - q)) / len(labels)


# %% wrong: the temperature in the first term too
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = q - np.eye(student.shape[1])[labels]
    return ((1 - weight) * hard + weight * temperature * (q - p)) / len(labels)


# %% wrong: exp of the logits as they are
def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = softmax(student) - np.eye(student.shape[1])[labels]
    return ((1 - weight) * hard + weight * temperature * (q - p)) / len(labels)


# %% wrong: logits clipped to plus and minus 50
def softmax(z):
    e = np.exp(np.clip(z, -50, 50))
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = softmax(student) - np.eye(student.shape[1])[labels]
    return ((1 - weight) * hard + weight * temperature * (q - p)) / len(labels)


# %% wrong: the largest logit of the whole batch taken out
def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = softmax(student) - np.eye(student.shape[1])[labels]
    return ((1 - weight) * hard + weight * temperature * (q - p)) / len(labels)


# %% wrong: 1 taken off in the columns of all labels
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    hard = softmax(student)
    hard[:, labels] -= 1
    return ((1 - weight) * hard + weight * temperature * (q - p)) / len(labels)


# %% wrong: no labels at all
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def soft_gradient(student, teacher, labels, temperature, weight):
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    return weight * temperature * (q - p) / len(labels)
