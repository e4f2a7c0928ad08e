"""Validate: what grading would say of the visible tests, on the student's own machine and for the student alone.

The same two processes as in grading, with the same messages; without walls, since people may run what they wrote.
"""

import sys
from pathlib import Path

import nbformat
from rich.table import Table
from rich.text import Text

from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.examine import examine, make_job
from mylib.classroom.intake.rebuild import files_beside
from mylib.classroom.notebook.questions import grade_id, is_answer, questions
from mylib.classroom.notebook.verdicts import failure
from mylib.classroom.sandbox.client import Sandbox


def validate(path, limits=None):
    """Run a notebook's cells and its visible tests.

    Args:    path: of the notebook.
             limits: of `Limits`.
    Returns: rows (grade id, points, message); points are None for a cell that carries none. Message "" if all is well.
    Raises:  ValueError: no such file, or no notebook with tests.
    """
    path, limits = Path(path), limits or Limits()
    try:
        notebook = nbformat.read(path, as_version=4)
        points = {name: most for one in questions(notebook) for name, most in one.tests.items()}
    except (OSError, ValueError, TypeError, LookupError, AttributeError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"validate: expected a notebook, got {path}: {reason}") from None
    if not points:
        raise ValueError(f"validate: expected an exercise with test cells, got none in {path}")
    notes = []
    files = files_beside(path.parent, limits.notebook_bytes, notes)
    print("importing the libraries, then running the cells", file=sys.stderr)
    with Sandbox("none", limits) as sandbox:
        found = examine(make_job(notebook, notebook, limits, given=files), sandbox)
    return [("", None, text) for _, text in notes] + list(_rows(notebook, points, found))


def _rows(notebook, points, found):
    for cell in notebook.cells:
        name = grade_id(cell)
        if name in found["verdicts"]:
            verdict = found["verdicts"][name]
            message = failure(verdict["error"], verdict["message"]) if verdict["error"] else ""
            yield name, points[name], message
        elif cell.cell_type == "code" and (is_answer(cell) or not name):
            for output in found["outputs"].get(cell.id, {"outputs": []})["outputs"]:
                if output["output_type"] == "error":
                    yield name or "a cell", None, failure(output["ename"], output["evalue"])


def table(rows):
    """A rich table of rows.

    Args:    rows: of `validate`.
    """
    shown = Table("cell", "visible tests", "what they say", title="Before you hand in")
    for name, points, message in rows:
        verdict = (
            "failed" if message and points is not None else "" if message else f"passed ({points:g} points)"
        )
        shown.add_row(name, verdict, Text(message))
    return shown
