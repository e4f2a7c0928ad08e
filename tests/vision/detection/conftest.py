"""Fixtures of the tests of detection."""

import pytest

from tests.vision.detection.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
