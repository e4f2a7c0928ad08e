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


# %% wrong: forgets to multiply with x
def gradient(w, x, t):
    return np.full(len(w), -(t - x @ w).sum())


# %% wrong: changes t in place
def gradient(w, x, t):
    t -= x @ w
    return -t @ x
