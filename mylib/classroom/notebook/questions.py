"""What a question is: an answer cell, and the test cells that are named after it.

The one place that knows the convention:

- An answer cell has a grade id like `q2-softmax`.
- Its test cells are called `q2-softmax-tests`, and `q2-softmax-tests-2`, `-tests-3` if there are more.
- A question that a person reads is one cell, `q5-explain`, which is the answer and carries the points.
- The title cell, the first of the notebook, states the sum: `**Points: 20**`.
"""

import re
from dataclasses import dataclass
from typing import Any, cast

from nbgrader import utils

ANSWER_ID = re.compile(r"q\d+(-[a-z0-9]+)+")
TESTS_SUFFIX = re.compile(r"-tests(-\d+)?$")
TITLE_POINTS = re.compile(r"\*\*Points:\s*(\d+(?:\.\d+)?)\*\*")


@dataclass(frozen=True)
class Question:
    """One question of a notebook.

    name: grade id of its answer cell.
    tests: {grade id: points} of its test cells; for a question read by a person, the answer cell itself.
    manual: read by a person.
    """

    name: str
    tests: dict[str, float]
    manual: bool

    @property
    def points(self) -> float:
        """All points of the question."""
        return sum(self.tests.values())


def grade_id(cell: Any) -> str:
    """The nbgrader name of a cell, or "" where it has none."""
    return cast(str, cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def question_of(cell_id: str) -> str:
    """The name of the question that a grade id belongs to.

    Example:
        >>> question_of("q2-softmax-tests-2"), question_of("q2-softmax")
        ('q2-softmax', 'q2-softmax')
    """
    return TESTS_SUFFIX.sub("", cell_id)


def is_answer(cell: Any) -> bool:
    """The student writes here."""
    return cast(bool, utils.is_solution(cell))


def is_test(cell: Any) -> bool:
    """The instructor's code gives points here."""
    return cast(bool, utils.is_grade(cell) and not utils.is_solution(cell))


def questions(notebook: Any) -> list[Question]:
    """The questions of a notebook, in order.

    Args:    notebook: nbformat notebook with nbgrader metadata.
    Returns: list of `Question`.
    """
    graded = {grade_id(cell): cell for cell in notebook.cells if utils.is_grade(cell)}
    found = []
    for cell in filter(is_answer, notebook.cells):
        name = grade_id(cell)
        tests = {other: float(graded[other].metadata.nbgrader.points) for other in graded if question_of(other) == name}
        found.append(Question(name, tests, manual=utils.is_grade(cell)))
    return found


def stated_points(notebook: Any) -> float | None:
    """The points that the title cell states, or None where it states none."""
    title = notebook.cells[0].source if notebook.cells else ""
    found = TITLE_POINTS.search(title)
    return float(found.group(1)) if found else None
