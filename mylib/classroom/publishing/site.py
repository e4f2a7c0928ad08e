"""Executed lectures as HTML pages that work from disk with the network off, and an index of them."""

import html
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from bs4 import BeautifulSoup

from mylib import syllabus
from mylib.classroom.notebook.mathjax import FONTS
from mylib.classroom.publishing import execute as lectures

SITE = syllabus.ROOT / "build" / "site"
STYLE = """<style>
body { font-family: system-ui, sans-serif; line-height: 1.5; }
main, nav.course { max-width: 62rem; margin: 0 auto; padding: 0 1rem; }
nav.course { display: flex; justify-content: space-between; gap: 1rem; padding-block: .8rem; }
main.course li { margin: .5rem 0; }
img { max-width: 100%; }
main .jp-Cell-outputWrapper pre { font-family: monospace; font-size: 13px; line-height: 1.35; }
main .celltag_drawing details > summary { color: #555; cursor: pointer; padding: .2rem 0 .2rem 5.2rem; }
</style>"""
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Deep learning, every method twice</title>{style}</head>
<body><main class="course"><h1>Deep learning, every method twice</h1>
<p>Each lecture shows its methods from scratch in NumPy and as GPU-ready PyTorch, run on real data.</p>
{parts}</main></body></html>
"""


def build(runs: Sequence[lectures.Run], site: str | Path = SITE) -> Path:
    """Write one page per executed lecture, an index, and the MathJax that draws their formulas.

    Args:    runs: of `lectures.execute`; a lecture that failed is shown as far as it got.
             site: folder to write to; it is made anew.
    Returns: path of the index page.
    """
    import jupyter_server_mathjax

    site = Path(site)
    if site.exists():
        shutil.rmtree(site)
    shutil.copytree(Path(jupyter_server_mathjax.__file__).parent / "static", site / "mathjax")
    if (syllabus.ROOT / "exercises").exists():
        shutil.copytree(syllabus.ROOT / "exercises", site / "exercises")
    ran = [run for run in runs if run.notebook.exists()]
    pages = [_page(run) for run in ran]
    for position, run in enumerate(ran):
        _write_page(run, site, pages, position)
    index = site / "index.html"
    index.write_text(PAGE.format(style=STYLE, parts=_contents(runs)), encoding="utf-8")
    return index


def _page(run: lectures.Run) -> Path:
    return syllabus.topic(run.topic).lecture.relative_to("lectures").with_suffix(".html")


def _write_page(run: lectures.Run, site: Path, pages: Sequence[Path], position: int) -> None:
    page = pages[position]
    up = "../" * (len(page.parts) - 1)
    body, _ = _exporter(up).from_notebook_node(lectures.tidy(nbformat.read(run.notebook, as_version=4)))
    title = html.escape(syllabus.topic(run.topic).title)
    neighbours = [
        (pages[other], label)
        for other, label in ((position - 1, "&larr; previous"), (position + 1, "next &rarr;"))
        if 0 <= other < len(pages)
    ]
    links = [f'<a href="{up}index.html">All lectures</a>']
    links += [f'<a href="{os.path.relpath(target, page.parent)}">{label}</a>' for target, label in neighbours]
    nav = f'<nav class="course" aria-label="Lectures">{"".join(links)}</nav>'
    body = body.replace("<title>Notebook</title>", f"<title>{title}</title>")
    body = body.replace('<script src=""></script>', FONTS)  # where require.js would stand
    body = body.replace("</head>", f"{STYLE}</head>", 1).replace("<main>", f"{nav}<main>", 1)
    body = _fold_drawings(_follow_links(body, up))
    (site / page).parent.mkdir(parents=True, exist_ok=True)
    (site / page).write_text(body, encoding="utf-8")


def _follow_links(body: str, up: str) -> str:
    """Links between notebooks as links between pages; exercises are there to download."""
    body = re.sub(r'href="((?:\.\./(?:\d\d_\w+/)?)?(?:\d\d_\w+|index))\.ipynb(#[^"]*)?"', r'href="\1.html\2"', body)
    return body.replace('href="../../exercises/', f'href="{up}exercises/')


def _fold_drawings(body: str) -> str:
    """Put the code of cells tagged "drawing" behind a line to click: the picture is what people came for."""
    page = BeautifulSoup(body, "html.parser")
    for code in page.select(".celltag_drawing .jp-Cell-inputWrapper"):
        details = code.wrap(page.new_tag("details"))
        summary = page.new_tag("summary")
        summary.string = "Code of this picture"
        details.insert(0, summary)
    return str(page)


def _exporter(up: str) -> Any:
    """nbconvert's lab template with every script that it would load from elsewhere taken from disk or left out."""
    from nbconvert import HTMLExporter

    return HTMLExporter(
        mathjax_url=f"{up}mathjax/MathJax.js?config=TeX-AMS-MML_HTMLorMML-full,Safe",
        require_js_url="",
        jquery_url="",
        mermaid_js_url="",
        mermaid_layout_elk_js_url="",
        language_code="en",
    )


def _contents(runs: Sequence[lectures.Run]) -> str:
    parts = []
    for part in syllabus.PARTS:
        items = []
        for run in runs:
            topic = syllabus.topic(run.topic)
            if topic.part == part:
                note = f" <strong>failed: {html.escape(run.error)}</strong>" if run.error else ""
                title = html.escape(topic.title)
                link = f'<a href="{_page(run).as_posix()}">{title}</a>' if run.notebook.exists() else title
                exercise = ""
                if (syllabus.ROOT / topic.exercise).exists():
                    exercise = f', <a href="{topic.exercise.as_posix()}" download>exercise</a>'
                items.append(
                    f"<li>{link} ({run.seconds:.0f} s to run){exercise}{note}<br>"
                    f"<small>Slides: {html.escape(topic.slides)}</small></li>"
                )
        if items:
            parts.append(f"<h2>Part {syllabus.PARTS.index(part) + 1}: {part}</h2><ol>{''.join(items)}</ol>")
    return "".join(parts)
