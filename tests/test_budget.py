"""The table of rooms over budget, of small runs in processes of their own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.budget import TOPICS, Budget, outlook, room_of, spent
from tests.speed import EVERY, REFERENCE, Slowness

ROOT = Path(__file__).resolve().parents[1]
WORK = """
import subprocess, sys, time

import pytest

BUSY = "import time; end = time.process_time() + {}\\nwhile time.process_time() < end: pass"

@pytest.fixture(scope="module")
def helper():
    with subprocess.Popen([sys.executable, "-c", BUSY.format(0.4) + "\\ntime.sleep(60)"]) as child:
        yield
        child.kill()

def test_one(helper):
    exec(BUSY.format(0.4))
    subprocess.run([sys.executable, "-c", BUSY.format(0.4)], check=True)
    time.sleep(0.5)  # costs nothing

def test_fails():
    assert False
"""
CONFTEST = """
from tests import budget

budget.ROOMS = {"busy": (%s, ("test_busy.py",)), "idle": (1, ("test_idle.py",))}

class Slow:
    def now(self):
        return 2.0

def pytest_configure(config):
    config.pluginmanager.register(budget.Budget(Slow()), "budget")
"""


def run(folder, budget, *options):
    """What a run of two small files says, the last lines first."""
    (folder / "test_busy.py").write_text(WORK)
    (folder / "test_idle.py").write_text("def test_nothing(): pass")
    (folder / "conftest.py").write_text(CONFTEST % budget)
    (folder / "pytest.ini").write_text("[pytest]")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, "a test fails, and nothing else does" + done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two"])
def test_a_room_over_its_budget_is_named_with_what_its_children_cost(tmp_path, options):
    said = run(tmp_path, 0.5, *options)  # 1.2 seconds here, on a core that is half as fast as the reference
    assert "rooms over their budget, in reference seconds" in said
    assert "a reference second took 2.00 seconds of a core of this machine" in said
    [line] = [line for line in said.splitlines() if line.startswith("busy ")]
    _, seconds, _, budget = line.split()
    assert budget == "0.5"
    assert 0.6 <= float(seconds) < 15
    assert "idle" not in said


def test_one_line_says_that_all_are_within(tmp_path):
    said = run(tmp_path, 1000)
    assert "each of 2 rooms is within its budget, in reference seconds" in said
    assert "busy " not in said


@pytest.mark.parametrize(
    ("path", "topic", "expected"),
    [
        ("tests/vision/perceptron/test_twins.py", "", ("tests of perceptron", 25)),
        ("tests/check/test_check.py", "", None),
        ("tests/engine/test_tape.py", "", None),
        ("lectures/01_vision/01_perceptron.ipynb", "", ("lecture 01_perceptron", 45)),
        ("tests/classroom/authoring/test_exercises.py", "perceptron", ("answers of perceptron", 15)),
        ("tests/classroom/authoring/test_exercises.py", "", None),
        ("tests/classroom/grading/test_workers.py", "", ("cluster", 90)),
        ("tests/classroom/sandbox/test_attacks.py", "", ("attacks", 150)),
        ("tests/classroom/test_browser.py", "", ("mutants, nbgrader and browser", 8 * TOPICS)),
    ],
)
def test_a_test_belongs_to_the_room_of_its_file_or_topic(path, topic, expected):
    assert room_of(path, topic) == expected


def test_what_is_done_once_for_all_rooms_belongs_to_none():
    count = Budget()
    count.last, end = spent(), time.process_time() + 0.5
    while time.process_time() < end:
        pass
    assert spent() - count.last >= 0.5
    count.forget()
    assert spent() - count.last < 0.4


def test_every_file_with_a_budget_is_there():
    from tests import budget

    paths = [*budget.BY_TOPIC, *(path for _, all_of_it in budget.ROOMS.values() for path in all_of_it)]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_outlook_adds_what_every_topic_costs_and_what_is_there_once():
    seconds = {"lecture 01_a": 40.0, "answers of a": 10.0, "tests of b": 6.0, "answers of b": 4.0, "cluster": 60.0}
    said = outlook(seconds | {"site and slides": 20.0}, cores=2)  # a room that goes through all topics grows with them
    assert said.startswith("2 topics: 80 reference seconds, 40 each; everything else: 60.")
    assert said.endswith(f"54 topics take {(54 * 40 + 60) / 60 / 2:.0f} minutes on 2 such cores")


def test_a_run_over_one_topic_has_no_outlook():
    assert outlook({"lecture 01_a": 40.0, "answers of a": 10.0}, cores=2) == ""


def test_slowness_is_that_of_the_faster_of_two_and_is_measured_again_when_it_is_old():
    spent_by_work = iter([0.0, 3.0, 10.0, 12.0, 20.0, 21.0, 30.0, 34.0])  # works of 3 and 2 seconds, then of 1 and 4
    times = iter([0.0, EVERY / 2, 1.5 * EVERY, 1.5 * EVERY])
    slowness = Slowness(clock=lambda: next(times), timer=lambda: next(spent_by_work))
    found = [slowness.now() for _ in range(3)]
    assert found == pytest.approx([2 / REFERENCE, 2 / REFERENCE, 1 / REFERENCE])


def test_slowness_of_this_machine_is_a_ratio_that_repeats():
    slowness = [Slowness().now() for _ in range(5)]
    assert 0.05 < min(slowness) < 20, "a processor of this century"
    assert sorted(slowness)[2] < 3 * min(slowness), "the same work, a moment later"
