"""Validate: what grading would say of the visible tests, on the student's own machine and for the student alone.

The same intake and the same two processes as in grading, with the same messages; without walls, since people may run
what they wrote.
"""

import copy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from rich.table import Table
from rich.text import Text

from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.examine import examine
from mylib.classroom.intake.rebuild import Intake, Submission, Unreadable, files_beside, read_cells, rebuild
from mylib.classroom.notebook.jobs import OWN, make_job
from mylib.classroom.notebook.questions import grade_id, is_answer, questions
from mylib.classroom.notebook.text import printable
from mylib.classroom.notebook.verdicts import Outcome, failure
from mylib.classroom.sandbox.client import Sandbox


@dataclass(frozen=True)
class Row:
    """A line of what is said.

    name: of the cell, "" for what concerns all.
    points: that the cell carries; None if none.
    message: "" if all is well.
    failed: points are lost, or a cell fails.
    """

    name: str
    points: float | None
    message: str
    failed: bool


def validate(path: Path | str, release: Path | str | None = None, limits: Limits | None = None) -> list[Row]:
    """Run a notebook's cells and its visible tests.

    Args:    path: of the notebook.
             release: of the exercise as it was given out, on which answers are put as in grading; without, the
                 notebook itself.
             limits: of `Limits`.
    Returns: list of `Row`.
    Raises:  ValueError: no such file, or no notebook with tests.
    """
    path, limits = Path(path), limits or Limits()
    skeleton = _read(Path(release)) if release else _stubs(_read(path))
    points = {name: most for one in questions(skeleton) for name, most in one.tests.items()}
    if not points:
        raise ValueError(f"validate: expected an exercise with test cells, got none in {path}")
    intake = Intake(Submission("you", path.stem, path.parent), copy.deepcopy(skeleton))
    try:
        cells = read_cells(path, limits.notebook_bytes)
        files = files_beside(path.parent, limits.notebook_bytes, intake.notes)
    except Unreadable as reason:
        raise ValueError(f"validate: expected a notebook, got {path}: {reason}") from None
    rebuild(intake, cells)
    solution = copy.copy(intake.notebook)  # whose answers bind what the tests ask for
    solution.cells = [cell for cell in intake.notebook.cells if not cell.id.startswith(OWN)]
    given = files_beside(Path(release).parent, limits.notebook_bytes, []) if release else files
    print("importing the libraries, then running the cells", file=sys.stderr)
    with Sandbox("none", limits) as sandbox:
        found = examine(make_job(intake.notebook, solution, limits, files, given), sandbox)
    notes = [Row(name, None, text, False) for name, text in intake.notes]
    doubt = [Row("", None, intake.doubt, True)] if intake.doubt else []
    return [*notes, *doubt, *_rows(intake.notebook, points, found)]


def _read(path: Path) -> Any:
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"validate: expected a notebook, got {path}: {reason}") from None


def _stubs(notebook: Any) -> Any:
    """A notebook as if it were the release: each name once, no answers. A split gives several cells one name."""
    seen: set[str] = set()
    cells = []
    for cell in notebook.cells:
        if grade_id(cell) not in seen:
            seen |= {grade_id(cell)} - {""}
            cells.append(cell)
            cell.source = "" if is_answer(cell) else cell.source
    notebook.cells = cells
    return notebook


def _rows(notebook: Any, points: dict[str, float], found: Outcome) -> Iterator[Row]:
    for cell in notebook.cells:
        name = grade_id(cell)
        if name in found.verdicts:
            told = found.verdicts[name].told
            yield Row(name, points[name], str(told) if told else "", bool(told))
        elif cell.cell_type == "code" and (is_answer(cell) or not name) and cell.id in found.outputs:
            for output in found.outputs[cell.id].outputs:
                if output["output_type"] == "error":
                    yield Row(name or "a cell", None, failure(output["ename"], output["evalue"]), True)


def table(rows: list[Row]) -> Table:
    """A table for the terminal.

    Args:    rows: of `validate`.
    """
    shown = Table("cell", "visible tests", "what they say", title="Before you hand in")
    for row in rows:
        verdict = "failed" if row.failed and row.points is not None else ""
        if row.points is not None and not row.failed:
            verdict = f"passed ({row.points:g} points)"
        shown.add_row(row.name, verdict, Text(printable(row.message)))
    return shown
