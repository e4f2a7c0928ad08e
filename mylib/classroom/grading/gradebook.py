"""The recorder: the only writer of the gradebook, and of the graded notebooks beside it.

It says to nbgrader's `Gradebook` what `nbgrader autograde` would say, of results computed elsewhere, and keeps what a
person has given where the text that was read has not changed.
"""

import json
import os
import shutil
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import OperationalError, SAWarning

from mylib.classroom.course.folders import Course
from mylib.classroom.grading.examined import Examined
from mylib.classroom.intake.roster import person
from mylib.classroom.notebook.questions import grade_id, is_answer, is_test, question_of
from mylib.classroom.notebook.text import as_markdown
from mylib.classroom.notebook.verdicts import NOT_RUN, Outcome, Unusual, verdict_outputs

LOCKED_TRIES, LOCKED_PAUSE_SECONDS = 5, 2.0
T = TypeVar("T")


class GradebookLockedError(RuntimeError):
    """Another program holds the gradebook; nothing was written, and the result is kept in the ledger."""


@dataclass
class Result:
    """What became of one submission.

    notes: (grade id, text) of the intake, and of the examination.
    unreadable: why nothing could be read; "" if it could.
    doubt: why a person should look before anybody believes the points; "" if nothing stands out.
    failed: why it could be read and not graded; "" if it was.
    regraded: what had changed since it was graded before; "" for the first time.
    errors: {grade id: message} of the cells that failed, for the instructor: hidden values are in it.
    stopped: grade ids of cells that ran out of time or were never run.
    unusual: what the check for forbidden calls could not read.
    seconds: that its cells and tests took.
    """

    student: str
    topic: str
    notes: list[tuple[str, str]] = field(default_factory=list)
    unreadable: str = ""
    doubt: str = ""
    failed: str = ""
    regraded: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    unusual: list[Unusual] = field(default_factory=list)
    seconds: float = 0.0
    points: float = 0.0
    max_points: float = 0.0

    @property
    def problem(self) -> str:
        """Why a person should look at it, in one line; "" where all was graded."""
        first = next((self.errors[name] for name in self.stopped if name in self.errors), "")
        return self.failed or self.unreadable or self.doubt or first


def load_results(course: Course) -> dict[tuple[str, str], Result]:
    """{(student, topic): Result} of everything recorded so far."""
    found = {}
    for path in sorted(course.results.glob("*/*.json")):
        one = Result(**json.loads(path.read_text(encoding="utf-8")))
        one.unusual = [Unusual(**row) for row in one.unusual]  # type: ignore[arg-type]
        found[one.student, one.topic] = one
    return found


class Recorder:
    """Writes results into the gradebook of a course, one after the other.

    Args:    course: of `open_course`, whose gradebook knows the topics.
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        self.sanitize = SanitizeHTML(enabled=True)
        self.late = AssignLatePenalties(config=course.config)
        self.late.init_plugin()
        self.gradebook = _patiently(lambda: Gradebook(course.db_url))

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_: object) -> None:
        self.gradebook.close()
        self.gradebook.engine.dispose()

    def record(self, examined: Examined) -> Result:
        """Write one result into the gradebook, and its notebook and a summary beside it.

        Args:    examined: what was found.
        Returns: `Result`, which is also written below build/classroom/results/.
        Raises:  GradebookLockedError: the gradebook stayed locked.
                 OSError: the disk is full.
        """
        intake, outcome = examined.intake, examined.outcome
        result = Result(
            intake.submission.student,
            intake.submission.topic,
            [*intake.notes, *(("", note) for note in outcome.notes)],
            intake.unreadable,
            intake.doubt,
            examined.failed,
            examined.why,
            stopped=outcome.stopped,
            unusual=outcome.unusual,
            seconds=outcome.seconds,
        )
        not_run = result.unreadable or result.failed
        notebook = self.filled_in(intake.notebook, outcome, not_run)
        folder = self.course.build / "autograded" / result.student / result.topic
        before = _texts(folder / f"{result.topic}.ipynb")
        try:
            _patiently(
                lambda: self.write_grades(result, notebook, before, intake.timestamp),
                self.gradebook.db.rollback,
            )
        except Exception:
            self.gradebook.db.rollback()  # the next submission begins anew
            raise
        if not not_run:
            result.errors = {name: str(one.known) for name, one in outcome.verdicts.items() if one.known}
            result.errors |= outcome.broken
        self.write_notebook(folder, result, notebook, not_run, intake.timestamp)
        path = self.course.results / result.topic / f"{result.student}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, json.dumps(asdict(result), indent=1) + "\n")
        return result

    def filled_in(self, notebook: Any, outcome: Outcome, not_run: str) -> Any:
        """The notebook with what its cells showed and its tests said; a student's HTML is made harmless."""
        for position, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            cell.outputs, cell.execution_count = [], None
            if not_run:
                text = f"not run: {not_run}"
                cell.outputs = [nbformat.v4.new_output("error", ename=NOT_RUN, evalue=text, traceback=[text])]
            elif is_test(cell):
                cell.outputs = verdict_outputs(outcome.verdicts[grade_id(cell)])
            elif shown := outcome.outputs.get(cell.id):
                cell.outputs = [nbformat.from_dict(output) for output in shown.outputs]
                cell.execution_count = shown.execution_count
                self.sanitize.preprocess_cell(cell, {}, position)  # instructors open the notebook
        return notebook

    def write_grades(self, result: Result, notebook: Any, before: dict[str, str], timestamp: str) -> None:
        """One transaction: student, submission, points of every cell, late penalty."""
        book, topic, student = self.gradebook, result.topic, result.student
        called = person(self.course, student)
        known = {"first_name": called.first, "last_name": called.last, "email": called.email}
        book.update_or_create_student(student, **{key: value for key, value in known.items() if value})
        stamp = {"timestamp": timestamp} if timestamp else {}
        with warnings.catch_warnings():
            # nbgrader 0.9.6 reads the rows of a new submission before they are saved; SQLAlchemy mentions it.
            warnings.filterwarnings("ignore", "Object of type .* not in session", SAWarning)
            submission = book.update_or_create_submission(topic, student, **stamp)
        graded = book.find_submission_notebook(topic, topic, student)
        cells = {grade_id(cell): cell for cell in notebook.cells if grade_id(cell)}
        answers = {name: cell.source for name, cell in cells.items() if is_answer(cell)}
        for grade in graded.grades:
            points, _ = utils.determine_grade(cells[grade.cell.name])
            question = question_of(grade.cell.name)
            same = grade.auto_score == points and before.get(question) == answers.get(question)
            # What a person has given stays, and is not to be read again, where the same text earned the same points.
            reviewed = grade.manual_score is not None and not grade.needs_manual_grade and same
            grade.auto_score = points
            grade.needs_manual_grade = not reviewed and (grade.manual_score is not None or points is None)
        for comment in graded.comments:
            cell = cells[comment.cell.name]
            untouched = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
            comment.auto_comment = "No response." if untouched else None
        book.db.flush()
        book.db.refresh(graded)
        graded.late_submission_penalty = self.penalty(submission, graded)
        book.db.commit()
        book.db.expire_all()
        submission = book.find_submission(topic, student)
        result.max_points = submission.max_score
        # After the late penalty, as everywhere else that a number is shown.
        left = submission.score - (submission.late_submission_penalty or 0.0)
        result.points = min(max(left, 0.0), result.max_points)

    def penalty(self, submission: Any, graded: Any) -> float | None:
        """What the course's late policy takes away: between nothing and all points, or None."""
        late = submission.total_seconds_late
        if late <= 0:
            return None
        points = self.late.plugin_inst.late_submission_penalty(submission.student.id, graded.score, late)
        return None if points is None else float(self.late._check_late_penalty(graded, points))

    def write_notebook(self, folder: Path, result: Result, notebook: Any, not_run: str, timestamp: str) -> None:
        """Write the graded notebook where nbgrader's formgrader and feedback read it."""
        remarks = [f"**0 points:** {as_markdown(not_run)}."] if not_run else []
        remarks += [
            f"- {name}: {as_markdown(text)}" if name else f"- {as_markdown(text)}" for name, text in result.notes
        ]
        if remarks:
            text = "### Notes on your submission\n\n" + "\n".join(remarks)
            notebook.cells.insert(1, nbformat.v4.new_markdown_cell(text, id="intake-notes"))
        shutil.rmtree(folder, ignore_errors=True)
        given = self.course.solution(result.topic).parent
        shutil.copytree(given, folder, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__", ".*"))
        if timestamp:
            (folder / "timestamp.txt").write_text(timestamp + "\n")
        _write(folder / f"{result.topic}.ipynb", nbformat.writes(notebook) + "\n")


class UseMylibGrade(NotebookExporter):
    """In place of the exporter of `nbgrader autograde` and of formgrader's button: both would run without walls.

    nbgrader makes its exporter before it touches anything.
    """

    def __init__(self, **_: Any) -> None:
        raise NbGraderException(
            "nbgrader's own autograde would run submissions with your rights, without walls: use `mylib grade`"
        )


def _texts(path: Path) -> dict[str, str]:
    """{question: what was answered} in the notebook that was graded before; empty if there is none."""
    if not path.exists():
        return {}
    cells = nbformat.read(path, as_version=4).cells
    return {grade_id(cell): cell.source for cell in cells if is_answer(cell)}


def _write(path: Path, text: str) -> None:
    """The whole text, or what was there before."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, path)


def _patiently(write: Callable[[], T], undo: Callable[[], object] = lambda: None) -> T:
    """Do something with the gradebook; a lock is waited for."""
    for left in reversed(range(LOCKED_TRIES)):
        try:
            return write()
        except OperationalError as error:
            undo()
            if "disk" in str(error) or "No space left" in str(error):
                raise OSError(str(error).splitlines()[0]) from error
            if "database is locked" not in str(error):
                raise
            if not left:
                raise GradebookLockedError(
                    "the gradebook is locked by another program (is formgrader saving?); the result is kept: "
                    "run `mylib grade` again"
                ) from error
            time.sleep(LOCKED_PAUSE_SECONDS)
    raise AssertionError("the loop above ends with a value or an error")
