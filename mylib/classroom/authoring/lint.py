"""What is wrong with an instructor's notebook, said before students see it."""

import ast
import builtins
import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import utils

from mylib.classroom.notebook.hints import hidden_line, hints, words
from mylib.classroom.notebook.questions import (
    ANSWER_ID,
    grade_id,
    is_answer,
    is_test,
    question_of,
    questions,
    stated_points,
)
from mylib.classroom.notebook.symbols import names

MARKERS = ("SOLUTION", "HIDDEN TESTS")
KNOWN = set(dir(builtins)) | {"get_ipython", "display", "__name__", "In", "Out", "_"}


def lint(path: Path) -> list[str]:
    """Everything that must be repaired before the notebook can be released.

    Args:    path: of the instructor's notebook.
    Returns: list of messages, each with file, cell, what is wrong and the remedy; empty if all is well.
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw = json.loads(text)
        version = (raw["nbformat"], raw["nbformat_minor"])
        ids = [cell.get("id") for cell in raw["cells"]]
        if version < (4, 5) or None in ids or len(set(ids)) < len(ids):
            return [
                f"{path}: expected format 4.5 with a unique id on every cell (or each release would invent new "
                f"ones), got format {version[0]}.{version[1]}; save it with JupyterLab or nbformat 5"
            ]
        notebook = nbformat.reads(text, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
    except (ValueError, LookupError, TypeError, AttributeError, nbformat.ValidationError) as error:
        return [f"{path}: expected a valid notebook, got: {str(error).splitlines()[0]}"]
    checks = (_schema, _names, _markers, _roles, _points, _test_names, _two_sides, _hints)
    return [f"{path}: {message}" for check in checks for message in check(notebook)]


def _label(notebook: Any, cell: Any) -> str:
    return grade_id(cell) or f"cell {notebook.cells.index(cell) + 1}"


def _schema(notebook: Any) -> Iterator[str]:
    """nbgrader's own schema, version 3, in every cell that has nbgrader metadata."""
    from jsonschema import ValidationError
    from nbgrader.nbgraderformat import MetadataValidator, SchemaTooNewError, SchemaTooOldError

    for cell in notebook.cells:
        try:
            MetadataValidator().validate_cell(cell)
        except (SchemaTooOldError, SchemaTooNewError) as error:
            yield f"{_label(notebook, cell)}: {error}; write schema_version 3"
        except (ValidationError, KeyError) as error:
            reason = getattr(error, "message", f"{error} is missing")
            yield f"{_label(notebook, cell)}: nbgrader metadata: {reason}"
        if cell.metadata.get("nbgrader", {}).get("task"):
            yield f"{_label(notebook, cell)}: task cells are not supported; use a manually graded answer cell"


def _names(notebook: Any) -> Iterator[str]:
    """Grade ids are unique and follow the convention; tests stand after their answer, answers have tests."""
    counts = Counter(filter(None, map(grade_id, notebook.cells)))
    for name, count in counts.items():
        if count > 1:
            yield f"{name}: grade id stands on {count} cells; make it unique"
    seen: set[str] = set()
    for cell in notebook.cells:
        name = grade_id(cell)
        if is_answer(cell):
            seen.add(name)
            if not ANSWER_ID.fullmatch(name) or question_of(name) != name:
                yield f"{name}: expected an answer id like q1-softmax (lower case, not ending in -tests)"
        elif is_test(cell):
            if question_of(name) == name:
                yield f"{name}: expected a test id like q1-softmax-tests or q1-softmax-tests-2"
            elif question_of(name) not in seen:
                yield f"{name}: expected the answer cell {question_of(name)} before it, found none"
    for question in questions(notebook):
        if not question.tests:
            yield f"{question.name}: has no test cell; add one with the grade id {question.name}-tests"


def _markers(notebook: Any) -> Iterator[str]:
    """Solution markers stand in answer cells and hidden-test markers in test cells, in pairs, and inside functions."""
    for cell in notebook.cells:
        for kind in MARKERS:
            lines = [line for line in cell.source.splitlines() if f"BEGIN {kind}" in line or f"END {kind}" in line]
            order = ["BEGIN" if f"BEGIN {kind}" in line else "END" for line in lines]
            if order != ["BEGIN", "END"] * (len(order) // 2):
                yield f"{_label(notebook, cell)}: ### BEGIN {kind} and ### END {kind} are not paired"
            home = is_answer(cell) if kind == "SOLUTION" else is_test(cell)
            if order and not home:
                wanted = "an answer" if kind == "SOLUTION" else "a test"
                yield f"{_label(notebook, cell)}: ### BEGIN {kind} stands outside {wanted} cell"
            elif kind == "SOLUTION" and len(order) > 2 and any(line.startswith("###") for line in lines[::2]):
                yield (
                    f"{_label(notebook, cell)}: a solution outside its functions leaves students a stub that says "
                    "nothing; put the helper into the region of the function before it"
                )


def _roles(notebook: Any) -> Iterator[str]:
    """Test cells are locked code; the flags of a cell agree with each other."""
    for cell in notebook.cells:
        flags = cell.metadata.get("nbgrader", {})
        if is_test(cell) and not (flags.get("locked") and cell.cell_type == "code"):
            yield f"{_label(notebook, cell)}: a test cell must be a code cell with locked=true"
        if is_answer(cell) and flags.get("locked"):
            yield f"{_label(notebook, cell)}: an answer cell must have locked=false, or nobody can write there"
        if is_answer(cell) and not utils.is_grade(cell) and cell.cell_type != "code":
            yield f"{_label(notebook, cell)}: a written answer needs grade=true and points: a person reads it"


def _points(notebook: Any) -> Iterator[str]:
    """The title states the sum."""
    stated = stated_points(notebook)
    total = sum(question.points for question in questions(notebook))
    if stated is None:
        yield f"cell 1: expected the line **Points: {total:g}** in the title cell, found none"
    elif stated != total:
        yield f"cell 1: the title states {stated:g} points, the cells add up to {total:g}"
    for question in questions(notebook):
        for name, points in question.tests.items():
            if points <= 0:
                yield f"{name}: expected more than 0 points, got {points:g}"


def _test_names(notebook: Any) -> Iterator[str]:
    """Every name that a test uses comes from a locked cell, its own cell, or an answer's definition.

    Not from another test: where that one stops at a wrong answer, this one would lose its points too, for no fault.
    """
    locked, answers, loose, tests = set(KNOWN), set[str](), set[str](), set[str]()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        try:
            bound, imported, used = names(cell.source)
        except SyntaxError as error:
            yield f"{_label(notebook, cell)}: does not compile: {error}"
            continue
        if is_test(cell):
            for name in sorted(used - bound - locked - answers):
                where = "another test" if name in tests else "an unlocked cell" if name in loose else "no cell above"
                yield (
                    f"{_label(notebook, cell)}: uses {name!r}, which {where} defines; "
                    "define it here, or in a locked cell (locked=true, grade=false, solution=false)"
                )
            tests |= bound
        if is_answer(cell):
            answers |= bound - imported
            loose |= imported
        elif utils.is_locked(cell) and not is_test(cell):
            locked |= bound
        elif not is_test(cell):
            loose |= bound


def _two_sides(notebook: Any) -> Iterator[str]:
    """What two processes need: hidden tests come last, and what tests build on does not call an answer."""
    answers, wanted = set[str](), set[str]()
    for cell in notebook.cells:
        if is_answer(cell) and cell.cell_type == "code":
            with contextlib.suppress(SyntaxError):  # told by another check
                bound, imported, _ = names(cell.source)
                answers |= bound - imported
        elif is_test(cell):
            if cell.source.split("### END HIDDEN TESTS")[-1].strip() and "### END HIDDEN TESTS" in cell.source:
                yield f"{_label(notebook, cell)}: has lines below its hidden tests, which count as hidden; move them up"
            with contextlib.suppress(SyntaxError):
                wanted |= names(cell.source)[2]
                deleted = {
                    target.id
                    for node in ast.walk(ast.parse(cell.source))
                    if isinstance(node, ast.Delete)
                    for target in node.targets
                    if isinstance(target, ast.Name)
                }
                for name in sorted(deleted & answers):
                    yield (
                        f"{_label(notebook, cell)}: deletes {name!r}, which an answer defines: later lines lack it, "
                        "also for right answers; leave it"
                    )
    for cell in notebook.cells:
        if cell.cell_type == "code" and utils.is_locked(cell) and not is_test(cell) and not is_answer(cell):
            with contextlib.suppress(SyntaxError):
                bound, _, used = names(cell.source)
                if bound & wanted and (called := used & answers):
                    yield (
                        f"{_label(notebook, cell)}: calls {sorted(called)[0]!r} of an answer, and tests use what it "
                        "makes: tests run in a process of their own; make it in the test cell"
                    )


def _hints(notebook: Any) -> Iterator[str]:
    """Of a hidden test a student reads the hint alone, without the values that an f-string fills in."""
    for cell in filter(is_test, notebook.cells):
        with contextlib.suppress(SyntaxError):  # told by another check
            for check, hint in hints(ast.parse(cell.source)):
                if check.lineno > hidden_line(cell.source) and not words(hint).strip():
                    yield (
                        f"{_label(notebook, cell)}: nothing would be shown of the hidden hint {ast.unparse(hint)}: "
                        "clauses with values are left out; add one without, as in "
                        'f"kernel {k}: look at the borders"'
                    )
