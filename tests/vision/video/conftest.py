"""Fixtures of the tests of video."""

import pytest

from tests.vision.video.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
