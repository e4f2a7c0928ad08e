"""Fixtures of the tests of contrastive."""

import numpy as np
import pytest
import torch

from mylib.attention.contrastive import pytorch, scratch

SIDES = {
    "scratch": (scratch, np.asarray),
    "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value))),
}


@pytest.fixture(params=SIDES)
def side(request):
    """A twin, and what makes its arrays."""
    return SIDES[request.param]
