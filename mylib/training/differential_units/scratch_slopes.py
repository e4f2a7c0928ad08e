r"""Slopes of the rows: dy/dt and dy/d(a, b, c, c1, c2), by hand, in float64.

Each function takes what its solution takes and returns six arrays. A power that is capped is constant: its own slope is
0 there. A coefficient that counts as 0 has the slope of the equation with it at +-epsilon (`kept_slope`).
"""

import numpy as np

from mylib.training.differential_units.scratch_solutions import (
    exp,
    growth,
    oscillating_response,
    real_response,
    roots_of,
    sigmoid,
    swaps,
    swing_of,
    weights_of,
)


def identity(t, k, cap):
    """Row 0."""
    return 1, 0, 0, 0, 0, 0


def soft_step(t, k, cap):
    """Row 1."""
    y = sigmoid(t)
    return y * (1 - y) / k.c, 0, 0, -y / k.c**2, 0, 0


def first_order(t, k, cap):
    """Rows 2 and 3: through the root r = -c/b."""
    r, later = -k.c / k.b, np.maximum(t, 0)
    power, moving, grown = exp(r * t, cap), _moving(r * t, cap), growth(r, later, cap)
    to_root = t * k.c1 * moving + _growth_slope(r, later, cap) / k.b
    to_t = moving * (r * k.c1 + (t > 0) / k.b)
    return to_t, 0, to_root * k.c / k.b**2 - grown / k.b**2, -to_root / k.b, power, 0


def parabola(t, k, cap):
    """Row 4."""
    later = np.maximum(t, 0)
    return k.c2 + later / k.a, -(later**2) / (2 * k.a**2), 0, 0, 1, t


def oscillation(t, k, cap):
    """Rows 5 and 8: through p and s, with s^2 = c/a - p^2."""
    p, s = swing_of(k)
    cosine, sine = np.cos(s * t), np.sin(s * t)
    power, moving = exp(p * t, cap), _moving(p * t, cap)
    turned = k.c2 * cosine - k.c1 * sine
    wave = k.c1 * cosine + k.c2 * sine
    later, s_sine = (t > 0) * 1.0, sine / s
    by_p = t * moving * wave + later * (power * s_sine + t * moving * (p * s_sine - cosine)) / k.c
    by_s = t * power * turned + later * power * (t * sine + p * (t * cosine - s_sine) / s) / k.c
    to_t = p * moving * wave + s * power * turned + later * moving * s_sine / k.a
    p_a, p_b = -p / k.a, -1 / (2 * k.a)
    s_a, s_b, s_c = (-k.c / (2 * k.a**2) - p * p_a) / s, -p * p_b / s, 1 / (2 * k.a * s)
    to_c = by_s * s_c - oscillating_response(np.maximum(t, 0), k, cap) / k.c
    return to_t, by_p * p_a + by_s * s_a, by_p * p_b + by_s * s_b, to_c, power * cosine, power * sine


def two_exponentials(t, k, cap):
    """Rows 6, 7 and 9: through both roots. From a r^2 + b r + c = 0, dr = -(r^2 da + r db + dc)/(2ar + b)."""
    roots, weights, root = roots_of(k)[:2], weights_of(k), roots_of(k)[2]
    later = np.maximum(t, 0)
    response = real_response(later, k, cap)
    to_t, slopes, powers = 0, [0, 0, 0], []
    for r, weight, sign in zip(roots, weights, (-1, 1), strict=True):
        moving = _moving(r * t, cap)
        powers.append(exp(r * t, cap))
        by_root = weight * t * moving + sign * _growth_slope(r, later, cap) / root
        to_t = to_t + moving * (weight * r + sign * (t > 0) / root)
        slopes = [slope - by_root * r**power / (sign * root) for slope, power in zip(slopes, (2, 1, 0), strict=True)]
    by_root_of_d = -response / root**2  # dP/dD = -P/(2D)
    slopes = [
        slope + by_root_of_d * half
        for slope, half in zip(slopes, (-2 * k.c, k.b, -2 * k.a), strict=True)  # half of dD
    ]
    first, second = np.where(swaps(k), powers[1], powers[0]), np.where(swaps(k), powers[0], powers[1])
    pure = k.c == 0  # row 7: c1 weighs -(a/b) e^(-bt/a)
    b = np.where(pure, k.b, 1)
    slopes[0] = slopes[0] - np.where(pure, k.c1 / b * first, 0)
    slopes[1] = slopes[1] + np.where(pure, k.c1 * k.a / b**2 * first, 0)
    return to_t, *slopes, np.where(pure, -k.a / b, 1) * first, second


def double_root(t, k, cap):
    """Row 10: through p alone; D counts as 0 and has no slope."""
    p, later = -k.b / (2 * k.a), np.maximum(t, 0)
    power, moving = exp(p * t, cap), _moving(p * t, cap)
    line = k.c1 * t + k.c2
    z, grown = p * later, exp(p * later, cap)
    by_p = t * moving * line + p * later**2 * _moving(z, cap) / k.c
    to_t = p * moving * line + power * k.c1 + p**2 * later * _moving(z, cap) / k.c
    to_c = -(1 - grown + z * grown) / k.c**2
    return to_t, -by_p * p / k.a, -by_p / (2 * k.a), to_c, t * power, power


SLOPES = (identity, soft_step, first_order, first_order, parabola, oscillation)
SLOPES += (two_exponentials, two_exponentials, oscillation, two_exponentials, double_root)


def kept_slope(position, t, k, start, slope, cap):
    r"""Slope for coefficient number `position` of the solution that keeps y(0) = start and y'(0) = slope.

    Differentiate the equation, not its solution: for c, a w'' + b w' + c w = -y with w(0) = w'(0) = 0; for b the right
    side is -y', for a -y''. With Q(z) = a z^2 + b z + c, all is said by M, whose Laplace transform is 1/Q^2.
    """
    capped = _largest(t, k) > cap
    if not k.a.any():
        rule = soft_step if not k.b.any() else first_order
        return np.where(capped, 0, rule(t, k._replace(c1=start), cap)[1 + position])
    m, m_slope = _squared_kernel(t, k, cap)
    if position == 0:
        found = start * k.c * m_slope + slope * (k.b * m_slope + k.c * m) - (t > 0) * m_slope
    elif position == 1:
        found = start * k.c * m - slope * k.a * m_slope - (t > 0) * m
    else:
        later = np.maximum(t, 0)
        oscillates = k.b**2 < 4 * k.a * k.c
        safe = k._replace(c=np.where(oscillates, k.c, k.b**2 / (2 * k.a) + k.a))  # any that oscillates
        real = k._replace(c=np.where(oscillates, -k.a, k.c))
        response = np.where(oscillates, oscillating_response(later, safe, cap), real_response(later, real, cap))
        summed = (response - k.a * m_slope - k.b * m) / k.c  # the integral of M
        found = -start * (k.a * m_slope + k.b * m) - slope * k.a * m - (t > 0) * summed
    return np.where(capped, 0, found)


def _squared_kernel(t, k, cap):
    """M = (t C - S)/(2 a^2 s^2) and M' = p M + t S/(2 a^2), s^2 = D/(4 a^2), by a series where s t is small."""
    p, square = -k.b / (2 * k.a), (k.b**2 - 4 * k.a * k.c) / (4 * k.a**2)
    x, s = square * t**2, np.sqrt(np.abs(square))
    small = np.abs(x) < 1e-3
    s, square = np.where(small, 1, s), np.where(small, 1, square)
    x, grown = np.where(small, x, 0), exp(p * t, cap)
    fast, slow = exp((p + s) * t, cap), exp((p - s) * t, cap)
    cosine = np.where(square > 0, (fast + slow) / 2, grown * np.cos(s * t))
    sine = np.where(square > 0, (fast - slow) / 2, grown * np.sin(s * t)) / s
    kernel = (t * cosine - sine) / (2 * square)
    sine = np.where(small, t * grown * (1 + x / 6 + x**2 / 120 + x**3 / 5040), sine)
    kernel = np.where(small, t**3 * grown * (1 / 6 + x / 60 + x**2 / 1680 + x**3 / 90720), kernel)
    return kernel / k.a**2, (p * kernel + t * sine / 2) / k.a**2


def _largest(t, k):
    """The largest exponent that occurs."""
    if not k.a.any():
        return -k.c / k.b * t if k.b.any() else 0 * t
    spread = np.sqrt(np.maximum(k.b**2 - 4 * k.a * k.c, 0)) / (2 * np.abs(k.a))
    return -k.b / (2 * k.a) * t + spread * np.abs(t)


def _moving(x, cap):
    """The power where it is not capped, else 0: what its slope is made of."""
    return np.where(x < cap, exp(x, cap), 0)


def _growth_slope(r, t, cap):
    """dE/dr = (t e^(rt) - E)/r, which is t^2 (1/2 + z/3 + z^2/8 + ...) for small z = rt."""
    z = r * t
    small = np.abs(z) < 1e-3
    exact = (t * _moving(z, cap) - growth(r, t, cap)) / np.where(small, 1, r)
    return np.where(small, t**2 * (1 / 2 + z / 3 + z**2 / 8 + z**3 / 30), exact)
