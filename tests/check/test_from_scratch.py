"""From scratch, by source: calls that are banned are found however they are spelled; honest answers pass."""

import functools
import sys

import nbformat
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from nbclient import NotebookClient
from torch import nn

from mylib import check
from mylib.check.from_scratch import refuse
from mylib.check.from_scratch.notebook import in_force
from mylib.classroom.authoring.quick_run import run
from tests.check.cases import CONV, CONVOLVE, EVASIONS, HIDING, HONEST, SETUP, SOFTMAX
from tests.classroom.tiny import make_cell


@pytest.mark.parametrize("name", EVASIONS)
def test_a_hidden_call_is_refused(name):
    cells, banned = EVASIONS[name]
    hidden = "can be checked|no cell defines|leave the libraries|into the cell"
    with pytest.raises(AssertionError, match=hidden if name in HIDING else "write it yourself"):
        refuse("f", [SETUP, *cells], banned)


def test_every_case_has_a_name_that_is_known():
    assert not HIDING - set(EVASIONS)


@pytest.mark.parametrize(("cells", "banned"), HONEST.values(), ids=HONEST)
def test_an_honest_answer_passes(cells, banned, monkeypatch):
    if banned == ("sci",):
        banned = ("scipy.signal.c",)
        monkeypatch.setattr("scipy.signal.c", len, raising=False)
    assert refuse("f", [SETUP, *cells], banned) is None


def test_the_message_names_the_line_and_the_call():
    with pytest.raises(AssertionError) as refused:
        refuse("f", [SETUP, "# mine\ndef f(x, k):\n    x = x[None]\n    return F.conv2d(x, k)"], CONV)
    assert str(refused.value) == "line 3 of f uses torch.nn.functional.conv2d: write it yourself"


def test_the_message_names_the_means_by_which_a_call_is_hidden():
    with pytest.raises(AssertionError) as refused:
        refuse("f", ["def f(a):\n    return eval(a)"], CONVOLVE)
    assert str(refused.value) == "line 2 of f uses eval: write the calls out, so that they can be checked"


def test_a_cell_that_binds_names_by_text_is_quoted():
    with pytest.raises(AssertionError, match=r"`exec\('f = 2'\)` in a cell uses exec: write the calls out"):
        refuse("f", ["def f(a): return a", "x = 1\nexec('f = 2')"], CONVOLVE)


def test_a_method_is_named_and_not_its_class():
    cells = [SETUP, "class f(nn.Module):\n    def forward(self, x):\n        return F.softmax(x, -1)"]
    with pytest.raises(AssertionError, match="line 2 of forward uses torch.nn.functional.softmax"):
        refuse("f", cells, SOFTMAX)


def test_of_several_definitions_every_one_counts_and_the_message_says_so():
    cells = [SETUP, "def g(x): return F.relu(x)", "def g(x): return x * (x > 0)\ndef f(x): return g(x)"]
    with pytest.raises(
        AssertionError, match=r"line 1 of g \(one of several of that name\) uses torch: write it"
    ):
        refuse("f", cells, ["torch"])


def test_a_name_that_no_cell_defines_is_told():
    with pytest.raises(AssertionError, match="g is defined in no cell: define it with def or class"):
        refuse("g", ["def f(a): return a"], CONVOLVE)


@pytest.mark.parametrize("name", ["numpy.convolv", "no_such_package.f", "torch.Tensor.no_such_method"])
def test_a_banned_name_that_does_not_exist_is_a_mistake_of_the_exercise(name):
    with pytest.raises(ValueError, match="from_scratch: expected an (existing|importable) name to ban"):
        refuse("f", ["def f(a): return a"], [name])


def test_nothing_of_the_cells_is_executed_or_imported(tmp_path, monkeypatch):
    mark = tmp_path / "ran"
    (tmp_path / "mine.py").write_text(f"open({str(mark)!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    cells = [
        f"open({str(mark)!r}, 'w').close()\nimport mine",
        "def f(a):\n    import xmlrpc.server\n    return a",
    ]
    assert refuse("f", cells, CONVOLVE) is None
    assert not mark.exists()
    assert not {"mine", "xmlrpc.server"} & set(sys.modules)


def test_a_deep_expression_is_refused_with_a_reason():
    with pytest.raises(AssertionError, match="nested too deeply"):
        refuse("f", ["def f(x): return " + "-" * 100_000 + "x"], CONVOLVE)


def test_a_long_expression_is_read():
    assert refuse("f", ["def f(x): return " + " + ".join(["x"] * 500)], CONVOLVE) is None


# In a running notebook, or a Python file such as this one.


def convolve(a, b):
    """Innocent, although a banned function has the same name."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def with_direct_call(a, b):
    return np.convolve(a, b)


@torch.no_grad()
def with_decorator(a, b):
    return np.convolve(a, b)


@functools.cache
def with_cache(a):
    return np.convolve([1.0], [a])


class InStaticMethod:
    @staticmethod
    def run(x):
        return F.softmax(x, dim=-1)


class Renamed(nn.Linear):
    pass


same_thing = np.convolve
with_partial = functools.partial(np.convolve, mode="same")
with_lambda = lambda a, b: np.convolve(a, b)  # noqa: E731
model = InStaticMethod()

LIVE = {
    "a direct call": (with_direct_call, "numpy.convolve"),
    "the function itself under a new name": (same_thing, "numpy.convolve"),
    "a decorated function": (with_decorator, "numpy.convolve"),
    "a cached function": (with_cache, "numpy.convolve"),
    "a partial": (with_partial, "numpy.convolve"),
    "a lambda with a name": (with_lambda, "numpy.convolve"),
    "a static method": (InStaticMethod, "torch.nn.functional.softmax"),
    "a subclass of the banned class": (Renamed, "torch.nn.Linear"),
    "an object of the student's class": (model, "torch.nn.functional.softmax"),
}


@pytest.mark.parametrize(("answer", "banned"), LIVE.values(), ids=LIVE)
def test_from_scratch_refuses_a_live_object(answer, banned):
    with pytest.raises(AssertionError, match="write it yourself"):
        check.from_scratch(answer, banned=[banned])


def test_from_scratch_says_where():
    with pytest.raises(
        AssertionError, match="line 2 of with_direct_call uses numpy.convolve: write it yourself"
    ):
        check.from_scratch(with_direct_call, banned=["numpy.convolve"])


def test_from_scratch_wants_a_function_with_a_name():
    with pytest.raises(
        ValueError, match=r"expected a function or class that a cell binds to a name, got <lambda>"
    ):
        check.from_scratch(lambda a: a, banned=["numpy.convolve"])


TEST = "from mylib import check\ncheck.from_scratch(f, banned=['numpy.convolve'])"


def verdicts(*sources):
    """What the fast runner, which keeps a history as a kernel does, says of the last cell."""
    cells = [make_cell("locked", f"c{i}", 0, source) for i, source in enumerate(sources)]
    cells.append(make_cell("tests", "q1-f-tests", 1, TEST))
    [found] = run(nbformat.v4.new_notebook(cells=cells))
    return found["q1-f-tests"][2]


def test_a_notebook_is_read_from_its_history():
    helper = "slide = np.convolve"
    assert "uses numpy.convolve" in verdicts(SETUP, helper, "def f(a, b): return slide(a, b)")
    assert "uses numpy.convolve" in verdicts(SETUP, "f = np.convolve")
    assert verdicts(SETUP, helper, "def f(a, b): return a * b") == ""


def test_an_answer_that_was_corrected_and_run_again_passes():
    wrong = "def g(a, b): return np.convolve(a, b)\n\ndef f(a, b): return g(a, b)"
    assert "uses numpy.convolve" in verdicts(SETUP, wrong)
    assert verdicts(SETUP, wrong, "def f(a, b): return a * b") == ""


def test_a_class_without_methods_is_found_in_its_notebook():
    assert "uses numpy.convolve" in verdicts(SETUP, "class f:\n    op = np.convolve")


def test_what_was_run_again_is_not_in_force():
    history = ["x = 1", "def f():\n    return 1\ny = 2", "def f():\n    return 2", "f()"]
    assert in_force(history) == ["x = 1", "\n\ny = 2", "def f():\n    return 2", "f()"]
    assert in_force(["def f(): return 1\nf.op = 3", "def f(): return 2"]) == ["\n", "def f(): return 2"]


def test_a_kernel_is_read_from_its_history():
    sources = [SETUP, "def g(a, b):\n    return np.convolve(a, b)", "def f(a, b): return g(a, b)", TEST]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    [output] = notebook.cells[-1].outputs
    assert output.evalue == "line 2 of g uses numpy.convolve: write it yourself"
