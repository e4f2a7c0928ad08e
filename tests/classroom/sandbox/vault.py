"""A course with something to steal: hidden tests whose values are known here, and a class of attackers.

`tests/classroom/attacks/*.py` are py:percent files, one payload a cell, headed `# %% name | question | honest points`.
"""

import copy
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import nbformat

from tests.classroom import tiny
from tests.classroom.sandbox import test_files_beside as beside

ATTACKS = Path(__file__).parent / "attacks"
# Numbers of the hidden tests: inputs and what is expected. None of them may reach a student.
SECRETS = (
    "73910",
    "24840",
    "8451.25",
    "25353",
    "9127.5",
    "18255",
    "canary",
    "HIDDEN TESTS",
    "BEGIN SOLUTION",
)
SETUP = "import numpy as np\nimport torch\n\nfrom mylib import check"
MEAN = "def mean(x):\n    return sum(x) / len(x)"
SCALE = "def scale(x, k):\n    return [k * v for v in x]"
SLOPE = "def square(w):\n    return (w * w).sum()"


def _solved(source):
    head, body = source.split("\n")
    return f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"


CELLS = [
    ("text", "title", 0, "# Vault\n\n**Points: 12**"),
    ("locked", "setup", 0, SETUP),
    ("answer", "q1-mean", 0, _solved(MEAN)),
    (
        "tests",
        "q1-mean-tests",
        3,
        "check.close(mean([1.0, 2.0]), 1.5, hint='did you divide by N?')\n"
        "### BEGIN HIDDEN TESTS\n"
        "check.from_scratch(mean, banned=['numpy.mean', 'mylib'])\n"
        "inputs = np.array([73910.5, 11.25, 600.25])\n"
        "got = check.unchanged(mean, inputs)\n"
        "check.close(got, 24840.6666667, hint='three numbers')\n"
        "### END HIDDEN TESTS",
    ),
    ("answer", "q2-scale", 0, _solved(SCALE)),
    ("tests", "q2-scale-tests", 2, "assert scale([1, 2], 3) == [3, 6], 'multiply each entry'"),
    (
        "tests",
        "q2-scale-tests-2",
        2,
        "### BEGIN HIDDEN TESTS\n"
        "assert scale([8451.25], 3.0) == [25353.75], 'one number'\n"
        "assert scale([], 3) == [], 'an empty list'\n"
        "### END HIDDEN TESTS",
    ),
    ("answer", "q3-slope", 0, _solved(SLOPE)),
    (
        "tests",
        "q3-slope-tests",
        3,
        "@check.beside_answer\n"
        "def slope(square, w):\n"
        "    w = w.clone().requires_grad_()\n"
        "    value = square(w)\n"
        "    value.backward()\n"
        "    return value.detach(), w.grad\n\n\n"
        "value, got = slope(square, torch.tensor([1.0, -2.0]))\n"
        "check.close(value, 5.0, hint='the sum of squares')\n"
        "check.close(got, [2.0, -4.0], hint='the slope of a square')\n"
        "### BEGIN HIDDEN TESTS\n"
        "w = torch.tensor([9127.5, 3.0, 0.0])\n"
        "check.close(slope(square, w)[1], [18255.0, 6.0, 0.0], hint='another point')\n"
        "check.close(slope(square, w)[0], (w * w).sum(), hint='another point')\n"
        "### END HIDDEN TESTS",
    ),
    ("manual", "q4-explain", 2, "### BEGIN SOLUTION\nIt is linear.\n### END SOLUTION"),
]


@dataclass
class Attack:
    """One attacker: what is handed in, and the points that its honest part earns."""

    name: str
    honest: float
    answers: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    change: object = None

    @property
    def student(self):
        """A folder's name."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.name.lower()).strip("-")


def payloads(places, port, abstract):
    """The attacks of the files.

    Args:    places: folders that an attacker must not reach.
             port, abstract: of sockets that it must not reach.
    """
    known = f"PLACES, PORT, ABSTRACT = {places!r}, {port}, {abstract!r}\n"
    found = []
    for path in sorted(ATTACKS.glob("*.py")):
        if path.name == "conftest.py":
            continue
        for cell in jupytext.read(path, fmt="py:percent").cells:
            if "title" not in cell.metadata:  # the line at the top of the file
                continue
            name, question, honest = (part.strip() for part in cell.metadata["title"].split("|"))
            source = known + cell.source if path.stem == "machine" else cell.source
            found.append(Attack(name, float(honest), {question: source}))
            if path.stem in ("machine", "messages", "cache"):
                found[-1].answers |= {"q1-mean": MEAN, "q2-scale": SCALE}
            if path.stem in ("escapes", "floods"):
                found[-1].answers |= {"q2-scale": SCALE, "q3-slope": SLOPE}
        if path.stem == "leaks":
            shows = next(one for one in found if one.name == "the next cell shows what was kept")
            for attack in found:
                if "q1-mean" in attack.answers and attack.name != shows.name and _is_leak(path, attack):
                    attack.answers |= shows.answers
    return found


def _is_leak(path, attack):
    return f"# %% {attack.name} |" in path.read_text()


def write_class(inbox, skeleton, attacks):
    """Hand everything in."""
    for attack in attacks:
        home = inbox / attack.student / tiny.TOPIC
        home.mkdir(parents=True)
        notebook = copy.deepcopy(skeleton)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = attack.answers.get(name, cell.source)
        for name, content in attack.files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        made = attack.change(notebook, home) if attack.change else notebook
        if isinstance(made, bytes):
            (home / f"{tiny.TOPIC}.ipynb").write_bytes(made)
        elif made is not None:
            (home / f"{tiny.TOPIC}.ipynb").write_text(json.dumps(made))


RIGHT = {"q1-mean": MEAN, "q2-scale": SCALE}


WRONG = {"q1-mean": "def mean(x):\n    return 1.5", "q2-scale": SCALE}
FILE_NAMES = {
    "an escape in its name": "a\x1b]0;owned\x07.txt",
    "a line end in its name": "a\nada 10 of 10.txt",
    "a name that turns round": "x\u202egnp.txt",
    "mark-up in its name": "[bold]x[slash]bold].txt",
    "a page in its name": "<img src=x onerror=OWNED()>.txt",
    "a formula in its name": "=cmd()|.csv",
    "Markdown in its name": "](javascript:OWNED()).txt",
    "a long name": "x" * 230 + ".txt",
    "a name of blanks": "   .txt",
}


def _rename_cells(name):
    """Every cell gets a grade id that says something to whoever shows it."""

    def change(notebook, _):
        for number, cell in enumerate(notebook.cells):
            cell.metadata["nbgrader"] = {"grade_id": f"{name}{number}", "solution": True, "locked": False}
            cell.id = f"c{number}"
        return notebook

    return change


def _split(pieces):
    """The first answer in pieces that share its name."""

    def change(notebook, _):
        for place, cell in enumerate(notebook.cells):
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "q1-mean":
                copies = [copy.deepcopy(cell) for _ in pieces]
                for number, (one, source) in enumerate(zip(copies, pieces, strict=True)):
                    one.source, one.id = source, f"piece{number}"
                notebook.cells[place : place + 1] = copies
                return notebook
        raise AssertionError("the release has this question")

    return change


HALF = {"q2-scale": SCALE}
CELL_TRICKS = [
    ("names that are escapes", 7, RIGHT, _rename_cells("\x1b[2Jq")),
    ("names that are pages", 7, RIGHT, _rename_cells("<script>OWNED()</script>")),
    ("names that lead out", 7, RIGHT, _rename_cells("../../canary")),
    (
        "a piece that spoils another answer",
        4,
        HALF,
        _split(["def mean(x):\n    return 1.5", "square = None"]),
    ),
    ("an answer of a thousand pieces", 4, HALF, _split([f"mean = {n}" for n in range(1000)])),
    ("pieces that are no Python", 4, HALF, _split(["def mean(x):", "(((((", "\x00", "return 1"])),
]


def hand_ins(places):
    """Attacks by the notebook itself and by what lies beside it."""
    return [
        Attack("skip the tests by a tag", 7, RIGHT, change=_tag("skip-execution")),
        Attack("allow errors by a tag", 7, RIGHT, change=_tag("raises-exception")),
        Attack("a thousand points in the metadata", 7, RIGHT, change=_metadata("points", 1000)),
        Attack("tests unlocked and emptied", 7, RIGHT, change=_empty_tests),
        Attack("tests retyped as text", 7, RIGHT, change=_retype("markdown")),
        Attack("answers retyped as raw", 7, RIGHT, change=_retype_answers),
        Attack("tests doubled with a pass", 7, RIGHT, change=_double_tests),
        Attack("answers and tests swap their names", 0, RIGHT, change=_swap_names),
        Attack("a schema from the future", 7, RIGHT, change=_metadata("schema_version", 99)),
        Attack("nbgrader metadata of the wrong types", 0, {}, change=_metadata("grade_id", ["q1-mean"])),
        Attack("another kernel", 7, RIGHT, change=_kernel),
        Attack("a cell before the tests makes everything right", 7, RIGHT, change=_extra_cell),
        Attack("the id of every cell is the same", 7, RIGHT, change=_same_ids),
        Attack("a script in the written answer", 7, RIGHT, change=_script),
        Attack("an attachment that is a page", 7, RIGHT, change=_attachment),
        Attack("nested so deep that reading it fails", 0, change=lambda *_: b"[" * 200_000),
        Attack("twenty-five megabytes", 0, change=lambda *_: b'{"cells": "' + b"x" * 25_000_000 + b'"}'),
        Attack("not even text", 0, change=lambda *_: bytes(range(256)) * 40),
        Attack("a link to another file", 0, change=_link(places[0])),
        Attack("a pipe that never answers", 0, change=_pipe),
        Attack("a folder called like the notebook", 0, change=_folder),
        Attack(
            "modules of the libraries' names beside the notebook",
            7,
            RIGHT,
            files={
                f"{name}.py": "raise SystemExit('OWNED')"
                for name in (
                    *("torch", "numpy", "mylib", "IPython", "ipykernel", "ipykernel_launcher", "json", "os"),
                    *("sitecustomize", "usercustomize", "matplotlib", "scipy", "zmq", "traitlets"),
                )
            }
            | {"mylib/check.py": "raise SystemExit('OWNED')", "evil.pth": "import os; os._exit(0)"},
        ),
        Attack(
            "settings of IPython and Jupyter beside the notebook",
            7,
            RIGHT,
            files={
                ".ipython/profile_default/startup/0.py": "import os; os._exit(0)",
                ".ipython/profile_default/ipython_config.py": "c.InteractiveShellApp.exec_lines = ['1/0']",
                "ipython_config.py": "import os; os._exit(0)",
                "jupyter_config.py": "import os; os._exit(0)",
                "nbgrader_config.py": "c = get_config()\nc.ClearSolutions.code_stub = 'OWNED'\n",
                "matplotlibrc": "backend: nothing",
            },
        ),
        Attack("links beside the notebook", 7, RIGHT | {"q3-slope": READS_LINKS}, change=_links(places)),
        Attack("a notebook beside the notebook", 7, RIGHT, files={"other.ipynb": "{}", "notes.txt": "x"}),
        *(Attack(f"beside it, {name}", 4, WRONG, files=files) for name, files in beside.TRICKS.items()),
        *(Attack(f"a file with {name}", 7, RIGHT, files={file: "x"}) for name, file in FILE_NAMES.items()),
        *(
            Attack(f"cells with {name}", honest, answers, change=change)
            for name, honest, answers, change in CELL_TRICKS
        ),
    ]


READS_LINKS = """import os
for home, _, files in os.walk("/student"):
    for name in files:
        print("SEEN", name, open(os.path.join(home, name), errors="replace").read())
"""


def _cells(notebook, kind):
    flags = {
        "test": lambda n: n.get("grade") and not n.get("solution"),
        "answer": lambda n: n.get("solution"),
    }
    return [cell for cell in notebook.cells if flags[kind](cell.metadata.get("nbgrader", {}))]


def _tag(tag):
    def change(notebook, _):
        for cell in _cells(notebook, "test"):
            cell.metadata["tags"] = [tag]
        return notebook

    return change


def _metadata(key, value):
    def change(notebook, _):
        for cell in [*_cells(notebook, "test"), *_cells(notebook, "answer")]:
            cell.metadata.nbgrader[key] = value
        return notebook

    return change


def _empty_tests(notebook, _):
    for cell in _cells(notebook, "test"):
        cell.source = "pass"
        cell.metadata.nbgrader["locked"] = False
    return notebook


def _retype(kind):
    def change(notebook, _):
        for cell in _cells(notebook, "test"):
            cell.cell_type = kind
        return notebook

    return change


def _retype_answers(notebook, _):
    for cell in _cells(notebook, "answer"):
        cell.cell_type = "raw"
    return notebook


def _double_tests(notebook, _):
    for cell in _cells(notebook, "test"):
        double = copy.deepcopy(cell)
        double.source, double.id = "pass", f"{cell.id}-2"
        notebook.cells.append(double)
    return notebook


def _swap_names(notebook, _):
    for cell in notebook.cells:
        flags = cell.metadata.get("nbgrader")
        if flags and flags["grade_id"] in ("q1-mean", "q1-mean-tests", "q2-scale", "q2-scale-tests"):
            name = flags["grade_id"]
            flags["grade_id"] = name.removesuffix("-tests") if name.endswith("-tests") else f"{name}-tests"
            cell.id = f"new-{cell.id}"
    return notebook


def _kernel(notebook, _):
    notebook.metadata["kernelspec"] = {"name": "bash", "display_name": "Bash", "language": "bash"}
    notebook.metadata["kernel_provisioner"] = {"provisioner_name": "local-provisioner"}
    return notebook


def _extra_cell(notebook, _):
    source = "import builtins, mylib.check\nmylib.check.close = lambda *a, **k: None\nsquare = None"
    notebook.cells.insert(2, nbformat.v4.new_code_cell(source))
    return notebook


def _same_ids(notebook, _):
    for cell in notebook.cells:
        cell.id = "same"
    return notebook


def _script(notebook, _):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "q4-explain":
            cell.source = "<script>OWNED()</script><img src=x onerror=OWNED()> [x](javascript:OWNED())"
    return notebook


def _attachment(notebook, _):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "q4-explain":
            cell.source = "![x](attachment:x.svg)"
            cell["attachments"] = {"x.svg": {"image/svg+xml": "<svg><script>OWNED()</script></svg>"}}
    return notebook


def _link(place):
    def change(_, home):
        os.symlink(f"{place}/canary.txt", home / f"{tiny.TOPIC}.ipynb")

    return change


def _pipe(_, home):
    os.mkfifo(home / f"{tiny.TOPIC}.ipynb")


def _folder(_, home):
    (home / f"{tiny.TOPIC}.ipynb").mkdir()


def _links(places):
    def change(notebook, home):
        for number, place in enumerate(places):
            os.symlink(f"{place}/canary.txt", home / f"data{number}.txt")
            os.symlink(place, home / f"folder{number}")
        return notebook

    return change
