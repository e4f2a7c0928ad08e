"""The syllabus as Python objects: parts, topics, methods and claims, in the order of the course.

What is true of one topic stands in its own folder, in mylib/<part>/<topic>/topic.toml; here stands only the order of
the parts. Reading is strict: a key, part, topic or claim that is not known is an error that quotes it.
"""

import functools
import tomllib
from collections import Counter
from pathlib import Path
from typing import Literal

import msgspec

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    *("vision", "attention", "training", "representation", "few_labels", "trust", "graphs", "probability"),
    *("language", "generation", "control"),
)


class Method(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public name of a topic, and the slide that it comes from.

    claim: name of the claim that it is measured by; "" without.
    twins: False where the name stands in scratch only.
    """

    name: str
    title: str
    slide: str
    claim: str = ""
    twins: bool = True


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a slide says, and at which scale it says so.

    kind: an experiment can come out otherwise; a theorem and a count cannot, and what is measured illustrates them.
    """

    name: str
    says: str
    scale: str
    kind: Literal["experiment", "theorem", "count"] = "experiment"


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A word of the glossary, which stands with the topic that defines it first.

    means: a sentence or two; formulas between $.
    """

    name: str
    means: str


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a topic.toml says.

    deck, slides: what the lecture mirrors.
    number: of the lecture in its part.
    needs: names of earlier topics whose code this one imports.
    builds_on: names of earlier topics that a reader should know.
    """

    title: str
    deck: str
    slides: str
    number: int
    needs: tuple[str, ...]
    methods: tuple[Method, ...]
    claims: tuple[Claim, ...] = ()
    terms: tuple[Term, ...] = ()
    builds_on: tuple[str, ...] = ()
    difficulty: Literal["first steps", "core", "advanced"] = "core"


class Topic(msgspec.Struct, frozen=True):
    """One topic: the name of its six rooms, and what its topic.toml says."""

    part: str
    name: str
    facts: Facts

    @property
    def title(self) -> str:
        """Of the lecture."""
        return self.facts.title

    @property
    def number(self) -> int:
        """Of the lecture in its part."""
        return self.facts.number

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of earlier topics whose code this one imports."""
        return self.facts.needs

    @property
    def slides(self) -> str:
        """The deck, and what of it the lecture mirrors."""
        return f"{self.facts.deck}: {self.facts.slides}"

    @property
    def methods(self) -> tuple[Method, ...]:
        """Its public names."""
        return self.facts.methods

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What its lecture measures."""
        return self.facts.claims

    @property
    def terms(self) -> tuple[Term, ...]:
        """Words of the glossary that its lecture defines."""
        return self.facts.terms

    @property
    def package(self) -> Path:
        """Folder of the library's part, from the repository's root."""
        return Path("mylib") / self.part / self.name

    @property
    def tests(self) -> Path:
        """Folder of its tests."""
        return Path("tests") / self.part / self.name

    @property
    def measured(self) -> Path:
        """What `mylib claims` has measured of its claims."""
        return self.package / "claims.json"

    @property
    def lecture(self) -> Path:
        """Path of the lecture."""
        return Path("lectures") / part_folder(self.part) / f"{self.number:02d}_{self.name}.ipynb"

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
        """The six rooms of the topic; of a side that is a package, its folder."""
        sides = (self.package / side for side in ("scratch", "pytorch"))
        return (
            *(self.lecture, self.solution, self.exercise),
            *(side if (ROOT / side).is_dir() else side.with_suffix(".py") for side in sides),
            self.tests,
        )


def part_folder(part: str) -> str:
    """Name of the folder of a part's lectures.

    Example:
        >>> part_folder("generation")
        '10_generation'
    """
    return f"{PARTS.index(part) + 1:02d}_{part}"


def read(root: Path) -> tuple[Topic, ...]:
    """Every topic below a folder, in the order of the course, which is also the order of the imports.

    Args:    root: of the repository.
    Raises:  ValueError: a file with a key, part, topic or claim that is not known, or that belongs to two topics.
    """
    found = [_read_topic(path) for path in sorted(root.glob("mylib/*/*/topic.toml"))]
    found.sort(key=lambda one: (PARTS.index(one.part), one.number))
    _refuse_twice("name", [one.name for one in found])
    _refuse_twice("number", [f"{one.part} {one.number}" for one in found])
    _refuse_twice("claim", [claim.name for one in found for claim in one.claims])
    _refuse_twice("term", [term.name.lower() for one in found for term in one.terms])
    for at, one in enumerate(found):
        earlier = [other.name for other in found[:at]]
        for key, names in (("needs", one.needs), ("builds_on", one.facts.builds_on)):
            for name in names:
                if name not in earlier:
                    raise _wrong(one, f"{key} names a topic before it, of {earlier}", name)
    return tuple(found)


def _read_topic(path: Path) -> Topic:
    part, name = path.parts[-3:-1]
    if part not in PARTS:
        raise ValueError(f"{path}: expected a part of {PARTS}, got {part!r}; move the folder, or add the part")
    return parse(path.read_text(encoding="utf-8"), part, name)


def parse(text: str, part: str, name: str) -> Topic:
    """A topic from the text of its topic.toml.

    Args:    text: TOML.
             part, name: of the topic.
    Raises:  ValueError: a key that is not known, a value of another kind, a claim that is not listed.
    """
    try:
        one = Topic(part, name, msgspec.convert(tomllib.loads(text), Facts))
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"mylib/{part}/{name}/topic.toml: {error}") from None
    listed = [claim.name for claim in one.claims]
    for method in one.methods:
        if method.claim and method.claim not in listed:
            raise _wrong(one, f"{method.name} names a claim of {listed}", method.claim)
    return one


def _wrong(one: Topic, expected: str, got: str) -> ValueError:
    return ValueError(f"{one.package.as_posix()}/topic.toml: expected that {expected}, got {got!r}")


def _refuse_twice(kind: str, values: list[str]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise ValueError(f"syllabus: expected each {kind} once, got {twice} in more than one topic.toml")


@functools.cache
def topics() -> tuple[Topic, ...]:
    """Every topic of this course, in its order."""
    return read(ROOT)


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
    return next(row for row in home(name).claims if row.name == name)


def home(claim: str) -> Topic:
    """The topic that a claim belongs to.

    Raises:  ValueError: there is none.
    """
    for found in topics():
        if claim in (row.name for row in found.claims):
            return found
    raise ValueError(f"syllabus: expected a claim that a topic.toml lists, got {claim!r}; add [[claims]] there")
