"""What an expression may stand for, as far as reading can tell."""

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from mylib.check.from_scratch import library
from mylib.check.from_scratch.definitions import FUNCTIONS, Part, Source, statement_of, stores
from mylib.check.from_scratch.library import Thing

DEEPEST = 1000  # names of names of names that are followed
UNKNOWN, OWN, UNDEFINED = "unknown", "the student's own", "undefined"
# Names that IPython and Python give to a cell.
GIVEN = ("__name__", "__file__", "__doc__", "__class__", "display", "exit", "quit", "__debug__")


@dataclass(frozen=True, eq=False)
class Written:
    """A function or class of the student's, or (`instance`) an object of the class; `above`: what super() gives."""

    node: ast.AST
    part: Part
    instance: bool = False
    above: bool = False


@dataclass(frozen=True)
class Beside:
    """A module beside the notebook, or a folder of such modules."""

    dotted: str


Meaning = Thing | Written | Beside | str


class Meanings:
    """Resolves names, chains of attributes, and calls of the student's classes.

    modules: of `refuse`.
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        self.modules, self.sources = modules, dict[str, Source | None]()
        self.known, self.busy = dict[object, list[Meaning]](), set[object]()

    def of(self, node: ast.AST | None, part: Part) -> list[Meaning]:
        """What an expression may stand for, each once; UNKNOWN where only running could tell."""
        key = node, part
        if key not in self.known and key not in self.busy and node is not None:
            self.busy.add(key)
            try:
                self.known[key] = _once(self._of(node, part)) if len(self.busy) < DEEPEST else [UNKNOWN]
            finally:
                self.busy.discard(key)
        return self.known.get(key, [UNKNOWN])

    def _of(self, node: ast.AST, part: Part) -> list[Meaning]:
        found: list[Meaning] = [UNKNOWN]
        if isinstance(node, ast.Name):
            found = self._name(node, part)
        elif isinstance(node, ast.Attribute):
            bases = self.of(node.value, part)
            found = [one for base in bases for one in self.attribute(base, node.attr)]
        elif isinstance(node, ast.IfExp | ast.BoolOp):
            values = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
            found = [one for value in values for one in self.of(value, part)]
        elif isinstance(node, ast.NamedExpr):
            found = self.of(node.value, part)
        elif isinstance(node, ast.Lambda):
            found = [Written(node, part)]
        elif isinstance(node, ast.Call):
            found = self._call(node, part)
        return found

    def _call(self, node: ast.Call, part: Part) -> list[Meaning]:
        if (found := as_attribute(node)) is not None:
            return self.of(found, part)
        functions = self.of(node.func, part)
        if any(isinstance(one, Thing) and one.dotted == "builtins.super" for one in functions):
            scope = part.scope(node)
            while scope is not None and not isinstance(scope, ast.ClassDef):
                scope = part.scope(scope)
            return [Written(scope, part, instance=True, above=True)] if scope else [UNKNOWN]
        classes = [
            one for one in functions if isinstance(one, Written) and isinstance(one.node, ast.ClassDef)
        ]
        objects: list[Meaning] = [replace(one, instance=True) for one in classes if not one.instance]
        return objects if objects and len(objects) == len(functions) else [*objects, UNKNOWN]

    def _name(self, name: ast.Name, part: Part) -> list[Meaning]:
        found: list[Meaning] = []
        for one in part.definitions(name):
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.append(Written(one, part))
            elif isinstance(one, ast.alias):
                found += self.imported(one, part, name.id)
            elif isinstance(one, ast.arg):
                found += self._argument(one, part)
            elif isinstance(one, ast.AST):
                found += self._stored(one, part)
            elif not found:
                found.append(Thing(f"builtins.{name.id}", getattr(builtins, name.id, library.MISSING)))
        if not found and name.id == "get_ipython":
            return [Thing("IPython.get_ipython")]
        return found or [OWN if name.id in GIVEN else UNDEFINED]

    def _stored(self, target: ast.AST, part: Part) -> list[Meaning]:
        """The value of a name that a statement sets."""
        above = statement_of(target, part)
        value = stores(above).get(target) if above and isinstance(target, ast.expr) else None
        if isinstance(value, ast.Tuple | ast.List | ast.Set):
            looped = isinstance(above, ast.For | ast.comprehension)
            return [one for part_ in value.elts if looped for one in self.of(part_, part)] or [UNKNOWN]
        exact = isinstance(above, ast.Assign | ast.AnnAssign | ast.NamedExpr)
        found = self.of(value, part) if exact else []
        return [one for one in found if one != UNDEFINED] or [UNKNOWN]

    def _argument(self, argument: ast.arg, part: Part) -> list[Meaning]:
        """A default, the object of a method, or whatever a caller hands over."""
        function = part.scope(argument)
        if not isinstance(function, FUNCTIONS):
            return [UNKNOWN]
        given, home = function.args, part.parent.get(function)
        positional = [*given.posonlyargs, *given.args]
        marks = [getattr(mark, "id", "") for mark in getattr(function, "decorator_list", [])]
        if isinstance(home, ast.ClassDef) and positional[:1] == [argument] and "staticmethod" not in marks:
            return [Written(home, part, instance=True)]
        defaults: dict[ast.arg, ast.expr | None] = {}
        defaults |= zip(reversed(positional), reversed(given.defaults), strict=False)
        defaults |= zip(given.kwonlyargs, given.kw_defaults, strict=True)
        default = defaults.get(argument)
        return [UNKNOWN, *(self.of(default, part) if default else [])]

    def imported(self, alias: ast.alias, part: Part, name: str = "") -> list[Meaning]:
        """What an import binds; `name`: of what a star import is asked for."""
        statement = part.parent[alias]
        if isinstance(statement, ast.Import):
            return self.module(alias.name if alias.asname else alias.name.split(".")[0])
        assert isinstance(statement, ast.ImportFrom)
        home, known = statement.module or "", not statement.level or bool(part.source.path)
        if statement.level:
            package = part.source.path.split("/")[: -statement.level]
            home = ".".join([*package, *filter(None, [statement.module])])
        if not known:  # a notebook lies in no package: Python stops there with an error
            return [UNDEFINED]
        bases = self.module(home) if home else [Beside("")]
        if alias.name != "*":
            return [one for base in bases for one in self.attribute(base, alias.name)]
        found: list[Meaning] = []
        for base in bases if name else ():
            public = library.star(base.dotted) if isinstance(base, Thing) else None
            if public is None or name in public:
                found += self.attribute(base, name)
        return [one for one in found if one != UNDEFINED]

    def module(self, dotted: str) -> list[Meaning]:
        """A library, or what lies beside the notebook, or (both by that name) both."""
        one = library.thing(dotted)
        allowed = library.is_allowed(one)
        beside = self.source(dotted) or (not allowed and self._is_folder(dotted))
        return [*([Beside(dotted)] if beside else []), *([one] if allowed or not beside else [])]

    def _is_folder(self, dotted: str) -> bool:
        return any(path.startswith(dotted.replace(".", "/") + "/") for path in self.modules)

    def source(self, dotted: str) -> Source | None:
        """The text of a module beside the notebook, in statements."""
        if dotted and dotted not in self.sources:
            base = dotted.replace(".", "/")
            found = [path for path in (f"{base}/__init__.py", f"{base}.py") if path in self.modules]
            self.sources[dotted] = Source([self.modules[found[0]]], found[0]) if found else None
        return self.sources.get(dotted)

    def attribute(self, base: Meaning, name: str) -> list[Meaning]:
        """What `base.name` may stand for."""
        if isinstance(base, Thing):
            return [library.attribute(base, name)]
        if isinstance(base, Beside):
            return self._of_file(base, name)
        if not isinstance(base, Written):
            return [UNKNOWN]
        if not isinstance(base.node, ast.ClassDef):
            return [OWN]  # an attribute of the student's function
        return self._of_class(base, name)

    def _of_file(self, base: Beside, name: str) -> list[Meaning]:
        found, deeper = list[Meaning](), f"{base.dotted}.{name}".lstrip(".")
        if source := self.source(base.dotted):
            part = source.part(name)
            found = [one for one in self.of(part.probe, part) if one != UNDEFINED]
            found = [
                one for one in found if not (isinstance(one, Thing) and one.dotted == f"builtins.{name}")
            ]
        if not found and (self.source(deeper) or self._is_folder(deeper)):
            found.append(Beside(deeper))
        return found or [UNDEFINED]

    def _of_class(self, base: Written, name: str) -> list[Meaning]:
        """Of the class itself, then of its bases; OWN where the student's class has it and its value is unknown."""
        node, part = base.node, base.part
        key = node, name
        if key in self.busy or not isinstance(node, ast.ClassDef):
            return [UNKNOWN]
        self.busy.add(key)
        try:
            return self._of_members(base, node, name, part)
        finally:
            self.busy.discard(key)

    def _of_members(self, base: Written, node: ast.ClassDef, name: str, part: Part) -> list[Meaning]:
        values = [] if base.above else list(_members(node, name))
        found = [one for value in values for one in self._member(value, part)]
        if values:
            return [OWN if one == UNKNOWN else one for one in found] or [OWN]
        for parent in node.bases:
            for meaning in self.of(parent, part):
                inherited = self.attribute(meaning, name)
                if isinstance(meaning, Thing) and meaning.object is not library.MISSING:
                    inherited = [
                        one
                        for one in inherited
                        if isinstance(one, Thing) and one.object is not library.MISSING
                    ]
                found += inherited
        return found or [OWN]

    def _member(self, value: ast.AST, part: Part) -> list[Meaning]:
        if isinstance(value, ast.alias):
            return self.imported(value, part)
        if isinstance(value, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return [Written(value, part)]
        return self.of(value, part)


def _once(found: list[Meaning]) -> list[Meaning]:
    """Without repeats, which would double with every alias of an alias."""
    known: dict[object, Meaning] = {}
    for one in found:
        key: object = one
        if isinstance(one, Thing):
            key = one.dotted
        elif isinstance(one, Written):
            key = (one.node, one.instance, one.above)
        known.setdefault(key, one)
    return list(known.values())


def _members(node: ast.ClassDef, name: str) -> Iterator[ast.AST]:
    """What a class binds to a name, in its body or by `self.name = ...`."""
    for statement in node.body:
        if getattr(statement, "name", None) == name:
            yield statement
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            yield from (one for one in statement.names if (one.asname or one.name.split(".")[0]) == name)
        yield from (
            value for target, value in stores(statement).items() if getattr(target, "id", None) == name
        )
    for part in ast.walk(node):
        for target, value in stores(part).items():
            if isinstance(target, ast.Attribute) and target.attr == name:
                yield value


def as_attribute(call: ast.Call) -> ast.Attribute | None:
    """`getattr(x, "name")` as `x.name`."""
    if not isinstance(call.func, ast.Name) or call.func.id != "getattr" or len(call.args) < 2:
        return None
    text = call.args[1]
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return None
    return ast.copy_location(ast.Attribute(call.args[0], text.value, ast.Load()), call)
