"""Grading: every submission gets its points and a reason, and none stops the others."""

import json
import sqlite3

import nbformat
import pytest

from mylib.classroom.authoring.bank import untouched
from mylib.classroom.authoring.quick_run import run
from mylib.classroom.authoring.release import skeleton
from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.gradebook import Recorder, load_results
from mylib.classroom.grading.run import grade
from mylib.classroom.sandbox.sides import SIDES
from tests.classroom import tiny
from tests.classroom.tiny import TOPIC

# Points of q1 (3) and q2 (2 + 2); q3 (3) waits for a person.
EXPECTED = {
    "ada": 7,
    "ben": 4,
    "changed": 4,
    "cleo": 0,
    "dan": 0,
    "dead": 3,
    "doubled": 7,
    "empty": 0,
    "endless": 4,
    "lost": 7,
    "loud": 7,
    "nothing": 0,
    "stubborn": 4,
}
PROBLEMS = {
    "dan": "the file is not a notebook: no valid JSON",
    "dead": "not run: the answer ended its own process",
    "empty": "the file is empty",
    "endless": "CellTimeoutError: stopped after 2 s; is there a loop that never ends",
    "nothing": "expected the notebook sums.ipynb, found none",
    "stubborn": "CellTimeoutError: stopped after 2 s; is there a loop that never ends",
}
NOTES = {
    "changed": ["the locked cell differs from the instructor's, which is run"],
    "doubled": ["stands 2 times; all that was written in them is graded"],
    "lost": ["the locked cell was missing; put back"],
}


@pytest.fixture
def result(graded, student):
    return next(one for one in graded[1].results if one.student == student)


@pytest.mark.parametrize("student", EXPECTED)
def test_every_submission_has_its_points(result, student):
    assert (result.points, result.max_points) == (EXPECTED[student], 10), result


@pytest.mark.parametrize("student", EXPECTED)
def test_problems_have_a_reason_and_the_others_none(result, student):
    reason = PROBLEMS.get(student, "")
    assert result.problem.startswith(reason)
    assert bool(result.problem) == bool(reason)


@pytest.mark.parametrize("student", EXPECTED)
def test_repairs_are_noted(result, student):
    assert [text for _, text in result.notes] == NOTES.get(student, [])


def test_each_problem_is_told_in_one_line(graded):
    told = graded[1].problems
    assert len(told) == len(PROBLEMS)
    for student, reason in PROBLEMS.items():
        assert any(line.startswith(f"{student}/{TOPIC}: {reason}") and "\n" not in line for line in told)


def test_results_can_be_loaded_again(graded):
    course, done = graded
    assert sorted(load_results(course)) == [(student, TOPIC) for student in EXPECTED]
    assert load_results(course)["ada", TOPIC] == done.results[0]


def test_feedback_message_of_a_failed_test_is_kept(graded):
    ben = load_results(graded[0])["ben", TOPIC]
    assert ben.errors == {"q1-mean-tests": "AssertionError: value: got 3, expected 1.5: did you divide by N?"}


def test_the_gradebook_knows_what_a_person_must_read(graded):
    """nbgrader's own tables, which formgrader and `nbgrader export` read."""
    from nbgrader.api import Gradebook

    course, _ = graded
    with Gradebook(course.db_url) as gradebook:
        waiting = {one.student.id: one.needs_manual_grade for one in gradebook.assignment_submissions(TOPIC)}
    assert waiting["ada"]
    assert not waiting["cleo"]
    assert not waiting["dan"]


def test_a_failed_intake_says_so_in_the_graded_notebook(graded):
    path = graded[0].build / "autograded" / "dan" / TOPIC / f"{TOPIC}.ipynb"
    assert "**0 points:** the file is not a notebook" in nbformat.read(path, 4).cells[1].source


def test_the_fast_runner_agrees_with_nbgrader(graded):
    """The same answers, in a kernel with nbgrader's gradebook and in a fork."""
    course, _ = graded
    solution = nbformat.read(course.solution(TOPIC), as_version=4)
    wrong = "def mean(x):\n    return sum(x)"
    fast = {
        "ada": run(solution, SIDES)[0],
        "ben": run(solution, SIDES, question="q1-mean", sources=[wrong])[0],
        "cleo": run(untouched(solution), SIDES)[0],
        "loud": run(solution, SIDES, question="q1-mean", sources=[tiny.LOUD])[0],
        "endless": run(solution, SIDES, question="q1-mean", sources=[tiny.ENDLESS], limits=Limits(cell_seconds=0.5))[0],
        "dead": run(solution, SIDES, question="q2-scale", sources=[tiny.DEAD])[0],
    }
    with sqlite3.connect(course.build / "gradebook.db") as database:
        rows = database.execute(
            "select student.id, base_cell.name, grade.auto_score from grade"
            " join base_cell on base_cell.id = grade.cell_id"
            " join submitted_notebook on submitted_notebook.id = grade.notebook_id"
            " join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id"
            " join student on student.id = submitted_assignment.student_id"
        ).fetchall()
    database.close()
    slow = {(student, cell): points for student, cell, points in rows}
    for student, cells in fast.items():
        for cell, one in cells.items():
            assert one.points == slow[student, cell], f"{student} {cell}: {one.known}"


def test_dry_run_executes_and_writes_nothing(course, tmp_path):
    blank = skeleton(course, TOPIC, register=False)
    tiny.hand_in(tmp_path / "inbox", "ada", tiny.answer(blank, q1_mean=tiny.ENDLESS))
    tiny.hand_in(tmp_path / "inbox", "dan", b"{")
    done = grade(course, tmp_path / "inbox", dry_run=True)
    assert [one.submission.student for one in done.results] == ["ada", "dan"]
    assert "no valid JSON" in done.problems[0]
    assert not list(course.build.rglob("*"))
    assert not course.exercises.exists()


def test_grading_again_keeps_what_a_person_gave(course, tmp_path):
    from nbgrader.api import Gradebook

    blank = skeleton(course, TOPIC, register=False)
    home = tmp_path / "inbox"
    tiny.hand_in(home, "ada", tiny.answer(blank, q1_mean=tiny.MEAN, q3_explain="It is linear."))
    assert grade(course, home, jobs=1).results[0].points == 3
    with Gradebook(course.db_url) as gradebook:
        gradebook.find_grade("q3-explain", TOPIC, TOPIC, "ada").manual_score = 2
        gradebook.db.commit()
    better = tiny.answer(blank, q1_mean=tiny.MEAN, q2_scale=tiny.SCALE, q3_explain="It is linear.")
    nbformat.write(better, home / "ada" / TOPIC / f"{TOPIC}.ipynb")
    assert grade(course, home, jobs=1).results[0].points == 7 + 2


def test_what_is_graded_is_not_graded_again(course, tmp_path):
    blank = skeleton(course, TOPIC, register=False)
    for student in ("ada", "ben"):
        tiny.hand_in(tmp_path / "inbox", student, tiny.answer(blank, q1_mean=tiny.MEAN))
    assert len(grade(course, tmp_path / "inbox", jobs=1).results) == 2
    again = grade(course, tmp_path / "inbox", jobs=1)
    assert (again.results, again.unchanged) == ([], [("ada", TOPIC), ("ben", TOPIC)])
    better = tiny.answer(blank, q1_mean=tiny.MEAN, q2_scale=tiny.SCALE)
    nbformat.write(better, tmp_path / "inbox" / "ben" / TOPIC / f"{TOPIC}.ipynb")
    [changed] = grade(course, tmp_path / "inbox", jobs=1).results
    assert (changed.student, changed.points) == ("ben", 7)


def test_other_limits_and_another_solution_are_graded_again(course, tmp_path):
    blank = skeleton(course, TOPIC, register=False)
    tiny.hand_in(tmp_path / "inbox", "ada", tiny.answer(blank, q1_mean=tiny.MEAN))
    grade(course, tmp_path / "inbox", jobs=1)
    assert len(grade(course, tmp_path / "inbox", limits=Limits(cell_seconds=20), jobs=1).results) == 1
    stricter = [
        (kind, name, points, source.replace("'one number'", "'a single number'"))
        for kind, name, points, source in tiny.CELLS
    ]
    nbformat.write(tiny.make_notebook(stricter), course.solution(TOPIC))
    assert len(grade(course, tmp_path / "inbox", limits=Limits(cell_seconds=20), jobs=1).results) == 1


def test_new_questions_after_grading_ask_for_a_new_folder(course, tmp_path):
    tiny.hand_in(tmp_path / "inbox", "dan", b"")
    grade(course, tmp_path / "inbox", jobs=1)
    more = [*tiny.CELLS, ("manual", "q4-more", 1, "More.")]
    more[0] = ("text", "title", 0, "**Points: 11**")
    nbformat.write(tiny.make_notebook(more), course.solution(TOPIC))
    with pytest.raises(ValueError, match="grade into a new folder"):
        grade(course, tmp_path / "inbox", jobs=1)


def test_a_submission_over_its_time_keeps_what_it_earned(course, tmp_path):
    blank = skeleton(course, TOPIC, register=False)
    slow = "import time\n\ndef scale(x, k):\n    time.sleep(60)"
    tiny.hand_in(tmp_path / "inbox", "slow", tiny.answer(blank, q1_mean=tiny.MEAN, q2_scale=slow))
    [result] = grade(course, tmp_path / "inbox", limits=Limits(30, submission_seconds=2), jobs=1).results
    assert result.points == 3
    assert "stopped after" in result.errors["q2-scale-tests-2"]


def test_results_are_plain_json(graded):
    path = graded[0].results / TOPIC / "dead.json"
    assert json.loads(path.read_text())["stopped"] == ["q2-scale-tests", "q2-scale-tests-2"]


def test_a_failure_inside_nbgrader_costs_one_submission_and_no_other(course, tmp_path, monkeypatch):
    blank = skeleton(course, TOPIC, register=False)
    for student in ("ada", "ben"):
        tiny.hand_in(tmp_path / "inbox", student, tiny.answer(blank, q1_mean=tiny.MEAN))
    penalty = Recorder.penalty

    def fail(self, submission, graded):
        if submission.student.id == "ada" and not fail.tried:
            fail.tried = True
            raise ZeroDivisionError("a defect")
        return penalty(self, submission, graded)

    fail.tried = False
    monkeypatch.setattr(Recorder, "penalty", fail)
    done = grade(course, tmp_path / "inbox", jobs=1)
    assert [one.points for one in done.results] == [0, 3]
    assert done.problems == [f"ada/{TOPIC}: could not be graded: a defect"]


def test_recorded_notebooks_are_valid(graded):
    for path in (graded[0].build / "autograded").rglob("*.ipynb"):
        nbformat.validate(nbformat.read(path, as_version=4))
