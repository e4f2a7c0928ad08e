"""What must hold whatever the numbers are."""

import numpy as np

from tests.representation.self_supervision.cases import RNG
from tests.twins import array

# rotations


def test_four_quarter_turns_are_none_and_turns_add_up(side):
    module, make = side
    images = make(RNG(3).normal(size=(3, 2, 4, 5)))
    turned = images
    for _ in range(4):
        turned = module.rotate90(turned, 1)
    np.testing.assert_array_equal(array(turned), array(images))
    twice = module.rotate90(module.rotate90(images, 3), 2)
    np.testing.assert_array_equal(array(twice), array(module.rotate90(images, 1)))


def test_what_comes_out_shares_no_memory_with_what_came_in(side):
    module, make = side
    images = RNG(4).normal(size=(2, 1, 3, 3))
    given = make(images.copy())
    for turns in (0, 2, make(np.zeros(2, np.int64))):
        array(module.rotate90(given, turns))[:] = 0
    np.testing.assert_array_equal(array(given), images)
