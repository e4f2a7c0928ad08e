"""Fixtures of the tests of contrastive_distillation."""

import pytest

from tests.training.contrastive_distillation.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    """A twin, and what makes its arrays."""
    return SIDES[request.param]
