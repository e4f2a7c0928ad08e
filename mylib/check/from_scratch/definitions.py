"""Which definitions a name may have: beniget's chains, over the statements that matter and no others."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

import beniget

from mylib.check.from_scratch.cells import Statement, parse, printable

LOOPS = 9  # loops inside each other that are read: every level doubles beniget's time
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
SCOPES = (*FUNCTIONS, ast.ClassDef)


class _Chains(beniget.DefUseChains):
    """Silent: what a student's code lacks is said elsewhere."""

    def warn(self, *_: object) -> None:
        """Say nothing."""


class Source:
    """The statements of a notebook, or of a file beside it.

    texts: of its cells; a file is one.
    path: of the file; "" for the notebook.
    """

    def __init__(self, texts: Sequence[str], path: str = "") -> None:
        (statements, self.lost), self.path = parse(texts), path
        self.statements = statements
        self.parts: dict[str, Part] = {}
        self.attributes = {name for one in statements for name in _attributes(one.node)}
        self.by_name, self.by_change = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
        for number, one in enumerate(statements):
            for name in one.binds:
                self.by_name[name].add(number)
            for name in one.changes:
                self.by_change[name].add(number)

    def part(self, name: str) -> "Part":
        """What the global name needs."""
        if name not in self.parts:
            self.parts[name] = Part(self, name)
        return self.parts[name]

    def needed(self, name: str) -> list[Statement]:
        """The statements that may matter to a name, in order: more than do, and few."""
        todo, done, chosen = [name], {name}, set[int]()
        while todo:
            one = todo.pop()
            binding = self.by_name[one]
            more = binding | self.by_name["*"]
            if any(
                not isinstance(self.statements[number].node, ast.Import | ast.ImportFrom)
                for number in binding
            ):
                more = more | self.by_change[one]  # `np.append(...)` does not change np
            for number in more - chosen:
                names = self.statements[number].names | self.statements[number].binds
                todo += names - done
                done |= names
            chosen |= more
        return [self.statements[number] for number in sorted(chosen)]


class Part:
    """The statements that a name needs, and what each name in them may stand for.

    lost: statements that are left out, since beniget cannot read them.
    """

    def __init__(self, source: Source, name: str) -> None:
        self.source, self.lost = source, list[Statement]()
        self.probe = ast.Name(name, ast.Load(), lineno=0, col_offset=0)
        needed = source.needed(name)
        try:
            self._chain([one for one in needed if self._readable(one)])
        except Exception:  # beniget fails at rare code: without the statement that it fails at, it may not
            self._chain([one for one in needed if self._readable(one, alone=True)])

    def _readable(self, one: Statement, alone: bool = False) -> bool:
        fine = _loops(one.node) <= LOOPS
        if fine and alone:
            try:
                _Chains().visit(ast.Module([one.node], []))
            except Exception:
                fine = False
        if not fine and one not in self.lost:
            self.lost.append(one)
        return fine

    def _chain(self, statements: list[Statement]) -> None:
        tree = ast.Module([*(one.node for one in statements), ast.Expr(self.probe)], [])
        self.chains = _Chains()
        self.chains.visit(tree)
        self.uses = beniget.UseDefChains(self.chains).chains
        self.globals = defaultdict[str, list[ast.AST]](list)
        for one in self.chains.locals[tree]:
            self.globals[one.name()].append(one.node)
        self.parent = dict[ast.AST, ast.AST]()
        self._scope, self._home = dict[ast.AST, ast.AST | None](), dict[ast.AST, Statement]()
        self._bound = defaultdict[tuple[Statement, str], list[ast.AST]](list)
        for one in statements:
            self._place(one, tree)

    def _place(self, statement: Statement, tree: ast.Module) -> None:
        """Note where every part of a statement stands."""
        todo: list[tuple[ast.AST, ast.AST, ast.AST | None]] = [(statement.node, tree, None)]
        while todo:
            node, parent, scope = todo.pop()
            self.parent[node], self._scope[node], self._home[node] = parent, scope, statement
            self._bound[statement, _binds(node)].append(node)
            inner = node if isinstance(node, SCOPES) else scope
            todo += [(child, node, inner) for child in ast.iter_child_nodes(node)]

    def definitions(self, name: ast.Name) -> list[object]:
        """The nodes that may give a name its value here; an object of Python's own, where nothing else does."""
        found = [one.node for one in self.uses.get(name, ())]
        stars = [node for node in found if isinstance(node, ast.alias) and node.name == "*"]
        exact = [node for node in found if isinstance(node, ast.AST) and node not in stars]
        home = self.home(name)
        if (
            not exact and home
        ):  # beniget misses a guard in a match, := in a comprehension, and names after an `if`
            exact = self._bound[home, name.id] or (self.globals[name.id] if self.scope(name) else [])
        return [*exact, *stars, *(node for node in found if not isinstance(node, ast.AST | str))]

    def users(self, definition: ast.AST) -> Iterator[ast.AST]:
        """Where the value of a definition is used."""
        chain = self.chains.chains.get(definition)
        yield from (one.node for one in (chain.users() if chain else ()) if isinstance(one.node, ast.AST))

    def scope(self, node: ast.AST) -> ast.AST | None:
        """The function or class that a node stands in, or None."""
        return self._scope.get(node)

    def home(self, node: ast.AST) -> Statement | None:
        """The statement of the top level that a node stands in."""
        return self._home.get(node)

    def line(self, node: ast.AST) -> str:
        """The source text of a node's line."""
        home = self.home(node)
        lines, number = home.text.splitlines() if home else [], getattr(node, "lineno", 0)
        return printable(lines[number - 1]) if 0 < number <= len(lines) else ""


def paired(target: ast.expr, value: ast.expr) -> dict[ast.expr, ast.expr]:
    """Target to value, for `a = x`, `a.b = x` and `a, b = x, y`; the whole value where the parts do not pair off."""
    if not isinstance(target, ast.Tuple | ast.List):
        return {target: value}
    parts, values = target.elts, value.elts if isinstance(value, ast.Tuple | ast.List) else []
    if len(values) == len(parts) and not any(isinstance(one, ast.Starred) for one in (*parts, *values)):
        pairs = zip(parts, values, strict=True)
        return {key: found for one, part in pairs for key, found in paired(one, part).items()}
    return {one: value for one in ast.walk(target) if isinstance(one, ast.expr)}


def stores(node: ast.AST) -> dict[ast.expr, ast.expr]:
    """Target to value of everything that a node itself sets; of a loop, what it runs over."""
    if isinstance(node, ast.Assign):
        return {k: v for target in node.targets for k, v in paired(target, node.value).items()}
    if isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
        return {node.target: node.value} if node.value else {}
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        return dict.fromkeys((one for one in ast.walk(node.target) if isinstance(one, ast.expr)), node.iter)
    if isinstance(node, ast.withitem) and node.optional_vars:
        return dict.fromkeys(
            (one for one in ast.walk(node.optional_vars) if isinstance(one, ast.expr)), node.context_expr
        )
    return {}


def _attributes(node: ast.AST) -> Iterator[str]:
    """Names of attributes that classes of the student define or set."""
    for one in ast.walk(node):
        if isinstance(one, ast.ClassDef):
            for part in one.body:
                yield from (
                    {getattr(part, "name", "")} if not isinstance(part, ast.Assign | ast.AnnAssign) else ()
                )
                yield from (key.id for key in stores(part) if isinstance(key, ast.Name))
        elif isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store):
            yield one.attr


def statement_of(target: ast.AST, part: Part) -> ast.AST | None:
    """What sets a target, which may stand in a tuple of targets."""
    above = part.parent.get(target)
    while isinstance(above, ast.Tuple | ast.List | ast.Starred):
        above = part.parent.get(above)
    return above


def _loops(node: ast.AST) -> int:
    """How many loops stand inside each other, at most; a `while` counts as two."""
    deepest, todo = 0, [(node, 0)]
    while todo:
        node, depth = todo.pop()
        depth += isinstance(node, ast.For | ast.AsyncFor) + 2 * isinstance(node, ast.While)
        deepest = max(deepest, depth)
        todo += [(part, depth) for part in ast.iter_child_nodes(node)]
    return deepest


def _binds(node: ast.AST) -> str:
    """The name that a target or a pattern binds, or ""."""
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store) else ""
    if isinstance(node, ast.MatchAs | ast.MatchStar):
        return node.name or ""
    return (node.rest or "") if isinstance(node, ast.MatchMapping) else ""
