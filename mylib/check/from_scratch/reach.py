"""What a function can reach, followed through the cells, and what is refused there."""

import ast
from collections import deque
from dataclasses import dataclass

from mylib.check.from_scratch import cells as cell_texts
from mylib.check.from_scratch import library, means, scopes
from mylib.check.from_scratch.changes import Changes, functions_in
from mylib.check.from_scratch.library import Thing
from mylib.check.from_scratch.meaning import UNDEFINED, UNKNOWN, Meanings, Own, as_attribute, calls

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
             cells: sources of its code cells in order, the instructor's and the student's, those that have run when
                 the test runs. Test cells may be left out. Of a name that several cells define every definition
                 counts: a later one may not have been reached.
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
        self.fine, self.literal = set(), set()
        self.changes, self.aliases = Changes(module, trees), scopes.aliases(module)
        self.names = Meanings(module, self.changes.fields)

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
                place = self._place(node, scope)
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
            self.fine |= {id(value) for target in node.targets for value in scopes.paired(target, node.value)}
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
            if isinstance(node, ast.Attribute) and not isinstance(meaning, Thing):
                for value, place in self.changes.fields.get(node.attr, ()):
                    self._push(value, place, (f"what .{node.attr} is set to", None))
                    self._use_callers(place, whole=False)
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
        if everywhere:
            self._check_runner(node, scope, where)
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        magic = cell_texts.magic(node) if everywhere and calls(inner, "get_ipython") else None
        if magic in means.MAGICS:
            self.literal.add(id(inner.func))

    def _check_runner(self, call, scope, where):
        """`timeit.timeit(lambda: f(x))` may stand in a cell, `timeit.timeit("...")` may not: a text can bind names."""
        functions = [one.dotted for one in self.names.of(call.func, scope) if isinstance(one, Thing)]
        runs = [dotted for dotted in functions if dotted.split(".")[0] in means.RUNNERS]
        for value in (*call.args, *(keyword.value for keyword in call.keywords)) if runs else ():
            number = isinstance(value, ast.Constant) and not isinstance(value.value, str)
            function = any(isinstance(one, Own) for one in self.names.of(value, scope))
            if not (number or function or isinstance(value, ast.Lambda)):
                raise AssertionError(f"{where} uses {runs[0]}: {OPEN}")

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
                self._push(definition.node, definition.scope, self._place(definition.node, definition.scope))
            for source in definition.sources:
                if definition.kind == "alias":
                    self.fine.add(id(source))
                self._push(source, definition.scope, (name, getattr(source, "lineno", 1)))
        value = home is self.module and not self._is_code(name)
        for alias in self.aliases[name] if home is self.module else ():
            if {definition.kind for definition in self.module.names[alias]} != {"import"}:
                self._use_changes(alias, alias == name, value)

    def _is_code(self, name):
        return all(definition.kind == "own" for definition in self.module.names[name])

    def _use_changes(self, name, named, value):
        """`ops.append(F.relu)`, `ops[0] = F.relu`, `f.op = F.relu`, `register(ops)`: what comes in is used too.

        Under another name (`named` is false) less counts; so for functions and classes (`value` is false).
        """
        made = named and value
        for form, node, scope in self.changes.done[name]:
            if scope.lookup(name) is self.module:
                fills = form == "store" or (form == "method" and node.func.attr in FILLING)
                for part in self._brought(form, node, scope, named, made or fills):
                    self._push(part, scope, (f"what is done to {name}", None))
                if fills:
                    self._use_callers(scope)
        called = value and not named and not self._is_code(name)  # put = ops.append; put(F.relu)
        for call, scope in self.changes.calls[name] if called else ():
            for part in call.args:
                for function in functions_in(part):
                    self._push(function, scope, (f"what {name} gets", None))
        for node, scope in self.changes.decorated[name] if made else ():
            self._push(node, scope, self._place(node, scope))

    def _brought(self, form, node, scope, named, whole):
        """The parts of a statement that may put a function into a value."""
        if form == "store":
            return [node]
        if form == "method" and whole:
            return [*node.args, *node.keywords]
        if not named or (form == "argument" and not whole):
            return []
        for one in self.names.of(node.func, scope) if form == "argument" else ():
            if isinstance(one, Own):
                self._push(one.node, one.scope, self._place(one.node, one.scope))
        values = (*node.args, *(keyword.value for keyword in node.keywords))
        return [function for value in values for function in functions_in(value)]

    def _use_callers(self, scope, whole=True):
        """A function that fills what an answer uses: its arguments come in, and what it decorates.

        If not `whole`, only arguments that may be functions.
        """
        name = getattr(scope.node, "name", None)
        if scope.kind != "function" or name is None or ("callers", name, whole) in self.followed:
            return
        self.followed.add(("callers", name, whole))
        for call, place in self.changes.calls[name]:
            for value in (*call.args, *(keyword.value for keyword in call.keywords)):
                for part in (value,) if whole else functions_in(value):
                    self._push(part, place, (f"what {name} gets", None))
            self._use_callers(place, whole)
        for node, place in self.changes.decorated[name]:
            self._push(node, place, self._place(node, place))

    def _push(self, node, scope, place):
        if id(node) not in self.seen:
            self.todo.appendleft((node, scope, place))  # after what is being read

    def _place(self, node, scope):
        """Name and first line of a definition, for messages."""
        lines = [node.lineno, *(mark.lineno for mark in getattr(node, "decorator_list", []))]
        name = getattr(node, "name", "a lambda")
        several = scope is self.module and len(scope.names.get(name, ())) > 1
        prefix = "class " if isinstance(node, ast.ClassDef) else ""
        return f"{prefix}{name}{' (one of several of that name)' if several else ''}", min(lines)
