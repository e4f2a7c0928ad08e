"""From a notebook to a job: which cells run beside the answers, and which tests beside the solution."""

from contextlib import suppress
from typing import Any, Protocol

from nbgrader import utils

from mylib.classroom.notebook.questions import grade_id, is_answer, is_test
from mylib.classroom.notebook.symbols import defined, names, only_defines
from mylib.classroom.notebook.verdicts import Cell, Job, Test

OWN = "own-"  # ids of cells that the student has added begin so


class Limits(Protocol):
    """The limits that a job carries with it."""

    @property
    def cell_seconds(self) -> float: ...  # noqa: D102
    @property
    def submission_seconds(self) -> float: ...  # noqa: D102
    @property
    def output_bytes(self) -> int: ...  # noqa: D102
    @property
    def iopub_seconds(self) -> float: ...  # noqa: D102


def make_job(
    notebook: Any,
    solution: Any,
    limits: Limits,
    files: dict[str, bytes] | None = None,
    given: dict[str, bytes] | None = None,
) -> Job:
    """Everything that the examination of a submission needs.

    Args:    notebook: the instructor's, with the student's answers, as the intake makes it.
             solution: the instructor's, with hidden tests.
             limits: of `Limits`.
             files: {name: bytes} that lie beside the student's notebook; only the answers see them.
             given: {name: bytes} that lie beside the instructor's; answers and tests see them.
    Returns: `Job`.
    """
    code = [cell for cell in solution.cells if cell.cell_type == "code"]
    written = {cell.id: cell.source for cell in notebook.cells}
    bound: set[str] = set().union(*(defined(cell.source) for cell in filter(is_answer, code)))
    cells = []
    for cell in code:
        kind = "answer" if is_answer(cell) else "test" if is_test(cell) else "shown"
        source = written.get(cell.id, cell.source) if kind == "answer" else cell.source
        # Nothing of a test goes to the student's side.
        cells.append(Cell(cell.id, grade_id(cell), kind, "" if kind == "test" else source))
    _add_own(cells, notebook)
    sources = {grade_id(cell): cell.source for cell in code if is_test(cell)}
    return Job(
        tuple(cells),
        tuple(_tests(cells, sources, bound)),
        tuple(_needed(code, list(sources.values()))),
        (files or {}) | (given or {}),
        given or {},
        limits.cell_seconds,
        limits.submission_seconds,
        limits.output_bytes,
        limits.iopub_seconds,
    )


def _add_own(cells: list[Cell], notebook: Any) -> None:
    """Insert the cells that the student has added, in their places.

    Those that only define something are run once more before everything else: whoever moved a helper below the answer
    that calls it has run the cells in another order, which a notebook allows.
    """
    order = [cell.id for cell in notebook.cells]
    first = next((place for place, cell in enumerate(cells) if cell.kind == "answer"), len(cells))
    early = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id.startswith(OWN):
            before = set(order[: order.index(cell.id)])
            place = max((i + 1 for i, other in enumerate(cells) if other.id in before), default=0)
            cells.insert(place, Cell(cell.id, "", "own", cell.source))
            if only_defines(cell.source):
                early.append(Cell(f"early-{cell.id}", "", "own", cell.source))
    cells[first:first] = early


def _tests(cells: list[Cell], sources: dict[str, str], bound: set[str]) -> list[Test]:
    """The tests; those with no cell between them see the same state."""
    tests, snapshot, changed = [], -1, True
    for place, cell in enumerate(cells):
        if cell.kind != "test":
            changed = True
            continue
        snapshot, changed = snapshot + changed, False
        used = frozenset[str]()
        with suppress(SyntaxError):  # told when it is run
            used = names(sources[cell.name]).used
        tests.append(Test(cell.name, sources[cell.name], tuple(sorted(used & bound)), snapshot, place))
    return tests


def _needed(code: list[Any], tests: list[str]) -> list[str]:
    """Sources of the locked cells that bind a name which tests use, directly or through another such cell."""
    wanted: set[str] = set()
    for source in tests:
        with suppress(SyntaxError):
            wanted |= names(source).used
    kept: list[str] = []
    for cell in reversed(code):
        if utils.is_locked(cell) and not is_test(cell) and not is_answer(cell):
            bound, _, used = names(cell.source)
            if bound & wanted:
                wanted |= used
                kept.insert(0, cell.source)
    return kept
