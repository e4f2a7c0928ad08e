"""Shapes, types and numbers that self_supervision refuses."""

import numpy as np
import pytest

X = np.ones((2, 1, 3, 3))
BAD_VALUES = {
    "an odd turn of one image that is no square": (
        lambda m, a: m.rotate90(a(np.ones((2, 1, 3, 4))), a(np.array([0, 1]))),
        "expected square images for odd quarter turns, got 3 x 4 pixels",
    ),
    "turns for other images": (
        lambda m, a: m.rotate90(a(X), a(np.array([0, 1, 2]))),
        "where batch is both 2 and 3",
    ),
    "a row of pixels": (lambda m, a: m.rotate90(a(np.ones(3)), 1), r"got \(3,\)"),
}
BAD_TYPES = {
    "integer images": (lambda m, a: m.rotate90(a(X.astype(int)), 1), "floating-point images .* divide by 255"),
    "half a turn": (lambda m, a: m.rotate90(a(X), 0.5), "quarter_turns as integers, got .*float"),
    "true turns": (lambda m, a: m.rotate90(a(X), True), "quarter_turns as integers, got .*bool"),
    "turns as floats": (lambda m, a: m.rotate90(a(X), a(np.ones(2))), "quarter_turns as integers, got .*float64"),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_bad_values_say_what_is_expected(side, case):
    call, message = BAD_VALUES[case]
    with pytest.raises(ValueError, match=message):
        call(*side)


@pytest.mark.parametrize("case", BAD_TYPES)
def test_bad_types_say_what_is_expected(side, case):
    call, message = BAD_TYPES[case]
    with pytest.raises(TypeError, match=message):
        call(*side)
