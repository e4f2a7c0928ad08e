# %% right: a sigmoid that looks at the sign
def sigmoid(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1 / (1 + e), e / (1 + e))


def lstm_step(x, m, c, U, W):
    i = sigmoid(x @ U["i"] + m @ W["i"])
    f = sigmoid(x @ U["f"] + m @ W["f"])
    o = sigmoid(x @ U["o"] + m @ W["o"])
    candidate = np.tanh(x @ U["g"] + m @ W["g"])
    new = c * f + candidate * i
    return np.tanh(new) * o, new


# %% right: all gates in one product
def lstm_step(x, m, c, U, W):
    order = ["i", "f", "o", "g"]
    stacked = np.concatenate([np.concatenate([U[k] for k in order], 1), np.concatenate([W[k] for k in order], 1)])
    a = np.concatenate([x, m], axis=1) @ stacked
    i, f, o, g = np.split(a, 4, axis=1)
    gate = lambda v: (1 + np.tanh(v / 2)) / 2
    c = gate(f) * c + gate(i) * np.tanh(g)
    return gate(o) * np.tanh(c), c


# %% right: clipped before the exponential
def lstm_step(x, m, c, U, W):
    def gate(name):
        a = np.clip(x @ U[name] + m @ W[name], -500, 500)
        return 1 / (1 + np.exp(-a))

    c = np.multiply(c, gate("f")) + np.multiply(gate("i"), np.tanh(x.dot(U["g"]) + m.dot(W["g"])))
    return np.multiply(gate("o"), np.tanh(c)), c


# %% wrong: a sigmoid that overflows
def lstm_step(x, m, c, U, W):
    gate = {k: 1 / (1 + np.exp(-(x @ U[k] + m @ W[k]))) for k in "ifo"}
    c = c * gate["f"] + np.tanh(x @ U["g"] + m @ W["g"]) * gate["i"]
    return np.tanh(c) * gate["o"], c


# %% wrong: shows the old memory
def lstm_step(x, m, c, U, W):
    gate = {k: 0.5 * np.tanh(0.5 * (x @ U[k] + m @ W[k])) + 0.5 for k in "ifo"}
    new = c * gate["f"] + np.tanh(x @ U["g"] + m @ W["g"]) * gate["i"]
    return np.tanh(c) * gate["o"], new


# %% wrong: the gates look at the memory instead of at what was shown
def lstm_step(x, m, c, U, W):
    gate = {k: 0.5 * np.tanh(0.5 * (x @ U[k] + c @ W[k])) + 0.5 for k in "ifo"}
    c = c * gate["f"] + np.tanh(x @ U["g"] + c @ W["g"]) * gate["i"]
    return np.tanh(c) * gate["o"], c


# %% wrong: a sigmoid for the candidate too
def lstm_step(x, m, c, U, W):
    gate = {k: 0.5 * np.tanh(0.5 * (x @ U[k] + m @ W[k])) + 0.5 for k in "ifog"}
    c = c * gate["f"] + gate["g"] * gate["i"]
    return np.tanh(c) * gate["o"], c


# %% wrong: memory and output returned the other way round
def lstm_step(x, m, c, U, W):
    gate = {k: 0.5 * np.tanh(0.5 * (x @ U[k] + m @ W[k])) + 0.5 for k in "ifo"}
    c = c * gate["f"] + np.tanh(x @ U["g"] + m @ W["g"]) * gate["i"]
    return c, np.tanh(c) * gate["o"]


# %% wrong: changes the memory in place
def lstm_step(x, m, c, U, W):
    gate = {k: 0.5 * np.tanh(0.5 * (x @ U[k] + m @ W[k])) + 0.5 for k in "ifo"}
    c *= gate["f"]
    c += np.tanh(x @ U["g"] + m @ W["g"]) * gate["i"]
    return np.tanh(c) * gate["o"], c


# %% wrong: one sign decides how the logistic function is written for all
def lstm_step(x, m, c, U, W):
    def sigma(a):
        if a.min() >= 0:
            return 1 / (1 + np.exp(-a))
        return np.exp(a) / (1 + np.exp(a))

    i, f, o = (sigma(x @ U[k] + m @ W[k]) for k in "ifo")
    c = c * f + np.tanh(x @ U["g"] + m @ W["g"]) * i
    return np.tanh(c) * o, c


# %% wrong: cut off at 15, so that a gate is never quite open
def lstm_step(x, m, c, U, W):
    def sigma(a):
        return 1 / (1 + np.exp(-np.clip(a, -15, 15)))

    i, f, o = (sigma(x @ U[k] + m @ W[k]) for k in "ifo")
    c = c * f + np.tanh(x @ U["g"] + m @ W["g"]) * i
    return np.tanh(c) * o, c
