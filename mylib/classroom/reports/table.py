"""Reports: every student, topic and question with points, what a person must read, and the reasons."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table
from rich.text import Text

from mylib.classroom.course.folders import Course
from mylib.classroom.grading.gradebook import Result, load_results
from mylib.classroom.intake.roster import safe_cell
from mylib.classroom.notebook.questions import question_of
from mylib.classroom.notebook.text import printable
from mylib.classroom.reports.marks import Mark, marks, worth

COLUMNS = ("student", "topic", "question", "points", "max_points", "needs_manual", "notes")
OF_SUBMISSION = ("late", "late_penalty", "total", "total_max")
MOST_ROWS, MOST_REASONS, REASON_WIDTH, NAME_WIDTH = 40, 10, 100, 30


@dataclass(frozen=True)
class Row:
    """One question of one submission.

    late, penalty: of the whole submission, in words and in points.
    """

    student: str
    topic: str
    question: str
    points: float
    max_points: float
    needs_manual: bool
    notes: str
    late: str = ""
    penalty: float = 0.0


@dataclass
class Total:
    """One submission, summed up: `points` is what everybody is told, after the penalty."""

    student: str
    topic: str
    rows: list[Row] = field(default_factory=list)

    @property
    def points(self) -> float:
        """So far, less the penalty."""
        return worth(self.earned, self.penalty, self.max_points)

    @property
    def earned(self) -> float:
        """So far, as the gradebook sums them up, before the penalty."""
        return sum(row.points for row in self.rows)

    @property
    def max_points(self) -> float:
        """To be had."""
        return sum(row.max_points for row in self.rows)

    @property
    def penalty(self) -> float:
        """For lateness."""
        return self.rows[0].penalty

    @property
    def late(self) -> str:
        """How late, in words."""
        return self.rows[0].late

    @property
    def waiting(self) -> int:
        """Questions that a person has not read yet."""
        return sum(row.needs_manual for row in self.rows)

    @property
    def reason(self) -> str:
        """The first reason for lost points, or note."""
        return next((row.notes for row in self.rows if row.notes), "")


def rows(course: Course) -> list[Row]:
    """All rows, from nbgrader's gradebook and the notes of the last grading.

    Args:    course: of `open_course`.
    Returns: list of `Row` by topic, student and question.
    Raises:  ValueError: nothing has been graded yet.
    """
    found = marks(course)
    results = load_results(course)
    every = [row for key, mark in found.items() for row in _questions(mark, results.get(key))]
    return sorted(every, key=lambda row: (row.topic, row.student, row.question))


def _questions(mark: Mark, result: Result | None) -> Iterable[Row]:
    """One row per question; the first also holds the notes on the whole submission."""
    grouped = defaultdict(list)
    for name in mark.grades:
        grouped[question_of(name)].append(name)
    first = min(grouped, default="")
    for question, cells in grouped.items():
        group = [mark.grades[name] for name in cells]
        reasons = [] if result is None else _reasons(result, question, set(cells), first)
        yield Row(
            mark.student,
            mark.topic,
            question,
            sum(grade.points for grade in group),
            sum(grade.max_points for grade in group),
            any(grade.waits for grade in group),
            "; ".join(reasons),
            mark.late,
            mark.penalty,
        )


def _reasons(result: Result, question: str, cells: set[str], first: str) -> list[str]:
    if result.unreadable or result.failed:
        return [printable(result.unreadable or result.failed)]
    texts = [text for cell, text in result.errors.items() if cell in cells | {question}]
    texts += [text for name, text in result.notes if (question_of(name) == question if name else question == first)]
    return [printable(text) for text in dict.fromkeys(texts)]


def totals(found: Iterable[Row]) -> dict[tuple[str, str], Total]:
    """{(student, topic): total} by student and topic.

    Args:    found: of `rows`.
    """
    groups: dict[tuple[str, str], Total] = {}
    for row in found:
        groups.setdefault((row.student, row.topic), Total(row.student, row.topic)).rows.append(row)
    return dict(sorted(groups.items()))


def write_csv(course: Course, found: Sequence[Row]) -> Path:
    """Write the rows where a spreadsheet can open them.

    `late`, `late_penalty`, `total` (after the penalty) and `total_max` are those of the whole submission, the same on
    each of its rows.

    Args:    course: of `open_course`.
             found: of `rows`.
    Returns: the path, build/classroom/report.csv.
    """
    path, sums = course.build / "report.csv", totals(found)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS[:-1], *OF_SUBMISSION, COLUMNS[-1]])
        for row in found:
            total = sums[row.student, row.topic]
            own = [getattr(row, column) for column in COLUMNS]
            whole = [total.late, total.penalty, total.points, total.max_points]
            writer.writerow([safe_cell(value) for value in (*own[:-1], *whole, own[-1])])
    return path


def tables(found: Sequence[Row]) -> tuple[Table, Table]:
    """Rich tables for the screen: per question, and per student.

    Of a large class, the second has those that a person should look at; report.csv has all.

    Args:    found: of `rows`.
    """
    return _question_table(found), _student_table(list(totals(found).values()))


def reasons(found: Sequence[Row]) -> Table | None:
    """A rich table of the first reason or note of each submission: what several share stands once. None without any.

    Args:    found: of `rows`.
    """
    counted = Counter(total.reason for total in totals(found).values() if total.reason)
    if not counted:
        return None
    rest = len(counted) - MOST_REASONS
    caption = f"and {rest} other reasons; report.csv has all" if rest > 0 else None
    table = Table(title="Reasons and notes", caption=caption)
    table.add_column("submissions", justify="right", no_wrap=True)
    table.add_column("the first reason or note of each", overflow="fold")
    for reason, count in sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:MOST_REASONS]:
        table.add_row(str(count), _shown(reason, 2 * REASON_WIDTH))
    return table


def _question_table(found: Iterable[Row]) -> Table:
    per_question = defaultdict(list)
    for row in found:
        per_question[row.topic, row.question].append(row)
    table = Table("topic", "question", title="Questions")
    for column in ("mean", "of", "full", "zero", "to read"):
        table.add_column(column, justify="right", no_wrap=True)
    for (topic, question), group in per_question.items():
        full = sum(row.points == row.max_points for row in group)
        zero = sum(row.points == 0 and not row.needs_manual for row in group)
        mean = sum(row.points for row in group) / len(group)
        waiting = sum(row.needs_manual for row in group)
        cells = (f"{mean:.2f}", f"{group[0].max_points:g}", full, zero, waiting)
        table.add_row(_shown(topic), _shown(question), *map(str, cells))
    return table


def _student_table(sums: Sequence[Total]) -> Table:
    def looks_well(total: Total) -> bool:
        return not (total.reason or total.waiting or total.late or total.penalty)

    listed = sums if len(sums) <= MOST_ROWS else sorted(sums, key=looks_well)[:MOST_ROWS]
    left = len(sums) - len(listed)
    caption = f"and {left} more submissions; report.csv has all" if left else None
    table = Table(title="Students", caption=caption)
    table.add_column("student", no_wrap=True)
    table.add_column("topic", no_wrap=True)
    for column in ("points", "of", "to read"):
        table.add_column(column, justify="right", no_wrap=True)
    penalised = any(total.late or total.penalty for total in sums)
    if penalised:
        table.add_column("late", no_wrap=True)
        table.add_column("penalty", justify="right", no_wrap=True)
    table.add_column("first reason")  # the only one that gives way on a narrow screen
    for total in sorted(listed, key=lambda one: (one.student, one.topic)):
        numbers = (f"{total.points:g}", f"{total.max_points:g}", str(total.waiting))
        late = (_shown(total.late), f"{-total.penalty:g}" if total.penalty else "") if penalised else ()
        who = (_shown(total.student, NAME_WIDTH), _shown(total.topic, NAME_WIDTH))
        reason = Text(printable(total.reason, REASON_WIDTH), no_wrap=True, overflow="ellipsis")
        table.add_row(*who, *numbers, *late, reason)
    return table


def _shown(text: str, limit: int | None = None) -> Text:
    """Somebody's text on the screen: never markup."""
    return Text(printable(text, limit))
