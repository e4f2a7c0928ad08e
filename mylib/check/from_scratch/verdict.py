"""What is refused in code that an answer reaches, and what gives a note."""

import ast
from collections.abc import Sequence

from mylib.check.from_scratch import library, unreadable
from mylib.check.from_scratch.cells import Unread, printable
from mylib.check.from_scratch.definitions import Part, stores
from mylib.check.from_scratch.library import Banned, Thing
from mylib.check.from_scratch.meaning import (
    UNDEFINED,
    UNKNOWN,
    Beside,
    Meaning,
    Meanings,
    Written,
    as_attribute,
)
from mylib.check.from_scratch.places import Place

OURS = "write it yourself"
SHOWN = "numpy, torch, scipy, sklearn, skimage, matplotlib, Python's own modules and .py files beside the notebook"
BY_TEXT = ("getattr", "hasattr", "setattr", "delattr")


class Refused(AssertionError):
    """The answer uses what it may not. Other assertions are the guard's own, or a library's, and cost nothing."""


class Verdict:
    """Judges one node after the other.

    banned: what the exercise bans.
    """

    def __init__(self, banned: Sequence[Banned]) -> None:
        self.banned, self.found = banned, dict[tuple[str, str], Unread]()
        self.methods = list[tuple[str, str, Banned]]()

    @property
    def notes(self) -> list[Unread]:
        """One for each line that could not be read."""
        return list(self.found.values())

    def add(self, note: Unread) -> None:
        """Keep a note."""
        self.found.setdefault((note.place, note.line), note)

    def note(self, node: ast.AST, part: Part, place: Place, why: str) -> None:
        """Note a node that cannot be read."""
        self.add(Unread(place.say(node, part), part.line(node), why))

    def check(self, node: ast.AST, part: Part, place: Place, names: Meanings) -> list[Meaning]:
        """Judge a node.

        Returns: what it may stand for, where it is a value that is used.
        Raises:  Refused: it is banned, or of a package that is not allowed.
        """
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._check_import(node, part, place, names)
        elif isinstance(node, ast.Call):
            return self._check_call(node, part, place, names)
        elif isinstance(node, ast.Attribute):
            return self._check_attribute(node, node, part, place, names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            return self._check_name(node, part, place, names)
        return []

    def _check_name(self, node: ast.Name, part: Part, place: Place, names: Meanings) -> list[Meaning]:
        meanings = names.of(node, part)
        self._check_handed_on(node, meanings, part, place)
        for meaning in meanings:
            if isinstance(meaning, Thing) and not (node.id in BY_TEXT and _is_called(node, part)):
                self._check_thing(meaning, node, part, place)
            elif meaning == UNDEFINED:
                lost = any(node.id in text for text in (*part.source.lost, *(one.text for one in part.lost)))
                why = "is defined in code that cannot be read" if lost else "is defined in no cell"
                self.note(node, part, place, f"{printable(node.id, 40)} {why}")
        return meanings

    def _check_attribute(
        self, node: ast.Attribute, at: ast.AST, part: Part, place: Place, names: Meanings
    ) -> list[Meaning]:
        """A chain of attributes; `at` is where it stands, which for getattr is the call."""
        if node.attr in unreadable.ATTRIBUTES:
            self.note(at, part, place, f"looks into {node.attr}")
        bases = names.of(node.value, part)
        if not isinstance(node.ctx, ast.Load):
            for base in bases:
                if isinstance(base, Thing) and callable(library.attribute(base, node.attr).object):
                    self.note(at, part, place, f"replaces {base.dotted}.{printable(node.attr, 40)}")
            return []
        meanings = names.of(node, part)
        self._check_handed_on(at, meanings, part, place)
        for meaning in meanings:
            if isinstance(meaning, Thing):
                self._check_thing(meaning, at, part, place)
            elif meaning == UNKNOWN:
                self._check_method(node.attr, at, part, place)
            elif meaning == UNDEFINED and any(isinstance(base, Beside) for base in bases):
                self.note(
                    at, part, place, f"{printable(node.attr, 40)} is defined in no file beside the notebook"
                )
        return meanings

    def _check_thing(self, thing: Thing, node: ast.AST, part: Part, place: Place, verb: str = "uses") -> None:
        named = printable(thing.dotted)
        for one in self.banned:
            if library.is_banned(thing, one):
                raise Refused(
                    f"{place.say(node, part)} {verb} {named if verb == 'imports' else one.name}: {OURS}"
                )
        if not library.is_allowed(thing):
            top = named.split(".")[0]
            raise Refused(
                f"{place.say(node, part)} {verb} {top}, which answers may not use; they may use {SHOWN}"
            )
        if name := unreadable.hides(thing):
            self.note(node, part, place, f"{verb} {name}: what it does cannot be read")
        elif any(library.may_be_banned(thing, one) for one in self.banned):
            self.note(node, part, place, f"{verb} {named}, which is not loaded where answers are read")

    def _check_method(self, attribute: str, node: ast.AST, part: Part, place: Place) -> None:
        """A method of a value whose type is unknown; decided when all is read."""
        for one in self.banned:
            if one.owner and attribute == one.name.rsplit(".", 1)[-1]:
                self.methods.append((place.say(node, part), part.line(node), one))

    def settle_methods(self, own: set[str]) -> None:
        """`x.softmax()` is the banned method, unless some class of the student's has one of that name.

        Args:    own: names of attributes of the student's classes.
        Raises:  Refused: it is.
        """
        for where, line, one in self.methods:
            method = one.name.rsplit(".", 1)[-1]
            if method not in own:
                raise Refused(f"{where} uses {one.name}: {OURS}")
            self.add(Unread(where, line, f".{method} may be the student's own, or {one.name}"))

    def _check_import(
        self, node: ast.Import | ast.ImportFrom, part: Part, place: Place, names: Meanings
    ) -> None:
        for alias in node.names:
            plain = isinstance(node, ast.Import)
            meanings = names.module(alias.name) if plain else names.imported(alias, part)
            for meaning in meanings:
                if isinstance(meaning, Thing):
                    self._check_thing(meaning, node, part, place, "imports")

    def _check_call(self, node: ast.Call, part: Part, place: Place, names: Meanings) -> list[Meaning]:
        """Calls whose meaning lies in a text: getattr and its like."""
        if (found := as_attribute(node)) is not None:
            return self._check_attribute(found, node, part, place, names)
        if (
            isinstance(node.func, ast.Name)
            and node.func.id in BY_TEXT
            and node.func.id != "hasattr"
            and node.args
        ):
            literal = len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
            if not (literal or all(isinstance(one, Written) for one in names.of(node.args[0], part))):
                self.note(node, part, place, f"{node.func.id} with a name that is put together")
        return []

    def _check_handed_on(self, node: ast.AST, meanings: list[Meaning], part: Part, place: Place) -> None:
        """A module as a value, where it cannot be followed."""
        for meaning in [] if _is_followed(node, part) else meanings:
            if isinstance(meaning, Beside) or (
                isinstance(meaning, Thing) and library.is_module(meaning.object)
            ):
                self.note(node, part, place, f"hands the module {printable(meaning.dotted, 40)} on")


def _is_called(node: ast.AST, part: Part) -> bool:
    above = part.parent.get(node)
    return isinstance(above, ast.Call) and above.func is node


def _is_followed(node: ast.AST, part: Part) -> bool:
    """What is done with the value here can be read: an attribute of it, or another name for it."""
    above = part.parent.get(node)
    if isinstance(above, ast.Tuple | ast.List):
        upper = part.parent.get(above)
        looped = isinstance(upper, ast.For | ast.comprehension) and isinstance(upper.target, ast.Name)
        return looped or (isinstance(upper, ast.Assign) and node in stores(upper).values())
    if isinstance(above, ast.Call) and isinstance(above.func, ast.Name) and above.func.id in BY_TEXT:
        return above.args[0] is node
    naming = ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.arguments
    return isinstance(above, ast.Attribute | ast.IfExp | ast.BoolOp | ast.Expr | naming)
