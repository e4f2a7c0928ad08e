"""The answers bank as students' submissions: through both processes, behind the walls, what is right earns all.

`test_exercises.py` runs every answer alone, in one process. Here answers to different questions stand together in
notebooks: all right, or every second one wrong. So tests that look at what only one process can see (an argument
changed in place, a gradient, a mode that was left on) show whether they still notice.
"""

import copy
import functools
from pathlib import Path

import pytest

from mylib.classroom.authoring.bank import autograded, bank, solution
from mylib.classroom.course.folders import open_course
from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.examine import examine
from mylib.classroom.notebook.jobs import make_job
from mylib.classroom.notebook.questions import grade_id, is_answer, question_of
from mylib.classroom.sandbox.client import Sandbox

COURSE = open_course(Path(__file__).resolve().parents[3])
LIMITS = Limits(cell_seconds=15)
# The right answers to the first call the student's own answer to the second.
CALLS = {("segmentation", "q3-align"): "q2-between"}

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def sandbox(walled):
    with Sandbox("bubblewrap", LIMITS) as one:
        yield one


@functools.cache
def plans(topic):
    """Notebooks to hand in, as {question: answer}; together they hold every answer of the bank."""
    names = autograded(solution(COURSE, topic))
    answers = {name: bank(COURSE, topic, name) for name in names}
    right = {name: [one for one in found if one.right] for name, found in answers.items()}
    wrong = {name: [one for one in found if not one.right] for name, found in answers.items()}
    made = [
        {name: found[min(k, len(found) - 1)] for name, found in right.items()}
        for k in range(max(map(len, right.values())))
    ]
    for k in range(max(map(len, wrong.values()))):
        for odd in (0, 1):
            plan = {name: right[name][k % len(right[name])] for name in names}
            plan |= {name: wrong[name][k] for name in names[odd::2] if k < len(wrong[name])}
            made.append(plan)
    return made


def test_the_notebooks_hold_every_answer_of_the_bank():
    for topic in COURSE.topics():
        names = autograded(solution(COURSE, topic))
        held = {answer for plan in plans(topic) for answer in plan.values()}
        assert held == {answer for name in names for answer in bank(COURSE, topic, name)}


@pytest.mark.parametrize("topic", COURSE.topics())
def test_right_answers_earn_all_and_wrong_ones_lose_their_own_points(sandbox, topic):
    given, complaints = solution(COURSE, topic), []
    for plan in plans(topic):
        notebook = copy.deepcopy(given)
        for cell in notebook.cells:
            if is_answer(cell) and grade_id(cell) in plan:
                cell.source = plan[grade_id(cell)].source
        verdicts = examine(make_job(notebook, given, LIMITS), sandbox).verdicts
        lost = {}
        for name, verdict in verdicts.items():
            if not verdict.passed:
                lost.setdefault(question_of(name), []).append(
                    f"{name}: {verdict['kind']}: {verdict['detail'][:200]}"
                )
        for question, answer in plan.items():
            callee = plan.get(CALLS.get((topic, question)))
            if answer.right and question in lost and (callee is None or callee.right):
                complaints.append(f"{answer.name} lost points: {lost[question]}")
            if not answer.right and question not in lost:
                complaints.append(f"{answer.name} kept all points")
    assert not complaints, "\n".join(complaints)
