"""Intake: a submission is read as data, never executed, and rebuilt on the instructor's notebook.

Taken from the student: the source of every answer cell, code or text, cells that the student has added, and the files
beside the notebook; nothing else. So a cell that was lost, doubled, retyped, unlocked or rewritten is repaired by
construction, and each repair becomes a note.
"""

import copy
import json
import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.utils import parse_utc

from mylib.classroom.intake.recognise import Found, is_edited, joined, recognise
from mylib.classroom.notebook.jobs import OWN
from mylib.classroom.notebook.questions import grade_id, is_answer
from mylib.classroom.notebook.text import printable, sound

MAX_FILES = MAX_OWN_CELLS = 100
MAX_NOTEBOOKS = 10
MAX_NAME = 200  # characters of a file's name
MAX_TEXT = 30_000  # characters; what makes HTML of Markdown takes the square of it for some texts
# Each part ends soon: a text of a million brackets must not be searched a million times.
PICTURE = re.compile(r"!?\[([^\[\]]*)\]\(attachment:[^)]{0,300}\)")
BINARY_CODE = (".so", ".pyd", ".pyc", ".pth")  # nobody can read what they do
STUDENT_ID = re.compile(r"\w[\w.@+-]{0,99}")


@dataclass(frozen=True)
class Submission:
    """Where one student's answer to one topic lies; nothing has been read yet."""

    student: str
    topic: str
    folder: Path


@dataclass
class Intake:
    """What came in.

    submission: whose.
    notebook: the instructor's notebook with the student's answers.
    notes: (grade id, text) of what was repaired or left out; "" for the whole submission.
    unreadable: why nothing could be taken; "" if something was.
    doubt: why a person should look before anybody believes the points; "" if nothing stands out.
    timestamp: when it was handed in, as nbgrader wrote it; "" if unknown.
    files: {name: bytes} of what lies beside the notebook.
    """

    submission: Submission
    notebook: Any
    notes: list[tuple[str, str]] = field(default_factory=list)
    unreadable: str = ""
    doubt: str = ""
    timestamp: str = ""
    files: dict[str, bytes] = field(default_factory=dict)


class Unreadable(Exception):
    """Nothing can be taken from the file; the message says why, for the student to read."""


def find(folder: Path | str, topics: Iterable[str], student: str | None = None) -> tuple[list[Submission], list[str]]:
    """The submissions in nbgrader's layout, <student>/<topic>/, and what is there but is none.

    Args:    folder: of all submissions.
             topics: names to look for.
             student: a single student to keep, or None.
    Returns: list of `Submission` by topic and student; list of messages.
    Raises:  ValueError: no such folder, or no such student.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"submitted: expected a folder <student>/<topic>/<topic>.ipynb, found no folder {folder}")
    found, problems = list[Submission](), list[str]()
    for home in sorted(folder.iterdir()):
        if home.name.startswith(".") or (student and home.name != student):
            continue
        if home.is_symlink() or not home.is_dir():
            problems.append(f"{printable(str(home))}: expected a student's folder, got a file or a link; left out")
        elif not STUDENT_ID.fullmatch(home.name):
            problems.append(
                f"{printable(str(home), 300)}: a student's name may hold up to 100 letters, digits and . _ - @ +; "
                "rename the folder"
            )
        else:
            found += [Submission(home.name, topic, home / topic) for topic in topics if _exists(home / topic)]
    if student and not found and not problems:
        raise ValueError(f"student: expected a folder with a submission in {folder}, found none of {student!r}")
    return sorted(found, key=lambda one: (one.topic, one.student)), problems


def take_in(submission: Submission, skeleton: Any, max_bytes: int) -> Intake:
    """Rebuild one submission on the instructor's notebook.

    Args:    submission: of `find`.
             skeleton: the released notebook; not changed.
             max_bytes: of the file, and of the files beside it together.
    Returns: `Intake`; never raises for anything that a student can hand in.
    """
    result = Intake(submission, copy.deepcopy(skeleton))
    try:
        if submission.folder.is_symlink() or not submission.folder.is_dir():
            raise Unreadable("expected a folder with a notebook, got a file or a link")
        result.timestamp = _timestamp(submission.folder / "timestamp.txt", result.notes)
        cells = _chosen_notebook(submission, skeleton.cells, max_bytes, result.notes)
        result.files = files_beside(submission.folder, max_bytes, result.notes)
    except Unreadable as reason:
        result.unreadable = printable(str(reason))
        return result
    rebuild(result, cells)
    return result


def rebuild(intake: Intake, cells: Sequence[Found]) -> None:
    """Put the student's answers into the skeleton, and note what had to be repaired.

    Args:    intake: its notebook and notes are changed in place.
             cells: of `read_cells`.
    """
    targets = intake.notebook.cells
    found, answered = recognise(targets, cells), False
    for target in targets:
        copies = found.copies.get(target.id, [])
        if is_answer(target):
            answered |= _put(intake, target, copies, found.how.get(target.id, ""))
        elif grade_id(target):
            _note_locked(intake, target, copies)
    texts = {target.source for target in targets}
    own = [(behind, cell) for behind, cell in found.own if cell.source.strip() and cell.source not in texts]
    missing = any(is_answer(target) and target.id not in found.copies for target in targets)
    if not answered and (missing or any(cell.kind == "code" for _, cell in own)):
        intake.doubt = "no answer was recognised in what was handed in; read it before you believe the points"
    _insert_own(intake, own)


def _put(intake: Intake, target: Any, copies: Sequence[Found], how: str) -> bool:
    """Put what a student wrote for a question into its cell. Returns: whether it is more than the stub."""
    name, code = grade_id(target), target.cell_type == "code"
    if how:
        intake.notes.append((name, how))
    if not copies:
        intake.notes.append((name, "the answer cell is missing; graded as not answered"))
        return False
    edited = [one for one in copies if is_edited(one.source, target.source)]
    source, lost = joined([one.source for one in edited or copies[:1]], code)
    if len(copies) > 1 and not how:
        which = "all that was written in them" if len(edited) > 1 else "the one that was edited"
        intake.notes.append(
            (name, f"stands {len(copies)} times; {which if edited else 'none was edited; one'} is graded")
        )
    if lost:
        intake.notes.append((name, f"{lost} of its pieces left out: no Python, alone or together"))
    if not code:
        if any(one.pictures for one in copies):
            intake.notes.append((name, "pasted pictures are left out"))
        source = _written(source, name, intake.notes)  # a page cannot be made of what is not there
    if (edited or copies)[0].kind != target.cell_type:
        kind = printable((edited or copies)[0].kind, 20)
        intake.notes.append((name, f"was a {kind} cell; read as {target.cell_type}"))
    target.source = source
    return bool(edited)


def _insert_own(intake: Intake, cells: Sequence[tuple[str, Found]]) -> None:
    """Put the student's own cells where they stood: a helper in one of them may be what an answer calls.

    They run in the student's process, like answers, and nothing of nbgrader's is taken from them.
    """
    own: dict[str, list[Any]] = {}
    for count, (behind, cell) in enumerate(cells[:MAX_OWN_CELLS]):
        code = cell.kind == "code"
        make = nbformat.v4.new_code_cell if code else nbformat.v4.new_markdown_cell
        source = cell.source if code else _written(cell.source, "", intake.notes)
        own.setdefault(behind, []).append(make(source, id=f"{OWN}{count}"))
    if cells:
        targets = intake.notebook.cells
        intake.notebook.cells = [one for cell in targets for one in (cell, *own.get(cell.id, []))]
        kept = min(len(cells), MAX_OWN_CELLS)
        intake.notes.append(("", f"{kept} cell(s) of the student's own: run beside the answers, without points"))
    if len(cells) > MAX_OWN_CELLS:
        intake.notes.append(("", f"{len(cells) - MAX_OWN_CELLS} more cells of the student's own are left out"))


def _written(text: str, name: str, notes: list[tuple[str, str]]) -> str:
    """A text as far as a page can be made of it: without pasted pictures, and not so long that it takes minutes."""
    text = PICTURE.sub(r"*(picture left out: \1)*", text)
    if len(text) > MAX_TEXT:
        notes.append((name, f"a text of more than {MAX_TEXT} characters is cut off there"))
        text = text[:MAX_TEXT] + "\n\n*(cut off here)*"
    return text


def _note_locked(intake: Intake, target: Any, copies: Sequence[Found]) -> None:
    """Say what is not as released. It need not be the student's doing: the instructor may have changed it since."""
    name = grade_id(target)
    if not copies:
        intake.notes.append((name, "the locked cell was missing; put back"))
    elif any(one.source != target.source for one in copies):
        intake.notes.append((name, "the locked cell differs from the instructor's, which is run"))
    elif len(copies) > 1:
        intake.notes.append((name, f"the locked cell stands {len(copies)} times; run once"))
    elif copies[0].kind != target.cell_type:
        kind = printable(copies[0].kind, 20)
        intake.notes.append((name, f"the locked cell was a {kind} cell; put back"))


def read_cells(path: Path, max_bytes: int) -> list[Found]:
    """The cells of a notebook file.

    Args:    path: of the file.
             max_bytes: a larger file is refused unread.
    Raises:  Unreadable: with a reason in plain words.
    """
    content = _read_regular_file(path, max_bytes)
    if not content.strip():
        raise Unreadable("the file is empty")
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("the file is not text (expected a notebook, UTF-8 JSON)") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the file is not a notebook: no valid JSON ({_short(error)})") from None
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        version = document.get("nbformat") if isinstance(document, dict) else None
        known = f"; its format is {version}, save it as format 4" if isinstance(version, int) else ""
        raise Unreadable(f"the file is JSON but not a notebook: it has no list of cells{known}")
    return [_plain(cell) for cell in document["cells"] if isinstance(cell, dict)]


def _plain(cell: dict[str, Any]) -> Found:
    """What is looked at, each with the type that it must have."""
    source, metadata = cell.get("source"), cell.get("metadata")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    named = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = named.get("grade_id") if isinstance(named, dict) else None
    return Found(
        _text(name),
        _text(cell.get("id")),
        _text(cell.get("cell_type")),
        _text(source),
        bool(cell.get("attachments")),
    )


def _text(value: Any) -> str:
    return sound(value) if isinstance(value, str) else ""


def _timestamp(path: Path, notes: list[tuple[str, str]]) -> str:
    """What nbgrader's collection wrote beside the notebook; late penalties are computed from it."""
    if not _exists(path):
        return ""
    try:
        text = _read_regular_file(path, 100).decode("utf-8").strip()
        parse_utc(text)
    except (Unreadable, ValueError, OverflowError):
        notes.append(("", "timestamp.txt holds no date; graded as in time"))
        return ""
    return text


def _chosen_notebook(
    submission: Submission, targets: Sequence[Any], max_bytes: int, notes: list[tuple[str, str]]
) -> list[Found]:
    """The cells of the notebook to grade: that of the topic's name; if it is untouched, the one that was worked on.

    Raises:  Unreadable: there is none that can be read.
    """
    expected = submission.folder / f"{submission.topic}.ipynb"
    others = [path for path in sorted(submission.folder.glob("*.ipynb")) if path != expected]
    if not _exists(expected) and not others:
        raise Unreadable(f"expected the notebook {expected.name}, found none")
    read: dict[Path, list[Found]] = {}
    unreadable: dict[Path, Unreadable] = {}
    for path in [*([expected] if _exists(expected) else []), *others[:MAX_NOTEBOOKS]]:
        try:
            read[path] = read_cells(path, max_bytes)
        except Unreadable as reason:
            unreadable[path] = reason
    if not read:
        raise next(iter(unreadable.values()))
    answered = {path: _answered(targets, cells) for path, cells in read.items()}
    first = next(iter(read))
    # The best of the others, and of equals the one whose name comes last: a copy of a copy is later.
    chosen = first if answered[first] else max(read, key=lambda path: (answered[path], path.name))
    chosen = chosen if answered[chosen] else first
    if chosen != expected:
        why = (
            ", which was not worked on"
            if expected in read
            else ", which cannot be read"
            if expected in unreadable
            else ""
        )
        notes.append(("", f"the notebook {printable(chosen.name, 100)} is graded in place of {expected.name}{why}"))
    for path in (*read, *unreadable):
        if path not in (chosen, expected):
            notes.append(("", f"the notebook {printable(path.name, 100)} beside it is not graded"))
    return read[chosen]


def _answered(targets: Sequence[Any], cells: Sequence[Found]) -> int:
    """How many questions have more than a stub."""
    copies = recognise(targets, cells).copies
    return sum(
        any(is_edited(one.source, target.source) for one in copies.get(target.id, []))
        for target in targets
        if is_answer(target)
    )


def files_beside(folder: Path, max_bytes: int, notes: list[tuple[str, str]]) -> dict[str, bytes]:
    """What an answer may read or import: regular files, no notebooks.

    Args:    folder: of the notebook.
             max_bytes: of all together.
             notes: (grade id, text) of what is left out are appended.
    Returns: {name: bytes}.
    """
    files, total = dict[str, bytes](), 0
    for home, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith((".", "__pycache__")))
        for name in sorted(names):
            path = Path(home, name)
            if name.startswith(".") or name.endswith(".ipynb") or path == folder / "timestamp.txt":
                continue
            if name.endswith(BINARY_CODE):
                notes.append(("", f"the file {printable(name, 100)} is left out: it is code that cannot be read"))
                continue
            shown = _text(path.relative_to(folder).as_posix())
            if len(shown) > MAX_NAME or printable(shown) != shown:
                notes.append(("", f"the file {printable(shown, 100)} is left out: rename it"))
                continue
            try:
                content = _read_regular_file(path, max_bytes - total)
                shown.encode("utf-8", "strict")
            except (Unreadable, UnicodeError) as reason:
                notes.append(("", f"the file {printable(shown, 100)} is left out: {reason}"))
                continue
            if len(files) >= MAX_FILES:
                notes.append(("", f"only {MAX_FILES} files beside the notebook are taken"))
                return files
            files[shown], total = content, total + len(content)
    return files


def _read_regular_file(path: Path, max_bytes: int) -> bytes:
    # O_NOFOLLOW: a link may point at another student's file; O_NONBLOCK: a pipe would wait for ever.
    flags = [getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")]
    try:
        handle = os.open(path, os.O_RDONLY | sum(flags))
    except OSError as error:
        reason = "it is a link" if path.is_symlink() else error.strerror
        raise Unreadable(f"the file cannot be opened: {reason}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Unreadable("expected a file, got something else (a folder, a pipe or a device)")
    with os.fdopen(handle, "rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise Unreadable(f"the file has more than {max_bytes / 1e6:g} MB; clear its outputs and hand it in again")
    return content


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


def _short(error: Exception) -> str:
    return printable(str(error), 80)
