"""Fixtures of the tests of convnets."""

import numpy as np
import pytest
import torch

from mylib.vision.convnets import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
