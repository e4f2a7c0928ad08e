"""Fixtures of the tests of cross_modality."""

import pytest

from tests.representation.cross_modality.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    """A twin, and what makes its arrays."""
    return SIDES[request.param]
