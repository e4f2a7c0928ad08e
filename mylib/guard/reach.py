"""What a function can reach, followed through the cells, and what is refused there."""

import ast
from collections import defaultdict, deque
from dataclasses import dataclass

from mylib.guard import cells as cell_texts
from mylib.guard import library, means, scopes
from mylib.guard.library import Thing
from mylib.guard.meaning import UNDEFINED, UNKNOWN, Meanings, Own, as_attribute, calls

OURS = "write it yourself"
OPEN = "write the calls out, so that they can be checked"
FILLING = ("append", "appendleft", "extend", "insert", "add", "update", "setdefault", "__setitem__")


@dataclass(frozen=True, eq=False)
class Where:
    """A place for messages: line of a definition, or the text of what stands in a cell."""

    node: ast.AST
    text: str | ast.AST
    first: int | None

    def __str__(self):
        if self.first is not None:
            return f"line {getattr(self.node, 'lineno', self.first) - self.first + 1} of {self.text}"
        if isinstance(self.text, str):
            return self.text
        return f"`{ast.unparse(self.text).splitlines()[0]:.60}` in a cell"


def refuse(name, cells, banned):
    r"""The function or class of that name uses none of the banned ones, as far as reading the cells can tell.

    Args:    name: a global name of the notebook.
             cells: sources of its code cells in order, the instructor's and the student's; those that have run when
                 the test runs. Test cells may be left out.
             banned: dotted names: a function ("numpy.convolve"), a method ("torch.Tensor.softmax"), a class, or a
                 whole package ("mylib", "scipy.signal").
    Raises:  AssertionError: naming the line and the banned call, or the means by which a call could be hidden.
             ValueError: a banned name does not exist (a mistake in the exercise).

    Example:
        >>> refuse("f", ["import numpy as np", "def f(a, b):\n    return np.convolve(a, b)"], ["numpy.convolve"])
        Traceback (most recent call last):
        AssertionError: line 2 of f uses numpy.convolve: write it yourself
    """
    banned = [library.find_banned(one) for one in banned]
    trees = cell_texts.parse(cells)
    reader = Reader(scopes.read(trees), trees, banned)
    if name not in reader.module.names:
        raise AssertionError(f"{name} is defined in no cell: define it with def or class")
    reader.follow(name)
    reader.look_everywhere()


class Reader:
    """Walks what is reachable; the first thing that is not allowed raises."""

    def __init__(self, module, trees, banned):
        self.module, self.trees, self.banned = module, trees, banned
        self.todo, self.seen, self.followed = deque(), set(), set()
        self.fine, self.literal, self.stored = set(), set(), set()
        self.names = Meanings(module, self.stored)
        self.changes, self.calls, self.decorated = defaultdict(list), defaultdict(list), defaultdict(list)
        self.aliases = scopes.aliases(module)
        for tree in trees:
            for node, scope in scopes.walk(tree, module):
                self._index(node, scope)

    def follow(self, name):
        """Check everything that the global name leads to."""
        for definition in self.module.names[name]:
            if definition.kind == "import":
                self._check_thing(library.thing(definition.dotted), name)
        self._use(self.module, name)
        while self.todo:
            node, scope, place = self.todo.pop()
            if id(node) in self.seen:
                continue
            self.seen.add(id(node))
            if scope.kind == "class" and isinstance(node, scopes.FUNCTIONS):
                place = _place(node)
            self._check(node, scope, place)
            parts = [(part, deeper, place) for part, deeper in scopes.children(node, scope)]
            self.todo.extend(reversed(parts))

    def look_everywhere(self):
        """Refuse what could bind or replace names behind a reader's back, wherever it stands."""
        self.fine.clear()
        self.literal.clear()
        for tree in self.trees:
            for statement in tree.body:
                for node, scope in scopes.walk(statement, self.module):
                    self._check(node, scope, (statement, None), everywhere=True)

    def _check(self, node, scope, place, everywhere=False):
        where = Where(node, *place)
        self._allow(node, scope)
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._check_import(node, where, everywhere)
        elif isinstance(node, ast.Call):
            self._check_call(node, scope, where, everywhere)
        elif isinstance(node, ast.Attribute):
            self._check_text(node.attr, where)
            if isinstance(node.ctx, ast.Load):
                self._check_use(node, scope, where, everywhere)
            else:
                self._check_replaced(node.value, node.attr, scope, where)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            self._check_text(node.id, where)
            self._check_use(node, scope, where, everywhere)

    def _check_text(self, name, where):
        if name in means.ATTRIBUTES:
            raise AssertionError(f"{where} uses {name}: {OPEN}")

    def _allow(self, node, scope):
        """Note which values below this node may be a module, or `getattr`: what is done with them can be read."""
        if isinstance(node, ast.Attribute):
            self.fine.add(id(node.value))
        elif isinstance(node, ast.Assign) and scope.kind != "class":
            for target in node.targets:
                pairs = zip(*(getattr(side, "elts", [side]) for side in (target, node.value)), strict=False)
                self.fine |= {id(value) for name, value in pairs if isinstance(name, ast.Name)}
        elif isinstance(node, ast.NamedExpr) or (isinstance(node, ast.AnnAssign) and scope.kind != "class"):
            self.fine.add(id(node.value))
        elif isinstance(node, scopes.FUNCTIONS):
            self.fine |= {id(value) for value in (*node.args.defaults, *node.args.kw_defaults)}
        elif isinstance(node, ast.IfExp) and id(node) in self.fine:
            self.fine |= {id(node.body), id(node.orelse)}

    def _check_use(self, node, scope, where, everywhere):
        """A name or a chain of attributes whose value is used."""
        for meaning in self.names.of(node, scope):
            if isinstance(meaning, Thing):
                self._check_thing(meaning, where, everywhere, node)
            elif everywhere:
                continue
            elif meaning == UNDEFINED:
                raise AssertionError(f"{where} uses {node.id}, which no cell defines: define it or import it")
            elif meaning == UNKNOWN and isinstance(node, ast.Attribute):
                self._check_method(node.attr, where)
            elif isinstance(meaning, Own):
                self._push(meaning.node, meaning.scope, _place(meaning.node))
        if isinstance(node, ast.Name) and not everywhere and (home := scope.lookup(node.id)):
            self._use(home, node.id)

    def _check_thing(self, thing, where, everywhere=False, node=None):
        if (name := means.hides(thing, everywhere)) and id(node) not in self.literal:
            raise AssertionError(f"{where} uses {name}: {OPEN}")
        ours = everywhere and thing.dotted.startswith("mylib")  # tests go over both twins
        if library.is_module(thing) and node is not None and id(node) not in self.fine and not ours:
            raise AssertionError(f"{where} passes the module {thing.dotted} on: {OPEN}")
        if everywhere:
            return
        for one in self.banned:
            if library.is_banned(thing, one):
                raise AssertionError(f"{where} uses {one.name}: {OURS}")
        if not library.is_installed(thing.dotted):
            raise AssertionError(
                f"{where} uses {thing.dotted}, which is no installed library: put it into the cell"
            )

    def _check_method(self, attribute, where):
        for one in self.banned:
            if one.owner and attribute == one.target.__name__:
                raise AssertionError(f"{where} uses {one.name}: {OURS}")

    def _check_import(self, node, where, everywhere):
        for alias in node.names:
            dotted = alias.name
            if isinstance(node, ast.ImportFrom):
                dotted = f"{'.' * node.level}{node.module or ''}.{alias.name}".removesuffix(".*")
            thing = library.thing(dotted)
            if name := means.hides(thing, everywhere):
                raise AssertionError(f"{where} imports {name}: {OPEN}")
            if everywhere:
                continue
            if any(library.is_banned(thing, one) for one in self.banned):
                raise AssertionError(f"{where} imports {dotted}: {OURS}")
            self._check_thing(thing, where)

    def _check_call(self, node, scope, where, everywhere):
        """Calls whose meaning lies in a text: getattr and its like, and IPython's magics."""
        name = node.func.id if isinstance(node.func, ast.Name) and not scope.lookup(node.func.id) else ""
        if name in ("getattr", "hasattr", "setattr", "delattr") and len(node.args) >= 2:
            owner, text = node.args[:2]
            if isinstance(text, ast.Constant) or self._is_self(owner, scope):
                self.literal.add(id(node.func))
                self.fine.add(id(owner))
        literal = id(node.func) in self.literal
        if name in ("setattr", "delattr") and literal:
            self._check_replaced(node.args[0], getattr(node.args[1], "value", ""), scope, where)
        if name == "getattr" and literal and isinstance(node.args[1], ast.Constant):
            self._check_text(node.args[1].value, where)
            self._check_use(as_attribute(node), scope, where, everywhere)
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        magic = cell_texts.magic(node) if everywhere and calls(inner, "get_ipython") else None
        if magic in means.MAGICS:
            self.literal.add(id(inner.func))

    def _is_self(self, node, scope):
        """An object of the student's class, none of whose bases has a banned method."""
        meanings = self.names.of(node, scope) if isinstance(node, ast.Name) else []
        own = all(isinstance(meaning, Own) and meaning.instance for meaning in meanings)
        names = {one.target.__name__ for one in self.banned if one.owner}
        inherited = (self.names.attribute(meaning, name, ()) for meaning in meanings for name in names)
        known = any(isinstance(one, Thing) for found in inherited for one in found)
        return bool(meanings) and own and not known

    def _check_replaced(self, base, name, scope, where):
        """`np.sum = ...`: settings of a library may be set, its functions and classes may not be replaced."""
        if isinstance(base, ast.Attribute) and base.attr == "__class__" or calls(base, "type"):
            raise AssertionError(f"{where} changes a class while running: {OPEN}")
        for meaning in self.names.of(base, scope):
            if not isinstance(meaning, Thing):
                continue
            old = library.attribute(meaning, name).object
            code = meaning.object is library.MISSING or library.is_code(meaning.object)
            if code and (old is library.MISSING or callable(old)):
                raise AssertionError(
                    f"{where} replaces {meaning.dotted}.{name}: leave the libraries as they are"
                )

    def _use(self, home, name):
        """Follow whatever gives a name its value, and whatever changes that value."""
        if (home, name) in self.followed:
            return
        self.followed.add((home, name))
        for definition in home.names[name]:
            if definition.kind == "own":
                self._push(definition.node, definition.scope, _place(definition.node))
            for source in definition.sources:
                if definition.kind == "alias":
                    self.fine.add(id(source))
                self._push(source, definition.scope, (name, getattr(source, "lineno", 1)))
        for alias in self.aliases[name] if home is self.module else ():
            self._use_changes(alias, named=alias == name)

    def _use_changes(self, name, named):
        """`ops.append(F.relu)`, `ops[0] = F.relu`, `f.op = F.relu`, `register(ops)`: what comes in is used too.

        Under another name (`named` is false) only the first three count.
        """
        kinds = {definition.kind for definition in self.module.names[name]}
        if kinds == {"import"}:
            return
        made = named and bool(kinds - {"own"})  # a value, in contrast to a function or class
        for form, node, scope in self.changes[name]:
            if scope.lookup(name) is not self.module:
                continue
            fills = form == "store" or (form == "method" and node.func.attr in FILLING)
            parts = [node] if form == "store" else []
            if form == "method" and (made or fills or (named and isinstance(node.func.value, ast.Attribute))):
                parts = [*node.args, *node.keywords]
            elif form == "argument" and made:
                parts = self._handed_over(node, scope)
            for part in parts:
                self._push(part, scope, (f"what is done to {name}", None))
            if fills and scope.kind == "function" and hasattr(scope.node, "name"):
                self._use_callers(scope.node.name)
        for node, scope in self.decorated[name] if made else ():
            self._push(node, scope, _place(node))

    def _handed_over(self, call, scope):
        """Arguments that may be functions; the student's function that gets them is followed."""
        for one in self.names.of(call.func, scope):
            if isinstance(one, Own):
                self._push(one.node, one.scope, _place(one.node))
        values = (*call.args, *(keyword.value for keyword in call.keywords))
        return [value for value in values if isinstance(value, ast.Name | ast.Attribute | ast.Lambda)]

    def _use_callers(self, name):
        """A function that fills what an answer uses: its arguments come in, and what it decorates."""
        for call, scope in self.calls[name]:
            for part in (*call.args, *call.keywords):
                self._push(part, scope, (f"what {name} gets", None))
        for node, scope in self.decorated[name]:
            self._push(node, scope, _place(node))

    def _push(self, node, scope, place):
        if id(node) not in self.seen:
            self.todo.appendleft((node, scope, place))  # after what is being read

    def _index(self, node, scope):
        """Remember changes to named values, calls and decorators, by the name that they hang on."""
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For | ast.withitem):
            targets = getattr(
                node, "targets", [getattr(node, "target", getattr(node, "optional_vars", None))]
            )
            value = getattr(node, "value", None) or getattr(node, "iter", getattr(node, "context_expr", None))
            for target in (part for one in targets if one is not None for part in ast.walk(one)):
                if isinstance(target, ast.Attribute | ast.Subscript) and isinstance(target.ctx, ast.Store):
                    self.stored |= {getattr(target, "attr", "")}
                    if (base := scopes.root(target)) and value is not None:
                        self.changes[base.id].append(("store", value, scope))
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                self.calls[node.func.id].append((node, scope))
            elif isinstance(node.func, ast.Attribute) and (base := scopes.root(node.func)):
                self.changes[base.id].append(("method", node, scope))
            for argument in node.args:
                if isinstance(argument, ast.Name):
                    stores = calls(node, "setattr") and argument is node.args[0]
                    self.changes[argument.id].append(("store" if stores else "argument", node, scope))
        for mark in getattr(node, "decorator_list", []):
            if base := scopes.root(mark):
                self.decorated[base.id].append((node, scope))


def _place(node):
    """Name and first line of a definition, for messages."""
    lines = [node.lineno, *(mark.lineno for mark in getattr(node, "decorator_list", []))]
    prefix = "class " if isinstance(node, ast.ClassDef) else ""
    return f"{prefix}{getattr(node, 'name', 'a lambda')}", min(lines)
