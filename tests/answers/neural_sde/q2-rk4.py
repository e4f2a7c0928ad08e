# %% right: a table of stages
def rk4(f, y0, start, end, steps):
    h = (end - start) / steps
    y = np.array(y0)
    for i in range(steps):
        k, total = np.zeros_like(y), np.zeros_like(y)
        for place, weight in ((0, 1), (0.5, 2), (0.5, 2), (1, 1)):
            k = f(start + (i + place) * h, y + place * h * k)
            total = total + weight * k
        y = y + h / 6 * total
    return y


# %% right: times by linspace
def rk4(f, y0, start, end, steps):
    times = np.linspace(start, end, steps + 1)
    state = y0.copy()
    for a, b in zip(times[:-1], times[1:]):
        dt, middle = b - a, 0.5 * (a + b)
        one = dt * f(a, state)
        two = dt * f(middle, state + one / 2)
        three = dt * f(middle, state + two / 2)
        four = dt * f(b, state + three)
        state = state + (one + 2 * two + 2 * three + four) / 6
    return state


# %% right: recursion over steps
def rk4(f, y0, start, end, steps):
    if steps == 0:
        return y0
    h = (end - start) / steps
    k1 = f(start, y0)
    k2 = f(start + h / 2, y0 + k1 * h / 2)
    k3 = f(start + h / 2, y0 + k2 * h / 2)
    k4 = f(start + h, y0 + k3 * h)
    slope = np.tensordot(np.array([1, 2, 2, 1]) / 6, np.stack([k1, k2, k3, k4]), 1)
    return rk4(f, y0 + h * slope, start + h, end, steps - 1)


# %% wrong: weights of the 3/8 rule
def rk4(f, y0, start, end, steps):
    h, y = (end - start) / steps, y0
    for i in range(steps):
        t = start + i * h
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k2)
        k4 = f(t + h, y + h * k3)
        y = y + h * (k1 / 8 + 3 * k2 / 8 + 3 * k3 / 8 + k4 / 8)
    return y


# %% wrong: k3 from k1
def rk4(f, y0, start, end, steps):
    h, y = (end - start) / steps, y0
    for i in range(steps):
        t = start + i * h
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k1)
        k4 = f(t + h, y + h * k3)
        y = y + h * (k1 / 6 + k2 / 3 + k3 / 3 + k4 / 6)
    return y


# %% wrong: k4 at the time of the middle
def rk4(f, y0, start, end, steps):
    h, y = (end - start) / steps, y0
    for i in range(steps):
        t = start + i * h
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k2)
        k4 = f(t + h / 2, y + h * k3)
        y = y + h * (k1 / 6 + k2 / 3 + k3 / 3 + k4 / 6)
    return y


# %% wrong: every stage at the beginning
def rk4(f, y0, start, end, steps):
    h, y = (end - start) / steps, y0
    for i in range(steps):
        t = start + i * h
        k1 = f(t, y)
        k2 = f(t, y + h / 2 * k1)
        k3 = f(t, y + h / 2 * k2)
        k4 = f(t, y + h * k3)
        y = y + h * (k1 / 6 + k2 / 3 + k3 / 3 + k4 / 6)
    return y


# %% wrong: the clock stands still between steps
def rk4(f, y0, start, end, steps):
    h, y = (end - start) / steps, y0
    for i in range(steps):
        t = start
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k2)
        k4 = f(t + h, y + h * k3)
        y = y + h * (k1 / 6 + k2 / 3 + k3 / 3 + k4 / 6)
    return y


# %% wrong: h has lost its sign
def rk4(f, y0, start, end, steps):
    h, y = abs(end - start) / steps, y0
    for i in range(steps):
        t = start + i * h
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k2)
        k4 = f(t + h, y + h * k3)
        y = y + h * (k1 / 6 + k2 / 3 + k3 / 3 + k4 / 6)
    return y


# %% wrong: the whole way in each step
def rk4(f, y0, start, end, steps):
    h, y = end - start, y0
    for i in range(steps):
        t = start + i * h
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k2)
        k4 = f(t + h, y + h * k3)
        y = y + h * (k1 / 6 + k2 / 3 + k3 / 3 + k4 / 6)
    return y


# %% wrong: a single number as state
def rk4(f, y0, start, end, steps):
    h, y = (end - start) / steps, float(y0.flat[0])
    for i in range(steps):
        t = start + i * h
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k2)
        k4 = f(t + h, y + h * k3)
        y = y + h * (k1 / 6 + k2 / 3 + k3 / 3 + k4 / 6)
    return np.full(y0.shape, y)


# %% wrong: adds in place
def rk4(f, y0, start, end, steps):
    h, y = (end - start) / steps, y0
    for i in range(steps):
        t = start + i * h
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k2)
        k4 = f(t + h, y + h * k3)
        y += h * (k1 / 6 + k2 / 3 + k3 / 3 + k4 / 6)
    return y


# %% wrong: SciPy
from scipy.integrate import solve_ivp


def rk4(f, y0, start, end, steps):
    found = solve_ivp(lambda t, y: f(t, y.reshape(y0.shape)).ravel(), (start, end), y0.ravel(), rtol=1e-10, atol=1e-12)
    return found.y[:, -1].reshape(y0.shape)
