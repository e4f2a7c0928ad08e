"""One submission through both processes: the cells in the student's kernel, the tests in the trusted process.

`examine` is pure: the same job gives the same points, and nothing is written. An answer that dies, hangs or uses up
its memory costs its own cell: a fresh kernel runs the notebook again without it.
"""

import ast
import asyncio
import base64
import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from nbgrader import utils

from mylib.classroom.grading.kernel import Kernel, files_of
from mylib.classroom.intake.rebuild import OWN
from mylib.classroom.notebook.questions import grade_id, is_answer, is_test
from mylib.classroom.notebook.symbols import names
from mylib.classroom.sandbox import messages
from mylib.classroom.sandbox.walls import WallsMissingError

ATTEMPTS = 5
CELLS_SHARE = 0.6  # of the time that is left; or a slow cell would leave none for the tests of others
GONE = "the answer's process ended, or used more than it may"


def make_job(notebook, solution, limits, files=None, given=None):
    """Everything that `examine` needs, as JSON.

    Args:    notebook: the instructor's, with the student's answers, of `rebuild.take_in`.
             solution: the instructor's, with hidden tests.
             limits: of `Limits`.
             files: {name: bytes} that lie beside the student's notebook; only the answers see them.
             given: {name: bytes} that lie beside the instructor's; answers and tests see them.
    Returns: dict.
    """
    code = [cell for cell in solution.cells if cell.cell_type == "code"]
    written = {cell.id: cell.source for cell in notebook.cells}
    bound = set()
    for cell in filter(is_answer, code):
        with suppress(SyntaxError):  # in a student's own notebook, which is validated
            ours, imported, _ = names(cell.source)
            bound |= ours - imported
    cells, tests = [], []
    for cell in code:
        kind = "answer" if is_answer(cell) else "test" if is_test(cell) else "shown"
        source = written.get(cell.id, cell.source) if kind == "answer" else cell.source
        if kind == "test":
            used = sorted(names(cell.source)[2] & bound)
            tests.append({"name": grade_id(cell), "source": source, "answers": used})
            source = ""  # nothing of a test goes to the student's side
        cells.append({"id": cell.id, "name": grade_id(cell), "kind": kind, "source": source})
    _add_own(cells, notebook)
    return {
        "cells": cells,
        "tests": tests,
        "locked": _needed(code, tests),
        "files": _as_text((files or {}) | (given or {})),
        "given": _as_text(given or {}),
        "cell_seconds": limits.cell_seconds,
        "submission_seconds": limits.submission_seconds,
        "output_bytes": limits.output_bytes,
        "iopub_seconds": limits.iopub_seconds,
    }


def _as_text(files):
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


def _add_own(cells, notebook):
    """Insert the cells that the student has added, in their places.

    Those that only define something are run once more before everything else: whoever moved a helper below the answer
    that calls it has run the cells in another order, which a notebook allows.
    """
    order = [cell.id for cell in notebook.cells]
    first = next((place for place, cell in enumerate(cells) if cell["kind"] == "answer"), len(cells))
    early = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id.startswith(OWN):
            own = {"id": cell.id, "name": "", "kind": "own", "source": cell.source}
            before = set(order[: order.index(cell.id)])
            place = max((i + 1 for i, other in enumerate(cells) if other["id"] in before), default=0)
            cells.insert(place, own)
            if _only_defines(cell.source):
                early.append(own | {"id": f"early-{cell.id}"})
    cells[first:first] = early


def _only_defines(source):
    with suppress(SyntaxError, ValueError):
        tree = ast.parse(source)
        return all(
            isinstance(one, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom) for one in tree.body
        )
    return False


def _needed(code, tests):
    """Sources of the locked cells that bind a name which tests use, directly or through another such cell."""
    wanted = set().union(*(names(test["source"])[2] for test in tests))
    kept = []
    for cell in reversed(code):
        if utils.is_locked(cell) and not is_test(cell) and not is_answer(cell):
            bound, _, used = names(cell.source)
            if bound & wanted:
                wanted |= used
                kept.insert(0, cell.source)
    return kept


def examine(job, sandbox):
    """Execute the cells and run the tests.

    Args:    job: of `make_job`.
             sandbox: of `sandbox.client.Sandbox`.
    Returns: {"outputs": {cell id: {"outputs": list, "execution_count": number or None}}, "verdicts": {test:
             {"error", "message", "kind", "detail", "credit"}}, "stopped": names of cells that were cut short,
             "broken": {name: why} of answer cells that ended the kernel, "seconds"}.
    Raises:  WallsMissingError: the walls cannot be had.
    """
    return Examination(job, sandbox).run()


@dataclass
class Examination:
    """The state of one submission's examination."""

    job: dict
    sandbox: object
    outputs: dict = field(default_factory=dict)
    verdicts: dict = field(default_factory=dict)
    broken: dict = field(default_factory=dict)
    stopped: list = field(default_factory=list)
    deadline: float = 0.0

    def run(self):
        """Attempt until every test has its verdict."""
        self.sandbox.ready()  # before the clock starts
        start = time.monotonic()
        self.deadline = start + self.job["submission_seconds"]
        for _ in range(ATTEMPTS):
            if not asyncio.run(self.attempt()):
                break
        for test in self.open_tests():
            self.give_up(test, self.over() or "the answer's process died again and again")
        return {
            "outputs": self.outputs,
            "verdicts": self.verdicts,
            "stopped": self.stopped,
            "broken": {
                cell["name"] or cell["id"]: self.broken[cell["id"]]
                for cell in self.job["cells"]
                if cell["id"] in self.broken
            },
            "seconds": round(time.monotonic() - start, 3),
        }

    def open_tests(self):
        """Names of the tests without a verdict."""
        return [test["name"] for test in self.job["tests"] if test["name"] not in self.verdicts]

    def over(self):
        """That the time is up, or ""."""
        limit = self.job["submission_seconds"]
        return "" if time.monotonic() < self.deadline else f"the submission used up its {limit:g} s"

    def give_up(self, name, reason):
        """A test that is not run."""
        text = f"not run: {reason}"
        self.stopped.append(name)
        self.verdicts[name] = not_run(text)

    async def attempt(self):
        """One kernel, one process for the tests. Returns: whether another attempt can help."""
        snapshots, count = _snapshots(self.job["cells"])
        with ExitStack() as stack:
            pairs = [socket.socketpair() for _ in range(count)]
            ours, theirs = socket.socketpair()
            for one in (ours, theirs, *(end for pair in pairs for end in pair)):
                stack.callback(one.close)
            kernel = Kernel(self.job, self.sandbox, [answer_end for _, answer_end in pairs])
            stack.callback(kernel.close)
            # Start both, the kernel first: the tests' side prepares while the cells run.
            await kernel.launch()
            tester = self.start_tests(snapshots, [theirs, *(test_end for test_end, _ in pairs)])
            stack.callback(tester.close)
            theirs.close()
            try:
                again = await self.run_cells(kernel, snapshots)
            finally:
                await kernel.hang_up()
            for end in (end for pair in pairs for end in pair):
                end.close()
            return again or self.run_tests(ours, kernel)

    def start_tests(self, snapshots, sockets):
        """The process of the tests; it waits until it is told which to run.

        It gets what the instructor wrote, and nothing else: a student's file beside a process can become code in it.
        """
        cells, (names_of, contents) = self.job["cells"], files_of(self.job["given"])
        place = {cell["name"]: at for at, cell in enumerate(cells) if cell["kind"] == "test"}
        parcel = {
            "tests": [
                test | {"snapshot": snapshots[test["name"]], "place": place[test["name"]]}
                for test in self.job["tests"]
            ],
            "locked": self.job["locked"],
            "cell_seconds": self.job["cell_seconds"],
        }
        seconds = self.deadline - time.monotonic() + 5
        descriptors = [one.fileno() for one in sockets]
        return self.sandbox.fork(
            "tests", parcel | {"files": names_of}, contents, descriptors, max(1, seconds)
        )

    def written(self):
        """What the student wrote, as text to be read: cells, and modules, which can change what an answer calls."""
        names_of, contents = files_of(self.job["files"])
        return {
            "cells": [cell["source"] for cell in self.job["cells"]],
            "modules": [
                contents[at].decode(errors="replace") for name, at in names_of.items() if name.endswith(".py")
            ],
        }

    async def run_cells(self, kernel, snapshots):
        """Execute what the student's side sees, and lend a snapshot where tests stand.

        Returns: whether a cell broke the kernel, so that all is to be done again without it.
        """
        running, lent = None, set()
        until = time.monotonic() + CELLS_SHARE * (self.deadline - time.monotonic())
        try:
            await kernel.connect()
            for cell in self.job["cells"]:
                if cell["kind"] == "test":
                    position = snapshots[cell["name"]]
                    if position not in lent:
                        lent.add(position)
                        await kernel.lend(position, self.deadline)
                elif cell["id"] not in self.broken:
                    if time.monotonic() > until:
                        limit = CELLS_SHARE * self.job["submission_seconds"]
                        self.note(cell, kernel.stopped_cell(f"not run: the cells used up their {limit:g} s"))
                        continue
                    running = cell
                    self.note(cell, await kernel.execute(cell, until))
            kernel.stop()
        except WallsMissingError:
            raise
        except Exception as error:  # also a defect of the client's: a kernel may send it anything
            # A kernel that is gone when a snapshot is due was ended by the cell before.
            if running is not None:
                reason = kernel.why(error)
                self.broken[running["id"]] = reason
                self.stopped.append(running["name"] or running["id"])
                self.outputs[running["id"]] = kernel.stopped_cell(reason)
            return True
        return False

    def note(self, cell, outputs):
        """Keep what a cell showed, the first time that it ran."""
        self.outputs.setdefault(cell["id"], outputs)

    def run_tests(self, control, kernel):
        """Let the tests run, now that nothing of the student's is shown any more.

        Returns: whether tests are left that had nothing to do with a death.
        """
        seconds = max(0.0, self.deadline - time.monotonic())
        control.settimeout(seconds + 3)
        culprits = False
        try:
            ready = messages.receive(control)[0]["ready"]
            if ready:
                for name in self.open_tests():
                    self.give_up(name, ready)
                return False
            if self.over():
                return False
            messages.send(control, {"tests": self.open_tests(), "seconds": seconds} | self.written())
            lost = set()
            while "done" not in (said := messages.receive(control)[0]):
                if "verdict" in said and said["test"] not in lost:
                    verdict, name = said["verdict"], said["test"]
                    gone, slow = verdict.pop("gone"), verdict.pop("slow")
                    if gone and culprits:
                        lost.add(name)
                    elif said["hidden"] or verdict["error"]:
                        culprits |= gone or slow
                        self.settle(name, verdict, said["hidden"], gone, slow, kernel)
        except (EOFError, OSError, messages.WireError):
            return not self.over()
        return bool(self.open_tests()) and not self.over()

    def settle(self, name, verdict, hidden, gone, slow, kernel):
        """Keep a verdict; where the answer's process is gone, with the reason."""
        if gone:
            reason = kernel.reason() or verdict["detail"]
            verdict = not_run(f"not run: {reason}")
            if hidden:
                # An exit code or a signal is a number that the answer may choose, after a hidden input.
                verdict["message"] = f"not run: {GONE}"
        if gone or slow:
            self.stopped.append(name)
        self.verdicts[name] = verdict


def not_run(text):
    """The verdict on a test that was not run."""
    return {"error": "NotRun", "message": text, "kind": "NotRun", "detail": text, "credit": None}


def _snapshots(cells):
    """{test: position of the state that it sees}, and how many there are."""
    positions, count, changed = {}, 0, True
    for cell in cells:
        if cell["kind"] != "test":
            changed = True
            continue
        count, changed = count + changed, False
        positions[cell["name"]] = count - 1
    return positions, count
