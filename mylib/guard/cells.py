"""Cells as syntax trees: what IPython would run of them."""

import ast
import warnings

# Magics whose argument is run as ordinary code of the notebook.
TRANSPARENT = ("time", "timeit", "capture", "prun")


def parse(sources):
    """One tree per cell, in order; a cell that is no Python is never run, and gives an empty one.

    Args:    sources: texts of code cells, with IPython's magics or without.
    Raises:  AssertionError: a cell is nested too deeply to be read.
    """
    return [_parse(source) for source in sources]


def _parse(source):
    for text in (source, None):
        try:
            return _tree(source if text is not None else _plain(source))
        except (SyntaxError, ValueError):
            continue
        except (RecursionError, MemoryError):
            raise AssertionError(
                "a cell is nested too deeply to be checked: write shorter expressions"
            ) from None
    return ast.Module([], [])


def _tree(text):
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the student's spelling: an invalid escape, `is` with a number
        tree = compile(text, "<cell>", "exec", flags, dont_inherit=True)
    for node in tree.body:
        if magic := _cell_magic(node):
            name, body = magic
            if name in TRANSPARENT:
                return _parse(body)
    return tree


def _plain(source):
    """The cell with magics turned into calls of get_ipython()."""
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


def _cell_magic(node):
    call = getattr(node, "value", None)
    if (
        isinstance(call, ast.Call)
        and getattr(call.func, "attr", "") == "run_cell_magic"
        and len(call.args) == 3
    ):
        name, _, body = call.args
        if isinstance(name, ast.Constant) and isinstance(body, ast.Constant):
            return name.value, body.value
    return None


def magic(call):
    """What a call of get_ipython() runs: its magic's name, or "!" for a command of the system; None for others."""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method in ("system", "getoutput"):
        return "!"
    if (
        method in ("run_line_magic", "run_cell_magic")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ):
        return str(call.args[0].value)
    return None
