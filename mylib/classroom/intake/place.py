"""Where submissions go: whole or not at all, never over another one unasked, never an older one over a newer one."""

import itertools
import os
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from mylib.classroom.course.folders import Course
from mylib.classroom.intake.names import attachment_number
from mylib.classroom.intake.roster import Handed
from mylib.classroom.notebook.text import printable

COLLECTED, REPLACED, SAME, APART = "collected", "replaced", "the same is there", "left out"


class Place:
    """Where submissions go; writes nowhere else."""

    def __init__(self, course: Course, replace: bool, dry_run: bool, stack: ExitStack, rows: Iterable[Handed]) -> None:
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
        first, second = attachment_number(new.file), attachment_number(there.file)
        if first is not None and second is not None:
            return first < second
    return bool(new.modified and there.modified) and new.modified < there.modified


def _content(folder: Path) -> dict[str, bytes | None]:
    """Relative path to bytes of what lies in a folder; None for what is no folder of regular files."""
    if folder.is_symlink() or not folder.is_dir():
        return {}
    files = [path for path in folder.rglob("*") if not path.is_dir() and path.name != "timestamp.txt"]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() and not path.is_symlink() else None
        for path in files
    }
