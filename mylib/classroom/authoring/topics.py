"""New topics, and topics that move: their rooms, their numbers, and every link and import that names them.

Both verbs first make a `Plan` of all that would change, which can be shown before anything is written.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from msgspec.structs import replace

from mylib import syllabus
from mylib.classroom.authoring import placeholders

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# A link from one lecture, exercise or page to a lecture: some folders up, perhaps a part, a number and a name.
LINK = re.compile(r"(?P<up>(?:\.\./)*)(?P<folder>(?:lectures/)?(?:\d\d_[a-z_]+/)?)\d\d_(?P<name>[a-z0-9_]+)\.ipynb")
TEXT = ("*.py", "*.ipynb", "*.md", "*.toml", "Makefile")
ROOMS = ("mylib", "tests", "lectures", "solutions", "exercises", "docs", "benchmarks")


@dataclass
class Plan:
    """What is to be done below a root.

    moves: folders and files, from and to, in this order.
    texts: {path after the moves: what it shall contain}.
    """

    root: Path
    moves: list[tuple[Path, Path]] = field(default_factory=list)
    texts: dict[Path, str] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """One line for each change."""
        for source, target in self.moves:
            yield f"move {source.relative_to(self.root)} to {target.relative_to(self.root)}"
        for path in sorted(self.texts):
            yield f"write {path.relative_to(self.root)}"

    def carry_out(self) -> None:
        """Do it."""
        for source, target in self.moves:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)
        for path, text in self.texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def new_topic(root: Path, part: str, name: str, title: str, after: str | None = None) -> Plan:
    """All rooms of a topic that does not exist yet, but for its exercise, which `release` makes.

    Args:    root: of the repository.
             part: of `syllabus.PARTS`.
             name: lower case, words joined by _.
             title: of the lecture.
             after: topic of the same part that it follows; the last without.
    Returns: `Plan`.
    Raises:  ValueError: a part, name or topic that will not do.
    """
    topics = list(syllabus.read(root))
    if not NAME.fullmatch(name):
        raise ValueError(f"new-topic: expected a name of lower-case words joined by _, got {name!r}")
    if name in [one.name for one in topics]:
        raise ValueError(f"new-topic: expected a name that no topic has, got {name!r}")
    number, shifted = _place(topics, part, after)
    claim = f"{name.replace('_', '-')}-placeholder"
    words = {
        "title": title,
        "quoted": json.dumps(title, ensure_ascii=False),
        "name": name,
        "number": number,
        "claim": claim,
        "module": f"mylib.{part}.{name}",
    }
    facts = placeholders.FACTS.format(**words)
    new = syllabus.parse(facts, part, name)
    plan = _renumbered(root, [*topics, new], shifted)
    package, tests = root / new.package, root / new.tests
    plan.texts |= {
        package / "topic.toml": facts,
        package / "__init__.py": placeholders.PACKAGE.format(**words),
        package / "contract.py": placeholders.CONTRACT.format(**words),
        package / "scratch.py": placeholders.SIDE.format(**words, side="in NumPy"),
        package / "pytorch.py": placeholders.SIDE.format(**words, side="in PyTorch"),
        root / new.lecture: nbformat.writes(placeholders.lecture(words)) + "\n",
        root / new.solution: nbformat.writes(placeholders.solution()) + "\n",
        root / "tests" / "answers" / name / "q1-placeholder.py": placeholders.ANSWERS,
    }
    if not (package.parent / "__init__.py").exists():
        plan.texts[package.parent / "__init__.py"] = f'"""Part of the course: {part}, one folder for each topic."""\n'
    for file, against in placeholders.TESTS.items():
        plan.texts[tests / f"test_{file}.py"] = placeholders.TEST.format(**words, against=against)
    return plan


def move_topic(root: Path, name: str, part: str, after: str | None = None) -> Plan:
    """Another place of a topic in the course: in another part, or after another topic.

    Args:    root: of the repository.
             name: of the topic.
             part: where it goes.
             after: topic of that part that it follows; the last without.
    Returns: `Plan`.
    Raises:  ValueError: an unknown part or topic, or a topic that would stand before one that it needs.
    """
    topics = list(syllabus.read(root))
    (old,) = [one for one in topics if one.name == name] or [syllabus.topic(name)]
    others = [one for one in topics if one is not old]
    number, shifted = _place(others, part, after)
    moved = syllabus.Topic(part, name, old.facts)
    plan = _renumbered(root, [*others, moved], {**shifted, name: number}, {name: old})
    order = [(syllabus.PARTS.index(one.part), shifted.get(one.name, one.number), one) for one in others]
    at = (syllabus.PARTS.index(part), number)
    for *place, one in order:
        before, behind = ({*each.needs, *each.facts.builds_on} for each in (moved, one))
        if (one.name in before and tuple(place) > at) or (name in behind and tuple(place) < at):
            raise ValueError(f"move-topic: expected {name} between what it needs and what needs it, got {one.name}")
    return plan


def _place(topics: list[syllabus.Topic], part: str, after: str | None) -> tuple[int, dict[str, int]]:
    """The number that a topic gets, and the new numbers of those that come after it."""
    if part not in syllabus.PARTS:
        raise ValueError(f"expected a part of {syllabus.PARTS}, got {part!r}")
    there = {one.name: one.number for one in topics if one.part == part}
    if after is not None and after not in there:
        raise ValueError(f"--after: expected a topic of {part}, one of {list(there)}, got {after!r}")
    number = 1 + (max(there.values(), default=0) if after is None else there[after])
    taken = number in there.values()
    return number, {name: old + 1 for name, old in there.items() if taken and old >= number}


def _renumbered(
    root: Path,
    topics: list[syllabus.Topic],
    numbers: dict[str, int],
    moved: dict[str, syllabus.Topic] | None = None,
) -> Plan:
    """Lectures, packages and tests that move, and every text that names one of them.

    Args:    topics: as they shall be, but for the numbers.
             numbers: {name: new number}.
             moved: {name: as it was} of topics that change their part.
    """
    plan, moved = Plan(root), moved or {}
    after = {one.name: _with_number(one, numbers.get(one.name, one.number)) for one in topics}
    names: dict[str, str] = {}
    for one in topics:
        old, new = moved.get(one.name, one), after[one.name]
        if (root / old.lecture).exists() and old.lecture != new.lecture:
            plan.moves.append((root / old.lecture, root / new.lecture))
        if old.part != new.part:
            plan.moves += [(root / old.package, root / new.package), (root / old.tests, root / new.tests)]
            names |= {
                re.escape(f"{top}{sep}{old.part}{sep}{one.name}"): f"{top}{sep}{new.part}{sep}{one.name}"
                for top in ("mylib", "tests")
                for sep in "./"
            }
    places = {source: target for source, target in plan.moves}
    for path in _texts(root):
        text = path.read_text(encoding="utf-8")
        place = next((to / path.relative_to(up) for up, to in places.items() if path == up or up in path.parents), path)
        changed = _relinked(text, place.relative_to(root), after)
        for old_name, new_name in names.items():
            changed = re.sub(rf"\b{old_name}\b", new_name, changed)
        if path.name == "topic.toml" and path.parent.name in numbers:
            changed = re.sub(r"(?m)^number = \d+", f"number = {numbers[path.parent.name]}", changed)
        if changed != text:
            plan.texts[place] = changed
    # The last number first: a lecture must not take the place of one that has not moved yet.
    plan.moves.sort(key=lambda move: move[0].name, reverse=True)
    return plan


def _with_number(one: syllabus.Topic, number: int) -> syllabus.Topic:
    return syllabus.Topic(one.part, one.name, replace(one.facts, number=number))


def _texts(root: Path) -> Iterator[Path]:
    for room in ROOMS:
        for pattern in TEXT:
            for path in sorted((root / room).rglob(pattern)):
                if not {".ipynb_checkpoints", "__pycache__"} & set(path.parts):
                    yield path
    yield from (path for path in root.glob("*.md"))


def _relinked(text: str, place: Path, topics: dict[str, syllabus.Topic]) -> str:
    """Every link to a lecture, as it is from a place after the move."""

    def link(found: re.Match[str]) -> str:
        one = topics.get(found["name"])
        if one is None:
            return found[0]
        if not found["up"] and found["folder"].startswith("lectures/"):
            return one.lecture.as_posix()
        if place.parts[0] != "lectures" and not found["up"]:
            return found[0]
        return Path(os.path.relpath(one.lecture, place.parent)).as_posix()

    return LINK.sub(link, text)


def leftovers(root: Path, topics: Iterable[syllabus.Topic]) -> list[str]:
    """Messages about placeholders that nobody has replaced, in the rooms of topics."""
    found = []
    for one in topics:
        rooms = (one.package, one.tests, one.lecture, one.solution, Path("tests", "answers", one.name))
        for room in rooms:
            paths = sorted((root / room).rglob("*")) if (root / room).is_dir() else [root / room]
            found += [
                f"{path.relative_to(root)}: expected what {one.name} is about, got a {placeholders.MARK}; write it"
                for path in paths
                if path.suffix in (".py", ".ipynb", ".toml") and placeholders.MARK in path.read_text(encoding="utf-8")
            ]
    return found
