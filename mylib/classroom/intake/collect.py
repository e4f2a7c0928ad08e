"""Collecting: the zip that a learning management system hands out, sorted into the folders that grading reads.

Known are Moodle ("Ada Lovelace_123_assignsubmission_file_/sums.ipynb", with the folder or without) and Canvas
("lovelaceada_LATE_123_456_sums-1.ipynb", and "anon_Ab3dE_456_sums.ipynb" where it grades without names). As in
nbgrader's `FileNameCollectorPlugin`, named regular expressions tell the parts of a name; unlike there, nothing is
unpacked before it is checked (see `archive`), a nested zip is opened once, nothing that is there is overwritten, and
what cannot be placed is listed with a reason.
"""

import itertools
import json
import os
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from rich.table import Table
from rich.text import Text

from mylib.classroom.course.folders import Course
from mylib.classroom.intake.archive import TIME, Archive, Bounds, Entry, Refused, inner
from mylib.classroom.intake.rebuild import STUDENT_ID
from mylib.classroom.intake.roster import Handed, is_group, is_nameless, read_roster, write_roster
from mylib.classroom.notebook.text import printable

COLLECTED, REPLACED, SAME, APART = "collected", "replaced", "the same is there", "left out"
MOODLE = (
    re.compile(r"(?P<name>[^/]+?)_(?P<lms_id>\d+)(_assignsubmission_(?P<kind>[a-z]+)_?)?/(?P<file>.+)"),
    re.compile(r"(?P<name>[^/]+?)_(?P<lms_id>\d+)_assignsubmission_(?P<kind>[a-z]+)_(?P<file>[^/]+)"),
)
CANVAS = (
    re.compile(
        r"(?P<late>late_)?(?P<name>anon(ymous)?)_(?P<lms_id>[a-z0-9]+)_(?P<attempt>\d+)_(?P<file>[^/]+)", re.I
    ),
    # Canvas takes care that no name holds "_12_": the first two numbers are the user's and the attachment's.
    re.compile(r"(?P<name>[^/]+?)(?P<late>_late)?_(?P<lms_id>\d+)_(?P<attempt>\d+)_(?P<file>[^/]+)", re.I),
)
RESUBMITTED = re.compile(r"-(\d{1,3})(?=\.[^.]+$|$)")
MOST_DIGITS = 20
# A system that writes the time of the download gives all files of a class nearly the same.
SPREAD, FEWEST = timedelta(minutes=30), 3
MOST_ROWS = 40
LARGEST_NOTEBOOK = 20_000_000  # bytes that are looked into, to tell a copy from the release


@dataclass
class Collection:
    """What `collect` did.

    placed: (`Handed`, what happened).
    problems: messages about what could not be placed, or may be misplaced, each with a reason.
    notes: messages about what was decided.
    """

    placed: list[tuple[Handed, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        return f"{len(self.placed)} submissions, {len(self.problems)} problems"

    @property
    def counts(self) -> str:
        """How many were collected, replaced, left out, late; "" for none at all."""
        happened = Counter(what for _, what in self.placed)
        parts = [f"{happened[what]} {what}" for what in (COLLECTED, REPLACED, SAME, APART) if happened[what]]
        late = sum(bool(handed.late) for handed, _ in self.placed)
        return ", ".join([*parts, f"{late} late"] if late else parts)


@dataclass(frozen=True)
class Piece:
    """One file of one student; `handed_at` is the system's time, also for a file in a student's own zip."""

    lms: str
    name: str
    lms_id: str
    late: bool
    attempt: tuple[int, int]
    path: PurePosixPath
    entry: Entry
    handed_at: TIME | None


def collect(
    course: Course,
    archive: str | Path,
    topic: str | None = None,
    replace: bool = False,
    dry_run: bool = False,
    bounds: Bounds | None = None,
) -> Collection:
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
        times_tell = _times_tell(pieces)
        pieces = _with_zips(pieces, bounds, stack, done.problems)
        rows = read_roster(course)
        place = Place(course, replace, dry_run, stack, rows)
        for student, own in _by_student(pieces, rows, done).items():
            for name, notebooks in _by_topic(own, topics, given=topic, problems=done.problems).items():
                _place(place, course, student, name, notebooks, own, times_tell, done)
        if times_tell and place.stamped:
            done.notes.append(
                "times of handing in are those of the zip, read as this machine's time zone; see timestamp.txt"
            )
        if not dry_run:
            write_roster(course, rows, [handed for handed, what in done.placed if what != APART])
    return done


def _pieces(opened: Archive, problems: list[str]) -> list[Piece]:
    """The files whose names say whose they are."""
    found, tops = [], {entry.path.split("/")[0] for entry in opened.entries if "/" in entry.path}
    wrapped = len(tops) == 1 and all("/" in entry.path for entry in opened.entries)
    for entry in opened.entries:
        path = entry.path.split("/", 1)[1] if wrapped else ""  # a folder around everything
        around = "_assignsubmission_" in path or any(kind.fullmatch(path) for kind in CANVAS)
        try:
            piece = _piece(path if around else entry.path, entry)
        except Refused as reason:
            problems.append(f"{printable(entry.path, 120)}: {reason}")
            continue
        if piece is not None:
            found.append(piece)
    return found


def _piece(path: str, entry: Entry) -> Piece | None:
    """The file as a `Piece`; None if there is nothing to collect in it.

    Raises:  Refused: its name is of neither kind, or its number is none.
    """
    for pattern in MOODLE:
        if match := pattern.fullmatch(path):
            if match["kind"] not in (None, "file"):  # the text field of the page
                return None
            at = entry.modified
            return Piece(
                "moodle",
                match["name"],
                _number(match),
                False,
                (0, 0),
                PurePosixPath(match["file"]),
                entry,
                at,
            )
    for pattern in CANVAS:
        if match := pattern.fullmatch(path):
            again = RESUBMITTED.search(match["file"])
            attempt = (int(match["attempt"]), int(again[1]) if again else 0)
            file = PurePosixPath(RESUBMITTED.sub("", match["file"]))
            name, late = match["name"], bool(match["late"])
            return Piece("canvas", name, _number(match), late, attempt, file, entry, entry.modified)
    raise Refused("expected a name as Moodle or Canvas gives it; left out")


def _number(match: re.Match[str]) -> str:
    number = match["lms_id"]
    if len(number) > MOST_DIGITS:
        raise Refused(f"expected a student's number, got one of {len(number)} digits; left out")
    return number


def _times_tell(pieces: Iterable[Piece]) -> bool:
    """Whether the times in the zip are those of handing in, and not that of the download."""
    times: dict[tuple[str, str], datetime] = {}
    for piece in pieces:
        if at := _datetime(piece.handed_at):
            times[piece.name, piece.lms_id] = at
    known = sorted(times.values())
    return len(known) >= FEWEST and known[-1] - known[0] > SPREAD and known[-1] < datetime.now() + SPREAD


def _datetime(at: TIME | None) -> datetime | None:
    try:
        return datetime(*at) if at else None
    except ValueError:  # a zip can hold the 31st of month 15
        return None


def _with_zips(pieces: Iterable[Piece], bounds: Bounds, stack: ExitStack, problems: list[str]) -> list[Piece]:
    """Zips that students handed in are opened, once."""
    found = []
    for piece in pieces:
        if piece.path.suffix.lower() != ".zip":
            found.append(piece)
            continue
        shown = printable(piece.entry.path, 120)
        try:
            opened = stack.enter_context(inner(piece.entry, bounds))
        except Refused as reason:
            problems.append(f"{shown}: {reason}")
            continue
        problems += opened.problems
        for entry in opened.entries:
            if entry.path.lower().endswith(".zip"):
                inside = printable(entry.path, 120)
                problems.append(f"{shown}: {inside}: a zip in a zip in a zip is not opened")
            else:
                found.append(replace(piece, path=piece.path.parent / PurePosixPath(entry.path), entry=entry))
    return found


def _by_student(pieces: Iterable[Piece], rows: Sequence[Handed], done: Collection) -> dict[str, list[Piece]]:
    """Pieces under stable names of students, as the roster knows them."""
    people: dict[tuple[str, str, str], list[Piece]] = {}
    for piece in pieces:
        people.setdefault((piece.lms, piece.name, piece.lms_id), []).append(piece)
    called = [(lms, name) for lms, name, _ in people]
    known: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        known.setdefault((row.lms, row.name), set()).add(row.student)
    found: dict[str, list[Piece]] = {}
    for (lms, name, lms_id), own in people.items():
        if lms == "moodle" and is_group(name):
            done.notes.append(
                f"{printable(name, 80)} (number {lms_id}) looks like a group: it is graded, and Moodle's files "
                "leave it out, since that number is no participant's"
            )
        same = {row.student for row in rows if (row.lms, row.name, row.lms_id) == (lms, name, lms_id)}
        bare = is_nameless(name) and not re.search(r"\d", name)  # the number is all that tells who it is
        if not same and lms == "moodle" and (lms, name) in known and not bare:
            # Moodle numbers a student anew in every assignment: only the name tells who it is.
            if called.count((lms, name)) == len(known[lms, name]) == 1:
                same = known[lms, name]
            else:
                done.problems.append(
                    f"{printable(name, 80)} (number {lms_id}): several students have this name; put under a new one"
                )
        student = min(same) if same else student_id(name, lms_id)
        found.setdefault(student, []).extend(own)
    return found


def student_id(name: str, lms_id: str) -> str:
    """A folder's name for a student.

    Example:
        >>> student_id("Zoë d'Arc", "17"), student_id("李", "18")
        ('zoe-d-arc-17', 'student-18')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:60] or "student"
    assert STUDENT_ID.fullmatch(f"{slug}-{lms_id}")
    return f"{slug}-{lms_id}"


def recognise(file: str, topics: Iterable[str]) -> str | None:
    """The topic that a file's name tells, or None.

    Example:
        >>> recognise("Convolution_final (1).ipynb", ["backprop", "convolution"])
        'convolution'
    """
    words = re.split(r"[^a-z0-9]+", PurePosixPath(file).stem.lower())
    stem = "_" + "_".join(words) + "_"
    found = [topic for topic in topics if f"_{topic.lower()}_" in stem]
    longest = [topic for topic in found if not any(topic != one and topic in one for one in found)]
    return longest[0] if len(longest) == 1 else None


def _by_topic(
    own: Sequence[Piece], topics: Sequence[str], given: str | None, problems: list[str]
) -> dict[str, list[Piece]]:
    """The notebooks of each topic; what tells no topic is a problem."""
    notebooks = [piece for piece in own if piece.path.suffix.lower() == ".ipynb"]
    found: dict[str, list[Piece]] = {}
    for piece in notebooks:
        topic = recognise(piece.path.name, topics)
        if topic is None and given and len({one.path for one in notebooks}) == 1:
            topic = given
        if topic is None:
            problems.append(
                f"{printable(piece.entry.path, 120)}: expected a name with one of {', '.join(topics)}, got "
                f"{printable(piece.path.name, 80)!r}; left out; give --topic if it is the only one"
            )
        else:
            found.setdefault(topic, []).append(piece)
    if not notebooks:
        who = printable(own[0].name, 80)
        problems.append(f"{printable(own[0].entry.path, 120)}: {who} handed in no notebook")
    return found


def _place(
    place: "Place",
    course: Course,
    student: str,
    topic: str,
    notebooks: Sequence[Piece],
    own: Sequence[Piece],
    times_tell: bool,
    done: Collection,
) -> None:
    """Read the notebooks of a topic and what lies beside them, and put them where they belong."""
    contents = {}
    for piece in notebooks:
        if (content := _read(piece, done.problems)) is not None:
            contents[piece] = content
    if not contents:
        return
    chosen = _choose(course, topic, contents)
    files = {f"{topic}.ipynb": contents.pop(chosen)}
    home = chosen.path.parent
    for piece in sorted(own, key=lambda piece: piece.attempt):
        beside = piece.path.is_relative_to(home) and piece.path.suffix.lower() not in (".ipynb", ".zip")
        name = str(piece.path.relative_to(home)) if beside else ""
        if beside and name != "timestamp.txt":  # nbgrader reads it as the time of handing in
            content = _read(piece, done.problems)
            files |= {} if content is None else {name: content}
    for piece, content in contents.items():
        files[_free_name(piece, files)] = content
    if contents:
        others = ", ".join(printable(piece.entry.path, 120) for piece in contents)
        taken = printable(chosen.entry.path, 120)
        versions = len({piece.path for piece in (chosen, *contents)}) == 1  # of one file, handed in again
        (done.notes if versions else done.problems).append(
            f"{student}: {taken} is taken for {topic}; a second notebook for {topic} lies beside it: {others}"
        )
    facts = (
        topic,
        chosen.lms_id,
        "late" if chosen.late else "",
        _written(chosen.handed_at),
        chosen.entry.path,
    )
    handed = Handed(student, chosen.name, chosen.lms, *facts)
    what, problem = place.put(handed, files, _stamp(chosen.handed_at) if times_tell else "")
    done.placed.append((handed, what))
    done.problems += [problem] if problem else []


def _read(piece: Piece, problems: list[str]) -> bytes | None:
    try:
        return piece.entry.read()
    except Refused as reason:
        problems.append(f"{printable(piece.entry.path, 120)}: {reason}")
        return None


def _choose(course: Course, topic: str, contents: dict[Piece, bytes]) -> Piece:
    """Of several notebooks: the one with the exact name, then one that was worked on, then the last handed in."""
    if len(contents) == 1:
        return next(iter(contents))
    path = course.exercise(topic)
    given = set(_sources(path.read_bytes()) if path.is_file() else ())

    def rank(piece: Piece) -> tuple[bool, bool, tuple[int, int]]:
        exact = piece.path.name.casefold() == f"{topic}.ipynb".casefold()
        return exact, not given.issuperset(_sources(contents[piece])), piece.attempt

    return max(contents, key=rank)  # of equals the first


def _sources(content: bytes) -> list[str]:
    """The text of every cell, as data; none where it cannot be read."""
    try:
        cells = json.loads(content[: LARGEST_NOTEBOOK + 1])["cells"]
        return ["".join(cell["source"]).strip() for cell in cells]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def _free_name(piece: Piece, files: Iterable[str]) -> str:
    """Its own name, or one like it that no other file has."""
    taken = {name.casefold() for name in files}
    numbers = itertools.chain([piece.attempt[0]] if piece.attempt[0] else [], itertools.count(2))
    names = itertools.chain([piece.path.name], (f"{piece.path.stem}-{n}.ipynb" for n in numbers))
    return next(name for name in names if name.casefold() not in taken)


def _written(at: TIME | None) -> str:
    return "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*at) if at else ""


def _stamp(at: TIME | None) -> str:
    """A time of the zip as nbgrader's timestamp.txt holds it."""
    local = _datetime(at)
    return local.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if local else ""


class Place:
    """Where submissions go; writes nowhere else."""

    def __init__(
        self, course: Course, replace: bool, dry_run: bool, stack: ExitStack, rows: Iterable[Handed]
    ) -> None:
        self.root, self.replace, self.dry_run, self.stamped = course.submitted, replace, dry_run, 0
        self.rows = {(row.student, row.topic): row for row in rows}
        if not dry_run:
            self.root.mkdir(parents=True, exist_ok=True)
            self.desk = stack.enter_context(tempfile.TemporaryDirectory(dir=self.root, prefix=".collect-"))

    def put(self, handed: Handed, files: dict[str, bytes], stamp: str = "") -> tuple[str, str]:
        """Write one submission.

        Args:    handed: of `Handed`.
                 files: relative path to bytes.
                 stamp: when it was handed in, for nbgrader; "" if nobody knows.
        Returns: what happened, and a problem or "".
        """
        target, shown = self.root / handed.student / handed.topic, printable(handed.file, 120)
        try:
            if target.parent.is_symlink() or target.is_symlink():
                return APART, f"{target}: expected folders, got a link; remove it"
            there = _content(target) if target.exists() else None
            if there == files:
                return SAME, ""
            if there is not None and (reason := self._keeps(handed)):
                return APART, f"{target}: {reason}"
            if not self.dry_run:
                stamps = {"timestamp.txt": f"{stamp}\n".encode()} if stamp else {}
                self._write(target, files | stamps)
        except OSError as error:
            place = printable(Path(error.filename or "").name, 40)
            return APART, f"{shown}: cannot be written ({error.strerror}: {place})"
        self.stamped += bool(stamp)
        return (COLLECTED if there is None else REPLACED), ""

    def _keeps(self, handed: Handed) -> str:
        """Why what is there stays; "" if it goes."""
        shown, row = printable(handed.file, 120), self.rows.get((handed.student, handed.topic))
        if row is not None and _is_older(handed, row):
            return (
                f"holds a newer attempt, {printable(row.file, 120)} ({row.modified or 'time unknown'}); {shown} "
                f"({handed.modified or 'time unknown'}) is left out"
            )
        if not self.replace:
            return (
                f"expected no other submission, got one that differs from {shown}; "
                "give --replace to put this one in its place (the old one is kept)"
            )
        return ""

    def _write(self, target: Path, files: dict[str, bytes]) -> None:
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


def _is_older(new: Handed, there: Handed) -> bool:
    """Whether a submission was handed in before the one that is there, as far as the systems tell."""
    if new.lms == there.lms == "canvas":
        first, second = _attachment(new.file), _attachment(there.file)
        if first is not None and second is not None:
            return first < second
    return bool(new.modified and there.modified) and new.modified < there.modified


def _attachment(file: str) -> int | None:
    """Canvas's number of a file, which grows with every file that anybody hands in."""
    name = PurePosixPath(file).name
    match = next(filter(None, (pattern.fullmatch(name) for pattern in CANVAS)), None)
    return int(match["attempt"]) if match else None


def _content(folder: Path) -> dict[str, bytes | None]:
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


def summary(done: Collection) -> Table | None:
    """A rich table of the submissions; of a large class, first those that need a look. None where there are none.

    Args:    done: of `collect`.
    """
    if not done.placed:
        return None
    rows = sorted(done.placed, key=lambda row: (row[1] in (COLLECTED, SAME), not row[0].late))
    left = len(rows) - MOST_ROWS
    caption = f"and {left} more; students.csv has all" if left > 0 else None
    table = Table(title="Collected", caption=caption)
    for column in ("student", "topic", "from", "late", "what"):  # "from" gives way on a narrow screen
        table.add_column(column, no_wrap=column != "from", overflow="fold")
    for handed, what in rows[:MOST_ROWS]:
        file = Text(printable(handed.file, 80), overflow="fold")
        table.add_row(Text(handed.student), Text(handed.topic), file, handed.late, what)
    return table
