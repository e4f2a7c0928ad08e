"""The syllabus as Python objects: parts, topics, methods and claims, in the order of the course."""

import functools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("vision", "attention", "training", "seminar", "papers")


@dataclass(frozen=True)
class Method:
    """A public name of a topic, and the slide that it comes from."""

    topic: str
    name: str
    title: str
    slide: str
    claim: str = ""
    twins: bool = True


@dataclass(frozen=True)
class Claim:
    """What a slide says, and at which scale it says so."""

    topic: str
    name: str
    says: str
    scale: str


@dataclass(frozen=True)
class Topic:
    """One topic: the name of its six rooms."""

    part: str
    name: str
    title: str
    slides: str
    number: int
    methods: tuple[Method, ...]
    claims: tuple[Claim, ...]

    @property
    def lecture(self) -> Path:
        """Path of the lecture, from the repository's root."""
        return (
            Path("lectures")
            / f"{PARTS.index(self.part) + 1}_{self.part}"
            / f"{self.number:02d}_{self.name}.ipynb"
        )

    @property
    def solution(self) -> Path:
        """Path of the instructor's notebook, the source of the exercise."""
        return Path("solutions") / self.name / f"{self.name}.ipynb"

    @property
    def exercise(self) -> Path:
        """Path of the students' notebook."""
        return Path("exercises") / self.name / f"{self.name}.ipynb"

    @property
    def rooms(self) -> tuple[Path, ...]:
        """The six rooms of the topic."""
        package = Path("mylib") / self.part / self.name
        tests = Path("tests") / self.part / f"test_{self.name}.py"
        return (
            self.lecture,
            self.solution,
            self.exercise,
            package / "scratch.py",
            package / "pytorch.py",
            tests,
        )


@functools.cache
def topics() -> tuple[Topic, ...]:
    """Every topic, in the order of the course, which is also the order of the imports."""
    tables = tomllib.loads((Path(__file__).parent / "syllabus.toml").read_text(encoding="utf-8"))
    found, counts = [], dict.fromkeys(PARTS, 0)
    for row in tables["topic"]:
        counts[row["part"]] += 1
        methods = tuple(_rows(tables, "method", row, Method))
        claims = tuple(_rows(tables, "claim", row, Claim))
        found.append(Topic(**row, number=counts[row["part"]], methods=methods, claims=claims))
    return tuple(found)


def topic(name: str) -> Topic:
    """The topic of that name.

    Raises:  ValueError: there is none; the message lists the names.
    """
    for found in topics():
        if found.name == name:
            return found
    raise ValueError(f"syllabus: expected a topic of {[t.name for t in topics()]}, got {name!r}")


def claim(name: str) -> Claim:
    """The claim of that name.

    Raises:  ValueError: there is none.
    """
    for found in topics():
        for row in found.claims:
            if row.name == name:
                return row
    raise ValueError(
        f"syllabus: expected a claim that mylib/syllabus.toml lists, got {name!r}; add a row for it"
    )


def _rows(tables: dict[str, Any], kind: str, topic_row: dict[str, Any], row_type: type[Any]) -> Iterator[Any]:
    for row in tables[kind]:
        if row["topic"] == topic_row["name"]:
            yield row_type(**{key: value for key, value in row.items() if key != "part"})
