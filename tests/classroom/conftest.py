"""Courses that the tests of the classroom work on."""

import pytest

from tests.classroom.tiny import make_course


@pytest.fixture
def course(tmp_path):
    """A fresh course for tests that change it."""
    return make_course(tmp_path / "course")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One course for the tests of a module that only read it."""
    return make_course(tmp_path_factory.mktemp("shared"))
