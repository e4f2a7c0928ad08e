"""Every row against numerical integration, sympy and the equation's residual; slopes against differences."""

import functools

import numpy as np
import pytest
import sympy
import torch
from scipy.integrate import solve_ivp

from mylib.training.differential_units import pytorch
from tests.training.differential_units.cases import UNITS, deu, deu_gradient

T = np.linspace(-3, 3, 61)
IDS = [f"row {row}: {a} {b} {c}" for row, a, b, c in UNITS]


def integrate(a, b, c, start, force, times):
    """y at `times`, of one sign, by SciPy from t = 0; the force is constant."""

    def slope(t, y):
        return [y[1], (force - b * y[1] - c * y[0]) / a] if a else [(force - c * y[0]) / b]

    order = np.argsort(np.abs(times))
    found = solve_ivp(
        slope, (0, times[order[-1]]), start if a else start[:1], t_eval=times[order], rtol=1e-10, atol=1e-12
    )
    return found.y[0][np.argsort(order)]


@pytest.mark.parametrize(("row", "a", "b", "c"), UNITS, ids=IDS)
def test_every_row_solves_the_equation_by_numerical_integration(side, row, a, b, c):
    module, array = side
    c1, c2 = 0.7, -1.3
    start = module.initial_values(*(array(np.float64(x)) for x in (a, b, c, c1, c2)))
    start = [float(x) for x in start]
    # Restarted at t = 0, where u jumps.
    expected = np.concatenate([integrate(a, b, c, start, 0, T[:31]), integrate(a, b, c, start, 1, T[30:])[1:]])
    np.testing.assert_allclose(deu(side, T, a, b, c, c1, c2), expected, rtol=1e-7, atol=1e-8 * np.abs(expected).max())


# Rational coefficients and the same unit of every row that sympy solves in closed form.
SYMBOLIC = [(0, 2, 3), (3, 2, 0), (2, 1, 1), (-2, 3, -2), (1, 5, 2), (1, 3, -2), (1, 6, 9), (4, 4, 1)]


@functools.cache
def symbolic(a, b, c, force, start, slope):
    """The solution with these initial values, by sympy, as a function of numbers."""
    t, y = sympy.symbols("t"), sympy.Function("y")
    conditions = {y(0): sympy.Float(start, 17)}
    if a:
        conditions[y(t).diff(t).subs(t, 0)] = sympy.Float(slope, 17)
    equation = sympy.Eq(a * y(t).diff(t, 2) + b * y(t).diff(t) + c * y(t), force)
    return sympy.lambdify(t, sympy.dsolve(equation, y(t), ics=conditions).rhs, "numpy")


@pytest.mark.parametrize(("a", "b", "c"), SYMBOLIC)
@pytest.mark.parametrize("force", [0, 1])
def test_rows_with_several_coefficients_are_what_sympy_finds(side, a, b, c, force):
    units = [side[1](np.float64(x)) for x in (a, b, c, 0.5, -0.75)]
    start, slope = (round(float(x), 12) for x in side[0].initial_values(*units))
    times = np.linspace(0.1, 3, 7) if force else np.linspace(-3, 0, 7)
    expected = symbolic(a, b, c, force, start, slope if a else None)(times.astype(complex)).real + 0 * times
    np.testing.assert_allclose(deu(side, times, a, b, c, 0.5, -0.75), expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("row", "a", "b", "c"), UNITS, ids=IDS)
def test_residual_of_the_equation_is_zero_by_autograd(row, a, b, c):
    t = torch.tensor(T[T != 0], requires_grad=True)
    y = pytorch.deu(t, float(a), float(b), float(c), 0.7, -1.3)
    (slope,) = torch.autograd.grad(y.sum(), t, create_graph=True)
    curve = torch.autograd.grad(slope.sum(), t)[0] if slope.requires_grad else torch.zeros_like(t)
    residual = a * curve + b * slope + c * y - (t > 0).double()
    assert residual.abs().max() < 1e-9 * max(1, y.abs().max())


@pytest.mark.parametrize(("row", "a", "b", "c"), UNITS, ids=IDS)
def test_slopes_are_those_of_differences_inside_each_row(side, row, a, b, c):
    units, step = [a, b, c, 0.7, -1.3], 1e-6
    got = deu_gradient(side, T, *units)
    apart = np.abs(T) > step  # at the kink of row 2 and 3 a difference sees both sides
    by_t = (deu(side, T + step, *units) - deu(side, T - step, *units)) / (2 * step)
    np.testing.assert_allclose(got[0][apart], by_t[apart], rtol=1e-6, atol=1e-6 * np.abs(by_t).max())
    for position, value in enumerate(units):
        if value == 0:
            continue  # outside of the row: see the next test
        up, down = ([*units[:position], value + d, *units[position + 1 :]] for d in (step, -step))
        expected = (deu(side, T, *up) - deu(side, T, *down)) / (2 * step)
        np.testing.assert_allclose(got[1 + position], expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


ABSENT = [(row, *u, j) for row, *u in UNITS for j in range(3) if u[j] == 0]


@pytest.mark.parametrize(("row", "a", "b", "c", "position"), ABSENT)
@pytest.mark.parametrize("sign", [1, -1])
def test_slope_of_a_coefficient_that_counts_as_zero_solves_the_differentiated_equation(
    side, row, a, b, c, position, sign
):
    """With y(0), y'(0) kept, w = dy/dc solves a w'' + b w' + c w = -y; for b it is -y', for a -y''."""
    epsilon, times = 0.05, np.array([-0.4, -0.2, 0.3, 0.6])
    units = [a, b, c]
    units[position] = sign * 0.5 * epsilon
    got = deu_gradient(side, times, *units, 0.7, -1.3, epsilon=epsilon)[1 + position]
    start, slope = (float(x) for x in side[0].initial_values(*(side[1](np.float64(x)) for x in (a, b, c, 0.7, -1.3))))
    if row in (2, 3):
        slope = -c * 0.7 / b  # of c1 e^(-ct/b), from the left
    a, b, c = (sign * epsilon if i == position else x for i, x in enumerate((a, b, c)))

    def second_order(force):
        def system(t, z):
            y, y1, w, w1 = z
            y2 = (force - b * y1 - c * y) / a
            return [y1, y2, w1, (-[y2, y1, y][position] - b * w1 - c * w) / a]

        return system

    def first_order(force):
        def system(t, z):
            y1 = (force - c * z[0]) / b
            return [y1, (-[0, y1, z[0]][position] - c * z[1]) / b]

        return system

    system, begin = (second_order, [start, slope, 0, 0]) if a else (first_order, [start, 0])
    expected = [
        solve_ivp(system(float(t > 0)), (0, t), begin, rtol=1e-10, atol=1e-12, method="LSODA").y[-2 if a else -1][-1]
        for t in times
    ]
    np.testing.assert_allclose(got, expected, rtol=2e-6, atol=2e-6)  # LSODA on stiff equations: 50 b/a a second
