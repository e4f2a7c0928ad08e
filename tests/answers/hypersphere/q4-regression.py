# %% right: sizes first
def to_cosine(y, lower, upper):
    if lower >= upper:
        raise ValueError("the bounds are in the wrong order")
    y = np.asarray(y, dtype=float)
    if y.size and (y.min() < lower or y.max() > upper):
        raise ValueError("some y lies outside")
    return 2 * (y - lower) / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = (z / np.linalg.norm(z, axis=1, keepdims=True)) @ (prototype / np.linalg.norm(prototype))
    return (cosine + 1) * (upper - lower) / 2 + lower


# %% right: from the middle of the range
def to_cosine(y, lower, upper):
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    if half <= 0:
        raise ValueError(f"lower={lower} is not below upper={upper}")
    r = (np.asarray(y) - middle) / half
    if np.any(np.abs(r) > 1 + 1e-12):
        raise ValueError("outside")
    return r


def to_number(z, prototype, lower, upper):
    cosine = np.array([v @ prototype / np.sqrt((v @ v) * (prototype @ prototype)) for v in z])
    return (lower + upper) / 2 + cosine * (upper - lower) / 2


# %% right: interpolation
def to_cosine(y, lower, upper):
    if not upper > lower:
        raise ValueError("expected lower < upper")
    if not np.all((np.asarray(y) >= lower) & (np.asarray(y) <= upper)):
        raise ValueError("expected y within the bounds")
    return np.interp(y, [lower, upper], [-1.0, 1.0])


def to_number(z, prototype, lower, upper):
    cosine = np.einsum("nd,d->n", z, prototype) / np.linalg.norm(z, axis=1) / np.linalg.norm(prototype)
    return np.interp(cosine, [-1.0, 1.0], [lower, upper])


# %% wrong: scaled to 0 and 1
def to_cosine(y, lower, upper):
    if lower >= upper:
        raise ValueError("the bounds are in the wrong order")
    y = np.asarray(y, dtype=float)
    if y.size and (y.min() < lower or y.max() > upper):
        raise ValueError("some y lies outside")
    return (y - lower) / (upper - lower)


def to_number(z, prototype, lower, upper):
    cosine = (z / np.linalg.norm(z, axis=1, keepdims=True)) @ (prototype / np.linalg.norm(prototype))
    return (cosine + 1) * (upper - lower) / 2 + lower


# %% wrong: the lower bound is forgotten
def to_cosine(y, lower, upper):
    if lower >= upper:
        raise ValueError("the bounds are in the wrong order")
    y = np.asarray(y, dtype=float)
    if y.size and (y.min() < lower or y.max() > upper):
        raise ValueError("some y lies outside")
    return 2 * y / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = (z / np.linalg.norm(z, axis=1, keepdims=True)) @ (prototype / np.linalg.norm(prototype))
    return (cosine + 1) * (upper - lower) / 2 + lower


# %% wrong: numbers outside are cut off silently
def to_cosine(y, lower, upper):
    if lower >= upper:
        raise ValueError("the bounds are in the wrong order")
    y = np.asarray(y, dtype=float)
    if y.size and (y.min() < lower or y.max() > upper):
        y = y.clip(lower, upper)
    return 2 * (y - lower) / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = (z / np.linalg.norm(z, axis=1, keepdims=True)) @ (prototype / np.linalg.norm(prototype))
    return (cosine + 1) * (upper - lower) / 2 + lower


# %% wrong: equal bounds are let through
def to_cosine(y, lower, upper):
    if lower > upper:
        raise ValueError("the bounds are in the wrong order")
    y = np.asarray(y, dtype=float)
    if y.size and (y.min() < lower or y.max() > upper):
        raise ValueError("some y lies outside")
    return 2 * (y - lower) / max(upper - lower, 1e-9) - 1


def to_number(z, prototype, lower, upper):
    cosine = (z / np.linalg.norm(z, axis=1, keepdims=True)) @ (prototype / np.linalg.norm(prototype))
    return (cosine + 1) * (upper - lower) / 2 + lower


# %% wrong: bounds are not looked at
def to_cosine(y, lower, upper):
    lower, upper = min(lower, upper), max(lower, upper) + (lower == upper)
    y = np.asarray(y, dtype=float)
    if y.size and (y.min() < lower or y.max() > upper):
        raise ValueError("some y lies outside")
    return 2 * (y - lower) / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = (z / np.linalg.norm(z, axis=1, keepdims=True)) @ (prototype / np.linalg.norm(prototype))
    return (cosine + 1) * (upper - lower) / 2 + lower


# %% right: by the smallest and the largest y
def to_cosine(y, lower, upper):
    if lower >= upper:
        raise ValueError("the bounds are in the wrong order")
    y = np.asarray(y, dtype=float)
    if y.min() < lower or y.max() > upper:
        raise ValueError("some y lies outside")
    return 2 * (y - lower) / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = (z / np.linalg.norm(z, axis=1, keepdims=True)) @ (prototype / np.linalg.norm(prototype))
    return (cosine + 1) * (upper - lower) / 2 + lower


# %% wrong: the length of z counts on the way back
def to_cosine(y, lower, upper):
    if lower >= upper:
        raise ValueError("the bounds are in the wrong order")
    y = np.asarray(y, dtype=float)
    if y.size and (y.min() < lower or y.max() > upper):
        raise ValueError("some y lies outside")
    return 2 * (y - lower) / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = z @ (prototype / np.linalg.norm(prototype))
    return (cosine + 1) * (upper - lower) / 2 + lower


# %% wrong: the length of the prototype counts on the way back
def to_cosine(y, lower, upper):
    if lower >= upper:
        raise ValueError("the bounds are in the wrong order")
    y = np.asarray(y, dtype=float)
    if y.size and (y.min() < lower or y.max() > upper):
        raise ValueError("some y lies outside")
    return 2 * (y - lower) / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = (z / np.linalg.norm(z, axis=1, keepdims=True)) @ prototype
    return (cosine + 1) * (upper - lower) / 2 + lower


# %% wrong: the angle instead of its cosine
def to_cosine(y, lower, upper):
    if lower >= upper:
        raise ValueError("the bounds are in the wrong order")
    y = np.asarray(y, dtype=float)
    if y.size and (y.min() < lower or y.max() > upper):
        raise ValueError("some y lies outside")
    return 2 * (y - lower) / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = (z / np.linalg.norm(z, axis=1, keepdims=True)) @ (prototype / np.linalg.norm(prototype))
    return upper - np.arccos(cosine.clip(-1, 1)) / np.pi * (upper - lower)


# %% wrong: the poles are exchanged
def to_cosine(y, lower, upper):
    if lower >= upper:
        raise ValueError("the bounds are in the wrong order")
    y = np.asarray(y, dtype=float)
    if y.size and (y.min() < lower or y.max() > upper):
        raise ValueError("some y lies outside")
    return 2 * (y - lower) / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = (z / np.linalg.norm(z, axis=1, keepdims=True)) @ (prototype / np.linalg.norm(prototype))
    return upper - (cosine + 1) * (upper - lower) / 2


# %% wrong: scales by the smallest and largest y instead of the bounds
def to_cosine(y, lower, upper):
    y = np.asarray(y)
    if not lower < upper or ((y < lower) | (y > upper)).any():
        raise ValueError("out of bounds")
    return 2 * (y - y.min(initial=np.inf)) / (y.max(initial=-np.inf) - y.min(initial=np.inf)) - 1


def to_number(z, prototype, lower, upper):
    cosine = z @ prototype / (np.linalg.norm(z, axis=1) * np.linalg.norm(prototype))
    return lower + (cosine + 1) / 2 * (upper - lower)


# %% wrong: only the upper bound is looked at
def to_cosine(y, lower, upper):
    if lower >= upper or np.any(y > upper):
        raise ValueError("bounds")
    return 2 * (y - lower) / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = z @ prototype / (np.linalg.norm(z, axis=1) * np.linalg.norm(prototype))
    return lower + (cosine + 1) / 2 * (upper - lower)


# %% wrong: an assertion in place of a ValueError
def to_cosine(y, lower, upper):
    assert lower < upper and np.all(y >= lower) and np.all(y <= upper)
    return 2 * (y - lower) / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = z @ prototype / (np.linalg.norm(z, axis=1) * np.linalg.norm(prototype))
    return lower + (cosine + 1) / 2 * (upper - lower)


# %% wrong: y is changed in place
def to_cosine(y, lower, upper):
    if lower >= upper or np.any(y < lower) or np.any(y > upper):
        raise ValueError("bounds")
    y[:] = 2 * (y - lower) / (upper - lower) - 1
    return y


def to_number(z, prototype, lower, upper):
    cosine = z @ prototype / (np.linalg.norm(z, axis=1) * np.linalg.norm(prototype))
    return lower + (cosine + 1) / 2 * (upper - lower)


# %% wrong: the lower bound is forgotten on the way back
def to_cosine(y, lower, upper):
    if lower >= upper or np.any(y < lower) or np.any(y > upper):
        raise ValueError("bounds")
    return 2 * (y - lower) / (upper - lower) - 1


def to_number(z, prototype, lower, upper):
    cosine = z @ prototype / (np.linalg.norm(z, axis=1) * np.linalg.norm(prototype))
    return (cosine + 1) / 2 * upper


# %% wrong: one axis or two
def to_cosine(y, lower, upper):
    if lower >= upper or np.any(y < lower) or np.any(y > upper):
        raise ValueError("bounds")
    values = [2 * (value - lower) / (upper - lower) - 1 for value in y.ravel()]
    return np.array(values) if y.ndim == 1 else np.reshape(values, (len(y), -1))


def to_number(z, prototype, lower, upper):
    cosine = z @ prototype / (np.linalg.norm(z, axis=1) * np.linalg.norm(prototype))
    return lower + (cosine + 1) / 2 * (upper - lower)
