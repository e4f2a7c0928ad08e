"""The rooms of the classroom: imports go one way, from the notebook to the command line."""

import ast

import pytest

from mylib.syllabus import ROOT

CLASSROOM = ROOT / "mylib" / "classroom"
ORDER = ("notebook", "course", "intake", "authoring", "publishing", "sandbox", "grading", "reports", "cli")
PACKAGES = {("publishing", "site"), ("publishing", "slides")}  # with files of their own beside the code
FILES = sorted(path.relative_to(CLASSROOM) for path in CLASSROOM.rglob("*.py"))


def imported(path):
    """(line, dotted name) of everything that a file imports."""
    for node in ast.walk(ast.parse((CLASSROOM / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: write mylib.classroom...."
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_the_classroom_has_these_rooms_and_no_file_outside():
    assert {path.parts[0] for path in FILES} == {*ORDER, "__init__.py"}
    assert not [path for path in FILES if len(path.parts) > 2 and path.parts[:-1] not in PACKAGES]


@pytest.mark.parametrize("path", [path for path in FILES if len(path.parts) > 1], ids=str)
def test_a_room_imports_only_rooms_before_it(path):
    own = ORDER.index(path.parts[0])
    for line, name in imported(path):
        if name.startswith("mylib.classroom."):
            room = name.split(".")[2]
            assert ORDER.index(room) <= own, f"{path}:{line}: {path.parts[0]} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_module_is_named_in_a_string(path):
    """What a rename would miss; docstrings name files."""
    modules = {f"mylib.classroom.{'.'.join(one.with_suffix('').parts)}" for one in FILES}
    for node in ast.walk(ast.parse((CLASSROOM / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = [one for one in modules if one in node.value and not one.endswith("__init__")]
            assert not named, f"{path}:{node.lineno}: names {named}"
