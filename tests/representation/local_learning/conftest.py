"""Fixtures of the tests of local_learning."""

import pytest

from tests.representation.local_learning.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    """A twin, and what makes its arrays."""
    return SIDES[request.param]
