"""Fixtures of the tests of optimizers."""

import pytest

from tests.training.optimizers.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
