"""Which module of Python's own library imports which other: real baskets on every machine that runs this course."""

import ast
import functools
import sys
import sysconfig
from pathlib import Path

import numpy as np

PUBLIC = frozenset(name for name in sys.stdlib_module_names if not name.startswith("_"))


def standard_library_imports():
    """A basket for each public top-level module of Python's standard library: the public ones that it imports.

    Of a package its front, `__init__.py`, is read; sources are read and never run; imports inside functions count. It
    differs from version to version of Python.

    Returns: matrix: whether the module imports the name. Boolean, shape (modules, names).
             modules: of one basket each, sorted; only modules that import something.
             names: what is imported, sorted.
    Raises:  FileNotFoundError: this Python comes without the sources of its library.

    Example:
        >>> matrix, modules, names = standard_library_imports()
        >>> bool(matrix[modules.index("random"), names.index("statistics")])
        True

    Source:  Python's own library, as installed; PSF licence.
    """
    baskets = _baskets()
    modules, names = sorted(baskets), sorted(set().union(*baskets.values()))
    matrix = np.array([[name in baskets[module] for name in names] for module in modules])
    return matrix, modules, names


@functools.cache
def _baskets():
    """{module: names that it imports}, for those that import any."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    found = {}
    for module in sorted(PUBLIC):
        for path in (folder / f"{module}.py", folder / module / "__init__.py"):
            if path.exists() and (names := _imported(ast.parse(path.read_bytes()).body) - {module}):
                found[module] = names
    if not found:
        raise FileNotFoundError(f"standard_library_imports: expected Python's sources in {folder}, got none")
    return found


def _imported(statements):
    """Public top-level names that statements import, and those inside them; of the own package (`from .`) none."""
    names = set()
    for node in statements:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
        # Statements stand in statements only: expressions, most of a tree, need no visit.
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            inside = getattr(node, block, None)
            names |= _imported(inside) if isinstance(inside, list) else set()
    return names & PUBLIC
