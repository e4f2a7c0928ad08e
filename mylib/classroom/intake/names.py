"""What the names of files in the zip of a learning management system say: whose they are, which attempt, what topic."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from mylib.classroom.intake.archive import TIME, Archive, Entry, Refused
from mylib.classroom.intake.rebuild import STUDENT_ID
from mylib.classroom.notebook.text import printable

MOODLE = (
    re.compile(r"(?P<name>[^/]+?)_(?P<lms_id>\d+)(_assignsubmission_(?P<kind>[a-z]+)_?)?/(?P<file>.+)"),
    re.compile(r"(?P<name>[^/]+?)_(?P<lms_id>\d+)_assignsubmission_(?P<kind>[a-z]+)_(?P<file>[^/]+)"),
)
CANVAS = (
    re.compile(r"(?P<late>late_)?(?P<name>anon(ymous)?)_(?P<lms_id>[a-z0-9]+)_(?P<attempt>\d+)_(?P<file>[^/]+)", re.I),
    # Canvas takes care that no name holds "_12_": the first two numbers are the user's and the attachment's.
    re.compile(r"(?P<name>[^/]+?)(?P<late>_late)?_(?P<lms_id>\d+)_(?P<attempt>\d+)_(?P<file>[^/]+)", re.I),
)
RESUBMITTED = re.compile(r"-(\d{1,3})(?=\.[^.]+$|$)")
MOST_DIGITS = 20


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


def pieces_of(opened: Archive, problems: list[str]) -> list[Piece]:
    """The files whose names say whose they are.

    Args:    opened: the zip.
             problems: messages about the others are appended.
    Returns: list of `Piece`.
    """
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


def attachment_number(file: str) -> int | None:
    """Canvas's number of a file, which grows with every file that anybody hands in; None for no file of Canvas.

    Args:    file: its name in the zip.

    Example:
        >>> attachment_number("lovelaceada_LATE_123_456_sums-1.ipynb"), attachment_number("sums.ipynb")
        (456, None)
    """
    name = PurePosixPath(file).name
    match = next(filter(None, (pattern.fullmatch(name) for pattern in CANVAS)), None)
    return int(match["attempt"]) if match else None
