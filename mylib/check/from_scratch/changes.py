"""How values are changed after they were made, and who calls whom: what only the whole notebook shows."""

import ast
from collections import defaultdict

from mylib.check.from_scratch import scopes
from mylib.check.from_scratch.meaning import as_attribute, calls


class Changes:
    """An index of all cells, by the name that a statement hangs on.

    done: name to (form, node, scope). Form "store": `ops[0] = node`, `f.op = node`; "method": the call node is
        `ops.append(...)`; "argument": it is `register(ops, ...)`.
    fields: attribute to (value, scope) of every place where it is set; values set on `self` are left out, since they
        stand in the class.
    calls: name to (call, scope).
    decorated: name of a decorator to (definition, scope).
    """

    def __init__(self, module, trees):
        self.done, self.calls, self.decorated = defaultdict(list), defaultdict(list), defaultdict(list)
        self.fields = {}
        for tree in trees:
            for node, scope in scopes.walk(tree, module):
                self._read(node, scope)

    def _read(self, node, scope):
        for target, value in _stores(node):
            self._store(target, value, scope)
        if isinstance(node, ast.Call):
            self._call(node, scope)
        for mark in getattr(node, "decorator_list", []):
            if base := scopes.root(mark):
                self.decorated[base.id].append((node, scope))

    def _call(self, node, scope):
        if isinstance(node.func, ast.Name):
            self.calls[node.func.id].append((node, scope))
        elif isinstance(node.func, ast.Attribute) and (base := scopes.root(node.func)):
            self.done[base.id].append(("method", node, scope))
        for argument in node.args:
            base = scopes.root(argument) if isinstance(argument, ast.Attribute) else argument
            if isinstance(base, ast.Name):
                self.done[base.id].append(("argument", node, scope))
        if calls(node, "setattr") and len(node.args) == 3:
            target = as_attribute(node) if isinstance(node.args[1], ast.Constant) else node.args[0]
            self._store(target, node.args[2], scope)

    def _store(self, target, value, scope):
        """`box.op = F.relu`: by the name `box`, and by the attribute, which another name may reach."""
        base, name = scopes.root(target), getattr(target, "attr", "")
        home = scope.lookup(base.id) if base else None
        own = home and any(one.kind == "self" for one in home.names[base.id])
        if base:
            self.done[base.id].append(("store", value, scope))
        if name:
            places = self.fields.setdefault(name, [])
            places += [] if own else [(value, scope)]


def functions_in(node):
    """Parts of an expression that may be functions; what calls return is data.

    Args:    node: of the expression.
    """
    todo = [node]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name | ast.Attribute | ast.Lambda):
            yield node
        elif not isinstance(node, ast.Call):
            todo += ast.iter_child_nodes(node)


def _stores(node):
    """(target, value) of every attribute and item that a statement sets."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        pairs = [(target, node.value) for target in getattr(node, "targets", [getattr(node, "target", None)])]
    elif isinstance(node, ast.For | ast.AsyncFor):
        pairs = [(node.target, node.iter)]
    elif isinstance(node, scopes.COMPREHENSIONS):
        pairs = [(one.target, one.iter) for one in node.generators]
    elif isinstance(node, ast.withitem) and node.optional_vars:
        pairs = [(node.optional_vars, node.context_expr)]
    else:
        return
    for whole, value in pairs:
        for target in ast.walk(whole):
            if (
                isinstance(target, ast.Attribute | ast.Subscript)
                and isinstance(target.ctx, ast.Store)
                and value
            ):
                yield target, value
