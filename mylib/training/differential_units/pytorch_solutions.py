r"""What is computed for each element: two powers, a wave, and the response to u, with harmless arguments elsewhere.

Rows are gathered into two families. With real roots y = w1 e^(r1 t) + w2 e^(r2 t), a first-order equation being the
case w1 = 0; otherwise y = v C + w S with C, S = e^(pt) times cos(st), sin(st)/s. To both comes the response to u.
"""

import torch

TERMS = {torch.float64: 18, torch.float32: 10}  # of series; the next one is below the type's rounding


def solve(t, row, a, b, c, c1, c2, cap):
    """y for coefficients with exact zeros where one counts as 0; `row` and all coefficients of one shape."""
    later = torch.relu(t)  # the response starts at 0 with 0: no mask, and slope 0 at t = 0
    first = (row == 2) | (row == 3)
    real = first | (row == 6) | (row == 7) | (row == 9)
    second = row >= 4
    r1, r2, w1, w2 = _exponentials(row, first, real, a, b, c, c1, c2)
    y = torch.where(real, w1 * _exp(r1 * t, cap) + w2 * _exp(r2 * t, cap), _wave(t, row, real, a, b, c, c1, c2, cap))
    # Row 10 keeps p and c: the equation with a = c/p^2, b = -2 c/p, whose D is 0.
    double = row == 10
    p = -b / (2 * torch.where(second, a, 1))
    a_kept = torch.where(double, c / torch.where(double, p, 1) ** 2, torch.where(second, a, 1))
    b_kept = torch.where(double, -2 * p * a_kept, torch.where(second, b, 0))
    d = torch.where(double | ~second, 0, b * b - 4 * a * c)
    pushed = _response(later, a_kept, b_kept, torch.where(second, c, 1), d, cap)
    slow = _growth(torch.where(first, r2, 0), later, cap) / torch.where(first, b, 1)
    y = y + torch.where(second, pushed, torch.where(first, slow, 0))
    return torch.where(row == 1, torch.sigmoid(t) / torch.where(row == 1, c, 1), y)


def kept(t, a, b, c, start, slope, cap):
    """The solution with y(0) = start, y'(0) = slope, any of a, b, c exactly 0; and where no exponent is capped."""
    later, second, first = torch.relu(t), a != 0, (a == 0) & (b != 0)
    safe = torch.where(second, a, 1)
    p, d = -b / (2 * safe), torch.where(second, b * b - 4 * a * c, 0)
    square = d / (4 * safe**2)
    apart = (d > 0) & (square * t * t > 0.01)
    even, odd = _even_odd(t, p, torch.where(apart, 0, square), cap)
    r1, r2 = _roots(safe, b, c, torch.where(d > 0, d, 1).sqrt())
    between = torch.where(d > 0, r2 - r1, 1)
    w1, w2 = (r2 * start - slope) / between, (slope - r1 * start) / between  # each by itself: 0 stays 0
    powers = w1 * _exp(torch.where(apart, r1 * t, 0), cap) + w2 * _exp(torch.where(apart, r2 * t, 0), cap)
    free = torch.where(apart, powers, start * (even - p * odd) + slope * odd)
    y = free + _response(later, safe, b, torch.where(second, c, 1), d, cap)
    r = -c / torch.where(first, b, 1)
    r = torch.where(first, r, 0)
    slow = start * _exp(r * t, cap) + _growth(r, later, cap) / torch.where(first, b, 1)
    soft = torch.sigmoid(t) / torch.where(second | first, 1, c)
    spread = torch.where(d > 0, d, 0).sqrt() / (2 * safe.abs())
    largest = torch.where(second, p * t + spread * t.abs(), r * t)
    return torch.where(second, y, torch.where(first, slow, soft)), largest.detach() <= cap


def _exp(x, cap):
    return x.clamp(max=cap).exp()


def _exponentials(row, first, real, a, b, c, c1, c2):
    """Both roots and what they weigh; zeros where the row has none."""
    root = torch.where(real & ~first, b * b - 4 * a * c, 1).sqrt()
    r1, r2 = _roots(torch.where(first, 1, torch.where(a == 0, 1, a)), b, c, root)
    r2 = torch.where(first, -c / torch.where(b == 0, 1, b), r2)
    scaled = torch.where(row == 7, -c1 * a / torch.where(b == 0, 1, b), c1)
    other = ((row == 6) & (a > 0)) | ((row == 7) & (b < 0)) | first  # where c1 belongs to the second root
    w1, w2 = torch.where(other, torch.where(first, 0, c2), scaled), torch.where(other, scaled, c2)
    return *(torch.where(real, r, 0) for r in (r1, r2)), w1, w2


def _roots(a, b, c, root):
    """(-b - root)/(2a) and (-b + root)/(2a), the smaller one by the product of both, c/a."""
    q = -(b + torch.where(b < 0, -root, root)) / 2
    q = torch.where(q == 0, 1, q)
    return torch.where(b < 0, c / q, q / a), torch.where(b < 0, q / a, c / q)


def _wave(t, row, real, a, b, c, c1, c2, cap):
    """The homogeneous part of rows 4, 5, 8, 10, and row 0 as S with p = s = 0."""
    swings = (row == 5) | (row == 8)
    safe = torch.where(row >= 4, a, 1)
    p = torch.where((row == 8) | (row == 10), -b / (2 * safe), 0)
    square = torch.where(swings, c / safe - p * p, 1)
    s = torch.where(row == 8, torch.sign(a), 1) * square.sqrt()
    flat = torch.where(swings, 0, 1)
    power = _exp(torch.where(real, 0, p * t), cap)
    angle = s * t * (1 - flat)
    cosine, sine = angle.cos(), torch.where(swings, angle.sin() / s, t)
    first = torch.where(row == 10, c2, torch.where(row == 0, 0, c1))
    second = torch.where(row == 10, c1, torch.where(row == 0, 1, torch.where(swings, c2 * s, c2)))
    return power * (first * cosine + second * sine)


def _growth(r, t, cap):
    """(e^(rt) - 1)/r, near r = 0 by its series, whose slope in r autograd finds without cancellation."""
    z = (r * t).clamp(max=cap)
    small = z.abs() < 0.1
    near, term = torch.where(small, z, 0), torch.ones_like(z)
    series = term
    for k in range(2, TERMS[t.dtype] // 2 + 4):
        term = term * near / k
        series = series + term
    flat = r == 0
    return torch.where(small, t * series, torch.expm1(torch.where(small, 1, z)) / torch.where(flat, 1, r))


def _response(t, a, b, c, d, cap):
    """(1 - C + p S)/c for t >= 0, a not 0, in the form that keeps its digits."""
    total, product = -b / a * t, c / a * t * t
    near = (total.abs() < 1) & (product.abs() < 0.5)
    real = d > 0
    root = torch.where(real, d, 1).sqrt()
    r1, r2 = (torch.where(real, r, 0) for r in _roots(a, b, c, root))
    apart = (_growth(r2, t, cap) - _growth(r1, t, cap)) / root
    p, square = -b / (2 * a), d / (4 * a * a)
    even, odd = _even_odd(t, p, torch.where(real & (square * t * t > 0.01), 0, square), cap)
    together = (1 - even + p * odd) / torch.where(c == 0, 1, c)
    far = torch.where(real & (square * t * t > 0.01), apart, together)
    return torch.where(near, t * t / a * _series(torch.where(near, total, 0), torch.where(near, product, 0)), far)


def _series(total, product):
    """sum_k h_k/(k + 2)! of the complete symmetric polynomials of two numbers with that sum and product."""
    before, now = torch.zeros_like(total), torch.ones_like(total)
    series, factorial = 0.5 * now, 2.0
    for k in range(1, TERMS[total.dtype]):
        before, now = now, total * now - product * before
        factorial *= k + 2
        series = series + now / factorial
    return series


def _even_odd(t, p, square, cap):
    """C and S for any sign of s^2, by series where it is small: sin(st)/s has no slope in s^2 that way otherwise."""
    x = square * t * t
    small = x.abs() < 0.1
    near = torch.where(small, x, 0)
    even, odd, term = torch.ones_like(x), torch.ones_like(x), torch.ones_like(x)
    for k in range(1, 7):
        term = term * near / ((2 * k - 1) * (2 * k))
        even, odd = even + term, odd + term / (2 * k + 1)
    power = _exp(p * t, cap)
    positive = ~small & (x > 0)
    s = torch.where(small, 1, square).abs().sqrt()
    angle = torch.where(small | positive, 0, s * t)
    rise, fall = (_exp(torch.where(positive, (p + sign * s) * t, 0), cap) for sign in (1, -1))
    far_even = torch.where(positive, (rise + fall) / 2, power * angle.cos())
    far_odd = torch.where(positive, (rise - fall) / 2, power * angle.sin()) / s
    return torch.where(small, power * even, far_even), torch.where(small, t * power * odd, far_odd)
