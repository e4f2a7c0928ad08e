"""Answers that are alike: a listing for a person to read. It is no verdict.

Two answers are compared as sequences of tokens (see `likeness`), without the lines that the release gives to
everybody. Nothing is executed.
"""

import difflib
import itertools
import math
import shutil
import statistics
from dataclasses import dataclass, field

from jinja2 import Environment
from markupsafe import Markup
from rich.table import Table

from mylib.classroom.authoring.release import skeleton
from mylib.classroom.course.limits import Limits
from mylib.classroom.intake.rebuild import find, take_in
from mylib.classroom.notebook.questions import grade_id, is_answer
from mylib.classroom.reports import likeness

FEW_TOKENS = 40  # below, right answers that were written independently are alike
MANY_CHARACTERS = 50_000
MANY_LINES = 500
MANY_PAGES = 200
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
table.diff { font: 13px/1.4 ui-monospace, monospace; border-collapse: collapse; width: 100%; }
.diff td { vertical-align: top; padding: 0 0.4rem; } .diff_header { color: #666; text-align: right; }
th.diff_header { font-size: 15px; text-align: left; padding: 0.4rem; } .diff_next { display: none; }
.diff_add { background: #d5e8f5; font-weight: bold; } .diff_sub { background: #fbe6c8; text-decoration: underline; }
.diff_chg { background: #f4efb3; }
</style>""")
PAIR = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ listing.topic }}, {{ listing.question }}</title>{{ style }}</head>
<body>
<p><a href="../../index.html">all pairs</a></p>
<h1>{{ listing.topic }}, {{ listing.question }}: {{ "%.2f" | format(pair.alike) }} alike</h1>
<p class="note">{{ note }}</p>
<p>Marked is what differs letter by letter, names included; the number above sets names and comments aside.</p>
{{ table }}
</body></html>
"""
INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Answers that are alike</title>{{ style }}</head>
<body>
<h1>Answers that are alike</h1>
<p class="note">{{ note }}</p>
<p>The number is the share of the tokens of two answers that agree, in order, once names, comments, docstrings and
layout are set aside: 1 is the same. <em>Usual</em> is the median over pairs of the question.</p>
{% for listing in listings %}
<h2>{{ listing.topic }}, {{ listing.question }}</h2>
{% if listing.usual is not none %}<p>Usual for this question: {{ "%.2f" | format(listing.usual) }}.</p>{% endif %}
{% if listing.pairs %}
<table class="pairs"><tr><th>alike</th><th>student</th><th>student</th><th></th></tr>
{% for pair in listing.pairs %}
<tr><td class="number">{{ "%.2f" | format(pair.alike) }}</td><td>{{ pair.first.student }}</td>
<td>{{ pair.second.student }}</td>
<td>{% if loop.index <= most %}<a href="{{ address(listing, pair) }}">side by side</a>{% endif %}</td></tr>
{% endfor %}
</table>
{% else %}<p>No pair reaches the threshold.</p>{% endif %}
{% if listing.short %}
<p>Too short to tell (under {{ few }} tokens of their own): {{ listing.short | join(", ") }}.</p>
{% endif %}
{% if listing.long %}<p>Too long to compare: {{ listing.long | join(", ") }}.</p>{% endif %}
{% endfor %}
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
    pairs: list = field(default_factory=list)
    usual: float | None = None
    short: list = field(default_factory=list)
    long: list = field(default_factory=list)


def similar(course, submitted, topic=None, threshold=0.8):
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
        problems += [f"{one.submission.student}/{name}: {one.unreadable}" for one in taken if one.unreadable]
        readable = [one for one in taken if not one.unreadable]
        for given in release.cells:
            if is_answer(given) and given.cell_type == "code":
                sources = {one.submission.student: _source(one.notebook, grade_id(given)) for one in readable}
                found.append(compare(name, grade_id(given), given.source, sources, threshold))
    return found, problems


def _source(notebook, name):
    return next(cell.source for cell in notebook.cells if grade_id(cell) == name)


def compare(topic, question, release, sources, threshold):
    """The pairs of answers to one question that are alike.

    Args:    topic, question: names.
             release: source of the answer cell as every student gets it.
             sources: {student: source}.
             threshold: smallest share that is listed.
    Returns: `Listing`.
    """
    listing, answers, given = Listing(topic, question), [], likeness.release(release)
    for student, source in sorted(sources.items()):
        if source.strip() == release.strip():
            continue
        if len(source) > MANY_CHARACTERS:
            listing.long.append(student)
            continue
        one = likeness.answer(student, source, given)
        short = len(one.plain if one.parsed is None else one.parsed) < FEW_TOKENS
        (listing.short if short else answers).append(student if short else one)
    pairs = list(itertools.combinations(answers, 2))
    if len(answers) > 2:
        some = pairs[:: math.ceil(len(pairs) / SAMPLE)]
        listing.usual = statistics.median(likeness.alike(one, two) for one, two in some)
    near = [
        Pair(one, two, likeness.alike(one, two))
        for one, two in pairs
        if likeness.bound(one, two) >= threshold
    ]
    alike_enough = [pair for pair in near if pair.alike >= threshold]
    listing.pairs = sorted(
        alike_enough, key=lambda pair: (-pair.alike, pair.first.student, pair.second.student)
    )
    return listing


def write_pages(course, listings):
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
            text = template.render(
                listing=listing, pair=pair, note=NOTE, style=STYLE, table=_side_by_side(pair)
            )
            path.write_text(text, encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "index.html"
    text = environment.from_string(INDEX).render(
        listings=listings, note=NOTE, style=STYLE, address=address, most=MANY_PAGES, few=FEW_TOKENS
    )
    page.write_text(text, encoding="utf-8")
    return page


def address(listing, pair):
    """Where the page of a pair lies, below the folder of all pages."""
    return f"{listing.topic}/{listing.question}/{pair.first.student}--{pair.second.student}.html"


def _side_by_side(pair):
    differ = difflib.HtmlDiff(tabsize=4, wrapcolumn=62)  # it escapes the texts, and students' names need none
    lines = [answer.source.splitlines()[:MANY_LINES] for answer in (pair.first, pair.second)]
    return Markup(differ.make_table(*lines, pair.first.student, pair.second.student))


def table(listings):
    """A rich table of all pairs.

    Args:    listings: of `similar`.
    """
    columns = ("topic", "question", "student", "student", "alike", "usual here")
    shown = Table(*columns, title="Answers that are alike", caption=NOTE)
    for listing in listings:
        usual = "cannot tell" if listing.usual is None else f"{listing.usual:.2f}"
        for pair in listing.pairs:
            students = (pair.first.student, pair.second.student)
            shown.add_row(listing.topic, listing.question, *students, f"{pair.alike:.2f}", usual)
    return shown
