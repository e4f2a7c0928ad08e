"""Fixtures of the tests of test_time."""

import pytest

from tests.trust.test_time.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    """A twin: its functions, its layers, its optimisers, and what makes its arrays."""
    return SIDES[request.param]
