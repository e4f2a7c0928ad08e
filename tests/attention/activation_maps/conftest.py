"""Fixtures of the tests of activation_maps."""

import numpy as np
import pytest
import torch

from mylib.attention.activation_maps import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
