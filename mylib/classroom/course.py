"""The course on disk: its folders, its topics, and nbgrader's configuration of both."""

import contextlib
import logging
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader

CONFIG_FILE = "nbgrader_config.py"
# Contended OpenMP threads turn one second of a kernel into three and a half.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    cell_seconds: wall clock of one cell, or of one part of a test.
    submission_seconds: wall clock of everything.
    notebook_bytes: of the submitted file, and of the files beside it together.
    address_bytes: address space of one process; PyTorch alone takes 0.7 GB.
    resident_bytes: memory of all processes.
    processes: at a time.
    file_bytes, folder_bytes: of one file, and of all that is written.
    output_bytes: that one cell shows.
    iopub_seconds: for outputs to arrive; 4, the usual, discards sound submissions on a loaded machine.
    """

    cell_seconds: float = 30
    submission_seconds: float = 120
    notebook_bytes: int = 20_000_000
    address_bytes: int = 3_000_000_000
    resident_bytes: int = 2_000_000_000
    processes: int = 64
    file_bytes: int = 64_000_000
    folder_bytes: int = 128_000_000
    output_bytes: int = 1_000_000
    iopub_seconds: float = 30


@dataclass(frozen=True)
class Course:
    """Folders of one course; `open_course` makes it."""

    root: Path
    build: Path
    config: Config

    @property
    def solutions(self):
        """The instructor's notebooks, nbgrader's source directory."""
        return self.root / "solutions"

    @property
    def exercises(self):
        """The students' notebooks, nbgrader's release directory."""
        return self.root / "exercises"

    @property
    def answers(self):
        """The bank of right and wrong answers."""
        return self.root / "tests" / "answers"

    @property
    def submitted(self):
        """What students handed in, untouched."""
        return self.build / "submitted"

    @property
    def intake(self):
        """Submissions rebuilt on the instructor's notebook: what autograding reads."""
        return self.build / "intake"

    @property
    def results(self):
        """One file per graded submission: notes and the message of every test cell."""
        return self.build / "results"

    @property
    def db_url(self):
        """nbgrader's gradebook."""
        return f"sqlite:///{self.build / 'gradebook.db'}"

    def topics(self, only=None):
        """Names of the topics that have a solution notebook, sorted.

        Args:    only: a single topic to keep, or None.
        Raises:  ValueError: that topic has no solution notebook.
        """
        found = sorted(
            path.stem for path in self.solutions.glob("*/*.ipynb") if path.stem == path.parent.name
        )
        if only is None:
            return found
        if only not in found:
            raise ValueError(
                f"topic: expected one with solutions/<topic>/<topic>.ipynb ({', '.join(found) or 'none yet'}), "
                f"got {only!r}"
            )
        return [only]

    def solution(self, topic):
        """Path of the instructor's notebook of a topic."""
        return self.solutions / topic / f"{topic}.ipynb"

    def exercise(self, topic):
        """Path of the students' notebook of a topic."""
        return self.exercises / topic / f"{topic}.ipynb"

    def directory(self, **overrides):
        """nbgrader's CourseDirectory, with some settings replaced."""
        from nbgrader.coursedir import CourseDirectory

        settings = {"root": str(self.root), "db_url": self.db_url} | overrides
        return CourseDirectory(config=self.config, **{key: str(value) for key, value in settings.items()})


def open_course(root=None, output=None):
    """The course whose `nbgrader_config.py` stands in a folder or above it.

    Args:    root: folder to start from; the current one without.
             output: folder for everything that grading makes, in place of build/classroom.
    Raises:  ValueError: no such file there or above.
    """
    start = Path(root or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIG_FILE).is_file():
            config = PyFileConfigLoader(CONFIG_FILE, path=str(folder)).load_config()
            graded = Path(config.CourseDirectory.db_url.removeprefix("sqlite:///")).parent
            return Course(folder, Path(output).resolve() if output else graded, config)
    raise ValueError(
        f"course: expected {CONFIG_FILE} in {start} or above it, found none; "
        "run inside the repository or give --course DIR"
    )


@contextlib.contextmanager
def nbgrader_environment():
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


def private_sockets(folder):
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


class Quiet(logging.Handler):
    """Collects nbgrader's error messages in place of printing them."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.messages = []

    def emit(self, record):
        """Keep the message."""
        self.messages.append(record.getMessage())


def convert(converter):
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
