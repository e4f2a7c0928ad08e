"""The fast runner scores as nbgrader does, and survives whatever a cell does to its process."""

import nbformat
import pytest

from mylib.classroom.authoring.bank import bank, complaint, judge, solution, strangers, untouched
from mylib.classroom.authoring.quick_run import Score, run
from mylib.classroom.course.limits import Limits
from mylib.classroom.sandbox.sides import SIDES
from tests.classroom.tiny import CELLS, TOPIC, make_cell, make_notebook

FULL = {"q1-mean-tests": 3, "q2-scale-tests": 2, "q2-scale-tests-2": 2}
SHORT = Limits(cell_seconds=1, submission_seconds=8)


def points(cells):
    return {name: row[0] for name, row in cells.items()}


def run_with(source, question="q1-mean", limits=SHORT):
    [cells] = run(make_notebook(), SIDES, question=question, sources=[source], limits=limits)
    return cells


def run_cells(*sources, limits=SHORT):
    """A notebook of test cells q1-x-tests, q1-x-tests-1, ..., 4 points each."""
    cells = [make_cell("tests", f"q1-x-tests-{i}", 4, source) for i, source in enumerate(sources)]
    [found] = run(nbformat.v4.new_notebook(cells=cells), SIDES, limits=limits)
    return list(found.values())


def test_the_solution_scores_full_and_the_untouched_release_nothing():
    [full], [none] = run(make_notebook(), SIDES), run(untouched(make_notebook()), SIDES)
    assert points(full) == FULL
    assert points(none) == dict.fromkeys(FULL, 0)
    assert "NotImplementedError" in none["q1-mean-tests"][2]


def test_every_answer_starts_from_the_same_state():
    spoiler = "mean = lambda x: 0\nimport numpy\nnumpy.array = None\ncheck.close = None"
    good = "def mean(x):\n    return np.mean(x)"
    spoiled, sound = run(make_notebook(), SIDES, question="q1-mean", sources=[spoiler, good])
    assert points(spoiled)["q1-mean-tests"] == 0
    assert points(sound) == FULL


def test_the_message_is_what_the_student_reads():
    assert run_with("def mean(x): return sum(x)")["q1-mean-tests"][2] == (
        "AssertionError: value: got 3, expected 1.5: did you divide by N?"
    )


def test_a_failure_costs_only_its_own_cells():
    cells = run_with("def mean(x): raise RuntimeError('no')")
    assert points(cells) == FULL | {"q1-mean-tests": 0}


def test_a_syntax_error_is_an_error():
    assert "SyntaxError" in run_cells("assert (")[0][2]


@pytest.mark.parametrize(
    ("source", "expected"),
    [("1.5", 1.5), ("x = 1", 4), ("None", 4), ("'text'", 4), ("2;", 4), ("0", 0)],
)
def test_the_value_of_the_last_line_is_partial_credit(source, expected):
    assert run_cells(source)[0][0] == expected


def test_an_endless_loop_costs_its_cell_and_leaves_the_rest():
    cells = run_with("def mean(x):\n    while True: pass")
    assert points(cells) == FULL | {"q1-mean-tests": 0}
    assert "stopped after 1 s" in cells["q1-mean-tests"][2]


def test_a_loop_that_swallows_every_exception_ends_with_its_process():
    stubborn = "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except BaseException:\n        pass"
    rows = run_cells("1 + 1;", stubborn, "1;", limits=Limits(cell_seconds=0.3, submission_seconds=1))
    assert [row[0] for row in rows] == [4, 0, 0]
    assert rows[2][2] == "not run: the process of the tests ended"


@pytest.mark.parametrize(
    "source", ["import os\nos._exit(0)", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"]
)
def test_a_dead_process_keeps_what_was_earned(source):
    rows = run_cells("pass", source, "pass")
    assert [row[0] for row in rows] == [4, 0, 0]
    assert rows[1][2] == rows[2][2] == "not run: the process of the tests ended"


def test_an_answer_that_ends_its_process_costs_its_own_question():
    cells = run_with("import os\ndef mean(x):\n    os._exit(3)")
    assert points(cells) == FULL | {"q1-mean-tests": 0}
    assert "the answer ended its own process" in cells["q1-mean-tests"][2]


CHANGES = "def scale(x, k):\n    for place, value in enumerate(x):\n        x[place] = k * value\n    return x"


def test_answers_work_on_copies_as_in_grading():
    """What one does to its arguments, or to names of the notebook, reaches no test."""
    cells = run_with(CHANGES, question="q2-scale")
    assert points(cells) == FULL
    shared = [
        ("locked", "setup", 0, "import numpy as np\n\nfrom mylib import check\n\ndata = np.arange(3.0)"),
        ("answer", "q1-x", 0, "def f(x):\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION"),
        ("tests", "q1-x-tests", 1, "check.close(f(data), [1.0, 2.0, 3.0])"),
        ("tests", "q1-x-tests-2", 1, "check.close(f(data[:2]), [1.0, 2.0])"),
    ]
    notebook = make_notebook(shared)
    [found] = run(notebook, SIDES, question="q1-x", sources=["def f(x):\n    x += 1\n    return x"])
    assert points(found) == {"q1-x-tests": 1, "q1-x-tests-2": 1}


def test_sys_exit_in_a_cell_is_an_ordinary_failure():
    assert [row[0] for row in run_cells("import sys\nsys.exit()", "pass")] == [0, 4]


def test_stderr_and_warnings_cost_nothing():
    source = "import sys, warnings\nprint('loud', file=sys.stderr)\nwarnings.warn('old')"
    assert run_cells(source)[0] == (4, 4, "", "")


def test_magics_figures_and_the_source_of_functions_work():
    lines = (
        *("%matplotlib inline", "import matplotlib.pyplot as plt", "plt.plot([1, 2]); plt.show()"),
        *("import inspect", "def f(): return 1", "assert 'return 1' in inspect.getsource(f)"),
        *("from IPython.display import display", "display(f)", "assert get_ipython() is not None"),
        *("import pickle", "class C: pass", "pickle.dumps(C())", "assert __name__ == '__main__'"),
        "def mean(x): return np.mean(x)",
    )
    assert points(run_with("\n".join(lines))) == FULL


def test_files_beside_the_notebook_can_be_read_and_are_not_written(tmp_path):
    (tmp_path / "data.csv").write_text("7")
    cell = make_cell("tests", "q1-x-tests", 1, "assert open('data.csv').read() == '7'\nopen('new', 'w')")
    [cells] = run(nbformat.v4.new_notebook(cells=[cell]), SIDES, folder=tmp_path)
    assert cells["q1-x-tests"] == (1, 1, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_an_unknown_question_is_refused():
    with pytest.raises(ValueError, match="q9-none"):
        run(make_notebook(), SIDES, question="q9-none", sources=["pass"])


def test_the_bank_is_judged(shared):
    found = {v.answer.title: v for q in ("q1-mean", "q2-scale") for v in judge(shared, SIDES, TOPIC, q).answers}
    assert {title: v.points for title, v in found.items()} == {
        "a loop": 3,
        "forgets 1/N": 0,
        "fails on one number": 0,
        "numpy, as a list": 4,
        "fails on empty input": 2,
    }
    assert not any(v.complaint for v in found.values())
    assert "did you divide" in found["forgets 1/N"].message


def test_complaints_name_the_answers_that_surprise(shared):
    wrong = next(a for a in bank(shared, TOPIC, "q1-mean") if not a.right)
    full = {"q1-mean-tests": Score(3, 3, "", ""), "q2-scale-tests": Score(2, 2, "", "")}
    assert "no test notices" in complaint(wrong, full)
    other = full | {"q1-mean-tests": Score(0, 3, "E", "E"), "q2-scale-tests": Score(0, 2, "Boom", "a hint")}
    assert complaint(wrong, other) == "q2-scale-tests gives 0 of 2 points, expected all: Boom"


def test_bank_refuses_a_cell_without_verdict(course):
    path = course.answers / TOPIC / "q1-mean.py"
    path.write_text("# %% good: a loop\nmean = len\n")
    with pytest.raises(ValueError, match="expected cells headed .* got 'good: a loop'"):
        bank(course, TOPIC, "q1-mean")


def test_a_file_for_no_question_is_found(course):
    (course.answers / TOPIC / "q3-explain.py").write_text("")
    assert [path.name for path in strangers(course, TOPIC)] == ["q3-explain.py"]


def test_the_tiny_solution_is_read_from_the_course(shared):
    assert len(solution(shared, TOPIC).cells) == len(CELLS)
