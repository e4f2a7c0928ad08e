"""What stands in the rooms of a new topic until somebody writes them.

Every text contains the word PLACEHOLDER; tests/test_syllabus.py refuses it, so that nothing of it is ever published.
"""

from typing import Any

import nbformat

from mylib.classroom.notebook import needs

MARK = "PLACEHOLDER"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
FACTS = """title = {quoted}
deck = "PLACEHOLDER: which slide deck"
slides = "PLACEHOLDER: from 'first heading' to 'last heading'"
number = {number}
needs = [] # names of the earlier topics whose code this one imports
builds_on = [] # names of the earlier topics that a reader should know
difficulty = "core" # or "first steps", "advanced"

[[methods]]
name = "placeholder"
title = "PLACEHOLDER: what the slides call it"
slide = "PLACEHOLDER: heading of the slide"
claim = "{claim}"

[[terms]]
name = "PLACEHOLDER: a word that {name} defines, for the glossary"
means = "PLACEHOLDER: in a sentence or two"

[[claims]]
name = "{claim}"
says = "PLACEHOLDER: what the slide says"
scale = "PLACEHOLDER: its number, on which data"
"""
PACKAGE = '"""PLACEHOLDER: {title}."""\n'
CONTRACT = '"""PLACEHOLDER: what both sides of {name} promise and refuse."""\n'
SIDE = '''"""PLACEHOLDER: {title}, {side}."""

__all__ = ["placeholder"]


def placeholder(x):
    r"""PLACEHOLDER: what it computes, in a line.

    PLACEHOLDER: the equation.

    Args:    x: what it is. Shape (batch, dim).
    Returns: what comes out. Shape (batch,).
    Raises:  ValueError: what does not fit.
    Source:  PLACEHOLDER: paper, equation, slide. Differs: none.
    """
    raise NotImplementedError("PLACEHOLDER")
'''
TESTS = {
    "worked": "numbers of the slides and of a calculation by hand",
    "references": "independent packages",
    "identities": "closed forms, limits and identities",
    "twins": "both sides: values, gradients, weights after three steps",
    "refusals": "what is refused, and with which words",
}
TEST = '''"""PLACEHOLDER: {name} against {against}."""


def test_placeholder():
    raise AssertionError("PLACEHOLDER")
'''
ANSWERS = """# %% right: PLACEHOLDER, another style
def placeholder(x):
    return x

# %% wrong: PLACEHOLDER, what students really write
def placeholder(x):
    return -x
"""
LECTURE = [
    (
        "title",
        "# {title}\n\n**Mirrors** PLACEHOLDER: deck and slides.\n\n**Before this**: PLACEHOLDER.\n\n**Time**: "
        "PLACEHOLDER.\n\nWhen you are done you can\n\n- PLACEHOLDER",
    ),
    ("parameters", 'SEED = 0\nSCALE = "quick"\nDEVICE = "auto"'),
    (needs.NAME, needs.SOURCE),
    ("setup", "from mylib import claims, plots\nfrom {module} import pytorch, scratch"),
    ("idea", "## PLACEHOLDER: the idea in plain words\n\nPLACEHOLDER: the equation, every symbol named."),
    ("claim", 'claims.record("{claim}", holds=False, measured={{"PLACEHOLDER": 0.0}}, scale="PLACEHOLDER")'),
    ("remember", "## What to remember\n\n- PLACEHOLDER\n\n**Where it fails.** PLACEHOLDER"),
]
TAGGED: dict[str, dict[str, Any]] = {
    "parameters": {"tags": ["parameters"]},
    needs.NAME: {"tags": ["needs"], "jupyter": {"source_hidden": True}},
}
SOLUTION = [
    (
        "title",
        "# Exercise: PLACEHOLDER\n\n**Points: 2** (placeholder 2).\n\nWork from top to bottom. Write your code where "
        "it says `YOUR CODE HERE`.",
        None,
    ),
    (needs.NAME, needs.SOURCE, None),
    ("setup", "import numpy as np\n\nfrom mylib import check", None),
    (
        "q1-placeholder-text",
        "## 1. PLACEHOLDER (2 points)\n\nPLACEHOLDER: all that is graded: shapes, dtypes, ties, empty input.",
        None,
    ),
    (
        "q1-placeholder",
        'def placeholder(x):\n    """PLACEHOLDER."""\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION',
        "answer",
    ),
    (
        "q1-placeholder-tests",
        'check.close(placeholder(np.ones(2)), np.ones(2), hint="PLACEHOLDER")\n### BEGIN HIDDEN TESTS\n'
        'check.close(placeholder(np.zeros(2)), np.zeros(2), hint="PLACEHOLDER")\n### END HIDDEN TESTS',
        "tests",
    ),
]


def lecture(words: dict[str, Any]) -> Any:
    """The notebook of a lecture.

    Args:    words: title, module and claim, which are filled in.
    """
    cells = []
    for name, text in LECTURE:
        code = name in ("parameters", needs.NAME, "setup", "claim")
        make = nbformat.v4.new_code_cell if code else nbformat.v4.new_markdown_cell
        metadata = TAGGED.get(name, {})
        cells.append(make(text if name == needs.NAME else text.format(**words), id=name, metadata=metadata))
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)


def solution() -> Any:
    """The notebook of a solution, with one question."""
    cells = []
    for name, text, role in SOLUTION:
        flags = {"grade": role == "tests", "locked": role != "answer", "solution": role == "answer"}
        known = {"grade_id": name, "schema_version": 3, "task": False, **flags}
        if role == "tests":
            known["points"] = 2
        code = role is not None or name in (needs.NAME, "setup")
        make = nbformat.v4.new_code_cell if code else nbformat.v4.new_markdown_cell
        folded = {"jupyter": {"source_hidden": True}} if name == needs.NAME else {}
        cells.append(make(text, id=name, metadata={"nbgrader": known} | folded))
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)
