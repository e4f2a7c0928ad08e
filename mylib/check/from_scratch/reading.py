"""Reads what an answer reaches, and refuses a banned call there."""

import ast
import inspect
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mylib.check.from_scratch import library
from mylib.check.from_scratch.library import Banned, Thing
from mylib.check.from_scratch.meaning import Beside, Meaning, Meanings, Written, by_text
from mylib.check.from_scratch.source import DEFINITIONS, FUNCTIONS, Source

OURS = "write it yourself"
SHOWN = "numpy, torch, scipy, sklearn, skimage, matplotlib, Python's own modules and .py files beside the notebook"


@dataclass(frozen=True)
class Unread:
    """What the guard could not read in code that an answer reaches: for a person to look at; it costs nothing.

    place: such as "line 3 of softmax"; line: the source text there, at most 80 characters; why: in plain words.
    """

    place: str
    line: str
    why: str


class Refused(AssertionError):
    """The answer uses what it may not. Other assertions are the guard's own, or a library's, and cost nothing."""


@dataclass(frozen=True)
class Place:
    """A definition or a name: line `first` of its text is the first one of `title`."""

    source: Source
    title: str
    first: int

    @classmethod
    def of(cls, node: ast.AST, source: Source) -> "Place":
        """Of a function or class, from its first decorator on."""
        first = min(getattr(one, "lineno", 1) for one in (node, *getattr(node, "decorator_list", [])))
        title = getattr(node, "name", getattr(node, "id", "a lambda"))
        return cls(source, f"{'class ' if isinstance(node, ast.ClassDef) else ''}{title}", first)

    def say(self, node: ast.AST) -> str:
        """Such as "line 3 of softmax in helpers.py"."""
        number = max(getattr(node, "lineno", self.first) - self.first + 1, 1)
        beside = f" in {printable(self.source.path, 60)}" if self.source.path else ""
        return f"line {number} of {printable(self.title, 60)}{beside}"


def refuse(
    name: str, cells: Sequence[str], banned: Sequence[str], modules: Mapping[str, str] | None = None
) -> list[Unread]:
    r"""The function or class of that name uses none of the banned ones, as far as reading can tell.

    Args:    name: a global name of the notebook.
             cells: sources of its code cells in order, those that have run when the test runs.
             banned: dotted names: a function ("numpy.convolve"), a method ("torch.Tensor.softmax"), a class, or a
                 whole package ("mylib", "scipy.signal"); "mylib" does not mean its data.
             modules: path ("helpers.py", "pkg/mod.py") to source of files beside the notebook.
    Returns: what could not be read in code that the answer reaches; it costs nothing.
    Raises:  AssertionError: naming the line and the banned call.
             ValueError: a banned name does not exist (a mistake in the exercise).

    Example:
        >>> refuse("f", ["import numpy as np", "def f(a, b):\n    return np.convolve(a, b)"], ["numpy.convolve"])
        Traceback (most recent call last):
        AssertionError: line 2 of f uses numpy.convolve: write it yourself
    """
    reader = Reader([library.find_banned(one) for one in banned], Meanings(modules or {}))
    try:
        reader.read(name, cells)
    except Refused as error:
        raise AssertionError(str(error)) from None
    except Exception as error:  # a fault of the guard must not cost a point
        reader.add("the notebook", "", f"the search for banned calls failed: {type(error).__name__}")
    return list(reader.notes.values())


class Reader:
    """Walks what is reached, and judges each node; the first thing that is banned raises."""

    def __init__(self, banned: Sequence[Banned], names: Meanings) -> None:
        self.banned, self.names, self.notes = banned, names, dict[tuple[str, str], Unread]()
        self.todo, self.seen = deque[tuple[ast.AST, Place]](), set[ast.AST]()

    def read(self, name: str, cells: Sequence[str]) -> None:
        """Follow a global name to all that it leads to."""
        self.source = Source([*cells, name])  # as if a last cell used it
        self.todo.append((self.source.statements[-1][0], Place(self.source, name, 1)))
        while self.todo:
            node, place = self.todo.pop()
            if node not in self.seen:
                self.seen.add(node)
                try:
                    self._visit(node, place)
                except Refused:
                    raise
                except Exception as error:  # the rest is still read
                    self.note(node, place, f"the search failed here: {type(error).__name__}")

    def add(self, place: str, line: str, why: str) -> None:
        """Keep a note; one for a line."""
        self.notes.setdefault((place, line), Unread(place, printable(line), why))

    def note(self, node: ast.AST, place: Place, why: str) -> None:
        """Note a node that cannot be read."""
        self.add(place.say(node), place.source.line(node), why)

    def _visit(self, node: ast.AST, place: Place) -> None:
        source = place.source
        if isinstance(node, FUNCTIONS) and isinstance(source.scope[node], ast.ClassDef):
            place = Place.of(node, source)
        # An annotation says what a thing is, and calls nothing.
        skipped = (getattr(node, "annotation", None), getattr(node, "returns", None))
        parts = [(one, place) for one in ast.iter_child_nodes(node) if one not in skipped]
        self.todo.extend(reversed(parts))
        if isinstance(node, ast.alias):
            self._judge(node, self.names.imported(node, source, whole=True), place)
        elif isinstance(node, ast.Call) and (text := by_text(node)):
            self._judge_attribute(text, node.args[0], node, place)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            self._judge_attribute(node.attr, node.value, node, place)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            self._judge(node, self.names.of(node, source), place)
            for binding in source.definitions(node):
                self._follow(binding, source)

    def _follow(self, node: ast.AST, source: Source) -> None:
        """Read what gives a name its value, after what is being read."""
        value = source.value(node) if isinstance(node, ast.Name) else None
        if value is not None:
            self.todo.appendleft((value, Place(source, getattr(node, "id", ""), value.lineno)))
        elif isinstance(node, DEFINITIONS):
            self.todo.appendleft((node, Place.of(node, source)))

    def _judge(self, node: ast.AST, meanings: list[Meaning], place: Place) -> None:
        """What reached code imports or uses."""
        above = place.source.parent[node]
        argument = isinstance(above, ast.keyword) or (isinstance(above, ast.Call) and above.func is not node)
        for one in meanings:
            if isinstance(one, Written):
                self._follow(one.node, one.source)
            elif isinstance(one, Thing):
                self._judge_thing(one, node, place)
            is_module = isinstance(one, Thing) and inspect.ismodule(one.object)
            if argument and not by_text(above) and (is_module or isinstance(one, Beside)):
                self.note(node, place, "hands a module on")

    def _judge_thing(self, thing: Thing, node: ast.AST, place: Place) -> None:
        named, verb = printable(thing.dotted, 40), "imports" if isinstance(node, ast.alias) else "uses"
        if thing.object is library.UNDEFINED:
            return self.note(node, place, f"{named} is defined in no cell")
        for one in self.banned:
            if library.is_banned(thing, one):
                raise Refused(f"{place.say(node)} {verb} {named if verb == 'imports' else one.name}: {OURS}")
        if not library.is_allowed(thing):
            self.note(node, place, f"{verb} {named}, which is none of {SHOWN}")
        elif (hiding := library.hides(thing)) and not by_text(place.source.parent[node]):
            self.note(node, place, f"{verb} {hiding}: what it does cannot be read")
        elif any(library.may_be_banned(thing, one) for one in self.banned):
            self.note(node, place, f"{verb} {named}, which is not known where answers are read")

    def _judge_attribute(self, name: str, base: ast.AST, node: ast.AST, place: Place) -> None:
        meanings = self.names.of(node, place.source)
        self._judge(node, meanings, place)
        if name in library.ATTRIBUTES:
            self.note(node, place, f"looks into {name}")
        owner = base.func if isinstance(base, ast.Call) else base
        own = meanings or getattr(owner, "id", "") in ("self", "cls", "super")
        for one in self.banned if not own else ():  # `x.softmax()`, whatever x is
            if one.owner and one.name.split(".")[-1].strip("_") == name.strip("_"):
                if not any(name in source.members for source in (self.source, *self.names.files.values())):
                    raise Refused(f"{place.say(node)} uses {one.name}: {OURS}")
                self.note(node, place, f".{name} may be the student's own, or {one.name}")


def printable(text: str, length: int = 80) -> str:
    """A student's text on one line, without what a terminal would obey."""
    short = text.strip()[:length]
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in short)
