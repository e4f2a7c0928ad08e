"""The course on disk: its folders and its topics."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitlets.config import Config, PyFileConfigLoader  # type: ignore[attr-defined]  # not in its __all__

CONFIG_FILE = "nbgrader_config.py"


@dataclass(frozen=True)
class Course:
    """Folders of one course; `open_course` makes it."""

    root: Path
    build: Path
    config: Config

    @property
    def solutions(self) -> Path:
        """The instructor's notebooks, nbgrader's source directory."""
        return self.root / "solutions"

    @property
    def exercises(self) -> Path:
        """The students' notebooks, nbgrader's release directory."""
        return self.root / "exercises"

    @property
    def answers(self) -> Path:
        """The bank of right and wrong answers."""
        return self.root / "tests" / "answers"

    @property
    def submitted(self) -> Path:
        """What students handed in, untouched."""
        return self.build / "submitted"

    @property
    def results(self) -> Path:
        """One file per graded submission: notes and the message of every test cell."""
        return self.build / "results"

    @property
    def db_url(self) -> str:
        """nbgrader's gradebook."""
        return f"sqlite:///{self.build / 'gradebook.db'}"

    def topics(self, only: str | None = None) -> list[str]:
        """Names of the topics that have a solution notebook, sorted.

        Args:    only: a single topic to keep, or None.
        Raises:  ValueError: that topic has no solution notebook.
        """
        found = sorted(path.stem for path in self.solutions.glob("*/*.ipynb") if path.stem == path.parent.name)
        if only is None:
            return found
        if only not in found:
            raise ValueError(
                f"topic: expected one with solutions/<topic>/<topic>.ipynb ({', '.join(found) or 'none yet'}), "
                f"got {only!r}{_meant(only, found)}"
            )
        return [only]

    def solution(self, topic: str) -> Path:
        """Path of the instructor's notebook of a topic."""
        return self.solutions / topic / f"{topic}.ipynb"

    def exercise(self, topic: str) -> Path:
        """Path of the students' notebook of a topic."""
        return self.exercises / topic / f"{topic}.ipynb"

    def directory(self, **overrides: Any) -> Any:
        """nbgrader's CourseDirectory, with some settings replaced."""
        from nbgrader.coursedir import CourseDirectory

        settings = {"root": str(self.root), "db_url": self.db_url} | overrides
        return CourseDirectory(config=self.config, **{key: str(value) for key, value in settings.items()})


def _meant(name: str, known: list[str]) -> str:
    """A question, where a name is nearly one that is known."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def open_course(root: str | Path | None = None, output: str | Path | None = None) -> Course:
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
