"""The house keeps its shape: every topic has its rooms, every room its topic, and imports follow the syllabus."""

import ast
import importlib
import inspect
from pathlib import Path

import nbformat
import pytest

from mylib import engine, syllabus
from mylib.classroom.authoring.topics import leftovers

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
            hidden = ">>> " in line and not line.lstrip().startswith(">>> ") and not line.lstrip().startswith("#")
            assert not hidden, f"{path.relative_to(ROOT)}:{number}: start a new line before >>>"


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_no_placeholder_is_left(topic):
    assert not leftovers(ROOT, [topic])


@pytest.mark.parametrize(
    "topic", [topic for topic in TOPICS if (ROOT / topic.lecture).exists()], ids=lambda topic: topic.name
)
def test_the_glossary_has_words_that_the_lecture_uses(topic):
    assert len(topic.terms) >= 3, f"{topic.name}: expected [[terms]] for what the lecture defines first"
    cells = nbformat.read(ROOT / topic.lecture, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = " ".join(text.replace("*", "").split()).lower()  # a name may be in bold, or broken over two lines
    missing = [term.name for term in topic.terms if term.name.lower() not in text]
    assert not missing, f"{topic.name}: the lecture never says {missing}"


def test_no_room_without_a_row():
    names = {topic.name for topic in TOPICS}
    found = {path.parent.name for path in ROOT.glob("mylib/*/*/scratch.py")}
    found |= {path.parent.name for path in ROOT.glob("solutions/[!.]*/*.ipynb")}
    found |= {path.parent.name for path in ROOT.glob("exercises/[!.]*/*.ipynb")}
    found |= {path.stem[3:] for path in ROOT.glob("lectures/[!.]*/*.ipynb")}
    found |= {path.parent.name for part in syllabus.PARTS for path in ROOT.glob(f"tests/{part}/*/test_*.py")}
    assert found <= names, f"expected a topic.toml for {sorted(found - names)}; add it or remove the room"


FACTS = """
title = "Sums"
deck = "A deck"
slides = "all"
number = 1
needs = []
methods = [{ name = "add", title = "Addition", slide = "One", claim = "sums-add" }]
claims = [{ name = "sums-add", says = "They add.", scale = "none" }]
"""


@pytest.fixture
def house(tmp_path):
    """Write a topic.toml. Returns: a function from part, name and text to what is read of all."""

    def write(part, name, text):
        folder = tmp_path / "mylib" / part / name
        folder.mkdir(parents=True)
        (folder / "topic.toml").write_text(text)
        return syllabus.read(tmp_path)

    return write


def test_a_topic_is_what_its_file_says(house):
    (one,) = house("generation", "sums", FACTS)
    assert (one.part, one.name, one.slides) == ("generation", "sums", "A deck: all")
    assert one.lecture == Path("lectures/10_generation/01_sums.ipynb")
    assert one.methods == (syllabus.Method("add", "Addition", "One", "sums-add"),)
    assert one.claims == (syllabus.Claim("sums-add", "They add.", "none"),)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title =", "titel =", "titel"),
        ("number = 1", 'number = "1"', r"Expected `int`, got `str` - at `\$.number`"),
        ("needs = []", "", "needs"),
        ("slide =", "slid =", r"slid` - at `\$.methods\[0\]`"),
        ('claim = "sums-add"', 'claim = "sums-ad"', r"of \['sums-add'\], got 'sums-ad'"),
        ("needs = []", 'needs = ["product"]', "got 'product'"),
        ("needs = []", "needs = [", "topic.toml: "),
    ],
)
def test_what_is_not_known_in_a_topic_is_quoted(house, old, new, message):
    assert old in FACTS
    with pytest.raises(ValueError, match=message) as caught:
        house("vision", "sums", FACTS.replace(old, new))
    assert "vision/sums/topic.toml" in str(caught.value)


def test_a_folder_of_no_part_is_quoted(house):
    with pytest.raises(ValueError, match="expected a part of .*, got 'nonsense'"):
        house("nonsense", "sums", FACTS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, r"each number once, got \['vision 1'\]"),
        ({"number = 1": "number = 2"}, r"each claim once, got \['sums-add'\]"),
    ],
)
def test_what_belongs_to_two_topics_is_quoted(house, change, message):
    house("vision", "sums", FACTS)
    for old, new in change.items():
        text = FACTS.replace(old, new)
    with pytest.raises(ValueError, match=message):
        house("vision", "other", text if change else FACTS)


@pytest.mark.parametrize("name", ["addition", "Addition"])
def test_a_term_of_two_topics_is_quoted(house, name):
    house("vision", "sums", FACTS + 'terms = [{ name = "addition", means = "To add." }]')
    other = FACTS.replace("number = 1", "number = 2").replace("sums-add", "other-add")
    with pytest.raises(ValueError, match=r"each term once, got \['addition'\]"):
        house("vision", "other", other + f'terms = [{{ name = "{name}", means = "To add." }}]')


def test_a_topic_needs_only_what_stands_before_it(house):
    other = FACTS.replace("number = 1", "number = 2").replace("sums-add", "other-add")
    first, second = [house("vision", "sums", FACTS), house("vision", "other", other)][1]
    assert (first.name, second.name) == ("sums", "other")
    with pytest.raises(ValueError, match=r"third.*before it, of \['sums', 'other'\], got 'third'"):
        house(
            "vision",
            "third",
            other.replace("2", "3").replace("other-", "third-").replace("[]", '["third"]', 1),
        )


TOPIC_FILES = [path for part in syllabus.PARTS for path in sorted(ROOT.glob(f"mylib/{part}/*/**/*.py"))]


@pytest.mark.parametrize("path", TOPIC_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_topic_imports_what_it_says_that_it_needs(path):
    own = syllabus.topic(path.relative_to(ROOT / "mylib").parts[1])
    needs = [own, *(syllabus.topic(name) for name in own.needs)]
    shared = ("engine", "data", "shared", "fit", "plots", "check", "claims")
    allowed = [f"mylib.{room}" for room in shared] + [f"mylib.{one.part}.{one.name}" for one in needs]
    for imported in _imports(path):
        if imported.startswith("mylib"):
            assert any(imported == a or imported.startswith(a + ".") for a in allowed), f"{path}: {imported}"


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_needs_what_it_imports(topic):
    imported = {name for path in (ROOT / topic.package).rglob("*.py") for name in _imports(path)}
    for name in topic.needs:
        package = ".".join(syllabus.topic(name).package.parts)
        assert any(one.startswith(f"{package}.") for one in imported), f"{name} is needed by no file; drop it"


@pytest.mark.parametrize("path", TOPIC_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_private_name_crosses_a_topic(path):
    own = ".".join(path.relative_to(ROOT).parts[:3])
    for imported in _imports(path):
        if imported.startswith("mylib.") and not imported.startswith(f"{own}."):
            assert not imported.split(".")[-1].startswith("_"), f"{path} imports {imported}"


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
            assert not node.level or "classroom" in path.parts or "data" in path.parts, f"{path}: write mylib...."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _signature(thing):
    """Names and defaults; a default that is a function (a kernel) is each side's own of that name."""
    named = ((p.name, p.default) for p in inspect.signature(thing).parameters.values())
    return [(name, default.__name__ if inspect.isfunction(default) else default) for name, default in named]
