"""The house keeps its shape: every row has its rooms, every room has its row, and imports follow the syllabus."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

from mylib import engine, syllabus

TOPICS = syllabus.topics()
ROOT = syllabus.ROOT
SIDES = ("scratch", "pytorch")
# What a public docstring must have; constants (upper case) carry theirs as comments.
SECTIONS = ("Args:", "Returns:", "Source:")


def module(topic, side):
    return importlib.import_module(f"mylib.{topic.part}.{topic.name}.{side}")


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_six_rooms_stand(topic):
    missing = [str(room) for room in topic.rooms if not (ROOT / room).exists()]
    assert not missing, f"{topic.name}: expected {missing}, found none; build the room or remove the row"


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_public_names_are_those_of_the_syllabus(topic, side):
    listed = {method.name for method in topic.methods if method.twins or side == "scratch"}
    public = module(topic, side)
    assert set(public.__all__) == listed
    assert all(hasattr(public, name) for name in listed)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_twins_have_the_same_signatures(topic):
    scratch, pytorch = (module(topic, side) for side in SIDES)
    for name in (method.name for method in topic.methods if method.twins):
        ours, theirs = getattr(scratch, name), getattr(pytorch, name)
        if callable(ours):
            assert _signature(ours) == _signature(theirs), name


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_public_docstrings_have_their_sections(topic, side):
    for name in module(topic, side).__all__:
        thing = getattr(module(topic, side), name)
        if callable(thing):
            text = inspect.getdoc(thing) or ""
            wanted = SECTIONS if not inspect.isclass(thing) else ("Args:", "Source:")
            missing = [section for section in wanted if section not in text]
            assert not missing, f"{side}.{name}: docstring lacks {missing}"


ENGINE = [
    pytest.param(thing, id=f"{room.__name__.removeprefix('mylib.')}.{name}")
    for room in (engine, engine.nn, engine.optim)
    for name, thing in sorted(vars(room).items())
    if getattr(room, "__all__", None) is None or name in room.__all__
    if getattr(thing, "__module__", "").startswith(room.__name__) and not inspect.ismodule(thing)
]


@pytest.mark.parametrize("thing", ENGINE)
def test_public_docstrings_of_the_engine_have_their_sections(thing):
    text = inspect.getdoc(thing) or ""
    wanted = ("Args:", "Source:") if inspect.isclass(thing) else SECTIONS
    missing = [section for section in wanted if section not in text]
    assert not missing, f"docstring lacks {missing}"


def test_the_list_of_engine_docstrings_is_complete():
    named = {case.id.split(".")[-1] for case in ENGINE}
    assert {*engine.__all__, *engine.nn.__all__, "SGD", "Adam", "AdamW", "Optimizer"} == named | {
        "nn",
        "optim",
    }


def test_every_example_in_a_docstring_is_one_that_doctest_finds():
    # doctest reads ">>>" only at the beginning of a line: "Example: >>> f(x)" would never run.
    for path in ROOT.glob("mylib/**/*.py"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            hidden = (
                ">>> " in line and not line.lstrip().startswith(">>> ") and not line.lstrip().startswith("#")
            )
            assert not hidden, f"{path.relative_to(ROOT)}:{number}: start a new line before >>>"


def test_no_room_without_a_row():
    names = {topic.name for topic in TOPICS}
    found = {path.parent.name for path in ROOT.glob("mylib/*/*/scratch.py")}
    found |= {path.parent.name for path in ROOT.glob("solutions/[!.]*/*.ipynb")}
    found |= {path.parent.name for path in ROOT.glob("exercises/[!.]*/*.ipynb")}
    found |= {path.stem[3:] for path in ROOT.glob("lectures/[!.]*/*.ipynb")}
    found |= {
        path.stem.removeprefix("test_")
        for part in syllabus.PARTS
        for path in ROOT.glob(f"tests/{part}/test_*.py")
    }
    assert found <= names, (
        f"expected a row in mylib/syllabus.toml for {sorted(found - names)}; add it or remove the room"
    )


def test_every_claim_of_a_method_is_listed():
    for topic in TOPICS:
        listed = {claim.name for claim in topic.claims}
        named = {method.claim for method in topic.methods if method.claim}
        assert named <= listed


TOPIC_FILES = [path for part in syllabus.PARTS for path in sorted(ROOT.glob(f"mylib/{part}/*/*.py"))]


@pytest.mark.parametrize("path", TOPIC_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_order_of_the_syllabus(path):
    part, name = path.relative_to(ROOT / "mylib").parts[:2]
    order = [f"mylib.{topic.part}.{topic.name}" for topic in TOPICS]
    own = order.index(f"mylib.{part}.{name}")
    shared = ("engine", "data", "fit", "plots", "check", "claims")
    allowed = [f"mylib.{room}" for room in shared] + order[: own + 1]
    for imported in _imports(path):
        if imported.startswith("mylib"):
            assert any(imported == a or imported.startswith(a + ".") for a in allowed), f"{path}: {imported}"


@pytest.mark.parametrize("path", TOPIC_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_twins_stay_apart(path):
    """scratch*.py knows no torch and no twin, pytorch*.py no twin; any other file serves both, and knows neither."""
    others = {"scratch": ("pytorch",), "pytorch": ("scratch",)}.get(_side(path.stem), SIDES)
    for imported in _imports(path):
        room, _, rest = imported.removeprefix("mylib.").partition(".")
        if imported.startswith("mylib") and room in syllabus.PARTS:
            file = rest.split(".")[1] if "." in rest else ""
            assert _side(file) not in others, f"{path} imports {imported}"
        if _side(path.stem) != "pytorch":
            assert imported.split(".")[0] != "torch", f"{path} imports torch"


def test_only_the_command_line_side_knows_the_classroom():
    for path in ROOT.glob("mylib/**/*.py"):
        if "classroom" not in path.parts:
            assert not any("classroom" in imported for imported in _imports(path)), path


def _side(stem):
    """ "scratch" for scratch.py and scratch_boxes.py, "pytorch" likewise, "" for all others."""
    return next((side for side in SIDES if stem == side or stem.startswith(f"{side}_")), "")


def _imports(path):
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # The checks read whole names; imports from "." or ".." would slip through.
            assert not node.level or "classroom" in path.parts or "data" in path.parts, (
                f"{path}: write mylib...."
            )
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _signature(thing):
    return [(p.name, p.default) for p in inspect.signature(thing).parameters.values()]
