"""One submission: honest oddities cost nothing, and what breaks costs its own cell and no other."""

from dataclasses import replace

import nbformat
import pytest

from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.examine import examine
from mylib.classroom.intake.rebuild import Submission, take_in
from mylib.classroom.notebook.jobs import make_job
from mylib.classroom.notebook.questions import grade_id
from mylib.classroom.sandbox.client import Sandbox
from tests.classroom import tiny
from tests.classroom.sandbox import vault
from tests.classroom.tiny import TOPIC

LIMITS = Limits(cell_seconds=6, submission_seconds=40, iopub_seconds=2, resident_bytes=1_200_000_000)
SOLUTION = tiny.make_notebook(vault.CELLS)
RIGHT = {"q1-mean": vault.MEAN, "q2-scale": vault.SCALE, "q3-slope": vault.SLOPE}
ALL_TESTS = {"q1-mean-tests", "q2-scale-tests", "q2-scale-tests-2", "q3-slope-tests"}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def sandbox(walled):
    with Sandbox("bubblewrap", LIMITS) as one:
        yield one


@pytest.fixture
def hand_in(sandbox, tmp_path):
    """Take in and examine a notebook. Returns: names of the failed tests, and all that was found."""

    def run(answers, change=None, files=None):
        notebook = tiny.make_notebook(vault.CELLS)
        for cell in notebook.cells:
            cell.source = (RIGHT | answers).get(grade_id(cell), cell.source)
        if change:
            change(notebook)
        home = tmp_path / "ada" / TOPIC
        home.mkdir(parents=True)
        nbformat.write(notebook, home / f"{TOPIC}.ipynb")
        for name, content in (files or {}).items():
            (home / name).write_text(content)
        intake = take_in(Submission("ada", TOPIC, home), tiny.make_notebook(vault.CELLS), 20_000_000)
        assert not intake.unreadable
        found = examine(make_job(intake.notebook, SOLUTION, LIMITS, intake.files), sandbox)
        assert set(found.verdicts) == ALL_TESTS
        return {name: verdict for name, verdict in found.verdicts.items() if not verdict.passed}, found

    return run


ODDITIES = {
    "a progress bar": "from tqdm import tqdm\ndef mean(x):\n    return sum(v for v in tqdm(list(x))) / len(x)",
    "a bar of the notebook kind": "from tqdm.auto import tqdm\ndef mean(x):\n    return sum(tqdm(list(x))) / len(x)",
    "a warning": "import warnings\ndef mean(x):\n    warnings.warn('old')\n    return sum(x) / len(x)",
    "words on stderr": "import sys\ndef mean(x):\n    print('hm', file=sys.stderr)\n    return sum(x) / len(x)",
    "prints": "def mean(x):\n    print('x is', x)\n    return sum(x) / len(x)",
    "slow but allowed": "import time\ntime.sleep(1)\ndef mean(x):\n    time.sleep(1)\n    return sum(x) / len(x)",
    "a loop": "def mean(x):\n    total = 0\n    for v in x:\n        total += v\n    return total / len(x)",
    "a lambda": "mean = lambda x: sum(x) / len(x)",
    "an array of no dimensions": "def mean(x):\n    return np.asarray(sum(x) / len(x))",
    "a float32": "def mean(x):\n    return np.float32(sum(np.asarray(x, float)) / len(x))",
    "a tensor": "def mean(x):\n    return torch.as_tensor(np.asarray(x)).sum() / len(x)",
    "a class with __call__": "class Mean:\n    def __call__(self, x):\n        return sum(x) / len(x)\nmean = Mean()",
    "a decorator": "import functools\ndef log(f):\n    @functools.wraps(f)\n    def g(*a):\n        return f(*a)\n"
    "    return g\n@log\ndef mean(x):\n    return sum(x) / len(x)",
    "a helper below": "def mean(x):\n    return total(x) / len(x)\ndef total(x):\n    return sum(x)",
    "a test of its own": "def mean(x):\n    return sum(x) / len(x)\nassert mean([2, 4]) == 3\nprint(mean([1, 2]))",
    "magics": "%matplotlib inline\ndef mean(x):\n    return sum(x) / len(x)\n%time mean([1, 2])",
    "a picture": "import matplotlib.pyplot as plt\ndef mean(x):\n    return sum(x) / len(x)\nplt.plot([1]); plt.show()",
    "display": "from IPython.display import display\ndef mean(x):\n    return sum(x) / len(x)\ndisplay(mean([1, 2]))",
    "more threads": "torch.set_num_threads(4)\ntorch.ones(300, 300) @ torch.ones(300, 300)\ndef mean(x):\n"
    "    return sum(x) / len(x)",
    "annotations": "def mean(x: 'list[float]') -> float:\n    return float(sum(x) / len(x))",
    "a wrong cell before the right one": "def mean(x):\n    return 0\ndef mean(x):\n    return sum(x) / len(x)",
    "an error after the definition": "def mean(x):\n    return sum(x) / len(x)\nmean(None)",
    "threads of its own": "import threading\nthreading.Thread(target=print, args=('hi',)).start()\ndef mean(x):\n"
    "    return sum(x) / len(x)",
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_honest_oddity_costs_nothing(hand_in, oddity):
    failed, _ = hand_in({"q1-mean": ODDITIES[oddity]})
    assert not failed


def test_a_kernel_that_ends_a_moment_after_its_last_cell_costs_no_other_question(hand_in):
    slow = "import time\ndef mean(x):\n    time.sleep(1)\n    return sum(x) / len(x)"
    dying = f"{vault.SLOPE}\nimport os, threading\nthreading.Timer(0.1, os._exit, [0]).start()"
    failed, _ = hand_in({"q1-mean": slow, "q3-slope": dying})
    assert set(failed) <= {"q3-slope-tests"}


def _insert(place, source):
    def change(notebook):
        notebook.cells.insert(place, nbformat.v4.new_code_cell(source, id="mine"))

    return change


HELPER = "def total(x):\n    return sum(x)"
USES_HELPER = {"q1-mean": "def mean(x):\n    return total(x) / len(x)"}


@pytest.mark.parametrize("place", [2, 3, 6, 9])
def test_a_helper_in_a_cell_of_ones_own_is_found_wherever_it_stands(hand_in, place):
    failed, _ = hand_in(USES_HELPER, _insert(place, HELPER))
    assert not failed


def test_an_extra_cell_that_shows_something_costs_nothing(hand_in):
    failed, found = hand_in({}, _insert(3, "print('my notes', mean([1, 3]))"))
    assert not failed
    assert "my notes 2.0" in str(found.outputs["own-0"])


def test_a_helper_file_beside_the_notebook_can_be_imported_and_read(hand_in):
    files = {"helper.py": "def times(v, k):\n    return v * k\n", "data.txt": "1"}
    source = "from helper import times\n\ndef scale(x, k):\n    one = float(open('data.txt').read())\n"
    source += "    return [times(v, k) * one for v in x]"
    failed, _ = hand_in({"q2-scale": source}, files=files)
    assert not failed


def test_a_helper_file_that_calls_what_is_forbidden_is_found_out(hand_in):
    files = {"helper.py": "import numpy\n\ndef average(x):\n    return numpy.mean(x)\n"}
    failed, _ = hand_in({"q1-mean": "import helper\n\ndef mean(x):\n    return helper.average(x)"}, files=files)
    assert set(failed) == {"q1-mean-tests"}
    assert "numpy.mean: write it yourself" in failed["q1-mean-tests"].told.message


def test_what_the_check_cannot_read_costs_nothing_and_is_noted_for_a_person(hand_in):
    failed, found = hand_in({"q1-mean": "def mean(x):\n    return eval('sum(x) / len(x)')"})
    assert not failed
    [noted] = found.unusual
    assert (noted.question, noted.place) == ("q1-mean-tests", "line 2 of mean")
    assert "eval" in noted.line + noted.why


HARMLESS = "import gc; gc.collect()\n%env X=1\nimport pickle, sys\n'google.colab' in sys.modules\nlocals(); vars()"


def test_harmless_lines_in_a_cell_of_ones_own_cost_nothing(hand_in):
    failed, found = hand_in({}, _insert(3, HARMLESS))
    assert not failed
    assert not found.unusual


def test_a_pool_of_threads_of_another_cell_works_in_the_tests(hand_in):
    pool = "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\nlist(pool.map(abs, [1]))"
    answer = "def mean(x):\n    return sum(pool.map(float, x)) / len(x)"
    failed, _ = hand_in({"q1-mean": answer}, _insert(2, pool))
    assert not failed


def test_a_constant_below_the_answer_that_uses_it_is_found(hand_in):
    failed, _ = hand_in(
        {"q1-mean": "def mean(x):\n    return sum(x) / len(x) * ONE"}, _insert(9, "ONE = np.float64(1)")
    )
    assert not failed


def test_installing_a_package_fails_at_once(hand_in):
    failed, found = hand_in({}, _insert(3, "%pip install torchvision-of-nobody"))
    assert not failed
    shown = "".join(one.get("text", "") for cell in found.outputs.values() for one in cell.outputs)
    assert "No matching distribution" in shown
    assert "Retrying" not in shown, "the client of packages waited for a network that is not there"


def test_two_answers_may_have_helpers_of_the_same_name(hand_in):
    """Tests see the state where they stand, not the one at the end."""
    one = "def helper(x):\n    return sum(x)\n\ndef mean(x):\n    return helper(x) / len(x)"
    two = "def helper(v, k):\n    return v * k\n\ndef scale(x, k):\n    return [helper(v, k) for v in x]"
    failed, _ = hand_in({"q1-mean": one, "q2-scale": two})
    assert not failed


BREAKS = {
    "the kernel dies": ("import os\nos._exit(3)", "exit code 3"),
    "it crashes": ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
    "a loop without end": ("while True:\n    pass", "is there a loop that never ends"),
    "a loop that cannot be interrupted": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "",
    ),
    "all the memory": ("held = []\nwhile True:\n    held.append(np.ones(10_000_000))", ""),
    "too many processes": (
        "import subprocess\nsome = [subprocess.Popen(['/bin/sleep', '60']) for _ in range(300)]",
        "",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_breaks_in_question_3_leaves_the_points_of_1_and_2(hand_in, what):
    source, reason = BREAKS[what]
    failed, found = hand_in({"q3-slope": source})
    assert set(failed) == {"q3-slope-tests"}, failed
    assert reason in str([found.outputs, found.broken])
    assert found.seconds < LIMITS.submission_seconds


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef mean(x):\n    os._exit(0)",
        "def mean(x):\n    while True:\n        pass",
        "def mean(x):\n    return mean(x)",
        tiny.STUBBORN,
    ],
)
def test_what_breaks_in_a_test_costs_that_test(hand_in, source):
    failed, _ = hand_in({"q1-mean": source})
    assert set(failed) == {"q1-mean-tests"}


def test_the_same_job_gives_the_same_result(sandbox):
    notebook = tiny.make_notebook(vault.CELLS)
    for cell in notebook.cells:
        cell.source = RIGHT.get(grade_id(cell), cell.source)
    job = make_job(notebook, SOLUTION, LIMITS)
    first, second = examine(job, sandbox), examine(job, sandbox)
    assert replace(first, seconds=0) == replace(second, seconds=0)


def test_nothing_of_a_test_goes_to_the_students_side():
    job = make_job(SOLUTION, SOLUTION, LIMITS)
    assert not any(secret in cell.source for cell in job.cells for secret in ("73910", "check.close"))
    assert any("73910" in test.source for test in job.tests)


def test_only_names_that_the_solution_binds_are_asked_for():
    asked = {test.name: list(test.answers) for test in make_job(SOLUTION, SOLUTION, LIMITS).tests}
    assert asked == {
        "q1-mean-tests": ["mean"],
        "q2-scale-tests": ["scale"],
        "q2-scale-tests-2": ["scale"],
        "q3-slope-tests": ["square"],
    }


@pytest.mark.parametrize("hidden", [False, True])
def test_the_last_line_of_a_test_is_partial_credit_and_an_answers_own_value_is_none(sandbox, hidden):
    notebook = tiny.make_notebook(vault.CELLS)
    tests = {grade_id(cell): cell for cell in notebook.cells}
    marks = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS" if hidden else "{}"
    tests["q1-mean-tests"].source = marks.format("1.5 if mean([2.0]) == 2.0 else 0")
    tests["q2-scale-tests"].source = marks.format("scale([300], 1)[0]")
    verdicts = examine(make_job(notebook, notebook, LIMITS), sandbox).verdicts
    assert (verdicts["q1-mean-tests"].credit, verdicts["q2-scale-tests"].credit) == (1.5, None)


def test_a_cell_of_ones_own_that_kills_is_named(hand_in):
    failed, found = hand_in({}, _insert(3, "import os\nos._exit(3)"))
    assert not failed
    assert list(found.broken) == found.stopped == ["own-0"]
