"""The sources of the site's pages, in the shape of the repository: a link leads to the same thing here and there."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat

from mylib import syllabus
from mylib.classroom.publishing import claims
from mylib.classroom.publishing.execute import Run, own_cells, tidy
from mylib.classroom.publishing.index import lecture_table, part_title
from mylib.classroom.publishing.site import methods
from mylib.classroom.publishing.start import WORK

TAGS = {"drawing": "hide-input", "needs": "remove-cell"}  # a drawing is folded: its picture is what people came for
CHECKED = re.compile(r"(?m)^# NBVAL_\w+\n?")  # a mark for the tests
FIRST = """\
# Deep learning, every method twice

Each lecture shows its methods from scratch in NumPy and as GPU-ready PyTorch, run on real data. Each has an exercise
that grades what you write, and claim cards that say whether what its slides claim was reproduced.
"""
EXERCISES = """\
# Exercises

Download one with the button on top of its page, or run `mylib start` in a copy of the course: it puts your own copies
into `work/`. `mylib validate` says what the visible tests say of an answer.
"""
DECKS = """\
# The course, slide by slide

For each deck the slides in the order of its lectures, with the methods that they show and what was measured of what
they claim.
"""
METHODS = """\
# Methods

Every public name of the library, with both sides beside each other: NumPy from scratch, and PyTorch.
"""

Page = tuple[str, str]


def write(source: Path, topics: Sequence[syllabus.Topic], runs: Mapping[str, Run]) -> None:
    """Write the sources of all pages. A file that says the same already keeps its time, so that Sphinx leaves its page.

    Args:    source: folder to write to.
             topics: whose lectures are taken anew; those of others stay as they were written, if they were.
             runs: {topic: its execution}; without one, a lecture is taken as it is committed.
    """
    kept = {topic.lecture for topic in syllabus.topics()} - {topic.lecture for topic in topics}
    wanted = {source / path: text for path, text in all_pages(runs)}
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if old is None or (old != text and path.relative_to(source) not in kept):
            path.write_text(text, encoding="utf-8")
    for path in [path for path in source.rglob("*") if path.is_file() and path not in wanted]:
        path.unlink()


def all_pages(runs: Mapping[str, Run]) -> Iterator[Page]:
    """Every page: (path from the root of the course, MyST or notebook).

    Args:    runs: {topic: its execution}.
    """
    topics = syllabus.topics()
    shown = lectures(runs)
    exercises = [topic for topic in topics if (syllabus.ROOT / topic.exercise).exists()]
    packages = [topic for topic in topics if (syllabus.ROOT / topic.package).is_dir()]
    parts = [part for part, _ in groupby(topics, key=lambda topic: topic.part)]
    failed = [run for run in runs.values() if run.error]
    decks = dict.fromkeys(topic.facts.deck for topic in topics)

    chapters = [f"lectures/{syllabus.part_folder(part)}/index" for part in parts]
    reference = ["lectures/CLAIMS", "slides/index", "methods/index", "methods/gradients"]
    reference += ["glossary"] if any(topic.terms for topic in topics) else []
    documents = [path for path in ("docs/data.md",) if (syllabus.ROOT / path).exists()]
    tables = [f"## {part_title(part)}\n\n{_table(part, '')}" for part in parts]
    yield (
        "index.md",
        "\n\n".join(
            [
                FIRST,
                *(_failure(run) for run in failed),
                *tables,
                _contents("Lectures", chapters),
                _contents("Practice", ["exercises/index"]),
                _contents("Reference", [*reference, *(path.removesuffix(".md") for path in documents)]),
            ]
        ),
    )
    for part in parts:
        own = [topic for topic in topics if topic.part == part]
        text = [f"# {part_title(part)}", _table(part, "../../")]
        names = [topic.lecture.stem for topic in own if topic in shown]
        yield f"lectures/{syllabus.part_folder(part)}/index.md", "\n\n".join([*text, _contents("", names)])
    for topic, path in shown.items():
        run = runs.get(topic.name)
        yield topic.lecture.as_posix(), notebook(path, _failure(run) if run and run.error else "")
    yield (
        "exercises/index.md",
        "\n\n".join(
            [
                EXERCISES,
                "\n".join(f"- [{topic.title}]({topic.name}/{topic.name}.ipynb)" for topic in exercises),
                _contents("", [f"{topic.name} <{topic.name}/{topic.name}>" for topic in exercises]),
            ]
        ),
    )
    for topic in exercises:
        # As it was released, since this is also what the download button gives.
        yield topic.exercise.as_posix(), (syllabus.ROOT / topic.exercise).read_text(encoding="utf-8")
    yield "lectures/CLAIMS.md", claims.page().replace("| claim | lecture |", "{.sortable}\n| claim | lecture |", 1)
    yield "slides/index.md", "\n\n".join([DECKS, _contents("", [_slug(deck) for deck in decks], hidden=False)])
    for deck in decks:
        yield f"slides/{_slug(deck)}.md", _deck(deck, [topic for topic in topics if topic.facts.deck == deck], shown)
    names = [topic.package.relative_to("mylib").as_posix() for topic in packages]
    yield (
        "methods/index.md",
        "\n\n".join([METHODS, _contents("", [f"{name.split('/')[-1]} <{name}>" for name in names], hidden=False)]),
    )
    for topic, name in zip(packages, names, strict=True):
        yield f"methods/{name}.md", methods.topic_page(topic)
    yield "methods/gradients.md", methods.gradients_page()
    if "glossary" in reference:
        yield "glossary.md", _glossary(topics, shown)
    for document in documents:
        yield document, (syllabus.ROOT / document).read_text(encoding="utf-8")


def lectures(runs: Mapping[str, Run]) -> dict[syllabus.Topic, Path]:
    """The notebook to show of each topic: its run's, or the committed one; none where that is missing.

    Args:    runs: {topic: its execution}.
    """
    found = {
        topic: runs[topic.name].notebook if topic.name in runs else syllabus.ROOT / topic.lecture
        for topic in syllabus.topics()
    }
    return {topic: path for topic, path in found.items() if path.exists()}


def _failure(run: Run) -> str:
    return f":::{{error}}\n{syllabus.topic(run.topic).title}: this run failed. `{run.error}`\n:::"


def _contents(caption: str, names: Sequence[str], hidden: bool = True) -> str:
    """A table of contents, which also gives the bar at the side and what is previous and next."""
    options = [":hidden:"] if hidden else []
    options += [f":caption: {caption}"] if caption else []
    return "\n".join(["```{toctree}", *options, "", *names, "```"])


def _table(part: str, up: str) -> str:
    """The table of a part, with links from the root of the course, or from a folder below it."""
    text = lecture_table(part).replace(f"](../{WORK}/", f"]({up}exercises/")
    return re.sub(r"\]\((?=\d\d_)", f"]({up}lectures/", text)


def notebook(path: Path, before: str) -> str:
    """A lecture as the site shows it: drawings folded, marks of the tests gone, links to the index to the first page.

    Args:    path: of the notebook.
             before: text to stand below its title.
    """
    shown = tidy(nbformat.read(path, as_version=4))
    shown.cells = own_cells(shown)
    for cell in shown.cells:
        cell.metadata = _metadata(cell.metadata)
        if cell.cell_type == "markdown":
            cell.source = _links(cell.source)
        else:
            cell.source = CHECKED.sub("", cell.source)
            for output in cell.get("outputs", ()):
                for kind in ("text/html", "text/markdown"):
                    if kind in output.get("data", {}):
                        output.data[kind] = _links(output.data[kind])
    if before:
        shown.cells.insert(1, nbformat.v4.new_markdown_cell(before, id="failure"))
    return str(nbformat.writes(shown)) + "\n"


def _metadata(metadata: Any) -> dict[str, Any]:
    return {"tags": [TAGS.get(tag, tag) for tag in metadata.get("tags", ())]}


def _links(text: str) -> str:
    """Links as the site has them: the index is the first page, headings are named as Sphinx names them."""
    text = re.sub(r"\]\(((?:\.\./)+)index\.ipynb", lambda link: f"]({link[1]}../index.md", text)
    text = re.sub(r"(\]\([^)\s:]*#)([^)\s]+)\)", lambda link: f"{link[1]}{link[2].lower()})", text)
    return re.sub(r'href="([^":#]+)\.(?:ipynb|md)(#[^"]*)?"', r'href="\1.html\2"', text)


def _deck(deck: str, topics: Sequence[syllabus.Topic], shown: Container[syllabus.Topic]) -> str:
    """A deck: for each of its topics a table of slides, methods and claims."""
    parts = [f"# {deck}"]
    for topic in topics:
        link = f"[{topic.title}](../{topic.lecture.as_posix()})" if topic in shown else topic.title
        lines = [f"## {topic.title}", f"Lecture: {link}. Slides {topic.facts.slides}.", ""]
        lines += ["| slide | what it shows | method | claim |", "|---|---|---|---|"]
        for slide, listed in groupby(topic.methods, key=lambda method: method.slide):
            for at, method in enumerate(listed):
                name = f"[{method.name}](../methods/{topic.part}/{topic.name}.md#{_anchor(method.name)})"
                claim = f"[{method.claim}](../lectures/CLAIMS.md#{method.claim})" if method.claim else ""
                lines.append(f"| {slide if at == 0 else ''} | {method.title} | {name} | {claim} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _glossary(topics: Sequence[syllabus.Topic], shown: Container[syllabus.Topic]) -> str:
    """Every term in alphabetical order, with the lecture that defines it."""
    terms = sorted(((term, topic) for topic in topics for term in topic.terms), key=lambda pair: pair[0].name.lower())
    lines = ["# Glossary", "The words of the lectures, each with the lecture that defines it first.", ":::{glossary}"]
    for term, topic in terms:
        lecture = f"[{topic.title}]({topic.lecture.as_posix()})" if topic in shown else topic.title
        lines.append(f"{term.name}\n  {term.means} ({lecture})\n")
    return "\n\n".join(lines[:2]) + "\n\n" + "\n".join(lines[2:]) + ":::\n"


def _slug(deck: str) -> str:
    return re.sub(r"\W+", "-", deck.lower()).strip("-")


def _anchor(name: str) -> str:
    return name.lower()
