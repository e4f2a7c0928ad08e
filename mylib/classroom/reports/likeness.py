"""What is left of an answer when names, comments, docstrings, annotations and layout are set aside.

As tokens, so that two answers can be compared. Nothing is executed.
"""

import ast
import builtins
import difflib
import keyword
import re
import warnings
from collections import Counter
from dataclasses import dataclass

TOKEN = re.compile(r"#[^\n]*|[^\W\d]\w*|\d[\w.]*|\.|\S")


@dataclass
class Answer:
    """What one student wrote for one question, and its tokens; `parsed` is None where it is no Python."""

    student: str
    source: str
    parsed: list[str] | None
    plain: list[str]


@dataclass
class Release:
    """The answer cell as every student gets it: the names that it defines, its lines and its tokens."""

    names: set[str]
    lines: list[str]
    plain: list[str]


def release(source: str) -> Release:
    """What the release gives to everybody.

    Args:    source: of its answer cell.
    Returns: `Release`.
    """
    names = set(re.findall(r"^\s*(?:def|class)\s+(\w+)", source, flags=re.MULTILINE))
    return Release(names, _lines(source, names) or [], _plain(source, names))


def answer(student: str, source: str, given: Release) -> Answer:
    """The tokens of an answer that are the student's own.

    Args:    student: name.
             source: of the cell.
             given: of `release`.
    Returns: `Answer`.
    """
    lines, plain = _lines(source, given.names), _plain(source, given.names)
    own = None if lines is None else [line for line in lines if line not in given.lines]
    parsed = None if own is None else [token for line in own for token in TOKEN.findall(line)]
    blocks = difflib.SequenceMatcher(None, plain, given.plain, autojunk=False).get_matching_blocks()
    for block in reversed(blocks):
        if block.size > 5:  # a piece of the release, no accident
            del plain[block.a : block.a + block.size]
    return Answer(student, source, parsed, plain)


def alike(one: Answer, two: Answer) -> float:
    """Share of the tokens of two answers that agree, in order.

    Args:    one, two: of `Answer`.
    """
    first, second = _comparable(one, two)
    if first == second:
        return 1.0  # the matcher would take minutes for thousands of the same few tokens
    # The matcher is not symmetric where parts moved: take the better of both.
    forth = difflib.SequenceMatcher(None, first, second, autojunk=False).ratio()
    back = difflib.SequenceMatcher(None, second, first, autojunk=False).ratio()
    return max(forth, back)


def bound(one: Answer, two: Answer) -> float:
    """`alike` is at most this; a hundred times quicker.

    Args:    one, two: of `Answer`.
    """
    left, right = _comparable(one, two)
    first, second = Counter(left), Counter(right)
    return 2 * (first & second).total() / ((first.total() + second.total()) or 1)


def _comparable(one: Answer, two: Answer) -> tuple[list[str], list[str]]:
    if one.parsed is not None and two.parsed is not None:
        return one.parsed, two.parsed
    return one.plain, two.plain


def _lines(source: str, kept: set[str]) -> list[str] | None:
    """Lines of the source as Python itself would write it, with the names that it binds called v."""
    code = re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE)  # IPython's magics
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
        return ast.unparse(_Plain(_bound(tree) - kept).visit(tree)).splitlines()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bound(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler):
            names |= {node.name} if node.name else set()
        elif isinstance(node, ast.alias) and node.asname:
            names.add(node.asname)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(f".{node.attr}")  # self.weight
    return names


class _Plain(ast.NodeTransformer):
    """Calls every bound name v, and leaves out docstrings and annotations."""

    def __init__(self, bound: set[str]) -> None:
        self.bound = bound

    def _call(self, name: str) -> str:
        return "v" if name in self.bound else name

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._call(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = self._call(node.arg), None
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        self.generic_visit(node)
        node.arg = node.arg and self._call(node.arg)
        return node

    def visit_alias(self, node: ast.alias) -> ast.AST:
        node.asname = node.asname and self._call(node.asname)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = node.name and self._call(node.name)
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        node.attr = "v" if f".{node.attr}" in self.bound else node.attr
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        return ast.copy_location(ast.Assign([node.target], node.value), node) if node.value else ast.Pass()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._definition(node)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        node.name = self._call(node.name)
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if not isinstance(node, ast.ClassDef):
            node.returns = None
        return node


def _plain(source: str, kept: set[str]) -> list[str]:
    """Tokens of a text that need not be Python: every name that is no keyword, built in or an attribute is v."""
    known = {*keyword.kwlist, *dir(builtins), *kept}
    tokens: list[str] = []
    before = ""
    for token in TOKEN.findall(source):
        if not token.startswith("#"):
            tokens.append("v" if token.isidentifier() and token not in known and before != "." else token)
            before = token
    return tokens
