"""What an expression may stand for, as far as reading can tell."""

import ast
import builtins
from collections.abc import Mapping
from dataclasses import dataclass

from mylib.check.from_scratch import library
from mylib.check.from_scratch.library import UNDEFINED, Thing
from mylib.check.from_scratch.source import DEFINITIONS, FUNCTIONS, Source

# Expressions that stand for whatever their parts do.
COMBINED = (ast.BoolOp, ast.IfExp, ast.NamedExpr, ast.Tuple, ast.List, ast.Set, ast.Starred)
BY_TEXT = ("getattr", "hasattr", "setattr", "delattr")
# Names that IPython and Python give to a cell.
GIVEN = ("__name__", "__file__", "__doc__", "__class__", "display", "exit", "quit", "get_ipython")


@dataclass(frozen=True)
class Written:
    """What the student wrote: a function, a class, or the name in a file that is given a value."""

    node: ast.AST
    source: Source


@dataclass(frozen=True)
class Beside:
    """A module beside the notebook, or a folder of such modules."""

    dotted: str


Meaning = Thing | Written | Beside


class Meanings:
    """Resolves names and chains of attributes; what only running could tell has no meaning.

    modules: path to source of files beside the notebook.
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        self.modules, self.files = modules, dict[str, Source]()
        self.known = dict[ast.AST | str, list[Meaning]]()

    def of(self, node: ast.AST, source: Source) -> list[Meaning]:
        """What an expression may stand for, each once."""
        if node not in self.known:
            self.known[node] = []  # where a name is followed in a circle
            self.known[node] = list(dict.fromkeys(self._of(node, source)))
        return self.known[node]

    def _of(self, node: ast.AST, source: Source) -> list[Meaning]:
        if isinstance(node, ast.Name):
            if nodes := source.definitions(node):
                return [one for each in nodes for one in self._bound(each, source)]
            return self._elsewhere(node.id, source) or [Thing(node.id, UNDEFINED)]
        if isinstance(node, ast.Attribute):
            return [one for base in self.of(node.value, source) for one in self._attribute(base, node.attr)]
        if isinstance(node, ast.Call) and (text := by_text(node)):
            return [one for base in self.of(node.args[0], source) for one in self._attribute(base, text)]
        parts = ast.iter_child_nodes(node) if isinstance(node, COMBINED) else ()
        return [one for part in parts for one in self.of(part, source)]

    def _bound(self, node: ast.AST, source: Source) -> list[Meaning]:
        """The value that a node gives to the name that it binds."""
        if isinstance(node, DEFINITIONS):
            return [Written(node, source)]
        if isinstance(node, ast.alias):
            return self.imported(node, source)
        value, function = source.value(node) if isinstance(node, ast.Name) else None, source.scope[node]
        if isinstance(node, ast.arg) and isinstance(function, FUNCTIONS):
            given = function.args
            last = zip(reversed([*given.posonlyargs, *given.args]), reversed(given.defaults), strict=False)
            value = dict([*last, *zip(given.kwonlyargs, given.kw_defaults, strict=True)]).get(node)
        return self.of(value, source) if value else []

    def _elsewhere(self, name: str, source: Source) -> list[Meaning]:
        """What a name stands for that the text does not bind: of a star import, of Python, of IPython."""
        for base in [base for star in source.globals("*") for base in self._home(star, source)]:
            found = self._of_file(base.dotted, name) if isinstance(base, Beside) else []
            if isinstance(base, Thing) and library.is_public(base, name):
                found = [library.attribute(base, name)]
            if found:
                return found
        if hasattr(builtins, name):
            return [Thing(f"builtins.{name}", getattr(builtins, name))]
        return [Thing(f"IPython.{one}") for one in GIVEN if one == name]

    def imported(self, alias: ast.alias, source: Source, whole: bool = False) -> list[Meaning]:
        """What an import binds; for `import a.b`, which binds a, the `whole` module a.b on demand."""
        if isinstance(source.parent[alias], ast.Import):
            return self.module(alias.name if alias.asname or whole else alias.name.split(".")[0])
        return [one for base in self._home(alias, source) for one in self._attribute(base, alias.name)]

    def _home(self, alias: ast.AST, source: Source) -> list[Meaning]:
        """The module that a name is imported from."""
        statement = source.parent[alias]
        assert isinstance(statement, ast.ImportFrom)
        package = source.path.split("/")[: -statement.level] if statement.level else []
        dotted = ".".join([*package, *filter(None, [statement.module])])
        return self.module(dotted) if dotted or not source.path else [Beside("")]

    def module(self, dotted: str) -> list[Meaning]:
        """A library, or what lies beside the notebook, or (both by that name) both."""
        one, path = library.thing(dotted), dotted.replace(".", "/")
        if f"{path}.py" in self.modules or any(file.startswith(f"{path}/") for file in self.modules):
            return [Beside(dotted), *([one] if library.is_allowed(one) else [])]
        return [one]

    def _attribute(self, base: Meaning, name: str) -> list[Meaning]:
        if isinstance(base, Thing):
            return [library.attribute(base, name)]
        if isinstance(base, Beside):
            return self._of_file(base.dotted, name) or self.module(f"{base.dotted}.{name}".lstrip("."))
        return []

    def _of_file(self, dotted: str, name: str) -> list[Meaning]:
        """The meanings of a name of a file, and (to be read) the nodes that give it a value there."""
        path, key = dotted.replace(".", "/"), f"{dotted}:{name}"
        file = next((one for one in (f"{path}/__init__.py", f"{path}.py") if one in self.modules), "")
        if file and key not in self.known:
            self.known[key] = found = list[Meaning]()  # empty where files import each other in a circle
            if file not in self.files:
                self.files[file] = Source([self.modules[file]], file)
            source = self.files[file]
            for node in source.globals(name):
                found += self._bound(node, source)
                found += [Written(node, source)] if isinstance(node, ast.Name) else []
            found += [] if found else self._elsewhere(name, source)
        return self.known.get(key, [])


def by_text(call: ast.AST | None) -> str:
    """The name in `getattr(x, "name")` and its like; any name where x is `self`, whose parts are the student's."""
    if not isinstance(call, ast.Call) or getattr(call.func, "id", "") not in BY_TEXT or len(call.args) < 2:
        return ""
    name, own = call.args[1], getattr(call.args[0], "id", "") == "self"
    return str(name.value) if isinstance(name, ast.Constant) else "a part of self" if own else ""
