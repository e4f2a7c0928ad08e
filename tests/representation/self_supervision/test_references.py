"""Against what nobody here wrote: NumPy, SciPy, scikit-learn, mlxtend and torch's own functions."""

import numpy as np
import pytest
import torch

from tests.representation.self_supervision.cases import RNG
from tests.twins import array

# rotations


@pytest.mark.parametrize("shape", [(4, 5), (3, 1, 4, 4), (2, 3, 6, 5), (1, 2, 3, 4, 4)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_turns_are_those_of_numpy_and_torch(side, shape, dtype):
    module, make = side
    images = RNG(0).normal(size=shape).astype(dtype)
    for turn in range(-4, 9):
        got = array(module.rotate90(make(images), turn))
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, np.rot90(images, turn, axes=(-2, -1)))
        np.testing.assert_array_equal(got, torch.rot90(torch.tensor(images), turn, (-2, -1)).numpy())


def test_turns_of_each_image_are_those_of_numpy(side):
    module, make = side
    images, turns = RNG(1).normal(size=(9, 2, 5, 5)), RNG(2).integers(-8, 9, 9)
    expected = np.stack([np.rot90(image, turn, axes=(-2, -1)) for image, turn in zip(images, turns, strict=True)])
    np.testing.assert_array_equal(array(module.rotate90(make(images), make(turns))), expected)
