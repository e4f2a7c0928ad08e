# %% right: loops
def decoder_mask(tokens, padding):
    batch, time = tokens.shape
    mask = np.zeros((batch, 1, time, time), bool)
    for b in range(batch):
        for i in range(time):
            for j in range(i + 1):
                mask[b, 0, i, j] = tokens[b, j] != padding
    return mask


# %% right: a triangle of ones
def decoder_mask(tokens, padding):
    time = tokens.shape[1]
    return np.logical_and(np.tril(np.ones((time, time))), (tokens != padding)[:, None, None])


# %% wrong: the future, not the past
def decoder_mask(tokens, padding):
    time = tokens.shape[1]
    return np.triu(np.ones((time, time), bool)) & (tokens != padding)[:, None, None]


# %% wrong: hides the padding's rows, not its columns
def decoder_mask(tokens, padding):
    time = tokens.shape[1]
    return np.tril(np.ones((time, time), bool)) & (tokens != padding)[:, None, :, None]


# %% wrong: a position may not see itself
def decoder_mask(tokens, padding):
    time = tokens.shape[1]
    return np.tril(np.ones((time, time), bool), -1) & (tokens != padding)[:, None, None]


# %% wrong: padding is always 0
def decoder_mask(tokens, padding):
    time = tokens.shape[1]
    return np.tril(np.ones((time, time), bool)) & (tokens != 0)[:, None, None]


# %% wrong: forgets the padding
def decoder_mask(tokens, padding):
    batch, time = tokens.shape
    return np.broadcast_to(np.tril(np.ones((time, time), bool)), (batch, 1, time, time)).copy()


# %% wrong: numbers instead of booleans
def decoder_mask(tokens, padding):
    time = tokens.shape[1]
    return np.tril(np.ones((time, time))) * (tokens != padding)[:, None, None]


# %% right: a list of rows
def decoder_mask(tokens, padding):
    return np.array(
        [[[[j <= i and row[j] != padding for j in range(len(row))] for i in range(len(row))]] for row in tokens]
    )


# %% wrong: hides token 0, too
def decoder_mask(tokens, padding):
    time = tokens.shape[1]
    return np.tril(np.ones((time, time), bool)) & ((tokens != padding) & (tokens != 0))[:, None, None]


# %% wrong: makes the padding 0 in place
def decoder_mask(tokens, padding):
    time = tokens.shape[1]
    tokens[tokens == 0] = padding + 1
    tokens -= padding
    tokens[tokens != 0] = 1
    return np.tril(np.ones((time, time), bool)) & (tokens == 1)[:, None, None]


# %% wrong: counts the tokens, as if padding stood at the end
def decoder_mask(tokens, padding):
    time = tokens.shape[1]
    real = np.arange(time) < (tokens != padding).sum(axis=1)[:, None]
    return np.tril(np.ones((time, time), bool)) & real[:, None, None]
