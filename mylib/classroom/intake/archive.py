"""Reading a zip that nobody has vetted: names and sizes are checked on what is really there.

nbgrader's own `zip_collect` hands archives to `shutil.unpack_archive`, which stops at no size, follows what the
directory of the archive claims, and unpacks zips in zips without end. Here nothing is extracted: entries are read
one by one, as bytes, within bounds, and whoever asks decides where they go.
"""

import contextlib
import io
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mylib.classroom.notebook.text import printable

JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints", "__pycache__", ".git")
TIME = tuple[int, int, int, int, int, int]
LONGEST_PATH, LONGEST_PART = 400, 240  # characters; bytes, of which file systems take 255
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error, ValueError)


class Refused(Exception):
    """An archive or an entry that is not read; the message says why."""


@dataclass
class Bounds:
    """What one archive may hold, everything in it together with the zips inside.

    entries: files and folders.
    file_bytes: of one file, unpacked.
    total_bytes: of all files that are read, unpacked.
    """

    entries: int = 20_000
    file_bytes: int = 64_000_000
    total_bytes: int = 2_000_000_000


@dataclass(frozen=True)
class Entry:
    """A file in an archive: its path with "/", cleaned; when it was changed, or None; and how to read it."""

    path: str
    modified: TIME | None
    archive: "Archive"
    info: zipfile.ZipInfo

    def read(self) -> bytes:
        """The content.

        Raises:  Refused: too large, encrypted, damaged.
        """
        return self.archive.read(self.info)


class Archive:
    """An open zip; `entries` are its files in order, `problems` what is no file that can be read."""

    def __init__(self, file: str | Path | IO[bytes], bounds: Bounds, name: str = "") -> None:
        """Read the directory of the archive.

        Args:    file: path, or a binary file.
                 bounds: of `Bounds`; what is read is taken off it.
                 name: for messages.
        Raises:  Refused: no zip, or too many entries.
        """
        self.bounds = bounds
        self.entries: list[Entry] = []
        self.problems: list[str] = []
        try:
            self.zip = zipfile.ZipFile(file)
        except (*BROKEN, NotImplementedError) as error:
            raise Refused(f"expected a zip file, got something else ({printable(str(error), 120)})") from None
        infos = self.zip.infolist()
        bounds.entries -= len(infos)
        if bounds.entries < 0:
            self.zip.close()
            raise Refused(f"expected fewer entries, got {len(infos)}; split the archive")
        found: dict[str, Entry] = {}
        for info in infos:
            try:
                if path := _clean(info):
                    if path.casefold() in found:
                        self.problems.append(f"{name}{printable(path, 120)}: stands there twice; the last one is taken")
                    found[path.casefold()] = Entry(path, _time(info), self, info)
            except Refused as reason:
                self.problems.append(f"{name}{printable(info.filename, 120)}: {reason}")
        self.entries = list(found.values())

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self.zip.close()

    def read(self, info: zipfile.ZipInfo) -> bytes:
        """The bytes of an entry, counted while they are unpacked: what the directory says may be a lie."""
        most = min(self.bounds.file_bytes, self.bounds.total_bytes)
        try:
            with self.zip.open(info) as file:
                content = file.read(most + 1)
        except (*BROKEN, RuntimeError) as error:
            raise Refused(f"is damaged ({printable(str(error), 80)})") from None
        if len(content) > most:
            raise Refused(f"has more than {most / 1e6:g} MB unpacked; it is left out")
        self.bounds.total_bytes -= len(content)
        return content


def inner(entry: Entry, bounds: Bounds) -> Archive:
    """The archive that an entry is."""
    return Archive(io.BytesIO(entry.read()), bounds, f"{printable(entry.path, 120)}: ")


def _clean(info: zipfile.ZipInfo) -> str:
    """The path of an entry that may be read, "" for folders and for what systems leave behind."""
    path = _decoded(info).replace("\\", "/")
    if info.is_dir() or path.endswith("/"):
        return ""
    parts = path.split("/")
    if any(part in JUNK or part.startswith("._") for part in parts):
        return ""
    if path.startswith("/") or ":" in parts[0] or any(part in ("", ".", "..") for part in parts):
        raise Refused("its name leads out of the folder; it is left out")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in path):
        raise Refused("its name holds characters that no file should have; it is left out")
    if len(path) > LONGEST_PATH or _longest(parts) > LONGEST_PART:
        raise Refused(f"expected a name of at most {LONGEST_PART} bytes, got a longer one; it is left out")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise Refused("is a link or a special file; it is left out")
    if info.flag_bits & 0x1:
        raise Refused("is encrypted; ask for it without a password")
    if info.compress_type not in (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    ):  # LZMA may ask for 4 GB of memory
        raise Refused("is packed in a way that is not read; pack it as an ordinary zip")
    return path


def _longest(parts: Iterable[str]) -> int:
    return max(len(part.encode("utf-8", "replace")) for part in parts)


def _decoded(info: zipfile.ZipInfo) -> str:
    """The name; many programs write UTF-8 without saying so, which then reads as code page 437."""
    name = info.filename
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):  # it is in that code page, or in one that nobody can guess
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)


def _time(info: zipfile.ZipInfo) -> TIME | None:
    return info.date_time if info.date_time > (1980, 1, 2, 0, 0, 0) else None
