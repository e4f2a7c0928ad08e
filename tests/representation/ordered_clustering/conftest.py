"""Fixtures of the tests of ordered_clustering."""

import pytest

from tests.representation.ordered_clustering.cases import SIDES


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]
