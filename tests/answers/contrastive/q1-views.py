# %% right: one view at a time
def two_views_loss(z1, z2, temperature):
    views = [v / np.linalg.norm(v) for v in [*z1, *z2]]
    count, total = len(z1), 0.0
    for i, view in enumerate(views):
        others = np.array([view @ other / temperature for k, other in enumerate(views) if k != i])
        right = view @ views[(i + count) % (2 * count)] / temperature
        top = others.max()
        total += top + np.log(np.exp(others - top).sum()) - right
    return total / (2 * count)


def hits(z1, z2):
    views = [v / np.linalg.norm(v) for v in [*z1, *z2]]
    count, found = len(z1), 0
    for i, view in enumerate(views):
        cosines = [view @ other if k != i else -2 for k, other in enumerate(views)]
        found += int(np.argmax(cosines)) == (i + count) % (2 * count)
    return found / (2 * count)


# %% right: both halves with logaddexp
def cosines_of(z1, z2):
    z = np.vstack([z1, z2])
    z = z / np.sqrt((z**2).sum(1))[:, None]
    return np.einsum("id,jd->ij", z, z)


def two_views_loss(z1, z2, temperature):
    s = cosines_of(z1, z2) / temperature
    n = len(z1)
    s[np.arange(2 * n), np.arange(2 * n)] = -np.inf
    right = np.concatenate([np.diagonal(s, n), np.diagonal(s, -n)])
    return np.mean(np.logaddexp.reduce(s, axis=1) - right)


def hits(z1, z2):
    s = cosines_of(z1, z2)
    n = len(z1)
    s -= 10 * np.eye(2 * n)
    nearest = s.argmax(1)
    return np.mean(nearest == np.concatenate([np.arange(n) + n, np.arange(n)]))


# %% right: without the diagonal
def without_itself(z1, z2):
    z = np.concatenate([z1, z2], axis=0)
    z = z / np.linalg.norm(z, axis=-1, keepdims=True)
    n = len(z)
    s = (z @ z.T)[~np.eye(n, dtype=bool)].reshape(n, n - 1)
    partner = np.array([(i + n // 2) % n for i in range(n)])
    return s, partner - (partner > np.arange(n))


def two_views_loss(z1, z2, temperature):
    s, partner = without_itself(z1, z2)
    s = s / temperature
    s = s - s.max(axis=1, keepdims=True)
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(p)), partner].mean()


def hits(z1, z2):
    s, partner = without_itself(z1, z2)
    return float((s.argmax(1) == partner).sum()) / len(s)


# %% wrong: a view may be its own negative
def two_views_loss(z1, z2, temperature):
    z = np.concatenate([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T / temperature
    partner = np.roll(np.arange(len(z)), len(z1))
    top = s.max(axis=1, keepdims=True)
    return (top[:, 0] + np.log(np.exp(s - top).sum(axis=1)) - s[np.arange(len(z)), partner]).mean()


def hits(z1, z2):
    z = np.concatenate([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    return ((z @ z.T).argmax(axis=1) == np.roll(np.arange(len(z)), len(z1))).mean()


# %% wrong: dot products in place of cosines
def two_views_loss(z1, z2, temperature):
    z = np.concatenate([z1, z2])
    s = z @ z.T / temperature
    np.fill_diagonal(s, -np.inf)
    partner = np.roll(np.arange(len(z)), len(z1))
    top = s.max(axis=1, keepdims=True)
    return (top[:, 0] + np.log(np.exp(s - top).sum(axis=1)) - s[np.arange(len(z)), partner]).mean()


def hits(z1, z2):
    z = np.concatenate([z1, z2])
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    return (s.argmax(axis=1) == np.roll(np.arange(len(z)), len(z1))).mean()


# %% wrong: a sum in place of the mean, and a count in place of the share
def two_views_loss(z1, z2, temperature):
    z = np.concatenate([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T / temperature
    np.fill_diagonal(s, -np.inf)
    partner = np.roll(np.arange(len(z)), len(z1))
    top = s.max(axis=1, keepdims=True)
    return (top[:, 0] + np.log(np.exp(s - top).sum(axis=1)) - s[np.arange(len(z)), partner]).sum()


def hits(z1, z2):
    z = np.concatenate([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    return (s.argmax(axis=1) == np.roll(np.arange(len(z)), len(z1))).sum()


# %% wrong: the temperature multiplies
def two_views_loss(z1, z2, temperature):
    z = np.concatenate([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T * temperature
    np.fill_diagonal(s, -np.inf)
    partner = np.roll(np.arange(len(z)), len(z1))
    top = s.max(axis=1, keepdims=True)
    return (top[:, 0] + np.log(np.exp(s - top).sum(axis=1)) - s[np.arange(len(z)), partner]).mean()


def hits(z1, z2):
    return 1.0


# %% wrong: exp overflows at a low temperature
def two_views_loss(z1, z2, temperature):
    z = np.concatenate([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    e = np.exp(z @ z.T / temperature)
    np.fill_diagonal(e, 0)
    partner = np.roll(np.arange(len(z)), len(z1))
    return -np.log(e[np.arange(len(z)), partner] / e.sum(axis=1)).mean()


def hits(z1, z2):
    z = np.concatenate([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    return (s.argmax(axis=1) == np.roll(np.arange(len(z)), len(z1))).mean()


# %% wrong: it writes into its arguments
def two_views_loss(z1, z2, temperature):
    z1 /= np.linalg.norm(z1, axis=1, keepdims=True)
    z2 /= np.linalg.norm(z2, axis=1, keepdims=True)
    z = np.concatenate([z1, z2])
    s = z @ z.T / temperature
    np.fill_diagonal(s, -np.inf)
    partner = np.roll(np.arange(len(z)), len(z1))
    top = s.max(axis=1, keepdims=True)
    return (top[:, 0] + np.log(np.exp(s - top).sum(axis=1)) - s[np.arange(len(z)), partner]).mean()


def hits(z1, z2):
    z1 /= np.linalg.norm(z1, axis=1, keepdims=True)
    z2 /= np.linalg.norm(z2, axis=1, keepdims=True)
    z = np.concatenate([z1, z2])
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    return (s.argmax(axis=1) == np.roll(np.arange(len(z)), len(z1))).mean()


# %% wrong: one maximum for the whole batch
def two_views_loss(z1, z2, temperature):
    z = np.concatenate([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T / temperature
    np.fill_diagonal(s, -np.inf)
    s = s - s.max()
    n = len(z1)
    partner = (np.arange(2 * n) + n) % (2 * n)
    logp = s[np.arange(2 * n), partner] - np.log(np.exp(s).sum(axis=1))
    return -logp.mean()


def hits(z1, z2):
    z = np.concatenate([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    n = len(z1)
    return (s.argmax(axis=1) == (np.arange(2 * n) + n) % (2 * n)).mean()


# %% wrong: the loss of the first views only
def _scores(z1, z2):
    z = np.vstack([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    return s


def two_views_loss(z1, z2, temperature):
    s = _scores(z1, z2) / temperature
    b = len(z1)
    s = s[:b]
    top = s.max(axis=1, keepdims=True)
    lse = top[:, 0] + np.log(np.exp(s - top).sum(axis=1))
    return (lse - s[np.arange(b), b + np.arange(b)]).mean()


def hits(z1, z2):
    s = _scores(z1, z2)
    n = len(s)
    return (s.argmax(axis=1) == (np.arange(n) + n // 2) % n).mean()


# %% wrong: the largest score is that of each view with itself
def _cos(z1, z2):
    z = np.vstack([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    return z @ z.T


def two_views_loss(z1, z2, temperature):
    s = _cos(z1, z2) / temperature
    n = len(s)
    s = s - s.max(axis=1, keepdims=True)
    e = np.exp(s) * (1 - np.eye(n))
    return (np.log(e.sum(axis=1)) - s[np.arange(n), (np.arange(n) + n // 2) % n]).mean()


def hits(z1, z2):
    s = _cos(z1, z2) - 3 * np.eye(2 * len(z1))
    n = len(s)
    return (s.argmax(axis=1) == (np.arange(n) + n // 2) % n).mean()


# %% wrong: hits of the first views only
def _scores(z1, z2):
    z = np.vstack([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    return s


def two_views_loss(z1, z2, temperature):
    s = _scores(z1, z2) / temperature
    n = len(s)
    partner = np.roll(np.arange(n), n // 2)
    return (np.logaddexp.reduce(s, axis=1) - s[np.arange(n), partner]).mean()


def hits(z1, z2):
    s = _scores(z1, z2)
    b = len(z1)
    return (s[:b].argmax(axis=1) == np.arange(b) + b).mean()


# %% wrong: hits among the views of the other side only
def _scores(z1, z2):
    z = np.vstack([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    return s


def two_views_loss(z1, z2, temperature):
    s = _scores(z1, z2) / temperature
    n = len(s)
    partner = np.roll(np.arange(n), n // 2)
    return (np.logaddexp.reduce(s, axis=1) - s[np.arange(n), partner]).mean()


def hits(z1, z2):
    b = len(z1)
    s = _scores(z1, z2)[:b, b:]
    return ((s.argmax(axis=1) == np.arange(b)).mean() + (s.argmax(axis=0) == np.arange(b)).mean()) / 2


# %% wrong: hits by dot products
def _scores(z1, z2):
    z = np.vstack([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    return s


def two_views_loss(z1, z2, temperature):
    s = _scores(z1, z2) / temperature
    n = len(s)
    partner = np.roll(np.arange(n), n // 2)
    return (np.logaddexp.reduce(s, axis=1) - s[np.arange(n), partner]).mean()


def hits(z1, z2):
    z = np.vstack([z1, z2])
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    n = len(s)
    return (s.argmax(axis=1) == (np.arange(n) + n // 2) % n).mean()


# %% wrong: the second largest, since itself is the largest
def _scores(z1, z2):
    z = np.vstack([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    return s


def two_views_loss(z1, z2, temperature):
    s = _scores(z1, z2) / temperature
    n = len(s)
    partner = np.roll(np.arange(n), n // 2)
    return (np.logaddexp.reduce(s, axis=1) - s[np.arange(n), partner]).mean()


def hits(z1, z2):
    z = np.vstack([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    n = len(z)
    return (np.argsort(z @ z.T, axis=1)[:, -2] == (np.arange(n) + n // 2) % n).mean()


# %% wrong: the loss of one image, squeezed
def _scores(z1, z2):
    z = np.vstack([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    return s


def two_views_loss(z1, z2, temperature):
    s = _scores(z1, z2) / temperature
    n = len(s)
    right = s[np.arange(n), (np.arange(n) + n // 2) % n]
    others = s[~np.eye(n, dtype=bool)].reshape(n, n - 1).squeeze()
    return (np.logaddexp.reduce(others, axis=1) - right).mean()


def hits(z1, z2):
    s = _scores(z1, z2)
    n = len(s)
    return (s.argmax(axis=1) == (np.arange(n) + n // 2) % n).mean()


# %% wrong: hits of one image, squeezed
def _scores(z1, z2):
    z = np.vstack([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T
    np.fill_diagonal(s, -np.inf)
    return s


def two_views_loss(z1, z2, temperature):
    s = _scores(z1, z2) / temperature
    n = len(s)
    partner = np.roll(np.arange(n), n // 2)
    return (np.logaddexp.reduce(s, axis=1) - s[np.arange(n), partner]).mean()


def hits(z1, z2):
    s = _scores(z1, z2)
    n = len(s)
    others = s[~np.eye(n, dtype=bool)].reshape(n, n - 1).squeeze()
    right = s[np.arange(n), (np.arange(n) + n // 2) % n]
    return (others.max(axis=1) == right).mean()
