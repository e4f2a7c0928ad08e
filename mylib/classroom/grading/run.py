"""Grading: take in, examine what is new, record it once; none stops the others."""

import contextlib
import sqlite3
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from rich.table import Table
from rich.text import Text
from tqdm import tqdm

from mylib.classroom.authoring.release import skeleton
from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.ledger import Ledger, fingerprint
from mylib.classroom.intake.rebuild import find, take_in

UNCHANGED = "unchanged since it was graded"


@dataclass
class Grading:
    """What one run of `grade` did.

    results: of `gradebook.Result`; in a dry run, of `Intake`.
    unchanged: (student, topic) of submissions that stand in the gradebook as they are.
    problems: messages about what is no submission, or was not graded fully.
    left: (student, topic) of submissions that have no grade yet.
    dry_run: nothing was executed.
    interrupted: Ctrl-C.
    """

    results: list = field(default_factory=list)
    unchanged: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    left: list = field(default_factory=list)
    dry_run: bool = False
    interrupted: bool = False

    @property
    def sentence(self):
        """All of it in one line."""
        counts = (len(self.results), "read" if self.dry_run else "graded"), (len(self.unchanged), "unchanged")
        parts = [f"{count} {word}" for count, word in (*counts, (len(self.left), "left ungraded"))]
        return f"{', '.join(parts)}; {len(self.problems)} to look at"


def grade(
    course,
    submitted,
    topic=None,
    student=None,
    limits=None,
    dry_run=False,
    jobs=None,
    scheduler=None,
    sandbox="bubblewrap",
    trust=False,
):
    """Autograde every submission of a folder that is not graded yet.

    Args:    course: of `open_course`.
             submitted: folder <student>/<topic>/<topic>.ipynb.
             topic, student: only these; all without.
             limits: of `Limits`.
             dry_run: read and rebuild only; nothing is executed or written.
             jobs: processes; all cores without.
             scheduler: address of a running Dask scheduler, in place of processes here.
             sandbox: "bubblewrap" or "none".
             trust: the submissions may do whatever this user may; needed for "none".
    Returns: `Grading`.
    Raises:  ValueError: no such folder, topic or student; a solution with lint errors.
             WallsMissingError: the sandbox cannot be had here.
    """
    limits, topics = limits or Limits(), course.topics(topic)
    if not dry_run:
        from mylib.classroom.sandbox.walls import require

        require(sandbox, trust)
    if Path(submitted).resolve() == course.intake:
        raise ValueError(f"submitted: {submitted} holds rebuilt copies; give the folder of the originals")
    submissions, problems = find(submitted, topics, student)
    run = _Run(course, limits, sandbox, Grading(problems=problems, dry_run=dry_run))
    run.done.problems += unknown(submitted, course.topics(), student)
    if dry_run:
        return run.look(submissions)
    with tqdm(total=len(submissions), unit="submission", desc="grading") as run.bar:
        for problem in run.done.problems:
            run.bar.write(problem, file=sys.stderr)
        try:
            run.all(submissions, jobs, scheduler)
        except KeyboardInterrupt:
            run.done.interrupted = True
            run.problem("interrupted; what is graded is kept, and the same command goes on from there")
        except (OSError, sqlite3.Error) as error:
            run.problem(f"stopped: {error}; what is graded is kept, and the same command goes on from there")
    run.name_what_is_left()
    return run.done


@dataclass
class _Run:
    """One run of `grade`."""

    course: object
    limits: Limits
    sandbox: str
    done: Grading
    bar: object = None
    ledger: Ledger | None = None
    waiting: dict = field(default_factory=dict)

    def look(self, submissions):
        """The dry run."""
        skeletons = self.skeletons(submissions, register=False)
        for submission in submissions:
            intake = take_in(submission, skeletons[submission.topic], self.limits.notebook_bytes)
            self.done.results.append(intake)
            if intake.unreadable:
                self.done.problems.append(f"{submission.student}/{submission.topic}: {intake.unreadable}")
            elif self.is_current(intake):
                self.done.unchanged.append((submission.student, submission.topic))
        for problem in self.done.problems:
            print(problem, file=sys.stderr)
        return self.done

    def is_current(self, intake):
        path = self.course.build / "ledger.db"
        if not path.exists():
            return False
        submission = intake.submission
        sha256 = fingerprint(intake, self.solution(submission.topic)[0], self.limits)
        return Ledger(path).current(submission.topic, submission.student) == sha256

    def skeletons(self, submissions, register):
        return {name: skeleton(self.course, name, register) for name in {one.topic for one in submissions}}

    def solution(self, topic):
        """Text of the instructor's notebook, and the files beside it."""
        path = self.course.solution(topic)
        files = {
            one.relative_to(path.parent).as_posix(): one.read_bytes()
            for one in sorted(path.parent.rglob("*"))
            if one.is_file() and one.suffix != ".ipynb" and "__pycache__" not in one.parts
        }
        return path.read_text(encoding="utf-8"), files

    def all(self, submissions, jobs, scheduler):
        """Take in, then examine what has no result yet, and record."""
        self.waiting = {(one.topic, one.student): None for one in submissions}
        self.course.build.mkdir(parents=True, exist_ok=True)
        self.ledger = Ledger(self.course.build / "ledger.db")
        with contextlib.ExitStack() as stack:
            new = sum(not self.ledger.current(*key) for key in self.waiting)
            # The workers take seconds to start: where they are surely needed, they do it beside what follows.
            client = stack.enter_context(self.workers(jobs, scheduler, new)) if new else None
            todo = self.take_in(submissions)
            if todo:
                client = client or stack.enter_context(self.workers(jobs, scheduler, len(todo)))
                self.examine(todo, client)

    def workers(self, jobs, scheduler, submissions):
        """A client of as many workers as there is work for."""
        from mylib.classroom.grading import workers as cluster

        jobs = min(jobs or cluster.cores(), submissions)
        return cluster.workers(jobs, scheduler, self.sandbox, self.limits)

    def take_in(self, submissions):
        """Read and rebuild; record what needs no examination.

        Returns: {(topic, student, fingerprint): (intake, job)} of the rest.
        """
        from mylib.classroom.grading.examine import make_job

        skeletons = self.skeletons(submissions, register=True)
        solutions = {name: self.solution(name) for name in skeletons}
        notebooks = {name: nbformat.reads(text, as_version=4) for name, (text, _) in solutions.items()}
        todo = {}
        for submission in submissions:
            intake = take_in(submission, skeletons[submission.topic], self.limits.notebook_bytes)
            text, files = solutions[submission.topic]
            sha256 = fingerprint(intake, text, self.limits)
            key = (submission.topic, submission.student, sha256)
            if self.ledger.current(*key[:2]) == sha256:
                self.waiting.pop(key[:2])
                self.done.unchanged.append((submission.student, submission.topic))
                self.bar.update()
            elif intake.unreadable:
                self.record(key, intake, {})
            elif (content := self.ledger.finished(*key)) is not None:
                self.record(key, intake, content)
            else:
                solution = notebooks[submission.topic]
                todo[key] = intake, make_job(intake.notebook, solution, self.limits, intake.files, files)
        return todo

    def examine(self, todo, client):
        """Send to the workers, and record as results come in."""
        from mylib.classroom.grading import workers as cluster

        wanted = {key: job for key, (_, job) in todo.items()}
        for key, content, reason in cluster.examine_all(client, wanted, self.sandbox, self.limits):
            if reason:
                self.problem(f"{key[1]}/{key[0]}: not graded: {reason}")
                continue
            if self.sandbox == "none":
                content["notes"] = ["graded without a sandbox"]
            # First to disk: whatever happens from here on, this is not computed again.
            self.ledger.finish(*key, content)
            self.record(key, todo[key][0], content)

    def record(self, key, intake, content):
        """Write one result into the gradebook; a failure costs this one only."""
        from mylib.classroom.grading.gradebook import GradebookLockedError, record

        intake.notes += [("", note) for note in content.get("notes", [])]
        name = f"{key[1]}/{key[0]}"
        self.bar.set_postfix_str(name)
        try:
            result = record(self.course, intake, content)
        except GradebookLockedError as locked:
            self.problem(f"{name}: not recorded: {locked}")
            return
        except (OSError, sqlite3.Error):
            raise
        except Exception as error:
            failed = f"could not be graded: {' '.join(str(error).split())[:300]}"
            with contextlib.suppress(Exception):
                result = record(self.course, intake, {"failed": failed})
                self.done.results.append(result)
            self.problem(f"{name}: {failed}")
            self.waiting.pop(key[:2])
            self.bar.update()
            return
        self.ledger.recorded(*key)
        self.waiting.pop(key[:2])
        self.done.results.append(result)
        if result.problem:
            self.problem(f"{name}: {result.problem}")
        self.bar.update()

    def problem(self, text):
        self.done.problems.append(text)
        if self.bar is not None:
            self.bar.write(text, file=sys.stderr)

    def name_what_is_left(self):
        self.done.left = [(student, topic) for topic, student in self.waiting]
        self.done.results.sort(key=lambda one: (one.topic, one.student))
        if self.done.left:
            names = ", ".join(f"{student}/{topic}" for student, topic in self.done.left)
            self.problem(f"{len(self.done.left)} not graded: {names}")


def unknown(submitted, topics, student=None):
    """Messages about folders of students that carry no topic's name: a misspelt one must not go unnoticed."""
    homes = [home for home in sorted(Path(submitted).iterdir()) if home.is_dir() and not home.is_symlink()]
    return [
        f"{inside}: expected a topic with a solution, got {inside.name!r}; left out"
        for home in homes
        if not home.name.startswith(".") and student in (None, home.name)
        for inside in sorted(home.iterdir())
        if inside.name not in topics and not inside.name.startswith(".")
    ]


def summary(done):
    """A rich table: one row per submission.

    Args:    done: of `grade`.
    """
    table = Table("student", "topic", "points", "seconds", "notes", title="Submissions")
    unchanged = set(done.unchanged)
    for result in done.results:
        submission = getattr(result, "submission", result)
        notes = [text for _, text in result.notes]
        if hasattr(result, "submission"):
            points, seconds, problem = "", "", result.unreadable
            if (submission.student, submission.topic) in unchanged:
                notes.insert(0, UNCHANGED)
        else:
            points, seconds = f"{result.points:g}/{result.max_points:g}", f"{result.seconds:.1f}"
            problem = result.problem
        reasons = Text("; ".join(filter(None, [problem, *notes])))
        table.add_row(submission.student, submission.topic, points, seconds, reasons)
    return table
