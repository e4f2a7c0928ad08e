# %% right: products of rows
def score_and_hinge(z, c, w, stayed):
    u = (z * (c @ w.T)).sum(axis=1)
    y = 2.0 * stayed - 1
    return u, np.maximum(0, 1 - y * u).mean()


# %% right: the diagonal of all with all
def score_and_hinge(z, c, w, stayed):
    u = np.diag(z @ w @ c.T).copy()
    losses = np.where(stayed, 1 - u, 1 + u)
    losses[losses < 0] = 0
    return u, float(losses.sum() / len(losses))


# %% right: one pair after the other
def score_and_hinge(z, c, w, stayed):
    scores, total = [], 0.0
    for one, two, same in zip(z, c, stayed):
        u = one.dot(w.dot(two))
        scores.append(u)
        total += max(0.0, 1 - u if same else 1 + u)
    return np.array(scores), total / len(scores)


# %% right: batched matrix products
def score_and_hinge(z, c, w, stayed):
    u = (z[:, None, :] @ w @ c[:, :, None]).reshape(-1)
    y = np.array([1 if one else -1 for one in stayed])
    return [u, np.clip(1 - y * u, 0, None).mean()]


# %% wrong: the mean before the maximum
def score_and_hinge(z, c, w, stayed):
    u = (z * (c @ w.T)).sum(axis=1)
    y = 2.0 * stayed - 1
    return u, max(0.0, (1 - y * u).mean())


# %% wrong: the mean over those that are not sure
def score_and_hinge(z, c, w, stayed):
    u = (z * (c @ w.T)).sum(axis=1)
    y = 2.0 * stayed - 1
    losses = np.maximum(0, 1 - y * u)
    return u, losses[losses > 0].mean()


# %% wrong: y of 0 and 1
def score_and_hinge(z, c, w, stayed):
    u = (z * (c @ w.T)).sum(axis=1)
    y = stayed.astype(float)
    return u, np.maximum(0, 1 - y * u).mean()


# %% wrong: the transposed matrix
def score_and_hinge(z, c, w, stayed):
    u = (z * (c @ w)).sum(axis=1)
    y = 2.0 * stayed - 1
    return u, np.maximum(0, 1 - y * u).mean()


# %% wrong: a single score is no array
def score_and_hinge(z, c, w, stayed):
    u = (z * (c @ w.T)).sum(axis=1)
    y = 2.0 * stayed - 1
    return u.squeeze(), np.maximum(0, 1 - y * u).mean()


# %% wrong: loops over the size of z only
def score_and_hinge(z, c, w, stayed):
    n = z.shape[1]
    u = np.array([sum(a[i] * w[i, j] * b[j] for i in range(n) for j in range(n)) for a, b in zip(z, c)])
    y = np.where(stayed, 1, -1)
    return u, np.maximum(0, 1 - y * u).mean()


# %% wrong: all with all
def score_and_hinge(z, c, w, stayed):
    u = z @ w @ c.T
    y = 2.0 * stayed - 1
    return u, np.maximum(0, 1 - y[:, None] * u).mean()


# %% wrong: a sum for a mean
def score_and_hinge(z, c, w, stayed):
    u = (z * (c @ w.T)).sum(axis=1)
    y = 2.0 * stayed - 1
    return u, np.maximum(0, 1 - y * u).sum()


# %% wrong: without the margin
def score_and_hinge(z, c, w, stayed):
    u = (z * (c @ w.T)).sum(axis=1)
    y = 2.0 * stayed - 1
    return u, np.maximum(0, -y * u).mean()


# %% wrong: the library does it
from mylib.representation.local_learning.scratch import hinge_loss, prediction_score


def score_and_hinge(z, c, w, stayed):
    u = prediction_score(z, c, w).numpy()
    return u, hinge_loss(u, 2 * stayed.astype(int) - 1).item()


# %% wrong: changes its argument
def score_and_hinge(z, c, w, stayed):
    z *= c @ w.T
    u = z.sum(axis=1)
    return u, np.maximum(0, 1 - np.where(stayed, 1, -1) * u).mean()
