"""Answers that are alike: a listing for a person to read. It is no verdict.

Two answers are compared as sequences of tokens (see `likeness`), without the lines that the release gives to
everybody. Nothing is executed.
"""

import difflib
import itertools
import math
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bs4 import BeautifulSoup
from jinja2 import Environment
from markupsafe import Markup, escape
from rich.table import Table
from rich.text import Text

from mylib.classroom.authoring.release import skeleton
from mylib.classroom.course.folders import Course
from mylib.classroom.course.limits import Limits
from mylib.classroom.intake.rebuild import find, take_in
from mylib.classroom.notebook.questions import grade_id, is_answer
from mylib.classroom.notebook.text import printable
from mylib.classroom.reports import likeness

FEW_TOKENS = 40  # below, right answers that were written independently are alike
MANY_CHARACTERS = 50_000
MANY_TOKENS = 5_000  # the matcher takes up to the square of it: seconds a pair
MANY_LINES = 500
MANY_PAGES = 200
MANY_ROWS = 40  # on the screen
SAMPLE = 500  # pairs that tell what is usual
NOTE = (
    "These answers are alike once names, comments and layout are set aside. That is no verdict: a question may leave "
    "little choice, students may have worked together where they were allowed to, and both may follow the lecture. "
    "Read both, and talk to both."
)
STYLE = Markup("""<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #222; }
.note { border-left: 4px solid #0072B2; padding: 0.3rem 1rem; background: #f2f7fb; max-width: 50rem; }
table.pairs { border-collapse: collapse; } .pairs td, .pairs th { padding: 0.2rem 0.9rem 0.2rem 0; text-align: left; }
.pairs tr { border-bottom: 1px solid #ddd; } .number { font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table.diff { font: 13px/1.4 ui-monospace, monospace; border-collapse: collapse; width: 100%; }
.diff td { vertical-align: top; padding: 0 0.4rem; } .diff_header { color: #555; text-align: right; }
th.diff_header { font-size: 15px; text-align: left; padding: 0.4rem; }
.diff_add { background: #d5e8f5; font-weight: bold; } .diff_sub { background: #fbe6c8; text-decoration: underline; }
.diff_chg { background: #f4efb3; }
</style>""")
PAIR = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ listing.topic }}, {{ listing.question }}</title>{{ style }}</head>
<body>
<nav aria-label="Pages"><p><a href="../../index.html">all pairs</a></p></nav>
<main>
<h1>{{ listing.topic }}, {{ listing.question }}: {{ "%.2f" | format(pair.alike) }} alike</h1>
<p class="note">{{ note }}</p>
<p>Marked is what differs letter by letter, names included; the number above sets names and comments aside.</p>
<div class="wide" role="group" tabindex="0" aria-label="Both answers">{{ table }}</div>
</main>
</body></html>
"""
INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Answers that are alike</title>{{ style }}</head>
<body>
<main>
<h1>Answers that are alike</h1>
<p class="note">{{ note }}</p>
<p>The number is the share of the tokens of two answers that agree, in order, once names, comments, docstrings and
layout are set aside: 1 is the same. <em>Usual</em> is the median over pairs of the question.</p>
{% for listing in listings %}
<h2>{{ listing.topic }}, {{ listing.question }}</h2>
{% if listing.usual is not none %}<p>Usual for this question: {{ "%.2f" | format(listing.usual) }}.</p>{% endif %}
{% if listing.pairs %}
<table class="pairs"><tr><th scope="col">alike</th><th scope="col">student</th>
<th scope="col">student</th><th scope="col">answers</th></tr>
{% for pair in listing.pairs %}
<tr><td class="number">{{ "%.2f" | format(pair.alike) }}</td><td>{{ pair.first.student }}</td>
<td>{{ pair.second.student }}</td>
<td>{% if loop.index <= most %}<a href="{{ link(listing, pair) }}"
aria-label="{{ pair.first.student }} and {{ pair.second.student }} side by side">side by side</a>{% endif %}</td></tr>
{% endfor %}
</table>
{% else %}<p>No pair reaches the threshold.</p>{% endif %}
{% if listing.short %}
<p>Too short to tell (under {{ few }} tokens of their own): {{ listing.short | join(", ") }}.</p>
{% endif %}
{% if listing.long %}<p>Too long to compare: {{ listing.long | join(", ") }}.</p>{% endif %}
{% endfor %}
</main>
</body></html>
"""


@dataclass(frozen=True)
class Pair:
    """Two answers and the share of their tokens that agree, in order: 1 is the same, 0 nothing in common."""

    first: likeness.Answer
    second: likeness.Answer
    alike: float


@dataclass
class Listing:
    """What was found for one question.

    pairs: at or above the threshold, most alike first.
    usual: median over pairs (of very many, over some): what the question makes alike; None for fewer than 3 answers.
    short: students whose answers are too short to tell.
    long: students whose answers are too long to compare.
    """

    topic: str
    question: str
    pairs: list[Pair] = field(default_factory=list)
    usual: float | None = None
    short: list[str] = field(default_factory=list)
    long: list[str] = field(default_factory=list)


def similar(
    course: Course, submitted: str | Path, topic: str | None = None, threshold: float = 0.8
) -> tuple[list[Listing], list[str]]:
    """Compare the code answers of all students, question by question.

    Args:    course: of `open_course`.
             submitted: folder <student>/<topic>/<topic>.ipynb.
             topic: only this one; all without.
             threshold: smallest share that is listed, over 0 and up to 1.
    Returns: list of `Listing`; list of messages about what could not be read.
    Raises:  ValueError: no such folder or topic; a threshold out of range.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"similar: expected a threshold over 0 and up to 1, got {threshold:g}")
    topics = course.topics(topic)
    submissions, problems = find(submitted, topics)
    found = []
    for name in topics:
        release = skeleton(course, name, register=False)
        taken = [take_in(one, release, Limits().notebook_bytes) for one in submissions if one.topic == name]
        problems += [
            f"{one.submission.student}/{name}: {printable(one.unreadable, 300)}" for one in taken if one.unreadable
        ]
        readable = [one for one in taken if not one.unreadable]
        for given in release.cells:
            if is_answer(given) and given.cell_type == "code":
                sources = {one.submission.student: _source(one.notebook, grade_id(given)) for one in readable}
                found.append(compare(name, grade_id(given), given.source, sources, threshold))
    return found, problems


def _source(notebook: Any, name: str) -> str:
    return next(str(cell.source) for cell in notebook.cells if grade_id(cell) == name)


def compare(topic: str, question: str, release: str, sources: dict[str, str], threshold: float) -> Listing:
    """The pairs of answers to one question that are alike.

    Args:    topic, question: names.
             release: source of the answer cell as every student gets it.
             sources: {student: source}.
             threshold: smallest share that is listed.
    Returns: `Listing`.
    """
    listing, given = Listing(topic, question), likeness.release(release)
    answers: list[likeness.Answer] = []
    for student, source in sorted(sources.items()):
        if source.strip() == release.strip():
            continue
        if len(source) > MANY_CHARACTERS:
            listing.long.append(student)
            continue
        one = likeness.answer(student, source, given)
        tokens = len(one.plain if one.parsed is None else one.parsed)
        if tokens < FEW_TOKENS:
            listing.short.append(student)
        elif tokens > MANY_TOKENS:
            listing.long.append(student)
        else:
            answers.append(one)
    pairs = list(itertools.combinations(answers, 2))
    if len(answers) > 2:
        some = pairs[:: math.ceil(len(pairs) / SAMPLE)]
        listing.usual = statistics.median(likeness.alike(one, two) for one, two in some)
    near = [Pair(one, two, likeness.alike(one, two)) for one, two in pairs if likeness.bound(one, two) >= threshold]
    alike_enough = [pair for pair in near if pair.alike >= threshold]
    listing.pairs = sorted(alike_enough, key=lambda pair: (-pair.alike, pair.first.student, pair.second.student))
    return listing


def write_pages(course: Course, listings: Sequence[Listing]) -> Path:
    """A page with a table of all pairs, and one page per pair with both answers side by side.

    Args:    course: of `open_course`; pages go to build/classroom/similar/, and older ones of the same topics go.
             listings: of `similar`.
    Returns: path of the page with the table.
    """
    folder = course.build / "similar"
    for topic in {listing.topic for listing in listings}:
        shutil.rmtree(folder / topic, ignore_errors=True)
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(PAIR)
    for listing in listings:
        for pair in listing.pairs[:MANY_PAGES]:
            path = folder / address(listing, pair)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = template.render(listing=listing, pair=pair, note=NOTE, style=STYLE, table=_side_by_side(pair))
            path.write_text(text, encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "index.html"
    text = environment.from_string(INDEX).render(
        listings=listings, note=NOTE, style=STYLE, link=link, most=MANY_PAGES, few=FEW_TOKENS
    )
    page.write_text(text, encoding="utf-8")
    return page


def address(listing: Listing, pair: Pair) -> str:
    """Where the page of a pair lies, below the folder of all pages."""
    return f"{listing.topic}/{listing.question}/{pair.first.student}--{pair.second.student}.html"


def link(listing: Listing, pair: Pair) -> str:
    """The address of a pair's page as a link holds it."""
    return quote(address(listing, pair))


def _side_by_side(pair: Pair) -> Markup:
    """Both answers in a table, what differs marked; of difflib's table only what can be read aloud."""
    differ = difflib.HtmlDiff(tabsize=4, wrapcolumn=62)  # it escapes the texts
    first, second = (
        printable(answer.source.replace("\r\n", "\n"), lines=True).splitlines()[:MANY_LINES]
        for answer in (pair.first, pair.second)
    )
    left, right = (str(escape(printable(answer.student, 80))) for answer in (pair.first, pair.second))
    soup = BeautifulSoup(differ.make_table(first, second, left, right), "html.parser")
    for element in soup.select(".diff_next, colgroup"):
        element.decompose()
    for element in soup.find_all(True):
        for name in ("id", "nowrap", "cellspacing", "cellpadding", "rules"):
            element.attrs.pop(name, None)
        if element.name == "th":
            element["scope"] = "col"
    return Markup(str(soup))


def table(listings: Sequence[Listing]) -> Table | None:
    """A rich table of the pairs that are most alike; the pages have all. None where there are none.

    Args:    listings: of `similar`.
    """
    pairs = [(listing, pair) for listing in listings for pair in listing.pairs]
    if not pairs:
        return None
    rest = len(pairs) - MANY_ROWS
    more = f"And {rest} more pairs: see the pages. " if rest > 0 else ""
    columns = ("topic", "question", "student", "student", "alike", "usual here")
    shown = Table(*columns, title="Answers that are alike", caption=more + NOTE)
    for listing, pair in sorted(pairs, key=lambda one: -one[1].alike)[:MANY_ROWS] if rest > 0 else pairs:
        usual = "cannot tell" if listing.usual is None else f"{listing.usual:.2f}"
        texts = (listing.topic, listing.question, pair.first.student, pair.second.student)
        shown.add_row(*(Text(printable(text, 80)) for text in texts), f"{pair.alike:.2f}", usual)
    return shown
