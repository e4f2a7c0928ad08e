"""Fixtures of the tests of shifted_windows."""

import pytest
import torch

from mylib import engine
from mylib.attention.shifted_windows import pytorch, scratch

SIDES = {"scratch": (scratch, engine.Tensor), "pytorch": (pytorch, torch.tensor)}


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
