"""One set of pins for pip, conda and Binder; documentation that agrees with what is there."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins():
    """Name to the version that requirements.txt pins."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return dict(
        re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)", line).groups() for line in lines if re.match(r"\w", line)
    )


def test_every_dependency_is_pinned_to_a_version_that_it_allows():
    locked = {name.lower().replace("_", "-"): version for name, version in pins().items()}
    for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]:
        wanted = Requirement(text)
        assert locked[wanted.name.lower()] in wanted.specifier, (
            f"{text}: the lock holds {locked[wanted.name.lower()]}"
        )


def test_conda_installs_the_same_pins_and_nothing_else():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["-r requirements.txt", "-e ."]}
    assert [name.split("=")[0] for name in conda] == ["python", "pip"], (
        "everything else comes from requirements.txt"
    )
    assert conda[0].split("=")[1] in SpecifierSet(PROJECT["requires-python"])


def test_no_file_names_a_package_index():
    for name in ("requirements.txt", "pyproject.toml", "environment.yml", "Makefile"):
        assert not re.search(r"--(extra-)?index-url|--find-links|https?://", (ROOT / name).read_text()), name


def test_make_alone_lists_every_target_of_the_readme():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in set(re.findall(r"`make (\w+)", (ROOT / "README.md").read_text())):
        assert f"make {target} " in listed, target


def test_offline_runs_the_command_and_reaches_nothing():
    program = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)"  # an address kept for examples
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "offline.py", sys.executable, "-c", program],
        capture_output=True,
        text=True,
    )
    first, *_ = done.stdout.splitlines()
    assert first in (
        "the network is off for this run",
        "this system does not allow switching the network off; running with it",
    )
    assert done.returncode != 0
    if first.startswith("the network is off"):
        assert "Network is unreachable" in done.stderr
