"""Release: what students get, byte for byte, and what an instructor is told before."""

import re

import nbformat
import pytest

from mylib.classroom.authoring.lint import lint
from mylib.classroom.authoring.release import difference, orphans, release
from tests.classroom import tiny
from tests.classroom.tiny import CELLS, TOPIC, make_notebook


def write(course, cells=CELLS, notebook=None):
    nbformat.write(notebook or make_notebook(cells), course.solution(TOPIC))


def with_cell(position, first=None, **changes):
    """The tiny notebook with one cell changed, or the source of another one too."""
    notebook = make_notebook()
    if first:
        notebook.cells[first[0]].source = first[1]
    cell = notebook.cells[position]
    cell.source = changes.pop("source", cell.source)
    if changes:
        cell.metadata.nbgrader.update(changes)
    return notebook


def test_release_strips_solutions_and_hidden_tests(course):
    release(course, TOPIC)
    text = course.exercise(TOPIC).read_text()
    assert "NotImplementedError" in text
    assert "did you divide by N?" in text
    for secret in ("len(x)", "The mean is linear", "one number", "an empty list", "HIDDEN", "SOLUTION"):
        assert secret not in text


def test_releasing_twice_gives_the_same_bytes(course):
    release(course, TOPIC)
    first = course.exercise(TOPIC).read_bytes()
    release(course, TOPIC)
    assert course.exercise(TOPIC).read_bytes() == first


def test_what_an_editor_leaves_in_the_solution_does_not_reach_the_release(course):
    release(course, TOPIC)
    clean = course.exercise(TOPIC).read_bytes()
    notebook = make_notebook()
    notebook.metadata.language_info = {"name": "python", "version": "3.99"}
    notebook.cells[1].metadata.execution = {"iopub.status.idle": "2020-01-01"}
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="seen")]
    notebook.cells[1].execution_count = 7
    write(course, notebook=notebook)
    release(course, TOPIC)
    assert course.exercise(TOPIC).read_bytes() == clean


def test_files_beside_the_solution_are_released(course):
    (course.solutions / TOPIC / "data.csv").write_text("1,2\n")
    release(course, TOPIC)
    assert (course.exercises / TOPIC / "data.csv").read_text() == "1,2\n"
    (course.solutions / TOPIC / "data.csv").write_text("1,3\n")
    assert "data.csv: differs" in difference(course, TOPIC)


def test_a_failed_release_keeps_the_old_one(course):
    release(course, TOPIC)
    before = course.exercise(TOPIC).read_bytes()
    write(course, notebook=with_cell(0, source="# No points"))
    with pytest.raises(ValueError, match="expected the line"):
        release(course, TOPIC)
    assert course.exercise(TOPIC).read_bytes() == before
    assert [path.name for path in course.exercises.iterdir()] == [TOPIC]


def test_check_names_the_file_and_shows_the_difference(course):
    assert "missing" in difference(course, TOPIC)
    release(course, TOPIC)
    assert difference(course, TOPIC) == ""
    path = course.exercise(TOPIC)
    path.write_text(path.read_text().replace("divide by N", "divide by M"))
    found = difference(course, TOPIC)
    assert str(path) in found
    assert "divide by N" in found
    assert "divide by M" in found


def test_an_exercise_without_a_solution_is_found(course):
    (course.exercises / "stray").mkdir(parents=True)
    [message] = orphans(course)
    assert message == f"{course.exercises / 'stray'}: has no solution; remove it"
    (course.solutions / "stray").mkdir()
    nbformat.write(make_notebook(), course.solutions / "stray" / "other.ipynb")
    [message] = orphans(course)
    assert message.endswith("solutions/stray/ holds other.ipynb; expected stray.ipynb")


def test_the_tiny_course_has_no_lint_errors(course):
    assert lint(course.solution(TOPIC)) == []


PROBLEMS = {
    "old schema": (with_cell(2, schema_version=2), "q1-mean: Outdated schema version: 2"),
    "task cell": (with_cell(7, task=True), "task cells are not supported"),
    "title without points": (with_cell(0, source="# Sums"), r"expected the line \*\*Points: 10\*\*"),
    "title with wrong sum": (
        with_cell(0, source="**Points: 12**"),
        "states 12 points, the cells add up to 10",
    ),
    "no points": (with_cell(3, points=0), "q1-mean-tests: expected more than 0 points"),
    "duplicate id": (with_cell(5, grade_id="q1-mean-tests"), "grade id stands on 2 cells"),
    "answer id": (
        with_cell(2, grade_id="Mean"),
        "Mean: expected an answer id like q1-softmax",
    ),
    "test id": (with_cell(3, grade_id="q1-check"), "q1-check: expected a test id like"),
    "test of no answer": (with_cell(3, grade_id="q9-x-tests"), "expected the answer cell q9-x before it"),
    "answer without test": (with_cell(3, grade_id="q2-scale-tests-3"), "q1-mean: has no test cell"),
    "open solution marker": (
        with_cell(2, source="### BEGIN SOLUTION\nmean = len"),
        "q1-mean: ### BEGIN SOLUTION and ### END SOLUTION are not paired",
    ),
    "hidden tests in an answer": (
        with_cell(2, source="mean = len\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS"),
        "### BEGIN HIDDEN TESTS stands outside a test cell",
    ),
    "solution in a test": (
        with_cell(3, source="### BEGIN SOLUTION\n### END SOLUTION"),
        "### BEGIN SOLUTION stands outside an answer cell",
    ),
    "a stub beside the functions": (
        with_cell(
            2,
            source="def mean(x):\n    ### BEGIN SOLUTION\n    return half(x)\n    ### END SOLUTION\n"
            "### BEGIN SOLUTION\ndef half(x):\n    pass\n### END SOLUTION",
        ),
        "q1-mean: a solution outside its functions leaves students a stub",
    ),
    "unlocked test": (with_cell(3, locked=False), "q1-mean-tests: a test cell must be a code cell"),
    "locked answer": (with_cell(2, locked=True), "q1-mean: an answer cell must have locked=false"),
    "written answer without points": (with_cell(7, grade=False), "a written answer needs grade=true"),
    "unlocked import": (with_cell(1, locked=False), "uses 'check', which an unlocked cell defines"),
    "unknown name": (with_cell(3, source="assert mena([1]) == 1"), "uses 'mena', which no cell above"),
    "name of another test": (
        with_cell(6, source="got", first=(5, "got = scale([1, 2], 3)")),
        "q2-scale-tests-2: uses 'got', which another test defines; define it here",
    ),
    "import in an answer": (
        with_cell(2, source="import math\ndef mean(x): pass"),
        None,
    ),
    "syntax": (with_cell(3, source="assert ("), "q1-mean-tests: does not compile"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_lint_says_what_is_wrong(course, name):
    notebook, message = PROBLEMS[name]
    write(course, notebook=notebook)
    found = "\n".join(lint(course.solution(TOPIC)))
    if message is None:
        assert found == ""
    else:
        assert re.search(message, found), found


def test_lines_below_the_hidden_tests_are_refused(course):
    notebook = tiny.make_notebook()
    notebook.cells[3].source += "\ncheck.close(mean([2.0]), 2.0, 'seen by the student?')"
    write(course, notebook=notebook)
    [problem] = lint(course.solution(TOPIC))
    assert "q1-mean-tests: has lines below its hidden tests, which count as hidden" in problem


HIDDEN_HINTS = {
    "only values": ("assert mean([k]) == k, f'{k} numbers, got {mean([k])}'", True),
    "a clause without values": ("assert mean([k]) == k, f'{k} numbers: did you divide by N?'", False),
    "a hint of values": ("check.close(mean([k]), k, hint=f'{k} numbers')", True),
    "an empty hint": ("check.close(mean([k]), k, hint='')", True),
    "a text of values at the end": ("check.close(mean([k]), k, f'{k} numbers')", True),
    "a text at the end": ("check.close(mean([k]), k, 'one number')", False),
    "a hint made elsewhere": ("check.close(mean([k]), k, hint=str(k))", True),
    "an error of values": ("if mean([k]) != k:\n    raise AssertionError(f'at {k}')", True),
    "no hint": ("assert mean([k]) == k", False),
}


@pytest.mark.parametrize("case", HIDDEN_HINTS)
def test_a_hidden_hint_of_which_nothing_would_be_shown_is_refused(course, case):
    check, refused = HIDDEN_HINTS[case]
    source = f"k = 2\n### BEGIN HIDDEN TESTS\n{check}\n### END HIDDEN TESTS"
    write(course, notebook=with_cell(3, source=source))
    found = [message for message in lint(course.solution(TOPIC)) if "nothing would be shown" in message]
    assert len(found) == refused
    write(
        course,
        notebook=with_cell(3, source=source.replace("### BEGIN HIDDEN TESTS\n", "")[: -len("### END HIDDEN TESTS")]),
    )
    assert lint(course.solution(TOPIC)) == []  # a visible one shows all


def test_what_tests_build_on_may_not_call_an_answer(course):
    notebook = tiny.make_notebook()
    notebook.cells.insert(3, tiny.make_cell("locked", "demo", 0, "shown = mean([1.0])"))
    write(course, notebook=notebook)
    assert lint(course.solution(TOPIC)) == []
    notebook.cells[4].source = "assert shown == 1.0, 'one'\n" + notebook.cells[4].source
    write(course, notebook=notebook)
    [problem] = lint(course.solution(TOPIC))
    assert "demo: calls 'mean' of an answer, and tests use what it makes" in problem


def test_a_test_may_not_rely_on_an_import_of_the_answer(course):
    notebook = with_cell(2, source="import math\ndef mean(x): pass")
    notebook.cells[3].source = "assert math.isclose(mean([1]), 1)"
    write(course, notebook=notebook)
    assert "uses 'math', which an unlocked cell defines" in "\n".join(lint(course.solution(TOPIC)))


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "expected a valid notebook"), ("[]", "expected a valid notebook"), ('{"cells": []}', "nbformat")],
)
def test_lint_survives_what_is_no_notebook(course, text, message):
    course.solution(TOPIC).write_text(text)
    assert message in "\n".join(lint(course.solution(TOPIC)))


def test_cells_without_ids_are_refused(course):
    text = course.solution(TOPIC).read_text().replace('"id": "title",', "")
    course.solution(TOPIC).write_text(text)
    assert "unique id on every cell" in lint(course.solution(TOPIC))[0]


def test_a_test_that_deletes_an_answers_name_is_refused(course):
    write(course, notebook=with_cell(3, source="del mean\nassert True"))
    [message] = [one for one in lint(course.solution(TOPIC)) if "deletes" in one]
    assert "q1-mean-tests: deletes 'mean', which an answer defines" in message


def test_a_solution_that_loses_its_own_points_is_not_released(course, capsys):
    from typer.testing import CliRunner

    from mylib.classroom import cli

    write(course, notebook=with_cell(3, source="check.close(mean([1.0, 2.0]), 3.0, 'a wrong test')"))
    done = CliRunner().invoke(cli.app, ["--course", str(course.root), "release"])
    assert done.exit_code == 1
    assert "the solution itself loses points" in done.output + done.stderr
    assert not course.exercise(TOPIC).exists()
