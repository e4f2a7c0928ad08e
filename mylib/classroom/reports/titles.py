"""What a person calls the questions of a notebook."""

import re
from typing import Any

from mylib.classroom.notebook.jobs import OWN
from mylib.classroom.notebook.questions import grade_id, is_answer
from mylib.classroom.notebook.text import printable

HEADING = re.compile(r"^#{1,6}\s+(?P<text>.+?)\s*#*$", re.MULTILINE)
NUMBER = re.compile(r"^(question\s+)?\d+\s*[.):]\s*", re.IGNORECASE)
POINTS = re.compile(r"\s*\([^()]*\bpoints?\b[^()]*\)$", re.IGNORECASE)
NAME = re.compile(r"q(?P<number>\d+)-(?P<words>.+)")
LONGEST = 100


def titles(notebook: Any) -> dict[str, str]:
    """{grade id of an answer: title}, from the instructor's heading above it, or from its name.

    Args:    notebook: rebuilt on the instructor's: what the student added is left aside.

    Example:
        >>> title("q2-scale", "## 2. Scale a list (4 points)"), title("q2-scale", "")
        ('Question 2: Scale a list', 'Question 2: scale')
    """
    found: dict[str, str] = {}
    heading = ""
    for number, cell in enumerate(notebook.cells):
        if is_answer(cell):
            found[grade_id(cell)] = title(grade_id(cell), heading)
            heading = ""  # the next answer has one of its own, or is called by its name
        elif number and cell.cell_type == "markdown" and not cell.id.startswith((OWN, "intake-notes")):
            headings = HEADING.findall(cell.source)
            heading = cell.source if headings else heading
    return found


def title(name: str, text: str) -> str:
    """The title of one question.

    Args:    name: grade id of its answer cell.
             text: Markdown above it, with a heading or without.
    """
    known = NAME.fullmatch(name)
    number, words = (known["number"], known["words"].replace("-", " ")) if known else ("", name)
    if heading := HEADING.search(text):
        plain = re.sub(r"[`*_$]", "", heading["text"])
        words = POINTS.sub("", NUMBER.sub("", plain)) or words
    return printable(f"Question {number}: {words}" if number else words, LONGEST)
