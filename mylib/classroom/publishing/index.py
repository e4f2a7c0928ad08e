"""What follows from the topics' files: the index of the lectures, the README's table, the page of claims."""

from pathlib import Path
from typing import Any

import nbformat

from mylib import syllabus
from mylib.classroom.publishing import claims
from mylib.classroom.publishing.start import WORK

BEGIN, END = "<!-- coverage: written by `mylib index` -->", "<!-- end of coverage -->"


def generated() -> dict[Path, str]:
    """Every generated file.

    Returns: path to text.
    Raises:  ValueError: the README lacks the two comments that the table stands between.
    """
    readme = syllabus.ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"index: expected one {BEGIN} and one {END} in {readme}, got another number; restore them")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    return {
        readme: f"{before}{BEGIN}\n{coverage_table()}{END}{after}",
        syllabus.ROOT / "lectures" / "index.ipynb": nbformat.writes(index_notebook()) + "\n",
        syllabus.ROOT / "lectures" / "CLAIMS.md": claims.page(),
    }


def coverage_table() -> str:
    """One line per topic: its lecture, exercise, slides, and how many methods and claims it has. Markdown."""
    lines = ["| part | lecture | exercise | methods | claims | slides |", "|---|---|---|---:|---:|---|"]
    for topic in syllabus.topics():
        lecture = f"[{topic.title}]({topic.lecture.as_posix()})"
        exercise = f"[{topic.name}]({topic.exercise.as_posix()})"
        lines.append(
            f"| {topic.part} | {lecture} | {exercise} | {len(topic.methods)} | {len(topic.claims)} | {topic.slides} |"
        )
    return "\n".join(lines) + "\n"


def index_notebook() -> Any:
    """The notebook that JupyterLab opens on: links to every lecture and exercise."""
    cells = [
        _text(
            "title",
            "# Deep learning, every method twice\n\nClick a lecture to open it; run it with *Run All*. "
            "Exercises lie in `work/`, "
            "where `mylib start` (or `make lab`) has put your own copies.",
        )
    ]
    for part in syllabus.PARTS:
        topics = [topic for topic in syllabus.topics() if topic.part == part]
        if topics:
            lines = [f"## Part {syllabus.PARTS.index(part) + 1}: {part}", ""]
            for topic in topics:
                lecture = topic.lecture.relative_to("lectures").as_posix()
                exercise = f"../{WORK}/{topic.name}/{topic.name}.ipynb"
                lines.append(f"{topic.number}. [{topic.title}]({lecture}), and its [exercise]({exercise})")
            cells.append(_text(part, "\n".join(lines)))
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return notebook


def _text(name: str, source: str) -> Any:
    return nbformat.v4.new_markdown_cell(source, id=name)
