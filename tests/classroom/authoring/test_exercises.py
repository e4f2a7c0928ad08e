"""Every exercise of the course keeps its promises: full for the solution, 0 untouched, the bank as expected."""

import functools
from pathlib import Path

import pytest

from mylib.classroom.authoring.bank import autograded, bank, judge, solution, strangers, untouched
from mylib.classroom.authoring.lint import lint
from mylib.classroom.authoring.proofs import hidden_hints, shown_by
from mylib.classroom.authoring.quick_run import run, warm
from mylib.classroom.authoring.release import difference, orphans
from mylib.classroom.course.folders import open_course
from mylib.classroom.notebook.needs import said
from mylib.classroom.sandbox.sides import SIDES

RIGHT, WRONG = 3, 5
COURSE = open_course(Path(__file__).resolve().parents[3])
TOPICS = COURSE.topics()
QUESTIONS = [(topic, question) for topic in TOPICS for question in autograded(solution(COURSE, topic))]
ANSWERS = [answer for topic, question in QUESTIONS for answer in bank(COURSE, topic, question)]

pytestmark = pytest.mark.skipif(not TOPICS, reason="no solutions/<topic>/<topic>.ipynb yet")
every_topic = pytest.mark.parametrize("topic", TOPICS)


@pytest.fixture(scope="module", autouse=True)
def libraries(pytestconfig):
    """Loaded once for all topics: none of them pays for it."""
    warm()
    pytestconfig.pluginmanager.get_plugin("budget").forget()


@functools.cache
def judged(topic):
    """The solution and the bank of a topic are run once, for all its answers."""
    found = judge(COURSE, SIDES, topic)
    return found.solution, {verdict.answer: verdict for verdict in found.answers}


@every_topic
def test_solution_has_no_lint_errors(topic):
    assert lint(COURSE.solution(topic)) == []


@every_topic
def test_it_begins_by_saying_what_is_missing_here(topic):
    assert said(solution(COURSE, topic))


@every_topic
def test_exercise_is_what_would_be_released(topic):
    assert not (found := difference(COURSE, topic)), found


@every_topic
def test_solution_scores_full(topic):
    cells, _ = judged(topic)
    assert cells, f"{topic}: no test cells"
    lost = {name: one.known or one.points for name, one in cells.items() if one.points != one.most}
    assert not lost


@every_topic
def test_untouched_release_scores_nothing(topic):
    [cells] = run(untouched(solution(COURSE, topic)), SIDES, COURSE.solution(topic).parent)
    assert cells, f"{topic}: no test cells"
    assert not {name: points for name, (points, *_) in cells.items() if points}


@every_topic
def test_bank_has_no_file_for_an_unknown_question(topic):
    assert strangers(COURSE, topic) == []


def test_no_exercise_lacks_its_solution():
    assert orphans(COURSE) == []


@pytest.mark.parametrize(("topic", "question"), QUESTIONS)
def test_bank_holds_enough_answers(topic, question):
    answers = bank(COURSE, topic, question)
    right = sum(answer.right for answer in answers)
    path = COURSE.answers / topic / f"{question}.py"
    assert right >= RIGHT, f"{path}: {right} right answers, expected {RIGHT} in different styles"
    wrong = len(answers) - right
    assert wrong >= WRONG, f"{path}: {wrong} wrong answers, expected {WRONG} that students write"


@pytest.mark.parametrize("answer", ANSWERS, ids=[answer.name for answer in ANSWERS])
def test_answer_scores_as_the_bank_expects(answer):
    """Right: full everywhere. Wrong: fewer points for its own question, full for every other."""
    verdict = judged(answer.topic)[1][answer]
    assert not verdict.complaint, f"{answer.name}\n{verdict.complaint}"


@every_topic
def test_some_wrong_answer_reads_every_hint_of_a_hidden_test(topic):
    """`mylib answers --hints` says more: which answers fail on that check alone."""
    answers = list(judged(topic)[1].values())
    unread = [hint for hint in hidden_hints(solution(COURSE, topic)) if not shown_by(answers, hint)]
    assert not unread
