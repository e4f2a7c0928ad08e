"""A student's own copies: exercises and lectures in work/, which nobody else writes to."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from mylib.classroom.course.folders import Course

WORK = "work"
SETTINGS = Path(__file__).parent / "jupyter"  # of JupyterLab: no question about news, no request for updates


@dataclass
class Started:
    """What `start` did, as paths below work/.

    copied: that were not there.
    kept: that were there, and differ from what the course has now; nothing was written.
    """

    folder: Path
    copied: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)


def start(course: Course, topic: str | None = None) -> Started:
    """Copy what is not there yet; what is there is never touched.

    Args:    course: of `open_course`.
             topic: only its exercise; all exercises, and the lectures, without.
    Returns: `Started`.
    Raises:  ValueError: no such exercise.
    """
    done = Started(course.root / WORK)
    for name in _exercises(course, topic):
        for path in sorted((course.exercises / name).rglob("*")):
            if path.is_file() and ".ipynb_checkpoints" not in path.parts:
                _copy(path, Path(path.relative_to(course.exercises)), done)
    lectures = course.root / "lectures"
    if topic is None and lectures.is_dir():
        for path in sorted(lectures.glob("*/*.ipynb")):
            _copy(path, Path("lectures", path.relative_to(lectures)), done, {"../../exercises/": "../../"})
        index = lectures / "index.ipynb"
        if index.exists():
            places = [f"{path.parent.name}/{path.name}" for path in lectures.glob("*/*.ipynb")]
            links = {f"({place})": f"(lectures/{place})" for place in places}
            _copy(index, Path(index.name), done, {f"(../{WORK}/": "("} | links)
    return done


def _exercises(course: Course, topic: str | None) -> list[str]:
    found = sorted(path.name for path in course.exercises.glob("*/") if (path / f"{path.name}.ipynb").exists())
    if topic is None:
        return found
    if topic not in found:
        raise ValueError(f"start: expected an exercise of {', '.join(found) or 'none yet'}, got {topic!r}")
    return [topic]


def _copy(source: Path, place: Path, done: Started, links: dict[str, str] | None = None) -> None:
    """One file, with links that lead to the other copies."""
    content = source.read_bytes()
    for old, new in (links or {}).items():
        content = content.replace(old.encode(), new.encode())
    target = done.folder / place
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as file:  # fails where there is one, whoever wrote it and when
            file.write(content)
        done.copied.append(place)
    except FileExistsError:
        if target.read_bytes() != content:
            done.kept.append(place)


def lab_command(course: Course, options: list[str]) -> tuple[list[str], dict[str, str]]:
    """JupyterLab, opened on the student's own copies.

    Args:    course: of `open_course`.
             options: of `jupyter lab`, which come last.
    Returns: command, and its environment.
    """
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={course.root}"]
    command += [f"--LabApp.default_url=/lab/tree/{WORK}/index.ipynb"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    known = [str(SETTINGS), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    return [*command, *options], os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join(known)}
