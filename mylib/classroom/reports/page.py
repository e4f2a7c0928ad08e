"""The class on one page: points, difficulty and discrimination, with pictures; works from disk, the network off."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment
from markupsafe import Markup

from mylib import plots
from mylib.classroom.course.folders import Course
from mylib.classroom.notebook.text import printable
from mylib.classroom.reports.item_analysis import FEWEST, Item, items
from mylib.classroom.reports.table import Row, totals

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Report on the class</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222; }
img { max-width: 100%; } .wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; } tr { border-bottom: 1px solid #ddd; }
th, td { padding: .25rem 1rem .25rem 0; text-align: left; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.note { border-left: 4px solid #0072B2; padding: .3rem 1rem; background: #f2f7fb; }
</style></head>
<body>
<main>
<h1>Report on the class</h1>
<div class="wide" role="group" tabindex="0" aria-label="All topics"><table>
<tr><th>topic</th><th class="number">submissions</th><th class="number">mean</th><th class="number">median</th>
<th class="number">lowest</th><th class="number">highest</th><th class="number">of</th>
<th class="number">to be read</th>{% if any_late %}<th class="number">late</th>{% endif %}</tr>
{% for one in topics %}
<tr><td><a href="#{{ one.topic }}">{{ one.topic }}</a></td><td class="number">{{ one.totals | length }}</td>
{% for value in (one.mean, one.median, one.lowest, one.highest) %}
<td class="number">{{ "%.1f" | format(value) }}</td>
{% endfor %}
<td class="number">{{ "%g" | format(one.most) }}</td><td class="number">{{ one.waiting }}</td>
{% if any_late %}<td class="number">{{ one.late }}</td>{% endif %}</tr>
{% endfor %}
</table></div>
<p>Points are those that are told to the students: after what is taken off for lateness.</p>
<div class="note">
<p><strong>Difficulty</strong> is the mean share of a question's points that the class earned: 1 means that everybody
has all of them, 0 that nobody has any.</p>
<p><strong>Discrimination</strong> is the correlation between the points of a question and the points of all other
questions of its topic. Near 1: who is good elsewhere is good here. Near 0: the question says little about the rest.
Below 0: who is good elsewhere does worse here, which often is a fault of its tests or its text.</p>
<p>Both are estimates. With 20 students the discrimination is uncertain by about 0.2 either way, with 100 by about
0.1. With fewer than {{ fewest }} students, or where all have the same points, it cannot be told. A question that waits
for a person is left out until it has been read.</p>
</div>
{% for one in topics %}
<h2 id="{{ one.topic }}">{{ one.topic }}</h2>
{{ one.picture }}
<div class="wide" role="group" tabindex="0" aria-label="Questions of {{ one.topic }}"><table>
<tr><th>question</th><th class="number">points</th><th class="number">difficulty</th>
<th class="number">discrimination</th><th>remark</th></tr>
{% for item in one.items %}
<tr><td>{{ item.question }}</td><td class="number">{{ "%g" | format(item.max_points) }}</td>
<td class="number">{{ "cannot tell" if item.difficulty is none else "%.2f" | format(item.difficulty) }}</td>
<td class="number">{{ "cannot tell" if item.discrimination is none else "%.2f" | format(item.discrimination) }}</td>
<td>{{ [item.why, item.remark] | select | join("; ") }}</td></tr>
{% endfor %}
</table></div>
{% endfor %}
</main>
</body></html>
"""


@dataclass
class Topic:
    """What the page says about one topic.

    totals: points of each submission.
    most: points to be had.
    waiting, late: submissions that a person must read, and those that came late.
    """

    topic: str
    totals: list[float]
    most: float
    waiting: int
    late: int
    items: list[Item]
    picture: Markup

    @property
    def mean(self) -> float:
        """Of the points."""
        return float(np.mean(self.totals))

    @property
    def median(self) -> float:
        """Of the points."""
        return float(np.median(self.totals))

    @property
    def lowest(self) -> float:
        """Of the points."""
        return min(self.totals)

    @property
    def highest(self) -> float:
        """Of the points."""
        return max(self.totals)


def write_page(course: Course, found: Sequence[Row]) -> Path:
    """Write the page.

    Args:    course: of `open_course`.
             found: rows, of `report.rows`.
    Returns: its path, build/classroom/report.html.
    """
    path = course.build / "report.html"
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    topics = _topics(found)
    late = any(one.late for one in topics)
    text = environment.from_string(PAGE).render(topics=topics, fewest=FEWEST, any_late=late)
    path.write_text(text, encoding="utf-8")
    return path


def _topics(found: Sequence[Row]) -> list[Topic]:
    sums, statistics, result = totals(found).values(), items(found), []
    for topic in sorted({row.topic for row in found}):
        own = [total for total in sums if total.topic == topic]
        points, most = [total.points for total in own], max(total.max_points for total in own)
        waiting, late = sum(total.waiting > 0 for total in own), sum(bool(total.late) for total in own)
        questions = [item for item in statistics if item.topic == topic]
        picture = Markup(plots.embed(*_picture(topic, points, most, questions)))
        result.append(Topic(topic, points, most, waiting, late, questions, picture))
    return result


def _picture(topic: str, points: list[float], most: float, questions: list[Item]) -> tuple[Any, str]:
    """Three panels: the distribution of points, and for each question its difficulty and its discrimination."""
    height = max(2.6, 1.3 + 0.3 * len(questions))
    fig, (left, middle, right) = plots.figure(1, 3, width=10, height=height, gridspec_kw={"width_ratios": [1.2, 1, 1]})
    fig.get_layout_engine().set(wspace=0.06)
    width = max(1, np.ceil(most / 10))  # bars of whole points, around whole numbers
    edges = np.arange(-0.5, max(most, *points) + width, width)
    left.hist(points, bins=edges, color=plots.BLUE, edgecolor="white")
    left.yaxis.get_major_locator().set_params(integer=True)
    left.set(xlabel=f"points (of {most:g})", ylabel="submissions", title="points")
    _draw_bars(middle, questions)
    _draw_dots(right, questions)
    return fig, _alt(topic, points, most, questions)


def _draw_bars(axes: Any, questions: list[Item]) -> None:
    values = [item.difficulty for item in questions]
    places = _rows(axes, values, (0, 1))
    axes.barh(places, [value or 0 for value in values], color=plots.SKY, height=0.6)
    axes.set(title="difficulty", xlabel="mean share of the points")
    axes.set_yticks(places, [printable(item.question, 40) for item in questions], parse_math=False)


def _draw_dots(axes: Any, questions: list[Item]) -> None:
    values = [item.discrimination for item in questions]
    places = _rows(axes, values, (-1, 1))
    axes.axvline(0, color=plots.GREY, linewidth=1, linestyle="-", zorder=0)
    known = [(value, place) for value, place in zip(values, places, strict=True) if value is not None]
    axes.scatter([value for value, _ in known], [place for _, place in known], color=plots.RED, clip_on=False)
    axes.set(title="discrimination", xlabel="correlation with the rest", yticks=[])


def _rows(axes: Any, values: list[float | None], limits: tuple[float, float]) -> Any:
    """One line per value from the top down; a value that is not known says so."""
    count = len(values)
    places = np.arange(count)[::-1]
    for place, value in zip(places, values, strict=True):
        if value is None:
            behind = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            style = {"ha": "center", "va": "center", "fontsize": 9, "color": "#555", "bbox": behind}
            axes.text(np.mean(limits), place, "cannot tell", **style)
    axes.set(xlim=limits, ylim=(min(0, count - 3) - 0.6, count - 0.4))
    return places


def _alt(topic: str, points: list[float], most: float, questions: list[Item]) -> str:
    told = "; ".join(
        f"{item.question}: difficulty {_number(item.difficulty)}, discrimination {_number(item.discrimination)}"
        for item in questions
    )
    return (
        f"{topic}: histogram of the points of {len(points)} submissions, from {min(points):g} to {max(points):g} of "
        f"{most:g}, and bars and dots for the questions. {told}."
    )


def _number(value: float | None) -> str:
    return "cannot tell" if value is None else f"{value:.2f}"
