"""What an expression stands for, as far as reading the cells can tell."""

import ast
from dataclasses import dataclass

from mylib.check.from_scratch import library, scopes
from mylib.check.from_scratch.library import Thing

UNKNOWN, DATA, UNDEFINED = "unknown", "data", "undefined"


@dataclass(frozen=True, eq=False)
class Own:
    """A function or class of the cells, or (`instance`) an object of the class."""

    node: ast.AST
    scope: scopes.Scope
    instance: bool = False


class Meanings:
    """Resolves names and chains of attributes.

    module: the scope of all cells.
    stored: names of attributes that some cell sets.
    """

    def __init__(self, module, stored):
        self.module, self.stored = module, stored

    def of(self, node, scope, seen=()):
        """What an expression may stand for; [UNKNOWN] where only running could tell."""
        if isinstance(node, ast.Name):
            return self._name(node.id, scope, seen)
        if isinstance(node, ast.Attribute):
            bases = self.of(node.value, scope, seen)
            return [found for base in bases for found in self.attribute(base, node.attr, seen)]
        if isinstance(node, ast.IfExp):
            return self.of(node.body, scope, seen) + self.of(node.orelse, scope, seen)
        if isinstance(node, ast.NamedExpr):
            return self.of(node.value, scope, seen)
        if calls(node, "getattr") and len(node.args) >= 2 and isinstance(node.args[1], ast.Constant):
            return self.of(as_attribute(node), scope, seen)
        return [UNKNOWN]

    def _name(self, name, scope, seen):
        home = scope.lookup(name)
        if home is None:
            return self._unbound(name)
        found = []
        for one in home.names[name]:
            if one.kind == "import":
                found.append(library.thing(one.dotted))
            elif one.kind == "own":
                found.append(Own(one.node, one.scope))
            elif one.kind == "self":
                found.append(Own(one.node, one.scope.outer, instance=True))
            elif one.kind == "alias" and one not in seen:
                found += self.of(one.node, one.scope, (*seen, one))
            else:
                found.append(UNKNOWN)
        return found

    def _unbound(self, name):
        if scopes.is_builtin(name):
            return [library.builtin(name)] if not name.startswith("__") or name == "__import__" else [DATA]
        if name == "get_ipython":
            return [Thing("IPython.get_ipython")]
        public = {module: library.star(module) for module in self.module.stars}
        found = [
            library.attribute(library.thing(module), name)
            for module, names in public.items()
            if names is None or name in names
        ]
        return found or [DATA if name == "display" else UNDEFINED]

    def attribute(self, base, name, seen):
        """What `base.name` may stand for; `base` is one meaning."""
        if isinstance(base, Thing):
            return [library.attribute(base, name)]
        if not isinstance(base, Own) or not isinstance(base.node, ast.ClassDef) or base.node in seen:
            return [UNKNOWN]
        inside = base.scope.enter(base.node)
        if name in inside.names:
            return self._name(name, inside, seen)
        found = [DATA] if name in self.stored else []
        for parent in base.node.bases:
            for meaning in self.of(parent, base.scope, (*seen, base.node)):
                if isinstance(meaning, Thing):
                    inherited = library.attribute(meaning, name)
                    known = meaning.object is not library.MISSING
                    found += [inherited] if inherited.object is not library.MISSING or not known else []
                else:
                    found += [
                        one for one in self.attribute(meaning, name, (*seen, base.node)) if one != UNKNOWN
                    ]
        return found or [UNKNOWN]


def as_attribute(call):
    """`getattr(x, "name")` as `x.name`."""
    node = ast.Attribute(call.args[0], str(call.args[1].value), ast.Load())
    return ast.copy_location(node, call)


def calls(node, name):
    """The node is a call of that name."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
