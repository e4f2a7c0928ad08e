"""Who is who: students.csv, which `mylib collect` writes and the exports of `mylib report` read."""

import csv
from dataclasses import asdict, dataclass, fields

ROSTER = "students.csv"
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class Handed:
    """What one student handed in for one topic, and how the learning management system calls it.

    student: the name of the folder.
    name, lms_id: of the student there; Moodle's number is another one for each assignment.
    late: marked as late by the system.
    modified: of the notebook, as the zip says, local time; "" if it does not. It may be the time of the download.
    file: its name in the zip.
    """

    student: str
    name: str
    lms: str
    topic: str
    lms_id: str
    late: str
    modified: str
    file: str


def read_roster(course):
    """Who is who: the rows of students.csv, or an empty list.

    Args:    course: of `open_course`.
    Returns: list of `Handed`.
    Raises:  ValueError: the file has other columns.
    """
    path, names = course.build / ROSTER, [one.name for one in fields(Handed)]
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if rows and set(rows[0]) != set(names):
        raise ValueError(
            f"{path}: expected the columns {', '.join(names)}, got {', '.join(map(str, rows[0]))}; "
            "restore it or collect again"
        )
    return [Handed(**{name: _read_back(text) for name, text in row.items()}) for row in rows]


def write_roster(course, rows, new):
    """Write students.csv; a new row takes the place of the one of the same student and topic.

    Args:    course: of `open_course`.
             rows, new: lists of `Handed`.
    """
    merged = {(row.student, row.topic): row for row in (*rows, *new)}
    path = course.build / ROSTER
    fresh = path.with_suffix(".csv.new")
    with open(fresh, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [one.name for one in fields(Handed)])
        writer.writeheader()
        for _, row in sorted(merged.items()):
            writer.writerow({name: safe_cell(text) for name, text in asdict(row).items()})
    fresh.replace(path)  # whole or not at all


def safe_cell(value):
    """A text that begins like a formula would be executed by a spreadsheet."""
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value


def _read_back(text):
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
