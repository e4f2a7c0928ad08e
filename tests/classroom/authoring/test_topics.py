"""New topics and topics that move: every room, number, link and import follows, and nothing before it was shown."""

import nbformat
import pytest

from mylib import syllabus
from mylib.classroom.authoring import topics
from mylib.classroom.authoring.lint import lint

FACTS = """title = "T"
deck = "D"
slides = "all"
number = {number}
needs = {needs}

[[methods]]
name = "{name}"
title = "T"
slide = "S"
"""


@pytest.fixture
def root(tmp_path):
    """Three topics in two parts; each lecture links to all others, and `third` imports `first`."""
    places = [("vision", "first", 1, ""), ("vision", "second", 2, ""), ("attention", "third", 1, '"first"')]
    for part, name, number, needs in places:
        package = tmp_path / "mylib" / part / name
        package.mkdir(parents=True)
        (package / "topic.toml").write_text(FACTS.format(number=number, needs=f"[{needs}]", name=name))
        (tmp_path / "tests" / part / name).mkdir(parents=True)
        (tmp_path / "tests" / part / name / "test_worked.py").write_text(f"from mylib.{part}.{name} import scratch\n")
    (tmp_path / "mylib/attention/third/scratch.py").write_text(
        "from mylib.vision.first.scratch import f  # mylib/vision/first\n"
    )
    for one in syllabus.read(tmp_path):
        links = [f"[a]({link})" for link in LINKS[one.part] if one.name not in link]
        (tmp_path / one.lecture).parent.mkdir(parents=True, exist_ok=True)
        cells = [nbformat.v4.new_markdown_cell("\n".join(links), id="links")]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / one.lecture)
    (tmp_path / "README.md").write_text(
        "[a](lectures/01_vision/02_second.ipynb) [b](lectures/02_attention/01_third.ipynb)"
    )
    return tmp_path


LINKS = {
    "vision": ("01_first.ipynb", "02_second.ipynb", "../02_attention/01_third.ipynb"),
    "attention": ("../01_vision/01_first.ipynb", "../01_vision/02_second.ipynb"),
}


def broken_links(root):
    """Links of all lectures that lead nowhere."""
    broken = []
    for path in sorted(root.glob("lectures/*/*.ipynb")):
        for link in nbformat.read(path, as_version=4).cells[0].source.split("\n"):
            if link.startswith("[a](") and not (path.parent / link[4:-1]).exists():
                broken.append((path.name, link))
    return broken


def test_a_new_topic_has_its_rooms_and_those_after_it_move_on(root):
    plan = topics.new_topic(root, "vision", "new_one", 'A "new" one', after="first")
    assert not (root / "mylib/vision/new_one").exists(), "a plan changes nothing"
    plan.carry_out()
    found = {one.name: one for one in syllabus.read(root)}
    assert [(one.part, one.number) for one in found.values()] == [
        *(("vision", number) for number in (1, 2, 3)),
        ("attention", 1),
    ]
    assert list(found)[1] == "new_one"
    assert found["new_one"].title == 'A "new" one'
    assert not broken_links(root)
    assert "lectures/01_vision/03_second.ipynb" in (root / "README.md").read_text()
    for room in (
        found["new_one"].lecture,
        found["new_one"].solution,
        found["new_one"].package / "contract.py",
    ):
        assert (root / room).exists(), room
    assert lint(root / found["new_one"].solution) == []


def test_nothing_of_a_new_topic_is_published_before_it_is_written(root):
    topics.new_topic(root, "language", "new_one", "New").carry_out()
    (new,) = [one for one in syllabus.read(root) if one.name == "new_one"]
    named = {message.split(":")[0] for message in topics.leftovers(root, [new])}
    written = {path.relative_to(root).as_posix() for path in root.rglob("*new_one*") if path.is_file()}
    written |= {path.relative_to(root).as_posix() for path in root.glob("*/language/new_one/*")}
    written |= {path.relative_to(root).as_posix() for path in root.glob("tests/answers/new_one/*")}
    assert named == written
    assert len(named) == 13
    assert (root / "mylib/language/__init__.py").exists(), "the first topic of a part makes the part a package"


def test_a_topic_never_moves_behind_one_that_needs_it(root):
    with pytest.raises(ValueError, match="expected first between what it needs and what needs it, got third"):
        topics.move_topic(root, "first", "attention")


def test_a_topic_that_moves_takes_everything_along(root):
    plan = topics.move_topic(root, "second", "attention", after="third")
    lines = list(plan.lines())
    assert "move lectures/01_vision/02_second.ipynb to lectures/02_attention/02_second.ipynb" in lines
    assert "move mylib/vision/second to mylib/attention/second" in lines
    plan.carry_out()
    assert [(one.part, one.number, one.name) for one in syllabus.read(root)] == [
        ("vision", 1, "first"),
        ("attention", 1, "third"),
        ("attention", 2, "second"),
    ]
    assert not broken_links(root)
    assert (
        root / "tests/attention/second/test_worked.py"
    ).read_text() == "from mylib.attention.second import scratch\n"
    assert not (root / "mylib/vision/second").exists()
    assert "(lectures/02_attention/02_second.ipynb)" in (root / "README.md").read_text()


def test_order_within_a_part_changes(root):
    topics.move_topic(root, "first", "vision", after="second").carry_out()
    assert [one.name for one in syllabus.read(root)] == ["second", "first", "third"]
    assert not broken_links(root)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nonsense", "new_one", "T"), "expected a part of .*, got 'nonsense'"),
        (("vision", "New-One", "T"), "lower-case words joined by _, got 'New-One'"),
        (("vision", "first", "T"), "that no topic has, got 'first'"),
        (("vision", "new_one", "T", "third"), r"of vision, one of \['first', 'second'\], got 'third'"),
    ],
)
def test_a_place_that_will_not_do_is_refused(root, arguments, message):
    with pytest.raises(ValueError, match=message):
        topics.new_topic(root, *arguments)
