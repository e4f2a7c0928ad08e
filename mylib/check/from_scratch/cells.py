"""Cells as syntax trees: what IPython would run of them."""

import ast
import re
import warnings

from IPython.core.inputtransformer2 import TransformerManager

# Magics whose argument is run as ordinary code of the notebook.
TRANSPARENT = ("time", "timeit", "capture", "prun")
OPTIONS = re.compile(r"^\s*(-\w+(\s*\d+)?\s+)*")
RUNNING = (
    "run",
    "time",
    "timeit",
    "prun",
    "macro",
    "store",
    "rerun",
    "recall",
    "load",
    "edit",
    "debug",
    "pylab",
)


def parse(sources):
    """One tree per cell, in order; a cell that is no Python is never run, and gives an empty one.

    Args:    sources: texts of code cells, with IPython's magics or without.
    Raises:  AssertionError: a cell is nested too deeply to be read.
    """
    return [_parse(source) for source in sources]


def _parse(source):
    try:
        return _tree(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError):
        return _automagic(source)
    except (RecursionError, MemoryError):
        raise AssertionError("a cell is nested too deeply to be checked: write shorter expressions") from None


def _tree(text):
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the student's spelling: an invalid escape, `is` with a number
        tree = compile(text, "<cell>", "exec", flags, dont_inherit=True)
    tree.body = [part for statement in tree.body for part in _opened(statement)]
    return tree


def _opened(statement):
    """The code that a magic runs, in its place; other statements as they are."""
    call = getattr(statement, "value", None)
    name = magic(call) if isinstance(call, ast.Call) else None
    if name not in TRANSPARENT or not isinstance(call.args[-1], ast.Constant):
        return [statement]
    body = str(call.args[-1].value)
    return _parse(OPTIONS.sub("", body) if call.func.attr == "run_line_magic" else body).body or [statement]


def _automagic(source):
    """A cell that is no Python is not run; one line that begins with a magic's name is, without a % too."""
    words = source.split()
    if len(source.strip().splitlines()) == 1 and words[0] in RUNNING:
        call = f"get_ipython().run_line_magic({words[0]!r}, '')"
        return compile(call, "<cell>", "exec", ast.PyCF_ONLY_AST)
    return ast.Module([], [])


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
