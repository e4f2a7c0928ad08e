"""A running notebook, or a Python file: the sources that a function stands in."""

import inspect
import itertools
import linecache
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mylib.check.from_scratch import library
from mylib.check.from_scratch.cells import LONGEST, Unread
from mylib.check.from_scratch.reach import refuse
from mylib.check.from_scratch.verdict import OURS


class Folder(Mapping[str, str]):
    """The .py files of a folder, each read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __getitem__(self, name: str) -> str:
        file = self.path / name
        try:
            found = os.lstat(file)
            if file.suffix != ".py" or not stat.S_ISREG(found.st_mode) or found.st_size > LONGEST:
                raise KeyError(name)
            return file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        files = itertools.islice(self.path.glob("*/*.py"), 1000)
        return (file.relative_to(self.path).as_posix() for file in files)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def refuse_live(function: Any, banned: Sequence[str], names: dict[str, Any]) -> list[Unread]:
    """`refuse` for a function or class of the running notebook, or of a Python file.

    A cell that was run again counts as it is now: its definitions come after the old ones.

    Args:    function: the object.
             banned: as for `refuse`.
             names: global names of whoever asks.
    Returns: as `refuse`.
    Raises:  AssertionError, ValueError: as `refuse`; ValueError also if no global name holds the function.
    """
    history = names.get("In")
    if isinstance(history, list):
        name = _name(function, names)
        if name:
            return refuse(name, history, banned, Folder(Path.cwd()))
    for one in map(library.find_banned, banned):
        if library.is_banned(library.Thing("", function), one):
            raise AssertionError(f"{_title(function)} uses {one.name}: {OURS}")
    for home in (_home(function), names):
        if name := _name(function, home):
            file = home.get("__file__") or ""
            return refuse(name, ["".join(linecache.getlines(file))], banned, Folder(Path(file).parent))
    raise ValueError(
        f"from_scratch: expected a function or class that a cell binds to a name, got {_title(function)}; "
        "define it with def or class outside of other functions"
    )


def _name(function: Any, names: dict[str, Any]) -> str:
    """The global name of an object: its own where that is one of them."""
    found = sorted((name for name, value in names.items() if value is function), key=len)
    own = getattr(function, "__name__", None)
    return own if isinstance(own, str) and own in found else (found or [""])[0]


def _home(function: Any) -> dict[str, Any]:
    """The global names among which a function or class was written."""
    inner = inspect.unwrap(function)
    if inspect.isclass(inner):
        return vars(sys.modules[inner.__module__]) if inner.__module__ in sys.modules else {}
    found = getattr(inner, "__globals__", {})
    return found if isinstance(found, dict) else {}


def _title(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))
