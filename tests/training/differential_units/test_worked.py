"""The table's rows at numbers worked by hand, thresholds of the subspaces, and what a layer starts with."""

import math

import numpy as np
import pytest

from tests.training.differential_units.cases import NAMES, SIDES, deu, deu_gradient, values

E = math.e
# (a, b, c, c1, c2), then y(-1) and y(1) from the table, each with its homogeneous part and its part of u.
WORKED = {
    "row 0": ((0, 0, 0, 5, 7), -1, 1),
    "row 1": ((0, 0, 2, 5, 7), 1 / (1 + E) / 2, E / (1 + E) / 2),
    "row 2": ((0, 2, 0, 5, 7), 5, 5 + 1 / 2),
    "row 3": ((0, 2, 4, 3, 7), 3 * E**2, 3 * E**-2 + (1 - E**-2) / 4),
    "row 4": ((2, 0, 0, 3, 5), -5 + 3, 5 + 3 + 1 / 4),
    "row 5": (
        (2, 0, 8, 3, 5),
        -5 * math.sin(2) + 3 * math.cos(2),
        5 * math.sin(2) + 3 * math.cos(2) + (1 - math.cos(2)) / 8,
    ),
    "row 5, a < 0": (
        (-2, 0, -8, 3, 5),
        -5 * math.sin(2) + 3 * math.cos(2),
        5 * math.sin(2) + 3 * math.cos(2) - (1 - math.cos(2)) / 8,
    ),
    "row 6": ((2, 0, -8, 3, 5), 3 * E**-2 + 5 * E**2, 3 * E**2 + 5 * E**-2 - (1 - math.cosh(2)) / 8),
    "row 6, a < 0": ((-2, 0, 8, 3, 5), 3 * E**-2 + 5 * E**2, 3 * E**2 + 5 * E**-2 + (1 - math.cosh(2)) / 8),
    "row 7": ((1, 2, 0, 3, 5), -1.5 * E**2 + 5, -1.5 * E**-2 + 5 + 1 / 2 - (1 - E**-2) / 4),
    "row 8": (
        (1, 2, 5, 3, 4),  # p = -1, s = 2
        E * (3 * math.cos(2) - 4 * math.sin(2)),
        (3 * math.cos(2) + 4 * math.sin(2)) / E + (1 - math.cos(2) / E - math.sin(2) / (2 * E)) / 5,
    ),
    "row 9": ((1, 3, 2, 3, 5), 3 * E**2 + 5 * E, 3 * E**-2 + 5 / E + 1 / 2 - 1 / E + E**-2 / 2),
    "row 10": ((1, 2, 1, 3, 5), E * (-3 + 5), (3 + 5) / E + 1 - 2 / E),
}


@pytest.mark.parametrize("name", WORKED)
def test_each_row_is_what_the_table_says(side, name):
    units, before, after = WORKED[name]
    row = int(name.split(",")[0][4:])
    assert int(side[0].subspace(*(side[1](np.float64(x)) for x in units[:3]))) == row
    np.testing.assert_allclose(deu(side, np.array([-1.0, 1.0]), *units), [before, after], rtol=1e-13)


def test_sigmoid_relu_and_sine_are_members(side):
    t = np.linspace(-4, 4, 33)
    np.testing.assert_allclose(deu(side, t, 0, 0, 1, 0, 0), 1 / (1 + np.exp(-t)), rtol=1e-12)
    np.testing.assert_array_equal(deu(side, t, 0, 1, 0, 0, 0), np.maximum(t, 0))
    np.testing.assert_allclose(deu(side, t[t <= 0], 1, 0, 1, 0, 1), np.sin(t[t <= 0]), atol=1e-15)


def test_a_coefficient_below_epsilon_counts_as_zero_and_so_does_the_discriminant(side):
    module, array = side
    # D of (1, 1, c) is 1 - 4c: at c = .2475 it is .01 up to rounding, at .2476 .0096, at .2524 -.0096, at .253 -.012.
    c = np.array([0.0, 0.009, -0.009, 0.01, 0.2474, 0.2476, 0.2524, 0.253])
    assert module.subspace(array(np.ones(8)), array(np.ones(8)), array(c)).tolist() == [7, 7, 7, 9, 9, 10, 10, 8]
    exact = module.subspace(array(np.ones(8)), array(np.ones(8)), array(c), epsilon=0)
    assert exact.tolist() == [7, 9, 9, 9, 9, 9, 8, 8]
    # D is b^2 where a c counts as 0: with its own c of .009 and a of 100 it would be 1 - 3.6.
    assert module.subspace(array([100.0]), array([1.0]), array([0.009])).tolist() == [7]
    assert module.subspace(array([0.005]), array([0.005]), array([0.005])).tolist() == [0]
    np.testing.assert_array_equal(deu(side, np.array([-2.0, 3.0]), 0.005, 1, -0.005, 4, 9), [4, 7])


def test_initial_values_by_hand(side):
    module, array = side
    given = [
        [0, 0, 0, 0, 2, 2, 2, 1, 1, 1, 1],
        [0, 0, 2, 2, 0, 0, 0, 2, 2, 3, 2],
        [0, 1, 0, 4, 0, 8, -8, 0, 5, 2, 1],
        [3] * 11,
        [5] * 11,
    ]
    start, slope = module.initial_values(*(array(np.array(one, float)) for one in given))
    nan = np.nan
    # Row 5 and 6: omega = 2. Row 7: 5 - 3/2. Row 8: p = -1, s = 2. Row 9: roots -2 and -1. Row 10: p = -1.
    np.testing.assert_allclose(values(start), [nan, nan, 3, 3, 3, 3, 8, 3.5, 3, 8, 5], rtol=1e-12)
    np.testing.assert_allclose(values(slope), [nan, nan, nan, nan, 5, 10, -4, 3, 7, -11, -2], rtol=1e-12)


def test_slopes_of_relu_by_hand(side):
    t = np.array([-2.0, 0.0, 3.0])
    slopes = deu_gradient(side, t, 0, 1, 0, 0, 0)
    np.testing.assert_array_equal(slopes[0], [0, 0, 1])  # from the left at 0: no delta function
    np.testing.assert_array_equal(slopes[2], [0, 0, -3])  # tu/b
    np.testing.assert_array_equal(slopes[4], [1, 1, 1])
    # a counts as 0: the slope of row 7 at a = .01, u [t/b - (a/b^2)(1 - e^(-bt/a))]: -(1 - e^-300) + 300 e^-300.
    np.testing.assert_allclose(slopes[1], [0, 0, -1], atol=1e-12)
    # c counts as 0: row 3 at c = .01, u (1 - e^(-.01 t))/.01: (.03 e^-.03 - (1 - e^-.03))/.0001.
    np.testing.assert_allclose(slopes[3], [0, 0, (0.03 * E**-0.03 - (1 - E**-0.03)) / 1e-4], rtol=1e-10)


def test_slope_of_a_coefficient_that_counts_as_zero_is_taken_on_its_own_side(side):
    t = np.array([3.0])
    above, below = (deu_gradient(side, t, 0, 1, c, 0, 0)[3] for c in (0.004, -0.004))
    for c, got in ((0.01, above), (-0.01, below)):
        np.testing.assert_allclose(got, (3 * c * E ** (-3 * c) - (1 - E ** (-3 * c))) / c**2, rtol=1e-9)


def test_layer_starts_uniform_between_0_and_1_with_c1_and_c2_at_0(side):
    layer = side[0].DEU(4000, seed=5)
    state = {name: values(value) for name, value in layer.state_dict().items()}
    assert set(state) == set(NAMES)
    for name in "abc":
        assert state[name].shape == (4000,)
        assert 0 <= state[name].min() < 0.01 < 0.99 < state[name].max() <= 1
        assert state[name].mean() == pytest.approx(0.5, abs=4 * 0.2887 / 4000**0.5)  # four standard errors
    assert not state["c1"].any()
    assert not state["c2"].any()
    again, other = (side[0].DEU(4000, seed=seed).state_dict()["a"] for seed in (5, 6))
    np.testing.assert_array_equal(values(again), state["a"])
    assert not np.array_equal(values(other), state["a"])


def test_layer_caps_exponents_at_14_and_clips_its_output(side):
    module, array = side
    layer = module.DEU(2, limit=50.0)
    start = np.array([[0, 0], [1, 1], [1, 1], [1e-5, 1], [0, 0]], np.float32)
    layer.load_state_dict({name: array(value) for name, value in zip(NAMES, start, strict=True)})
    x = np.array([[-20.0, -20.0], [-14.0, -3.0]], np.float32)
    y = values(layer(array(x)))
    np.testing.assert_allclose(y[0], [1e-5 * E**14, 50], rtol=1e-5)  # row 3: c1 e^20, capped, then clipped
    np.testing.assert_allclose(y[1], [1e-5 * E**14, E**3], rtol=1e-5)


def test_numbers_take_the_type_of_the_tensors():
    for module, array in SIDES.values():
        y = module.deu(array(np.array([1.0, 2.0])), 0, 0.1, 0, 0, 0)
        np.testing.assert_allclose(values(y), [10, 20], rtol=1e-15)  # 0.1 as float32 would be off by 1e-8
        assert "64" in str(y.dtype)
        assert "32" in str(module.deu(array(np.float32([1])), 1, 1, 1, 0, 0).dtype)


def test_coefficients_may_be_whole_numbers(side):
    module, array = side
    whole = [array(np.array(one)) for one in ([0, 1], [1, 0], [0, 4], [3, 1], [0, 2])]
    assert module.subspace(*whole[:3]).tolist() == [2, 5]
    y = module.deu(array(np.float32([[2.0, -0.5]])), *whole)
    assert "float32" in str(y.dtype)
    np.testing.assert_allclose(values(y), [[5, -2 * math.sin(1) + math.cos(1)]], rtol=1e-6)
