# %% right: a table of patterns
def which_row(a, b, c, epsilon):
    a, b, c = [x if abs(x) >= epsilon else 0 for x in (a, b, c)]
    pattern = (a != 0, b != 0, c != 0)
    simple = {
        (0, 0, 0): 0,
        (0, 0, 1): 1,
        (0, 1, 0): 2,
        (0, 1, 1): 3,
        (1, 0, 0): 4,
        (1, 1, 0): 7,
    }
    if pattern in simple:
        return simple[pattern]
    if not pattern[1]:
        return 5 if a * c > 0 else 6
    d = b**2 - 4 * a * c
    return 10 if abs(d) < epsilon else 8 if d < 0 else 9


# %% right: one test after the other
def which_row(a, b, c, epsilon):
    def zero(x):
        return -epsilon < x < epsilon

    if zero(a) and zero(b):
        return 0 if zero(c) else 1
    if zero(a):
        return 2 if zero(c) else 3
    if zero(b) and zero(c):
        return 4
    if zero(b):
        return 5 if c / a > 0 else 6
    if zero(c):
        return 7
    d = b * b - 4.0 * a * c
    if zero(d):
        return 10
    if d > 0:
        return 9
    return 8


# %% right: NumPy, and a number in binary
def which_row(a, b, c, epsilon):
    x = np.array([a, b, c])
    x[np.abs(x) < epsilon] = 0
    a, b, c = x
    code = int((x != 0) @ np.array([4, 2, 1]))
    if code == 5:
        return 5 if np.sign(a) == np.sign(c) else 6
    if code == 7:
        d = b * b - 4 * a * c
        return 10 if np.abs(d) < epsilon else int(8 + (d > 0))
    return [0, 1, 2, 3, 4, 5, 7, 7][code]


# %% wrong: below or equal
def which_row(a, b, c, epsilon):
    a, b, c = (0.0 if abs(x) <= epsilon else x for x in (a, b, c))
    if a == 0:
        return (3 if c else 2) if b else (1 if c else 0)
    if b == 0:
        return 4 if c == 0 else 5 if c / a > 0 else 6
    if c == 0:
        return 7
    d = b * b - 4 * a * c
    return 10 if abs(d) < epsilon else 8 if d < 0 else 9


# %% wrong: D below or equal
def which_row(a, b, c, epsilon):
    a, b, c = (0.0 if abs(x) < epsilon else x for x in (a, b, c))
    if a == 0:
        return (3 if c else 2) if b else (1 if c else 0)
    if b == 0:
        return 4 if c == 0 else 5 if c / a > 0 else 6
    if c == 0:
        return 7
    d = b * b - 4 * a * c
    return 10 if abs(d) <= epsilon else 8 if d < 0 else 9


# %% wrong: a small c is asked for its sign
def which_row(a, b, c, epsilon):
    raw = c
    a, b, c = (0.0 if abs(x) < epsilon else x for x in (a, b, c))
    if a == 0:
        return (3 if c else 2) if b else (1 if c else 0)
    if b == 0:
        return 4 if raw == 0 else 5 if raw / a > 0 else 6
    if c == 0:
        return 7
    d = b * b - 4 * a * c
    return 10 if abs(d) < epsilon else 8 if d < 0 else 9


# %% wrong: no absolute value
def which_row(a, b, c, epsilon):
    a, b, c = (0.0 if x < epsilon else x for x in (a, b, c))
    if a == 0:
        return (3 if c else 2) if b else (1 if c else 0)
    if b == 0:
        return 4 if c == 0 else 5 if c / a > 0 else 6
    if c == 0:
        return 7
    d = b * b - 4 * a * c
    return 10 if abs(d) < epsilon else 8 if d < 0 else 9


# %% wrong: D is compared with 0 exactly
def which_row(a, b, c, epsilon):
    a, b, c = (0.0 if abs(x) < epsilon else x for x in (a, b, c))
    if a == 0:
        return (3 if c else 2) if b else (1 if c else 0)
    if b == 0:
        return 4 if c == 0 else 5 if c / a > 0 else 6
    if c == 0:
        return 7
    d = b * b - 4 * a * c
    return 10 if d == 0 else 8 if d < 0 else 9


# %% wrong: both have to be above 0
def which_row(a, b, c, epsilon):
    a, b, c = (0.0 if abs(x) < epsilon else x for x in (a, b, c))
    if a == 0:
        return (3 if c else 2) if b else (1 if c else 0)
    if b == 0:
        return 4 if c == 0 else 5 if a > 0 and c > 0 else 6
    if c == 0:
        return 7
    d = b * b - 4 * a * c
    return 10 if abs(d) < epsilon else 8 if d < 0 else 9


# %% wrong: D of absolute values
def which_row(a, b, c, epsilon):
    a, b, c = (0.0 if abs(x) < epsilon else x for x in (a, b, c))
    if a == 0:
        return (3 if c else 2) if b else (1 if c else 0)
    if b == 0:
        return 4 if c == 0 else 5 if c / a > 0 else 6
    if c == 0:
        return 7
    d = b * b - 4 * abs(a) * abs(c)
    return 10 if abs(d) < epsilon else 8 if d < 0 else 9


# %% wrong: the epsilon of the paper
def which_row(a, b, c, epsilon):
    epsilon = 0.01
    a, b, c = (0.0 if abs(x) < epsilon else x for x in (a, b, c))
    if a == 0:
        return (3 if c else 2) if b else (1 if c else 0)
    if b == 0:
        return 4 if c == 0 else 5 if c / a > 0 else 6
    if c == 0:
        return 7
    d = b * b - 4 * a * c
    return 10 if abs(d) < epsilon else 8 if d < 0 else 9


# %% wrong: D decides before anything is replaced
def which_row(a, b, c, epsilon):
    if a and b and c:
        d = b * b - 4 * a * c
        return 10 if abs(d) < epsilon else 8 if d < 0 else 9
    a, b, c = (0.0 if abs(x) < epsilon else x for x in (a, b, c))
    if a == 0:
        return (3 if c else 2) if b else (1 if c else 0)
    if b == 0:
        return 4 if c == 0 else 5 if c / a > 0 else 6
    return 7


# %% wrong: rows 8 and 9 exchanged
def which_row(a, b, c, epsilon):
    a, b, c = (0.0 if abs(x) < epsilon else x for x in (a, b, c))
    if a == 0:
        return (3 if c else 2) if b else (1 if c else 0)
    if b == 0:
        return 4 if c == 0 else 5 if c / a > 0 else 6
    if c == 0:
        return 7
    d = b * b - 4 * a * c
    return 10 if abs(d) < epsilon else 9 if d < 0 else 8


# %% wrong: a small D decides before b is looked at
def which_row(a, b, c, epsilon):
    a, b, c = (0.0 if abs(x) < epsilon else x for x in (a, b, c))
    d = b * b - 4 * a * c
    if a and c and abs(d) < epsilon:
        return 10
    if a == 0:
        return (3 if c else 2) if b else (1 if c else 0)
    if b == 0:
        return 4 if c == 0 else 5 if c / a > 0 else 6
    if c == 0:
        return 7
    return 8 if d < 0 else 9
