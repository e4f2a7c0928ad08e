"""Fixtures of the tests of curriculum_labels."""

import pytest

from tests.few_labels.curriculum_labels.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    """A twin, and what makes its arrays."""
    return SIDES[request.param]
