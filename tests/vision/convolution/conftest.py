"""Fixtures of the tests of convolution."""

import pytest

from tests.vision.convolution.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
