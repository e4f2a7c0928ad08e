"""Reports: every student, topic and question with points, what a person must read, and the reasons."""

import csv
from collections import defaultdict
from dataclasses import astuple, dataclass, fields

from nbgrader.api import Gradebook
from rich.table import Table

from mylib.classroom.grading.gradebook import load_results
from mylib.classroom.intake.roster import safe_cell
from mylib.classroom.notebook.questions import question_of


@dataclass(frozen=True)
class Row:
    """One question of one submission."""

    student: str
    topic: str
    question: str
    points: float
    max_points: float
    needs_manual: bool
    notes: str


def rows(course):
    """All rows, from nbgrader's gradebook and the notes of the last grading.

    Args:    course: of `open_course`.
    Returns: list of `Row` by topic, student and question.
    Raises:  ValueError: nothing has been graded yet.
    """
    if not (course.build / "gradebook.db").exists():
        raise ValueError(
            f"report: expected graded submissions in {course.build}, found none; run `mylib grade`"
        )
    results, found = load_results(course), []
    with Gradebook(course.db_url) as gradebook:
        for assignment in gradebook.assignments:
            for submission in assignment.submissions:
                result = results.get((submission.student.id, assignment.name))
                for notebook in submission.notebooks:
                    found += _questions(submission.student.id, assignment.name, notebook.grades, result)
    return sorted(found, key=lambda row: (row.topic, row.student, row.question))


def _questions(student, topic, grades, result):
    """One row per question, and one for what concerns the whole submission."""
    grouped = defaultdict(list)
    for grade in grades:
        grouped[question_of(grade.name)].append(grade)
    for name, group in grouped.items():
        reasons = [] if result is None else _reasons(result, name, {grade.name for grade in group})
        yield Row(
            student,
            topic,
            name,
            sum(grade.score for grade in group),
            sum(grade.max_score for grade in group),
            any(grade.needs_manual_grade for grade in group),
            "; ".join(reasons),
        )


def _reasons(result, question, cells):
    if result.unreadable or result.failed:
        return [result.unreadable or result.failed]
    texts = [text for cell, text in result.errors.items() if cell in cells | {question}]
    # A note on the whole submission stands with every question: a sorted sheet may show any of them first.
    texts += [text for name, text in result.notes if not name or question_of(name) == question]
    return list(dict.fromkeys(texts))


def write_csv(course, found):
    """Write the rows where a spreadsheet can open them.

    Args:    course: of `open_course`.
             found: of `rows`.
    Returns: the path, build/classroom/report.csv.
    """
    path = course.build / "report.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in fields(Row)])
        writer.writerows([safe_cell(value) for value in astuple(row)] for row in found)
    return path


def tables(found):
    """Rich tables for the screen: per question, and per student.

    Args:    found: of `rows`.
    """
    per_question, per_student = defaultdict(list), defaultdict(list)
    for row in found:
        per_question[row.topic, row.question].append(row)
        per_student[row.student, row.topic].append(row)
    by_question = Table("topic", "question", "mean", "of", "full", "zero", "to read", title="Questions")
    for (topic, question), group in per_question.items():
        full = sum(row.points == row.max_points for row in group)
        zero = sum(row.points == 0 and not row.needs_manual for row in group)
        mean = sum(row.points for row in group) / len(group)
        waiting = sum(row.needs_manual for row in group)
        cells = (f"{mean:.2f}", f"{group[0].max_points:g}", full, zero, waiting)
        by_question.add_row(topic, question, *map(str, cells))
    by_student = Table("student", "topic", "points", "of", "to read", "first reason", title="Students")
    for (student, topic), group in sorted(per_student.items()):
        reason = next((row.notes for row in group if row.notes), "")
        sums = (f"{sum(row.points for row in group):g}", f"{sum(row.max_points for row in group):g}")
        by_student.add_row(student, topic, *sums, str(sum(row.needs_manual for row in group)), reason)
    return by_question, by_student
