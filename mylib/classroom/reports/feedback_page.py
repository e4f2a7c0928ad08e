"""One page of feedback: a graded notebook and its marks as a single HTML file, without scripts."""

import functools
import html
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from nbconvert.filters.ansi import strip_ansi
from nbgrader import utils
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from mylib.classroom.notebook.jobs import OWN
from mylib.classroom.notebook.questions import grade_id, is_answer, is_test, question_of
from mylib.classroom.notebook.text import printable
from mylib.classroom.reports.marks import Grade, Mark
from mylib.classroom.reports.page_style import STYLE
from mylib.classroom.reports.sanitise import PICTURE, Texts
from mylib.classroom.reports.titles import titles

PAGE_CHARACTERS = 300_000
CELL_CHARACTERS = 30_000
PAGE_PICTURES = 6_000_000  # characters of pictures as they stand in the page
SLOW_SECONDS = 20.0  # after that, what a student wrote is shown as it was written
PLAIN = "This page would have taken too long to make: texts are shown as they were written, without mark-up."
NOT_READ = "not read yet"
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Feedback on {{ mark.topic }} for {{ who }}</title>
<style>{{ style }}</style></head>
<body>
<header>
<a class="skip" href="#work">To your work</a>
<h1>Feedback on {{ mark.topic }}</h1>
<p class="who">{{ who }}</p>
<p class="points">{{ head }}</p>
{% if lateness %}<p>{{ lateness }}</p>{% endif %}
{% for remark in remarks %}<p class="note cut">{{ remark }}</p>{% endfor %}
</header>
<nav aria-label="Contents">
<h2>Contents</h2>
<table><tr><th scope="col">question</th><th scope="col">points</th></tr>
{% for one in contents %}
<tr><td><a href="#{{ one.anchor }}">{{ one.title }}</a>{% if one.comment %}, with a comment{% endif %}</td>
<td>{{ one.points }}</td></tr>
{% endfor %}
{% if mark.penalty %}
<tr><td>Taken off for handing in late</td><td>-{{ "%g" | format(mark.penalty) }}</td></tr>
{% endif %}
</table>
</nav>
<main id="work">
<h2>Your work</h2>
{% for block in blocks %}{{ block }}
{% endfor %}
</main>
</body></html>
"""
SECTION = """<section id="{{ anchor }}" class="nbgrader_cell" aria-label="{{ name }}">
<p class="label">{% if points %}<span class="mark {{ kind }}">{{ points }}</span> {% endif %}{{ label }}</p>
{{ body }}
{% if comment %}<div class="comment"><p class="label">Comment</p>{{ comment }}</div>{% endif %}
</section>"""


@dataclass(frozen=True)
class Contents:
    """A line of the list of contents."""

    anchor: str
    title: str
    points: str
    comment: bool


@dataclass
class Budget:
    """What a page may still hold. cut: names of cells of which something was left out."""

    characters: int = PAGE_CHARACTERS
    pictures: int = PAGE_PICTURES
    cut: list[str] = field(default_factory=list)

    def text(self, text: str, name: str, granted: int | None = None) -> tuple[str, str]:
        """The part of a text that may be shown, and what is to be said of the rest."""
        most = min(CELL_CHARACTERS, self.characters if granted is None else granted)
        if granted is None:
            self.characters -= min(len(text), most)
        if len(text) <= most:
            return text, ""
        self.cut.append(name)
        return text[:most], f"{len(text) - most:,} of {len(text):,} characters are left out here."


@dataclass(frozen=True)
class Page:
    """A finished page. cut: names of cells that were shortened; plain: nothing a student wrote has mark-up."""

    text: str
    cut: tuple[str, ...]
    plain: bool


def make_page(notebook: Any, mark: Mark, name: str, folder: Path, plain: bool = False) -> Page:
    """Make one page.

    Args:    notebook: autograded, cleaned of hidden tests and of what runs.
             mark: its points.
             name: of the student, as the learning management system calls them; "" if nobody knows.
             folder: of pictures that the instructor's texts show.
             plain: show every text as it was written.
    """
    work = _Work(notebook, mark, Texts(2, folder), plain)
    blocks = [work.block(cell) for cell in notebook.cells]
    cut = tuple(dict.fromkeys(work.budget.cut))
    remarks = [PLAIN] if work.plain else []
    if cut:
        remarks.append(
            f"Shortened here: {len(cut)} of {len(notebook.cells)} cells. A page shows at most "
            f"{CELL_CHARACTERS:,} characters of a cell and {PAGE_CHARACTERS:,} in all. Your points are those of the "
            "whole submission."
        )
    text = _template(PAGE).render(
        mark=mark,
        who=f"{printable(name, 120)} ({mark.student})" if name else mark.student,
        style=Markup(STYLE),
        head=head(mark),
        lateness=lateness(mark),
        remarks=remarks,
        contents=work.contents(),
        blocks=filter(None, blocks),
    )
    return Page(text, cut, work.plain)


def head(mark: Mark) -> str:
    """The points in one line.

    Example:
        >>> head(Mark("ada", "sums", {"q1": Grade(16, 18), "q2": Grade(0, 2, True)}))
        '16 of 18 points so far, 1 answer not read yet (2 points)'
    """
    waiting = mark.waiting
    if not waiting:
        return f"{mark.total:g} of {mark.max_points:g} points"
    open_points = sum(grade.max_points for grade in waiting)
    answers = "1 answer" if len(waiting) == 1 else f"{len(waiting)} answers"
    return (
        f"{mark.total:g} of {mark.max_points - open_points:g} points so far, "
        f"{answers} {NOT_READ} ({open_points:g} points)"
    )


def lateness(mark: Mark) -> str:
    """What is said of the time of handing in; "" for in time."""
    if mark.penalty:
        told = mark.late or "late"
        return f"Handed in {told}: {mark.penalty:g} of the {mark.earned:g} points earned are taken off."
    return f"Handed in {mark.late}." if mark.late else ""


def points_of(grades: list[Grade]) -> str:
    """Points of a cell or a question in words."""
    most = sum(grade.max_points for grade in grades)
    if any(grade.waits for grade in grades):
        read = [grade for grade in grades if not grade.waits]
        so_far = f"{sum(grade.points for grade in read):g} so far, " if read else ""
        return f"{so_far}{NOT_READ} ({most:g} points)"
    return f"{sum(grade.points for grade in grades):g} of {most:g} points"


class _Work:
    """The cells of one notebook on their way to HTML."""

    def __init__(self, notebook: Any, mark: Mark, texts: Texts, plain: bool) -> None:
        self.mark, self.texts, self.plain = mark, texts, plain
        self.started, self.budget = time.monotonic(), Budget()
        self.titles = titles(notebook)
        self.answers = [grade_id(cell) for cell in notebook.cells if is_answer(cell)]
        self.tests = [grade_id(cell) for cell in notebook.cells if is_test(cell)]
        self.granted = self._grant(notebook)

    def _grant(self, notebook: Any) -> dict[str, int]:
        """{cell id: characters}: first to what was asked and answered, then to what a student added."""
        granted = {}
        kept = PAGE_CHARACTERS // 3  # for what the cells showed
        for cell in sorted(notebook.cells, key=lambda cell: cell.id.startswith(OWN)):
            granted[cell.id] = max(0, min(len(cell.source), CELL_CHARACTERS, self.budget.characters - kept))
            self.budget.characters -= granted[cell.id]
        return granted

    def contents(self) -> list[Contents]:
        """A line per question."""
        lines = []
        for name in self.answers:
            grades = [grade for one, grade in self.mark.grades.items() if question_of(one) == name]
            points = points_of(grades) if grades else ""
            lines.append(Contents(name, self.titles[name], points, name in self.mark.comments))
        return lines

    def block(self, cell: Any) -> Markup:
        """One cell and what stands below it."""
        name = grade_id(cell)
        if time.monotonic() - self.started > SLOW_SECONDS:
            self.plain = True
        body = self._source(cell) + self._outputs(cell)
        if is_answer(cell):
            title = self.titles[name]
            return self._section(cell, body, name=f"Your answer, {title}", label=f"Your answer: {title}")
        if is_test(cell):
            return self._section(cell, body, *self._test_name(name))
        if cell.id.startswith(OWN) and cell.cell_type == "code":
            return Markup('<p class="label">A cell of your own</p>{}').format(body)
        return body

    def _test_name(self, name: str) -> tuple[str, str]:
        question = question_of(name)
        own = [one for one in self.tests if question_of(one) == question]
        number = f" {own.index(name) + 1} of {len(own)}" if len(own) > 1 else ""
        title = self.titles.get(question, question)
        return f"Test{number}, {title}", f"Test{number}: {title}"

    def _section(self, cell: Any, body: Markup, name: str, label: str) -> Markup:
        cell_id = grade_id(cell)
        grade = self.mark.grades.get(cell_id)
        points = points_of([grade]) if grade else ""
        kind = "" if not grade or grade.waits else "full" if grade.points >= grade.max_points else "lost"
        comment = self.mark.comments.get(cell_id, "")
        text = _template(SECTION).render(
            anchor=cell_id,
            name=name,
            label=label,
            points=points,
            kind=kind,
            body=body,
            comment=self._markdown(comment) if comment else "",
        )
        return Markup(text)

    def _source(self, cell: Any) -> Markup:
        source, rest = self.budget.text(_shown(cell.source), grade_id(cell) or cell.id, self.granted[cell.id])
        if cell.cell_type == "code":
            if is_test(cell) and not source.strip():
                return Markup("<p>What this test runs is not shown.</p>")
            return _code(source) + _left_out(rest)
        if utils.is_locked(cell) and not cell.id.startswith(OWN):
            shown = Markup(self.texts.instructors(source, dict(cell.get("attachments", {}))))
        else:
            shown = self._markdown(source)
        return Markup('<div class="text_cell_render">{}</div>').format(shown) + _left_out(rest)

    def _markdown(self, source: str) -> Markup:
        if self.plain:
            return _pre(_shown(source), "")
        return Markup(self.texts.students(_shown(source)))

    def _outputs(self, cell: Any) -> Markup:
        if is_test(cell):  # what the instructor's test says is short, and always told
            return Markup("\n").join(map(self._verdict, cell.get("outputs", [])))
        shown = [self._output(output, grade_id(cell) or cell.id) for output in cell.get("outputs", [])]
        return Markup("\n").join(shown)

    def _verdict(self, output: Any) -> Markup:
        if output.output_type == "error":
            text = "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"
            return _pre(printable(_without_colours(text), CELL_CHARACTERS, lines=True), "output failed")
        return self._output(output, "")

    def _output(self, output: Any, name: str) -> Markup:
        if output.output_type == "stream":
            return self._plain_text(output.text, name, "output")
        if output.output_type == "error":
            text = "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"
            return self._plain_text(text, name, "output failed")
        data = output.data
        for kind in ("png", "jpeg"):
            if f"image/{kind}" in data:
                alt = output.get("metadata", {}).get(f"image/{kind}", {}).get("alt", "")
                return self._picture(kind, data[f"image/{kind}"], alt, name)
        plain = _joined(data.get("text/plain", ""))
        if "text/latex" in data and not self.plain:
            text, rest = self.budget.text(_joined(data["text/latex"]), name)
            return Markup('<div class="shown">{}</div>').format(self._markdown(text)) + _left_out(rest)
        if "text/markdown" in data:
            text, rest = self.budget.text(_joined(data["text/markdown"]), name)
            return Markup('<div class="shown">{}</div>').format(self._markdown(text)) + _left_out(rest)
        if "text/html" in data and not self.plain and (not plain or plain.startswith("<IPython.core.display")):
            text, rest = self.budget.text(_joined(data["text/html"]), name)
            shown = Markup(self.texts.shown_html(_shown(text)))
            return Markup('<div class="shown">{}</div>').format(shown) + _left_out(rest)
        return self._plain_text(plain, name, "output") if plain else Markup("")

    def _plain_text(self, text: str, name: str, kind: str) -> Markup:
        text, rest = self.budget.text(_joined(text), name)
        return _pre(_shown(_without_colours(text)).rstrip("\n"), kind) + _left_out(rest)

    def _picture(self, kind: str, data: Any, alt: Any, name: str) -> Markup:
        address = f"data:image/{kind};base64,{''.join(_joined(data).split())}"
        if not PICTURE.fullmatch(address) or len(address) > self.budget.pictures:
            self.budget.cut.append(name)
            return _left_out("A picture is left out here: it is none, or the pictures of this page are too large.")
        self.budget.pictures -= len(address)
        told = printable(str(alt), 1_000) or "What the code above drew"
        return Markup('<p><img src="{}" alt="{}"></p>').format(address, told)


def _shown(text: str) -> str:
    """Lines that show all that is in them; Windows ends them in its own way."""
    return printable(text.replace("\r\n", "\n"), lines=True)


def _without_colours(text: str) -> str:
    return str(strip_ansi(text))


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _left_out(text: str) -> Markup:
    return Markup('<p class="cut">{}</p>').format(text) if text else Markup("")


def _pre(text: str, kind: str) -> Markup:
    return Markup('<pre class="{}">{}</pre>').format(kind, text) if kind else Markup("<pre>{}</pre>").format(text)


def _code(source: str) -> Markup:
    formatter = HtmlFormatter(nowrap=True)
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    coloured = highlight(source, lexer, formatter) if source else html.escape(source)
    return Markup(f'<pre class="highlight"><code>{coloured}</code></pre>')


@functools.cache
def _template(source: str) -> Any:
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
