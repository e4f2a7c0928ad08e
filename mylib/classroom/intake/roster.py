"""Who is who: students.csv, which `mylib collect` writes; reports and the gradebook read it."""

import csv
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import TypeVar

from mylib.classroom.course.folders import Course
from mylib.classroom.notebook.text import printable

ROSTER = "students.csv"
# What makes a spreadsheet execute a cell; the wide forms do so in East Asian editions.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BEFORE = " \t\r\n\u00a0\u3000\ufeff\"'"  # what spreadsheets strip in front
T = TypeVar("T")
# The first word of a group's name in the languages in which Moodle is used most.
_GROUP_WORDS = """
group groups groupe gruppe gruppen grupo grupos gruppo gruppi groep grupp grup grupa skupina csoport ryhmä team teams
équipe equipe equipo equipa squadra группа команда 小组 グループ 그룹
"""
GROUP_WORDS = frozenset(_GROUP_WORDS.split())
_PARTICIPANT_WORDS = """
participant participante partecipante teilnehmer teilnehmerin teilnehmende deelnemer deltager deltagare uczestnik
osallistuja участник anonymous anon
"""
PARTICIPANT_WORDS = frozenset(_PARTICIPANT_WORDS.split())


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


@dataclass(frozen=True)
class Person:
    """How a student is called; "" for what nobody has said."""

    first: str = ""
    last: str = ""
    email: str = ""


def read_roster(course: Course) -> list[Handed]:
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
    for number, row in enumerate(rows, start=2):
        if set(row) != set(names) or None in row.values():
            got = ", ".join(printable(str(name), 40) for name in row)
            raise ValueError(
                f"{path}, row {number}: expected the columns {', '.join(names)}, got {got}; restore it or collect again"
            )
    return [Handed(**{name: _read_back(text) for name, text in row.items()}) for row in rows]


def write_roster(course: Course, rows: Iterable[Handed], new: Iterable[Handed]) -> None:
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


def person(course: Course, student: str) -> Person:
    """How students.csv calls a student, for nbgrader's gradebook.

    Args:    course: of `open_course`.
             student: the name of the folder.
    Returns: `Person`; all of it "" where the student is not known or handed in under no name.
    """
    names = [row.name for row in read_roster(course) if row.student == student]
    return named(names[-1]) if names else Person()


def named(name: str) -> Person:
    """The parts of a name as Canvas ("Lovelace, Ada") or Moodle ("Ada Lovelace") writes it.

    Example:
        >>> named("Lovelace, Ada"), named("Ada King Lovelace").last, named("Participant 12")
        (Person(first='Ada', last='Lovelace', email=''), 'Lovelace', Person(first='', last='', email=''))
    """
    name = " ".join(printable(name).split())
    if is_nameless(name):
        return Person()
    if "," in name:
        last, first = name.split(",", 1)
        return Person(first.strip(), last.strip())
    first, _, last = name.rpartition(" ")
    return Person(first, last)


def is_nameless(name: str) -> bool:
    """Whether it stands for somebody who is graded without a name: "Participant 12", "anonymous"."""
    words = re.sub(r"\W*\d*\W*$", "", name.casefold())
    return re.sub(r"\W", "", words) in PARTICIPANT_WORDS


def is_group(name: str) -> bool:
    """Whether it is the name of a group and not of a person, as in a zip of group submissions.

    Example:
        >>> is_group("Group A"), is_group("Blue Team"), is_group("Default group-Ada Lovelace"), is_group("Ada Li")
        (True, True, True, False)
    """
    parts = [re.findall(r"\w+", part.casefold()) for part in name.split("-")]
    first = parts[0] or [""]
    return first[0] in GROUP_WORDS or first[-1] in ("group", "team")  # Grupp is a family name


def safe_cell(value: T) -> T | str:
    r"""A text that begins like a formula would be executed by a spreadsheet; one that does not print may hide one.

    Example:
        >>> safe_cell("=1+1"), safe_cell(' "@x'), safe_cell("a\x07"), safe_cell(-1)
        ("'=1+1", '\' "@x', 'a�', -1)
    """
    if not isinstance(value, str):
        return value
    shown = printable(value)
    begins = value.startswith(FORMULA) or shown.lstrip(BEFORE).startswith(FORMULA)
    return "'" + shown if begins else shown


def _read_back(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].lstrip(BEFORE).startswith(FORMULA) else text
