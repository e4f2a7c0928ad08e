"""What follows from the topics' files: the index of the lectures, the README's table, the page of claims."""

import math
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
    """The notebook that JupyterLab opens on: for every topic its lecture and exercise, and what to expect of them."""
    head = (
        "# Deep learning, every method twice\n\nClick a lecture to open it; run it with *Run All*. "
        f"Exercises lie in `{WORK}/`, where `mylib start` (or `make lab`) has put your own copies. "
        "What the slides claim, and what was measured here, stands in [CLAIMS.md](CLAIMS.md). "
        "Minutes are for reading and running a lecture, without its exercise."
    )
    cells = [_text("title", head)]
    for part in syllabus.PARTS:
        if any(topic.part == part for topic in syllabus.topics()):
            cells.append(_text(part, f"## {part_title(part)}\n\n{lecture_table(part)}"))
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return notebook


def part_title(part: str) -> str:
    """Heading of a part.

    Example:
        >>> part_title("few_labels")
        'Part 5: few labels'
    """
    return f"Part {syllabus.PARTS.index(part) + 1}: {part.replace('_', ' ')}"


def lecture_table(part: str) -> str:
    """One line per topic of a part, with links from `lectures/`. Markdown."""
    lines = ["| no. | lecture | exercise | minutes | level | builds on | deck |", "|---:|---|---|---:|---|---|---|"]
    return "\n".join([*lines, *(_row(topic) for topic in syllabus.topics() if topic.part == part)])


def _row(topic: syllabus.Topic) -> str:
    written, released = ((syllabus.ROOT / path).exists() for path in (topic.lecture, topic.exercise))
    lecture = f"[{topic.title}]({_from_index(topic)})" if written else topic.title
    exercise = f"[{topic.name}](../{WORK}/{topic.name}/{topic.name}.ipynb)" if released else ""
    before = ", ".join(f"[{name}]({_from_index(syllabus.topic(name))})" for name in topic.facts.builds_on)
    facts = topic.facts
    return (
        f"| {topic.number} | {lecture} | {exercise} | {_minutes(syllabus.ROOT / topic.lecture)} | {facts.difficulty} | "
        f"{before} | {facts.deck} |"
    )


def _from_index(topic: syllabus.Topic) -> str:
    return topic.lecture.relative_to("lectures").as_posix()


def _minutes(path: Path) -> str:
    """About how long a lecture takes, to five minutes; "" where none is written yet.

    Technical text with formulas is read at some 120 words a minute, code at some 15 lines; 45 s are for running it.
    """
    if not path.exists():
        return ""
    cells = nbformat.read(path, as_version=4).cells
    words = sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    shown = [
        cell.source for cell in cells if cell.cell_type == "code" and "drawing" not in cell.metadata.get("tags", [])
    ]
    shown += [
        out["data"].get("text/markdown", "") for cell in cells for out in cell.get("outputs", []) if "data" in out
    ]
    return str(5 * math.ceil((words / 120 + sum(text.count("\n") + 1 for text in shown) / 15 + 0.75) / 5))


def _text(name: str, source: str) -> Any:
    return nbformat.v4.new_markdown_cell(source, id=name)
