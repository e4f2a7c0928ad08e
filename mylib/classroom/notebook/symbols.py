"""Which names a cell binds, imports and uses, read and never run."""

import ast
import functools
import symtable
from contextlib import suppress
from typing import NamedTuple

from IPython.core.inputtransformer2 import TransformerManager

SHORT = 10_000  # characters of a cell that is remembered
LIBRARIES = {"np", "numpy", "math", "torch"}  # which locked cells import


class Names(NamedTuple):
    """Global names of a cell: those it binds, those of them that it imports, and those that it uses."""

    bound: frozenset[str]
    imported: frozenset[str]
    used: frozenset[str]


def names(source: str) -> Names:
    """Global names of a cell.

    Args:    source: of a code cell, with IPython's magics or without.
    Returns: `Names`.
    Raises:  SyntaxError: no Python.

    Example:
        >>> bound, imported, used = names("import numpy as np; f = lambda x: np.sum(x) + k")
        >>> sorted(bound), sorted(imported), sorted(used - bound)
        (['f', 'np'], ['np'], ['k'])
    """
    return _names(source) if len(source) < SHORT else _names.__wrapped__(source)


@functools.lru_cache(maxsize=1024)  # what the instructor wrote stands in every submission
def _names(source: str) -> Names:
    code = TransformerManager().transform_cell(source)
    try:
        ast.parse(code)
        top = symtable.symtable(code, "cell", "exec")
    except (
        ValueError,
        RecursionError,
        MemoryError,
    ) as error:  # a null byte, brackets inside each other without end
        raise SyntaxError(str(error)) from None
    bound = frozenset(s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace())
    imported = frozenset(s.get_name() for s in top.get_symbols() if s.is_imported())
    used: set[str] = set()
    scopes = [top]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        for symbol in scope.get_symbols():
            if symbol.is_referenced() and (scope is top or symbol.is_global()):
                used.add(symbol.get_name())
    return Names(bound, imported, frozenset(used))


def defined(source: str) -> frozenset[str]:
    """Names that a cell binds other than by import; none where it is no Python."""
    with suppress(SyntaxError):
        bound, imported, _ = names(source)
        return bound - imported
    return frozenset()


def only_defines(source: str) -> bool:
    r"""A cell of functions, classes, imports and constants: it can be run early, and twice.

    A constant is made of literals and other names, and of calls of what a library offers (`np.ones(3)`).

    Example:
        >>> only_defines("EPS = 1e-8\nK = np.ones((3, 3))"), only_defines("x = mean([1, 2])")
        (True, False)
    """
    try:
        tree = ast.parse(source)
        modules = LIBRARIES | names(source).imported
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(tree.body) and all(_defines(one, modules) for one in tree.body)


def _defines(statement: ast.stmt, modules: set[str]) -> bool:
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        plain = all(isinstance(target, ast.Name | ast.Tuple) for target in targets)
        return plain and statement.value is not None and _is_constant(statement.value, modules)
    if isinstance(statement, ast.Expr):  # a docstring
        return isinstance(statement.value, ast.Constant)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return isinstance(statement, kinds)


def _is_constant(value: ast.expr, modules: set[str]) -> bool:
    for node in ast.walk(value):
        if isinstance(node, ast.Call):
            root: ast.expr = node.func
            while isinstance(root, ast.Attribute):
                root = root.value
            if not (isinstance(root, ast.Name) and root.id in modules):
                return False
    return True
