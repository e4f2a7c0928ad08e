"""Points for import into a learning management system: Canvas's gradebook, Moodle's grading worksheets.

What `mylib collect` wrote down in students.csv says how the system calls each student. Without it the folder's name
stands in for the login (Canvas) and the ID number (Moodle).
"""

import csv
from collections import defaultdict

from mylib.classroom.intake.roster import read_roster, safe_cell

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("Identifier", "ID number", "Full name", "Grade", "Maximum grade", "Feedback comments")


def write_exports(course, found):
    """Write the files that the systems in students.csv import; without students.csv, those of both.

    Args:    course: of `open_course`.
             found: rows, of `report.rows`.
    Returns: list of paths: build/classroom/canvas.csv, moodle-<topic>.csv.
    """
    roster = {(row.student, row.topic): row for row in read_roster(course)}
    systems = {row.lms for row in roster.values()} or {"canvas", "moodle"}
    tables = {}
    if "canvas" in systems:
        tables["canvas"] = canvas(found, roster)
    if "moodle" in systems:
        for topic in sorted({row.topic for row in found}):
            tables[f"moodle-{topic}"] = moodle(found, roster, topic)
    paths = []
    for name, lines in tables.items():
        paths.append(course.build / f"{name}.csv")
        with open(
            paths[-1], "w", newline="", encoding="utf-8-sig"
        ) as file:  # the mark tells Excel that it is UTF-8
            csv.writer(file).writerows(lines)
    return paths


def canvas(found, roster):
    """The lines of a gradebook as Canvas imports it: a column per topic, points possible in the second line.

    Args:    found: rows, of `report.rows`.
             roster: {(student, topic): `roster.Handed`}.
    Returns: list of lists.
    """
    most, points = defaultdict(float), defaultdict(dict)
    for (student, topic), group in _grouped(found).items():
        most[topic] = max(most[topic], sum(row.max_points for row in group))
        points[student][topic] = sum(row.points for row in group)
    topics = sorted(most)
    known = {row.student: row for row in roster.values()}
    lines = [[*CANVAS, *(f"{topic} ({most[topic]:g} points)" for topic in topics)]]
    # Canvas tells this line by the blanks in front.
    lines.append(["    Points Possible", "", "", "", "", *(f"{most[topic]:g}" for topic in topics)])
    for student in sorted(points):
        row = known.get(student)
        if row is None or row.lms == "canvas":
            who = [row.name, row.lms_id, "", "", ""] if row else [student, "", "", student, ""]
            scores = [f"{points[student][topic]:g}" if topic in points[student] else "" for topic in topics]
            lines.append([*map(safe_cell, who), *scores])
    return lines


def moodle(found, roster, topic):
    """The lines of a grading worksheet as Moodle imports it, one per submission.

    Args:    found: rows, of `report.rows`.
             roster: {(student, topic): `roster.Handed`}.
             topic: of the assignment.
    Returns: list of lists.
    """
    lines = [list(MOODLE)]
    for (student, _), group in sorted(_grouped(row for row in found if row.topic == topic).items()):
        row = roster.get((student, topic))
        if row is None or row.lms == "moodle":
            who = [f"Participant {row.lms_id}", "", row.name] if row else ["", student, student]
            sums = [f"{sum(one.points for one in group):g}", f"{sum(one.max_points for one in group):g}"]
            lines.append([*map(safe_cell, who), *sums, "; ".join(map(_comment, group))])
    return lines


def _comment(row):
    if row.needs_manual:
        return f"{row.question}: to be read"
    return f"{row.question}: {row.points:g} of {row.max_points:g}"


def _grouped(found):
    groups = defaultdict(list)
    for row in found:
        groups[row.student, row.topic].append(row)
    return groups
