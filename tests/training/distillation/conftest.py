"""Fixtures of the tests of distillation."""

import pytest

from tests.training.distillation.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
