"""A tiny course for the tests of the classroom: one topic with two autograded questions and one to be read."""

import copy
import shutil
from pathlib import Path

import nbformat

from mylib.classroom.course.folders import open_course

ROOT = Path(__file__).resolve().parents[2]
FLAGS = {
    "text": None,
    "answer": {"grade": False, "locked": False, "solution": True},
    "locked": {"grade": False, "locked": True, "solution": False},
    "tests": {"grade": True, "locked": True, "solution": False},
    "manual": {"grade": True, "locked": False, "solution": True},
}
TOPIC = "sums"
CELLS = [
    ("text", "title", 0, "# Sums\n\nPractise $\\sum_i x_i$.\n\n**Points: 10**"),
    ("locked", "setup", 0, "import numpy as np\n\nfrom mylib import check"),
    (
        "answer",
        "q1-mean",
        0,
        "def mean(x):\n    ### BEGIN SOLUTION\n    return sum(x) / len(x)\n    ### END SOLUTION",
    ),
    (
        "tests",
        "q1-mean-tests",
        3,
        "check.close(mean([1.0, 2.0]), 1.5, 'did you divide by N?')\n"
        "### BEGIN HIDDEN TESTS\n"
        "check.close(mean(np.array([4.0])), 4.0, 'one number')\n"
        "### END HIDDEN TESTS",
    ),
    (
        "answer",
        "q2-scale",
        0,
        "def scale(x, k):\n    ### BEGIN SOLUTION\n    return [k * v for v in x]\n    ### END SOLUTION",
    ),
    ("tests", "q2-scale-tests", 2, "assert scale([1, 2], 3) == [3, 6], 'multiply each entry'"),
    (
        "tests",
        "q2-scale-tests-2",
        2,
        "### BEGIN HIDDEN TESTS\nassert scale([], 3) == [], 'an empty list'\n### END HIDDEN TESTS",
    ),
    ("manual", "q3-explain", 3, "### BEGIN SOLUTION\nThe mean is linear.\n### END SOLUTION"),
]
BANK = {
    "q1-mean": """# %% right: a loop
def mean(x):
    total = 0
    for value in x:
        total += value
    return total / len(x)

# %% wrong: forgets 1/N
def mean(x):
    return sum(x)

# %% wrong: fails on one number
def mean(x):
    assert len(x) > 1
    return sum(x) / len(x)
""",
    "q2-scale": """# %% right: numpy, as a list
def scale(x, k):
    return (k * np.array(x)).tolist()

# %% wrong: fails on empty input
def scale(x, k):
    return [k * x[0]] + [k * v for v in x[1:]]
""",
}


def make_cell(kind, name, points, source):
    make = nbformat.v4.new_markdown_cell if kind in ("text", "manual") else nbformat.v4.new_code_cell
    cell = make(source, id=name)
    if FLAGS[kind] is not None:
        cell.metadata.nbgrader = FLAGS[kind] | {"grade_id": name, "schema_version": 3, "task": False}
        if FLAGS[kind]["grade"]:
            cell.metadata.nbgrader["points"] = points
    return cell


def make_notebook(cells=CELLS):
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=[make_cell(*cell) for cell in cells], metadata={"kernelspec": kernel})


def make_course(root, cells=CELLS, bank=BANK):
    """A course on disk, as an instructor would write it."""
    (root / "solutions" / TOPIC).mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    nbformat.write(make_notebook(cells), root / "solutions" / TOPIC / f"{TOPIC}.ipynb")
    (root / "tests" / "answers" / TOPIC).mkdir(parents=True)
    for name, text in bank.items():
        (root / "tests" / "answers" / TOPIC / f"{name}.py").write_text(text)
    return open_course(root)


ENDLESS = "def mean(x):\n    while True:\n        pass"
STUBBORN = (
    "import time\n\ndef mean(x):\n    while True:\n        try:\n            time.sleep(60)\n"
    "        except BaseException:\n            pass"
)
DEAD = "import os\n\ndef scale(x, k):\n    os._exit(0)"
LOUD = "import sys\n\ndef mean(x):\n    print('careful', file=sys.stderr)\n    return sum(x) / len(x)"
MEAN, SCALE = "def mean(x): return np.mean(x)", "def scale(x, k): return [k * v for v in x]"


def answer(skeleton, **answers):
    """The release with answers filled in; keywords carry _ for -."""
    notebook = copy.deepcopy(skeleton)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "").replace("-", "_")
        cell.source = answers.get(name, cell.source)
    return notebook


def hand_in(folder, student, content):
    """Write a submission: a notebook, bytes, or None for a folder without one."""
    home = folder / student / TOPIC
    home.mkdir(parents=True)
    if isinstance(content, bytes):
        (home / f"{TOPIC}.ipynb").write_bytes(content)
    elif content is not None:
        nbformat.write(content, home / f"{TOPIC}.ipynb")
