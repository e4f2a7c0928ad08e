# %% right: the Jacobian as a matrix
def unsupervised(logits, q):
    K, B, C = logits.shape
    e = np.exp(logits - logits.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    d = p - q[None]
    jacobian = p[..., :, None] * (np.eye(C) - p[..., None, :])  # dp_c / dz_k
    return (d**2).sum() / (K * B * C), 2 / (K * B * C) * np.einsum("kbc,kbcj->kbj", d, jacobian)


# %% right: one view after the other
def unsupervised(logits, q):
    loss, gradient = 0.0, np.zeros(logits.shape)
    for k, view in enumerate(logits):
        for b, z in enumerate(view):
            p = np.exp(z - max(z))
            p = p / sum(p)
            diff = p - q[b]
            loss += float(diff @ diff)
            for j in range(len(z)):
                gradient[k, b, j] = 2 * sum(diff[c] * p[c] * ((c == j) - p[j]) for c in range(len(z)))
    return loss / logits.size, gradient / logits.size


# %% right: log-softmax and a helper
def log_softmax(z):
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def unsupervised(logits, q):
    p = np.exp(log_softmax(logits))
    g = 2 * (p - q) / p.size
    return [np.mean(np.square(q - p)), p * g - p * np.sum(p * g, axis=2, keepdims=True)]


# %% right: flat
def unsupervised(logits, q):
    k, b, c = logits.shape
    z, t = logits.reshape(k * b, c), np.tile(q, (k, 1))
    p = np.exp(z - z.max(1)[:, None])
    p /= p.sum(1)[:, None]
    e = p - t
    grad = p * (e - (p * e).sum(1)[:, None]) * 2 / (k * b * c)
    return np.sum(e * e) / (k * b * c), grad.reshape(k, b, c)


# %% wrong: not divided by the classes
def unsupervised(logits, q):
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    p = powers / powers.sum(axis=2, keepdims=True)
    d, n = p - q, logits.shape[0] * logits.shape[1]
    return (d**2).sum() / n, 2 / n * p * (d - (p * d).sum(axis=2, keepdims=True))


# %% wrong: the root of the squares
def unsupervised(logits, q):
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    p = powers / powers.sum(axis=2, keepdims=True)
    d = p - q
    return np.sqrt((d**2).sum(axis=2)).mean(), 2 * p * (d - (p * d).sum(axis=2, keepdims=True)) / d.size


# %% wrong: the loss forgets the views
def unsupervised(logits, q):
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    p = powers / powers.sum(axis=2, keepdims=True)
    d = p - q
    return (d**2).sum() / q.size, 2 * p * (d - (p * d).sum(axis=2, keepdims=True)) / d.size


# %% wrong: the gradient forgets the views
def unsupervised(logits, q):
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    p = powers / powers.sum(axis=2, keepdims=True)
    d = p - q
    return (d**2).mean(), 2 * p * (d - (p * d).sum(axis=2, keepdims=True)) / q.size


# %% wrong: half of the Jacobian
def unsupervised(logits, q):
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    p = powers / powers.sum(axis=2, keepdims=True)
    d = p - q
    return (d**2).mean(), 2 * p * d / d.size


# %% wrong: the diagonal of the Jacobian
def unsupervised(logits, q):
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    p = powers / powers.sum(axis=2, keepdims=True)
    d = p - q
    return (d**2).mean(), 2 * d * p * (1 - p) / d.size


# %% wrong: the gradient with respect to p
def unsupervised(logits, q):
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    p = powers / powers.sum(axis=2, keepdims=True)
    return ((p - q) ** 2).mean(), 2 * (p - q) / p.size


# %% wrong: the sign of the gradient
def unsupervised(logits, q):
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    p = powers / powers.sum(axis=2, keepdims=True)
    d = q - p
    return (d**2).mean(), 2 * p * (d - (p * d).sum(axis=2, keepdims=True)) / d.size


# %% wrong: the softmax overflows
def unsupervised(logits, q):
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    d = p - q
    return (d**2).mean(), 2 * p * (d - (p * d).sum(axis=2, keepdims=True)) / d.size


# %% wrong: the softmax clips its logits, and then the gradient has no zeros where it should
def unsupervised(logits, q):
    z = np.clip(logits, -5, 5)
    p = np.exp(z) / np.exp(z).sum(axis=2, keepdims=True)
    d = p - q
    return (d**2).mean(), 2 * p * (d - (p * d).sum(axis=2, keepdims=True)) / d.size


# %% wrong: the gradient divides by p, which may be 0
def unsupervised(logits, q):
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    p = powers / powers.sum(axis=2, keepdims=True)
    d = p - q
    ratio = (p * p * d) / p
    return (d**2).mean(), 2 * (ratio - p * (p * d).sum(axis=2, keepdims=True)) / d.size


# %% wrong: changes the guesses
def unsupervised(logits, q):
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    p = powers / powers.sum(axis=2, keepdims=True)
    d = p - q
    q -= p.mean(axis=0)
    return (d**2).mean(), 2 * p * (d - (p * d).sum(axis=2, keepdims=True)) / d.size


# %% wrong: PyTorch finds the gradient
import torch


def unsupervised(logits, q):
    z = torch.tensor(logits, requires_grad=True)
    loss = ((z.softmax(2) - torch.tensor(q)) ** 2).mean()
    loss.backward()
    return loss.item(), z.grad.numpy()


# %% wrong: the largest of all logits
def unsupervised(logits, q):
    e = np.exp(logits - logits.max())
    p = e / e.sum(axis=-1, keepdims=True)
    d = p - q
    up = 2 * d / d.size
    return (d**2).mean(), p * (up - (up * p).sum(axis=-1, keepdims=True))


# %% wrong: logits clipped at 50
def unsupervised(logits, q):
    e = np.exp(np.clip(logits, -50, 50))
    p = e / e.sum(axis=-1, keepdims=True)
    d = p - q
    up = 2 * d / d.size
    return (d**2).mean(), p * (up - (up * p).sum(axis=-1, keepdims=True))


# %% wrong: changes the logits
def unsupervised(logits, q):
    logits -= logits.max(axis=-1, keepdims=True)
    e = np.exp(logits)
    p = e / e.sum(axis=-1, keepdims=True)
    d = p - q
    up = 2 * d / d.size
    return (d**2).mean(), p * (up - (up * p).sum(axis=-1, keepdims=True))
