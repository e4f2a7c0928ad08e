"""A running notebook, or a Python file: the sources that a function stands in."""

import contextlib
import itertools
import linecache
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mylib.check.from_scratch.reading import Unread, refuse
from mylib.check.from_scratch.source import LONGEST

MOST = 1000  # files beside a notebook that are read


def refuse_live(function: Any, banned: Sequence[str], names: dict[str, Any]) -> list[Unread]:
    """`refuse` for a function or class of the running notebook, or of a Python file.

    A cell that was run again counts as it is now: its definitions come after the old ones.

    Args:    function: the object.
             banned: as for `refuse`.
             names: global names of whoever asks.
    Returns: as `refuse`.
    Raises:  AssertionError, ValueError: as `refuse`; ValueError also if no global name holds the function.
    """
    own, found = getattr(function, "__name__", None), [name for name in names if names[name] is function]
    if not found:
        raise ValueError(
            "from_scratch: expected a function or class that a cell binds to a name, got "
            f"{own or type(function).__name__}; define it with def or class outside of other functions"
        )
    name = own if own in found else min(found, key=len)
    history, file = names.get("In"), names.get("__file__") or ""
    if isinstance(history, list):
        return refuse(name, history, banned, files_beside(Path.cwd()))
    return refuse(name, ["".join(linecache.getlines(file))], banned, files_beside(Path(file).parent))


def files_beside(folder: Path) -> dict[str, str]:
    """Path to text of the .py files in a folder and in the folders in it: no links, and none too long to be read."""
    found = dict[str, str]()
    for file in itertools.islice(itertools.chain(folder.glob("*.py"), folder.glob("*/*.py")), MOST):
        with contextlib.suppress(OSError):
            about = file.lstat()
            if stat.S_ISREG(about.st_mode) and about.st_size <= LONGEST:
                name = file.relative_to(folder).as_posix()
                found[name] = file.read_text(encoding="utf-8", errors="replace")
    return found
