"""The ledger: which result belongs to which submission, so that nothing is graded twice and nothing is lost.

A finished result is written here before anything else happens to it, under assignment, student and the SHA-256 of all
that it depends on. A result that arrives twice is kept once. `current` says which of them stands in the gradebook.
"""

import functools
import hashlib
import importlib.metadata
import json
import sqlite3
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import mylib

TABLES = """
create table if not exists result (
    assignment text, student text, sha256 text, content text not null, primary key (assignment, student, sha256)
);
create table if not exists current (
    assignment text, student text, sha256 text not null, primary key (assignment, student)
);
"""


class Ledger:
    """One SQLite file; every call is one transaction on disk.

    Args:    path: of the file; made where it is missing.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as database, database:
            database.executescript(TABLES)

    def finish(self, assignment, student, sha256, content):
        """Keep a result; the first one stays where there is one already.

        Args:    assignment, student, sha256: its key.
                 content: JSON.
        """
        with closing(self._open()) as database, database:
            row = (assignment, student, sha256, json.dumps(content))
            database.execute("insert or ignore into result values (?, ?, ?, ?)", row)

    def finished(self, assignment, student, sha256):
        """The content of a result, or None."""
        key = (assignment, student, sha256)
        with closing(self._open()) as database:
            found = database.execute(
                "select content from result where (assignment, student, sha256) = (?, ?, ?)", key
            ).fetchone()
        return json.loads(found[0]) if found else None

    def recorded(self, assignment, student, sha256):
        """Note that this result stands in the gradebook now."""
        with closing(self._open()) as database, database:
            database.execute("insert or replace into current values (?, ?, ?)", (assignment, student, sha256))

    def current(self, assignment, student):
        """The SHA-256 of what stands in the gradebook, or ""."""
        with closing(self._open()) as database:
            found = database.execute(
                "select sha256 from current where (assignment, student) = (?, ?)", (assignment, student)
            ).fetchone()
        return found[0] if found else ""

    def _open(self):
        return sqlite3.connect(self.path, timeout=30)


def fingerprint(intake, solution, limits):
    """SHA-256 of everything that a grade depends on.

    Args:    intake: of `rebuild.take_in`: answers, files, notes, time of handing in.
             solution: text of the instructor's notebook.
             limits: of `Limits`.
    Returns: hex digits.
    """
    files = {name: hashlib.sha256(content).hexdigest() for name, content in intake.files.items()}
    answers = [[cell.id, cell.source] for cell in intake.notebook.cells]
    said = [answers, files, intake.notes, intake.unreadable, intake.timestamp]
    numbers = {name: float(value) for name, value in asdict(limits).items()}  # 30 s are 30.0 s
    everything = [said, solution, numbers, environment()]
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


@functools.cache
def environment():
    """SHA-256 of the Python, its packages, and this one's own code."""
    # A set: a package that is found twice, from here and from elsewhere, is one.
    packages = sorted(
        {f"{one.metadata['Name']}=={one.version}" for one in importlib.metadata.distributions()}
    )
    digest = hashlib.sha256(json.dumps([sys.version, packages]).encode())
    home = Path(mylib.__file__).parent
    for path in sorted(home.rglob("*.py")):
        digest.update(path.relative_to(home).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
