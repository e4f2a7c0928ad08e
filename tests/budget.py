"""What each room of the tests costs in processor time; a run ends with a table of those over their budget.

A run over many topics says, too, what the whole course will cost once it has all its topics.

Seconds are *reference seconds*, those of the reference core of `tests.speed`, which is measured every few seconds
beside the tests: an older machine, or one whose memory is busy, counts the same. It never fails a run.

What is counted, at the end of each test: the time of the process that runs it, of all its children that have ended and
were waited for (kernels of lectures, commands, forks that run answers), and of those that still run. What cannot be
seen: children that nobody waits for, and what a child that was killed had not waited for itself. Of submissions behind
the walls, some snapshots and whatever was ended from outside are missing, so cluster and attacks cost more than is said
here. What one worker does between tests, collecting among it, belongs to no room.
"""

import contextlib
import math
import os
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from mylib.classroom.course.limits import LECTURE_SECONDS
from tests.speed import Slowness

ROOT = Path(__file__).resolve().parents[1]
LECTURE, TOPIC, ANSWERS = LECTURE_SECONDS, 25, 15  # seconds of the reference core
TOPICS = len(list(ROOT.glob("mylib/*/*/topic.toml")))
SHARE = 8  # that each topic may add to a room that goes through all of them
BY_TOPIC = ("tests/classroom/authoring/test_exercises.py", "tests/check/test_bank_is_not_refused.py")
ALL = 54  # topics of the course when it is complete
GROWING = ("lecture ", "answers of ", "tests of ", "site and slides", "mutants, nbgrader and browser")
ELSEWHERE = "elsewhere"
ROOMS = {
    "site and slides": (
        SHARE * TOPICS,
        (
            "tests/classroom/publishing/test_site.py",
            "tests/classroom/publishing/test_site_of_the_course.py",
            "tests/classroom/test_site_browser.py",
            "tests/classroom/test_slides_browser.py",
        ),
    ),
    "cluster": (90, ("tests/classroom/grading/test_workers.py",)),
    "attacks": (150, ("tests/classroom/sandbox/test_attacks.py",)),
    "mutants, nbgrader and browser": (
        SHARE * TOPICS,
        (
            "tests/classroom/authoring/test_mutants.py",
            "tests/classroom/course/test_nbgrader.py",
            "tests/classroom/grading/test_gradebook.py",
            "tests/classroom/test_browser.py",
        ),
    ),
}


def room_of(path, topic=""):
    """The room that a test belongs to, and its budget in CPU seconds; None where it has none.

    path: of its file, from the root of the course.
    topic: that it is about, where its file is about many.
    """
    for name, (budget, paths) in ROOMS.items():
        if path in paths:
            return name, budget
    if path in BY_TOPIC:
        return (f"answers of {topic}", ANSWERS) if topic else None
    parts = path.split("/")
    if path.endswith(".ipynb") and parts[0] == "lectures":
        return f"lecture {parts[-1].removesuffix('.ipynb')}", LECTURE
    if len(parts) > 3 and parts[0] == "tests" and (ROOT / "mylib" / parts[1] / parts[2] / "topic.toml").exists():
        return f"tests of {parts[2]}", TOPIC
    return None


def spent():
    """CPU seconds of this process and of all that it has started, as far as they can be seen."""
    times, found = os.times(), time.process_time()
    found += times.children_user + times.children_system
    for child in descendants(os.getpid()):
        with contextlib.suppress(psutil.Error, OSError):
            one = psutil.Process(child).cpu_times()
            found += one.user + one.system + one.children_user + one.children_system
    return found


def descendants(process):
    """Numbers of the processes below one; Linux lists them, elsewhere every process is asked for its parent."""
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        return [one.pid for one in psutil.Process(process).children(recursive=True)]
    found, todo = [], [process]
    while todo:
        with contextlib.suppress(OSError):  # it has just ended
            for thread in Path(f"/proc/{todo.pop()}/task").iterdir():
                children = [int(one) for one in (thread / "children").read_text().split()]
                found, todo = found + children, todo + children
    return found


class Budget:
    """Counts in each process that runs tests, adds up in the one that was started, and says there what is over."""

    def __init__(self, slowness=None):
        """slowness: gives, by ``now()``, processor seconds here for each of the reference core."""
        self.rooms, self.seconds, self.here, self.last = {}, Counter(), 0.0, None
        self.slowness = slowness or Slowness()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        """Count what one test costs, with its fixtures."""
        if self.last is None:
            self.last = spent()
        yield
        before, now = self.last, spent()
        slowness = self.slowness.now()
        self.last = spent()  # measuring belongs to no room
        with contextlib.suppress(ValueError):  # a file elsewhere
            path = item.path.resolve().relative_to(item.config.rootpath.resolve())
            room = room_of(path.as_posix(), topic_of(item)) or (ELSEWHERE, math.inf)
            here = max(0.0, now - before)
            self.add(*room, here / slowness, here)

    def forget(self):
        """What has been spent since the last test belongs to no room: it is done once, for all of them."""
        self.last = spent()

    def add(self, name, budget, seconds, here):
        """So many more seconds of a room, on the reference core and here."""
        self.rooms[name] = budget
        self.seconds[name] += seconds
        self.here += here

    def pytest_sessionfinish(self, session):
        """A worker of xdist hands on what it has counted."""
        if hasattr(session.config, "workeroutput"):
            found = [[name, self.rooms[name], seconds, 0.0] for name, seconds in self.seconds.items()]
            session.config.workeroutput["budget"] = [*found, [ELSEWHERE, math.inf, 0.0, self.here]]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """Take what a worker has counted; one that has crashed says nothing."""
        for one in getattr(node, "workeroutput", {}).get("budget", ()):
            self.add(*one)

    def pytest_terminal_summary(self, terminalreporter):
        """The table, or one line."""
        over = {name: seconds for name, seconds in self.seconds.items() if seconds > self.rooms[name]}
        if over:
            terminalreporter.section("rooms over their budget, in reference seconds")
            width = max(map(len, over))
            for name, seconds in sorted(over.items(), key=lambda one: -one[1]):
                terminalreporter.line(f"{name:<{width}} {seconds:7.1f} of {self.rooms[name]}")
        elif self.rooms:
            terminalreporter.line(f"each of {len(self.rooms)} rooms is within its budget, in reference seconds")
        if total := sum(self.seconds.values()):
            terminalreporter.line(f"a reference second took {self.here / total:.2f} seconds of a core of this machine")
        if line := outlook(self.seconds, os.cpu_count() or 1):
            terminalreporter.line(line)


def outlook(seconds, cores):
    """What all topics together will take, if each costs what those of this run do; "" of a run over fewer than two.

    seconds: {room: CPU seconds}.
    cores: to share the work, without a rest.
    """
    topics = [name for name in seconds if name.startswith("answers of ")]
    if len(topics) < 2:
        return ""
    grown = sum(taken for name, taken in seconds.items() if name.startswith(GROWING))
    rest = sum(seconds.values()) - grown
    each = grown / len(topics)
    return (
        f"{len(topics)} topics: {grown:.0f} reference seconds, {each:.0f} each; everything else: {rest:.0f}. "
        f"At this rate {ALL} topics take {(ALL * each + rest) / 60 / cores:.0f} minutes on {cores} such cores"
    )


def topic_of(item):
    """The topic that a case of a test is about, by its parameters."""
    given = item.callspec.params if hasattr(item, "callspec") else {}
    return given.get("topic") or getattr(given.get("answer"), "topic", "")
