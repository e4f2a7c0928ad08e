"""Fixtures of the tests of feature_attention."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.attention.feature_attention import pytorch, scratch
from mylib.vision.convnets import pytorch as convnets_pytorch
from mylib.vision.convnets import scratch as convnets_scratch

SIDES = {
    "scratch": (scratch, convnets_scratch, np.asarray),
    "pytorch": (pytorch, convnets_pytorch, torch.tensor),
}


@pytest.fixture(autouse=True)
def _seeded():
    engine.manual_seed(4)
    torch.manual_seed(4)


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
