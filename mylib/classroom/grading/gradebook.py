"""The recorder: the only writer of the gradebook, by nbgrader's own Autograde."""

import copy
import functools
import json
import shutil
import time
from dataclasses import asdict, dataclass, field

import nbformat
import nbgrader.api
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import CheckCellMetadata, Execute, NbGraderPreprocessor
from sqlalchemy.exc import OperationalError

from mylib.classroom.course.nbgrader import convert
from mylib.classroom.notebook.questions import grade_id, is_test
from mylib.classroom.notebook.verdicts import failure, verdict_outputs

# A submission opens ten gradebooks, and each would compile its statements anew: 40 of 115 ms.
nbgrader.api.create_engine = functools.cache(nbgrader.api.create_engine)
LOCKED_TRIES, LOCKED_PAUSE_SECONDS = 5, 2.0


class GradebookLockedError(RuntimeError):
    """Another program holds the gradebook; nothing was written, and the result is kept in the ledger."""


@dataclass
class Result:
    """What became of one submission.

    notes: of the intake.
    unreadable: why nothing could be read; "" if it could.
    failed: why it could be read and not graded; "" if it was.
    errors: {grade id: message} of the cells that failed, for the instructor: hidden values are in it.
    stopped: grade ids of cells that ran out of time or were never run.
    seconds: that its cells and tests took.
    """

    student: str
    topic: str
    notes: list = field(default_factory=list)
    unreadable: str = ""
    failed: str = ""
    errors: dict = field(default_factory=dict)
    stopped: list = field(default_factory=list)
    seconds: float = 0.0
    points: float = 0.0
    max_points: float = 0.0

    @property
    def problem(self):
        """Why a person should look at it, in one line; "" where all was graded."""
        first = next((self.errors[name] for name in self.stopped if name in self.errors), "")
        return self.failed or self.unreadable or first


def record(course, intake, content):
    """Write one finished result into the gradebook, and its notebook beside it.

    Args:    course: of `open_course`, whose gradebook knows the topic.
             intake: of `take_in`.
             content: of `examine`, or {"failed": why there is none}.
    Returns: `Result`, which is also written below build/classroom/results/.
    Raises:  GradebookLockedError: the gradebook stayed locked.
             OSError: the disk is full.
    """
    student, topic = intake.submission.student, intake.submission.topic
    result = Result(student, topic, intake.notes, intake.unreadable, content.get("failed", ""))
    result.stopped, result.seconds = content.get("stopped", []), content.get("seconds", 0.0)
    not_run = result.unreadable or result.failed
    _stage(course, intake, not_run)
    _patiently(lambda: convert(_autograde(course, intake, content, not_run)))
    if not not_run:
        _collect_errors(content, result)
    _patiently(lambda: _read_points(course, result))
    path = course.results / topic / f"{student}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
    return result


def load_results(course):
    """{(student, topic): Result} of everything recorded so far."""
    found = {}
    for path in sorted(course.results.glob("*/*.json")):
        one = Result(**json.loads(path.read_text(encoding="utf-8")))
        found[one.student, one.topic] = one
    return found


def _stage(course, intake, not_run):
    """Write the rebuilt notebook where nbgrader reads it, with a cell that says what was repaired."""
    folder = course.intake / intake.submission.student / intake.submission.topic
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if intake.timestamp:
        (folder / "timestamp.txt").write_text(intake.timestamp + "\n")
    notebook = copy.deepcopy(intake.notebook)
    remarks = [f"**0 points:** {not_run}."] if not_run else []
    remarks += [f"- {name}: {text}" if name else f"- {text}" for name, text in intake.notes]
    if remarks:
        text = "### Notes on your submission\n\n" + "\n".join(remarks)
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(text, id="intake-notes"))
    nbformat.write(notebook, folder / f"{intake.submission.topic}.ipynb")


class Replay(NbGraderPreprocessor):
    """In place of nbgrader's Execute: what the cells showed and the tests said, in another process and before.

    Args:    content: of `examine`.
             not_run: why nothing was examined; "" if it was.
    """

    def __init__(self, content, not_run):
        super().__init__()
        self.content, self.not_run = content, not_run
        self.sanitize = SanitizeHTML(enabled=True)

    def preprocess_cell(self, cell, resources, cell_index):
        """Give one cell its outputs; a student's HTML is made harmless, since instructors open the notebook."""
        if cell.cell_type != "code":
            return cell, resources
        if self.not_run:
            text = f"not run: {self.not_run}"
            cell.outputs = [nbformat.v4.new_output("error", ename="NotRun", evalue=text, traceback=[text])]
        elif is_test(cell):
            cell.outputs = verdict_outputs(self.content["verdicts"][grade_id(cell)])
        elif shown := self.content["outputs"].get(cell.id):
            cell.outputs = [nbformat.from_dict(output) for output in shown["outputs"]]
            cell.execution_count = shown["execution_count"]
            cell, resources = self.sanitize.preprocess_cell(cell, resources, cell_index)
        return cell, resources


def _autograde(course, intake, content, not_run):
    directory = course.directory(
        assignment_id=intake.submission.topic,
        student_id=intake.submission.student,
        submitted_directory=course.intake,
        autograded_directory=course.build / "autograded",
    )
    converter = Autograde(coursedir=directory, config=course.config.copy(), force=True)
    # The notebook is the instructor's own, whose metadata the release has checked: 80 ms saved.
    sanitizing = [step for step in converter.sanitize_preprocessors if step is not CheckCellMetadata]
    grading = [step for step in converter.autograde_preprocessors if step is not CheckCellMetadata]
    converter.sanitize_preprocessors = sanitizing
    converter.autograde_preprocessors = [
        Replay(content, not_run) if step is Execute else step for step in grading
    ]
    return converter


def _patiently(write):
    """Do something with the gradebook; a lock is waited for."""
    for left in reversed(range(LOCKED_TRIES)):
        try:
            return write()
        except (RuntimeError, OperationalError) as error:
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


def _read_points(course, result):
    with Gradebook(course.db_url) as gradebook:
        submission = gradebook.find_submission(result.topic, result.student)
        result.points, result.max_points = submission.score, submission.max_score


def _collect_errors(content, result):
    for name, verdict in content["verdicts"].items():
        if verdict["error"]:
            result.errors[name] = failure(verdict["kind"], verdict["detail"])
    for name, reason in content["broken"].items():
        result.errors[name] = reason
