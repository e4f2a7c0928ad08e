"""Fixtures of the tests of neural_sde."""

import pytest

from tests.trust.neural_sde.cases import SIDES


@pytest.fixture(params=SIDES)
def name(request):
    """The name of a twin."""
    return request.param


@pytest.fixture
def side(name):
    """A twin, and what makes its arrays."""
    return SIDES[name]
