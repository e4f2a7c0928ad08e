"""From scratch, by source: what an answer reaches is read; misuse is refused, and nothing costs an honest student."""

import functools
import re
import sys
import textwrap

import matplotlib.pylab  # noqa: F401 (a library that hands NumPy's functions on is known when it is loaded)
import nbformat
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient
from torch import nn

from mylib import check
from mylib.check.from_scratch import Unread, find_banned, library, refuse, refuse_live
from mylib.check.from_scratch.meaning import Meanings
from mylib.check.from_scratch.reading import Reader
from tests.check.cases import CONV, CONVOLVE, HONEST, LIMITS, MANY, MISUSE, NOTED, SETUP, SOFTMAX
from tests.check.harmless import CELLS
from tests.check.styles import RIGHT, WRONG

ANSWER = "def answer(x):\n    total = 0.0\n    for one in x:\n        total = total + one\n    return total / len(x)"


@pytest.mark.parametrize(("cells", "banned"), MISUSE.values(), ids=MISUSE)
def test_misuse_is_refused(cells, banned):
    with pytest.raises(AssertionError, match=r"write it yourself|which answers may not use"):
        refuse("f", [SETUP, *cells], banned)


@pytest.mark.parametrize(("cells", "banned"), NOTED.values(), ids=NOTED)
def test_what_cannot_be_read_is_noted_and_costs_nothing(cells, banned):
    for note in (notes := refuse("f", [SETUP, *cells], banned)):
        assert note.place
        assert note.why
        assert len(note.line) <= 80
    assert notes


@pytest.mark.parametrize(("cells", "banned"), HONEST.values(), ids=HONEST)
def test_an_honest_answer_is_neither_refused_nor_noted(cells, banned):
    assert refuse("f", [SETUP, *cells], banned) == []


@pytest.mark.parametrize(("cells", "banned"), LIMITS.values(), ids=LIMITS)
def test_what_the_documentation_says_a_cheat_can_do_passes_in_silence(cells, banned):
    assert refuse("f", [SETUP, *cells], banned) == []


@pytest.mark.parametrize(("cells", "banned", "modules"), RIGHT.values(), ids=RIGHT)
def test_a_right_answer_in_an_honest_style_is_neither_refused_nor_noted(cells, banned, modules):
    assert refuse("f", cells, banned, modules) == []


@pytest.mark.parametrize(("cells", "banned", "modules"), WRONG.values(), ids=WRONG)
def test_misuse_in_the_styles_of_the_exercises_is_refused(cells, banned, modules):
    with pytest.raises(AssertionError, match="write it yourself"):
        refuse("f", cells, banned, modules)


@pytest.mark.parametrize("line", CELLS)
def test_a_line_in_a_cell_of_its_own_is_ignored(line):
    for cells in ([SETUP, line, ANSWER], [SETUP, ANSWER, line]):
        assert refuse("answer", cells, MANY) == []


def test_there_are_as_many_cases_as_were_asked_for():
    assert len(CELLS) >= 100
    assert len(MISUSE) >= 60


# Messages and notes.


def test_the_message_names_the_line_and_the_call():
    with pytest.raises(AssertionError) as refused:
        refuse("f", [SETUP, "# mine\ndef f(x, k):\n    x = x[None]\n    return F.conv2d(x, k)"], CONV)
    assert str(refused.value) == "line 3 of f uses torch.nn.functional.conv2d: write it yourself"


def test_a_method_is_named_and_not_its_class():
    cells = [SETUP, "class f(nn.Module):\n    def forward(self, x):\n        return F.softmax(x, -1)"]
    with pytest.raises(AssertionError, match="line 2 of forward uses torch.nn.functional.softmax"):
        refuse("f", cells, SOFTMAX)


@pytest.mark.parametrize(
    ("cells", "line", "verb"),
    [
        (["def f(x):\n    import tensorflow as tf\n    return x"], 2, "imports"),
        (["import tensorflow as tf", "def f(x): return tf.nn.relu(x)"], 1, "uses"),
    ],
)
def test_a_package_that_is_not_on_the_list_is_noted_with_those_that_are(cells, line, verb):
    [note] = refuse("f", cells, CONVOLVE)
    assert note.place == f"line {line} of f"
    assert re.match(rf"{verb} tensorflow.*, which is none of numpy, torch, .* beside the notebook", note.why)


def test_a_note_says_where_what_and_why():
    [note] = refuse("f", ["def f(x):\n    return eval(x)"], CONVOLVE)
    assert note == Unread("line 2 of f", "return eval(x)", "uses eval: what it does cannot be read")


def test_a_note_shows_no_control_characters_and_at_most_80_others():
    [note] = refuse("f", ["def f(x): return eval(x, '\x1b]0;owned\x07', '\u202e" + "x" * 200 + "')"], CONVOLVE)
    assert note.line.isprintable()
    assert len(note.line) == 80


def test_a_line_is_noted_once():
    assert len(refuse("f", ["def f(x): return eval(x), eval(x), exec(x)"], CONVOLVE)) == 1


def test_a_name_that_no_cell_defines_is_noted():
    [note] = refuse("g", ["def f(a): return a"], CONVOLVE)
    assert note.why == "g is defined in no cell"


def test_a_note_does_not_hide_a_refusal_below_it():
    with pytest.raises(AssertionError, match="line 3 of f uses numpy.convolve"):
        refuse("f", [SETUP, "def f(a):\n    eval('1')\n    return np.convolve(a, a)"], CONVOLVE)


@pytest.mark.parametrize("name", ["numpy.convolv", "no_such_package.f", "torch.Tensor.no_such_method"])
def test_a_banned_name_that_does_not_exist_is_a_mistake_of_the_exercise(name):
    for call in (lambda: refuse("f", ["def f(a): return a"], [name]), lambda: find_banned(name)):
        with pytest.raises(ValueError, match="from_scratch: expected an (existing|importable) name to ban"):
            call()


def test_nothing_of_the_cells_is_executed_or_imported(tmp_path, monkeypatch):
    mark = tmp_path / "ran"
    (tmp_path / "mine.py").write_text(f"open({str(mark)!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    cells = [
        f"open({str(mark)!r}, 'w').close()\nimport mine",
        "def f(a):\n    import xmlrpc.server\n    return a",
    ]
    assert refuse("f", cells, CONVOLVE) == []
    assert not mark.exists()
    assert not {"mine", "xmlrpc.server"} & set(sys.modules)


# Files beside the notebook.

SLIDE = "import numpy as np\n\ndef slide(a, b):\n    return np.convolve(a, b)\n\ndef fine(a): return a\n"
BESIDE = {
    "a module": ("import helpers\ndef f(a, b): return helpers.slide(a, b)", {"helpers.py": SLIDE}),
    "a module under another name": (
        "import helpers as h\ndef f(a, b): return h.slide(a, b)",
        {"helpers.py": SLIDE},
    ),
    "a name of a module": (
        "from helpers import slide\ndef f(a, b): return slide(a, b)",
        {"helpers.py": SLIDE},
    ),
    "all names of a module": (
        "from helpers import *\ndef f(a, b): return slide(a, b)",
        {"helpers.py": SLIDE},
    ),
    "the answer itself": ("from helpers import slide as f", {"helpers.py": SLIDE}),
    "an import inside": (
        "def f(a, b):\n    import helpers\n    return helpers.slide(a, b)",
        {"helpers.py": SLIDE},
    ),
    "the module's NumPy": (
        "import helpers\ndef f(a, b): return helpers.np.convolve(a, b)",
        {"helpers.py": SLIDE},
    ),
    "getattr of a module": (
        "import helpers\ndef f(a): return getattr(helpers, 'slide')(a)",
        {"helpers.py": SLIDE},
    ),
    "a package": (
        "import pkg.mod\ndef f(a, b): return pkg.mod.slide(a, b)",
        {"pkg/__init__.py": "", "pkg/mod.py": SLIDE},
    ),
    "a folder": ("from pkg import mod\ndef f(a, b): return mod.slide(a, b)", {"pkg/mod.py": SLIDE}),
    "a folder's module": ("import pkg.mod as m\ndef f(a, b): return m.slide(a, b)", {"pkg/mod.py": SLIDE}),
    "a name of a package": (
        "from pkg import slide\ndef f(a, b): return slide(a, b)",
        {"pkg/__init__.py": "from .mod import slide", "pkg/mod.py": SLIDE},
    ),
    "a module of the same package": (
        "from pkg.one import g\ndef f(a, b): return g(a, b)",
        {"pkg/one.py": "from . import mod\ndef g(a, b): return mod.slide(a, b)", "pkg/mod.py": SLIDE},
    ),
    "a module that imports another": (
        "from one import g\ndef f(a, b): return g(a, b)",
        {"one.py": "from helpers import slide\ndef g(a, b): return slide(a, b)", "helpers.py": SLIDE},
    ),
    "a file named like a module of Python": (
        "import statistics\ndef f(a, b): return statistics.slide(a, b)",
        {"statistics.py": SLIDE},
    ),
    "a base class": (
        "from helpers import Base\nclass f(Base): pass",
        {"helpers.py": "import numpy as np\nclass Base:\n    def run(self, a): return np.convolve(a, a)"},
    ),
}


@pytest.mark.parametrize(("cell", "modules"), BESIDE.values(), ids=BESIDE)
def test_files_beside_the_notebook_are_read(cell, modules):
    with pytest.raises(AssertionError, match="uses numpy.convolve: write it yourself"):
        refuse("f", [SETUP, cell], CONVOLVE, modules)


def test_the_message_names_the_file():
    with pytest.raises(AssertionError, match=r"line 2 of slide in helpers\.py uses numpy.convolve"):
        refuse("f", [*BESIDE["a module"][:1]], CONVOLVE, {"helpers.py": SLIDE})


def test_what_is_not_reached_of_a_file_beside_is_ignored():
    for cell in (
        "import helpers\ndef f(a): return helpers.fine(a)",
        "from helpers import fine\ndef f(a): return fine(a)",
    ):
        assert refuse("f", [cell], CONVOLVE, {"helpers.py": SLIDE, "broken.py": "def ("}) == []


def test_files_that_import_each_other_are_read():
    modules = {"a.py": "import b\ndef g(x): return b.h(x)", "b.py": "import a\ndef h(x): return a.g(x)"}
    assert refuse("f", ["import a\ndef f(x): return a.g(x)"], CONVOLVE, modules) == []


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("import helpers\ndef f(x): return helpers.other(x)", "x = 1"),
        ("from helpers import g\ndef f(x): return g(x)", "def broken("),
        ("from . import helpers\ndef f(x): return helpers.g(x)", "def g(x): return x"),
        ("import helpers\ndef f(x): return use(helpers)\ndef use(m): return m.g(1)", "def g(x): return x"),
    ],
)
def test_what_a_file_beside_does_not_show_is_noted(cell, text):
    assert refuse("f", [cell], CONVOLVE, {"helpers.py": text})


# Whatever goes wrong costs nothing.


@pytest.mark.parametrize(
    ("owner", "method"), [(Meanings, "of"), (Reader, "_visit"), (Reader, "read"), (Meanings, "module")]
)
@pytest.mark.parametrize("error", [KeyError, RecursionError, MemoryError, AssertionError])
def test_a_fault_of_the_guard_is_a_note(owner, method, error, monkeypatch):
    def fail(*_, **__):
        raise error("of the guard")

    monkeypatch.setattr(owner, method, fail)
    notes = refuse("f", ["import numpy as np\ndef f(a): return np.convolve(a, a)"], CONVOLVE)
    assert any(error.__name__ in note.why for note in notes)


def test_a_fault_at_one_place_does_not_hide_a_refusal_elsewhere(monkeypatch):
    def fail(*_):
        raise KeyError("of the guard")

    monkeypatch.setattr(library, "hides", fail)
    with pytest.raises(AssertionError, match="line 3 of f uses numpy.convolve: write it yourself"):
        refuse("f", [SETUP, "def f(a):\n    print(a)\n    return np.convolve(a, a)"], CONVOLVE)


GARBAGE = {
    "bytes": bytes(range(256)).decode("latin-1") * 300,
    "brackets that open": "f = " + "(" * 10_000,
    "brackets": "f = " + "[" * 10_000 + "]" * 10_000,
    "signs": "def f(x): return " + "-" * 100_000 + "x",
    "attributes": "f = x" + ".a" * 20_000,
    "terms": "f = " + " + ".join(["x"] * 20_000),
    "conditions": "f = " + "1 if x else " * 5_000 + "2",
    "indentation": "\n".join(" " * depth + "if x:" for depth in range(10_000)),
    "a megabyte": "f = 1\n" * 170_000,
    "quotes": "'" * 1_000_000,
    "per cent": "%" * 100_000,
    "commands": "!f\n" * 20_000,
    "questions": "f?\n" * 20_000,
    "a null": "f = 1\0",
    "loops": "def f(x):\n"
    + "".join(" " * (depth + 1) + f"for i{depth} in x:\n" for depth in range(19))
    + " " * 25
    + "pass",
    "names of names": "\n".join(f"a{i} = a{i - 1} or a{i - 1}" for i in range(1, 300)) + "\nf = a299",
    "rebinding": "\n".join(f"if x: f = f or {i}" for i in range(500)),
    "half a surrogate": "f = '\ud800'",
    "lambdas": "f = " + "lambda: " * 3_000 + "1",
    "classes": "\n".join(" " * depth + f"class f{depth}(f):" for depth in range(95)) + "\n" + " " * 95 + "pass",
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_never_refused(text):
    answer = "def f(x): return x"
    for cells in ([text, answer], [answer, text], [text]):
        assert isinstance(refuse("f", [SETUP, *cells], CONVOLVE), list)
    assert isinstance(refuse("f", ["from m import f"], CONVOLVE, {"m.py": text}), list)


def test_an_answer_in_a_cell_that_is_too_long_is_noted():
    [note] = refuse("f", ["f = 1\n" * 170_000], CONVOLVE)
    assert note.why == "f is defined in no cell"
    assert refuse("f", ["def f(x): return x", "f = 1\n" * 170_000], CONVOLVE) == []  # see LIMITS


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(sorted({line for cells, _ in HONEST.values() for line in cells})),
        min_size=1,
        max_size=3,
    )
)
def test_honest_cells_may_stand_together(cells):
    others = [re.sub(r"\bf\b", f"f{number}", cell) for number, cell in enumerate(cells)]
    assert refuse("answer", [SETUP, *others, ANSWER], CONVOLVE) == []


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_taken(text):
    assert isinstance(refuse("f", [text, "def f(x): return x"], CONVOLVE), list)


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


def test_from_scratch_passes_an_innocent_one_and_says_nothing(capsys):
    assert check.from_scratch(convolve, banned=["numpy.convolve"]) is None
    assert capsys.readouterr().out == ""


def test_from_scratch_says_where():
    with pytest.raises(AssertionError, match="line 2 of with_direct_call uses numpy.convolve: write it yourself"):
        check.from_scratch(with_direct_call, banned=["numpy.convolve"])


def test_from_scratch_wants_a_function_with_a_name():
    with pytest.raises(ValueError, match=r"expected a function or class that a cell binds to a name, got <lambda>"):
        check.from_scratch(lambda a: a, banned=["numpy.convolve"])


def live(folder, monkeypatch, cell):
    """What refuse_live says of a history whose last cell binds `f`."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "beside_live", raising=False)
    names = {"In": ["", cell]}
    exec(cell, names)
    return refuse_live(names["f"], CONVOLVE, names)


def test_a_file_beside_a_running_notebook_is_read(tmp_path, monkeypatch):
    (tmp_path / "beside_live.py").write_text(SLIDE)
    with pytest.raises(AssertionError, match=r"line 2 of slide in beside_live\.py uses numpy\.convolve"):
        live(tmp_path, monkeypatch, "from beside_live import slide\ndef f(a, b): return slide(a, b)")
    with pytest.raises(AssertionError, match=r"line 2 of slide in beside_live\.py uses numpy\.convolve"):
        live(tmp_path, monkeypatch, "from beside_live import slide as f")
    assert live(tmp_path, monkeypatch, "from beside_live import fine\ndef f(a): return fine(a)") == []


def test_only_regular_files_of_moderate_size_are_read_in_the_folder(tmp_path, monkeypatch):
    from mylib.check.from_scratch.live import files_beside

    (tmp_path / "fine.py").write_text("x = 1")
    (tmp_path / "long.py").write_text("x = 1\n" * 100_000)
    (tmp_path / "link.py").symlink_to(tmp_path / "fine.py")
    (tmp_path / "folder.py").mkdir()
    assert files_beside(tmp_path) == {"fine.py": "x = 1"}


TEST = "from mylib import check\ncheck.from_scratch(f, banned=['numpy.convolve'])"


def verdicts(*sources):
    """What the last cell of a running notebook says, which keeps its history as IPython does."""
    names = {"__name__": "__main__", "In": [""]}
    try:
        for source in (*sources, TEST):
            names["In"].append(source)
            exec(source, names)
    except AssertionError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "case", ["a direct call", "a helper", "a lambda", "a star import", "a default argument", "map"]
)
def test_a_notebook_says_the_same_as_grading(case):
    cells, banned = MISUSE[case]
    with pytest.raises(AssertionError) as graded:
        refuse("f", [SETUP, *cells], banned)
    assert verdicts(SETUP, *cells) == str(graded.value)


def test_a_notebook_is_read_from_its_history():
    helper = "slide = np.convolve"
    assert "uses numpy.convolve" in verdicts(SETUP, helper, "def f(a, b): return slide(a, b)")
    assert "uses numpy.convolve" in verdicts(SETUP, "f = np.convolve")
    assert verdicts(SETUP, helper, "def f(a, b): return a * b") == ""


def test_an_answer_that_was_corrected_and_run_again_passes():
    wrong = "def g(a, b): return np.convolve(a, b)\n\ndef f(a, b): return g(a, b)"
    assert "uses numpy.convolve" in verdicts(SETUP, wrong)
    assert verdicts(SETUP, wrong, "def f(a, b): return a * b") == ""
    assert verdicts(SETUP, wrong, "def g(a, b): return a * b") == ""


def test_a_value_keeps_the_function_that_it_was_made_from():
    cells = [
        SETUP,
        "def g(a, b): return np.convolve(a, b)\nh = g",
        "def g(a, b): return a",
        "def f(a, b): return h(a, b)",
    ]
    assert "uses numpy.convolve" in verdicts(*cells)


def test_a_class_without_methods_is_found_in_its_notebook():
    assert "uses numpy.convolve" in verdicts(SETUP, "class f:\n    op = np.convolve")


def test_a_kernel_is_read_from_its_history():
    helper = textwrap.dedent("""
        def g(a, b):
            return np.convolve(a, b)
    """).strip()
    sources = [
        SETUP,
        "%matplotlib inline\nimport gc; gc.collect()",
        helper,
        "def f(a, b): return g(a, b)",
        TEST,
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    [output] = notebook.cells[-1].outputs
    assert output.evalue == "line 2 of g uses numpy.convolve: write it yourself"
