"""Students' own copies: filled once, never written to again, and never in the way of what the course changes."""

import os
import re
import shutil
import subprocess

import nbformat
import pytest

from mylib import syllabus
from mylib.classroom.authoring.release import ForeignError, release
from mylib.classroom.course.folders import open_course
from mylib.classroom.publishing.start import start
from tests.classroom import tiny
from tests.classroom.tiny import TOPIC

IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b",
}
BETTER = [
    (kind, name, points, source.replace("# Sums", "# Sums, explained")) for kind, name, points, source in tiny.CELLS
]


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, env=os.environ | IDENTITY)
    assert done.returncode == 0, done.stderr
    return done.stdout


def answer(path):
    notebook = tiny.answer(nbformat.read(path, as_version=4), q1_mean=tiny.MEAN)
    nbformat.write(notebook, path)
    return path.read_bytes()


def test_start_copies_what_is_not_there_and_touches_nothing_else(course):
    release(course, TOPIC)
    first = start(course)
    mine = course.root / "work" / TOPIC / f"{TOPIC}.ipynb"
    assert [path.as_posix() for path in first.copied] == [f"{TOPIC}/{TOPIC}.ipynb"]
    assert mine.read_bytes() == course.exercise(TOPIC).read_bytes()
    written = answer(mine)
    again = start(course, TOPIC)
    assert (again.copied, [path.as_posix() for path in again.kept]) == ([], [f"{TOPIC}/{TOPIC}.ipynb"])
    assert mine.read_bytes() == written


def test_start_brings_back_what_was_deleted_and_nothing_else(course):
    release(course, TOPIC)
    (course.exercises / TOPIC / "data.csv").write_text("1")
    start(course)
    (course.root / "work" / TOPIC / "data.csv").unlink()
    assert [path.name for path in start(course).copied] == ["data.csv"]


def test_an_unknown_exercise_is_refused(course):
    release(course, TOPIC)
    with pytest.raises(ValueError, match="expected an exercise of sums, got 'smus'"):
        start(course, "smus")


def test_the_index_and_the_lectures_lead_to_the_copies(tmp_path):
    """The real course's files, started elsewhere."""
    clone = tmp_path / "clone"
    for folder in ("lectures", "exercises"):
        shutil.copytree(syllabus.ROOT / folder, clone / folder)
    shutil.copy(syllabus.ROOT / "nbgrader_config.py", clone)
    start(open_course(clone))
    work = clone / "work"
    for path in (work / "index.ipynb", *(work / "lectures").glob("*/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                for link in _links(cell.source):
                    if link.endswith(".ipynb"):
                        assert (path.parent / link).exists(), f"{path}: {link}"


def _links(text):
    return [link for link in re.findall(r"\]\(([^)\s#]+)", text) if "://" not in link]


@pytest.fixture
def clones(course, tmp_path):
    """The instructor's repository, and a student's clone of it, each a course."""
    release(course, TOPIC)
    (course.root / ".gitignore").write_text("build/\nwork/\n")
    git(course.root, "init", "-q", "-b", "main")
    git(course.root, "add", "-A")
    git(course.root, "commit", "-q", "-m", "first")
    git(tmp_path, "clone", "-q", course.root, "student")
    return course, open_course(tmp_path / "student")


def test_pulling_a_changed_exercise_never_blocks_or_loses_a_students_work(clones):
    teacher, student = clones
    start(student)
    mine = student.root / "work" / TOPIC / f"{TOPIC}.ipynb"
    written = answer(mine)
    assert git(student.root, "status", "--porcelain") == ""
    nbformat.write(tiny.make_notebook(BETTER), teacher.solution(TOPIC))
    release(teacher, TOPIC)
    git(teacher.root, "commit", "-q", "-am", "better")
    git(student.root, "pull", "-q")
    assert "explained" in student.exercise(TOPIC).read_text()
    assert start(student).kept
    assert mine.read_bytes() == written


def test_release_refuses_answers_that_somebody_wrote_into_exercises(clones):
    teacher, _ = clones
    written = answer(teacher.exercise(TOPIC))
    with pytest.raises(ForeignError, match="expected what was committed or released"):
        release(teacher, TOPIC)
    assert teacher.exercise(TOPIC).read_bytes() == written
    release(teacher, TOPIC, overwrite=True)
    assert "explained" not in teacher.exercise(TOPIC).read_text()
    assert (teacher.build / "replaced" / f"{TOPIC}-1" / f"{TOPIC}.ipynb").read_bytes() == written


def test_release_takes_committed_and_former_releases_for_its_own(clones):
    teacher, student = clones
    nbformat.write(tiny.make_notebook(BETTER), student.solution(TOPIC))
    release(student, TOPIC)  # the clone has released nothing before: what lies there is committed
    nbformat.write(tiny.make_notebook(), student.solution(TOPIC))
    release(student, TOPIC)  # what lies there is not committed, and was released
    assert student.exercise(TOPIC).read_bytes() == teacher.exercise(TOPIC).read_bytes()


def test_a_foreign_file_beside_the_exercise_is_kept_too(clones):
    teacher, _ = clones
    (teacher.exercises / TOPIC / "notes.txt").write_text("mine")
    with pytest.raises(ForeignError, match="notes.txt"):
        release(teacher, TOPIC)
    assert (teacher.exercises / TOPIC / "notes.txt").read_text() == "mine"
