"""Which names a cell binds, imports and uses, read and never run."""

import ast
import symtable

from IPython.core.inputtransformer2 import TransformerManager


def names(source):
    """Global names of a cell: those it binds, those of them that it imports, and those that it uses.

    Example:
        >>> bound, imported, used = names("import numpy as np; f = lambda x: np.sum(x) + k")
        >>> sorted(bound), sorted(imported), sorted(used - bound)
        (['f', 'np'], ['np'], ['k'])
    """
    code = TransformerManager().transform_cell(source)
    ast.parse(code)
    top = symtable.symtable(code, "cell", "exec")
    bound = {
        s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()
    }
    imported = {s.get_name() for s in top.get_symbols() if s.is_imported()}
    used, scopes = set(), [top]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        for symbol in scope.get_symbols():
            if symbol.is_referenced() and (scope is top or symbol.is_global()):
                used.add(symbol.get_name())
    return bound, imported, used
