# %% right: einsum and a stable logistic function
def logistic(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


def squeeze_excite(x, W1, b1, W2, b2):
    z = np.einsum("nchw->nc", x) / (x.shape[2] * x.shape[3])
    hidden = np.einsum("hc,nc->nh", W1, z) + b1
    hidden = hidden * (hidden > 0)
    return np.einsum("nc,nchw->nchw", logistic(np.einsum("ch,nh->nc", W2, hidden) + b2), x)


# %% right: one image after the other
def squeeze_excite(x, W1, b1, W2, b2):
    y = np.empty_like(x)
    for n in range(len(x)):
        z = np.array([channel.mean() for channel in x[n]])
        a = W2 @ np.maximum(W1 @ z + b1, 0) + b2
        for c in range(x.shape[1]):
            y[n, c] = x[n, c] * (1 + np.tanh(a[c] / 2)) / 2
    return y


# %% right: a clipped exponential
def squeeze_excite(x, W1, b1, W2, b2):
    z = x.mean((-2, -1), keepdims=True)[:, :, 0, 0]
    hidden = (W1 @ z.T).T + b1
    hidden[hidden < 0] = 0
    a = (W2 @ hidden.T).T + b2
    return x / (1 + np.exp(-np.clip(a, -700, 700)))[..., None, None]


# %% wrong: no ReLU between the layers
def squeeze_excite(x, W1, b1, W2, b2):
    z = x.mean(axis=(2, 3))
    a = (z @ W1.T + b1) @ W2.T + b2
    return x * (0.5 * np.tanh(0.5 * a) + 0.5)[:, :, None, None]


# %% wrong: sums instead of means
def squeeze_excite(x, W1, b1, W2, b2):
    z = x.sum(axis=(2, 3))
    a = np.maximum(z @ W1.T + b1, 0) @ W2.T + b2
    return x * (0.5 * np.tanh(0.5 * a) + 0.5)[:, :, None, None]


# %% wrong: forgets the first bias
def squeeze_excite(x, W1, b1, W2, b2):
    z = x.mean(axis=(2, 3))
    a = np.maximum(z @ W1.T, 0) @ W2.T + b2
    return x * (0.5 * np.tanh(0.5 * a) + 0.5)[:, :, None, None]


# %% wrong: an exponential that overflows
def squeeze_excite(x, W1, b1, W2, b2):
    z = x.mean(axis=(2, 3))
    a = np.maximum(z @ W1.T + b1, 0) @ W2.T + b2
    return x * (1 / (1 + np.exp(-a)))[:, :, None, None]


# %% wrong: scales its argument in place
def squeeze_excite(x, W1, b1, W2, b2):
    z = x.mean(axis=(2, 3))
    a = np.maximum(z @ W1.T + b1, 0) @ W2.T + b2
    x *= (0.5 * np.tanh(0.5 * a) + 0.5)[:, :, None, None]
    return x


# %% right: lists of numbers, image by image
def squeeze_excite(x, W1, b1, W2, b2):
    out = []
    for image in x:
        z = [channel.mean() for channel in image]
        hidden = [max(0.0, sum(w * v for w, v in zip(row, z)) + b) for row, b in zip(W1, b1)]
        scaled = []
        for row, b, channel in zip(W2, b2, image):
            a = sum(w * v for w, v in zip(row, hidden)) + b
            gate = 1 / (1 + np.exp(-a)) if a >= 0 else np.exp(a) / (1 + np.exp(a))
            scaled.append(gate * channel)
        out.append(scaled)
    return np.array(out)


# %% wrong: clips at 20
def sig(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


def squeeze_excite(x, W1, b1, W2, b2):
    z = x.mean((2, 3))
    h = np.maximum(z @ W1.T + b1, 0)
    s = sig(np.clip(h @ W2.T + b2, -20, 20))
    return x * s[:, :, None, None]


# %% wrong: the means of the whole batch
def sig(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


def squeeze_excite(x, W1, b1, W2, b2):
    z = x.mean((0, 2, 3))[None]
    h = np.maximum(z @ W1.T + b1, 0)
    s = sig(h @ W2.T + b2)
    return x * s[:, :, None, None]


# %% wrong: W1 as it stands
def sig(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


def squeeze_excite(x, W1, b1, W2, b2):
    z = x.mean((2, 3))
    h = np.maximum(z @ W1 + b1, 0)
    s = sig(h @ W2.T + b2)
    return x * s[:, :, None, None]


# %% wrong: SciPy does it
def sig(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


from scipy.special import expit


def squeeze_excite(x, W1, b1, W2, b2):
    z = x.mean((2, 3))
    h = np.maximum(z @ W1.T + b1, 0)
    s = expit(h @ W2.T + b2)
    return x * s[:, :, None, None]
