"""A live notebook: the sources of the cells that a function stands in."""

import ast
import inspect
import linecache
import sys

from mylib.check.from_scratch import cells, library
from mylib.check.from_scratch.reach import OURS, refuse


def refuse_live(function, banned, namespace):
    """`refuse` for a function or class of the running notebook, or of a Python file.

    Args:    function: the object.
             banned: as for `refuse`.
             namespace: global names of whoever asks.
    Raises:  AssertionError, ValueError: as `refuse`; ValueError also if no global name holds the function.
    """
    for one in map(library.find_banned, banned):
        if library.is_banned(library.Thing("", function), one):
            raise AssertionError(f"{_title(function)} uses {one.name}: {OURS}")
    name, sources = cells_of(function, namespace)
    refuse(name, sources, banned)


def cells_of(function, namespace):
    """The global name of a function, and the cells that are in force.

    In IPython they are its history, without what was run again since; elsewhere the file is one cell.

    Args:    function, namespace: as for `refuse_live`.
    Returns: name; list of sources.
    Raises:  ValueError: no global name holds the function.
    """
    for home in (_home(function), namespace):
        names = sorted((name for name, value in home.items() if value is function), key=len)
        if names:
            name = getattr(function, "__name__", None)
            return name if name in names else names[0], _sources(home)
    raise ValueError(
        f"from_scratch: expected a function or class that a cell binds to a name, got {_title(function)}; "
        "define it with def or class outside of other functions"
    )


def _home(function):
    """The global names among which a function or class was written."""
    inner = inspect.unwrap(function)
    if inspect.isclass(inner):
        return vars(sys.modules[inner.__module__]) if inner.__module__ in sys.modules else {}
    return getattr(inner, "__globals__", {})


def _sources(home):
    history = home.get("In")
    if isinstance(history, list):
        return in_force(history)
    return ["".join(linecache.getlines(home.get("__file__", "")))]


def in_force(history):
    """Cells without the statements that a later cell replaced: a corrected answer is judged as it stands now.

    Args:    history: sources in the order in which they were run.
    Returns: list of sources; their lines keep their places.
    """
    later, kept = set(), []
    for source, tree in reversed(list(zip(history, cells.parse(history), strict=True))):
        bound = [(statement, _bound(statement)) for statement in tree.body]
        here = set().union(*(names for _, names in bound))
        again = bool(here) and here <= later
        gone = [statement for statement, names in bound if again or (names and names <= later)]
        kept.append(_without(source, tree.body, gone))
        later |= here
    return kept[::-1]


def _bound(statement):
    """The names that a statement of the top level binds for certain."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        targets = [part for target in statement.targets for part in getattr(target, "elts", [target])]
        return {part.id for part in targets} if all(isinstance(part, ast.Name) for part in targets) else set()
    return set()


def _without(source, statements, gone):
    """The source with the lines of some statements left empty."""
    lines = source.splitlines()
    kept = {line for one in statements if one not in gone for line in range(one.lineno, one.end_lineno + 1)}
    for one in gone:
        first = min([one.lineno, *(mark.lineno for mark in getattr(one, "decorator_list", []))])
        for line in range(first, one.end_lineno + 1):
            if line not in kept and line <= len(lines):
                lines[line - 1] = ""
    return "\n".join(lines)


def _title(function):
    return getattr(function, "__name__", type(function).__name__)
