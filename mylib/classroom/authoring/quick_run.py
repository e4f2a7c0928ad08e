"""The fast runner: the answers that the course itself keeps, run as grading runs a student's, without kernel and walls.

A fork of this process, with the libraries imported, executes the cells up to a question once, and forks again for each
answer: every answer starts from the same state, and none can spoil another's. Tests run in a process of their own and
meet copies of what an answer makes, by the same two sides as in grading.
"""

import contextlib
import functools
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
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import utils

from mylib.classroom.course.limits import Limits
from mylib.classroom.notebook import libraries
from mylib.classroom.notebook.clock import time_limit
from mylib.classroom.notebook.jobs import make_job
from mylib.classroom.notebook.questions import grade_id, is_answer, is_test
from mylib.classroom.notebook.verdicts import Job, Part, Sides, Verdict, not_run, verdict_outputs

Scores = dict[str, tuple[float, float, str]]
Pairs = dict[int, tuple[socket.socket, socket.socket]]  # to a snapshot: the tests' end, the answer's end
ENDED = "the process of the tests ended"


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
    Returns: one {grade id: (points, max points, error)} of the autograded cells per run.
    Raises:  ValueError: no such answer cell.
    """
    limits = limits or Limits()
    names = [grade_id(cell) for cell in notebook.cells if is_answer(cell) and cell.cell_type == "code"]
    if question is not None and question not in names:
        raise ValueError(f"run: expected an answer cell among {names}, got {question!r}")
    job = make_job(notebook, notebook, limits)
    cut = next((at for at, cell in enumerate(job.cells) if cell.name == question), 0) if question else 0
    answers = list(sources) if question else [None]
    _warm()
    with tempfile.TemporaryDirectory() as desk:
        if folder:
            shutil.copytree(folder, desk, ignore=shutil.ignore_patterns("*.ipynb"), dirs_exist_ok=True)
        with _fork(_Walk(job, sides, cut, answers, desk)) as receiver:
            runs = list(_received(receiver, limits.submission_seconds * (len(answers) + 1)))
    verdicts = runs + [{}] * (len(answers) - len(runs))
    return [_scores(notebook, found) for found in verdicts]


def _scores(notebook: Any, verdicts: dict[str, Verdict]) -> Scores:
    """Points by nbgrader's own rule, also for tests that a dead process left without a verdict."""
    scores = {}
    for cell in notebook.cells:
        if is_test(cell):
            verdict = verdicts.get(grade_id(cell), not_run(ENDED))
            outputs = verdict_outputs(Verdict(verdict.known, verdict.known, verdict.credit))
            graded = nbformat.v4.new_code_cell(cell.source, metadata=cell.metadata, outputs=outputs)
            points, most = utils.determine_grade(graded)
            scores[grade_id(cell)] = float(points), float(most), str(verdict.known or "")
    return scores


class _Walk:
    """In the first fork: execute what stands before the question, then fork for each answer."""

    def __init__(self, job: Job, sides: Sides, cut: int, answers: Sequence[str | None], desk: str) -> None:
        self.job, self.sides, self.cut, self.answers, self.desk = job, sides, cut, answers, desk

    def __call__(self, sender: Connection) -> None:
        """Send {test: verdict} for each answer."""
        self.keeper, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with _fork(lambda _: self.keep(there)):
            there.close()
            self.shell = _shell(self.desk)
            before = self.verdicts(range(self.cut), None)
            for answer in self.answers:
                sender.send(before | self.verdicts(range(self.cut, len(self.job.cells)), answer))

    def verdicts(self, places: range, answer: str | None) -> dict[str, Verdict]:
        """Execute some cells, and let the tests among them run.

        What stands before the question is executed in this process; an answer and what follows it, in a fork.
        """
        tests = [test for test in self.job.tests if test.place in places]
        pairs = {test.snapshot: socket.socketpair() for test in tests}
        with contextlib.ExitStack() as stack:
            for one in (end for pair in pairs.values() for end in pair):
                stack.callback(one.close)
            if places.start == 0 and self.cut:
                self.execute(places, answer, pairs)
            else:
                child = stack.enter_context(_fork(lambda end: self.execute(places, answer, pairs, end)))
                wait(
                    [child], self.job.submission_seconds
                )  # until all cells have run, or their process has ended
            for _, end in pairs.values():
                end.close()
            # The clock of the tests starts now, as in grading.
            receiver, sender = multiprocessing.Pipe(duplex=False)
            stack.callback(receiver.close)
            order = pickle.dumps(([test.name for test in tests], sorted(pairs), answer))
            ends = [pairs[snapshot][0] for snapshot in sorted(pairs)]
            socket.send_fds(self.keeper, [order], [sender.fileno(), *(end.fileno() for end in ends)])
            lent: list[Connection | socket.socket] = [sender, *ends]
            for given in lent:
                given.close()
            # A part that comes later is the last word: the hidden one, where the visible one passed.
            parts: Iterator[Part] = _received(receiver, 1.5 * self.job.submission_seconds)
            return {part.test: part.verdict for part in parts}

    def execute(self, places: range, answer: str | None, pairs: Pairs, *own: Connection) -> None:
        """Execute cells, and lend a snapshot where tests stand; `own` is what only this process shall hold."""
        snapshots = {test.name: test.snapshot for test in self.job.tests}
        lent: set[int] = set()
        for place in places:
            cell = self.job.cells[place]
            if cell.kind != "test":
                source = answer if answer is not None and place == self.cut else cell.source
                _execute(self.shell, source, self.job.cell_seconds)
            elif (snapshot := snapshots[cell.name]) not in lent:
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
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            order, descriptors, *_ = socket.recv_fds(orders, 65_536, 250)
            if not order:
                return
            names, snapshots, answer = pickle.loads(order)
            if os.fork() == 0:
                try:
                    libraries.die_with_parent()
                    sender = Connection(descriptors[0], readable=False)
                    sockets = (socket.socket(fileno=one) for one in descriptors[1:])
                    if answer is not None:
                        tester.cells = [*tester.cells[: self.cut], answer, *tester.cells[self.cut + 1 :]]
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
def _warm() -> None:
    """Once in this process, so that no fork has to."""
    libraries.load(freeze=False)


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
