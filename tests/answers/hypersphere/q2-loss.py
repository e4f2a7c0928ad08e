# %% right: unit vectors first
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = np.einsum("nd,nd->n", z, p) / np.sqrt((z**2).sum(1) * (p**2).sum(1))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    p = p / np.linalg.norm(p, axis=1, keepdims=True)
    length = np.linalg.norm(z, axis=1, keepdims=True)
    u = z / length
    cosine = (u * p).sum(axis=1, keepdims=True)
    return 2 * (1 - cosine) * (cosine * u - p) / length


# %% right: one example at a time
def angular_loss(z, prototypes, labels):
    total = 0.0
    for v, label in zip(z, labels):
        p = prototypes[label]
        total += (1 - v @ p / (np.linalg.norm(v) * np.linalg.norm(p))) ** 2
    return total


def angular_gradient(z, prototypes, labels):
    result = np.zeros_like(z)
    for n, (v, label) in enumerate(zip(z, labels)):
        p = prototypes[label]
        a, b = np.linalg.norm(v), np.linalg.norm(p)
        c = v @ p / (a * b)
        result[n] = 2 * (1 - c) * (c * v / a**2 - p / (a * b))
    return result


# %% right: all cosines, then the wanted ones
def all_cosines(z, prototypes):
    return (z / np.linalg.norm(z, axis=1)[:, None]) @ (prototypes / np.linalg.norm(prototypes, axis=1)[:, None]).T


def angular_loss(z, prototypes, labels):
    gap = 1 - all_cosines(z, prototypes)[np.arange(len(z)), labels]
    return gap @ gap


def angular_gradient(z, prototypes, labels):
    length = np.linalg.norm(z, axis=1)[:, None]
    target = (prototypes / np.linalg.norm(prototypes, axis=1)[:, None])[labels]
    cosine = all_cosines(z, prototypes)[np.arange(len(z)), labels][:, None]
    along = z / length
    sideways = target - cosine * along
    return -2 * (1 - cosine) * sideways / length


# %% wrong: the bars of the slide
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = np.abs(np.einsum("nd,nd->n", z, p)) / np.sqrt((z**2).sum(1) * (p**2).sum(1))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    p = p / np.linalg.norm(p, axis=1, keepdims=True)
    length = np.linalg.norm(z, axis=1, keepdims=True)
    u = z / length
    cosine = (u * p).sum(axis=1, keepdims=True)
    return 2 * (1 - cosine) * (cosine * u - p) / length


# %% wrong: the mean instead of the sum
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = np.einsum("nd,nd->n", z, p) / np.sqrt((z**2).sum(1) * (p**2).sum(1))
    return ((1 - cosine) ** 2).mean()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    p = p / np.linalg.norm(p, axis=1, keepdims=True)
    length = np.linalg.norm(z, axis=1, keepdims=True)
    u = z / length
    cosine = (u * p).sum(axis=1, keepdims=True)
    return 2 * (1 - cosine) * (cosine * u - p) / length


# %% wrong: not squared
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = np.einsum("nd,nd->n", z, p) / np.sqrt((z**2).sum(1) * (p**2).sum(1))
    return (1 - cosine).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    p = p / np.linalg.norm(p, axis=1, keepdims=True)
    length = np.linalg.norm(z, axis=1, keepdims=True)
    u = z / length
    cosine = (u * p).sum(axis=1, keepdims=True)
    return 2 * (1 - cosine) * (cosine * u - p) / length


# %% wrong: prototypes are taken to have length 1
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = np.einsum("nd,nd->n", z, p) / np.sqrt((z**2).sum(1))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    length = np.linalg.norm(z, axis=1, keepdims=True)
    u = z / length
    cosine = (u * p).sum(axis=1, keepdims=True)
    return 2 * (1 - cosine) * (cosine * u - p) / length


# %% wrong: the length of z is left out of the gradient
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = np.einsum("nd,nd->n", z, p) / np.sqrt((z**2).sum(1) * (p**2).sum(1))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    p = p / np.linalg.norm(p, axis=1, keepdims=True)
    length = np.linalg.norm(z, axis=1, keepdims=True)
    u = z / length
    cosine = (u * p).sum(axis=1, keepdims=True)
    return 2 * (1 - cosine) * (cosine * u - p)


# %% wrong: the gradient of 1 - cos only
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = np.einsum("nd,nd->n", z, p) / np.sqrt((z**2).sum(1) * (p**2).sum(1))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    p = p / np.linalg.norm(p, axis=1, keepdims=True)
    length = np.linalg.norm(z, axis=1, keepdims=True)
    u = z / length
    cosine = (u * p).sum(axis=1, keepdims=True)
    return (cosine * u - p) / length


# %% wrong: the wrong sign
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = np.einsum("nd,nd->n", z, p) / np.sqrt((z**2).sum(1) * (p**2).sum(1))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    p = p / np.linalg.norm(p, axis=1, keepdims=True)
    length = np.linalg.norm(z, axis=1, keepdims=True)
    u = z / length
    cosine = (u * p).sum(axis=1, keepdims=True)
    return -2 * (1 - cosine) * (cosine * u - p) / length


# %% wrong: straight to the prototype
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = np.einsum("nd,nd->n", z, p) / np.sqrt((z**2).sum(1) * (p**2).sum(1))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    p = p / np.linalg.norm(p, axis=1, keepdims=True)
    length = np.linalg.norm(z, axis=1, keepdims=True)
    u = z / length
    cosine = (u * p).sum(axis=1, keepdims=True)
    return 2 * (1 - cosine) * (u - p) / length


# %% wrong: cosines with every prototype
def angular_loss(z, prototypes, labels):
    cosine = z @ prototypes.T / (np.linalg.norm(z, axis=1)[:, None] * np.linalg.norm(prototypes, axis=1))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    length, p_length = (np.linalg.norm(v, axis=1, keepdims=True) for v in (z, p))
    cosine = (z * p).sum(axis=1, keepdims=True) / (length * p_length)
    return 2 * (1 - cosine) * (cosine * z / length**2 - p / (length * p_length))


# %% wrong: one length for the whole batch
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = (z * p).sum(axis=1) / (np.linalg.norm(z) * np.linalg.norm(p))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    length, p_length = (np.linalg.norm(v, axis=1, keepdims=True) for v in (z, p))
    cosine = (z * p).sum(axis=1, keepdims=True) / (length * p_length)
    return 2 * (1 - cosine) * (cosine * z / length**2 - p / (length * p_length))


# %% wrong: two dimensions written out
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    dots = z[:, 0] * p[:, 0] + z[:, 1] * p[:, 1]
    return ((1 - dots / (np.linalg.norm(z, axis=1) * np.linalg.norm(p, axis=1))) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    nz = np.linalg.norm(z, axis=1, keepdims=True)
    pl = np.linalg.norm(p, axis=1, keepdims=True)
    cosine = (z * p).sum(axis=1, keepdims=True) / (nz * pl)
    return 2 * (1 - cosine) * (cosine * z / nz**2 - p / (nz * pl))


# %% wrong: one length for all prototypes in the gradient
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = (z * p).sum(axis=1) / (np.linalg.norm(z, axis=1) * np.linalg.norm(p, axis=1))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    p = prototypes[labels]
    nz = np.linalg.norm(z, axis=1, keepdims=True)
    pl = np.linalg.norm(p, axis=1).max()
    cosine = (z * p).sum(axis=1, keepdims=True) / (nz * pl)
    return 2 * (1 - cosine) * (cosine * z / nz**2 - p / (nz * pl))


# %% wrong: prototypes made unit in place
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = (z * p).sum(axis=1) / (np.linalg.norm(z, axis=1) * np.linalg.norm(p, axis=1))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    prototypes /= np.linalg.norm(prototypes, axis=1, keepdims=True)
    p = prototypes[labels]
    nz = np.linalg.norm(z, axis=1, keepdims=True)
    pl = np.linalg.norm(p, axis=1, keepdims=True)
    cosine = (z * p).sum(axis=1, keepdims=True) / (nz * pl)
    return 2 * (1 - cosine) * (cosine * z / nz**2 - p / (nz * pl))


# %% wrong: the gradient left to PyTorch
def angular_loss(z, prototypes, labels):
    p = prototypes[labels]
    cosine = (z * p).sum(axis=1) / (np.linalg.norm(z, axis=1) * np.linalg.norm(p, axis=1))
    return ((1 - cosine) ** 2).sum()


def angular_gradient(z, prototypes, labels):
    zt = torch.tensor(z, requires_grad=True)
    p = torch.tensor(prototypes)[torch.tensor(labels)]
    loss = ((1 - torch.nn.functional.cosine_similarity(zt, p)) ** 2).sum()
    loss.backward()
    return zt.grad.numpy()
