"""nbgrader's commands, called from here or from JupyterLab: environment, sockets, one line in place of a log."""

import contextlib
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from traitlets.config import Config

from mylib.classroom.course.limits import ONE_THREAD
from mylib.classroom.notebook.questions import is_test
from mylib.classroom.notebook.symbols import names
from mylib.classroom.notebook.verdicts import failure

UNDEFINED = re.compile(r"name '(\w+)' is not defined")


@contextlib.contextmanager
def nbgrader_environment() -> Iterator[None]:
    """The environment variables that nbgrader and its kernels need.

    nbgrader calls `alembic` by its bare name: where the virtual environment is not activated, that fails once
    and leaves a broken gradebook behind.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    changes = {"PATH": path, **ONE_THREAD}
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def private_sockets(folder: str | Path) -> Config:
    """Settings with which a kernel talks over files that nobody else can open.

    Over TCP, other users of the machine can listen; Windows has nothing else.

    Args:    folder: private and with a short path.
    Returns: traitlets Config.
    """
    settings = Config()
    if os.name == "posix":
        settings.KernelManager.transport = "ipc"
        settings.KernelManager.ip = os.path.join(folder, "kernel")
    return settings


def no_answer_yet(cell: Any, **_: Any) -> None:
    """Say of an untouched question one line, and no traceback: `on_cell_error` of nbgrader's Validate button.

    A function that is not written raises NotImplementedError in its test; a class, where it is defined, so that the
    test finds no such name.

    Args:    cell: that failed; its outputs are changed in place.
    """
    for output in cell.outputs:
        if output.output_type != "error":
            continue
        missing = UNDEFINED.search(output.evalue) if output.ename == "NameError" else None
        if missing and is_test(cell) and missing[1] in names(cell.source).used:
            output.traceback = [f"NameError: {missing[0]}: no answer yet, or its cell fails"]
        elif output.ename == "NotImplementedError":
            output.traceback = [failure(output.ename, output.evalue)]


class Quiet(logging.Handler):
    """Collects nbgrader's error messages in place of printing them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.messages.append(record.getMessage())


def convert(converter: Any) -> None:
    """Run an nbgrader converter without its log on screen.

    Raises:  RuntimeError: the conversion failed; the message is the last line of what nbgrader logged.
    """
    from nbgrader.converters.base import NbGraderException
    from sqlalchemy.exc import SAWarning

    log = logging.Logger("nbgrader", logging.WARNING)
    heard = Quiet()
    log.addHandler(heard)
    converter.log = log
    try:
        with nbgrader_environment(), warnings.catch_warnings():
            # nbgrader 0.9.6 reads the rows of a new submission before they are saved; SQLAlchemy mentions it.
            warnings.filterwarnings("ignore", "Object of type .* not in session", SAWarning)
            converter.start()
    except NbGraderException as error:
        # nbgrader logs the traceback of the cause and raises a message that says only that there was one.
        causes = [message for message in heard.messages if message.startswith("Traceback")]
        lines = causes[-1].strip().splitlines() if causes else [str(error)]
        # The last line that is flush left and no afterthought of SQLAlchemy's is the exception itself.
        reason = next((line for line in reversed(lines) if line[:1] not in " (["), lines[-1])
        raise RuntimeError(reason) from error
