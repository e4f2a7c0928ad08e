"""Fixtures of the tests of deraining."""

import pytest

from tests.few_labels.deraining.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    """A twin, and what makes its arrays."""
    return SIDES[request.param]
