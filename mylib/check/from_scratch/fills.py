"""What is put into a value after it was made: `ops.append(g)`, `ops["c"] = g`, `f.op = g`, `@register`."""

import ast
from collections.abc import Iterator

from mylib.check.from_scratch.definitions import FUNCTIONS, Part, statement_of, stores
from mylib.check.from_scratch.library import Thing
from mylib.check.from_scratch.meaning import Beside, Meanings, Written

FILLING = (
    "append",
    "appendleft",
    "extend",
    "insert",
    "add",
    "update",
    "setdefault",
    "put",
    "set",
    "register",
)


class Fills:
    """Finds functions that are put into values; data that is put there is no business of the guard."""

    def __init__(self, names: Meanings) -> None:
        self.names, self.done = names, set[ast.AST]()

    def of(self, definition: ast.AST, part: Part) -> list[tuple[str, ast.AST]]:
        """Expressions and definitions of functions that come into the value of a definition.

        Args:    definition: a node that gives a name its value.
                 part: where it stands.
        Returns: each with the name of the attribute that it becomes, or "".
        """
        if definition in self.done:
            return []
        self.done.add(definition)
        found = list[tuple[str, ast.AST]]()
        for user in part.users(definition):
            attribute, values = self._put(user, part)
            for value in values:
                functions = list(self._functions(value, part)) or self._from_callers(user, part)
                found += [(attribute, one) for one in functions]
        return found

    def _put(self, user: ast.AST, part: Part) -> tuple[str, list[ast.expr]]:
        """What the statement around a use puts into the value, and as which attribute."""
        node, above = user, part.parent.get(user)
        while isinstance(above, ast.Attribute | ast.Subscript) and above.value is node:
            node, above = above, part.parent.get(above)
        name = node.attr if isinstance(node, ast.Attribute) else ""
        if isinstance(above, ast.Call) and above.func is node:
            return "", [*above.args, *(one.value for one in above.keywords)] if name in FILLING else []
        if (
            isinstance(above, ast.Call)
            and getattr(above.func, "id", "") == "setattr"
            and len(above.args) == 3
        ):
            return str(getattr(above.args[1], "value", "")), above.args[2:] if above.args[0] is node else []
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            above = statement_of(node, part)
            value = stores(above).get(node) if above else None
            return name, [value] if value is not None else []
        return "", []

    def _from_callers(self, user: ast.AST, part: Part) -> list[ast.AST]:
        """A function that registers what it is given: what it is called with, and what it decorates."""
        found, function = list[ast.AST](), part.scope(user)
        if not isinstance(function, FUNCTIONS) or function in self.done:
            return found
        self.done.add(function)
        for call in part.users(function):
            above = part.parent.get(call)
            if isinstance(above, ast.Call) and above.func is call:
                for value in (*above.args, *(one.value for one in above.keywords)):
                    found += self._functions(value, part)
            elif isinstance(above, ast.FunctionDef | ast.ClassDef) and call in above.decorator_list:
                found.append(above)
        return found

    def _functions(self, value: ast.expr, part: Part) -> Iterator[ast.AST]:
        """Parts of an expression that are functions; what calls return is data."""
        todo: list[ast.AST] = [value]
        while todo:
            node = todo.pop()
            if isinstance(node, ast.Name | ast.Attribute | ast.Lambda):
                meanings = self.names.of(node, part)
                if any(isinstance(one, Thing | Beside) or _is_code(one) for one in meanings):
                    yield node
            elif not isinstance(node, ast.Call) or ast.unparse(node.func).split(".")[-1] == "partial":
                todo += ast.iter_child_nodes(node)


def _is_code(one: object) -> bool:
    return isinstance(one, Written) and not one.instance
