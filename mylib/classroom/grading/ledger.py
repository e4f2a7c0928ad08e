"""The ledger: which result belongs to which submission, so that nothing is graded twice and nothing is lost.

A finished result is written here before anything else happens to it, under topic, student and the fingerprint of all
that it depends on. A result that arrives twice is kept once. `standing` says which of them is in the gradebook.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from mylib.classroom.grading.examined import Fingerprinted
from mylib.classroom.notebook.verdicts import Outcome

TABLES = """
create table if not exists outcome (
    topic text, student text, sha256 text, content text not null, primary key (topic, student, sha256)
);
create table if not exists standing (
    topic text, student text, parts text not null, primary key (topic, student)
);
"""


class Ledger:
    """One SQLite file; every call is one transaction on disk.

    Args:    path: of the file; made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            database.executescript(TABLES)

    def finish(self, key: tuple[str, str, str], outcome: Outcome) -> None:
        """Keep an outcome; the first one stays where there is one already.

        Args:    key: topic, student, fingerprint.
                 outcome: of `examine`.
        """
        with self._open() as database:
            row = (*key, msgspec.json.encode(outcome).decode())
            database.execute("insert or ignore into outcome values (?, ?, ?, ?)", row)

    def finished(self, key: tuple[str, str, str]) -> Outcome | None:
        """An outcome that is kept, or None; one that an older version wrote is None too."""
        with self._open() as database:
            found = database.execute(
                "select content from outcome where (topic, student, sha256) = (?, ?, ?)", key
            ).fetchone()
        try:
            return msgspec.json.decode(found[0], type=Outcome) if found else None
        except msgspec.DecodeError:
            return None

    def forget(self, key: tuple[str, str, str]) -> None:
        """Drop an outcome, so that it is computed again."""
        with self._open() as database:
            database.execute("delete from outcome where (topic, student, sha256) = (?, ?, ?)", key)

    def recorded(self, one: Fingerprinted) -> None:
        """Note that this result stands in the gradebook now."""
        with self._open() as database:
            row = (*one.key[:2], json.dumps(one.parts))
            database.execute("insert or replace into standing values (?, ?, ?)", row)

    def standing(self, topic: str, student: str) -> dict[str, str] | None:
        """What the grade in the gradebook depends on, part by part; None if there is none."""
        with self._open() as database:
            found = database.execute(
                "select parts from standing where (topic, student) = (?, ?)", (topic, student)
            ).fetchone()
        parts: dict[str, str] | None = json.loads(found[0]) if found else None
        return parts

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=30)) as database, database:
            yield database
