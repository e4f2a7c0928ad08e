"""The fast runner: a notebook's cells in a forked process, without a kernel, scored by nbgrader's own rule.

For answers that the course itself keeps; submissions of students go another way. A fork of this
process, with the libraries imported, executes the cells up to a question once, and forks again for each
answer: every answer starts from the same state, and none can spoil another's.
"""

import contextlib
import functools
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from multiprocessing.connection import wait

import nbformat
from nbgrader import utils

from mylib.classroom.course.limits import Limits
from mylib.classroom.notebook import libraries
from mylib.classroom.notebook.questions import grade_id, is_answer
from mylib.classroom.notebook.verdicts import failure


class CellTimeoutError(KeyboardInterrupt):
    """Raised inside a cell when its time is up; like an interrupt, `except Exception` does not catch it."""


def run(notebook, folder=None, question=None, sources=(), limits=None):
    """Execute a notebook once, or once for every source that takes the place of one answer cell.

    Args:    notebook: nbformat notebook with nbgrader metadata; not changed.
             folder: whose files, other than notebooks, lie beside the running notebook.
             question: grade id of an answer cell; with `sources`.
             sources: answers to put there, one run each. Without a question, the notebook runs as it is.
             limits: of `Limits`.
    Returns: one {grade id: (points, max points, error)} of the autograded cells per run.
    Raises:  ValueError: no such answer cell.
    """
    limits = limits or Limits()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    names = [grade_id(cell) for cell in cells if is_answer(cell)]
    if question is not None and question not in names:
        raise ValueError(f"run: expected an answer cell among {names}, got {question!r}")
    cut = 0 if question is None else next(i for i, cell in enumerate(cells) if grade_id(cell) == question)
    answers = [cells[0].source] if question is None else list(sources)
    _warm()
    with tempfile.TemporaryDirectory() as desk:
        if folder:
            shutil.copytree(folder, desk, ignore=shutil.ignore_patterns("*.ipynb"), dirs_exist_ok=True)
        seconds = limits.submission_seconds * (len(answers) + 1)
        received = _fork(_walk, (cells, cut, answers, limits, desk), seconds)
    runs = [dict(item[1]) for item in received if item[0] == "run"]
    broken = next((item[1] for item in received if item[0] == "end"), "")
    runs += [{}] * (len(answers) - len(runs))
    return [_complete(cells, found, found.pop("", "") or broken) for found in runs]


def _complete(cells, found, reason):
    """A verdict for every graded cell, also for those that a dead process left without."""
    verdicts = {}
    for cell in cells:
        if utils.is_grade(cell) and not utils.is_solution(cell):
            missing = (0.0, float(cell.metadata.nbgrader.points), f"not run: {reason}")
            verdicts[grade_id(cell)] = found.get(grade_id(cell), missing)
    return verdicts


def _walk(send, cells, cut, answers, limits, desk):
    """In the first fork: execute what stands before the question, then fork for each answer."""
    shell = _shell(desk)
    before = {}
    for cell in cells[:cut]:
        _grade_cell(shell, cell, cell.source, limits.cell_seconds, lambda item: before.update([item]))
    for answer in answers:
        received = _fork(_finish, (shell, cells[cut:], answer, limits), limits.submission_seconds)
        send(("run", before | dict(received) | {"": dict(received).get("end", "")}))


def _finish(send, shell, cells, answer, limits):
    """In the second fork: the answer, then everything after it."""
    for position, cell in enumerate(cells):
        _grade_cell(shell, cell, cell.source if position else answer, limits.cell_seconds, send)


def _grade_cell(shell, cell, source, seconds, send):
    """Execute one cell, and send (grade id, (points, max points, error)) if it carries points."""
    outputs, error = _execute(shell, source, seconds)
    if utils.is_grade(cell) and not utils.is_solution(cell):
        graded = nbformat.v4.new_code_cell(source, metadata=cell.metadata, outputs=outputs)
        points, most = utils.determine_grade(graded)
        send((grade_id(cell), (points, most, error)))


def _execute(shell, source, seconds):
    """Outputs that matter to nbgrader's rule: an error, or the value of the last expression."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        # With a history, or IPython does not see the semicolon that hides a value.
        done = shell.run_cell(source, store_history=True)
        error = done.error_in_exec or done.error_before_exec
    except CellTimeoutError as late:
        error = late
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if isinstance(error, CellTimeoutError):
        error = CellTimeoutError(f"stopped after {seconds:g} s; is there a loop that never ends?")
    if error is not None:
        text = failure(type(error).__name__, str(error))
        return [nbformat.v4.new_output("error", ename=type(error).__name__, evalue=str(error))], text
    if done.result is None:
        return [], ""
    data = shell.display_formatter.format(done.result)[0]
    return [nbformat.v4.new_output("execute_result", data=data)], ""


def _shell(desk):
    """An IPython shell that shows nothing, in a process made ready for it."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class SilentShell(InteractiveShell):
        def enable_gui(self, gui=None):
            """No event loop: figures go to the inline backend."""

        def showtraceback(self, *args, **kwargs):
            """Formatting a traceback that nobody reads takes 50 ms."""

    signal.signal(signal.SIGALRM, _time_is_up)
    os.chdir(desk)
    sys.path.insert(0, desk)
    # History on disk needs a thread, and threads do not survive a fork.
    # A full traceback, which nobody reads here, takes IPython a third of a second to write.
    settings = Config(HistoryManager={"enabled": False}, InteractiveShell={"xmode": "Minimal"})
    shell = SilentShell.instance(config=settings)
    # Figures are drawn, and not encoded as PNG.
    shell.display_formatter.active_types = ["text/plain"]
    return shell


def _time_is_up(*_):
    raise CellTimeoutError("the cell's time is up")


@functools.cache
def _warm():
    """Once in this process, so that no fork has to."""
    libraries.load(freeze=False)


def _fork(target, arguments, seconds):
    """Call target(send, *arguments) in a fork.

    Returns: list of what it sent, and ("end", why) if it did not come to its end.
    """
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    with warnings.catch_warnings():
        # Python 3.12 warns of forking with threads: the children use none of the parent's.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = fork.Process(target=_child, args=(target, arguments, sender))
        process.start()
    sender.close()
    received, deadline = [], time.monotonic() + seconds
    try:
        while not received or received[-1] is not None:
            ready = wait([receiver, process.sentinel], max(0, deadline - time.monotonic()))
            if not ready:
                received.append(("end", f"the process was stopped after {seconds:g} s"))
                break
            if receiver in ready or receiver.poll():
                received.append(receiver.recv())
            else:
                raise EOFError
    except EOFError:
        process.join(1)
        code = process.exitcode
        how = f"signal {signal.Signals(-code).name}" if code and code < 0 else f"exit code {code}"
        received.append(("end", f"the process died ({how})"))
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.join()
        receiver.close()
        process.close()
    return [item for item in received if item is not None]


def _child(target, arguments, sender):
    """Make the fork independent of its parent, run, and leave without the parent's exit handlers."""
    import faulthandler

    os.setpgid(0, 0)
    faulthandler.disable()
    libraries.reset()
    warnings.resetwarnings()
    warnings.simplefilter("default")
    try:
        target(sender.send, *arguments)
        sender.send(None)
    except BaseException as error:  # ours, not the notebook's: say so instead of dying silently
        sender.send(("end", f"the runner failed: {error!r}"))
        sender.send(None)
    finally:
        os._exit(0)
