# %% right: complex numbers
def slopes_of_c(t, a, b, c, c1, c2):
    r = (-b + 1j * np.sqrt(4 * a * c - b**2)) / (2 * a)
    z = np.exp(r * t)
    return z.real, z.imag


def slope_of_t(t, a, b, c, c1, c2):
    r = (-b + 1j * np.sqrt(4 * a * c - b**2)) / (2 * a)
    dz = r * np.exp(r * t)
    own = ((c1 - 1j * c2) * dz).real
    u = np.where(t > 0, 1.0, 0.0)
    return own + u / c * (-dz.real + r.real / r.imag * dz.imag)


# %% right: the product rule, term by term
def slopes_of_c(t, a, b, c, c1, c2):
    p = -b / (2 * a)
    s = np.sqrt(abs(b * b - 4 * a * c)) / (2 * a)
    return [np.exp(p * t) * np.cos(s * t), np.exp(p * t) * np.sin(s * t)]


def slope_of_t(t, a, b, c, c1, c2):
    p = -b / (2 * a)
    s = np.sqrt(abs(b * b - 4 * a * c)) / (2 * a)
    e, co, si = np.exp(p * t), np.cos(s * t), np.sin(s * t)
    d_cos = p * e * co - s * e * si
    d_sin = p * e * si + s * e * co
    y = c1 * d_cos + c2 * d_sin
    return y + (t > 0) * (-d_cos + p / s * d_sin) / c


# %% right: number by number
import math


def slopes_of_c(t, a, b, c, c1, c2):
    p, s = -b / 2 / a, math.sqrt(4 * a * c - b * b) / 2 / a
    first, second = np.empty(t.shape), np.empty(t.shape)
    for i, x in np.ndenumerate(t):
        first[i] = math.exp(p * x) * math.cos(s * x)
        second[i] = math.exp(p * x) * math.sin(s * x)
    return first, second


def slope_of_t(t, a, b, c, c1, c2):
    p, s = -b / 2 / a, math.sqrt(4 * a * c - b * b) / 2 / a
    slope = np.empty(t.shape)
    for i, x in np.ndenumerate(t):
        e = math.exp(p * x)
        slope[i] = e * (c1 * (p * math.cos(s * x) - s * math.sin(s * x)) + c2 * (p * math.sin(s * x) + s * math.cos(s * x)))
        if x > 0:
            slope[i] += (p * p + s * s) / (c * s) * e * math.sin(s * x)
    return slope


# %% wrong: s is always above 0 in the slopes of c1 and c2
def slopes_of_c(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * abs(a))
    return np.exp(p * t) * np.cos(s * t), np.exp(p * t) * np.sin(s * t)


def slope_of_t(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    e, co, si = np.exp(p * t), np.cos(s * t), np.sin(s * t)
    return e * ((p * c1 + s * c2) * co + (p * c2 - s * c1) * si) + np.where(t > 0, e * si / (a * s), 0)


# %% wrong: s is always above 0 in the slope of t
def slopes_of_c(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    return np.exp(p * t) * np.cos(s * t), np.exp(p * t) * np.sin(s * t)


def slope_of_t(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * abs(a))
    e, co, si = np.exp(p * t), np.cos(s * t), np.sin(s * t)
    return e * ((p * c1 + s * c2) * co + (p * c2 - s * c1) * si) + np.where(t > 0, e * si / (a * s), 0)


# %% wrong: the part of u has no slope
def slopes_of_c(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    return np.exp(p * t) * np.cos(s * t), np.exp(p * t) * np.sin(s * t)


def slope_of_t(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    e, co, si = np.exp(p * t), np.cos(s * t), np.sin(s * t)
    return e * ((p * c1 + s * c2) * co + (p * c2 - s * c1) * si)


# %% wrong: the power is not differentiated in the part of u
def slopes_of_c(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    return np.exp(p * t) * np.cos(s * t), np.exp(p * t) * np.sin(s * t)


def slope_of_t(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    e, co, si = np.exp(p * t), np.cos(s * t), np.sin(s * t)
    return e * ((p * c1 + s * c2) * co + (p * c2 - s * c1) * si) + np.where(t > 0, e * (s * si + p * co) / c, 0)


# %% wrong: the part of u has its slope before 0 too
def slopes_of_c(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    return np.exp(p * t) * np.cos(s * t), np.exp(p * t) * np.sin(s * t)


def slope_of_t(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    e, co, si = np.exp(p * t), np.cos(s * t), np.sin(s * t)
    return e * ((p * c1 + s * c2) * co + (p * c2 - s * c1) * si) + e * si / (a * s)


# %% wrong: the power is taken for a constant
def slopes_of_c(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    return np.exp(p * t) * np.cos(s * t), np.exp(p * t) * np.sin(s * t)


def slope_of_t(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    e, co, si = np.exp(p * t), np.cos(s * t), np.sin(s * t)
    return e * s * (c2 * co - c1 * si) + np.where(t > 0, e * si / (a * s), 0)


# %% wrong: slopes of c1 and c2 exchanged
def slopes_of_c(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    return np.exp(p * t) * np.sin(s * t), np.exp(p * t) * np.cos(s * t)


def slope_of_t(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    e, co, si = np.exp(p * t), np.cos(s * t), np.sin(s * t)
    return e * ((p * c1 + s * c2) * co + (p * c2 - s * c1) * si) + np.where(t > 0, e * si / (a * s), 0)


# %% wrong: multiplied by c1 and c2
def slopes_of_c(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    return c1 * np.exp(p * t) * np.cos(s * t), c2 * np.exp(p * t) * np.sin(s * t)


def slope_of_t(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    e, co, si = np.exp(p * t), np.cos(s * t), np.sin(s * t)
    return e * ((p * c1 + s * c2) * co + (p * c2 - s * c1) * si) + np.where(t > 0, e * si / (a * s), 0)


# %% wrong: the sign of cosine's slope
def slopes_of_c(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    return np.exp(p * t) * np.cos(s * t), np.exp(p * t) * np.sin(s * t)


def slope_of_t(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    e, co, si = np.exp(p * t), np.cos(s * t), np.sin(s * t)
    return e * ((p * c1 + s * c2) * co + (p * c2 + s * c1) * si) + np.where(t > 0, e * si / (a * s), 0)


# %% wrong: differences in the slope of t
def slopes_of_c(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)
    return np.exp(p * t) * np.cos(s * t), np.exp(p * t) * np.sin(s * t)


def slope_of_t(t, a, b, c, c1, c2):
    p, s = -b / (2 * a), np.sqrt(4 * a * c - b * b) / (2 * a)

    def y(t):
        e, co, si = np.exp(p * t), np.cos(s * t), np.sin(s * t)
        return e * (c1 * co + c2 * si) + np.where(t > 0, (1 - e * co + p / s * e * si) / c, 0)

    h = 1e-5
    return (y(t + h) - y(t - h)) / (2 * h)
