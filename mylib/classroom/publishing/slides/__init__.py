"""Lectures as slides: reveal.js from an installed package, made by nbconvert, for showing from disk.

`blocks` cuts text into what is shown and what is said, `deck` has the rule of what makes a slide, and
`static/slides.js` puts the blocks on slides of 1280 x 720 in the browser, which alone knows how large formulas are.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from tqdm import tqdm

from mylib import syllabus
from mylib.classroom.publishing.assets import mathjax, reveal
from mylib.classroom.publishing.slides.deck import deck

SLIDES = syllabus.ROOT / "build" / "slides"
SCRIPTS = "scripts"  # one folder that all decks share
OWN = Path(__file__).parent / "static"
STYLE = "a11y-high-contrast-light"  # of code, as on the site


def build(topics: Sequence[syllabus.Topic], output: str | Path = SLIDES) -> list[Path]:
    """Write the slides of topics from their committed lectures; other decks stay as they are.

    Args:    topics: of the syllabus.
             output: folder to write to.
    Returns: paths of the pages; a topic without a lecture has none.
    """
    output = Path(output)
    _copy_scripts(output / SCRIPTS)
    exporter = _exporter()
    written = []
    for topic in tqdm(topics, unit="lecture", desc="slides", disable=None):
        path = syllabus.ROOT / topic.lecture
        if path.exists():
            written.append(output / f"{path.stem}.html")
            written[-1].write_text(page(nbformat.read(path, as_version=4), topic.title, exporter), encoding="utf-8")
    return written


def page(notebook: Any, title: str, exporter: Any = None) -> str:
    """The slides of one executed notebook as HTML.

    Args:    notebook: with its outputs.
             title: of the page.
             exporter: of nbconvert; one is made without.
    """
    slides = deck(notebook)
    slides.metadata["title"] = title
    html, _ = (exporter or _exporter()).from_notebook_node(slides)
    return str(html)


def _exporter() -> Any:
    from nbconvert import SlidesExporter

    return SlidesExporter(
        template_file="slides.html.j2",
        extra_template_paths=[str(OWN)],
        reveal_url_prefix=SCRIPTS,
        exclude_anchor_links=True,
    )


def _copy_scripts(folder: Path) -> None:
    """Reveal.js, MathJax, fonts and our own: all that a page asks for."""
    from pygments.formatters import HtmlFormatter

    package = reveal()
    (folder / "fonts").mkdir(parents=True, exist_ok=True)
    files = [package / "dist" / name for name in ("reset.css", "reveal.css", "reveal.js")]
    files += [package / "plugin" / "notes" / "notes.js", mathjax(), OWN / "slides.css", OWN / "slides.js"]
    for file in files:
        shutil.copy(file, folder)
    fonts = package / "dist" / "theme" / "fonts" / "source-sans-pro"
    for file in [*fonts.glob("*.woff"), fonts / "LICENSE"]:
        shutil.copy(file, folder / "fonts")
    (folder / "code.css").write_text(HtmlFormatter(style=STYLE).get_style_defs(".highlight"), encoding="utf-8")
