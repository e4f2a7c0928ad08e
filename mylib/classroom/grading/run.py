"""Grading: a submission's way from the inbox to the gradebook, stage by stage.

    find -> rebuild -> fingerprint -> examine -> record

Each stage takes what the one before hands on (`Submission`, `Intake`, `Fingerprinted`, `Examined`) and the last gives a
`Result`. What is in the gradebook as it is stops after the fingerprint; nothing that one submission does stops another.
"""

import contextlib
import signal
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text
from tqdm import tqdm

from mylib.classroom.authoring.release import skeleton
from mylib.classroom.course.folders import Course
from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.examined import Examined, Fingerprinted
from mylib.classroom.grading.fingerprint import Given, fingerprint, given
from mylib.classroom.grading.ledger import Ledger
from mylib.classroom.intake.rebuild import Intake, Submission, find, take_in
from mylib.classroom.notebook.jobs import make_job
from mylib.classroom.notebook.text import printable
from mylib.classroom.notebook.verdicts import Outcome

UNCHANGED = "unchanged since it was graded"
MANY_ROWS = 40  # of the table; of a larger class only those that a person should look at are shown


@dataclass
class Grading:
    """What one run of `grade` did.

    results: of `Result`; in a dry run, of `Intake`.
    unchanged: (student, topic) of submissions that stand in the gradebook as they are.
    problems: messages about what is no submission, or was not graded fully.
    left: (student, topic) of submissions that have no grade yet.
    dry_run: nothing was executed.
    interrupted: Ctrl-C.
    """

    results: list[Any] = field(default_factory=list)
    unchanged: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    dry_run: bool = False
    interrupted: bool = False

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        counts = (len(self.results), "read" if self.dry_run else "graded"), (len(self.unchanged), "unchanged")
        parts = [f"{count} {word}" for count, word in (*counts, (len(self.left), "left ungraded"))]
        return f"{', '.join(parts)}; {len(self.problems)} to look at"


def grade(
    course: Course,
    submitted: Path | str,
    topic: str | None = None,
    student: str | None = None,
    limits: Limits | None = None,
    dry_run: bool = False,
    jobs: int | None = None,
    scheduler: str | None = None,
    sandbox: str = "bubblewrap",
    trust: bool = False,
    force: bool = False,
) -> Grading:
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
             force: grade again what stands in the gradebook, too.
    Returns: `Grading`.
    Raises:  ValueError: no such folder, topic or student; a solution with lint errors.
             WallsMissingError: the sandbox cannot be had here.
    """
    if not dry_run:
        from mylib.classroom.sandbox.walls import require

        require(sandbox, trust)
    submissions, problems = find(submitted, course.topics(topic), student)
    problems += unknown(submitted, course.topics(), student)
    run = Run(course, limits or Limits(), sandbox, force, Grading(problems=problems, dry_run=dry_run))
    if dry_run:
        return run.look(submissions)
    # disable=None: no bar in a log that is no terminal.
    with tqdm(total=len(submissions), unit="submission", desc="grading", disable=None) as run.bar:
        for problem in problems:
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


class Run:
    """One run of `grade`: the stages, and what they need."""

    def __init__(self, course: Course, limits: Limits, sandbox: str, force: bool, done: Grading) -> None:
        self.course, self.limits, self.sandbox, self.force, self.done = course, limits, sandbox, force, done
        self.bar: Any = None
        self.topics: dict[str, Given] = {}
        self.waiting: dict[tuple[str, str], None] = {}

    def all(self, submissions: list[Submission], jobs: int | None, scheduler: str | None) -> None:
        """Take every submission through the stages; workers examine several at a time."""
        from mylib.classroom.grading import workers
        from mylib.classroom.grading.gradebook import Recorder

        self.waiting = {(one.topic, one.student): None for one in submissions}
        self.ledger = Ledger(self.course.build / "ledger.db")
        new = sum(self.force or self.ledger.standing(*key) is None for key in self.waiting)
        with contextlib.ExitStack() as stack:
            crew = workers.Crew(jobs or workers.cores(), scheduler, self.sandbox, self.limits)
            stack.callback(crew.close)
            if new:  # the workers take seconds to start: where they are surely needed, they do it beside what follows
                self.say(f"starting {min(crew.jobs, new)} processes, which import the libraries first")
                crew.start(new)
            self.read_topics({one.topic for one in submissions}, register=True)
            self.recorder = stack.enter_context(Recorder(self.course))
            todo = (one for one in map(self.read, submissions) if not self.is_settled(one))
            for examined, one in self.examine(todo, crew):
                self.record(examined, one)

    def read_topics(self, names: Iterable[str], register: bool) -> None:
        """What the instructor gives; `register` tells the gradebook about the questions."""
        for name in sorted(names):
            release = skeleton(self.course, name, register)
            self.topics[name] = given(self.course, name, release, self.limits)

    def read(self, submission: Submission) -> Fingerprinted:
        """Stages 1 and 2: rebuild a submission, and say what its grade depends on."""
        topic = self.topics[submission.topic]
        intake = take_in(submission, topic.skeleton, self.limits.notebook_bytes)
        before = self.ledger.standing(submission.topic, submission.student)
        return fingerprint(intake, topic, before)

    def is_settled(self, one: Fingerprinted) -> bool:
        """Whether there is nothing to examine: it is in the gradebook, unreadable, or examined and not recorded."""
        if one.current and not self.force:
            self.waiting.pop(one.key[:2])
            self.done.unchanged.append(one.key[1::-1])
            self.bar.update()
            return True
        if self.force:
            self.ledger.forget(one.key)
        if one.intake.unreadable:
            self.record(Examined(one.intake, why=one.why), one)
            return True
        if (outcome := self.ledger.finished(one.key)) is not None:
            self.record(Examined(one.intake, outcome, one.why), one)
            return True
        return False

    def examine(self, todo: Iterator[Fingerprinted], crew: Any) -> Iterator[tuple[Examined, Fingerprinted]]:
        """Stage 3: run answers and tests, and keep the outcome at once."""
        flying: dict[tuple[str, str, str], Fingerprinted] = {}

        def tasks() -> Iterator[tuple[tuple[str, str, str], Any]]:
            for one in todo:
                flying[one.key] = one
                topic = self.topics[one.key[0]]
                yield (
                    one.key,
                    make_job(one.intake.notebook, topic.solution, self.limits, one.intake.files, topic.files),
                )

        for key, outcome, reason in crew.examine_all(tasks()):
            one = flying.pop(key)
            if outcome is None:
                self.problem(f"{one.name}: not graded: {reason}")
                continue
            if self.sandbox == "none":
                outcome.notes.append("graded without a sandbox")
            # First to disk: whatever happens from here on, this is not computed again.
            self.ledger.finish(key, outcome)
            yield Examined(one.intake, outcome, one.why), one

    def record(self, examined: Examined, one: Fingerprinted) -> None:
        """Stage 4: write one result into the gradebook; a failure costs this one only."""
        self.bar.set_postfix_str(one.name)
        with uninterrupted():  # what the gradebook has, must not be told to be missing
            self.write(examined, one)

    def write(self, examined: Examined, one: Fingerprinted) -> None:
        """Gradebook, page and ledger, and what is said of it."""
        from mylib.classroom.grading.gradebook import GradebookLockedError

        try:
            result = self.recorder.record(examined)
        except GradebookLockedError as locked:
            self.problem(f"{one.name}: not recorded: {locked}")
            return
        except (OSError, sqlite3.Error):
            raise
        except Exception as error:
            failed = f"could not be graded: {printable(str(error), 300)}"
            self.problem(f"{one.name}: {failed}")
            with contextlib.suppress(Exception):
                self.done.results.append(self.recorder.record(Examined(one.intake, Outcome(), one.why, failed)))
        else:
            self.ledger.recorded(one)
            self.done.results.append(result)
            if result.problem:
                self.problem(f"{one.name}: {result.problem}")
        self.waiting.pop(one.key[:2])
        self.bar.update()

    def look(self, submissions: list[Submission]) -> Grading:
        """The dry run: read and rebuild, and say what would be graded; nothing is written."""
        self.read_topics({one.topic for one in submissions}, register=False)
        path = self.course.build / "ledger.db"
        ledger = Ledger(path) if path.exists() else None
        for submission in submissions:
            topic = self.topics[submission.topic]
            intake = take_in(submission, topic.skeleton, self.limits.notebook_bytes)
            before = ledger.standing(submission.topic, submission.student) if ledger else None
            one = fingerprint(intake, topic, before)
            self.done.results.append(intake)
            if one.current and not self.force:
                self.done.unchanged.append((submission.student, submission.topic))
            elif one.why:
                intake.notes.insert(0, ("", one.why.replace("graded again", "would be graded again")))
            if intake.unreadable or intake.doubt:
                self.done.problems.append(f"{one.name}: {intake.unreadable or intake.doubt}")
        for problem in self.done.problems:
            print(problem, file=sys.stderr)
        return self.done

    def say(self, text: str) -> None:
        """A line beside the bar."""
        self.bar.write(text, file=sys.stderr)

    def problem(self, text: str) -> None:
        """Something that a person should look at."""
        self.done.problems.append(printable(text))
        self.say(printable(text))

    def name_what_is_left(self) -> None:
        """At the end: who has no grade yet."""
        self.done.left = [(student, topic) for topic, student in self.waiting]
        self.done.results.sort(key=lambda one: (one.topic, one.student))
        if self.done.left:
            names = ", ".join(f"{student}/{topic}" for student, topic in self.done.left[:MANY_ROWS])
            more = f" and {len(self.done.left) - MANY_ROWS} more" if len(self.done.left) > MANY_ROWS else ""
            self.problem(f"{len(self.done.left)} not graded: {names}{more}")


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """The first Ctrl-C waits until the block has ended, the second does not."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield  # no Ctrl-C arrives here
        return
    heard: list[int] = []

    def wait(number: int, frame: FrameType | None) -> None:
        if heard:
            before(number, frame)
        heard.append(number)

    signal.signal(signal.SIGINT, wait)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        signal.raise_signal(signal.SIGINT)


def unknown(submitted: Path | str, topics: Iterable[str], student: str | None = None) -> list[str]:
    """Messages about folders of students that carry no topic's name: a misspelt one must not go unnoticed."""
    homes = [home for home in sorted(Path(submitted).iterdir()) if home.is_dir() and not home.is_symlink()]
    return [
        f"{printable(str(inside), 300)}: expected a topic with a solution, got {printable(inside.name, 100)!r}; "
        "left out"
        for home in homes
        if not home.name.startswith(".") and student in (None, home.name)
        for inside in sorted(home.iterdir())
        if inside.name not in topics and not inside.name.startswith(".")
    ]


def summary(done: Grading) -> Group:
    """A table for the terminal: one row per submission; of a large class, one per submission to look at.

    Args:    done: of `grade`.
    """
    rows = [_row(one, set(done.unchanged)) for one in done.results]
    shown = [row for row in rows if row[4]] if len(rows) > MANY_ROWS else rows
    title = "Submissions" if len(shown) == len(rows) else f"Submissions to look at: {len(shown)} of {len(rows)}"
    table = Table("student", "topic", "points", "seconds", "to look at", title=title)
    for row in shown[:MANY_ROWS]:
        table.add_row(*map(Text, row[:4]), Text(printable(row[4] or row[5], 160)))
    lines = [Text(f"and {len(shown) - MANY_ROWS} more")] if len(shown) > MANY_ROWS else []
    # What many submissions have in common stands once.
    common = Counter(text for one in done.results for _, text in set(one.notes))
    lines += [Text(f"{count} x {printable(text, 200)}") for text, count in common.most_common(10)]
    return Group(*([table] if shown else []), *lines)


def _row(one: Any, unchanged: set[tuple[str, str]]) -> tuple[str, str, str, str, str, str]:
    """Student, topic, points, seconds, what to look at, what else is to be said."""
    if isinstance(one, Intake):
        submission = one.submission
        known = UNCHANGED if (submission.student, submission.topic) in unchanged else ""
        return submission.student, submission.topic, "", "", one.unreadable or one.doubt, known
    points, seconds = f"{one.points:g}/{one.max_points:g}", f"{one.seconds:.1f}"
    return one.student, one.topic, points, seconds, one.problem, one.regraded
