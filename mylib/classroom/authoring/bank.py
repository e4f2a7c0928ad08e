"""The answers bank: right answers in other styles, and the wrong answers that students write.

`tests/answers/<topic>/<grade id of the answer cell>.py` is a py:percent file. Each cell is one answer, the full
source of the answer cell, headed `# %% right: loops instead of matmul` or `# %% wrong: forgets 1/N`.
"""

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbgrader.preprocessors import ClearSolutions
from rich.table import Table
from rich.text import Text
from tqdm import tqdm

from mylib.classroom.authoring.quick_run import Scores, run, run_all
from mylib.classroom.course.folders import Course
from mylib.classroom.course.limits import Limits
from mylib.classroom.notebook.questions import question_of, questions
from mylib.classroom.notebook.verdicts import Sides

TITLE = re.compile(r"(right|wrong): (\S.*)")


@dataclass(frozen=True)
class Answer:
    """One answer of the bank."""

    topic: str
    question: str
    right: bool
    title: str
    source: str

    @property
    def name(self) -> str:
        """For messages and test ids."""
        return f"{self.topic}/{self.question} {'right' if self.right else 'wrong'}: {self.title}"


@dataclass(frozen=True)
class Scored:
    """What an answer scored.

    answer: of `Answer`.
    cells: {grade id: `Score`}.
    complaint: what is not as the bank expects; "" if all is.
    """

    answer: Answer
    cells: Scores
    complaint: str

    @property
    def points(self) -> float:
        """Points of its own question."""
        return sum(one.points for cell, one in self.cells.items() if question_of(cell) == self.answer.question)

    @property
    def max_points(self) -> float:
        """Most points of its own question."""
        return sum(one.most for cell, one in self.cells.items() if question_of(cell) == self.answer.question)

    @property
    def message(self) -> str:
        """What the student reads."""
        return next((one.told for one in self.cells.values() if one.told), "")


def bank(course: Course, topic: str, question: str) -> list[Answer]:
    """The answers that the bank holds for a question.

    Args:    course: of `open_course`.
             topic, question: names; a question is named by the grade id of its answer cell.
    Returns: list of `Answer`; empty if there is no file.
    Raises:  ValueError: a cell without a proper heading.
    """
    path = course.answers / topic / f"{question}.py"
    if not path.exists():
        return []
    found = []
    for cell in jupytext.read(path, fmt="py:percent").cells:
        title = TITLE.fullmatch(cell.metadata.get("title", ""))
        if cell.cell_type != "code" or not title:
            heading = cell.metadata.get("title") or cell.source.splitlines()[0]
            raise ValueError(f"{path}: expected cells headed '# %% right: ...' or '# %% wrong: ...', got {heading!r}")
        found.append(Answer(topic, question, title[1] == "right", title[2].strip(), cell.source))
    return found


def solution(course: Course, topic: str) -> Any:
    """The instructor's notebook of a topic."""
    return nbformat.read(course.solution(topic), as_version=4)


@dataclass(frozen=True)
class Judged:
    """What came of the bank of a topic.

    solution: {grade id: `Score`} of the instructor's own answers.
    answers: list of `Scored`.
    """

    solution: Scores
    answers: list[Scored]


def judge(
    course: Course, sides: Sides, topic: str, question: str | None = None, limits: Limits | None = None
) -> Judged:
    """Run every answer in the instructor's notebook, and that notebook as it is, in one walk through it.

    Args:    course: of `open_course`.
             sides: how tests meet answers.
             topic, question: names; the answers to all questions without one.
             limits: of `Limits`.
    Returns: `Judged`.
    """
    notebook = solution(course, topic)
    answers = {one: bank(course, topic, one) for one in ([question] if question else autograded(notebook))}
    sources = {name: [answer.source for answer in found] for name, found in answers.items()}
    runs = run_all(notebook, sides, sources, course.solution(topic).parent, limits)
    return Judged(
        runs.solution,
        [
            Scored(one, cells, complaint(one, cells))
            for name, found in answers.items()
            for one, cells in zip(found, runs.answers[name], strict=True)
        ],
    )


def complaint(answer: Answer, cells: Scores) -> str:
    """What is wrong with the score of an answer, in words that name the cells; "" if nothing is.

    Args:    answer: of `Answer`.
             cells: {grade id: `Score`}.
    """
    lost = {cell: one for cell, one in cells.items() if one.points != one.most}
    own = {cell: one for cell, one in lost.items() if question_of(cell) == answer.question}
    wrong = lost if answer.right else {cell: one for cell, one in lost.items() if cell not in own}
    lines = [
        f"{cell} gives {one.points:g} of {one.most:g} points, expected all: {one.known}" for cell, one in wrong.items()
    ]
    if not answer.right and not own:
        lines.append(f"{answer.question} gives all points, expected fewer: no test notices")
    return "\n".join(lines)


def lost_by_solution(course: Course, sides: Sides, topic: str) -> str:
    """What the instructor's own answers lose, which every right answer would lose too; "" if nothing.

    Args:    course: of `open_course`.
             sides: how tests meet answers.
             topic: name.
    """
    [cells] = run(solution(course, topic), sides, course.solution(topic).parent)
    return "; ".join(f"{cell}: {one.known}" for cell, one in cells.items() if one.points != one.most)


def untouched(notebook: Any) -> Any:
    """The instructor's notebook with every answer cleared as in a release, and the hidden tests still there."""
    return ClearSolutions().preprocess(copy.deepcopy(notebook), {})[0]


def autograded(notebook: Any) -> list[str]:
    """Names of the questions that no person reads."""
    return [question.name for question in questions(notebook) if not question.manual]


def strangers(course: Course, topic: str) -> list[Path]:
    """Files of the bank that belong to no autograded question of the topic."""
    known = {f"{name}.py" for name in autograded(solution(course, topic))}
    return [path for path in sorted((course.answers / topic).glob("*.py")) if path.name not in known]


def verdicts(course: Course, sides: Sides, topic: str | None = None) -> list[Scored]:
    """Judge the whole bank.

    Args:    course: of `open_course`.
             sides: how tests meet answers.
             topic: only this one; all without.
    Returns: list of `Scored`.
    """
    bar = tqdm(course.topics(topic), unit="topic", disable=None)
    return [one for name in bar for one in judge(course, sides, name).answers]


def table(found: Sequence[Scored]) -> Table:
    """A rich table of verdicts.

    Args:    found: of `verdicts`.
    """
    columns = ("topic", "question", "answer", "points", "verdict", "what the student reads")
    shown = Table(*columns, title="Answers")
    for one in found:
        expected = "right" if one.answer.right else "wrong"
        shown.add_row(
            one.answer.topic,
            one.answer.question,
            f"{expected}: {one.answer.title}",
            f"{one.points:g}/{one.max_points:g}",
            "UNEXPECTED" if one.complaint else "as expected",
            Text(one.message),
        )
    return shown
