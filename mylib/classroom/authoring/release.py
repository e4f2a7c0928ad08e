"""Solutions to exercises: lint, generate with nbgrader, compare, swap."""

import difflib
import filecmp
import hashlib
import itertools
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import NbGraderPreprocessor, SaveCells

from mylib.classroom.authoring.lint import lint
from mylib.classroom.course.folders import Course
from mylib.classroom.course.nbgrader import convert

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
DIFF_LINES = 20
RELEASED = "released.txt"


class SameBytes(NbGraderPreprocessor):
    """Drops what an editor or a run leaves behind, so that a release changes only when its source does."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Keep the kernel's name, and of each cell the tags and nbgrader's metadata."""
        nb.metadata = METADATA
        kept = ("tags", "nbgrader", "deletable", "editable")
        for cell in nb.cells:
            cell.metadata = {key: cell.metadata[key] for key in kept if cell.metadata.get(key) not in (None, [])}
        return nb, resources


class ForeignError(ValueError):
    """Somebody has written into exercises/; nothing was changed."""


def release(course: Course, topic: str, target: Path | str | None = None, overwrite: bool = False) -> Path:
    """Write the exercise of a topic; the old one stays if anything fails.

    Args:    course: of `open_course`.
             topic: name.
             target: folder that takes the place of exercises/.
             overwrite: put it in the place of files that somebody has changed, too.
    Returns: the folder written; a copy of the old one is in build/classroom/replaced/.
    Raises:  ValueError: the solution has lint errors, one a line.
             ForeignError: a file there is neither what was committed nor what was released.
    """
    target = Path(target or course.exercises) / topic
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target: a rename inside one file system cannot leave half a folder.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".release-") as scratch:
        made, old = generate(course, topic, Path(scratch) / "new"), Path(scratch) / "old"
        foreign = [path for path in _files(target) if not _is_ours(course, target, path, made)]
        if foreign and not overwrite:
            raise ForeignError(
                f"{target / foreign[0]}: expected what was committed or released, got changes of somebody's; move it "
                "away (students work in work/: mylib start), or give --overwrite, which keeps a copy"
            )
        if foreign:
            _keep_copy(course, target)
        if target.exists():
            target.rename(old)
        try:
            made.rename(target)
        except OSError:
            old.rename(target)
            raise
    _remember(course, target)
    return target


def _is_ours(course: Course, target: Path, path: Path, made: Path) -> bool:
    """The file is as the release would write it, as it was released before, or as it is committed."""
    content = (target / path).read_bytes()
    if (made / path).exists() and (made / path).read_bytes() == content:
        return True
    if hashlib.sha256(content).hexdigest() in _released(course):
        return True
    command = ["git", "-C", str(target), "cat-file", "blob", f"HEAD:./{path.as_posix()}"]
    try:
        return subprocess.run(command, capture_output=True).stdout == content
    except OSError:  # no git here
        return False


def _released(course: Course) -> set[str]:
    path = course.build / RELEASED
    return set(path.read_text().split()) if path.exists() else set()


def _remember(course: Course, target: Path) -> None:
    """SHA-256 of every file that was ever released here: such a file is nobody's work."""
    digests = {hashlib.sha256((target / path).read_bytes()).hexdigest() for path in _files(target)}
    course.build.mkdir(parents=True, exist_ok=True)
    (course.build / RELEASED).write_text("\n".join(sorted(_released(course) | digests)) + "\n")


def _keep_copy(course: Course, target: Path) -> None:
    kept = course.build / "replaced"
    numbers = (n for n in itertools.count(1) if not (kept / f"{target.name}-{n}").exists())
    shutil.copytree(target, kept / f"{target.name}-{next(numbers)}")


def generate(course: Course, topic: str, folder: str | Path, gradebook: str | None = None) -> Path:
    """Lint a solution and generate its exercise into a folder.

    Args:    course: of `open_course`.
             topic: name.
             folder: to hold <topic>/<topic>.ipynb.
             gradebook: URL of the gradebook that learns the questions; none is touched without.
    Returns: folder / topic.
    Raises:  ValueError: lint errors, or the gradebook holds submissions to other questions.
    """
    problems = lint(course.solution(topic))
    if problems:
        raise ValueError("\n".join(problems))
    overrides = {"assignment_id": topic, "release_directory": folder}
    directory = course.directory(**overrides, **({"db_url": gradebook} if gradebook else {}))
    converter = GenerateAssignment(coursedir=directory, config=course.config, force=True)
    converter.preprocessors = [SameBytes, *converter.preprocessors]
    if not gradebook:
        converter.no_database = True
        converter.preprocessors = [step for step in converter.preprocessors if step is not SaveCells]
    try:
        convert(converter)
    except RuntimeError as error:
        if "submissions associated" in str(error):
            raise ValueError(
                f"{topic}: the gradebook {gradebook} holds submissions to other questions than "
                f"{course.solution(topic)} has now; grade into a new folder (--output DIR)"
            ) from error
        raise ValueError(f"{topic}: nbgrader could not generate the exercise: {error}") from error
    return Path(folder) / topic


def skeleton(course: Course, topic: str, register: bool) -> Any:
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


def difference(course: Course, topic: str) -> str:
    """What `release` would change in the committed exercise.

    Args:    course: of `open_course`.
             topic: name.
    Returns: "" if nothing; otherwise the file and the first lines of a diff.
    Raises:  ValueError: as `generate`.
    """
    with tempfile.TemporaryDirectory() as scratch:
        made, committed = generate(course, topic, Path(scratch)), course.exercises / topic
        for path in _files(made, committed):
            ours, theirs = made / path, committed / path
            if not theirs.exists():
                return f"{theirs}: missing; run `mylib release`"
            if not ours.exists():
                return f"{theirs}: not part of the release; run `mylib release`"
            if not filecmp.cmp(ours, theirs, shallow=False):
                return f"{theirs}: differs from the release; run `mylib release`\n{_diff(theirs, ours)}"
    return ""


def _files(*folders: Path) -> list[Path]:
    hidden = (".ipynb_checkpoints", "__pycache__")
    found = {p.relative_to(folder) for folder in folders for p in folder.rglob("*") if p.is_file()}
    return sorted(path for path in found if not set(hidden) & set(path.parts))


def _diff(old: Path, new: Path) -> str:
    try:
        texts = [path.read_text(encoding="utf-8").splitlines() for path in (old, new)]
    except UnicodeDecodeError:
        return "(not text)"
    lines = list(difflib.unified_diff(texts[0], texts[1], "committed", "released", n=1, lineterm=""))
    more = [f"... {len(lines) - DIFF_LINES} more lines"] if len(lines) > DIFF_LINES else []
    return "\n".join(lines[:DIFF_LINES] + more)


def orphans(course: Course) -> list[str]:
    """Messages about exercises without a solution, which no release would write."""
    topics, messages = course.topics(), []
    for path in sorted(course.exercises.glob("*/")):
        if path.name not in topics:
            there = sorted(one.name for one in (course.solutions / path.name).glob("*.ipynb"))
            why = f"solutions/{path.name}/ holds {', '.join(there)}; expected {path.name}.ipynb" if there else ""
            messages.append(f"{path}: {why or 'has no solution; remove it'}")
    return messages
