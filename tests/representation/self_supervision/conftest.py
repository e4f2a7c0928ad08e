"""Fixtures of the tests of self_supervision."""

import pytest

from tests.representation.self_supervision.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    """A twin, and what makes its arrays."""
    return SIDES[request.param]
