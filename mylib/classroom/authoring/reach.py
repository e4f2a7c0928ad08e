"""Which tests a change of one answer can reach, read and never run: only those have to be run with it.

An answer that only binds names (functions, classes, imports, constants) changes what those names stand for, and nothing
else. Who uses none of them, directly or through a cell between, does what it does beside any other answer. Where an
answer, or a cell that it reaches, does more than bind, everything after it is reached.
"""

import ast
import contextlib
import functools
import re
from collections.abc import Iterable, Iterator

from mylib.classroom.notebook.questions import question_of
from mylib.classroom.notebook.symbols import LIBRARIES, names
from mylib.classroom.notebook.verdicts import Job

DRAWS = re.compile(r"rand|seed|perm|set_|save|load")  # calls of a library that leave something behind

METHODS = ("staticmethod", "classmethod", "property")


def reached(job: Job, place: int, answer: str) -> list[str]:
    """The tests that an answer can reach, and those of its own question.

    Args:    job: of `make_job`, with the instructor's answers.
             place: of the answer's cell.
             answer: that takes the place of the instructor's.
    Returns: list of names of tests, in order.
    """
    question, sources = job.cells[place].name, (job.cells[place].source, answer)
    later = [test for test in job.tests if test.place > place]
    own = {test.name for test in later if question_of(test.name) == question}
    if not all(map(only_binds, sources)):
        return [test.name for test in later]
    changed = set[str]().union(*(_names(one)[0] for one in sources))
    members = set[str]().union(*(_members(one) for one in sources))
    banned = set[str]().union(*map(_last_parts, job.locked))
    found, tests = [], {test.place: test for test in later}
    for at in range(place + 1, len(job.cells)):
        if test := tests.get(at):
            # The search for banned calls asks whether a method of that name is the notebook's own.
            near = "from_scratch" in test.source and members & (banned | _last_parts(test.source))
            if test.name in own or near or changed & _names(test.source)[1]:
                found.append(test.name)
            continue
        bound, used = _names(job.cells[at].source)
        if changed & (bound | used):
            changed |= bound
            if not only_binds(job.cells[at].source):
                return [test.name for test in later if test.name in found or test.place > at]
    return found


def only_binds(source: str) -> bool:
    r"""A cell that does nothing but bind names; what its functions do, they do when somebody calls them.

    Args:    source: of a code cell.

    Example:
        >>> only_binds("K = np.ones(3)\ndef f(x):\n    print(x)"), only_binds("print(1)"), only_binds("f.x = 1")
        (True, False, False)
        >>> only_binds("r = np.random.rand(3)"), only_binds("from math import *")
        (False, False)
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(map(_binds, body))


@functools.cache
def _names(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Names that a cell binds, and those that it uses; none where it is no Python and does nothing."""
    with contextlib.suppress(SyntaxError):
        bound, _, used = names(source)
        return frozenset(bound), frozenset(used)
    return frozenset(), frozenset()


def _binds(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return all(one.name != "*" for one in statement.names)
    if isinstance(statement, ast.Import | ast.Pass):
        return True
    now: list[ast.expr | None]
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        given = statement.args
        if any(map(_decorates, statement.decorator_list)):
            return False
        now = [*statement.decorator_list, *given.defaults, *given.kw_defaults]
    elif isinstance(statement, ast.ClassDef):
        if any(map(_decorates, statement.decorator_list)) or not all(map(_binds, statement.body)):
            return False
        now = [*statement.decorator_list, *statement.bases, *(one.value for one in statement.keywords)]
    elif isinstance(statement, ast.Assign):
        if not all(isinstance(part, ast.Name | ast.Tuple | ast.Store) for part in _walk(statement.targets)):
            return False
        now = [statement.value]
    elif isinstance(statement, ast.AnnAssign):
        if not isinstance(statement.target, ast.Name):
            return False
        now = [statement.value]
    else:
        return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return not any(_acts(node) for node in _walk(filter(None, now)))


def _decorates(decorator: ast.expr) -> bool:
    """A decorator is called at once: one of the answer's own may do anything."""
    dotted = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return dotted not in METHODS and dotted.split(".")[0] not in LIBRARIES


def _walk(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """What is evaluated when these are: all but the bodies of lambdas."""
    for node in nodes:
        yield node
        yield from _walk([node.args] if isinstance(node, ast.Lambda) else ast.iter_child_nodes(node))


def _acts(node: ast.AST) -> bool:
    """A call of something that is no plain function of a library."""
    if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom):
        return True
    if not isinstance(node, ast.Call):
        return False
    dotted = ast.unparse(node.func)
    return dotted.split(".")[0] not in LIBRARIES or "(" in dotted or bool(DRAWS.search(dotted))


@functools.cache
def _last_parts(source: str) -> frozenset[str]:
    """Of the dotted names in the strings of a cell, the last part: `softmax` of "torch.Tensor.softmax"."""
    with contextlib.suppress(SyntaxError):
        texts = [one.value for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Constant)]
        words = [word for text in texts if isinstance(text, str) for word in text.split() if "." in word]
        return frozenset(word.split(".")[-1].strip("_") for word in words)
    return frozenset()


def _members(source: str) -> set[str]:
    """Names of methods and attributes that a cell binds."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            found |= {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
            found |= {
                part.id
                for one in node.body
                if not isinstance(one, ast.FunctionDef)
                for part in ast.walk(one)
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            }
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
    return {one.strip("_") for one in found}
