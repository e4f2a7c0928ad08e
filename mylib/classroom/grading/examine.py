"""One submission through both processes: the cells in the student's kernel, the tests in the trusted process.

`examine` is pure: the same job gives the same points, and nothing is written. An answer that dies, hangs or uses up
its memory costs its own cell: a fresh kernel runs the notebook again without it.

Once a hidden part has run, nothing that an answer does can change what its student will read, but for the verdicts on
hidden parts themselves.
"""

import asyncio
import socket
import time
from contextlib import ExitStack
from dataclasses import replace

import msgspec

from mylib.classroom.grading.kernel import Kernel, files_of
from mylib.classroom.notebook.text import printable
from mylib.classroom.notebook.verdicts import (
    HIDDEN_GONE,
    NOT_RUN,
    Cell,
    Failure,
    Job,
    Outcome,
    Part,
    Shown,
    not_run,
)
from mylib.classroom.sandbox import messages
from mylib.classroom.sandbox.client import Child, Sandbox
from mylib.classroom.sandbox.walls import WallsMissingError

ATTEMPTS = 5  # and one for every test, each of which may end the process
CELLS_SHARE = 0.6  # of the time that is left; or a slow cell would leave none for the tests of others
AGAIN = "a part of an answer ended the process, and this test did not pass when all was run again"
ENDED = "the tests' process ended in it, or used more than it may"


def examine(job: Job, sandbox: Sandbox) -> Outcome:
    """Execute the cells and run the tests.

    Args:    job: of `make_job`.
             sandbox: of `Sandbox`.
    Returns: `Outcome`.
    Raises:  WallsMissingError: the walls cannot be had.
    """
    return Examination(job, sandbox).run()


class Examination:
    """The state of one submission's examination.

    found: so far.
    broken: {cell id: why} of cells that ended a kernel; they are not run again.
    suspects: tests in which the answer's process was gone; what ran before may have ended it.
    hidden_ran: a hidden part has run, in this attempt or in one before.
    """

    def __init__(self, job: Job, sandbox: Sandbox) -> None:
        self.job, self.sandbox = job, sandbox
        self.found = Outcome()
        self.broken: dict[str, str] = {}
        self.suspects: set[str] = set()
        self.hidden_ran = False
        self.deadline = 0.0

    def run(self) -> Outcome:
        """Attempt until every test has its verdict."""
        self.sandbox.ready()  # before the clock starts
        start = time.monotonic()
        self.deadline = start + self.job.submission_seconds
        for _ in range(ATTEMPTS + len(self.job.tests)):
            if not asyncio.run(self.attempt()):
                break
        for test in self.open_tests():
            self.give_up(test, self.over() or "the answer's process died again and again")
        names = {cell.id: cell.name or cell.id for cell in self.job.cells}
        self.found.broken = {names[one]: why for one, why in self.broken.items()}
        self.found.seconds = round(time.monotonic() - start, 3)
        return self.found

    def open_tests(self) -> list[str]:
        """Names of the tests without a verdict."""
        return [test.name for test in self.job.tests if test.name not in self.found.verdicts]

    def over(self) -> str:
        """That the time is up, or ""."""
        limit = self.job.submission_seconds
        return "" if time.monotonic() < self.deadline else f"the submission used up its {limit:g} s"

    def give_up(self, name: str, reason: str) -> None:
        """A test that is not run."""
        self.found.stopped.append(name)
        self.found.verdicts[name] = not_run(printable(reason))

    async def attempt(self) -> bool:
        """One kernel, one process for the tests. Returns: whether another attempt can help."""
        with ExitStack() as stack:
            pairs = [socket.socketpair() for _ in range(self.job.snapshots)]
            ours, theirs = socket.socketpair()
            for one in (ours, theirs, *(end for pair in pairs for end in pair)):
                stack.callback(one.close)
            kernel = Kernel(self.job, self.sandbox)
            stack.callback(kernel.close)
            # Start both, the kernel first: the tests' side prepares while the cells run.
            await kernel.launch()
            tester = self.start_tests([theirs, *(test_end for test_end, _ in pairs)])
            stack.callback(tester.close)
            theirs.close()
            try:
                again = await self.run_cells(kernel, [answer_end for _, answer_end in pairs])
            finally:
                await kernel.hang_up()
            for end in (end for pair in pairs for end in pair):
                end.close()
            return again or self.run_tests(ours, kernel)

    def start_tests(self, sockets: list[socket.socket]) -> Child:
        """The process of the tests; it waits until it is told which to run.

        It gets what the instructor wrote, and nothing else: a student's file beside a process can become code in it.
        """
        names, contents = files_of(self.job.given)
        parcel = {
            "tests": msgspec.to_builtins(self.job.tests),
            "locked": self.job.locked,
            "cell_seconds": self.job.cell_seconds,
            "files": names,
        }
        seconds = max(1.0, self.deadline - time.monotonic() + 5)
        return self.sandbox.fork("tests", parcel, contents, [one.fileno() for one in sockets], seconds)

    async def run_cells(self, kernel: Kernel, snapshots: list[socket.socket]) -> bool:
        """Execute what the student's side sees, and lend a snapshot where tests stand.

        Returns: whether a cell broke the kernel, so that all is to be done again without it.
        """
        running: Cell | None = None
        lent: set[int] = set()
        until = time.monotonic() + CELLS_SHARE * (self.deadline - time.monotonic())
        position = {test.name: test.snapshot for test in self.job.tests}
        try:
            await kernel.connect()
            for cell in self.job.cells:
                if cell.kind == "test":
                    if position[cell.name] not in lent:
                        lent.add(position[cell.name])
                        await kernel.lend(snapshots[position[cell.name]], self.deadline)
                elif cell.id not in self.broken:
                    if time.monotonic() > until:
                        limit = CELLS_SHARE * self.job.submission_seconds
                        self.note(cell, kernel.stopped_cell(f"not run: the cells used up their {limit:g} s"))
                        continue
                    running = cell
                    self.note(cell, await kernel.execute(cell, until))
            kernel.stop()
        except WallsMissingError:
            raise
        except Exception as error:  # also a defect of the client's: a kernel may send it anything
            # A kernel that is gone when a snapshot is due was ended by the cell before, unless the server is gone too.
            if running is not None and self.sandbox.alive():
                reason = kernel.why(error)
                self.broken[running.id] = reason
                self.found.stopped.append(running.name or running.id)
                if not self.hidden_ran:
                    self.found.outputs[running.id] = kernel.stopped_cell(reason)
            return True
        return False

    def note(self, cell: Cell, shown: Shown) -> None:
        """Keep what a cell showed, the first time that it ran."""
        self.found.outputs.setdefault(cell.id, shown)

    def run_tests(self, control: socket.socket, kernel: Kernel) -> bool:
        """Let the tests run, now that nothing of the student's is shown any more.

        Returns: whether tests are left that had nothing to do with a death.
        """
        start = time.monotonic()
        seconds = max(0.0, self.deadline - start)
        control.settimeout(seconds + 3)
        running, lost, ran, culprits = "", set[str](), set[str](), False
        try:
            if failed := messages.receive(control)[0]["ready"]:
                for name in self.open_tests():
                    self.give_up(name, failed)
                return False
            if self.over():
                return False
            written = {"cells": [cell.source for cell in self.job.cells], "modules": self.job.modules}
            messages.send(control, {"tests": self.open_tests(), "seconds": seconds} | written)
            while "done" not in (said := messages.receive(control)[0]):
                if "begin" in said:
                    running = said["begin"]
                elif "visible" in said:
                    # A visible part that was lost is run again first, if there is time: after a hidden part its
                    # message would tell.
                    again = bool(lost) and self.deadline - time.monotonic() > time.monotonic() - start
                    self.hidden_ran |= not again
                    messages.send(control, {"go_on": not again})
                    if again:
                        return True
                elif (part := msgspec.convert(said["part"], Part)).test not in lost:
                    # A process that is gone was ended by this test, or by one before: where that is not sure, it is
                    # run again, without those that have their verdict by then.
                    alone = part.test in self.suspects or not ran - {part.test}
                    sure = alone and not culprits and self.sandbox.alive()
                    ran.add(part.test)
                    if part.gone and not sure:
                        self.suspects.add(part.test)
                        lost.add(part.test)
                    else:
                        culprits |= part.gone or part.slow
                        self.settle(part, kernel)
        except (EOFError, OSError, messages.WireError):
            if running in self.open_tests() and not self.over() and self.sandbox.alive():
                self.found.stopped.append(running)
                self.found.verdicts[running] = not_run(ENDED, HIDDEN_GONE if self.hidden_ran else ENDED)
        return bool(self.open_tests()) and not self.over()

    def settle(self, part: Part, kernel: Kernel) -> None:
        """Keep what a part came to, where it is the last word on its test."""
        known = {one for one in self.found.unusual}
        self.found.unusual += [one for one in part.unusual if one not in known]
        verdict = part.verdict
        if verdict.passed and not part.hidden:
            return
        if part.gone:
            reason = printable(kernel.reason()) or (verdict.known.message if verdict.known else "")
            # An exit code or a signal is a number that the answer may choose, after a hidden input.
            verdict = not_run(reason, HIDDEN_GONE if part.hidden or self.hidden_ran else None)
        elif not part.hidden and self.hidden_ran:
            verdict = replace(verdict, told=Failure(NOT_RUN, f"not run: {AGAIN}"))
        if part.gone or part.slow:
            self.found.stopped.append(part.test)
        self.found.verdicts[part.test] = verdict
