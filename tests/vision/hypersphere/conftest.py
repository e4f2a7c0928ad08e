"""Fixtures of the tests of hypersphere."""

import pytest

from tests.vision.hypersphere.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
