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


# %% wrong: by cosh, which overflows
def gradient_norms(c, W):
    gradient = np.ones(c.shape[1])
    norms = [np.linalg.norm(gradient)]
    for memory in c[-2::-1]:
        gradient = (gradient @ W) * 4 * np.exp(2 * memory) / (1 + np.exp(2 * memory)) ** 2
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1])


# %% wrong: clipped at 10
def gradient_norms(c, W):
    g = np.ones(c.shape[1])
    norms = [np.linalg.norm(g)]
    for t in range(len(c) - 2, -1, -1):
        g = (W.T @ g) * (1 - np.tanh(c[t]) ** 2)
        size = np.linalg.norm(g)
        if size > 10:
            g = g * 10 / size
        norms.append(np.linalg.norm(g))
    return np.array(norms[::-1])


# %% wrong: the norms in float32
def gradient_norms(c, W):
    gradient = np.ones(c.shape[1])
    norms = np.zeros(len(c), dtype=np.float32)
    norms[-1] = np.linalg.norm(gradient)
    for t in range(len(c) - 2, -1, -1):
        gradient = (gradient @ W) * (1 - np.tanh(c[t]) ** 2)
        norms[t] = np.linalg.norm(gradient)
    return norms


# %% wrong: exponentials that overflow for large negative memories
def gradient_norms(c, W):
    gradient = np.ones(c.shape[1])
    norms = [np.linalg.norm(gradient)]
    for memory in c[-2::-1]:
        e = np.exp(-2 * memory)
        gradient = (gradient @ W) * 4 * e / (1 + e) ** 2
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1])


# %% wrong: one large memory makes the slope of all units 0
def gradient_norms(c, W):
    gradient = np.ones(c.shape[1])
    norms = [np.linalg.norm(gradient)]
    for memory in c[-2::-1]:
        slope = 1 / np.cosh(memory) ** 2 if np.abs(memory).max() < 300 else 0.0
        gradient = (gradient @ W) * slope
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1])
