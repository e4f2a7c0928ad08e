"""Validate: a student reads, before handing in, what grading would say of the visible tests."""

import json

import nbformat
import pytest

from mylib.classroom.authoring.release import release
from mylib.classroom.grading.gradebook import load_results
from mylib.classroom.grading.validate import Row, table, validate
from tests.classroom import tiny
from tests.classroom.tiny import TOPIC


@pytest.fixture
def exercise(course):
    """Write answers into the released exercise, as a student does. Returns: what validate says."""
    path = release(course, TOPIC) / f"{TOPIC}.ipynb"

    def run(**answers):
        nbformat.write(tiny.answer(nbformat.read(path, as_version=4), **answers), path)
        return {row.name: row.message for row in validate(path)}

    run.path = path
    return run


def test_right_answers_pass(exercise):
    said = exercise(q1_mean=tiny.MEAN, q2_scale=tiny.SCALE)
    assert said == {"q1-mean-tests": "", "q2-scale-tests": "", "q2-scale-tests-2": ""}


def test_a_wrong_answer_reads_the_message_of_grading(exercise, graded):
    said = exercise(q1_mean="def mean(x):\n    return sum(x)", q2_scale=tiny.SCALE)
    assert said["q1-mean-tests"] == load_results(graded[0])["ben", TOPIC].errors["q1-mean-tests"]
    assert said["q2-scale-tests"] == ""


def test_the_untouched_exercise_fails_and_says_so(exercise):
    said = exercise()
    assert said["q1-mean-tests"].startswith("NotImplementedError: no answer yet; write it where")


def test_a_cell_that_does_not_compile_is_named_beside_its_test(exercise):
    said = exercise(q1_mean="def mean(x:", q2_scale=tiny.SCALE)
    assert said["q1-mean"].startswith("SyntaxError")
    assert said["q1-mean-tests"].startswith("NameError: name 'mean' is not defined")


def test_a_file_beside_the_notebook_is_there(exercise):
    (exercise.path.parent / "factor.txt").write_text("1")
    read = "def mean(x):\n    return sum(x) / len(x) * float(open('factor.txt').read())"
    assert exercise(q1_mean=read)["q1-mean-tests"] == ""


def test_validate_writes_nothing(exercise):
    exercise(q1_mean="open('new.txt', 'w').write('x')\ndef mean(x):\n    return sum(x) / len(x)")
    assert [path.name for path in exercise.path.parent.iterdir()] == [exercise.path.name]


def test_the_table_says_passed_and_failed():
    shown = table(
        [
            Row("q1-mean-tests", 3.0, "", False),
            Row("q2-scale-tests", 2.0, "AssertionError: no", True),
            Row("q2", None, "Boom", True),
        ]
    )
    assert [list(column.cells) for column in shown.columns][1] == ["passed (3 points)", "failed", ""]


@pytest.mark.parametrize("content", ["", "{", json.dumps({"cells": 5}), json.dumps([])])
def test_what_is_no_exercise_is_refused(tmp_path, content):
    path = tmp_path / "some.ipynb"
    path.write_text(content)
    with pytest.raises(ValueError, match="validate: expected"):
        validate(path)
