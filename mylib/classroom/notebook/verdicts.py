"""What the rooms of the classroom say to each other about one submission: jobs, verdicts, outcomes.

Of every failure two people read something, and not the same: the student what may be told, the instructor all.
"""

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import nbformat

UNWRITTEN = "no answer yet; write it where the cell says YOUR CODE HERE, and delete the line that raises"
NOT_RUN = "NotRun"
# Of a hidden part no exit code or signal is told: it could be what the answer was given there.
HIDDEN_GONE = "the answer's process ended, or used more than it may"


@dataclass(frozen=True)
class Cell:
    """A code cell as the student's kernel sees it.

    kind: "answer"; "test", whose source is not here; "shown", any other of the instructor's; "own", of the student's.
    """

    id: str
    name: str
    kind: str
    source: str


@dataclass(frozen=True)
class Test:
    """A test cell.

    name: its grade id.
    answers: the names that it uses and an answer binds: what it may ask the answer's process for.
    snapshot: position of the state of the answer's process that it sees.
    place: how many cells stand before it.
    """

    __test__ = False  # pytest: this is none of its own

    name: str
    source: str
    answers: tuple[str, ...]
    snapshot: int
    place: int


@dataclass(frozen=True)
class Job:
    """Everything that the examination of one submission needs.

    cells: in order.
    tests: the test cells among them.
    locked: sources of the locked cells that bind what tests use.
    files: {name: bytes} that lie beside the answers.
    given: {name: bytes} that lie beside the tests: the instructor's own.
    cell_seconds, submission_seconds, output_bytes, iopub_seconds: limits.
    """

    cells: tuple[Cell, ...]
    tests: tuple[Test, ...]
    locked: tuple[str, ...]
    files: dict[str, bytes]
    given: dict[str, bytes]
    cell_seconds: float
    submission_seconds: float
    output_bytes: int
    iopub_seconds: float

    @property
    def snapshots(self) -> int:
        """How many states of the answer's process tests see."""
        return 1 + max((test.snapshot for test in self.tests), default=-1)

    @property
    def modules(self) -> dict[str, str]:
        """Python files beside the answers, as text: one of them can change what an answer calls."""
        return {
            name: content.decode(errors="replace")
            for name, content in sorted(self.files.items())
            if name.endswith(".py")
        }


@dataclass(frozen=True)
class Failure:
    """The name of an exception, and its message."""

    name: str
    message: str = ""

    def __str__(self) -> str:
        return failure(self.name, self.message)


@dataclass(frozen=True)
class Verdict:
    """What became of a test.

    told: what the student reads; None for a test that passed.
    known: what the instructor reads; None for a test that passed.
    credit: partial credit, or None.
    """

    told: Failure | None = None
    known: Failure | None = None
    credit: float | None = None

    @property
    def passed(self) -> bool:
        """Nothing is to be said."""
        return self.known is None


@dataclass(frozen=True)
class Part:
    """What one part of a test, the visible or the hidden, came to.

    gone: the answer's process ended meanwhile, or talks nonsense.
    slow: the time was up.
    unusual: what the check for forbidden calls could not read.
    """

    test: str
    hidden: bool
    verdict: Verdict
    gone: bool = False
    slow: bool = False
    unusual: tuple["Unusual", ...] = ()


@dataclass(frozen=True)
class Unusual:
    """Something in an answer that a program could not read, for a person to look at. It costs nothing.

    question: grade id of the test that looked.
    place, line: where it stands, and what.
    why: what could not be told.
    """

    question: str
    place: str
    line: str
    why: str


@dataclass(frozen=True)
class Shown:
    """What a cell showed: nbformat outputs, and the number in its brackets."""

    outputs: list[dict[str, Any]]
    execution_count: int | None = None


@dataclass
class Outcome:
    """What the examination of a submission found.

    outputs: {cell id: what it showed}.
    verdicts: {test: verdict}.
    stopped: names of cells that were cut short or never run.
    broken: {name: why} of cells that ended the kernel.
    unusual: for a person to look at.
    notes: about the examination itself.
    seconds: that it took.
    """

    outputs: dict[str, Shown] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    unusual: list[Unusual] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Tester(Protocol):
    """The tests' side of a submission."""

    cells: Sequence[str]
    modules: dict[str, str]

    def prepare(self) -> None:
        """Run what tests need, before anything of an answer is there."""

    def connect(self, sockets: Mapping[int, socket.socket]) -> None:
        """Meet the snapshots of the answer's process."""

    def run(
        self,
        chosen: Sequence[str],
        seconds: float,
        begin: Callable[[str, bool], None],
        say: Callable[[Part], None],
        go_on: Callable[[], bool],
    ) -> None:
        """Run tests, visible parts first."""


@dataclass(frozen=True)
class Sides:
    """How tests meet answers; the sandbox has them.

    lend: fork, and answer in the fork what tests ask of a namespace; takes a socket, the namespace, and sockets that
        the fork must not hold.
    tests: makes a `Tester` of tests, sources of locked cells, and the seconds of a part.
    """

    lend: Callable[[socket.socket, dict[str, Any], Iterable[Any]], None]
    tests: Callable[[Sequence[Test], Sequence[str], float], Tester]


def not_run(why: str, told: str | None = None) -> Verdict:
    """The verdict on a test that was not run.

    Args:    why: for the instructor.
             told: for the student; the same without.
    """
    return Verdict(Failure(NOT_RUN, f"not run: {told or why}"), Failure(NOT_RUN, f"not run: {why}"))


def failure(name: str, message: str, limit: int = 300) -> str:
    r"""How a failure is told in one line, to students and in reports.

    Args:    name: of the exception.
             message: of the exception; lines are joined.
             limit: characters kept.

    Example:
        >>> failure("AssertionError", "got 1,\nexpected 2"), failure("NameError", "")
        ('AssertionError: got 1, expected 2', 'NameError')
    """
    text = " ".join(message.split()) or (UNWRITTEN if name == "NotImplementedError" else "")
    return (text if name == NOT_RUN else f"{name}: {text}" if text else name)[:limit]


def verdict_outputs(verdict: Verdict) -> list[Any]:
    """What stands below a test cell: the failure's message, or partial credit.

    Args:    verdict: of a test.
    Returns: list of nbformat outputs.
    """
    if verdict.told:
        line = str(verdict.told)
        return [nbformat.v4.new_output("error", ename=verdict.told.name, evalue=verdict.told.message, traceback=[line])]
    if verdict.credit is not None:
        data = {"text/plain": repr(verdict.credit)}
        return [nbformat.v4.new_output("execute_result", data=data, execution_count=None)]
    return []
