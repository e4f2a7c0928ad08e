"""The table of rooms over budget, of small runs in processes of their own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.budget import Budget, outlook, room_of, spent

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

def pytest_configure(config):
    config.pluginmanager.register(budget.Budget(), "budget")
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
    said = run(tmp_path, 1, *options)
    assert "rooms over their budget, in CPU seconds" in said
    [line] = [line for line in said.splitlines() if line.startswith("busy ")]
    _, seconds, _, budget = line.split()
    assert budget == "1"
    assert 1.2 <= float(seconds) < 30
    assert "idle" not in said


def test_one_line_says_that_all_are_within(tmp_path):
    said = run(tmp_path, 1000)
    assert "each of 2 rooms is within its budget of CPU seconds" in said
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
        ("tests/classroom/test_browser.py", "", ("mutants, nbgrader and browser", 120)),
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
    said = outlook(seconds, cores=2)
    assert said.startswith("2 topics: 60 CPU seconds, 30 each; everything else: 60.")
    assert said.endswith(f"54 topics take {(54 * 30 + 60) / 60 / 2:.0f} minutes on 2 cores")


def test_a_run_over_one_topic_has_no_outlook():
    assert outlook({"lecture 01_a": 40.0, "answers of a": 10.0}, cores=2) == ""
