"""The fast runner: the answers that the course itself keeps, run as grading runs a student's, without kernel and walls.

A fork of this process, with the libraries imported, executes the cells once, and forks again for each answer where its
cell stands: every answer starts from the same state, and none can spoil another's. Tests run in a process of their own
and meet copies of what an answer makes, by the same two sides as in grading.
"""

import contextlib
import ctypes
import functools
import gc
import multiprocessing
import os
import pickle
import shutil
import signal
import socket
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbgrader import utils

from mylib.classroom.authoring.reach import reached
from mylib.classroom.course.limits import Limits
from mylib.classroom.notebook import libraries
from mylib.classroom.notebook.clock import time_limit
from mylib.classroom.notebook.jobs import make_job
from mylib.classroom.notebook.questions import grade_id, is_answer, is_test, question_of
from mylib.classroom.notebook.verdicts import Job, Part, Sides, Verdict, not_run, verdict_outputs

Pairs = dict[int, tuple[socket.socket, socket.socket]]  # to a snapshot: the tests' end, the answer's end
PR_SET_CHILD_SUBREAPER = 36  # from linux/prctl.h
MADV_HUGEPAGE, MADV_COLLAPSE, HUGE = 14, 25, 2**21  # from linux/mman.h
ENDED = "the process of the tests ended"


class Score(NamedTuple):
    """What a test cell gave.

    points, most: as nbgrader counts them.
    known: why not all of them, as the instructor reads it; "" where all.
    told: the same, as the student reads it.
    """

    points: float
    most: float
    known: str
    told: str


Scores = dict[str, Score]


def run(
    notebook: Any,
    sides: Sides,
    folder: Path | None = None,
    question: str | None = None,
    sources: Sequence[str] = (),
    limits: Limits | None = None,
) -> list[Scores]:
    """Execute a notebook once, or once for every source that takes the place of one answer cell.

    Args:    notebook: nbformat notebook with nbgrader metadata; not changed.
             sides: how tests meet answers, of the sandbox.
             folder: whose files, other than notebooks, lie beside the running notebook.
             question: grade id of an answer cell; with `sources`.
             sources: answers to put there, one run each. Without a question, the notebook runs as it is.
             limits: of `Limits`.
    Returns: one {grade id: `Score`} of the autograded cells per run.
    Raises:  ValueError: no such answer cell.
    """
    if question is not None:
        return run_all(notebook, sides, {question: sources}, folder, limits).answers[question]
    job = make_job(notebook, notebook, limits or Limits())
    walk = _Walk(job, sides, [_Turn(0, None, tuple(test.name for test in job.tests))], whole=False)
    [verdicts] = _walked(walk, folder).values() or [{}]
    return [_scores(notebook, verdicts)]


@dataclass(frozen=True)
class Runs:
    """What came of many answers to the questions of one notebook.

    solution: {grade id: `Score`} of the notebook as it is.
    answers: {question: the same for each of its answers}.
    """

    solution: Scores
    answers: dict[str, list[Scores]]


def run_all(
    notebook: Any,
    sides: Sides,
    answers: Mapping[str, Sequence[str]],
    folder: Path | None = None,
    limits: Limits | None = None,
    own: bool = False,
) -> Runs:
    """Execute a notebook once, and in its course every answer to every question, each in a fork of that moment.

    With an answer run the tests that it can reach (reach.py); what the others say is what they say of the notebook as
    it is, since they meet the same there.

    Args:    notebook, sides, folder, limits: as for `run`.
             answers: {grade id of an answer cell: sources that take its place, one at a time}.
             own: only the tests of an answer's own question, and none of the notebook as it is.
    Returns: `Runs`; with `own` the scores of an answer are those of its own question, and `solution` is empty.
    Raises:  ValueError: no such answer cell.
    """
    names = [grade_id(cell) for cell in notebook.cells if is_answer(cell) and cell.cell_type == "code"]
    for question in answers:
        if question not in names:
            raise ValueError(f"run: expected an answer cell among {names}, got {question!r}")
    job = make_job(notebook, notebook, limits or Limits())
    turns: dict[tuple[str, int], _Turn] = {}
    for place, cell in enumerate(job.cells):
        for number, source in enumerate(answers.get(cell.name, ())):
            tests = reached(job, place, source)
            tests = [one for one in tests if not own or question_of(one) == cell.name]
            turns[cell.name, number] = _Turn(place, source, tuple(tests))
    found = _walked(_Walk(job, sides, list(turns.values()), whole=not own), folder)
    solution = {name: verdict for name, verdict in found.get(None, {}).items()}
    runs: dict[str, list[Scores]] = {question: [] for question in answers}
    for (question, _), turn in turns.items():
        untouched = {name: one for name, one in solution.items() if name not in turn.tests}
        scores = _scores(notebook, untouched | found.get(turn, {}))
        kept = [name for name in scores if not own or question_of(name) == question]
        runs[question].append({name: scores[name] for name in kept})
    return Runs({} if own else _scores(notebook, solution), runs)


@dataclass(frozen=True, eq=False)
class _Turn:
    """One answer to run.

    place: of the cell that it takes the place of.
    source: the answer; None to run the notebook's own.
    tests: to run with it.
    """

    place: int
    source: str | None
    tests: tuple[str, ...]


def _walked(walk: "_Walk", folder: Path | None) -> dict[_Turn | None, dict[str, Verdict]]:
    """Take the walk, beside the files of a folder. Returns: {turn, or None for the notebook's own: {test: verdict}}."""
    warm()
    found: dict[_Turn | None, dict[str, Verdict]] = {}
    with tempfile.TemporaryDirectory() as walk.desk:
        if folder:
            shutil.copytree(folder, walk.desk, ignore=shutil.ignore_patterns("*.ipynb"), dirs_exist_ok=True)
        seconds = walk.job.submission_seconds * (len(walk.turns) + 1 + walk.whole)
        with _fork(walk) as receiver:
            for number, verdicts in _received(receiver, seconds):
                found.setdefault(None if number is None else walk.turns[number], {}).update(verdicts)
    return found


def _scores(notebook: Any, verdicts: dict[str, Verdict]) -> Scores:
    """Points by nbgrader's own rule, also for tests that a dead process left without a verdict."""
    scores = {}
    for cell in notebook.cells:
        if is_test(cell):
            verdict = verdicts.get(grade_id(cell), not_run(ENDED))
            outputs = verdict_outputs(Verdict(verdict.known, verdict.known, verdict.credit))
            graded = nbformat.v4.new_code_cell(cell.source, metadata=cell.metadata, outputs=outputs)
            points, most = utils.determine_grade(graded)
            known, told = str(verdict.known or ""), str(verdict.told or "")
            scores[grade_id(cell)] = Score(float(points), float(most), known, told)
    return scores


class _Walk:
    """In the first fork: execute the notebook from its top, and fork for each answer where its cell stands.

    whole: run the tests of the notebook as it is, too.
    """

    def __init__(self, job: Job, sides: Sides, turns: Sequence[_Turn], whole: bool) -> None:
        self.job, self.sides, self.turns, self.whole = job, sides, turns, whole
        self.desk = ""
        self.tests = {test.name: test for test in job.tests}

    def __call__(self, sender: Connection) -> None:
        """Send (position of the turn, or None for the notebook's own, {test: verdict})."""
        _adopt_orphans()
        self.keeper, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with _fork(lambda _: self.keep(there)):
            there.close()
            self.shell = _shell(self.desk)
            gc.freeze()  # a fork shares what its collector leaves alone
            done = 0
            for number, turn in sorted(enumerate(self.turns), key=lambda one: one[1].place):
                if turn.place > done:
                    self.go_on(range(done, turn.place), sender)
                    done = turn.place
                last = max((self.tests[name].place for name in turn.tests), default=-1)
                sender.send((number, self.verdicts(range(done, last + 1), turn.tests, turn)))
                _wait_for_ended()
            if self.whole:
                self.go_on(range(done, len(self.job.cells)), sender)

    def go_on(self, places: range, sender: Connection) -> None:
        """Execute the notebook's own cells in this process."""
        chosen = [test.name for test in self.job.tests if test.place in places and self.whole]
        sender.send((None, self.verdicts(places, chosen)))
        gc.freeze()

    def verdicts(self, places: range, chosen: Sequence[str], turn: _Turn | None = None) -> dict[str, Verdict]:
        """Execute some cells, and let some of the tests among them run.

        The notebook's own cells are executed in this process; an answer and what follows it, in a fork.
        """
        snapshots = sorted({self.tests[name].snapshot for name in chosen})
        pairs = {snapshot: socket.socketpair() for snapshot in snapshots}
        with contextlib.ExitStack() as stack:
            for one in (end for pair in pairs.values() for end in pair):
                stack.callback(one.close)
            if turn is None:
                self.execute(places, pairs)
            else:
                child = stack.enter_context(_fork(lambda end: self.execute(places, pairs, turn, end)))
                wait([child], self.job.submission_seconds)  # until all cells have run, or their process has ended
            if not chosen:
                return {}
            for _, end in pairs.values():
                end.close()
            # The clock of the tests starts now, as in grading.
            receiver, sender = multiprocessing.Pipe(duplex=False)
            stack.callback(receiver.close)
            replaced = (turn.place, turn.source) if turn and turn.source is not None else None
            order = pickle.dumps((list(chosen), snapshots, replaced))
            ends = [pairs[snapshot][0] for snapshot in snapshots]
            socket.send_fds(self.keeper, [order], [sender.fileno(), *(end.fileno() for end in ends)])
            lent: list[Connection | socket.socket] = [sender, *ends]
            for given in lent:
                given.close()
            # A part that comes later is the last word: the hidden one, where the visible one passed.
            parts: Iterator[Part] = _received(receiver, 1.5 * self.job.submission_seconds)
            return {part.test: part.verdict for part in parts}

    def execute(self, places: range, pairs: Pairs, turn: _Turn | None = None, *own: Connection) -> None:
        """Execute cells, and lend a snapshot where tests stand; `own` is what only this process shall hold."""
        lent: set[int] = set()
        for place in places:
            cell = self.job.cells[place]
            if cell.kind != "test":
                given = turn.source if turn and place == turn.place else None
                _execute(self.shell, cell.source if given is None else given, self.job.cell_seconds)
            elif (snapshot := self.tests[cell.name].snapshot) in pairs and snapshot not in lent:
                lent.add(snapshot)
                sock = pairs[snapshot][1]
                others = [end for pair in pairs.values() for end in pair if end is not sock]
                self.sides.lend(sock, self.shell.user_ns, [*others, *own])

    def keep(self, orders: socket.socket) -> None:
        """In a fork that has run no answer: prepare the tests once, and fork for every order to run some of them."""
        os.chdir(self.desk)
        tester = self.sides.tests(self.job.tests, self.job.locked, self.job.cell_seconds)
        tester.prepare()
        tester.cells, tester.modules = [cell.source for cell in self.job.cells], self.job.modules
        gc.freeze()
        while True:
            _wait_for_ended()
            order, descriptors, *_ = socket.recv_fds(orders, 65_536, 250)
            if not order:
                return
            names, snapshots, replaced = pickle.loads(order)
            if os.fork() == 0:
                try:
                    libraries.die_with_parent()
                    sender = Connection(descriptors[0], readable=False)
                    sockets = (socket.socket(fileno=one) for one in descriptors[1:])
                    if replaced:
                        tester.cells[replaced[0]] = replaced[1]
                    tester.connect(dict(zip(snapshots, sockets, strict=True)))
                    tester.run(names, self.job.submission_seconds, lambda *_: None, sender.send, lambda: True)
                finally:
                    os._exit(0)
            for one in descriptors:
                os.close(one)


def _execute(shell: Any, source: str, seconds: float) -> None:
    """Run one cell; whatever it raises is its own."""
    with contextlib.suppress(KeyboardInterrupt), time_limit(seconds):
        shell.run_cell(source, store_history=True)


def _shell(desk: str) -> Any:
    """An IPython shell that shows nothing, in a process made ready for it."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class SilentShell(InteractiveShell):
        def enable_gui(self, gui: Any = None) -> None:
            """No event loop: figures go to the inline backend."""

        def showtraceback(self, *args: Any, **kwargs: Any) -> None:
            """Formatting a traceback that nobody reads takes 50 ms."""

    os.chdir(desk)
    sys.path.insert(0, desk)
    # History on disk needs a thread, and threads do not survive a fork.
    # A full traceback, which nobody reads here, takes IPython a third of a second to write.
    settings = Config(HistoryManager={"enabled": False}, InteractiveShell={"xmode": "Minimal"})
    shell = SilentShell.instance(config=settings)
    # Figures are drawn, and not encoded as PNG.
    assert shell.display_formatter is not None
    shell.display_formatter.active_types = ["text/plain"]
    return shell


@functools.cache
def warm() -> None:
    """Load what notebooks import, once in this process, so that no fork has to."""
    libraries.load(freeze=False)
    with contextlib.suppress(OSError, ValueError):
        _use_huge_pages()


def _use_huge_pages() -> None:
    """Move the memory of this process into pages of 2 MB, where the system has them.

    A fork copies the table of pages: of small ones that takes most of the time of an answer.
    """
    maps, libc = Path("/proc/self/maps"), ctypes.CDLL(None)
    for line in maps.read_text().splitlines() if maps.exists() else ():
        addresses, rights, *_ = parts = line.split()
        start, end = (int(one, 16) for one in addresses.split("-"))
        start, end = -(-start // HUGE) * HUGE, end // HUGE * HUGE
        if rights == "rw-p" and parts[5:] in ([], ["[heap]"]) and start < end:
            for advice in (MADV_HUGEPAGE, MADV_COLLAPSE):
                libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), advice)


@contextlib.contextmanager
def _fork(target: Callable[[Connection], None]) -> Iterator[Connection]:
    """Call target(sender) in a fork, which ends with the block. Yields: where to receive what it sends."""
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    with warnings.catch_warnings():
        # Python 3.12 warns of forking with threads: the children use none of the parent's.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = fork.Process(target=_child, args=(target, sender))
        process.start()
    sender.close()
    try:
        yield receiver
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid or 0, signal.SIGKILL)
        process.kill()
        process.join()
        receiver.close()
        process.close()


def _adopt_orphans() -> None:
    """What a fork of this process leaves behind becomes its own child, where the system can see to that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wait_for_ended() -> None:
    """Wait for children that have ended: whoever counts processor time then sees theirs."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _received(receiver: Connection, seconds: float) -> Iterator[Any]:
    """What comes in until the other side ends, or the time is up."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(EOFError, OSError):
        while wait([receiver], max(0, deadline - time.monotonic())):
            yield receiver.recv()


def _child(target: Callable[[Connection], None], sender: Connection) -> None:
    """Make the fork independent of its parent, run, and leave without the parent's exit handlers."""
    import faulthandler

    os.setpgid(0, 0)
    libraries.die_with_parent()
    faulthandler.disable()
    libraries.reset()
    warnings.resetwarnings()
    warnings.simplefilter("default")
    try:
        target(sender)
    finally:
        os._exit(0)
