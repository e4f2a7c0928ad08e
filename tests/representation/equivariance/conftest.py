"""Fixtures of the tests of equivariance."""

import pytest

from tests.representation.equivariance.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
