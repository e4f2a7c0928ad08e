# %% right: an array filled row by row
def solve(f, y0, t, middle):
    out = np.empty((len(t),) + y0.shape)
    out[0] = y0
    for i in range(len(t) - 1):
        h = t[i + 1] - t[i]
        k = f(t[i], out[i])
        if middle:
            k = f(t[i] + 0.5 * h, out[i] + 0.5 * h * k)
        out[i + 1] = out[i] + h * k
    return out


# %% right: recursion
def solve(f, y0, t, middle):
    t = np.asarray(t)
    if t.size == 1:
        return y0[np.newaxis].copy()
    h = t[1] - t[0]
    half = y0 + 0.5 * h * f(t[0], y0)
    after = y0 + h * (f((t[0] + t[1]) / 2, half) if middle else f(t[0], y0))
    return np.concatenate([y0[np.newaxis], solve(f, after, t[1:], middle)])


# %% right: a step function and accumulate
from itertools import accumulate, pairwise


def solve(f, y0, t, middle):
    def euler(y, span):
        a, b = span
        return y + (b - a) * f(a, y)

    def midpoint(y, span):
        a, b = span
        m = (a + b) / 2
        return y + (b - a) * f(m, euler(y, (a, m)))

    return np.stack(list(accumulate(pairwise(t.tolist()), midpoint if middle else euler, initial=y0)))


# %% wrong: the slope at the end of the step
def solve(f, y0, t, middle):
    states = [y0]
    for now, then in zip(t[:-1], t[1:]):
        y, h = states[-1], then - now
        slope = f(then, y)
        if middle:
            slope = f(now + h / 2, y + h / 2 * slope)
        states.append(y + h * slope)
    return np.array(states)


# %% wrong: the time is not passed on
def solve(f, y0, t, middle):
    states = [y0]
    for now, then in zip(t[:-1], t[1:]):
        y, h = states[-1], then - now
        slope = f(0.0, y)
        if middle:
            slope = f(0.0, y + h / 2 * slope)
        states.append(y + h * slope)
    return np.array(states)


# %% wrong: midpoint with the time of the beginning
def solve(f, y0, t, middle):
    states = [y0]
    for now, then in zip(t[:-1], t[1:]):
        y, h = states[-1], then - now
        slope = f(now, y)
        if middle:
            slope = f(now, y + h / 2 * slope)
        states.append(y + h * slope)
    return np.array(states)


# %% wrong: one length for all steps
def solve(f, y0, t, middle):
    states = [y0]
    for now, then in zip(t[:-1], t[1:]):
        y, h = states[-1], (t[-1] - t[0]) / (len(t) - 1)
        slope = f(now, y)
        if middle:
            slope = f(now + h / 2, y + h / 2 * slope)
        states.append(y + h * slope)
    return np.array(states)


# %% wrong: the length of a step has lost its sign
def solve(f, y0, t, middle):
    states = [y0]
    for now, then in zip(t[:-1], t[1:]):
        y, h = states[-1], abs(then - now)
        slope = f(now, y)
        if middle:
            slope = f(now + h / 2, y + h / 2 * slope)
        states.append(y + h * slope)
    return np.array(states)


# %% wrong: a single time has no first interval
def solve(f, y0, t, middle):
    h = t[1] - t[0]
    states = [y0]
    for now, then in zip(t[:-1], t[1:]):
        y, h = states[-1], then - now
        slope = f(now, y)
        if middle:
            slope = f(now + h / 2, y + h / 2 * slope)
        states.append(y + h * slope)
    return np.array(states)


# %% wrong: states in a table of vectors
def solve(f, y0, t, middle):
    out = np.zeros((len(t), len(y0)))
    out[0] = y0
    for i in range(len(t) - 1):
        h = t[i + 1] - t[i]
        k = f(t[i], out[i])
        if middle:
            k = f(t[i] + h / 2, out[i] + h / 2 * k)
        out[i + 1] = out[i] + h * k
    return out


# %% wrong: Heun for midpoint
def solve(f, y0, t, middle):
    states = [y0]
    for now, then in zip(t[:-1], t[1:]):
        y, h = states[-1], then - now
        slope = f(now, y)
        if middle:
            slope = (slope + f(then, y + h * slope)) / 2
        states.append(y + h * slope)
    return np.array(states)


# %% wrong: a whole Euler step to the middle
def solve(f, y0, t, middle):
    states = [y0]
    for now, then in zip(t[:-1], t[1:]):
        y, h = states[-1], then - now
        slope = f(now, y)
        if middle:
            slope = f(now + h / 2, y + h * slope)
        states.append(y + h * slope)
    return np.array(states)


# %% wrong: adds in place
def solve(f, y0, t, middle):
    y, states = y0, [y0.copy()]
    for now, then in zip(t[:-1], t[1:]):
        h = then - now
        slope = f(now, y)
        if middle:
            slope = f(now + h / 2, y + h / 2 * slope)
        y += h * slope
        states.append(y.copy())
    return np.array(states)
