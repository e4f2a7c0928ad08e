# %% right: the Jacobian of each step as a matrix
def gradient_norms(c, W):
    steps, hidden = c.shape
    gradients = np.ones((steps, hidden))
    for t in range(steps - 1, 0, -1):
        jacobian = W @ np.diag(1 - np.tanh(c[t - 1]) ** 2)
        gradients[t - 1] = jacobian.T @ gradients[t]
    return np.sqrt((gradients**2).sum(axis=1))


# %% right: a product of matrices for every distance
def gradient_norms(c, W):
    norms = []
    for t in range(len(c)):
        product = np.eye(c.shape[1])
        for s in range(t, len(c) - 1):
            product = (W * (1 / np.cosh(np.clip(c[s], -300, 300)) ** 2)) @ product
        norms.append(np.linalg.norm(product.sum(axis=0)))
    return np.array(norms)


# %% right: recursion from the end
def gradient_norms(c, W):
    def back(t):
        if t == len(c) - 1:
            return [np.ones(c.shape[1])]
        later = back(t + 1)
        return [W.T @ later[0] * (1 - np.tanh(c[t]) * np.tanh(c[t])), *later]

    return np.array([np.linalg.norm(g) for g in back(0)])


# %% wrong: W instead of its transpose
def gradient_norms(c, W):
    gradient = np.ones(c.shape[1])
    norms = [np.linalg.norm(gradient)]
    for memory in c[-2::-1]:
        gradient = (W @ gradient) * (1 - np.tanh(memory) ** 2)
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1])


# %% wrong: without the slope of tanh
def gradient_norms(c, W):
    gradient = np.ones(c.shape[1])
    norms = [np.linalg.norm(gradient)]
    for _ in c[-2::-1]:
        gradient = gradient @ W
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1])


# %% wrong: the slope at the later memory
def gradient_norms(c, W):
    gradient = np.ones(c.shape[1])
    norms = [np.linalg.norm(gradient)]
    for memory in c[:0:-1]:
        gradient = (gradient @ W) * (1 - np.tanh(memory) ** 2)
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1])


# %% wrong: in the order in which it was computed
def gradient_norms(c, W):
    gradient = np.ones(c.shape[1])
    norms = [np.linalg.norm(gradient)]
    for memory in c[-2::-1]:
        gradient = (gradient @ W) * (1 - np.tanh(memory) ** 2)
        norms.append(np.linalg.norm(gradient))
    return np.array(norms)


# %% wrong: 1 - c squared, as if c were squashed already
def gradient_norms(c, W):
    gradient = np.ones(c.shape[1])
    norms = [np.linalg.norm(gradient)]
    for memory in c[-2::-1]:
        gradient = (gradient @ W) * (1 - memory**2)
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1])


# %% wrong: clipped at the size that the gradient starts with
def gradient_norms(c, W):
    gradient = np.ones(c.shape[1])
    norms = [np.linalg.norm(gradient)]
    for memory in c[-2::-1]:
        gradient = (gradient @ W) * (1 - np.tanh(memory) ** 2)
        gradient = gradient * min(1, norms[0] / max(np.linalg.norm(gradient), 1e-300))
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1])


# %% wrong: by cosh, which overflows
def gradient_norms(c, W):
    gradient = np.ones(c.shape[1])
    norms = [np.linalg.norm(gradient)]
    for memory in c[-2::-1]:
        gradient = (gradient @ W) * 4 * np.exp(2 * memory) / (1 + np.exp(2 * memory)) ** 2
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1])


# %% wrong: one step too many, so that the last memory is multiplied too
def gradient_norms(c, W):
    gradient, norms = np.ones(c.shape[1]), []
    for memory in c[::-1]:
        gradient = (gradient @ W) * (1 - np.tanh(memory) ** 2)
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1])


# %% wrong: one slope for all units
def gradient_norms(c, W):
    T, h = c.shape
    g = np.ones(h)
    norms = [np.linalg.norm(g)]
    for t in range(T - 2, -1, -1):
        g = (1 - np.tanh(c[t]) ** 2).mean() * (W.T @ g)
        norms.append(np.linalg.norm(g))
    return np.array(norms[::-1])
