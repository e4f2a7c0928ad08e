# %% right: masks by multiplication
def step(t):
    return (t > 0).astype(float)


def row_2(t, b, c1):
    return np.full(t.shape, c1) + np.maximum(t, 0) / b


def row_3(t, b, c, c1):
    return c1 * np.exp(-t * (c / b)) - np.expm1(-np.maximum(t, 0) * c / b) / c


def row_5(t, a, c, c1, c2):
    w = (c / a) ** 0.5
    later = np.maximum(t, 0)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + 2 * np.sin(w * later / 2) ** 2 / c


# %% right: element by element, with math
import math


def each(f, t):
    return np.array([f(x) for x in t.ravel()]).reshape(t.shape)


def step(t):
    return each(lambda x: 1.0 if x > 0 else 0.0, t)


def row_2(t, b, c1):
    return each(lambda x: c1 + x / b if x > 0 else c1, t)


def row_3(t, b, c, c1):
    def one(x):
        e = math.exp(-c * x / b)
        return c1 * e + ((1 - e) / c if x > 0 else 0)

    return each(one, t)


def row_5(t, a, c, c1, c2):
    w = math.sqrt(c / a)

    def one(x):
        y = c2 * math.sin(w * x) + c1 * math.cos(w * x)
        if x > 0:
            y += (1 - math.cos(w * x)) / c
        return y

    return each(one, t)


# %% right: heaviside, and the slide's form of row 3
def step(t):
    return np.heaviside(t, 0.0)


def row_2(t, b, c1):
    return t * np.heaviside(t, 0.0) / b + c1


def row_3(t, b, c, c1):
    u, e = np.heaviside(t, 0.0), np.exp(-(c * t) / b)
    return c1 * e - u * e / c + u / c


def row_5(t, a, c, c1, c2):
    w = np.emath.sqrt(c / a)
    u = np.heaviside(t, 0.0)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) - u / c * (np.cos(w * t) - 1)


# %% right: a part of the array is written after 0
def step(t):
    u = np.zeros_like(t)
    u[t > 0] = 1
    return u


def row_2(t, b, c1):
    y = np.full_like(t, c1)
    y[t > 0] += t[t > 0] / b
    return y


def row_3(t, b, c, c1):
    y = c1 * np.exp(-c * t / b)
    y[t > 0] += (1 - np.exp(-c * t[t > 0] / b)) / c
    return y


def row_5(t, a, c, c1, c2):
    z = np.exp(1j * np.sqrt(c / a) * t)
    return c2 * z.imag + c1 * z.real + np.where(t > 0, (1 - z.real) / c, 0)


# %% wrong: u(0) is 1
def step(t):
    return np.where(t >= 0, 1.0, 0.0)


def row_2(t, b, c1):
    return c1 + t * step(t) / b


def row_3(t, b, c, c1):
    e = np.exp(-c * t / b)
    return c1 * e + step(t) * (1 - e) / c


def row_5(t, a, c, c1, c2):
    w = np.sqrt(c / a)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + step(t) * (1 - np.cos(w * t)) / c


# %% wrong: the step of a flattened array
def step(t):
    return np.array([1.0 if x > 0 else 0.0 for x in np.ravel(t)])


def row_2(t, b, c1):
    return c1 + np.maximum(t, 0) / b


def row_3(t, b, c, c1):
    e = np.exp(-c * t / b)
    return c1 * e + np.where(t > 0, (1 - e) / c, 0)


def row_5(t, a, c, c1, c2):
    w = np.sqrt(c / a)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + np.where(t > 0, (1 - np.cos(w * t)) / c, 0)


# %% wrong: small numbers count as 0
def step(t):
    return np.where(t > 1e-6, 1.0, 0.0)


def row_2(t, b, c1):
    return c1 + np.maximum(t, 0) / b


def row_3(t, b, c, c1):
    e = np.exp(-c * t / b)
    return c1 * e + np.where(t > 0, (1 - e) / c, 0)


def row_5(t, a, c, c1, c2):
    w = np.sqrt(c / a)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + np.where(t > 0, (1 - np.cos(w * t)) / c, 0)


# %% wrong: e^(+ct/b)
def step(t):
    return np.where(t > 0, 1.0, 0.0)


def row_2(t, b, c1):
    return c1 + t * step(t) / b


def row_3(t, b, c, c1):
    e = np.exp(c * t / b)
    return c1 * e + step(t) * (1 - e) / c


def row_5(t, a, c, c1, c2):
    w = np.sqrt(c / a)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + step(t) * (1 - np.cos(w * t)) / c


# %% wrong: omega is c/a
def step(t):
    return np.where(t > 0, 1.0, 0.0)


def row_2(t, b, c1):
    return c1 + t * step(t) / b


def row_3(t, b, c, c1):
    e = np.exp(-c * t / b)
    return c1 * e + step(t) * (1 - e) / c


def row_5(t, a, c, c1, c2):
    w = c / a
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + step(t) * (1 - np.cos(w * t)) / c


# %% wrong: sqrt(c) over sqrt(a), which is nan where both are below 0
def step(t):
    return np.where(t > 0, 1.0, 0.0)


def row_2(t, b, c1):
    return c1 + t * step(t) / b


def row_3(t, b, c, c1):
    e = np.exp(-c * t / b)
    return c1 * e + step(t) * (1 - e) / c


def row_5(t, a, c, c1, c2):
    with np.errstate(invalid="ignore"):
        w = np.sqrt(np.float64(c)) / np.sqrt(np.float64(a))
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + step(t) * (1 - np.cos(w * t)) / c


# %% wrong: the absolute value of b in row 2
def step(t):
    return np.where(t > 0, 1.0, 0.0)


def row_2(t, b, c1):
    return c1 + np.maximum(t, 0) / abs(b)


def row_3(t, b, c, c1):
    e = np.exp(-c * t / b)
    return c1 * e + step(t) * (1 - e) / c


def row_5(t, a, c, c1, c2):
    w = np.sqrt(c / a)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + step(t) * (1 - np.cos(w * t)) / c


# %% wrong: row 3 always decays
def step(t):
    return np.where(t > 0, 1.0, 0.0)


def row_2(t, b, c1):
    return c1 + t * step(t) / b


def row_3(t, b, c, c1):
    e = np.exp(-abs(c / b) * t)
    return c1 * e + step(t) * (1 - e) / c


def row_5(t, a, c, c1, c2):
    w = np.sqrt(c / a)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + step(t) * (1 - np.cos(w * t)) / c


# %% wrong: no step in row 5
def step(t):
    return np.where(t > 0, 1.0, 0.0)


def row_2(t, b, c1):
    return c1 + t * step(t) / b


def row_3(t, b, c, c1):
    e = np.exp(-c * t / b)
    return c1 * e + step(t) * (1 - e) / c


def row_5(t, a, c, c1, c2):
    w = np.sqrt(c / a)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + (1 - np.cos(w * t)) / c


# %% wrong: c1 of row 2 only after 0
def step(t):
    return np.where(t > 0, 1.0, 0.0)


def row_2(t, b, c1):
    return (c1 + t / b) * step(t)


def row_3(t, b, c, c1):
    e = np.exp(-c * t / b)
    return c1 * e + step(t) * (1 - e) / c


def row_5(t, a, c, c1, c2):
    w = np.sqrt(c / a)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + step(t) * (1 - np.cos(w * t)) / c


# %% wrong: c1 of row 3 decays only after 0
def step(t):
    return np.where(t > 0, 1.0, 0.0)


def row_2(t, b, c1):
    return c1 + t * step(t) / b


def row_3(t, b, c, c1):
    e = np.exp(-c * np.maximum(t, 0) / b)
    return c1 * e + (1 - e) / c


def row_5(t, a, c, c1, c2):
    w = np.sqrt(c / a)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + step(t) * (1 - np.cos(w * t)) / c


# %% wrong: t is cut at 0 in place
def step(t):
    return np.where(t > 0, 1.0, 0.0)


def row_2(t, b, c1):
    t[t < 0] = 0
    return c1 + t / b


def row_3(t, b, c, c1):
    e = np.exp(-c * t / b)
    return c1 * e + step(t) * (1 - e) / c


def row_5(t, a, c, c1, c2):
    w = np.sqrt(c / a)
    return c2 * np.sin(w * t) + c1 * np.cos(w * t) + step(t) * (1 - np.cos(w * t)) / c
