"""Fixtures of the tests of vision_transformer."""

import pytest
import torch

from mylib import engine
from mylib.attention.vision_transformer import pytorch, scratch

SIDES = {"scratch": (scratch, engine.Tensor), "pytorch": (pytorch, torch.tensor)}


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
