"""A small class to try the course with: full answers, a wrong answer, a blank notebook, a broken file."""

import re
from pathlib import Path

import nbformat

from mylib.classroom.authoring.bank import bank
from mylib.classroom.authoring.release import skeleton
from mylib.classroom.course.folders import Course
from mylib.classroom.notebook.questions import grade_id, is_answer, questions

STUDENTS = {
    "ada": "answers everything",
    "ben": "has the first question of each topic wrong",
    "cleo": "hands in the untouched release",
    "dan": "hands in a file that is cut off",
}
MARKER = re.compile(r"^\s*### (BEGIN|END) SOLUTION\n?", re.MULTILINE)


def example_class(course: Course, output: str | Path | None = None) -> Path:
    """Write the submissions of four students to every topic that has a solution.

    Args:    course: of `open_course`.
             output: folder; build/classroom/submitted without.
    Returns: the folder.
    """
    output = Path(output or course.submitted)
    for topic in course.topics():
        for student in STUDENTS:
            path = output / student / topic / f"{topic}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_submission(course, topic, student), encoding="utf-8")
    return output


def _submission(course: Course, topic: str, student: str) -> str:
    notebook = skeleton(course, topic, register=False)
    if student in ("ada", "ben"):
        answers = _answers(course, topic)
        if student == "ben":
            answers |= _first_wrong(course, topic)
        for cell in notebook.cells:
            cell.source = answers.get(grade_id(cell), cell.source) if is_answer(cell) else cell.source
    text: str = nbformat.writes(notebook)
    return text[: len(text) // 2] if student == "dan" else text


def _answers(course: Course, topic: str) -> dict[str, str]:
    solution = nbformat.read(course.solution(topic), as_version=4)
    return {grade_id(cell): MARKER.sub("", cell.source) for cell in solution.cells if is_answer(cell)}


def _first_wrong(course: Course, topic: str) -> dict[str, str]:
    """The first wrong answer that the bank holds for the first autograded question, or none at all."""
    solution = nbformat.read(course.solution(topic), as_version=4)
    for question in questions(solution):
        if not question.manual:
            wrong = [one.source for one in bank(course, topic, question.name) if not one.right]
            return {question.name: wrong[0] if wrong else "pass"}
    return {}
