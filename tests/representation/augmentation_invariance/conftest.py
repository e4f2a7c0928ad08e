"""Fixtures of the tests of augmentation_invariance."""

import pytest

from tests.representation.augmentation_invariance.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    """A twin, and what makes its arrays."""
    return SIDES[request.param]
