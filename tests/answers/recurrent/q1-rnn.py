# %% right: a list of memories, stacked
def rnn(x, c, U, W, b):
    memories = []
    for t in range(x.shape[1]):
        c = np.einsum("bh,kh->bk", np.tanh(c), W) + np.einsum("bi,ki->bk", x[:, t], U) + b
        memories.append(c)
    return np.stack(memories, axis=1) if memories else np.zeros((len(x), 0, len(b)))


# %% right: all inputs in one product before the loop
def rnn(x, c, U, W, b):
    memories = x @ U.T + b
    for t in range(memories.shape[1]):
        memories[:, t] += np.tanh(c) @ W.T
        c = memories[:, t]
    return memories


# %% right: one example at a time
def rnn(x, c, U, W, b):
    result = np.zeros((x.shape[0], x.shape[1], len(b)))
    for n in range(len(x)):
        memory = c[n]
        for t in range(x.shape[1]):
            memory = W @ np.tanh(memory) + U @ x[n, t] + b
            result[n, t] = memory
    return result


# %% wrong: tanh around everything, as torch keeps it
def rnn(x, c, U, W, b):
    memories = np.zeros((x.shape[0], x.shape[1], len(b)))
    for t in range(x.shape[1]):
        c = np.tanh(c @ W.T + x[:, t] @ U.T + b)
        memories[:, t] = c
    return memories


# %% wrong: W transposed
def rnn(x, c, U, W, b):
    memories = np.zeros((x.shape[0], x.shape[1], len(b)))
    for t in range(x.shape[1]):
        c = np.tanh(c) @ W + x[:, t] @ U.T + b
        memories[:, t] = c
    return memories


# %% wrong: the memory is never handed on
def rnn(x, c, U, W, b):
    memories = np.zeros((x.shape[0], x.shape[1], len(b)))
    for t in range(x.shape[1]):
        memories[:, t] = np.tanh(c) @ W.T + x[:, t] @ U.T + b
    return memories


# %% wrong: writes into the memory that was handed in
def rnn(x, c, U, W, b):
    memories = np.zeros((x.shape[0], x.shape[1], len(b)))
    for t in range(x.shape[1]):
        c[:] = np.tanh(c) @ W.T + x[:, t] @ U.T + b
        memories[:, t] = c
    return memories


# %% wrong: cannot stack the memories of a sequence of length 0
def rnn(x, c, U, W, b):
    memories = []
    for t in range(x.shape[1]):
        c = np.tanh(c) @ W.T + x[:, t] @ U.T + b
        memories.append(c)
    return np.stack(memories, axis=1)


# %% wrong: keeps the memories in float32
def rnn(x, c, U, W, b):
    out = []
    for t in range(x.shape[1]):
        c = np.tanh(c) @ W.T + x[:, t] @ U.T + b
        out.append(c)
    if not out:
        return np.zeros((x.shape[0], 0, W.shape[0]))
    return np.stack(out, axis=1).astype(np.float32)


# %% wrong: U not transposed where it is square
def rnn(x, c, U, W, b):
    out = np.empty((x.shape[0], x.shape[1], len(b)))
    for t in range(x.shape[1]):
        inputs = x[:, t] @ U if U.shape[0] == U.shape[1] else x[:, t] @ U.T
        c = np.tanh(c) @ W.T + inputs + b
        out[:, t] = c
    return out
