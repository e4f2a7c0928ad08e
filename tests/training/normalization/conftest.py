"""Fixtures of the tests of normalization."""

import pytest

from tests.training.normalization.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
