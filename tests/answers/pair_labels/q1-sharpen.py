# %% right: divided by the largest first
def sharpen(q, temperature, axis):
    powers = (q / np.max(q, axis=axis, keepdims=True)) ** (1 / temperature)
    return powers / np.sum(powers, axis=axis, keepdims=True)


# %% right: logarithms
def sharpen(q, temperature, axis):
    with np.errstate(divide="ignore"):
        logs = np.log(q) / temperature
    logs = logs - logs.max(axis=axis, keepdims=True)
    powers = np.exp(logs)
    return powers / powers.sum(axis=axis, keepdims=True)


# %% right: one guess after the other
def sharpen(q, temperature, axis):
    rows = np.moveaxis(q, axis, -1)
    result = np.empty(rows.shape)
    for index in np.ndindex(rows.shape[:-1]):
        row = rows[index]
        top = max(row)
        powers = [(value / top) ** (1.0 / temperature) if value > 0 else 0.0 for value in row]
        result[index] = [one / sum(powers) for one in powers]
    return np.moveaxis(result, -1, axis)


# %% right: apply along the axis
def sharpen(q, temperature, axis):
    def one(row):
        row = np.float_power(row / row.max(), 1 / temperature)
        return row / row.sum()

    return np.apply_along_axis(one, axis, q)


# %% right: many classes counted in
def sharpen(q, temperature, axis):
    scaled = q * (1 / q.max(axis=axis, keepdims=True))
    out = np.power(scaled, 1 / temperature)
    out /= out.sum(axis=axis, keepdims=True)
    return out


# %% wrong: divides before the power
def sharpen(q, temperature, axis):
    return (q / q.sum(axis=axis, keepdims=True)) ** (1 / temperature)


# %% wrong: the power is T
def sharpen(q, temperature, axis):
    powers = (q / q.max(axis=axis, keepdims=True)) ** temperature
    return powers / powers.sum(axis=axis, keepdims=True)


# %% wrong: always the last axis
def sharpen(q, temperature, axis):
    powers = (q / q.max(axis=-1, keepdims=True)) ** (1 / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


# %% wrong: the sum runs over everything
def sharpen(q, temperature, axis):
    powers = (q / q.max(axis=axis, keepdims=True)) ** (1 / temperature)
    return powers / powers.sum()


# %% wrong: powers underflow
def sharpen(q, temperature, axis):
    powers = q ** (1 / temperature)
    return powers / powers.sum(axis=axis, keepdims=True)


# %% wrong: a logarithm with a small number added
def sharpen(q, temperature, axis):
    logs = np.log(q + 1e-3) / temperature
    powers = np.exp(logs - logs.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


# %% wrong: a zero becomes a small number
def sharpen(q, temperature, axis):
    q = np.where(q == 0, 0.05, q)
    powers = (q / q.max(axis=axis, keepdims=True)) ** (1 / temperature)
    return powers / powers.sum(axis=axis, keepdims=True)


# %% wrong: an exact zero gives NaN
def sharpen(q, temperature, axis):
    logs = q * np.log(q) / q / temperature
    powers = np.exp(logs - logs.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


# %% wrong: never less sure
def sharpen(q, temperature, axis):
    powers = (q / q.max(axis=axis, keepdims=True)) ** max(1, 1 / temperature)
    return powers / powers.sum(axis=axis, keepdims=True)


# %% wrong: changes its argument
def sharpen(q, temperature, axis):
    q /= q.max(axis=axis, keepdims=True)
    powers = q ** (1 / temperature)
    return powers / powers.sum(axis=axis, keepdims=True)


# %% wrong: the library does it
from mylib.few_labels.pair_labels import scratch


def sharpen(q, temperature, axis):
    return np.moveaxis(scratch.sharpen(np.moveaxis(q, axis, -1), temperature), -1, axis)


# %% wrong: the largest of all guesses
def sharpen(q, temperature, axis):
    powers = (q / q.max()) ** (1 / temperature)
    return powers / powers.sum(axis=axis, keepdims=True)
