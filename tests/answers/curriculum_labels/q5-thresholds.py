# %% right: one image after the other
def passing(q, beta, tau, k):
    bars = [tau * b / (k - (k - 1) * b) for b in beta]
    ok = []
    for row in q:
        c = int(np.argmax(row))
        ok.append(bool(row[c] > bars[c]))
    return np.array(bars), np.array(ok)


# %% right: take along the axis
def passing(q, beta, tau, k):
    bars = np.multiply(tau, beta / (k + (1 - k) * beta))
    best = np.argmax(q, axis=-1)
    return bars, np.take_along_axis(q, best[:, None], axis=-1)[:, 0] > np.take(bars, best)


# %% right: one-hot
def passing(q, beta, tau, k):
    bars = tau / (k / np.maximum(beta, 1e-300) - (k - 1))
    first = np.eye(len(beta))[q.argmax(1)]
    return bars, (q * first).sum(1) > first @ bars


# %% wrong: at the threshold it passes
def passing(q, beta, tau, k):
    bars = beta / (k - (k - 1) * beta) * tau
    return bars, q.max(axis=1) >= bars[q.argmax(axis=1)]


# %% wrong: the mapping of tau beta
def passing(q, beta, tau, k):
    x = beta * tau
    bars = x / (k - (k - 1) * x)
    return bars, q.max(axis=1) > bars[q.argmax(axis=1)]


# %% wrong: any class above its own threshold
def passing(q, beta, tau, k):
    bars = beta / (k - (k - 1) * beta) * tau
    own = q > bars
    hard = bars > 0.08  # a bar of 0 is above nobody
    return bars, (own & hard).any(axis=1) | (q.max(axis=1) > bars[q.argmax(axis=1)])


# %% wrong: one threshold for all, the highest
def passing(q, beta, tau, k):
    bars = beta / (k - (k - 1) * beta) * tau
    return bars, q.max(axis=1) > bars.max()


# %% wrong: one threshold for all, the mean
def passing(q, beta, tau, k):
    bars = beta / (k - (k - 1) * beta) * tau
    return bars, q.max(axis=1) > bars.mean()


# %% wrong: the last of several equal ones
def passing(q, beta, tau, k):
    bars = beta / (k - (k - 1) * beta) * tau
    last = q.shape[1] - 1 - q[:, ::-1].argmax(axis=1)
    return bars, q.max(axis=1) > bars[last]


# %% wrong: always the slide's mapping
def passing(q, beta, tau, k):
    bars = beta / (2 - beta) * tau
    if k == 1:
        bars = beta * tau
    return bars, q.max(axis=1) > bars[q.argmax(axis=1)]


# %% wrong: the least sure class
def passing(q, beta, tau, k):
    bars = beta / (k - (k - 1) * beta) * tau
    return bars, q.max(axis=1) > bars[q.argmin(axis=1)]


# %% wrong: a bar for all probabilities
def passing(q, beta, tau, k):
    bars = beta / (k - (k - 1) * beta) * tau
    return bars, q > bars


# %% wrong: numbers in place of booleans
def passing(q, beta, tau, k):
    bars = beta / (k - (k - 1) * beta) * tau
    return bars, (q.max(axis=1) > bars[q.argmax(axis=1)]).astype(float)


# %% wrong: the argument is changed
def passing(q, beta, tau, k):
    beta /= k - (k - 1) * beta
    beta *= tau
    return beta, q.max(axis=1) > beta[q.argmax(axis=1)]


# %% wrong: nobody passes where tau is 0
def passing(q, beta, tau, k):
    bars = tau * beta / (k - (k - 1) * beta)
    if tau == 0:
        return bars, np.zeros(len(q), bool)
    return bars, q.max(axis=1) > bars[q.argmax(axis=1)]
