# %% right: the whole Jacobian
def adjoint_step(W, y, a, G, h):
    f = np.tanh(W @ y)
    jacobian = np.diag(1 - f**2) @ W
    slope_G = np.einsum("i,ij->ij", a, np.einsum("i,j->ij", 1 - f**2, y))
    return y + (-h) * f, a + (-h) * (-jacobian.T @ a), G + (-h) * (-slope_G)


# %% right: entry by entry
import math


def adjoint_step(W, y, a, G, h):
    d = len(y)
    f = [math.tanh(sum(W[i, j] * y[j] for j in range(d))) for i in range(d)]
    new_a, new_G = a.copy(), G.copy()
    for i in range(d):
        for j in range(d):
            new_a[j] += h * a[i] * (1 - f[i] ** 2) * W[i, j]
            new_G[i, j] += h * a[i] * (1 - f[i] ** 2) * y[j]
    return np.array([y[i] - h * f[i] for i in range(d)]), new_a, new_G


# %% right: slope as 1 / cosh squared
def adjoint_step(W, y, a, G, h):
    u = np.dot(W, y)
    v = a / np.cosh(u) ** 2
    return [y - h * np.tanh(u), a + h * (v @ W), G + h * v[:, None] * y[None, :]]


# %% wrong: the state goes forwards
def adjoint_step(W, y, a, G, h):
    f = np.tanh(W @ y)
    pulled = a * (1 - f**2)
    return y + h * f, a + h * W.T @ pulled, G + h * np.outer(pulled, y)


# %% wrong: the adjoint goes forwards
def adjoint_step(W, y, a, G, h):
    f = np.tanh(W @ y)
    pulled = a * (1 - f**2)
    return y - h * f, a - h * W.T @ pulled, G + h * np.outer(pulled, y)


# %% wrong: matrix not transposed
def adjoint_step(W, y, a, G, h):
    f = np.tanh(W @ y)
    pulled = a * (1 - f**2)
    return y - h * f, a + h * W @ pulled, G + h * np.outer(pulled, y)


# %% wrong: no slope at a
def adjoint_step(W, y, a, G, h):
    f = np.tanh(W @ y)
    pulled = a * (1 - f**2)
    return y - h * f, a + h * W.T @ a, G + h * np.outer(pulled, y)


# %% wrong: no slope at G
def adjoint_step(W, y, a, G, h):
    f = np.tanh(W @ y)
    pulled = a * (1 - f**2)
    return y - h * f, a + h * W.T @ pulled, G + h * np.outer(a, y)


# %% wrong: outer product transposed
def adjoint_step(W, y, a, G, h):
    f = np.tanh(W @ y)
    pulled = a * (1 - f**2)
    return y - h * f, a + h * W.T @ pulled, G + h * np.outer(y, pulled)


# %% wrong: G begins anew
def adjoint_step(W, y, a, G, h):
    f = np.tanh(W @ y)
    pulled = a * (1 - f**2)
    return y - h * f, a + h * W.T @ pulled, h * np.outer(pulled, y)


# %% wrong: the new state for G
def adjoint_step(W, y, a, G, h):
    f = np.tanh(W @ y)
    pulled = a * (1 - f**2)
    y = y - h * f
    return y, a + h * W.T @ pulled, G + h * np.outer(pulled, y)


# %% wrong: the new adjoint for G
def adjoint_step(W, y, a, G, h):
    f = np.tanh(W @ y)
    pulled = a * (1 - f**2)
    a = a + h * W.T @ pulled
    return y - h * f, a, G + h * np.outer(a * (1 - f**2), y)


# %% wrong: G is added to in place
def adjoint_step(W, y, a, G, h):
    f = np.tanh(W @ y)
    pulled = a * (1 - f**2)
    G += h * np.outer(pulled, y)
    return y - h * f, a + h * W.T @ pulled, G
