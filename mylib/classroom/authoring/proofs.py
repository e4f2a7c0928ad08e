"""Is every hidden check needed? It is where an answer of the bank fails on it, and on nothing else of its question."""

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from tqdm import tqdm

from mylib.classroom.authoring.bank import Scored, judge, solution
from mylib.classroom.authoring.quick_run import run_all
from mylib.classroom.course.folders import Course
from mylib.classroom.notebook.hints import hidden_line, hints, words
from mylib.classroom.notebook.questions import grade_id, is_test, question_of
from mylib.classroom.notebook.verdicts import Sides


@dataclass(frozen=True)
class Hint:
    """The words beside hidden checks of a test cell; checks with the same words are one, as students cannot tell them.

    cell: grade id of the test cell.
    text: what the student reads of it.
    """

    cell: str
    text: str

    @property
    def question(self) -> str:
        """Grade id of the answer cell."""
        return question_of(self.cell)


@dataclass(frozen=True)
class Proof:
    """What the bank says of a hint.

    shown: titles of the wrong answers that read it.
    alone: titles of those that score full once the check is gone; the same as `shown` where it cannot be taken out.
    """

    topic: str
    hint: Hint
    shown: list[str]
    alone: list[str]


def hidden_hints(notebook: Any) -> list[Hint]:
    """The hints of the hidden tests of a notebook, in order.

    Args:    notebook: the instructor's.
    """
    found = [
        Hint(grade_id(cell), text) for cell in notebook.cells if is_test(cell) for check, text in _hidden(cell.source)
    ]
    return list(dict.fromkeys(found))


def _hidden(source: str) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    """(check, what the student reads of it) of the hidden part of a test cell, by line."""
    first = hidden_line(source)
    found = [(check, words(hint)) for check, hint in hints(ast.parse(source)) if check.lineno > first]
    yield from sorted(((check, text) for check, text in found if text), key=lambda one: one[0].lineno)


def shown_by(answers: Sequence[Scored], hint: Hint) -> list[Scored]:
    """The wrong answers of the bank whose author would read a hint.

    Args:    answers: of the bank, judged.
             hint: of `hidden_hints`.
    """
    return [
        one
        for one in answers
        if not one.answer.right and hint.cell in one.cells and one.cells[hint.cell].told.endswith(hint.text)
    ]


def proofs(course: Course, sides: Sides, topic: str) -> list[Proof]:
    """Look for the answers that fail on one hidden check alone.

    In each round one check of every question is taken out, and the answers that failed on it run again.

    Args:    course: of `open_course`.
             sides: how tests meet answers.
             topic: name.
    Returns: list of `Proof`, one for each hint.
    """
    notebook, answers = solution(course, topic), judge(course, sides, topic).answers
    shown = {hint: shown_by(answers, hint) for hint in hidden_hints(notebook)}
    alone: dict[Hint, list[Scored]] = {}
    left = [hint for hint, found in shown.items() if found]
    while left:
        chosen = {hint.question: hint for hint in reversed(left)}  # the first of each question
        left = [hint for hint in left if hint not in chosen.values()]
        again = {question: [one.answer.source for one in shown[hint]] for question, hint in chosen.items()}
        runs = run_all(without(notebook, list(chosen.values())), sides, again, course.solution(topic).parent, own=True)
        for question, hint in chosen.items():
            full = [all(one.points == one.most for one in cells.values()) for cells in runs.answers[question]]
            kept = [one for one, passed in zip(shown[hint], full, strict=True) if passed]
            alone[hint] = kept if _removable(notebook, hint) else shown[hint]
    return [
        Proof(topic, hint, *([one.answer.title for one in found] for found in (shown[hint], alone.get(hint, []))))
        for hint in shown
    ]


def without(notebook: Any, chosen: Sequence[Hint]) -> Any:
    """The notebook without the checks beside these hints, where a check is a statement of its own."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if is_test(cell):
            gone = {hint.text for hint in chosen if hint.cell == grade_id(cell)}
            lines = cell.source.splitlines()
            for statement, text in _statements(cell.source):
                if text in gone:
                    first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
                    lines[first:last] = [" " * statement.col_offset + "pass", *[""] * (last - first - 1)]
            cell.source = "\n".join(lines)
    return notebook


def _statements(source: str) -> Iterator[tuple[ast.stmt, str]]:
    """Hidden checks that are statements: asserts, and calls whose value nothing uses."""
    tree = ast.parse(source)
    calls = {(one.value.lineno, one.value.col_offset): one for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for check, text in _hidden(source):
        if isinstance(check, ast.Assert):
            yield check, text
        elif isinstance(check, ast.Call) and (check.lineno, check.col_offset) in calls:
            yield calls[check.lineno, check.col_offset], text


def _removable(notebook: Any, hint: Hint) -> bool:
    source = next(cell.source for cell in notebook.cells if grade_id(cell) == hint.cell)
    every = [text for _, text in _hidden(source) if text == hint.text]
    return len(every) == sum(text == hint.text for _, text in _statements(source))


def all_proofs(course: Course, sides: Sides, topic: str | None = None) -> list[Proof]:
    """`proofs` of every topic.

    Args:    course, sides: as for `proofs`.
             topic: only this one; all without.
    """
    bar = tqdm(course.topics(topic), unit="topic", disable=None)
    return [one for name in bar for one in proofs(course, sides, name)]


def table(found: Sequence[Proof]) -> Table:
    """A rich table of the hints that no answer proves.

    Args:    found: of `all_proofs`.
    """
    shown = Table("topic", "tests", "hint of a hidden check", "answers that read it", title="Hints without a proof")
    for one in found:
        if not one.alone:
            with_others = "; ".join(one.shown) + " (and lose more)" if one.shown else "none"
            shown.add_row(one.topic, one.hint.cell, one.hint.text, with_others)
    return shown
