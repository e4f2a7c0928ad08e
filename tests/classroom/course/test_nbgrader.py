"""nbgrader as JupyterLab runs it: what the Validate button says."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.validator import Validator

from mylib.classroom.authoring.release import release
from mylib.classroom.course.nbgrader import nbgrader_environment
from mylib.classroom.grading.validate import validate
from tests.classroom import tiny
from tests.classroom.tiny import TOPIC


@pytest.fixture
def button(course):
    """Write answers into the released exercise, and press. Returns: what is said of the cells that fail, in order."""
    path = release(course, TOPIC) / f"{TOPIC}.ipynb"

    def press(**answers):
        nbformat.write(tiny.answer(nbformat.read(path, as_version=4), **answers), path)
        with nbgrader_environment():
            found = Validator(config=course.config).validate(str(path))
        return [BeautifulSoup(one["error"], "html.parser").get_text() for one in found["failed"]]

    press.path = path
    return press


def test_an_untouched_question_reads_as_in_mylib_validate(button):
    said = button(q2_scale=tiny.SCALE)
    assert said[0].startswith("NotImplementedError: no answer yet; write it where the cell says YOUR CODE HERE")
    assert said[0] == next(row.message for row in validate(button.path) if row.name == "q1-mean-tests")


def test_an_answer_that_binds_no_name_reads_so(button):
    said = button(q1_mean="", q2_scale=tiny.SCALE)
    assert said[0] == "NameError: name 'mean' is not defined: no answer yet, or its cell fails"


@pytest.mark.parametrize("source", ["def mean(x):\n    return sum(x)", "def mean(x):\n    return total(x)"])
def test_an_answer_that_fails_keeps_its_traceback(button, source):
    said = button(q1_mean=source, q2_scale=tiny.SCALE)
    assert "----> 1 check.close(mean([1.0, 2.0]), 1.5" in said[0]
