"""Which name stands where: the scopes and the definitions of a notebook's cells, read and never run.

Every definition of a name counts, also one inside an `if` or one that another cell replaces.
"""

import ast
import builtins
from collections import defaultdict
from dataclasses import dataclass, field

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
RETURNS = (ast.Return, ast.Yield, ast.YieldFrom)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, eq=False)
class Definition:
    """One way in which a name gets its value.

    kind: "import" (of `dotted`), "own" (a def or class: `node`), "alias" (of the expression `node`), "self" (an
        instance of the class `node`), or "other" (something that only running would show).
    sources: expressions whose values it is made of.
    scope: where they are evaluated.
    """

    name: str
    kind: str
    scope: "Scope"
    node: ast.AST = None
    dotted: str = ""
    sources: tuple = ()


@dataclass(eq=False)
class Scope:
    """A module, function, class or comprehension, and the names that it binds."""

    kind: str
    node: ast.AST = None
    outer: "Scope" = None
    names: dict = field(default_factory=dict)
    elsewhere: dict = field(default_factory=dict)
    inner: dict = field(default_factory=dict)
    stars: list = field(default_factory=list)

    def enter(self, node):
        """The scope that a function, class or comprehension opens here."""
        if node not in self.inner:
            kinds = {ast.ClassDef: "class"} | dict.fromkeys(FUNCTIONS, "function")
            self.inner[node] = Scope(kinds.get(type(node), "comprehension"), node, self)
        return self.inner[node]

    @property
    def module(self):
        """The outermost scope."""
        scope = self
        while scope.outer:
            scope = scope.outer
        return scope

    def bind(self, definition):
        """Add a definition where `global`, `nonlocal` and comprehensions say that it belongs."""
        self.elsewhere.get(definition.name, self).names.setdefault(definition.name, []).append(definition)

    def lookup(self, name):
        """The scope that a name belongs to, or None: not bound by any cell."""
        scope, first = self.elsewhere.get(name, self), True
        while scope:
            if name in scope.names and (first or scope.kind != "class"):
                return scope
            scope, first = scope.outer, False
        return None


def children(node, scope):
    """The parts of a node that are evaluated, each with its scope; annotations only where they do something."""
    inside = []
    if isinstance(node, FUNCTIONS):
        parts = [
            *getattr(node, "decorator_list", []),
            *node.args.defaults,
            *filter(None, node.args.kw_defaults),
            *_acting(getattr(node, "returns", None), *(one.annotation for one in arguments(node))),
        ]
        inside = [node.body] if isinstance(node, ast.Lambda) else node.body
    elif isinstance(node, ast.ClassDef):
        parts = [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
        inside = node.body
    elif isinstance(node, COMPREHENSIONS):
        first, *rest = node.generators
        parts = [first.iter]
        inside = [first.target, *first.ifs, *rest]
        inside += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    elif isinstance(node, ast.AnnAssign):
        parts = [node.target, *filter(None, [node.value]), *_acting(node.annotation)]
    else:
        parts = ast.iter_child_nodes(node)
    yield from ((part, scope) for part in parts)
    if inside:
        deeper = scope.enter(node)
        yield from ((part, deeper) for part in inside)


def arguments(node):
    """All arguments of a function, as syntax."""
    given = node.args
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]


def _acting(*annotations):
    """Annotations that call something or bind a name: they are evaluated when the function is defined."""
    acting = (ast.Call, ast.NamedExpr, ast.Lambda, *COMPREHENSIONS)
    return [one for one in annotations if one and any(isinstance(part, acting) for part in ast.walk(one))]


def walk(node, scope):
    """A node and all that is evaluated below it, in order, each with its scope."""
    todo = [(node, scope)]
    while todo:
        node, scope = todo.pop()
        yield node, scope
        todo += reversed(list(children(node, scope)))


def root(node):
    """The name that a chain of attributes, items and calls hangs on, or None."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node if isinstance(node, ast.Name) else None


def read(trees):
    """The module scope of a list of cells, with every definition that stands in them."""
    module = Scope("module")
    for tree in trees:
        for node, scope in walk(tree, module):
            _define(node, scope)
    return module


def aliases(module):
    """Global names that may lead to the same object, such as `b` in `b = a`, `for b in [a]` or `def b(): return a`.

    Returns: name to a list of names, itself among them.
    """
    direct = defaultdict(set)
    for name, definitions in module.names.items():
        for definition in definitions:
            returned = [
                part.value for part in ast.walk(definition.node or ast.Pass()) if isinstance(part, RETURNS)
            ]
            for source in (*definition.sources, *(returned if definition.kind == "own" else ())):
                for held in _held(source):
                    direct[held].add(name)
    found = defaultdict(list)
    for name in module.names:
        todo, same = [name], set()
        while todo:
            if (one := todo.pop()) not in same:
                same.add(one)
                todo += direct[one]
        found[name] = sorted(same)
    return found


def _held(node):
    """Names whose objects an expression may contain; what calls return is new."""
    todo = [node]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.expr) and not isinstance(node, ast.Call):
            todo += ast.iter_child_nodes(node)


def _define(node, scope):
    if isinstance(node, ast.Global):
        scope.elsewhere |= dict.fromkeys(node.names, scope.module)
    elif isinstance(node, ast.Nonlocal):
        scope.elsewhere |= {name: scope.outer.lookup(name) or scope.outer for name in node.names}
    elif isinstance(node, ast.Import | ast.ImportFrom):
        _define_imports(node, scope)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope.bind(Definition(node.name, "own", scope, node))
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            _define_target(target, node.value, scope)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign) and node.value:
        _define_target(node.target, node.value, scope)
    elif isinstance(node, ast.NamedExpr):
        while scope.kind == "comprehension":
            scope = scope.outer
        _define_target(node.target, node.value, scope)
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        _define_names(node.target, (node.iter,), scope)
    elif isinstance(node, ast.withitem) and node.optional_vars:
        _define_names(node.optional_vars, (node.context_expr,), scope)
    elif isinstance(node, ast.Try | ast.TryStar):
        for name in filter(None, (handler.name for handler in node.handlers)):
            scope.bind(Definition(name, "other", scope, sources=tuple(node.body)))
    elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        scope.bind(Definition(node.name, "other", scope))
    elif isinstance(node, ast.MatchMapping) and node.rest:
        scope.bind(Definition(node.rest, "other", scope))
    if isinstance(node, FUNCTIONS):
        _define_arguments(node, scope)
    elif isinstance(node, COMPREHENSIONS):
        first = node.generators[0]  # its target belongs to the inside, what it runs over to the outside
        _define_names(first.target, (first.iter,), scope.enter(node))


def _define_imports(node, scope):
    for alias in node.names:
        if isinstance(node, ast.Import):
            dotted = alias.name if alias.asname else alias.name.split(".")[0]
        else:
            dotted = f"{'.' * node.level}{node.module or ''}.{alias.name}"
        if alias.name == "*":
            scope.module.stars.append(dotted.removesuffix(".*"))
        else:
            name = alias.asname or (dotted if isinstance(node, ast.Import) else alias.name)
            scope.bind(Definition(name, "import", scope, node, dotted))


def _define_target(target, value, scope):
    pairs = paired(target, value)
    for part, one in pairs.items():
        scope.bind(Definition(one.id, "alias", scope, part, sources=(part,)))
    if not pairs:
        _define_names(target, (value,), scope)


def paired(target, value):
    """Value to target, for `a = x` and `a, b = x, y`; empty where the parts do not pair off, as in `a, *b = x, y`."""
    if isinstance(target, ast.Name):
        return {value: target}
    if not isinstance(target, ast.Tuple | ast.List) or not isinstance(value, ast.Tuple | ast.List):
        return {}
    simple = all(isinstance(part, ast.Name) for part in target.elts)
    starred = any(isinstance(part, ast.Starred) for part in value.elts)
    if not simple or starred or len(target.elts) != len(value.elts):
        return {}
    return dict(zip(value.elts, target.elts, strict=True))


def _define_names(target, sources, scope):
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            scope.bind(Definition(node.id, "other", scope, sources=sources))


def _define_arguments(node, scope):
    inner, given = scope.enter(node), node.args
    positional = [*given.posonlyargs, *given.args]
    for argument in arguments(node):
        inner.bind(Definition(argument.arg, "other", inner))
    defaults = dict(zip(reversed(positional), reversed(given.defaults), strict=False))
    defaults |= dict(zip(given.kwonlyargs, given.kw_defaults, strict=True))
    for argument, default in defaults.items():
        if default is not None:
            inner.bind(Definition(argument.arg, "alias", scope, default))
    if scope.kind == "class" and positional and not _is_static(node):
        inner.names[positional[0].arg] = [Definition(positional[0].arg, "self", scope, scope.node)]


def _is_static(node):
    marks = getattr(node, "decorator_list", [])
    return any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in marks)


def is_builtin(name):
    """A name that Python itself gives, where no cell binds it."""
    return hasattr(builtins, name) or name in ("__file__", "__class__")
