r"""x Phi(x) and its slope in blocks that stay in the cache, with a polynomial in place of erf in float32.

A chain of operations is three times faster inside the cache, and SciPy's erf takes ten times longer than all the rest.
"""

import math

import numpy as np
from scipy.special import erf

BLOCK = 1 << 15  # elements of a chain of operations that stay in the cache


def gelu_and_slope(x):
    """x Phi(x) and its derivative, in blocks: a chain of operations is three times faster inside the cache."""
    flat = x.reshape(-1)
    y, slope = np.empty_like(flat), np.empty_like(flat)
    for start in range(0, x.size, BLOCK):
        block = slice(start, start + BLOCK)
        z = flat[block]
        phi, density = normal(z)
        np.multiply(z, phi, out=y[block])
        density *= z
        np.add(phi, density, out=slope[block])
    return y.reshape(x.shape), slope.reshape(x.shape)


def normal(z):
    """The normal distribution function Phi(z) and density N(z) = e^(-z^2 / 2) / sqrt(2 pi).

    SciPy's erf takes ten times longer than the rest of a GELU. In float32, whose own resolution is hardly finer, Phi
    comes from a polynomial instead, right to 3e-7. Source: Abramowitz and Stegun, 7.1.26.
    """
    bell = np.multiply(z, z)
    bell *= -0.5
    np.exp(bell, out=bell)
    if z.dtype != np.float32:
        return 0.5 * (1 + erf(z * math.sqrt(0.5))), bell * (1 / math.sqrt(2 * math.pi))
    t = np.abs(z)
    t += WIDTH
    np.reciprocal(t, out=t)
    phi = t * TAIL[0]
    for coefficient in TAIL[1:]:
        phi += coefficient
        phi *= t
    phi *= bell
    # 1/2 - Phi(-|z|), at least 0, takes the sign of z. As bits: np.copysign takes three times as long.
    phi += 0.5
    phi.view(np.uint32)[...] |= z.view(np.uint32) & SIGN
    phi += 0.5
    bell *= 1 / math.sqrt(2 * math.pi)
    return phi, bell


# erf(x) = 1 - e^(-x^2) sum a_i t^i with t = 1 / (1 + 0.3275911 x) and x = |z| / sqrt 2, written for 1 / (WIDTH + |z|).
WIDTH = math.sqrt(2) / 0.3275911
TAIL = [
    -0.5 * a * WIDTH**i
    for i, a in ((5, 1.061405429), (4, -1.453152027), (3, 1.421413741), (2, -0.284496736), (1, 0.254829592))
]
SIGN = np.uint32(1 << 31)
