"""Courses that the tests of the classroom work on."""

import os
import shutil

import pytest

from mylib.classroom.publishing.assets import BROWSERS
from tests.classroom import tiny


@pytest.fixture(scope="session")
def lasting_servers():
    """Gradings by this process itself find a server that is warm, from the second on."""
    from tests.classroom.lasting import servers

    with servers():
        yield


@pytest.fixture(scope="session")
def walled(lasting_servers):
    """The walls are up: where they cannot be, tests skip and say so; on CI they fail."""
    from mylib.classroom.sandbox.walls import WallsMissingError, require

    try:
        require("bubblewrap")
    except WallsMissingError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
def course(tmp_path):
    """A fresh course for tests that change it."""
    return tiny.make_course(tmp_path / "course")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One course for the tests of a module that only read it."""
    return tiny.make_course(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="session")
def graded(walled, tmp_path_factory):
    """A whole class, graded once: the course and what `grade` returned. Real kernels, a second or two each."""
    from mylib.classroom.authoring.example_class import example_class
    from mylib.classroom.authoring.release import skeleton
    from mylib.classroom.course.limits import Limits
    from mylib.classroom.grading.run import grade

    course = tiny.make_course(tmp_path_factory.mktemp("graded"))
    inbox = example_class(course)
    blank = skeleton(course, tiny.TOPIC, register=False)
    lost = tiny.answer(blank, q1_mean=tiny.MEAN, q2_scale=tiny.SCALE)
    del lost.cells[3]
    doubled = tiny.answer(blank, q1_mean=tiny.MEAN, q2_scale=tiny.SCALE)
    doubled.cells.append(tiny.make_cell("answer", "q1-mean", 0, tiny.MEAN))
    doubled.cells[-1].id = "copy"
    changed = tiny.answer(blank, q1_mean="mean = None", q1_mean_tests="pass", q2_scale=tiny.SCALE)
    changed.cells[3].metadata.nbgrader["locked"] = False
    submissions = {
        "changed": changed,
        "dead": tiny.answer(blank, q1_mean=tiny.MEAN, q2_scale=tiny.DEAD),
        "doubled": doubled,
        "empty": b"",
        "endless": tiny.answer(blank, q1_mean=tiny.ENDLESS, q2_scale=tiny.SCALE),
        "lost": lost,
        "loud": tiny.answer(blank, q1_mean=tiny.LOUD, q2_scale=tiny.SCALE, q3_explain="<script>1</script>"),
        "nothing": None,
        "stubborn": tiny.answer(blank, q1_mean=tiny.STUBBORN, q2_scale=tiny.SCALE),
    }
    for student, content in submissions.items():
        tiny.hand_in(inbox, student, content)
    limits = Limits(cell_seconds=2, submission_seconds=30, iopub_seconds=2)
    return course, grade(course, inbox, limits=limits, jobs=1)


@pytest.fixture(scope="session")
def chromium():
    """The system's browser: where there is none, tests skip and say so; on CI they fail."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        missing = f"needs a browser; found no program {', '.join(BROWSERS)} (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found
