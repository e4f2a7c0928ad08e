# %% right: a loop over the examples
def gradient(w, x, t):
    total = np.zeros(len(w))
    for row, target in zip(x, t):
        total -= (target - row @ w) * row
    return total


# %% right: matrix form
def gradient(w, x, t):
    return x.T @ (x @ w - t)


# %% right: einsum
def gradient(w, x, t):
    error = np.einsum("nf,f->n", x, w) - t
    return np.einsum("n,nf->f", error, x)


# %% right: in float32
def gradient(w, x, t):
    w, x, t = (np.asarray(part, dtype=np.float32) for part in (w, x, t))
    return x.T @ (x @ w - t)


# %% wrong: the sign
def gradient(w, x, t):
    return (t - x @ w) @ x


# %% wrong: the mean instead of the sum
def gradient(w, x, t):
    return -(t - x @ w) @ x / len(t)


# %% wrong: a factor of two, without the one half
def gradient(w, x, t):
    return -2 * (t - x @ w) @ x


# %% wrong: one gradient per example
def gradient(w, x, t):
    return -(t - x @ w)[:, None] * x


# %% wrong: changes t in place
def gradient(w, x, t):
    t -= x @ w
    return -t @ x


# %% wrong: forgets to multiply with x
def gradient(w, x, t):
    return np.full(len(w), -(t - x @ w).sum())


# %% wrong: meets the examples with the wrong side of x
def gradient(w, x, t):
    return -x @ (t - x @ w)


# %% wrong: the number of examples of the visible test
def gradient(w, x, t):
    total = np.zeros(len(w))
    for row, target in zip(x[:3], t[:3]):
        total -= (target - row @ w) * row
    return total


# %% wrong: loses the axis of a single weight
def gradient(w, x, t):
    return np.squeeze(x.T @ (x @ w - t)[:, None])
