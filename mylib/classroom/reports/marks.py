"""What nbgrader's gradebook says of every submission, read once: points, penalties, comments, what waits.

A submission is worth the sum of its points less nbgrader's penalty for lateness, never below 0 and never above its
maximum (which may have been lowered since): that one number stands in tables, exports and pages.
"""

from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import Gradebook

from mylib.classroom.course.folders import Course
from mylib.classroom.intake.roster import read_roster

LATE = "late"


@dataclass(frozen=True)
class Grade:
    """Points of one cell. waits: for a person to read it."""

    points: float
    max_points: float
    waits: bool = False


@dataclass(frozen=True)
class Mark:
    """One submission.

    grades: {grade id: grade}.
    comments: {grade id: what a person wrote to the student}.
    penalty: points taken off for lateness.
    late: how late, in words; "" for in time, or where nobody knows.
    """

    student: str
    topic: str
    grades: dict[str, Grade]
    comments: dict[str, str] = field(default_factory=dict)
    penalty: float = 0.0
    late: str = ""

    @property
    def waiting(self) -> list[Grade]:
        """What a person has not read yet."""
        return [grade for grade in self.grades.values() if grade.waits]

    @property
    def earned(self) -> float:
        """Points so far, before the penalty."""
        return sum(grade.points for grade in self.grades.values())

    @property
    def max_points(self) -> float:
        """Points to be had."""
        return sum(grade.max_points for grade in self.grades.values())

    @property
    def total(self) -> float:
        """Points so far, as everybody is told."""
        return worth(self.earned, self.penalty, self.max_points)


def worth(earned: float, penalty: float, most: float) -> float:
    """Points less the penalty, within bounds; rounded, so that 0.1 + 0.2 is 0.3 in a spreadsheet.

    Example:
        >>> worth(7.0, 10.0, 10.0), worth(0.1 + 0.2, 0, 10.0), worth(11.5, 0, 11.0)
        (0.0, 0.3, 11.0)
    """
    return round(min(most, max(0.0, earned - penalty)), 6)


def marks(course: Course) -> dict[tuple[str, str], Mark]:
    """{(student, topic): mark} of everything in the gradebook.

    Args:    course: of `open_course`.
    Raises:  ValueError: nothing has been graded yet.
    """
    if not (course.build / "gradebook.db").exists():
        raise ValueError(f"report: expected graded submissions in {course.build}, found none; run `mylib grade`")
    marked = {(row.student, row.topic) for row in read_roster(course) if row.late}
    found = {}
    with Gradebook(course.db_url) as gradebook:
        for assignment in gradebook.assignments:
            for submission in assignment.submissions:
                key = (submission.student.id, assignment.name)
                late = _how_late(submission.total_seconds_late) or (LATE if key in marked else "")
                found[key] = _mark(*key, submission.notebooks, late)
    return found


def _mark(student: str, topic: str, notebooks: Any, late: str) -> Mark:
    grades = {
        grade.name: Grade(float(grade.score), float(grade.max_score), bool(grade.needs_manual_grade))
        for notebook in notebooks
        for grade in notebook.grades
    }
    comments = {
        comment.name: str(comment.comment) for notebook in notebooks for comment in notebook.comments if comment.comment
    }
    penalty = float(sum(notebook.late_submission_penalty or 0.0 for notebook in notebooks))
    return Mark(student, topic, grades, comments, penalty, late)


def _how_late(seconds: float) -> str:
    r"""In words.

    Example:
        >>> [_how_late(seconds) for seconds in (0, 30, 300, 3 * 3600, 50 * 3600)]
        ['', 'late, 1 minute', 'late, 5 minutes', 'late, 3 hours', 'late, 2 days 2 hours']
    """
    if seconds <= 0:
        return ""
    minutes = max(1, round(seconds / 60))
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, "day"), (hours, "hour"), (0 if days or hours else minutes, "minute")]
    told = [f"{count} {unit}{'s' if count > 1 else ''}" for count, unit in parts if count]
    return f"{LATE}, {' '.join(told)}"
