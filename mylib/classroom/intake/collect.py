"""Collecting: the zip that a learning management system hands out, sorted into the folders that grading reads.

Known are Moodle ("Ada Lovelace_123_assignsubmission_file_/sums.ipynb", with the folder or without) and Canvas
("lovelaceada_LATE_123_456_sums-1.ipynb", and "anon_Ab3dE_456_sums.ipynb" where it grades without names). As in
nbgrader's `FileNameCollectorPlugin`, named regular expressions tell the parts of a name; unlike there, nothing is
unpacked before it is checked (see `archive`), a nested zip is opened once, nothing that is there is overwritten, and
what cannot be placed is listed with a reason.
"""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from rich.table import Table
from rich.text import Text

from mylib.classroom.course.folders import Course
from mylib.classroom.intake.archive import TIME, Archive, Bounds, Refused, inner
from mylib.classroom.intake.names import Piece, pieces_of, recognise, student_id
from mylib.classroom.intake.place import APART, COLLECTED, REPLACED, SAME, Place
from mylib.classroom.intake.roster import Handed, is_group, is_nameless, read_roster, write_roster
from mylib.classroom.notebook.text import printable

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
        pieces = pieces_of(opened, done.problems)
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
    place: Place,
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
