"""Fixtures of the tests of segmentation."""

import pytest

from tests.vision.segmentation.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
