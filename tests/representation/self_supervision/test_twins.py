"""The two sides of self_supervision, and PyTorch compiled and on its device."""

import numpy as np
import torch

from mylib.representation.self_supervision import pytorch, scratch
from tests.representation.self_supervision.cases import RNG
from tests.twins import assert_same_function

# rotations


def test_turns_agree_in_value_and_gradient():
    images = RNG(5).normal(size=(4, 2, 3, 3))
    for turns in (0, 1, -2, 7, np.array([3, 0, -2, 1])):
        assert_same_function(
            lambda x, turns=turns: scratch.rotate90(x, turns), lambda x, turns=turns: pytorch.rotate90(x, turns), images
        )


def test_turns_compile_whole_and_stay_on_their_device():
    images, turns = torch.randn(3, 1, 4, 4), torch.tensor([1, 2, 3])
    compiled = torch.compile(pytorch.rotate90, backend="eager", fullgraph=True)
    for given in (3, turns):
        torch.testing.assert_close(compiled(images, given), pytorch.rotate90(images, given))
        assert pytorch.rotate90(images.to("meta"), given).is_meta
    assert pytorch.rotate90(images.to("meta"), turns.to("meta")).is_meta
