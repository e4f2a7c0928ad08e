"""Collecting: the zip that a learning management system hands out, sorted into the folders that grading reads.

Known are Moodle ("Ada Lovelace_123_assignsubmission_file_/sums.ipynb", with the folder or without) and Canvas
("lovelaceada_LATE_123_456_sums-1.ipynb"). As in nbgrader's `FileNameCollectorPlugin`, named regular expressions tell
the parts of a name; unlike there, nothing is unpacked before it is checked (see `archive`), a nested zip is opened
once, nothing that is there is overwritten, and what cannot be placed is listed with a reason.
"""

import itertools
import os
import re
import tempfile
import unicodedata
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from rich.table import Table
from rich.text import Text

from mylib.classroom.intake.archive import Archive, Bounds, Refused, inner
from mylib.classroom.intake.rebuild import STUDENT_ID
from mylib.classroom.intake.roster import Handed, read_roster, write_roster

APART = "left out"
MOODLE = (
    re.compile(r"(?P<name>[^/]+?)_(?P<lms_id>\d+)(_assignsubmission_(?P<kind>[a-z]+)_?)?/(?P<file>.+)"),
    re.compile(r"(?P<name>[^/]+?)_(?P<lms_id>\d+)_assignsubmission_(?P<kind>[a-z]+)_(?P<file>[^/]+)"),
)
CANVAS = re.compile(
    r"(?P<name>[^/_]+?)(?P<late>_late)?_(?P<lms_id>\d+)_(?P<attempt>\d+)_(?P<file>[^/]+)", re.I
)
RESUBMITTED = re.compile(r"-(\d{1,3})(?=\.[^.]+$|$)")


@dataclass
class Collection:
    """What `collect` did.

    placed: (`Handed`, what happened).
    problems: messages, each with a reason.
    """

    placed: list = field(default_factory=list)
    problems: list = field(default_factory=list)


@dataclass(frozen=True)
class Piece:
    """One file of one student."""

    lms: str
    name: str
    lms_id: str
    late: bool
    attempt: tuple
    path: PurePosixPath
    entry: object


def collect(course, archive, topic=None, replace=False, dry_run=False, bounds=None):
    """Sort the zip of a learning management system into <student>/<topic>/<topic>.ipynb.

    Args:    course: of `open_course`; submissions go to its `submitted`, and who is who to students.csv in its
                 `build`.
             archive: path of the zip.
             topic: of all notebooks in it; without, it is recognised by the names of the files.
             replace: put a newer submission in the place of another one, which is kept as .<topic>.<number>.
             dry_run: read and say what would be done; nothing is written.
             bounds: of `Bounds`.
    Returns: `Collection`.
    Raises:  ValueError: no such file or topic; no zip; nothing in it looks like Moodle's or Canvas's names.
    """
    topics, bounds = course.topics(topic), bounds or Bounds()
    if not Path(archive).is_file():
        raise ValueError(f"collect: expected the zip of Moodle or Canvas, found no file {archive}")
    done = Collection()
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(Archive(archive, bounds))
        except Refused as reason:
            raise ValueError(f"collect: {archive}: {reason}") from None
        done.problems += opened.problems
        pieces = _pieces(opened, done.problems)
        if not pieces:
            raise ValueError(
                f"collect: expected names like 'Ada Lovelace_123_assignsubmission_file_/x.ipynb' (Moodle) or "
                f"'lovelaceada_123_456_x.ipynb' (Canvas) in {archive}, got none"
            )
        pieces = _with_zips(pieces, bounds, stack, done.problems)
        rows = read_roster(course)
        place = Place(course, replace, dry_run, stack)
        for student, own in _by_student(pieces, rows, done.problems).items():
            for chosen, name in _notebooks(own, topics, given=topic, problems=done.problems):
                _place(place, Handed(student, *_facts(chosen, name)), chosen, own, done)
        if not dry_run:
            write_roster(course, rows, [handed for handed, what in done.placed if what != APART])
    return done


def _pieces(opened, problems):
    """The files whose names say whose they are."""
    found, tops = [], {entry.path.split("/")[0] for entry in opened.entries if "/" in entry.path}
    wrapped = len(tops) == 1 and all("/" in entry.path for entry in opened.entries)
    for entry in opened.entries:
        path = entry.path.split("/", 1)[1] if wrapped else ""  # a folder around everything
        around = "_assignsubmission_" in path or CANVAS.fullmatch(path)
        piece = _piece(path if around else entry.path, entry)
        if piece is None:
            problems.append(f"{entry.path}: expected a name as Moodle or Canvas gives it; left out")
        elif piece:
            found.append(piece)
    return found


def _piece(path, entry):
    """The file as a `Piece`; None if its name is of neither kind, False if there is nothing to collect in it."""
    for pattern in MOODLE:
        if match := pattern.fullmatch(path):
            if match["kind"] not in (None, "file"):  # the text field of the page
                return False
            return Piece(
                "moodle", match["name"], match["lms_id"], False, (0,), PurePosixPath(match["file"]), entry
            )
    if match := CANVAS.fullmatch(path):
        again = RESUBMITTED.search(match["file"])
        file = RESUBMITTED.sub("", match["file"])
        attempt = (int(again[1]) if again else 0, int(match["attempt"]))
        name, late = match["name"], bool(match["late"])
        return Piece("canvas", name, match["lms_id"], late, attempt, PurePosixPath(file), entry)
    return None


def _with_zips(pieces, bounds, stack, problems):
    """Zips that students handed in are opened, once."""
    found = []
    for piece in pieces:
        if piece.path.suffix.lower() != ".zip":
            found.append(piece)
            continue
        try:
            opened = stack.enter_context(inner(piece.entry, bounds))
        except Refused as reason:
            problems.append(f"{piece.entry.path}: {reason}")
            continue
        problems += opened.problems
        for entry in opened.entries:
            if entry.path.lower().endswith(".zip"):
                problems.append(f"{piece.entry.path}: {entry.path}: a zip in a zip in a zip is not opened")
            else:
                path = piece.path.parent / PurePosixPath(entry.path)
                found.append(
                    Piece(piece.lms, piece.name, piece.lms_id, piece.late, piece.attempt, path, entry)
                )
    return found


def _by_student(pieces, rows, problems):
    """Pieces under stable names of students, as the roster knows them."""
    people = {}
    for piece in pieces:
        people.setdefault((piece.lms, piece.name, piece.lms_id), []).append(piece)
    called = [(lms, name) for lms, name, _ in people]
    known = {}
    for row in rows:
        known.setdefault((row.lms, row.name), set()).add(row.student)
    found = {}
    for (lms, name, lms_id), own in people.items():
        same = {row.student for row in rows if (row.lms, row.name, row.lms_id) == (lms, name, lms_id)}
        if not same and lms == "moodle" and (lms, name) in known:
            # Moodle numbers a student anew in every assignment: only the name tells who it is.
            if called.count((lms, name)) == len(known[lms, name]) == 1:
                same = known[lms, name]
            else:
                problems.append(
                    f"{name} (number {lms_id}): several students have this name; put under a new one"
                )
        student = min(same) if same else student_id(name, lms_id)
        found.setdefault(student, []).extend(own)
    return found


def student_id(name, lms_id):
    """A folder's name for a student.

    Example:
        >>> student_id("Zoë d'Arc", "17"), student_id("李", "18")
        ('zoe-d-arc-17', 'student-18')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:60] or "student"
    assert STUDENT_ID.fullmatch(f"{slug}-{lms_id}")
    return f"{slug}-{lms_id}"


def recognise(file, topics):
    """The topic that a file's name tells, or None.

    Example:
        >>> recognise("Convolution_final (1).ipynb", ["backprop", "convolution"])
        'convolution'
    """
    words = re.split(r"[^a-z0-9]+", PurePosixPath(file).stem.lower())
    found = [topic for topic in topics if topic in words]
    return found[0] if len(found) == 1 else None


def _notebooks(own, topics, given, problems):
    """The notebook of each topic: of several copies the last one that was handed in."""
    notebooks = [piece for piece in own if piece.path.suffix.lower() == ".ipynb"]
    chosen = {}
    for piece in notebooks:
        topic = recognise(piece.path.name, topics)
        if topic is None and given and len({one.path for one in notebooks}) == 1:
            topic = given
        if topic is None:
            problems.append(
                f"{piece.entry.path}: expected a name with one of {', '.join(topics)}, got {piece.path.name!r}; "
                "left out; give --topic if it is the only one"
            )
        elif topic not in chosen or piece.attempt > chosen[topic].attempt:
            chosen[topic] = piece
        elif piece.attempt == chosen[topic].attempt:
            problems.append(
                f"{piece.entry.path}: a second notebook for {topic}; {chosen[topic].entry.path} is taken"
            )
    if not notebooks:
        problems.append(f"{own[0].entry.path}: {own[0].name} handed in no notebook")
    return [(piece, topic) for topic, piece in chosen.items()]


def _facts(piece, topic):
    """The fields of `Handed` after the student."""
    modified = (
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*piece.entry.modified) if piece.entry.modified else ""
    )
    late = "late" if piece.late else ""
    return piece.name, piece.lms, topic, piece.lms_id, late, modified, piece.entry.path


def _place(place, handed, chosen, own, done):
    """Read a notebook and what lies beside it, and put them where they belong."""
    home, files = chosen.path.parent, {}
    for piece in sorted(own, key=lambda piece: piece.attempt):
        beside = piece.path.is_relative_to(home) and piece.path.suffix.lower() not in (".ipynb", ".zip")
        name = (
            f"{handed.topic}.ipynb" if piece is chosen else piece.path.relative_to(home) if beside else None
        )
        if name is None or str(name) == "timestamp.txt":  # nbgrader reads it as the time of handing in
            continue
        try:
            files[str(name)] = piece.entry.read()
        except Refused as reason:
            done.problems.append(f"{piece.entry.path}: {reason}")
            if piece is chosen:
                return
    what, problem = place.put(handed, files)
    done.placed.append((handed, what))
    done.problems += [problem] if problem else []


class Place:
    """Where submissions go; writes nowhere else."""

    def __init__(self, course, replace, dry_run, stack):
        self.root, self.replace, self.dry_run = course.submitted, replace, dry_run
        if not dry_run:
            self.root.mkdir(parents=True, exist_ok=True)
            self.desk = stack.enter_context(tempfile.TemporaryDirectory(dir=self.root, prefix=".collect-"))

    def put(self, handed, files):
        """Write one submission.

        Args:    handed: of `Handed`.
                 files: relative path to bytes.
        Returns: what happened, and a problem or "".
        """
        target = self.root / handed.student / handed.topic
        if target.parent.is_symlink() or target.is_symlink():
            return APART, f"{target}: expected folders, got a link; remove it"
        there = _content(target) if target.exists() else None
        if there == files:
            return "the same is there", ""
        if there is not None and not self.replace:
            return APART, (
                f"{target}: expected no other submission, got one that differs from {handed.file}; "
                "give --replace to put this one in its place (the old one is kept)"
            )
        try:
            if not self.dry_run:
                self._write(target, files)
        except OSError as error:
            return (
                APART,
                f"{handed.file}: cannot be written ({error.strerror}: {Path(error.filename or '').name:.40})",
            )
        return "collected" if there is None else "replaced", ""

    def _write(self, target, files):
        """All files or none: they are written apart, then the folder is moved."""
        fresh = Path(tempfile.mkdtemp(dir=self.desk))
        fresh.chmod(0o755)
        for name, content in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as file:
                file.write(content)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            numbers = (n for n in itertools.count(1) if not (target.parent / f".{target.name}.{n}").exists())
            os.replace(target, target.parent / f".{target.name}.{next(numbers)}")
        os.replace(fresh, target)


def _content(folder):
    """Relative path to bytes of what lies in a folder; None for what is no folder of regular files."""
    if folder.is_symlink() or not folder.is_dir():
        return {}
    files = [path for path in folder.rglob("*") if not path.is_dir() and path.name != "timestamp.txt"]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        if path.is_file() and not path.is_symlink()
        else None
        for path in files
    }


def summary(done):
    """A rich table: one row per submission.

    Args:    done: of `collect`.
    """
    table = Table("student", "topic", "from", "late", "what", title="Collected")
    for handed, what in done.placed:
        table.add_row(handed.student, handed.topic, Text(handed.file), handed.late, what)
    return table
