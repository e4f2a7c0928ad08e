"""Turns of a few pixels by hand."""

import numpy as np
import pytest

from tests.twins import array

# rotations

IMAGE = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
TURNED = {
    0: IMAGE,
    1: [[3, 6], [2, 5], [1, 4]],  # the right-hand column becomes the top row
    2: [[6, 5, 4], [3, 2, 1]],
    3: [[4, 1], [5, 2], [6, 3]],
}


@pytest.mark.parametrize("turn", range(-5, 10))
def test_a_quarter_turn_by_hand_whatever_its_sign(side, turn):
    module, make = side
    np.testing.assert_array_equal(array(module.rotate90(make(IMAGE), turn)), TURNED[turn % 4])
    np.testing.assert_array_equal(array(module.rotate90(make(IMAGE), make(np.array(turn)))), TURNED[turn % 4])


def test_every_image_by_turns_of_its_own(side):
    module, make = side
    square = np.array([[1.0, 2.0], [3.0, 4.0]])
    got = array(module.rotate90(make(np.stack([square] * 5)[:, None]), make(np.array([-1, 0, 5, 2, 3]))))
    expected = [[[3, 1], [4, 2]], square, [[2, 4], [1, 3]], [[4, 3], [2, 1]], [[3, 1], [4, 2]]]
    np.testing.assert_array_equal(got[:, 0], expected)


def test_half_turns_of_images_that_are_no_squares(side):
    module, make = side
    got = array(module.rotate90(make(np.stack([IMAGE] * 3)), make(np.array([2, 0, -2]))))
    np.testing.assert_array_equal(got, [TURNED[2], IMAGE, TURNED[2]])
