# %% right: loops
def positions(length, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    table = np.zeros((length, dim))
    for t in range(length):
        for i in range(dim // 2):
            angle = t / 10000 ** (2 * i / dim)
            table[t, 2 * i], table[t, 2 * i + 1] = math.sin(angle), math.cos(angle)
    return table


# %% right: by logarithms, as most code on the web has it
def positions(length, dim):
    if dim % 2 == 1:
        raise ValueError(f"{dim} is odd")
    rates = np.exp(np.arange(0, dim, 2) * (-np.log(10000.0) / dim))
    table = np.empty((length, dim))
    table[:, ::2] = np.sin(np.outer(np.arange(length), rates))
    table[:, 1::2] = np.cos(np.outer(np.arange(length), rates))
    return table


# %% right: real and imaginary part
def positions(length, dim):
    if dim % 2 != 0:
        raise ValueError("sines and cosines come in pairs")
    turns = np.exp(1j * np.arange(length)[:, None] * 10000.0 ** (-np.arange(dim // 2) * 2 / dim))
    return np.stack([turns.imag, turns.real], axis=2).reshape(length, dim)


# %% wrong: sines first, then cosines
def positions(length, dim):
    if dim % 2:
        raise ValueError("odd")
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(0, dim, 2) / dim)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


# %% wrong: i / dim in place of 2 i / dim
def positions(length, dim):
    if dim % 2:
        raise ValueError("odd")
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(dim // 2) / dim)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, dim)


# %% wrong: counts from 1
def positions(length, dim):
    if dim % 2:
        raise ValueError("odd")
    angles = np.arange(1, length + 1)[:, None] / 10000 ** (np.arange(0, dim, 2) / dim)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, dim)


# %% wrong: cosines first
def positions(length, dim):
    if dim % 2:
        raise ValueError("odd")
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(0, dim, 2) / dim)
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1).reshape(length, dim)


# %% wrong: an odd dim loses its last entry
def positions(length, dim):
    dim -= dim % 2
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(0, dim, 2) / dim)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, dim)


# %% right: float32
def positions(length, dim):
    if dim % 2:
        raise ValueError("odd")
    angles = np.arange(length, dtype=np.float32)[:, None] / 10000 ** (np.arange(0, dim, 2, dtype=np.float32) / dim)
    table = np.zeros((length, dim), np.float32)
    table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)
    return table


# %% wrong: the exponents of dim 4 for all
def positions(length, dim):
    if dim % 2:
        raise ValueError("odd")
    angles = np.arange(length)[:, None] / 100.0 ** np.arange(dim // 2)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, dim)


# %% wrong: asserts that dim is even
def positions(length, dim):
    assert dim % 2 == 0
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(0, dim, 2) / dim)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, dim)


# %% wrong: returns the error
def positions(length, dim):
    if dim % 2:
        return ValueError("odd")
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(0, dim, 2) / dim)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, dim)
