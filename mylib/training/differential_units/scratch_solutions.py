r"""The rows of the table: solutions of a y'' + b y' + c y = u(t), each for many t and units at once.

Every function takes t, shape (n, units), coefficients of the units, shape (units,), and the cap of exponents. The part
of u is computed at max(t, 0), where it starts at 0: no branch is needed. C and S are e^(pt) times cos(st), sin(st)/s.
"""

import numpy as np

TERMS = {"float64": 18, "float32": 10}  # of the series; the next one is below the type's rounding


def identity(t, k, cap):
    """Row 0. y = t."""
    return t


def soft_step(t, k, cap):
    """Row 1. y = sigmoid(t) / c."""
    return sigmoid(t) / k.c


def first_order(t, k, cap):
    """Rows 2 and 3. y = c1 e^(-ct/b) + u (1 - e^(-ct/b))/c; with c = 0 it is c1 + tu/b."""
    r = -k.c / k.b
    return k.c1 * exp(r * t, cap) + growth(r, np.maximum(t, 0), cap) / k.b


def parabola(t, k, cap):
    """Row 4. y = c2 t + c1 + t^2 u/(2a)."""
    return k.c2 * t + k.c1 + np.maximum(t, 0) ** 2 / (2 * k.a)


def oscillation(t, k, cap):
    """Rows 5 and 8. y = e^(pt) (c1 cos(st) + c2 sin(st)) + u (1 - C + p S)/c."""
    p, s = swing_of(k)
    homogeneous = exp(p * t, cap) * (k.c1 * np.cos(s * t) + k.c2 * np.sin(s * t))
    return homogeneous + oscillating_response(np.maximum(t, 0), k, cap)


def two_exponentials(t, k, cap):
    """Rows 6, 7 and 9. y = w1 e^(r1 t) + w2 e^(r2 t) + u (E(r2) - E(r1))/sqrt(D), E(r) = (e^(rt) - 1)/r."""
    r1, r2, root = roots_of(k)
    w1, w2 = weights_of(k)
    return w1 * exp(r1 * t, cap) + w2 * exp(r2 * t, cap) + real_response(np.maximum(t, 0), k, cap)


def double_root(t, k, cap):
    """Row 10. y = e^(pt) (c1 t + c2) + u (1 - e^(pt) + p t e^(pt))/c."""
    p = -k.b / (2 * k.a)
    later = np.maximum(t, 0)
    z = p * later
    grown = exp(z, cap)
    far = 1 - grown + z * grown
    return exp(p * t, cap) * (k.c1 * t + k.c2) + near_or(far / k.c, 2 * z, z * z, z * z / k.c)


SOLUTIONS = (identity, soft_step, first_order, first_order, parabola, oscillation)
SOLUTIONS += (two_exponentials, two_exponentials, oscillation, two_exponentials, double_root)


def exp(x, cap):
    """e^min(x, cap)."""
    return np.exp(np.minimum(x, cap))


def sigmoid(t):
    """1 / (1 + e^-t), without overflow."""
    return np.exp(np.minimum(t, 0)) / (1 + np.exp(-np.abs(t)))


def growth(r, t, cap):
    """E(r) = (e^(rt) - 1)/r, and t where r = 0: by expm1 it keeps its digits for small r."""
    flat = r == 0
    return np.where(flat, t, np.expm1(np.minimum(r * t, cap)) / np.where(flat, 1, r))


def swing_of(k):
    """p and s of rows 5 and 8; in row 5 s is omega = sqrt(c/a), above 0 also where a is not."""
    root = np.sqrt(4 * k.a * k.c - k.b * k.b)
    return -k.b / (2 * k.a), root / np.where(k.b == 0, 2 * np.abs(k.a), 2 * k.a)


def roots_of(k):
    """r1 = p - s and r2 = p + s without cancellation (q/a and c/q), and sqrt(D)."""
    root = np.sqrt(k.b * k.b - 4 * k.a * k.c)
    q = -(k.b + np.where(k.b < 0, -root, root)) / 2
    return np.where(k.b < 0, k.c / q, q / k.a), np.where(k.b < 0, q / k.a, k.c / q), root


def weights_of(k):
    """What the two exponentials weigh: rows 6 and 7 name them in another order than row 9."""
    first = np.where(k.c == 0, -k.c1 * k.a / np.where(k.c == 0, k.b, 1), k.c1)
    swapped = swaps(k)
    return np.where(swapped, k.c2, first), np.where(swapped, first, k.c2)


def swaps(k):
    """Where c1 belongs to r2: in row 6 to omega, in row 7 to -b/a, which is r2 where a > 0, and where b < 0."""
    return ((k.b == 0) & (k.a > 0)) | ((k.c == 0) & (k.b < 0))


def oscillating_response(t, k, cap):
    """(1 - C + p S)/c for t >= 0, D < 0."""
    p, s = swing_of(k)
    far = (1 - exp(p * t, cap) * (np.cos(s * t) - p * np.sin(s * t) / s)) / k.c
    return near_or(far, -k.b / k.a * t, k.c / k.a * t * t, t * t / k.a)


def real_response(t, k, cap):
    """The same for D > 0, by roots: [E(r2) - E(r1)]/sqrt(D). Where they nearly agree, by cosh and sinh."""
    r1, r2, root = roots_of(k)
    far = (growth(r2, t, cap) - growth(r1, t, cap)) / root
    p, half = -k.b / (2 * k.a), root / (2 * np.abs(k.a)) * t
    close, safe = half < 0.1, np.where(k.c == 0, 1, k.c)
    half, spread = np.where(close, half, 0), root / (2 * np.abs(k.a))
    alike = (1 - exp(p * t, cap) * (np.cosh(half) - p * np.sinh(half) / spread)) / safe
    return near_or(np.where(close, alike, far), -k.b / k.a * t, k.c / k.a * t * t, t * t / k.a)


def near_or(far, total, product, scale):
    r"""The response to u near 0 by its series, `far` elsewhere: 1 - C + pS is a difference of nearly equal numbers.

    With z1 + z2 = -bt/a and z1 z2 = ct^2/a it is t^2/a sum_k h_k/(k + 2)!, h_k = (z1 + z2) h_(k-1) - z1 z2 h_(k-2).
    """
    near = (np.abs(total) < 1) & (np.abs(product) < 0.5)
    if not near.any():
        return far
    total, product = np.where(near, total, 0), np.where(near, product, 0)
    before, now, series, factorial = np.zeros_like(total), np.ones_like(total), np.full_like(total, 0.5), 2.0
    for k in range(1, TERMS[total.dtype.name]):
        before, now = now, total * now - product * before
        factorial *= k + 2
        series += now / factorial
    return np.where(near, scale * series, far)
