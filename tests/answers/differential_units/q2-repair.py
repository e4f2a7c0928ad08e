# %% right: written out
def residual(f, t, a, b, c, h):
    first = (f(t + h) - f(t - h)) / (2 * h)
    second = (f(t + h) - 2 * f(t) + f(t - h)) / h**2
    u = np.where(t > 0, 1.0, 0.0)
    return a * second + b * first + c * f(t) - u


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    u = np.where(t > 0, 1.0, 0.0)
    return c1 * np.exp(w * t) + c2 * np.exp(-w * t) - u * (np.exp(w * t) + np.exp(-w * t)) / (2 * c) + u / c


# %% right: cosh, which knows no sign of t
def residual(f, t, a, b, c, h):
    low, mid, high = (f(t + k * h) for k in (-1, 0, 1))
    return (a / h**2 + b / (2 * h)) * high + (c - 2 * a / h**2) * mid + (a / h**2 - b / (2 * h)) * low - np.heaviside(t, 0)


def row_6(t, a, c, c1, c2):
    w = (-c / a) ** 0.5
    return c1 * np.exp(w * t) + c2 * np.exp(-w * t) + (1 - np.cosh(w * np.maximum(t, 0))) / c


# %% right: half angles, and a loop
def residual(f, t, a, b, c, h):
    y = np.empty(t.shape)
    all_of_it = [f(t - h), f(t), f(t + h)]
    for i in np.ndindex(*t.shape):
        l, m, r = (v[i] for v in all_of_it)
        y[i] = a * ((r - m) - (m - l)) / h / h + b * (r - l) / h / 2 + c * m
        if t[i] > 0:
            y[i] -= 1
    return y


def row_6(t, a, c, c1, c2):
    w = np.sqrt(abs(c / a))
    later = np.clip(t, 0, None)
    return c1 * np.exp(w * t) + c2 / np.exp(w * t) - 2 * np.sinh(w * later / 2) ** 2 / c


# %% right: row 5 with a complex omega
def residual(f, t, a, b, c, h):
    second = (f(t + h) + f(t - h) - 2 * f(t)) / (h * h)
    first = 0.5 * (f(t + h) - f(t - h)) / h
    return np.stack([a * second, b * first, c * f(t), -1.0 * (t > 0)]).sum(axis=0)


def row_6(t, a, c, c1, c2):
    w = np.sqrt(complex(c / a))
    k = abs(w)
    return c1 * np.exp(k * t) + c2 * np.exp(-k * t) + (t > 0) * ((1 - np.cos(w * t)) / c).real


# %% wrong: the slide's sign
def residual(f, t, a, b, c, h):
    return a * (f(t + h) - 2 * f(t) + f(t - h)) / h**2 + b * (f(t + h) - f(t - h)) / (2 * h) + c * f(t) - (t > 0)


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    up, down = np.exp(w * t), np.exp(-w * t)
    u = t > 0
    return c1 * up + c2 * down + u * (up + down) / (2 * c) - u / c


# %% wrong: the sign of u/c alone is turned, and the part of u starts at -2/c... or is left at half
def residual(f, t, a, b, c, h):
    return a * (f(t + h) - 2 * f(t) + f(t - h)) / h**2 + b * (f(t + h) - f(t - h)) / (2 * h) + c * f(t) - (t > 0)


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    up, down = np.exp(w * t), np.exp(-w * t)
    u = t > 0
    return c1 * up + c2 * down + u * (up + down) / (2 * c) + u / c


# %% wrong: cosine is kept
def residual(f, t, a, b, c, h):
    return a * (f(t + h) - 2 * f(t) + f(t - h)) / h**2 + b * (f(t + h) - f(t - h)) / (2 * h) + c * f(t) - (t > 0)


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    return c1 * np.exp(w * t) + c2 * np.exp(-w * t) + (t > 0) * (1 - np.cos(w * t)) / c


# %% wrong: sqrt(-c) over sqrt(a), which is nan where a is below 0
def residual(f, t, a, b, c, h):
    return a * (f(t + h) - 2 * f(t) + f(t - h)) / h**2 + b * (f(t + h) - f(t - h)) / (2 * h) + c * f(t) - (t > 0)


def row_6(t, a, c, c1, c2):
    with np.errstate(invalid="ignore"):
        w = np.sqrt(np.float64(-c)) / np.sqrt(np.float64(a))
    up, down = np.exp(w * t), np.exp(-w * t)
    return c1 * up + c2 * down + (t > 0) * (1 - (up + down) / 2) / c


# %% wrong: u is 1 everywhere in the residual
def residual(f, t, a, b, c, h):
    return a * (f(t + h) - 2 * f(t) + f(t - h)) / h**2 + b * (f(t + h) - f(t - h)) / (2 * h) + c * f(t) - 1


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    return c1 * np.exp(w * t) + c2 * np.exp(-w * t) + (t > 0) * (1 - np.cosh(w * t)) / c


# %% wrong: u(0) is 1 in the residual
def residual(f, t, a, b, c, h):
    return a * (f(t + h) - 2 * f(t) + f(t - h)) / h**2 + b * (f(t + h) - f(t - h)) / (2 * h) + c * f(t) - (t >= 0)


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    return c1 * np.exp(w * t) + c2 * np.exp(-w * t) + (t > 0) * (1 - np.cosh(w * t)) / c


# %% wrong: a step of its own
def residual(f, t, a, b, c, h):
    h = 1e-3
    return a * (f(t + h) - 2 * f(t) + f(t - h)) / h**2 + b * (f(t + h) - f(t - h)) / (2 * h) + c * f(t) - (t > 0)


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    return c1 * np.exp(w * t) + c2 * np.exp(-w * t) + (t > 0) * (1 - np.cosh(w * t)) / c


# %% wrong: forward differences
def residual(f, t, a, b, c, h):
    first = (f(t + h) - f(t)) / h
    second = (f(t + h) - 2 * f(t) + f(t - h)) / h**2
    return a * second + b * first + c * f(t) - (t > 0)


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    return c1 * np.exp(w * t) + c2 * np.exp(-w * t) + (t > 0) * (1 - np.cosh(w * t)) / c


# %% wrong: u is not taken away
def residual(f, t, a, b, c, h):
    return a * (f(t + h) - 2 * f(t) + f(t - h)) / h**2 + b * (f(t + h) - f(t - h)) / (2 * h) + c * f(t)


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    return c1 * np.exp(w * t) + c2 * np.exp(-w * t) + (t > 0) * (1 - np.cosh(w * t)) / c


# %% wrong: c1 and c2 exchanged
def residual(f, t, a, b, c, h):
    return a * (f(t + h) - 2 * f(t) + f(t - h)) / h**2 + b * (f(t + h) - f(t - h)) / (2 * h) + c * f(t) - (t > 0)


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    return c2 * np.exp(w * t) + c1 * np.exp(-w * t) + (t > 0) * (1 - np.cosh(w * t)) / c


# %% wrong: differences over h instead of h squared
def residual(f, t, a, b, c, h):
    return a * (f(t + h) - 2 * f(t) + f(t - h)) / h + b * (f(t + h) - f(t - h)) / (2 * h) + c * f(t) - (t > 0)


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    return c1 * np.exp(w * t) + c2 * np.exp(-w * t) + (t > 0) * (1 - np.cosh(w * t)) / c


# %% wrong: the residual without its sign
def residual(f, t, a, b, c, h):
    return abs(a * (f(t + h) - 2 * f(t) + f(t - h)) / h**2 + b * (f(t + h) - f(t - h)) / (2 * h) + c * f(t) - (t > 0))


def row_6(t, a, c, c1, c2):
    w = np.sqrt(-c / a)
    return c1 * np.exp(w * t) + c2 * np.exp(-w * t) + (t > 0) * (1 - np.cosh(w * t)) / c
