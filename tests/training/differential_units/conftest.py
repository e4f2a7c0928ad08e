"""Fixtures of the tests of differential_units."""

import pytest

from tests.training.differential_units.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
