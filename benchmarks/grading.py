"""What grading costs: stock `nbgrader autograde` beside `mylib grade`, the same harmless submissions, in one run."""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from rich.table import Table

from mylib.classroom import wire
from mylib.classroom.answers import bank, solution
from mylib.classroom.course import Limits, open_course
from mylib.classroom.examine import examine, make_job
from mylib.classroom.grading import skeleton
from mylib.classroom.intake import Intake, Submission
from mylib.classroom.ledger import Ledger
from mylib.classroom.questions import grade_id, is_answer
from mylib.classroom.recorder import record
from mylib.classroom.release import generate
from mylib.classroom.runner import run
from mylib.classroom.sandbox import Sandbox

TOPIC, JOBS = "perceptron", 2
BUSY = (
    "\nimport time as _time\n_end = _time.process_time() + {}\nwhile _time.process_time() < _end:\n    pass\n"
)
PREFIX = Path(sys.executable).parent


@dataclass
class Case:
    """Submissions whose cells take about this long."""

    name: str
    busy_seconds: float
    count: int


def report(quick=False):
    """Time both on 24 submissions, and ours alone on slower ones.

    Args:    quick: four submissions: a smoke test.
    Returns: rich Table.
    """
    count = 4 if quick else 24
    cases = [Case("as it is", 0.0, count), Case("and 0.8 s of work", 0.8, count)]
    columns = (
        "submissions",
        "warm cells",
        "stock a minute",
        "ours a minute",
        "ratio",
        "one, examined",
        "recorded",
    )
    table = Table(
        *columns,
        "overhead",
        "total / cells",
        title=f"grading {count} x {TOPIC}, {JOBS} processes, one thread each",
    )
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases:
            table.add_row(*_case(case, Path(scratch) / case.name.replace(" ", "-")))
    table.caption = f"resident memory of the warm server: {_memory()}"
    return table


def _case(case, folder):
    course = open_course(Path(__file__).parents[1], output=folder / "ours")
    notebook = _notebook(course, case.busy_seconds)
    inbox = folder / "inbox"
    for number in range(case.count):
        home = inbox / f"student{number:02}" / TOPIC
        home.mkdir(parents=True)
        nbformat.write(notebook, home / f"{TOPIC}.ipynb")
    cells = _warm_cells(course, notebook)
    examined, recorded = _one(course, notebook)
    shutil.rmtree(course.build)
    start = time.perf_counter()
    command = [
        PREFIX / "mylib",
        "--course",
        course.root,
        "grade",
        "--submitted",
        inbox,
        "--output",
        course.build,
    ]
    subprocess.run([*command, "--jobs", str(JOBS)], check=True, capture_output=True)
    ours = 60 * case.count / (time.perf_counter() - start)
    stock = 60 * case.count / _stock(course, inbox, folder / "stock") if not case.busy_seconds else None
    total = examined + recorded
    return (
        case.name,
        f"{cells:.2f} s",
        f"{stock:.1f}" if stock else "",
        f"{ours:.1f}",
        f"{ours / stock:.1f}" if stock else "",
        f"{examined:.2f} s",
        f"{recorded:.2f} s",
        f"{total - cells:.2f} s",
        f"{total / cells:.2f}",
    )


def _notebook(course, busy_seconds):
    """The release with right answers of the bank, the first of which works for a while more."""
    notebook, given = skeleton(course, TOPIC, register=False), solution(course, TOPIC)
    source = {grade_id(cell): cell.source for cell in given.cells if is_answer(cell)}
    first = True
    for cell in filter(is_answer, notebook.cells):
        right = [one.source for one in bank(course, TOPIC, grade_id(cell)) if one.right]
        cell.source = right[0] if right else source[grade_id(cell)]
        if cell.cell_type == "code" and first and busy_seconds:
            cell.source += BUSY.format(busy_seconds)
            first = False
    return notebook


def _warm_cells(course, notebook):
    """Median seconds of the cells and tests in a fork with the libraries imported, without kernel, walls or records."""
    given = solution(course, TOPIC)
    for cell, answered in zip(given.cells, notebook.cells, strict=True):
        cell.source = answered.source if is_answer(cell) else cell.source
    times = []
    for _ in range(6):
        start = time.perf_counter()
        run(given)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])  # the first imports the libraries


def _one(course, notebook):
    """Median seconds to examine, and to record, one submission on its own."""
    skeleton(course, TOPIC, register=True)
    job = make_job(notebook, solution(course, TOPIC), Limits())
    examined, recorded = [], []
    ledger = Ledger(course.build / "ledger.db")
    with Sandbox() as sandbox:
        sandbox.start()
        for number in range(6):
            start = time.perf_counter()
            content = examine(job, sandbox)
            middle = time.perf_counter()
            ledger.finish(TOPIC, f"one{number}", "", content)
            record(course, Intake(Submission(f"one{number}", TOPIC, Path()), notebook), content)
            examined.append(middle - start)
            recorded.append(time.perf_counter() - middle)
    return statistics.median(examined[1:]), statistics.median(recorded[1:])


def _stock(course, inbox, folder):
    """Seconds that `nbgrader autograde` takes for the same submissions."""
    folder.mkdir(parents=True)
    shutil.copy(course.root / "nbgrader_config.py", folder)
    shutil.copytree(course.solution(TOPIC).parent, folder / "solutions" / TOPIC)
    here = open_course(folder, output=folder / "build")
    here.build.mkdir()
    generate(here, TOPIC, folder / "release", gradebook=here.db_url)
    shutil.copytree(inbox, here.submitted)
    environment = os.environ | {
        "MYLIB_CLASSROOM": str(here.build),
        "PATH": f"{PREFIX}{os.pathsep}{os.environ['PATH']}",
    }
    start = time.perf_counter()
    subprocess.run(
        [PREFIX / "nbgrader", "autograde", TOPIC],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - start


def _memory():
    """Of the warm server, and of a fork of it that waits for tests to run: what it shares with nobody."""
    parcel = {"files": {}, "tests": [], "locked": [], "cells": [], "modules": [], "cell_seconds": 1}
    with Sandbox() as sandbox:
        sandbox.start()
        server = psutil.Process(sandbox.server.pid)
        before = set(server.children(recursive=True))
        ours, theirs = socket.socketpair()
        with ours, theirs:
            child = sandbox.fork("tests", parcel, descriptors=[theirs.fileno()])
            wire.receive(ours)
            forks = set(server.children(recursive=True)) - before
            private = max(one.memory_full_info().uss for one in forks)
            child.close()
        return f"{sandbox.memory / 1e6:.0f} MB, and {private / 1e6:.0f} MB private to a fork"
