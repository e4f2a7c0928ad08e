"""Feedback: a page per graded submission, one file that needs nothing else, without the hidden tests."""

import os
import shutil
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import pass_context
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests, GetGrades, NbGraderPreprocessor
from tqdm import tqdm

from mylib.classroom.course.folders import Course
from mylib.classroom.grading.gradebook import load_results
from mylib.classroom.intake.roster import Handed, is_group, read_roster
from mylib.classroom.notebook.text import printable
from mylib.classroom.notebook.verdicts import failure
from mylib.classroom.reports.feedback_page import make_page
from mylib.classroom.reports.marks import Mark, marks
from mylib.classroom.reports.processes import Done, in_processes
from mylib.classroom.reports.sanitise import clean_markdown, instructors_markdown

SECONDS = 60.0  # a page may take, beside the start of its process
NOT_IN_NAMES = str.maketrans({"_": " ", "/": "-", "\\": "-", ":": "-"})


@pass_context
def harmless_markdown(context: Any, source: str) -> str:
    """In place of nbconvert's filter markdown2html: of a student's text only HTML that shows, none that runs.

    What is not allowed is shown as text, for a person to read. The instructor's locked cells may hold anything.

    Args:    context: of the template; names the cell.
             source: Markdown.
    Returns: HTML.
    """
    cell = context.get("cell")
    if cell and utils.is_locked(cell):
        return instructors_markdown(source, cell.get("attachments", {}))
    return clean_markdown(source)


class StudentsView(NbGraderPreprocessor):
    """Of a test: its name, its points and the message of its failure, never the lines of hidden tests."""

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Replace tracebacks of test cells, which quote the source, by their last line."""
        if cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell):
            for output in cell.outputs:
                if output.output_type == "error":
                    output.traceback = [failure(output.ename, output.evalue)]
        return cell, resources


class SanitizeOutputs(SanitizeHTML):
    """Makes the HTML that a student's code shows harmless: an instructor opens these pages too."""

    enabled = True

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> Any:
        """Clean outputs; of texts `harmless_markdown` takes care."""
        if cell.cell_type == "code":
            return super().preprocess_cell(cell, resources, cell_index)
        return cell, resources


CLEANING = [ClearHiddenTests, StudentsView, SanitizeOutputs]
# nbgrader_config.py has the same list, by name, for the stock command and for formgrader's button.
STEPS = [GetGrades, *CLEANING, CSSHTMLHeaderPreprocessor]


@dataclass(frozen=True)
class Job:
    """One page to be made: where the notebook lies, what it is worth, where the page goes."""

    notebook: Path
    mark: Mark
    name: str
    folder: Path
    page: Path
    plain: bool = False


@dataclass
class Feedback:
    """What `make_feedback` did.

    pages: {(student, topic): path} of those that were written.
    cut: messages about pages from which something was left out.
    failed: messages about pages that could not be made.
    notes: other messages.
    """

    pages: dict[tuple[str, str], Path] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def messages(self) -> list[str]:
        """All of them."""
        return [*self.notes, *self.cut, *self.failed]

    @property
    def sentence(self) -> str:
        """What was not done, behind the number of pages; "" if all was."""
        counts = ((self.cut, "shortened"), (self.failed, "not made"))
        return "".join(f"; {len(one)} {word}" for one, word in counts if one)


def feedback(
    course: Course, output: str | Path | None = None, topic: str | None = None, student: str | None = None
) -> list[Path]:
    """Write one page per graded submission.

    Args:    course: of `open_course`.
             output: folder; build/classroom/feedback without.
             topic, student: only these.
    Returns: list of the pages' paths.
    Raises:  ValueError: nothing has been graded.
             RuntimeError: some pages could not be made; the others are written.
    """
    done = make_feedback(course, output, topic, student)
    if done.failed:
        pages = f"{len(done.pages)} pages written, {len(done.failed)} not"
        raise RuntimeError(f"feedback: {pages}:\n" + "\n".join(done.failed))
    return list(done.pages.values())


def make_feedback(
    course: Course,
    output: str | Path | None = None,
    topic: str | None = None,
    student: str | None = None,
    seconds: float = SECONDS,
    jobs: int | None = None,
) -> Feedback:
    """As `feedback`; says what was left out, in place of raising.

    Args:    course, output, topic, student: as there.
             seconds: that a page may take; one that takes longer is made once more, without mark-up.
             jobs: processes; as many as this one may use of the cores without.
    Returns: `Feedback`.
    Raises:  ValueError: nothing has been graded, or not that topic or student.
    """
    folder = Path(output or course.build / "feedback").resolve()
    wanted = _jobs(course, folder, topic, student)
    if (folder / "mathjax" / "MathJax.js").is_file():  # of former versions; pages need it no more
        shutil.rmtree(folder / "mathjax")
    done = Feedback()
    processes = min(jobs or _cores(), len(wanted))
    with tqdm(total=len(wanted), unit="page", desc="feedback", disable=None) as bar:
        slow = []
        for one in in_processes(write_page, wanted, processes, seconds):
            if one.stopped:
                slow.append(_plainly(one.task))
            else:
                _keep(one, done)
                bar.update()
        for one in in_processes(write_page, slow, min(processes, len(slow)), seconds):
            _keep(one, done)
            bar.update()
    done.pages = dict(sorted(done.pages.items()))
    done.cut.sort()
    done.failed.sort()
    return done


def _jobs(course: Course, folder: Path, topic: str | None, student: str | None) -> list[Job]:
    graded = load_results(course)
    if not graded:
        raise ValueError(f"feedback: expected graded submissions in {course.build}; run `mylib grade`")
    found, names = marks(course), {(row.student, row.topic): row.name for row in read_roster(course)}
    wanted = [key for key in graded if student in (None, key[0]) and topic in (None, key[1])]
    if not wanted:
        asked = "/".join(filter(None, (student, topic)))
        known = sorted({key[1] for key in graded} if topic else {key[0] for key in graded})
        raise ValueError(
            f"feedback: expected a graded submission of {asked!r}, found none; graded are {', '.join(known[:20])}"
        )
    return [
        Job(
            course.build / "autograded" / key[0] / key[1] / f"{key[1]}.ipynb",
            found.get(key) or Mark(*key, {}),
            names.get(key, ""),
            course.solution(key[1]).parent,
            folder / key[0] / key[1] / f"{key[1]}.html",
        )
        for key in wanted
    ]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _plainly(job: Job) -> Job:
    return Job(job.notebook, job.mark, job.name, job.folder, job.page, plain=True)


def _keep(one: "Done[Job, tuple[tuple[str, ...], bool]]", done: Feedback) -> None:
    """Note what became of a page."""
    mark = one.task.mark
    name = f"{mark.student}/{mark.topic}"
    if one.value is None:
        one.task.page.unlink(missing_ok=True)  # an older one has older points
        done.failed.append(f"{name}: no page: {printable(one.problem, 300)}")
        return
    done.pages[mark.student, mark.topic] = one.task.page
    cut, plain = one.value
    parts = [f"{len(cut)} cells shortened"] if cut else []
    parts += ["shown without mark-up, which would have taken too long"] if plain else []
    if parts:
        done.cut.append(f"{name}: {'; '.join(parts)}")


def write_page(job: Job) -> tuple[tuple[str, ...], bool]:
    """Make one page and write it; for a process of its own.

    Returns: the names of cells that were shortened, and whether it is without mark-up.
    """
    notebook, resources = nbformat.read(job.notebook, as_version=4), {}  # type: ignore[var-annotated]
    for step in CLEANING:
        notebook, resources = step().preprocess(notebook, resources)
    page = make_page(notebook, job.mark, job.name, job.folder, job.plain)
    job.page.parent.mkdir(parents=True, exist_ok=True)
    fresh = job.page.with_suffix(".html.new")
    fresh.write_text(page.text, encoding="utf-8", errors="replace")
    fresh.replace(job.page)  # whole or not at all
    return page.cut, page.plain


def write_zips(course: Course, done: Feedback) -> list[Path]:
    """Pack the pages as Moodle's "Upload multiple feedback files in a zip" takes them back: one zip a topic.

    Args:    course: of `open_course`; its students.csv says who is which participant.
             done: of `make_feedback`; who is left out is added to its notes.
    Returns: paths of the zips, build/classroom/feedback-moodle-<topic>.zip.
    """
    known = {(row.student, row.topic): row for row in read_roster(course)}
    paths = []
    for topic in sorted({topic for _, topic in done.pages}):
        pages = {student: path for (student, name), path in done.pages.items() if name == topic}
        rows = {student: known.get((student, topic)) for student in pages}
        inside = {student: row for student, row in rows.items() if row is not None and _is_participant(row)}
        left = sorted(set(pages) - set(inside))
        if left:
            done.notes.append(
                f"feedback-moodle-{topic}.zip: {len(left)} pages are left out, whose students are no participants "
                f"in Moodle as far as students.csv says: {', '.join(left)}"
            )
        if inside:
            paths.append(course.build / f"feedback-moodle-{topic}.zip")
            _write_zip(paths[-1], ((moodle_name(row), pages[student]) for student, row in inside.items()))
    return paths


def _is_participant(row: Handed) -> bool:
    return row.lms == "moodle" and row.lms_id.isdigit() and not is_group(row.name)


def moodle_name(row: Handed) -> str:
    """Where a page lies in the zip: Moodle reads the participant's number between the first two underscores.

    Example:
        >>> moodle_name(Handed("ada-12", "Ada_Lovelace", "moodle", "sums", "12", "", "", ""))
        'Ada Lovelace_12_assignsubmission_file_/sums.html'
    """
    name = printable(row.name, 100).translate(NOT_IN_NAMES).strip() or "Participant"
    return f"{name}_{row.lms_id}_assignsubmission_file_/{row.topic}.html"


def _write_zip(path: Path, pages: Iterable[tuple[str, Path]]) -> None:
    fresh = path.with_suffix(".zip.new")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, page in pages:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))  # the same bytes each time
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, page.read_bytes())
    fresh.replace(path)
