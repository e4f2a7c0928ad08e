"""Which tests a change of an answer can reach: as few as is sound, and all where reading cannot tell."""

import pytest

from mylib.classroom.authoring import quick_run
from mylib.classroom.authoring.quick_run import run_all
from mylib.classroom.authoring.reach import only_binds, reached
from mylib.classroom.course.limits import Limits
from mylib.classroom.notebook.jobs import make_job
from mylib.classroom.sandbox.sides import SIDES
from tests.classroom.tiny import make_notebook

TESTS = [f"q{number}-{name}-tests" for number, name in enumerate(("a", "b", "c", "d"), 1)]
CELLS = [
    ("locked", "setup", 0, "import numpy as np\n\nfrom mylib import check"),
    ("answer", "q1-a", 0, "def a(x):\n    return x + 1"),
    ("tests", "q1-a-tests", 1, "check.close(a(1), 2)"),
    ("locked", "given", 0, "def by_a(x):\n    return a(x)"),
    ("answer", "q2-b", 0, "def b(x):\n    return 2 * a(x)"),
    ("tests", "q2-b-tests", 1, "check.close(b(1), 4)"),
    ("answer", "q3-c", 0, "def c(x):\n    return 3 * x"),
    ("tests", "q3-c-tests", 1, "check.close(c(1), 3)"),
    ("answer", "q4-d", 0, "class D:\n    def softmax(self, x):\n        return x\n\ndef d(x):\n    return x"),
    (
        "tests",
        "q4-d-tests",
        1,
        "@check.beside_answer\ndef both(d, x):\n    return d(by_a(x))\n\ncheck.close(both(d, 1), 2)",
    ),
]
JOB = make_job(make_notebook(CELLS), make_notebook(CELLS), Limits())
PLACE = {cell.name: place for place, cell in enumerate(JOB.cells)}
A, B, C, D = TESTS


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("q1-a", "def a(x):\n    return x", [A, B, D]),  # by the answer b, and by the cell that is given
        ("q2-b", "def b(x):\n    return x", [B]),
        ("q3-c", "def c(x):\n    return x", [C]),
        (
            "q2-b",
            "def c(x):\n    return x\n\ndef b(x):\n    return c(x)",
            [B, C],
        ),  # the name of another answer
        ("q2-b", "import numpy as np\n\ndef b(x):\n    return x", [B]),
        ("q2-b", "import math as check\n\ndef b(x):\n    return x", [B, C, D]),
        ("q2-b", "def by_a(x):\n    return x\n\nb = by_a", [B, D]),
        ("q3-c", "", [C]),
    ],
)
def test_what_uses_a_changed_name_is_reached_and_the_questions_own(question, answer, expected):
    assert reached(JOB, PLACE[question], answer) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "np.add = None",
        "np.random.seed(3)",
        "x = np.random.rand(2)",
        "print(1)",
        "for x in []:\n    pass",
        "from math import *",
        "%matplotlib inline",
        "def b(x",
        "import gc\n\n@gc.collect\ndef b(x):\n    return x",
        "def b(x, y=a(1)):\n    return x",
        "class B:\n    made = [].append(1)",
        "b = lambda x=a(1): x",
        "b, a.x = 1, 2",
    ],
)
def test_an_answer_that_does_more_than_bind_reaches_all_that_follows(answer):
    assert not only_binds(answer)
    assert reached(JOB, PLACE["q2-b"], answer) == [B, C, D]


def test_a_cell_that_runs_the_answer_passes_on_whatever_it_does():
    cells = [*CELLS[:6], ("locked", "shown", 0, "y = b(2)"), *CELLS[6:]]
    job = make_job(make_notebook(cells), make_notebook(cells), Limits())
    assert reached(job, 4, "def b(x):\n    return x") == [B, C, D]
    assert reached(job, 7, "def c(x):\n    return x") == [C]


def test_a_method_that_the_search_for_banned_calls_asks_for_is_reached():
    """`x.softmax()` is refused unless a class of the notebook has such a method."""
    search = "check.from_scratch(d, banned=['torch.Tensor.softmax'])\ncheck.close(d(1), 1)"
    cells = [*CELLS[:-1], ("tests", "q4-d-tests", 1, search)]
    job = make_job(make_notebook(cells), make_notebook(cells), Limits())
    method = "class E:\n    def softmax(self):\n        return 1\n\ndef c(x):\n    return x"
    assert reached(job, PLACE["q3-c"], method) == [C, D]
    assert reached(job, PLACE["q3-c"], method.replace("softmax", "other")) == [C]


ANSWERS = {
    "q1-a": ["def a(x):\n    return x", "def a(x):\n    raise ValueError", "def a(x):\n    return 1 + x"],
    "q2-b": ["b = None", "def c(x):\n    return 0\n\ndef b(x):\n    return 4", "np.add = np.multiply = None"],
    "q3-c": ["import os\nos._exit(0)", "def c(x):\n    return x + x + x"],
    "q4-d": ["d = 5", "def by_a(x):\n    return 2\n\ndef d(x):\n    return x"],
}


def test_scores_are_those_of_a_run_of_every_test(monkeypatch):
    """A wrong answer on which others depend costs them too, and that is seen."""
    few = run_all(make_notebook(CELLS), SIDES, ANSWERS)
    monkeypatch.setattr(
        quick_run, "reached", lambda job, place, _: [test.name for test in job.tests if test.place > place]
    )
    every = run_all(make_notebook(CELLS), SIDES, ANSWERS)
    assert few == every
    assert {name: points for name, (points, *_) in few.solution.items()} == dict.fromkeys(TESTS, 1)
    lost = [{name for name, (points, *_) in cells.items() if not points} for cells in few.answers["q1-a"]]
    assert lost == [{A, B, D}, {A, B, D}, set()]


def test_of_the_own_question_only_its_tests_are_run():
    found = run_all(make_notebook(CELLS), SIDES, ANSWERS, own=True)
    assert found.solution == {}
    assert [[*cells] for cells in found.answers["q1-a"]] == [[A]] * 3
    assert [cells[A][0] for cells in found.answers["q1-a"]] == [0, 0, 1]
