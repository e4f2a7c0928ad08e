"""Fixtures of the tests of reid."""

import pytest

from tests.attention.reid.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    """A twin, and what makes its arrays."""
    return SIDES[request.param]
