"""The recorder: the only writer of the gradebook, by nbgrader's own Autograde."""

import contextlib
import copy
import json
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass, field

import nbformat
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute

from mylib.classroom.course import convert, private_sockets
from mylib.classroom.execute import PatientExecute
from mylib.classroom.questions import failure, grade_id

STOPPED = ("CellTimeoutError", "NotRun")


@dataclass
class Result:
    """What became of one submission.

    notes: of the intake.
    unreadable: why nothing could be read; "" if it could.
    failed: why it could be read and not graded; "" if it was.
    errors: {grade id: message} of the cells that failed.
    stopped: grade ids of cells that ran out of time or were never run.
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
        first = self.errors[self.stopped[0]] if self.stopped else ""
        return self.failed or self.unreadable or first


def record(course, intake, limits):
    """Execute, grade and record one submission.

    Args:    course: of `open_course`, whose gradebook knows the topic.
             intake: of `take_in`.
             limits: of `Limits`.
    Returns: `Result`, which is also written below build/classroom/results/.
    """
    student, topic = intake.submission.student, intake.submission.topic
    result = Result(student, topic, intake.notes, intake.unreadable)
    start = time.perf_counter()
    try:
        _grade(course, intake, limits, intake.unreadable, result)
    except Exception as error:  # whatever it is: the next submission is graded, and this one is not lost
        result.failed = f"could not be graded: {' '.join(str(error).split())[:300]}"
        # 0 with the reason; where even that cannot be recorded, the report still has the reason.
        with contextlib.suppress(Exception):
            _grade(course, intake, limits, result.failed, result)
    result.seconds = round(time.perf_counter() - start, 2)
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


def _grade(course, intake, limits, not_run, result):
    _stage(course, intake, not_run)
    with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
        convert(_autograde(course, intake, limits, not_run, sockets))
    _read_back(course, result)


def _stage(course, intake, not_run):
    """Write the rebuilt notebook, and it alone: a torch.py beside it would be imported in place of torch."""
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


def _autograde(course, intake, limits, not_run, sockets):
    directory = course.directory(
        assignment_id=intake.submission.topic,
        student_id=intake.submission.student,
        submitted_directory=course.intake,
        autograded_directory=course.build / "autograded",
    )
    settings = private_sockets(sockets)
    settings.PatientExecute.cell_seconds = float(limits.cell_seconds)
    settings.PatientExecute.submission_seconds = float(limits.submission_seconds)
    settings.PatientExecute.not_run = not_run
    converter = Autograde(coursedir=directory, config=course.config.copy(), force=True)
    converter.update_config(settings)
    steps = converter.autograde_preprocessors
    converter.autograde_preprocessors = [PatientExecute if step is Execute else step for step in steps]
    return converter


def _read_back(course, result):
    """Points from the gradebook, messages from the executed notebook."""
    path = course.build / "autograded" / result.student / result.topic / f"{result.topic}.ipynb"
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" and (utils.is_grade(cell) or output.ename == "CellTimeoutError"):
                name = grade_id(cell)
                result.errors[name] = failure(output.ename, output.evalue)
                if output.ename in STOPPED and not (result.unreadable or result.failed):
                    result.stopped.append(name)
    with Gradebook(course.db_url) as gradebook:
        submission = gradebook.find_submission(result.topic, result.student)
        result.points, result.max_points = submission.score, submission.max_score
