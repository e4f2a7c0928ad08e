"""The sources of the site's pages, in the shape of the repository: a link leads to the same thing here and there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
DOCUMENTS = ("docs/data.md",)

Page = tuple[str, str]


def write(source: Path, topics: Sequence[syllabus.Topic], runs: Mapping[str, Run]) -> bool:
    """Write the sources of all pages. A file that says the same already keeps its time, so that Sphinx leaves its page.

    Args:    source: folder to write to.
             topics: whose lectures are taken anew; those of others stay as they were written, if they were.
             runs: {topic: its execution}; without one, a lecture is taken as it is committed.
    Returns: whether there are other pages than before: then the bar at the side of every page is another.
    """
    before = {path for path in source.rglob("*") if path.is_file()}
    kept = {topic.lecture for topic in syllabus.topics()} - {topic.lecture for topic in topics}
    wanted = {source / path: text for path, text in all_pages(runs)}
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if old is None or (old != text and path.relative_to(source) not in kept):
            path.write_text(text, encoding="utf-8")
    for path in before - wanted.keys():
        path.unlink()
    return before != wanted.keys()


@dataclass(frozen=True)
class Course:
    """What there is to show.

    lectures: {topic: the notebook to show}.
    exercises, packages: topics that have one.
    failed: runs that did not reach their end.
    """

    topics: Sequence[syllabus.Topic]
    lectures: Mapping[syllabus.Topic, Path]
    exercises: Sequence[syllabus.Topic]
    packages: Sequence[syllabus.Topic]
    failed: Mapping[str, Run]

    @property
    def parts(self) -> list[str]:
        """Parts that have a topic."""
        return [part for part, _ in groupby(self.topics, key=lambda topic: topic.part)]

    @property
    def decks(self) -> list[str]:
        """Slide decks, as the course meets them."""
        return list(dict.fromkeys(topic.facts.deck for topic in self.topics))

    @property
    def has_terms(self) -> bool:
        """Whether there is a glossary."""
        return any(topic.terms for topic in self.topics)


def all_pages(runs: Mapping[str, Run]) -> Iterator[Page]:
    """Every page: (path from the root of the course, MyST or notebook).

    Args:    runs: {topic: its execution}.
    """
    topics = syllabus.topics()
    course = Course(
        topics,
        lectures(runs),
        [topic for topic in topics if (syllabus.ROOT / topic.exercise).exists()],
        [topic for topic in topics if (syllabus.ROOT / topic.package).is_dir()],
        {name: run for name, run in runs.items() if run.error},
    )
    yield "index.md", _first_page(course)
    yield from _chapters(course)
    for topic, path in course.lectures.items():
        failed = course.failed.get(topic.name)
        yield topic.lecture.as_posix(), notebook(path, _failure(failed) if failed else "")
    yield from _exercise_pages(course)
    yield "lectures/CLAIMS.md", claims.page().replace("| claim | lecture |", "{.sortable}\n| claim | lecture |", 1)
    yield from _deck_pages(course)
    yield from _method_pages(course)
    if course.has_terms:
        yield "glossary.md", _glossary(course)
    for document in _documents():
        yield document, (syllabus.ROOT / document).read_text(encoding="utf-8")


def _documents() -> list[str]:
    return [path for path in DOCUMENTS if (syllabus.ROOT / path).exists()]


def _first_page(course: Course) -> str:
    chapters = [f"lectures/{syllabus.part_folder(part)}/index" for part in course.parts]
    reference = ["lectures/CLAIMS", "slides/index", "methods/index", "methods/gradients"]
    reference += ["glossary"] if course.has_terms else []
    reference += [path.removesuffix(".md") for path in _documents()]
    parts = [
        FIRST,
        *(_failure(run) for run in course.failed.values()),
        *(f"## {part_title(part)}\n\n{_table(part, '')}" for part in course.parts),
        _contents("Lectures", chapters),
        _contents("Practice", ["exercises/index"]),
        _contents("Reference", reference),
    ]
    return "\n\n".join(parts)


def _chapters(course: Course) -> Iterator[Page]:
    """A page for each part."""
    for part in course.parts:
        names = [topic.lecture.stem for topic in course.lectures if topic.part == part]
        text = [f"# {part_title(part)}", _table(part, "../../"), _contents("", names)]
        yield f"lectures/{syllabus.part_folder(part)}/index.md", "\n\n".join(text)


def _exercise_pages(course: Course) -> Iterator[Page]:
    links = [f"- [{topic.title}]({topic.name}/{topic.name}.ipynb)" for topic in course.exercises]
    contents = _contents("", [f"{topic.name} <{topic.name}/{topic.name}>" for topic in course.exercises])
    yield "exercises/index.md", "\n\n".join([EXERCISES, "\n".join(links), contents])
    for topic in course.exercises:
        # As it was released, since this is also what the download button gives.
        yield topic.exercise.as_posix(), (syllabus.ROOT / topic.exercise).read_text(encoding="utf-8")


def _deck_pages(course: Course) -> Iterator[Page]:
    yield "slides/index.md", f"{DECKS}\n{_contents('', [_slug(deck) for deck in course.decks], hidden=False)}"
    for deck in course.decks:
        yield f"slides/{_slug(deck)}.md", _deck(deck, course)


def _method_pages(course: Course) -> Iterator[Page]:
    names = {topic: topic.package.relative_to("mylib").as_posix() for topic in course.packages}
    contents = _contents("", [f"{topic.name} <{name}>" for topic, name in names.items()], hidden=False)
    yield "methods/index.md", f"{METHODS}\n{contents}"
    for topic, name in names.items():
        yield f"methods/{name}.md", methods.topic_page(topic)
    yield "methods/gradients.md", methods.gradients_page()


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


def _deck(deck: str, course: Course) -> str:
    """A deck: for each of its topics a table of slides, methods and claims."""
    parts = [f"# {deck}"]
    for topic in (topic for topic in course.topics if topic.facts.deck == deck):
        link = f"[{topic.title}](../{topic.lecture.as_posix()})" if topic in course.lectures else topic.title
        lines = [f"## {topic.title}", f"Lecture: {link}. Slides {topic.facts.slides}.", ""]
        lines += ["| slide | what it shows | method | claim |", "|---|---|---|---|"]
        for slide, listed in groupby(topic.methods, key=lambda method: method.slide):
            for at, method in enumerate(listed):
                name = f"[{method.name}](../methods/{topic.part}/{topic.name}.md#{_anchor(method.name)})"
                claim = f"[{method.claim}](../lectures/CLAIMS.md#{method.claim})" if method.claim else ""
                lines.append(f"| {slide if at == 0 else ''} | {method.title} | {name} | {claim} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _glossary(course: Course) -> str:
    """Every term in alphabetical order, with the lecture that defines it."""
    terms = sorted(
        ((term, topic) for topic in course.topics for term in topic.terms), key=lambda pair: pair[0].name.lower()
    )
    lines = ["# Glossary", "The words of the lectures, each with the lecture that defines it first.", ":::{glossary}"]
    for term, topic in terms:
        lecture = f"[{topic.title}]({topic.lecture.as_posix()})" if topic in course.lectures else topic.title
        lines.append(f"{term.name}\n  {term.means} ({lecture})\n")
    return "\n\n".join(lines[:2]) + "\n\n" + "\n".join(lines[2:]) + ":::\n"


def _slug(deck: str) -> str:
    return re.sub(r"\W+", "-", deck.lower()).strip("-")


def _anchor(name: str) -> str:
    return name.lower()
