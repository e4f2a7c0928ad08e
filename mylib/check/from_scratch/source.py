"""Cells and files as Python: their statements, and which of them may give a name its value.

Inside a function every assignment of a name counts. Among the statements of the top level the order counts, since a
student writes a cell again below the old one: the last one holds, with those before it that it may leave as they are.
"""

import ast
import contextlib
import re
import warnings
from collections import defaultdict
from collections.abc import Sequence

LONGEST = 100_000  # characters of a text that is read
# Magics that run their argument as ordinary code of the notebook: it is read in their place.
CELL_MAGIC = re.compile(r"\A\s*%%(?:time|timeit|capture|prun)\b.*")
LINE_MAGIC = re.compile(r"(?m)^([ \t]*)%(?:time|timeit|prun)[ \t]+(?:-\w+[ \t]*\d*[ \t]+)*")
# Other magics, commands of the system and questions for help.
SHELL = re.compile(r"(?m)^([ \t]*(?:\w+ *= *)?)(?:[!?]|%[a-z])(?:\\\n|.)*|^([ \t]*)[\w.]+\?\??[ \t]*$")

UNREADABLE = (ValueError, SyntaxError, RecursionError, MemoryError)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# Statements that may leave a name that they bind as it was; so may an `if` without `else`.
DOUBTFUL = (ast.AugAssign, ast.For, ast.AsyncFor, ast.While, ast.Match, ast.Expr)


def parse(text: str) -> tuple[str, list[ast.stmt]]:
    """A cell with its magics replaced, and its statements; none where it is no Python, too long or too deep."""
    if len(text) > LONGEST:
        return text, []
    plain = LINE_MAGIC.sub(r"\1", CELL_MAGIC.sub("", text))
    for one in (text, SHELL.sub(r"\1\2get_ipython()", plain)):
        # What Python warns of, such as an invalid escape, is no business of the guard.
        with contextlib.suppress(*UNREADABLE), warnings.catch_warnings(action="ignore"):
            return one, ast.parse(one).body
    return text, []


class Source:
    """The cells of a notebook, or a file beside it (`path`).

    statements: each with the text that its line numbers belong to.
    bound: of every function, class and comprehension, and of the globals (None): name to the nodes that bind it.
    members: names that classes bind, and attributes that are set.
    """

    def __init__(self, texts: Sequence[str], path: str = "") -> None:
        self.path, self.members = path, set[str]()
        self.statements = list[tuple[ast.stmt, str]]()
        self.parent, self.scope = dict[ast.AST, ast.AST | None](), dict[ast.AST, ast.AST | None]()
        self.number = dict[ast.AST, int]()  # of the statement that a node stands in
        self.bound = defaultdict[ast.AST | None, dict[str, list[ast.AST]]](lambda: defaultdict(list))
        for text, nodes in map(parse, texts):
            for node in nodes:
                self.statements.append((node, text))
                self._place(node)

    def _place(self, statement: ast.stmt) -> None:
        """Note where each part of a statement stands, and what it binds."""
        todo: list[tuple[ast.AST, ast.AST | None, ast.AST | None]] = [(statement, None, None)]
        shared = list[tuple[ast.AST, str]]()
        while todo:
            node, above, scope = todo.pop()
            self.parent[node], self.scope[node], self.number[node] = above, scope, len(self.statements) - 1
            todo += [(child, node, self._inner(child, node)) for child in ast.iter_child_nodes(node)]
            while isinstance(above, ast.NamedExpr) and isinstance(scope, COMPREHENSIONS):
                scope = self.scope[scope]
            if name := bound_name(node):
                self.bound[scope][name].append(node)
                self.members |= {name} if isinstance(scope, ast.ClassDef) else set()
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                self.members.add(node.attr)
            elif isinstance(node, ast.Global) and scope:
                shared += [(scope, one) for one in node.names]
        for scope, name in shared:
            self.bound[None][name] += self.bound[scope].pop(name, [])

    def _inner(self, child: ast.AST, node: ast.AST) -> ast.AST | None:
        """The scope of a part of a node: the node itself for what a function runs, else the one around it."""
        above, around = self.parent[node], self.scope[node]
        if isinstance(node, ast.arguments):
            return above if isinstance(child, ast.arg) else around
        if isinstance(node, ast.comprehension) and isinstance(above, COMPREHENSIONS):
            return self.scope[above] if child is node.iter and node is above.generators[0] else around
        inside = isinstance(node, COMPREHENSIONS) or (isinstance(node, ast.Lambda) and child is node.body)
        return node if inside or (isinstance(node, DEFINITIONS) and isinstance(child, ast.stmt)) else around

    def definitions(self, name: ast.Name) -> list[ast.AST]:
        """The nodes of this text that may give a name its value here."""
        scope, late = self.scope[name], False
        while scope is not None:
            found = self.bound[scope].get(name.id)
            if found and (not isinstance(scope, ast.ClassDef) or scope is self.scope[name]):
                return found
            late |= isinstance(scope, FUNCTIONS)  # is run when all statements have run
            scope = self.scope[scope]
        before = [] if late else self.globals(name.id, self.number[name])
        return before or self.globals(name.id)

    def globals(self, name: str, user: int | None = None) -> list[ast.AST]:
        """The nodes that may give a global name its value when a statement uses it; at the end by default."""
        found, last = list[ast.AST](), -1
        for node in reversed(self.bound[None].get(name, [])):
            number = self.number[node]
            statement = self.statements[number][0]
            if number < last:
                break
            if user is None or number < user or (number == user and hasattr(statement, "body")):
                found.append(node)
                kept = isinstance(statement, DOUBTFUL) or (isinstance(statement, ast.If) and not statement.orelse)
                declared = isinstance(statement, DEFINITIONS) and node is not statement  # with `global`
                last = last if kept or declared or number == user or name == "*" else number
        return found

    def value(self, target: ast.AST) -> ast.expr | None:
        """What a statement sets a name to; of a loop, what it runs over."""
        above = self.parent[target]
        if isinstance(above, ast.Tuple | ast.List | ast.Starred):
            found = self.value(above)
            parts = [getattr(above, "elts", []), getattr(found, "elts", [])]
            stars = any(isinstance(one, ast.Starred) for one in sum(parts, []))
            if isinstance(self.parent[above], ast.Assign) and len(parts[0]) == len(parts[1]) and not stars:
                found = next(value for one, value in zip(*parts, strict=True) if one is target)
            return found
        values = (getattr(above, part, None) for part in ("value", "iter", "context_expr"))
        return next((one for one in values if isinstance(one, ast.expr)), None)

    def line(self, node: ast.AST) -> str:
        """The source text of a node's line."""
        lines, number = self.statements[self.number[node]][1].split("\n"), getattr(node, "lineno", 1)
        return lines[number - 1] if number <= len(lines) else ""


def bound_name(node: ast.AST) -> str:
    """The name that a node itself binds, "*" for a star import, or ""."""
    if isinstance(node, ast.Name):
        return "" if isinstance(node.ctx, ast.Load) else node.id
    if isinstance(node, ast.alias):
        return node.asname or node.name.split(".")[0]
    names = (getattr(node, part, None) for part in ("name", "arg", "rest"))  # def, class, except, match
    return next((one for one in names if isinstance(one, str) and not isinstance(node, ast.keyword)), "")
