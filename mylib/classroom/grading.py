"""Grading: find submissions, take them in, record them, one after the other, for ever."""

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from rich.table import Table
from rich.text import Text
from tqdm import tqdm

from mylib.classroom.course import Limits
from mylib.classroom.intake import find, take_in
from mylib.classroom.release import generate


@dataclass
class Grading:
    """What one run of `grade` did.

    results: of `mylib.classroom.recorder.Result`; in a dry run, of `Intake`.
    problems: messages about what is no submission, or was not graded fully.
    """

    results: list = field(default_factory=list)
    problems: list = field(default_factory=list)


def grade(course, submitted, topic=None, student=None, limits=None, dry_run=False):
    """Autograde every submission of a folder; none stops the others.

    Args:    course: of `open_course`.
             submitted: folder <student>/<topic>/<topic>.ipynb.
             topic, student: only these; all without.
             limits: of `Limits`.
             dry_run: read and rebuild only; nothing is executed or written.
    Returns: `Grading`.
    Raises:  ValueError: no such folder, topic or student; a solution with lint errors.
    """
    limits, topics = limits or Limits(), course.topics(topic)
    if Path(submitted).resolve() == course.intake:
        raise ValueError(f"submitted: {submitted} holds rebuilt copies; give the folder of the originals")
    submissions, problems = find(submitted, topics, student)
    done = Grading(problems=problems + unknown(submitted, course.topics(), student))
    wanted = {one.topic for one in submissions}
    skeletons = {name: skeleton(course, name, register=not dry_run) for name in topics if name in wanted}
    with tqdm(submissions, unit="submission", desc="intake" if dry_run else "grading") as bar:
        for problem in done.problems:
            bar.write(problem, file=sys.stderr)
        for submission in bar:
            bar.set_postfix_str(f"{submission.student}/{submission.topic}")
            intake = take_in(submission, skeletons[submission.topic], limits.notebook_bytes)
            result = intake if dry_run else _record(course, intake, limits)
            done.results.append(result)
            if reason := intake.unreadable if dry_run else result.problem:
                done.problems.append(f"{submission.student}/{submission.topic}: {reason}")
                bar.write(done.problems[-1], file=sys.stderr)
    return done


def skeleton(course, topic, register):
    """The released notebook of a topic, made from its solution now.

    Args:    course: of `open_course`.
             topic: name.
             register: tell the gradebook about the topic's questions.
    """
    if register:
        course.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = generate(course, topic, scratch, gradebook=course.db_url if register else None)
        return nbformat.read(folder / f"{topic}.ipynb", as_version=4)


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


def _record(course, intake, limits):
    from mylib.classroom.recorder import record

    return record(course, intake, limits)


def summary(done):
    """A rich table: one row per submission.

    Args:    done: of `grade`.
    """
    table = Table("student", "topic", "points", "seconds", "notes", title="Submissions")
    for result in done.results:
        submission = getattr(result, "submission", result)
        notes = [text for _, text in result.notes]
        if hasattr(result, "submission"):
            points, seconds, problem = "", "", result.unreadable
        else:
            points, seconds = f"{result.points:g}/{result.max_points:g}", f"{result.seconds:.1f}"
            problem = result.problem
        reasons = Text("; ".join(filter(None, [problem, *notes])))
        table.add_row(submission.student, submission.topic, points, seconds, reasons)
    return table
