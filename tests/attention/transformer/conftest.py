"""Fixtures of the tests of transformer."""

import pytest
import torch

from mylib import engine
from mylib.attention.transformer import pytorch, scratch

SIDES = {"scratch": (scratch, engine.Tensor), "pytorch": (pytorch, torch.tensor)}


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
