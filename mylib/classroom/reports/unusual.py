"""What the check for forbidden calls could not read: a listing for a person. It is no verdict and cost nothing."""

from rich.table import Table
from rich.text import Text

from mylib.classroom.course.folders import Course
from mylib.classroom.grading.gradebook import load_results
from mylib.classroom.notebook.questions import question_of
from mylib.classroom.notebook.text import printable


def table(course: Course, topic: str | None = None) -> tuple[Table, int]:
    """A table for the terminal, and how many rows it has.

    Args:    course: of `open_course`.
             topic: only this one; all without.
    Raises:  ValueError: no such topic, or nothing has been graded.
    """
    topics, results = course.topics(topic), load_results(course)
    if not results:
        raise ValueError(f"unusual: expected graded submissions in {course.build}; run `mylib grade`")
    shown = Table("topic", "question", "student", "where", "line", "what could not be told", title="Unusual")
    count = 0
    for (student, name), result in sorted(results.items(), key=lambda one: one[0][::-1]):
        for one in result.unusual if name in topics else ():
            place, line, why = (Text(printable(text, 120)) for text in (one.place, one.line, one.why))
            shown.add_row(name, question_of(one.question), student, place, line, why)
            count += 1
    return shown, count
