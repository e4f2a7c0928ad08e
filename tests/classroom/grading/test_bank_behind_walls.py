"""A sample of the answers bank, graded as a class is: the fast runner says the same as the walls, word by word.

The fast runner alone judges the whole bank (tests/classroom/authoring/test_exercises.py), each answer in a notebook of
its own. Here a student answers every question of a topic with answers of one kind.
"""

from pathlib import Path

import nbformat
import pytest

from mylib.classroom.authoring.bank import autograded, bank, solution
from mylib.classroom.authoring.quick_run import run
from mylib.classroom.course.folders import open_course
from mylib.classroom.grading.gradebook import load_results
from mylib.classroom.grading.run import grade
from mylib.classroom.notebook.questions import grade_id, question_of
from mylib.classroom.sandbox.sides import SIDES

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ("backprop", "convnets", "perceptron")
IN_PLACE = {"convnets": "rectifies its input, in place", "perceptron": "adds to its argument, in place"}
SUBMISSIONS = [(kind, topic) for topic in SAMPLE for kind in ("right", "wrong")]
SUBMISSIONS += [("in-place", topic) for topic in IN_PLACE]

pytestmark = pytest.mark.timeout(600)


def chosen(course, kind, topic):
    """{question: the bank's first right or wrong answer}, or only that which changes its argument in place."""
    answers = [one for question in autograded(solution(course, topic)) for one in bank(course, topic, question)]
    if kind == "in-place":
        return {one.question: one for one in answers if one.title == IN_PLACE[topic]}
    return {one.question: one for one in reversed(answers) if one.right == (kind == "right")}


def answered(course, kind, topic):
    """The instructor's notebook with these answers."""
    notebook, answers = solution(course, topic), chosen(course, kind, topic)
    for cell in notebook.cells:
        if grade_id(cell) in answers:
            cell.source = answers[grade_id(cell)].source
    return notebook


@pytest.fixture(scope="module")
def graded(walled, tmp_path_factory):
    """All submissions, through the intake, behind the walls, into a gradebook. Returns: the course."""
    inbox = tmp_path_factory.mktemp("inbox")
    course = open_course(ROOT, output=tmp_path_factory.mktemp("graded"))
    for kind, topic in SUBMISSIONS:
        home = inbox / kind / topic
        home.mkdir(parents=True)
        nbformat.write(answered(course, kind, topic), home / f"{topic}.ipynb")
    done = grade(course, inbox, jobs=1)
    assert (done.left, done.problems) == ([], [])
    return course


@pytest.mark.parametrize(("kind", "topic"), SUBMISSIONS)
def test_the_walls_and_the_fast_runner_give_the_same_points_for_the_same_reasons(graded, kind, topic):
    found = load_results(graded)[kind, topic]
    [cells] = run(answered(graded, kind, topic), SIDES, graded.solution(topic).parent)
    assert found.errors == {name: one.known for name, one in cells.items() if one.known}
    assert found.points == sum(one.points for one in cells.values())
    assert not found.stopped
    lost = {question_of(name) for name in found.errors}
    assert lost == {name for name, one in chosen(graded, kind, topic).items() if not one.right}


def test_tests_meet_copies_of_what_an_answer_changes(graded):
    """Where test and answer shared an array, an answer's change reached what its result is compared with."""
    results = load_results(graded)
    assert set(results["in-place", "convnets"].errors) == {"q2-residual-tests"}
    assert set(results["in-place", "perceptron"].errors) == {"q5-collapse-tests"}
