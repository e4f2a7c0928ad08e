"""What grading costs: stock `nbgrader autograde` beside `mylib grade`, the same harmless submissions, in one run."""

import copy
import functools
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import psutil
from rich.table import Table

from mylib.classroom.authoring.bank import bank, solution
from mylib.classroom.authoring.release import generate, skeleton
from mylib.classroom.course.folders import open_course
from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.examine import examine
from mylib.classroom.grading.examined import Examined
from mylib.classroom.grading.gradebook import Recorder
from mylib.classroom.grading.ledger import Ledger
from mylib.classroom.intake.rebuild import Intake, Submission
from mylib.classroom.notebook import libraries
from mylib.classroom.notebook.jobs import make_job
from mylib.classroom.notebook.questions import grade_id, is_answer
from mylib.classroom.sandbox import messages
from mylib.classroom.sandbox.client import Sandbox

JOBS = 2
PREFIX = Path(sys.executable).parent


@dataclass
class Case:
    """Submissions of one assignment.

    stock: time nbgrader's own command on them, too.
    """

    topic: str
    count: int
    stock: bool


def report(quick=False):
    """Time both on 24 submissions of the assignment with the quickest cells, and ours alone on one of a second.

    Args:    quick: four submissions: a smoke test.
    Returns: rich Table.
    """
    count = 4 if quick else 24
    cases = [Case("backprop", count, stock=True), Case("segmentation", count, stock=False)]
    table = Table(
        *(
            "submissions",
            "warm cells",
            "stock a minute",
            "ours a minute",
            "ratio",
            "one, examined",
            "recorded",
        ),
        *("total / cells", "overhead", "nothing to run"),
        title=f"grading {count} submissions, {JOBS} processes, one thread each",
    )
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases:
            table.add_row(*_case(case, Path(scratch) / case.topic))
    table.caption = f"resident memory of the warm server: {_memory()}"
    return table


def _case(case, folder):
    course = open_course(Path(__file__).parents[1], output=folder / "ours")
    notebook = _notebook(course, case.topic)
    inbox = folder / "inbox"
    for number in range(case.count):
        home = inbox / f"student{number:02}" / case.topic
        home.mkdir(parents=True)
        nbformat.write(notebook, home / f"{case.topic}.ipynb")
    cells, examined, nothing, recorded = _one(course, case.topic, notebook)
    ours = 60 * case.count / _ours(course, case.topic, inbox)
    stock = 60 * case.count / _stock(course, case.topic, inbox, folder / "stock") if case.stock else None
    total = examined + recorded
    return (
        f"{case.count} x {case.topic}",
        f"{cells:.2f} s",
        f"{stock:.1f}" if stock else "",
        f"{ours:.1f}",
        f"{ours / stock:.1f}" if stock else "",
        f"{examined:.2f} s",
        f"{recorded:.2f} s",
        f"{total / cells:.2f}",
        f"{total - cells:.2f} s",
        f"{nothing + recorded:.2f} s",
    )


def _notebook(course, topic):
    """The release with right answers of the bank."""
    notebook, given = skeleton(course, topic, register=False), solution(course, topic)
    source = {grade_id(cell): cell.source for cell in given.cells if is_answer(cell)}
    for cell in filter(is_answer, notebook.cells):
        right = [one.source for one in bank(course, topic, grade_id(cell)) if one.right]
        cell.source = right[0] if right else source[grade_id(cell)]
    return notebook


def _one(course, topic, notebook):
    """One submission on its own, nine times in turn.

    Returns: median seconds of its cells and tests in a fork with the libraries imported, without kernel, walls or
             records; of `examine`; of `examine` with nothing to run; of recording.
    """
    given = solution(course, topic)
    for cell, answered in zip(given.cells, notebook.cells, strict=True):
        cell.source = answered.source if is_answer(cell) else cell.source
    job = make_job(notebook, solution(course, topic), Limits())
    sources = [cell.source for cell in given.cells if cell.cell_type == "code"]
    skeleton(course, topic, register=True)
    ledger = Ledger(course.build / "ledger.db")
    times = []
    # A process of its own, which imports what the warm server imports, and has no second thread.
    spawn = multiprocessing.get_context("spawn")
    warm = functools.partial(libraries.load, freeze=True)
    with (
        Sandbox() as sandbox,
        Recorder(course) as recorder,
        ProcessPoolExecutor(1, spawn, initializer=warm) as runner,
    ):
        sandbox.start()
        for number in range(10):
            cells = runner.submit(_seconds, _plain, sources).result()[0]
            examined, outcome = _seconds(examine, job, sandbox)
            nothing, _ = _seconds(examine, replace(job, cells=(), tests=(), locked=()), sandbox)
            intake = Intake(Submission(f"one{number}", topic, Path()), copy.deepcopy(notebook))
            start = time.perf_counter()
            ledger.finish((topic, f"one{number}", ""), outcome)
            recorder.record(Examined(intake, outcome))
            times.append((cells, examined, nothing, time.perf_counter() - start))
    return [statistics.median(column) for column in zip(*times[1:], strict=True)]


def _plain(sources):
    """The cells one after the other in a fork: no kernel, no walls, no second process."""
    child = os.fork()
    if child == 0:
        try:
            libraries.reset()
            space = {"__name__": "__main__", "display": lambda *_, **__: None, "get_ipython": lambda: None}
            for source in sources:
                exec(compile(source, "<cell>", "exec"), space)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0, "the right answers passed"


def _seconds(function, *arguments):
    start = time.perf_counter()
    value = function(*arguments)
    return time.perf_counter() - start, value


def _ours(course, topic, inbox):
    """Seconds that `mylib grade` takes; like the other, it starts with a gradebook that knows the assignment."""
    shutil.rmtree(course.build)
    skeleton(course, topic, register=True)
    command = [PREFIX / "mylib", "--course", course.root, "grade", "--submitted", inbox]
    start = time.perf_counter()
    subprocess.run([*command, "--output", course.build, "--jobs", str(JOBS)], check=True, capture_output=True)
    return time.perf_counter() - start


def _stock(course, topic, inbox, folder):
    """Seconds that `nbgrader autograde` takes for the same submissions."""
    folder.mkdir(parents=True)
    shutil.copy(course.root / "nbgrader_config.py", folder)
    with open(folder / "nbgrader_config.py", "a") as file:  # ours refuses to run without walls
        file.write('c.Autograde.exporter_class = "nbconvert.exporters.NotebookExporter"\n')
    shutil.copytree(course.solution(topic).parent, folder / "solutions" / topic)
    here = open_course(folder, output=folder / "build")
    here.build.mkdir()
    generate(here, topic, folder / "release", gradebook=here.db_url)
    shutil.copytree(inbox, here.submitted)
    environment = os.environ | {
        "MYLIB_CLASSROOM": str(here.build),
        "PATH": f"{PREFIX}{os.pathsep}{os.environ['PATH']}",
    }
    start = time.perf_counter()
    subprocess.run(
        [PREFIX / "nbgrader", "autograde", topic],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - start


def _memory():
    """Of the warm server, and of a fork of it that waits for tests to run: what it shares with nobody."""
    parcel = {"files": {}, "tests": [], "locked": [], "cell_seconds": 1}
    with Sandbox() as sandbox:
        sandbox.start()
        server = psutil.Process(sandbox.server.pid)
        before = set(server.children(recursive=True))
        ours, theirs = socket.socketpair()
        with ours, theirs:
            child = sandbox.fork("tests", parcel, descriptors=[theirs.fileno()])
            messages.receive(ours)
            forks = set(server.children(recursive=True)) - before
            private = max(one.memory_full_info().uss for one in forks)
            child.close()
        return f"{sandbox.memory / 1e6:.0f} MB, and {private / 1e6:.0f} MB private to a fork"
