"""Two derivations prove something if they are two: what has the same text on both sides says why, or stands once.

Functions and methods of the same name are compared without their docstrings; `torch.relu`, `F.relu`, `engine.relu` and
an imported `relu` are one name, argument names are kept (`axis` is not `dim`). Where the texts are equal, a comment
stands just above the function or method, on both sides, or above a class of which all methods are equal:

    # The same text on both sides: <reason>

Two kinds need no reason. A body of one line besides calls of checks: it hardly has a second form, so that a formula of
one line is not seen here. And `__init__`: `state_dict()` asks both sides for the same layers under the same names, so
that a computation in it is not seen either; a refusal is, since these stand in `contract`.
"""

import ast
import textwrap

import pytest

from mylib import syllabus

REASON = "# The same text on both sides: "
SIDES = ("scratch", "pytorch")
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def problems(folder):
    """What a topic's folder does against this, a sentence each."""
    (ours, our_reasons), (theirs, their_reasons) = (_side(folder, side) for side in SIDES)
    equal = {name for name in ours.keys() & theirs.keys() if ast.dump(ours[name]) == ast.dump(theirs[name])}
    classes = {name.split(".")[0] for name in equal if "." in name}
    equal_classes = {one for one in classes if _methods(ours, one) == _methods(theirs, one) <= equal}
    found = []
    for side, reasons in zip(SIDES, (our_reasons, their_reasons), strict=True):
        unsaid = {name for name in equal if not {name, name.split(".")[0]} & reasons and not _needs_none(name, ours)}
        found += [f"{side}: {name} has the same text as its twin; say why, or let it stand once" for name in unsaid]
        stale = reasons - equal - equal_classes
        found += [f"{side}: {name} has a reason, and no twin with the same text; drop the reason" for name in stale]
    return sorted(found)


def _needs_none(name, bodies):
    body = bodies[name].body
    if name.endswith(".__init__"):
        return not any(isinstance(node, ast.Raise) for statement in body for node in ast.walk(statement))
    rest = [statement for statement in body if not _is_check(statement)]
    return len(rest) == 1 and rest[0].lineno == rest[0].end_lineno


def _is_check(statement):
    """Whether it is a call of `check_...` or `expect...` alone."""
    called = getattr(getattr(statement, "value", None), "func", None) if isinstance(statement, ast.Expr) else None
    return isinstance(called, ast.Name) and called.id.startswith(("check_", "expect"))


def _methods(bodies, name):
    return {method for method in bodies if method.startswith(f"{name}.")}


def _side(folder, side):
    """Bodies of a side's functions and methods, comparable, by name; and the names that have a reason above them."""
    bodies, reasons = {}, set()
    for path in [*sorted(folder.glob(f"{side}*.py")), *sorted(folder.glob(f"{side}/**/*.py"))]:
        text = path.read_text(encoding="utf-8")
        tree, lines = ast.parse(text), text.splitlines()
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        imported = {(alias.asname or alias.name).split(".")[0] for node in imports for alias in node.names}
        said = 0
        for name, node in _named(tree):
            if isinstance(node, FUNCTION):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                bodies[name] = _WithoutNamespaces(imported).visit(ast.Module(body, []))
            if _has_reason(node, lines):
                said += 1
                reasons.add(name)
        if said < sum(line.strip().startswith(REASON.strip()) for line in lines):
            reasons.add(f"a comment in {path.name}")
    return bodies, reasons


def _named(tree):
    """Functions, classes, and methods as "Class.method"."""
    for node in tree.body:
        if isinstance(node, (*FUNCTION, ast.ClassDef)):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{one.name}", one) for one in node.body if isinstance(one, FUNCTION))


def _has_reason(node, lines):
    above = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 2
    while above >= 0 and lines[above].strip().startswith("#"):
        if lines[above].strip().startswith(REASON):
            return True
        above -= 1
    return False


class _WithoutNamespaces(ast.NodeTransformer):
    """`np.linalg.norm` as `norm`, wherever `np` was imported."""

    def __init__(self, imported):
        self.imported = imported

    def visit_Attribute(self, node):
        root = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self.imported:
            return ast.Name(node.attr, node.ctx)
        return self.generic_visit(node)


@pytest.mark.parametrize("topic", syllabus.topics(), ids=lambda topic: topic.name)
def test_what_stands_on_both_sides_says_why(topic):
    found = problems(syllabus.ROOT / topic.package)
    assert not found, "\n".join(found)


OURS = """
import numpy as np
from mylib.one.topic import contract
from mylib.engine import nn, relu

class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 3)

    def forward(self, x):
        '''Ours.'''
        x = self.linear(x)
        return relu(x) + np.linalg.norm(x)

def mean(x):
    contract.check_mean(x.shape)
    return np.mean(x)

def total(x):
    x = np.abs(x)
    return np.sum(x, axis=0)
"""
THEIRS = """
import torch
import torch.nn.functional as F
from torch import nn
from mylib.one.topic import contract

class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 3)

    def forward(self, x):
        '''Theirs.'''
        x = self.linear(x)
        return F.relu(x) + torch.linalg.norm(x)

def mean(x):
    contract.check_mean(x.shape)
    return torch.mean(x)

def total(x):
    x = torch.abs(x)
    return torch.sum(x, dim=0)
"""
WHY = f"{REASON}wiring."


@pytest.fixture
def topic(tmp_path):
    """Write both sides, changed. Returns: a function from changes of both, and of PyTorch's alone, to the problems."""

    def write(changes=(), other_changes=()):
        for name, text, edits in (
            ("scratch_layers", OURS, changes),
            ("pytorch", THEIRS, (*changes, *other_changes)),
        ):
            for old, new in edits:
                assert old in text
                text = text.replace(old, new)
            (tmp_path / f"{name}.py").write_text(text)
        return problems(tmp_path)

    return write


FORWARD = "    def forward"


def test_an_equal_pair_without_a_reason_is_found_on_both_sides(topic):
    unsaid = "Layer.forward has the same text as its twin; say why, or let it stand once"
    assert topic() == [f"pytorch: {unsaid}", f"scratch: {unsaid}"]


@pytest.mark.parametrize(
    "reason",
    [
        (FORWARD, f"    {WHY}\n{FORWARD}"),
        (FORWARD, f"    {WHY}\n    # It goes on.\n    @staticmethod\n{FORWARD}"),
        ("class Layer", f"{WHY}\nclass Layer"),
    ],
)
def test_a_reason_above_the_method_or_its_class_is_taken(topic, reason):
    assert topic([reason]) == []


def test_a_reason_on_one_side_is_none_on_the_other(topic):
    assert [problem.split(":")[0] for problem in topic([], [(FORWARD, f"    {WHY}\n{FORWARD}")])] == ["scratch"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ([(FORWARD, f"    {WHY}\n{FORWARD}"), ("def total", f"{WHY}\ndef total")], "total"),
        ([(FORWARD, f"    {WHY}\n{FORWARD}"), ("    x = self", f"    {WHY}\n        x = self")], "a comment in"),
        ([(FORWARD, f"    {REASON.strip()}\n{FORWARD}")], "Layer.forward"),
    ],
)
def test_a_reason_that_is_none_is_found(topic, changes, name):
    assert [problem.split(": ")[1].startswith(name) for problem in topic(changes)].count(True) == 2


def test_a_reason_above_a_class_holds_for_all_its_methods(topic):
    found = topic([("class Layer", f"{WHY}\nclass Layer")], [("Linear(2", "Linear(4")])
    assert [problem.split(" has")[0] for problem in found] == ["pytorch: Layer", "scratch: Layer"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.linear = nn.Linear(2, 3)", "raise ValueError('no layer')"),
        ("def mean(x):", "def mean(x):\n    x = x + 1"),
    ],
)
def test_a_refusal_in_init_and_a_second_line_need_a_reason(topic, old, new):
    found = topic([(old, new), (FORWARD, f"    {WHY}\n{FORWARD}")])
    assert [problem.split(":")[0] for problem in found] == list(reversed(SIDES))


def test_packages_are_read(tmp_path):
    for side in SIDES:
        (tmp_path / side).mkdir()
        (tmp_path / side / "sums.py").write_text(textwrap.dedent("def one(x):\n    x = x + 1\n    return x\n"))
    assert len(problems(tmp_path)) == 2
