"""Points for import into a learning management system: Canvas's gradebook, Moodle's grading worksheets.

What `mylib collect` wrote down in students.csv says how the system calls each student. Without it the folder's name
stands in for the login (Canvas) and the ID number (Moodle). Best for Moodle is its own worksheet, filled in.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from mylib.classroom.course.folders import Course
from mylib.classroom.intake.names import recognise
from mylib.classroom.intake.roster import Handed, is_group, is_nameless, read_roster, safe_cell
from mylib.classroom.notebook.text import printable
from mylib.classroom.reports.table import Row, Total, totals
from mylib.classroom.reports.worksheet import Entry, Worksheet

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
# Moodle's importer refuses a file without Identifier, Grade or Last modified (grade).
MOODLE = (
    *("Identifier", "ID number", "Full name", "Status", "Grade", "Maximum grade", "Grade can be changed"),
    *("Last modified (submission)", "Last modified (grade)", "Feedback comments"),
)
NEVER = "-"  # what Moodle writes for a time that never was: it then takes the grade for a new one
Roster = dict[tuple[str, str], Handed]


def write_exports(
    course: Course, found: Sequence[Row], worksheets: Iterable[Path] = (), notes: list[str] | None = None
) -> list[Path]:
    """Write the files that the systems in students.csv import; without students.csv, those of both.

    Args:    course: of `open_course`.
             found: rows, of `report.rows`.
             worksheets: of Moodle, to be filled in; beside them those that lie in build/classroom as
                 worksheet-<topic>.csv. They are read only: what is filled in is a file of its own.
             notes: what was left out or changed is appended, with reasons.
    Returns: list of paths: build/classroom/canvas.csv, moodle-<topic>.csv.
    Raises:  ValueError: a worksheet is none of Moodle's, or belongs to no topic or to the topic of another.
    """
    notes = [] if notes is None else notes
    roster = {(row.student, row.topic): row for row in read_roster(course)}
    topics, sums = sorted({row.topic for row in found}), totals(found)
    notes += _too_many_points(sums.values())
    sheets = _of_topics(course, worksheets, topics, roster)
    systems = {row.lms for row in roster.values()} or {"canvas", "moodle"}
    paths = []
    if "canvas" in systems:
        paths.append(_write_table(course.build / "canvas.csv", canvas(found, roster, notes)))
    for topic in topics:
        path = course.build / f"moodle-{topic}.csv"
        if topic in sheets:
            content, said = sheets[topic].filled(_entries(sums, roster, topic, sheets[topic], notes))
            path.write_bytes(content)
            notes += said
            paths.append(path)
        elif "moodle" in systems:
            paths.append(_write_table(path, moodle(found, roster, topic, notes)))
    return paths


def _write_table(path: Path, lines: Iterable[Iterable[object]]) -> Path:
    with open(path, "w", newline="", encoding="utf-8-sig") as file:  # the mark tells Excel that it is UTF-8
        csv.writer(file).writerows(lines)
    return path


def _too_many_points(sums: Iterable[Total]) -> list[str]:
    return [
        f"{total.student}/{total.topic}: {total.earned:g} of {total.max_points:g} points in the gradebook (was a "
        f"maximum lowered, or extra credit given?); {total.points:g} stands in the report and in what is exported"
        for total in sums
        if total.earned - total.penalty > total.max_points
    ]


def canvas(found: Iterable[Row], roster: Roster, notes: list[str] | None = None) -> list[list[str]]:
    """The lines of a gradebook as Canvas imports it: a column per topic, points possible in the second line.

    Args:    found: rows, of `report.rows`.
             roster: {(student, topic): `roster.Handed`}.
             notes: who is left out is appended, with the reason.
    Returns: list of lists.
    """
    notes = [] if notes is None else notes
    most: dict[str, float] = defaultdict(float)
    points: dict[str, dict[str, float]] = defaultdict(dict)
    for (student, topic), total in totals(found).items():
        most[topic] = max(most[topic], total.max_points)
        points[student][topic] = total.points
    topics = sorted(most)
    known = {row.student: row for row in roster.values()}
    lines = [[*CANVAS, *(f"{topic} ({most[topic]:g} points)" for topic in topics)]]
    # Canvas tells this line by the blanks in front.
    lines.append(["    Points Possible", "", "", "", "", *(f"{most[topic]:g}" for topic in topics)])
    for student in sorted(points):
        row = known.get(student)
        if row is not None and row.lms != "canvas":
            continue
        if row is not None and is_nameless(row.name):
            notes.append(f"canvas.csv: {student} is left out: handed in without a name, Canvas imports by names")
            continue
        who = [row.name, row.lms_id, "", "", ""] if row else [student, "", "", student, ""]
        scores = [f"{points[student][topic]:g}" if topic in points[student] else "" for topic in topics]
        lines.append([*map(safe_cell, who), *scores])
    return lines


def moodle(found: Iterable[Row], roster: Roster, topic: str, notes: list[str] | None = None) -> list[list[str]]:
    """The lines of a grading worksheet as Moodle imports it, one per submission.

    Args:    found: rows, of `report.rows`.
             roster: {(student, topic): `roster.Handed`}.
             topic: of the assignment.
             notes: who is left out is appended, with the reason.
    Returns: list of lists.
    """
    notes = [] if notes is None else notes
    lines = [list(MOODLE)]
    for (student, _), total in totals(row for row in found if row.topic == topic).items():
        row = roster.get((student, topic))
        if row is not None and row.lms != "moodle":
            continue
        if row is not None and is_group(row.name):
            notes.append(_no_participant(topic, row))
            continue
        who = [f"Participant {row.lms_id}", "", row.name] if row else ["", student, student]
        handed_in = row.modified if row and row.modified else NEVER
        sums = ["Submitted", f"{total.points:g}", f"{total.max_points:g}", "Yes", handed_in, NEVER]
        lines.append([*map(safe_cell, who), *sums, comment(total)])
    return lines


def _no_participant(topic: str, row: Handed) -> str:
    return (
        f"moodle-{topic}.csv: {printable(row.name, 60)} (number {row.lms_id}) is left out: a group, and no "
        "participant; enter its points in Moodle"
    )


def comment(total: Total) -> str:
    """What a student reads in Moodle: the points of each question, and why the sum is another."""
    parts = [
        f"{row.question}: {'not read yet' if row.needs_manual else f'{row.points:g} of {row.max_points:g}'}"
        for row in total.rows
    ]
    if total.penalty:
        parts.append(f"{total.late or 'late'}: {-total.penalty:g}")
    elif total.late:
        parts.append(total.late)
    return "; ".join(parts)


def _of_topics(
    course: Course, worksheets: Iterable[Path], topics: Sequence[str], roster: Roster
) -> dict[str, Worksheet]:
    """{topic: worksheet}; a file that is given goes before one that is found."""
    sheets: dict[str, Worksheet] = {}
    for path in worksheets:
        sheet = Worksheet(Path(path))
        topic = _topic_of(sheet, topics, roster)
        if topic in sheets:
            raise ValueError(f"worksheet: {sheets[topic].path} and {path} both belong to {topic}; give one")
        sheets[topic] = sheet
    for topic in topics:
        path = course.build / f"worksheet-{topic}.csv"
        if topic not in sheets and path.exists():
            sheets[topic] = Worksheet(path)
    return sheets


def _topic_of(sheet: Worksheet, topics: Sequence[str], roster: Roster) -> str:
    """The topic whose participants it lists, or that its name tells, or the only one."""
    shared = {
        topic: sum(
            row.lms_id in sheet.numbers
            for row in roster.values()
            if row.topic == topic and row.lms == "moodle" and not is_group(row.name)
        )
        for topic in topics
    }
    best = max(topics, key=lambda topic: shared[topic])
    if list(shared.values()).count(shared[best]) == 1 and shared[best]:
        return best
    if (told := recognise(sheet.path.name, topics)) is not None:
        return told
    if len(topics) == 1:
        return topics[0]
    raise ValueError(
        f"worksheet: {sheet.path} shares no participant with any of {', '.join(topics)}; "
        f"name it worksheet-{topics[0]}.csv or the like"
    )


def _entries(
    sums: dict[tuple[str, str], Total], roster: Roster, topic: str, sheet: Worksheet, notes: list[str]
) -> list[Entry]:
    """What goes into a worksheet."""
    entries, most = [], 0.0
    for (student, name), total in sums.items():
        row = roster.get((student, topic))
        if name != topic or (row is not None and row.lms != "moodle"):
            continue
        if row is not None and is_group(row.name):
            notes.append(_no_participant(topic, row))
            continue
        most = max(most, total.max_points)
        number, called = (row.lms_id, row.name) if row else ("", "")
        entries.append(Entry(student, number, "" if is_nameless(called) else called, total.points, comment(total)))
    if (theirs := sheet.maximum()) is not None and entries and theirs != most:
        notes.append(
            f"{sheet.path.name}: the maximum is {theirs:g} in Moodle and {most:g} here; "
            "points are written as they are: set Moodle's maximum first"
        )
    return entries
