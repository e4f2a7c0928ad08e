"""Cells and files as statements: what IPython would run of them, and what nobody can read."""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

from mylib.check.from_scratch.words import words

LONGEST = 100_000  # characters of a cell that is read
MAGIC_LINES = 400  # lines of a cell with magics: IPython takes a time that grows with their square
# Magics whose argument is run as ordinary code of the notebook.
TRANSPARENT = ("time", "timeit", "capture", "prun")
OPTIONS = re.compile(r"^\s*(-\w+(\s*\d+)?\s+)*")
# Magics that bind no name of the notebook.
HARMLESS = words(
    """! matplotlib config load_ext reload_ext autoreload precision pip conda mamba uv pwd cd ls ll env set_env pdb
    bash sh html latex markdown javascript js svg writefile time timeit prun capture pinfo pinfo2 who whos who_ls
    lsmagic magic quickref history hist notebook logstart logstop logon logoff xmode colors page pprint doctest_mode
    memit lprun snakeviz tensorboard cat mkdir rmdir cp mv rm less more man psource pfile pdoc system sx gui"""
)


@dataclass(frozen=True)
class Unread:
    """What the guard could not read in code that an answer reaches: for a person to look at; it costs nothing.

    place: such as "line 3 of softmax" or "a cell".
    line: the source text there, at most 80 characters.
    why: in plain words.
    """

    place: str
    line: str
    why: str


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement of the top level.

    text: of the cell or file, for line numbers.
    cell: its number.
    binds, names: names that it binds among the globals, and names that it mentions.
    changes: names of values that it may change or register something with.
    """

    node: ast.stmt
    text: str
    cell: int
    binds: frozenset[str]
    names: frozenset[str]
    changes: frozenset[str]


def printable(text: str, length: int = 80) -> str:
    """A student's text on one line, without what a terminal would obey."""
    short = text.strip()[:length]
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in short)


def parse(sources: Sequence[str]) -> tuple[list[Statement], list[str]]:
    """The statements of all cells in order, and the texts that Python might run, but nobody can read here.

    A cell that is no Python is never run, and has no statements.

    Args:    sources: texts of code cells, with IPython's magics or without.
    """
    found, lost = list[Statement](), list[str]()
    for number, source in enumerate(sources):
        try:
            found += [_described(node, text, number) for node, text in _parse(source)]
        except (RecursionError, MemoryError, OverflowError):
            lost.append(source)
    return found, lost


def _parse(source: str) -> list[tuple[ast.stmt, str]]:
    """Pairs of statement and the text that its line numbers belong to."""
    if len(source) > LONGEST:
        raise OverflowError("too long")
    try:
        return [(node, source) for node in _compiled(source).body]
    except (ValueError, SyntaxError):  # magics, or what never runs
        pass
    if source.count("\n") > MAGIC_LINES:
        raise OverflowError("too many lines")
    try:
        text = TransformerManager().transform_cell(source)
        return [pair for node in _compiled(text).body for pair in _opened(node, text)]
    except (RecursionError, MemoryError, OverflowError):
        raise
    except Exception:  # the transformer meets garbage here, and fails in many ways
        return []


def _compiled(text: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the student's spelling: an invalid escape, `is` with a number
        tree = compile(text, "<cell>", "exec", flags, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return tree


def _opened(node: ast.stmt, text: str) -> list[tuple[ast.stmt, str]]:
    """The code that a magic runs, in its place; other statements as they are."""
    call = getattr(node, "value", None)
    if (
        magic(call) not in TRANSPARENT
        or not isinstance(call, ast.Call)
        or not isinstance(call.func, ast.Attribute)
    ):
        return [(node, text)]
    body = str(getattr(call.args[-1], "value", ""))
    return _parse(body if call.func.attr == "run_cell_magic" else OPTIONS.sub("", body)) or [(node, text)]


def magic(call: ast.expr | None) -> str | None:
    """What a call of get_ipython() runs: its magic's name, or "!" for a command of the system; None for others."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    shell = call.func.value
    if not (isinstance(shell, ast.Call) and getattr(shell.func, "id", "") == "get_ipython"):
        return None
    if call.func.attr in ("system", "getoutput"):
        return "!"
    return str(getattr(call.args[0], "value", "?")) if call.args else "?"


def _described(node: ast.stmt, text: str, cell: int) -> Statement:
    binds, names, changes = set[str](), set[str](), set[str]()
    todo: list[tuple[ast.AST, bool]] = [(node, False)]
    while todo:
        part, inside = todo.pop()
        if isinstance(part, ast.Name):
            names.add(part.id)
        if not inside or isinstance(part, ast.Global | ast.NamedExpr):
            binds |= set(_bound(part))
        changes |= set(_changed(part))
        inside |= isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
        todo += [(child, inside) for child in ast.iter_child_nodes(part)]
    return Statement(node, text, cell, frozenset(binds), frozenset(names), frozenset(changes))


def _bound(node: ast.AST) -> Iterator[str]:
    """Names that a node itself binds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (one.asname or one.name.split(".")[0] for one in node.names)
    elif isinstance(node, ast.Global):
        yield from node.names
    elif isinstance(node, ast.NamedExpr):
        yield node.target.id
    elif isinstance(node, ast.Name):
        yield from [node.id] if not isinstance(node.ctx, ast.Load) else []
    elif not isinstance(node, ast.alias):  # def, class, except, match
        yield from (one for part in ("name", "rest") if isinstance(one := getattr(node, part, None), str))


def _changed(node: ast.AST) -> Iterator[str]:
    """Names whose values a node may change: `box.op = g`, `ops[0] = g`, `ops.append(g)`, `put(g)`, `@register`."""
    marks: list[ast.expr] = getattr(node, "decorator_list", [])
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value.func
        marks = [called, *(node.value.args[:1] if getattr(called, "id", "") == "setattr" else [])]
    elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
        marks = [node]
    for mark in marks:
        while isinstance(mark, ast.Attribute | ast.Subscript | ast.Call):
            mark = mark.func if isinstance(mark, ast.Call) else mark.value
        if isinstance(mark, ast.Name):
            yield mark.id
