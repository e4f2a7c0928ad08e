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
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.utils import parse_utc

from mylib.classroom.notebook.questions import grade_id, is_answer
from mylib.classroom.notebook.text import sound

MAX_FILES = MAX_OWN_CELLS = 100
MAX_TEXT = 30_000  # characters; what makes HTML of Markdown takes the square of it for some texts
OWN = "own-"
# Each part ends soon: a text of a million brackets must not be searched a million times.
PICTURE = re.compile(r"!?\[([^\[\]]*)\]\(attachment:[^)]{0,300}\)")
BINARY_CODE = (".so", ".pyd", ".pyc", ".pth")  # nobody can read what they do
STUDENT_ID = re.compile(r"\w[\w.@+-]*")


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
    timestamp: when it was handed in, as nbgrader wrote it; "" if unknown.
    files: {name: bytes} of what lies beside the notebook.
    """

    submission: Submission
    notebook: object
    notes: list = field(default_factory=list)
    unreadable: str = ""
    timestamp: str = ""
    files: dict = field(default_factory=dict)


class Unreadable(Exception):
    """Nothing can be taken from the file; the message says why, for the student to read."""


def find(folder, topics, student=None):
    """The submissions in nbgrader's layout, <student>/<topic>/, and what is there but is none.

    Args:    folder: of all submissions.
             topics: names to look for.
             student: a single student to keep, or None.
    Returns: list of `Submission` by topic and student; list of messages.
    Raises:  ValueError: no such folder, or no such student.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(
            f"submitted: expected a folder <student>/<topic>/<topic>.ipynb, found no folder {folder}"
        )
    found, problems = [], []
    for home in sorted(folder.iterdir()):
        if home.name.startswith(".") or (student and home.name != student):
            continue
        if home.is_symlink() or not home.is_dir():
            problems.append(f"{home}: expected a student's folder, got a file or a link; left out")
        elif not STUDENT_ID.fullmatch(home.name):
            problems.append(
                f"{home}: a student's name may hold letters, digits and . _ - @ +; rename the folder"
            )
        else:
            found += [Submission(home.name, topic, home / topic) for topic in topics if _exists(home / topic)]
    if student and not found and not problems:
        raise ValueError(
            f"student: expected a folder with a submission in {folder}, found none of {student!r}"
        )
    return sorted(found, key=lambda one: (one.topic, one.student)), problems


def take_in(submission, skeleton, max_bytes):
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
        cells = read_cells(_notebook_file(submission, result.notes), max_bytes)
        result.files = files_beside(submission.folder, max_bytes, result.notes)
    except Unreadable as reason:
        result.unreadable = str(reason)
        return result
    rebuild(result, cells)
    return result


def rebuild(intake, cells):
    """Put the student's answers into the skeleton, and note what had to be repaired.

    Args:    intake: its notebook and notes are changed in place.
             cells: of `read_cells`.
    """
    named, by_id = {}, {}
    for cell in cells:
        named.setdefault(cell["grade_id"], []).append(cell)
        by_id.setdefault(cell["id"], cell)
    for target in intake.notebook.cells:
        name = grade_id(target)
        if not name:
            continue
        copies = named.pop(name, [])
        if not is_answer(target):
            _note_locked(intake, target, copies)
            continue
        if not copies and (lost := by_id.get(target.id)):
            copies = [lost]
            intake.notes.append((name, "the cell had lost its name; recognised by its id"))
        if chosen := _choose(intake, target, copies):
            target.source = chosen["source"]
            if chosen["pictures"] and target.cell_type != "code":
                intake.notes.append((name, "pasted pictures are left out"))
            if target.cell_type != "code":  # a page cannot be made of what is not there
                target.source = _written(target.source, name, intake.notes)
            if chosen["cell_type"] != target.cell_type:
                intake.notes.append((name, f"was a {chosen['cell_type']} cell; read as {target.cell_type}"))
    _insert_own(intake, cells)


def _insert_own(intake, cells):
    """Put the student's own cells where they stood: a helper in one of them may be what an answer calls.

    They run in the student's process, like answers, and nothing of nbgrader's is taken from them.
    """
    targets = intake.notebook.cells
    names, ids = (
        {grade_id(cell): cell.id for cell in targets if grade_id(cell)},
        {cell.id for cell in targets},
    )
    known, after, count = {cell.source for cell in targets}, targets[0].id, 0
    own = {}
    for cell in cells:
        if cell["grade_id"] in names or cell["id"] in ids:
            after = names.get(cell["grade_id"], cell["id"])
        elif cell["source"].strip() and cell["source"] not in known and count < MAX_OWN_CELLS:
            code = cell["cell_type"] == "code"
            make = nbformat.v4.new_code_cell if code else nbformat.v4.new_markdown_cell
            source = cell["source"] if code else _written(cell["source"], "", intake.notes)
            own.setdefault(after, []).append(make(source, id=f"{OWN}{count}"))
            count += 1
    if count:
        intake.notebook.cells = [one for cell in targets for one in (cell, *own.get(cell.id, []))]
        text = f"{count} cell(s) of the student's own: run beside the answers, without points"
        intake.notes.append(("", text))


def _written(text, name, notes):
    """A text as far as a page can be made of it: without pasted pictures, and not so long that it takes minutes."""
    text = PICTURE.sub(r"*(picture left out: \1)*", text)
    if len(text) > MAX_TEXT:
        notes.append((name, f"a text of more than {MAX_TEXT} characters is cut off there"))
        text = text[:MAX_TEXT] + "\n\n*(cut off here)*"
    return text


def _choose(intake, target, copies):
    """The copy that the student worked on; of several, the last."""
    name = grade_id(target)
    if not copies:
        intake.notes.append((name, "the answer cell is missing; graded as not answered"))
        return None
    edited = [cell for cell in copies if cell["source"] != target.source]
    if len(copies) > 1:
        which = "the one that was edited" if len(edited) == 1 else "the last one"
        intake.notes.append((name, f"stands {len(copies)} times; {which} is graded"))
    return (edited or copies)[-1]


def _note_locked(intake, target, copies):
    name = grade_id(target)
    if not copies:
        intake.notes.append((name, "the locked cell was missing; put back"))
    elif any(cell["source"] != target.source for cell in copies):
        intake.notes.append((name, "the locked cell was changed; the instructor's is run"))
    elif len(copies) > 1:
        intake.notes.append((name, f"the locked cell stands {len(copies)} times; run once"))
    elif copies[0]["cell_type"] != target.cell_type:
        intake.notes.append((name, f"the locked cell was a {copies[0]['cell_type']} cell; put back"))


def read_cells(path, max_bytes):
    """The cells of a notebook file as plain dictionaries: grade_id, id, cell_type, source, pictures.

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


def _plain(cell):
    """What is looked at, each with the type that it must have."""
    source, metadata = cell.get("source"), cell.get("metadata")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    named = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = named.get("grade_id") if isinstance(named, dict) else None
    texts = {"grade_id": name, "id": cell.get("id"), "cell_type": cell.get("cell_type"), "source": source}
    return {key: _text(value) for key, value in texts.items()} | {"pictures": bool(cell.get("attachments"))}


def _text(value):
    return sound(value) if isinstance(value, str) else ""


def _timestamp(path, notes):
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


def _notebook_file(submission, notes):
    """The notebook of the submission; the only one in the folder may have another name."""
    folder = submission.folder
    expected = folder / f"{submission.topic}.ipynb"
    if _exists(expected):
        return expected
    others = sorted(folder.glob("*.ipynb"))
    if len(others) != 1:
        found = f"found {len(others)} with other names" if others else "found none"
        raise Unreadable(f"expected the notebook {expected.name}, {found}")
    notes.append(("", f"the notebook was called {_text(others[0].name)}; graded as {expected.name}"))
    return others[0]


def files_beside(folder, max_bytes, notes):
    """What an answer may read or import: regular files, no notebooks.

    Args:    folder: of the notebook.
             max_bytes: of all together.
             notes: (grade id, text) of what is left out are appended.
    Returns: {name: bytes}.
    """
    files, total = {}, 0
    for home, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith((".", "__pycache__")))
        for name in sorted(names):
            path = Path(home, name)
            if name.startswith(".") or name.endswith(".ipynb") or path == folder / "timestamp.txt":
                continue
            if name.endswith(BINARY_CODE):
                notes.append(("", f"the file {_text(name)} is left out: it is code that cannot be read"))
                continue
            shown = _text(path.relative_to(folder).as_posix())
            try:
                content = _read_regular_file(path, max_bytes - total)
                shown.encode("utf-8", "strict")
            except (Unreadable, UnicodeError) as reason:
                notes.append(("", f"the file {shown} is left out: {reason}"))
                continue
            if len(files) >= MAX_FILES:
                notes.append(("", f"only {MAX_FILES} files beside the notebook are taken"))
                return files
            files[shown], total = content, total + len(content)
    return files


def _read_regular_file(path, max_bytes):
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
        raise Unreadable(
            f"the file has more than {max_bytes / 1e6:g} MB; clear its outputs and hand it in again"
        )
    return content


def _exists(path):
    return os.path.lexists(path)


def _short(error):
    return str(error).splitlines()[0][:80]
