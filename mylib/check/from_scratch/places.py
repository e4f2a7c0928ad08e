"""Where code stands, for messages."""

import ast
from dataclasses import dataclass

from mylib.check.from_scratch.cells import printable
from mylib.check.from_scratch.definitions import Part


@dataclass(frozen=True)
class Place:
    """A definition or a name: line `first` of the cell is the first one of `title`."""

    title: str
    first: int

    @classmethod
    def of(cls, node: ast.AST) -> "Place":
        """Of a function or class, from its first decorator on."""
        marks = getattr(node, "decorator_list", [])
        first = min(getattr(one, "lineno", 1) for one in (node, *marks))
        return cls(f"{'class ' if isinstance(node, ast.ClassDef) else ''}{name_of(node)}", first)

    def say(self, node: ast.AST, part: Part) -> str:
        """Such as "line 3 of softmax in helpers.py"."""
        number = max(getattr(node, "lineno", self.first) - self.first + 1, 1)
        beside = f" in {printable(part.source.path, 60)}" if part.source.path else ""
        return f"line {number} of {printable(self.title, 60)}{beside}"


def name_of(node: ast.AST) -> str:
    """What a definition is called."""
    return str(getattr(node, "name", None) or getattr(node, "id", None) or "a lambda")
