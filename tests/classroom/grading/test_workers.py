"""Many submissions at once: whatever dies, nothing is lost, nothing is recorded twice, what is left is named."""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from mylib.classroom.authoring.release import skeleton
from mylib.classroom.course.folders import open_course
from mylib.classroom.course.limits import Limits
from mylib.classroom.grading import gradebook as recorder
from mylib.classroom.grading import workers as room
from mylib.classroom.grading.examined import Fingerprinted
from mylib.classroom.grading.ledger import Ledger
from mylib.classroom.grading.run import grade, uninterrupted
from mylib.classroom.grading.workers import Crew
from mylib.classroom.intake.rebuild import Intake, Submission
from mylib.classroom.notebook.verdicts import Outcome
from mylib.classroom.reports.feedback import feedback
from tests.classroom import tiny
from tests.classroom.tiny import TOPIC

LIMITS = Limits(cell_seconds=3)
SLOW = "import time\n\ntime.sleep({})\n\ndef mean(x):\n    return sum(x) / len(x)"

WAITING = "import time\n\ndef mean(x):\n    while True:\n        time.sleep(1)"  # endless, and costs nothing

pytestmark = [pytest.mark.usefixtures("walled"), pytest.mark.timeout(600)]


def hand_in(course, inbox, count, seconds):
    """Right answers that take their time. Returns: the students."""
    blank = skeleton(course, TOPIC, register=False)
    students = [f"student{number}" for number in range(count)]
    for student in students:
        tiny.hand_in(inbox, student, tiny.answer(blank, q1_mean=SLOW.format(seconds), q2_scale=tiny.SCALE))
    return students


def scores(course):
    """{student: points} as the gradebook has them, one row for each submission."""
    from nbgrader.api import Gradebook

    with Gradebook(course.db_url) as gradebook:
        return [(one.student.id, one.score) for one in gradebook.assignment_submissions(TOPIC)]


def below(is_one):
    """Processes below this one for which something holds."""
    found = []
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if is_one(one, one.cmdline()):
                found.append(one)
    return found


def workers():
    """Processes that work for this one."""
    return below(lambda _, line: "spawn_main" in " ".join(line))


def servers():
    """Processes that fork for a worker, and have a submission's processes now; those have the same command line."""

    def is_server(one, line):
        mine = line[-1:] == ["walled"] and line[0] == sys.executable
        return mine and one.parent().cmdline()[:1] != line[:1] and one.children()

    return below(is_server)


def mylib(course, *arguments):
    """The command line in a process of its own."""
    command = [str(Path(sys.executable).parent / "mylib"), "--course", str(course.root), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class LastingCrew(Crew):
    """Two workers for several gradings, each of which forgets what the one before was told."""

    def start(self, tasks):
        if self.client is None:
            super().start(tasks)

    def close(self):
        if self.client is not None:
            self.warming = []
            while self.client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
                time.sleep(0.02)

    def end(self):
        super().close()


@pytest.fixture(scope="module")
def lasting_crew(walled):
    """Two workers and their servers: 16 seconds of a core. What is killed of them, starts again by itself."""
    crew = LastingCrew(2, None, "bubblewrap", LIMITS)
    yield crew
    crew.end()


@pytest.fixture
def two(lasting_crew, monkeypatch):
    """`grade` by those two workers."""

    def crew(*given):
        return lasting_crew if given == (2, None, "bubblewrap", LIMITS) else Crew(*given)

    monkeypatch.setattr(room, "Crew", crew)
    return lambda course, inbox: grade(course, inbox, limits=LIMITS, jobs=2)


@contextlib.contextmanager
def killed_now_and_then(course, victims, *pause):
    """From the first result on, kill one of these processes after each pause, four at most, while the block runs.

    victims: gives the processes to choose from.
    pause: shortest and longest, in seconds.
    """
    killed, over, chance = [], threading.Event(), random.Random(5)

    def kill():
        while not list(course.results.glob("*/*.json")) and not over.wait(0.05):
            pass
        while len(killed) < 4 and not over.is_set():
            with contextlib.suppress(psutil.Error):
                if alive := victims():
                    victim = chance.choice(alive)
                    victim.kill()
                    killed.append(victim.pid)
            over.wait(chance.uniform(*pause))

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()
    assert killed, "nothing was killed: nothing was tested"


def test_the_same_points_and_the_same_bytes_on_one_worker_or_two(course, tmp_path, two):
    blank = skeleton(course, TOPIC, register=False)
    curious = "print(object(), {'b', 'a'}, np.random.rand(), sorted(globals())[:3])\n" + tiny.MEAN
    drawing = "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()\n" + tiny.SCALE
    for number, (mean, scale) in enumerate([(curious, drawing), (WAITING, tiny.SCALE), (tiny.MEAN, tiny.DEAD)]):
        tiny.hand_in(tmp_path / "inbox", f"s{number}", tiny.answer(blank, q1_mean=mean, q2_scale=scale))
    pages = []
    for grade_all in (lambda *given: grade(*given, limits=LIMITS, jobs=1), two, two):
        here = open_course(course.root, output=tmp_path / f"graded{len(pages)}")
        done = grade_all(here, tmp_path / "inbox")
        found = {path.relative_to(here.build): path.read_bytes() for path in feedback(here)}
        pages.append(([(one.student, one.points, one.errors) for one in done.results], found))
    assert pages[0] == pages[1] == pages[2]
    assert len(pages[0][1]) == 3


def test_workers_that_are_killed_lose_nothing(course, tmp_path, two):
    students = hand_in(course, tmp_path / "inbox", 12, 0.4)
    with killed_now_and_then(course, workers, 2.0, 4.0):
        done = two(course, tmp_path / "inbox")
    assert (done.left, done.problems) == ([], [])
    assert sorted(scores(course)) == [(student, 7) for student in sorted(students)]
    with sqlite3.connect(course.build / "ledger.db") as database:
        assert database.execute("select count(*) from outcome").fetchone() == (12,)
    database.close()


def test_servers_that_are_killed_in_mid_submission_cost_nobody_a_point(course, tmp_path, two):
    """The process that forks the others dies, and all of them with it: no cell and no answer is blamed."""
    students = hand_in(course, tmp_path / "inbox", 8, 0.6)
    with killed_now_and_then(course, servers, 1.5, 1.5):
        done = two(course, tmp_path / "inbox")
    assert (done.left, done.problems) == ([], [])
    assert sorted(scores(course)) == [(student, 7) for student in sorted(students)]


def test_no_process_outlives_the_grading(course, tmp_path, two, lasting_crew):
    """The last that the two workers do: what they and their servers are, ends with them."""
    hand_in(course, tmp_path / "inbox", 2, 0)
    before = set(psutil.Process().children(recursive=True))
    lasting_crew.start(2)
    mine = {one for worker in workers() for one in (worker, *worker.children(recursive=True))}
    two(course, tmp_path / "inbox")
    lasting_crew.end()
    deadline = time.monotonic() + 10
    while left := set(psutil.Process().children(recursive=True)) - (before - mine):
        # Python's own tracker of shared memory stays until the tests end.
        left -= set(below(lambda _, line: "resource_tracker" in " ".join(line)))
        if not left:
            break
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def test_a_server_ends_with_the_worker_that_started_it():
    program = (
        "import time; from mylib.classroom.sandbox.client import _start; server, control = _start('bubblewrap');"
        "print(server.pid, flush=True); time.sleep(60)"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    server = psutil.Process(int(worker.stdout.readline()))
    deadline = time.monotonic() + 30
    while not any("mylib.classroom.sandbox" in one.cmdline() and "bwrap" not in one.name() for one in _below(server)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    inside = [server, *_below(server)]  # it need not be warm to be ended
    assert len(inside) > 1
    worker.kill()
    worker.communicate()
    gone, alive = psutil.wait_procs(inside, timeout=10)
    assert not alive


def _below(process):
    return process.children(recursive=True)


def test_a_result_that_arrives_twice_is_kept_once(tmp_path):
    ledger = Ledger(tmp_path / "ledger.db")
    key = (TOPIC, "ada", "abc")
    for seconds in (1.0, 2.0):
        ledger.finish(key, Outcome(seconds=seconds))
    assert ledger.finished(key) == Outcome(seconds=1.0)
    assert ledger.standing(TOPIC, "ada") is None
    ledger.recorded(Fingerprinted(Intake(Submission("ada", TOPIC, tmp_path), None), {"a limit": "1"}, "abc"))
    assert Ledger(tmp_path / "ledger.db").standing(TOPIC, "ada") == {"a limit": "1"}


def test_ctrl_c_keeps_what_is_graded_and_names_the_rest(course, tmp_path):
    students = hand_in(course, tmp_path / "inbox", 6, 1.0)
    run = mylib(course, "grade", "--submitted", tmp_path / "inbox", "--jobs", 1, "--cell-seconds", 3)
    deadline = time.monotonic() + 60
    while len(list(course.results.glob("*/*.json"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[0]
    assert run.returncode == 130, said
    graded = {student for student, _ in scores(course)}
    assert 1 <= len(graded) < 6
    assert {student for student in students if f"{student}/{TOPIC}" in said.split("not graded:")[1]} == {
        *students
    } - graded
    again = grade(course, tmp_path / "inbox", limits=LIMITS, jobs=1)
    assert len(again.unchanged) + len(again.results) == 6
    assert again.unchanged
    assert sorted(scores(course)) == [(student, 7) for student in students]


def test_ctrl_c_in_the_middle_of_a_record_waits_for_its_end(course, tmp_path, monkeypatch):
    """What stands in the gradebook is not told to be missing, and its ledger knows of it."""
    hand_in(course, tmp_path / "inbox", 2, 0)
    record = recorder.Recorder.record

    def interrupted(self, examined):
        signal.raise_signal(signal.SIGINT)
        return record(self, examined)

    monkeypatch.setattr(recorder.Recorder, "record", interrupted)
    done = grade(course, tmp_path / "inbox", limits=LIMITS, jobs=1)
    assert done.interrupted
    ((first, points),) = scores(course)
    assert points == 7
    assert [one.student for one in done.results] == [first]
    assert done.left == [({"student0": "student1", "student1": "student0"}[first], TOPIC)]
    monkeypatch.undo()
    assert grade(course, tmp_path / "inbox", limits=LIMITS, jobs=1).unchanged == [(first, TOPIC)]


def test_ctrl_c_twice_stops_at_once():
    def press_twice():
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            pytest.fail("the second was not heard")

    with pytest.raises(KeyboardInterrupt):
        press_twice()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_scheduler_that_stops_loses_nothing(course, tmp_path):
    students = hand_in(course, tmp_path / "inbox", 6, 1.0)
    address = tmp_path / "scheduler.json"
    scripts = Path(sys.executable).parent
    scheduler = subprocess.Popen(
        [scripts / "dask", "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", address],
        stderr=subprocess.DEVNULL,
    )
    worker = subprocess.Popen(
        [scripts / "dask", "worker", "--scheduler-file", address, "--nthreads", "1", "--no-dashboard"]
        + ["--no-nanny", "--death-timeout", "10", "--local-directory", tmp_path / "spill"],
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not address.exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        url = json.loads(address.read_text())["address"]

        def stop_after_the_first():
            while not list(course.results.glob("*/*.json")):
                time.sleep(0.05)
            scheduler.kill()

        threading.Thread(target=stop_after_the_first, daemon=True).start()
        done = grade(course, tmp_path / "inbox", limits=LIMITS, scheduler=url)
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()
    assert done.left
    assert any("not graded" in problem for problem in done.problems)
    assert len(done.left) + len(done.results) == 6
    again = grade(course, tmp_path / "inbox", limits=LIMITS, jobs=1)
    assert (len(again.unchanged), again.left) == (len(done.results), [])
    assert sorted(scores(course)) == [(student, 7) for student in students]


def test_a_locked_gradebook_keeps_the_result_for_the_next_run(course, tmp_path, monkeypatch):
    hand_in(course, tmp_path / "inbox", 2, 0)
    monkeypatch.setattr(recorder, "LOCKED_TRIES", 1)
    examine_all = Crew.examine_all

    def lock_first(*arguments):
        yield from ((key, content, "") for key, content, _ in list(examine_all(*arguments)) if not locker())

    lock = []

    def locker():
        if not lock:
            lock.append(sqlite3.connect(course.build / "gradebook.db", isolation_level=None))
            lock[0].execute("begin exclusive")

    monkeypatch.setattr(Crew, "examine_all", lock_first)
    done = grade(course, tmp_path / "inbox", limits=LIMITS, jobs=1)
    lock[0].close()
    assert len(done.left) == 2
    assert all("locked by another program" in problem for problem in done.problems[:2])

    def nothing_is_examined(_, tasks):
        for key, _ in tasks:
            raise AssertionError(f"the result was there: {key}")
        return iter([])

    monkeypatch.setattr(Crew, "examine_all", nothing_is_examined)
    again = grade(course, tmp_path / "inbox", limits=LIMITS, jobs=1)
    assert [result.points for result in again.results] == [7, 7]


FULL_DISK = """
import subprocess, sys
from mylib.classroom.cli import app
from tests.classroom.lasting import servers

size, output, *command = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", output], check=True)
with servers():
    for turn in ("FIRST", "SECOND"):
        try:
            app(command)
        except SystemExit as end:
            print(turn, end.code or 0, flush=True)
        subprocess.run(["mount", "-o", "remount,size=100m", output], check=True)
"""


def test_a_full_disk_stops_the_run_and_loses_nothing(course, tmp_path):
    if not shutil.which("unshare") or subprocess.run(["unshare", "-Urm", "true"]).returncode:
        pytest.skip("a small disk needs a user namespace; this system allows none")
    hand_in(course, tmp_path / "inbox", 12, 0)
    output = tmp_path / "output"
    output.mkdir()
    arguments = ["--course", course.root, "grade", "--submitted", tmp_path / "inbox", "--output", output]
    command = [sys.executable, "-c", FULL_DISK, "300k", output, *arguments, "--jobs", "1"]
    said = subprocess.run(
        ["unshare", "-Urm", *map(str, command)],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "200", "PYTHONPATH": str(tiny.ROOT)},
    )
    first, second = said.stdout.split("FIRST ")
    assert "SECOND 0" in second, said.stdout + said.stderr
    assert "left ungraded" in first or "No space" in said.stderr + first or "full" in said.stderr + first
    assert second.startswith(("1", "2")), said.stdout + said.stderr
    assert "0 left ungraded" in second
