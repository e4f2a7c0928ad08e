"""Fixtures of the tests of losses."""

import pytest

from tests.training.losses.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
