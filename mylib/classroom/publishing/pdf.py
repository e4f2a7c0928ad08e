"""Lectures as PDF: their pages of the site, printed by a browser without a window."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from mylib import syllabus
from mylib.classroom.publishing import site as pages
from mylib.classroom.publishing.assets import BROWSERS, QUIET

PDF = syllabus.ROOT / "build" / "pdf"
PAGES = syllabus.ROOT / "build" / "pdf-pages"  # not the site: that may show a run, and these are committed lectures
SWITCHES = [
    *("--headless", *QUIET, "--no-pdf-header-footer"),
    "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing is asked of the network
]
FORMULAS_MS = 60_000  # of the page's own clock, which runs ahead when nothing is left to do
PATIENCE_S = 300


def build(
    topics: Sequence[syllabus.Topic], output: str | Path = PDF, site: str | Path = PAGES, jobs: int | None = None
) -> list[Path]:
    """Print the committed lectures of topics; their pages of the site are made first.

    Args:    topics: of the syllabus.
             output: folder to write to.
             site: folder for their pages.
             jobs: processes that make the site; the number of cores without.
    Returns: paths of the files; a topic without a lecture has none.
    Raises:  ValueError: no browser on this machine, or one that prints nothing.
    """
    program = browser()
    pages.build(topics, site=site, jobs=jobs)
    shown = [topic.lecture for topic in topics if (syllabus.ROOT / topic.lecture).exists()]
    Path(output).mkdir(parents=True, exist_ok=True)
    written = []
    for lecture in tqdm(shown, unit="lecture", desc="pdf", disable=None):
        written.append(Path(output) / f"{lecture.stem}.pdf")
        print_page(program, Path(site) / lecture.with_suffix(".html"), written[-1])
    return written


def browser() -> str:
    """The path of a browser that prints.

    Raises:  ValueError: there is none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        raise ValueError(
            f"pdf: expected one of the browsers {', '.join(BROWSERS)}, got none; apt-get install chromium "
            "(or print the page of build/site/ from any browser)"
        )
    return found


def print_page(program: str, page: Path, target: Path) -> None:
    """Print one page, once its formulas are drawn, with the network off.

    Args:    program: path of the browser.
             page: HTML file.
             target: PDF file; an older one is replaced.
    Raises:  ValueError: the browser wrote nothing, and what it said instead.
    """
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as home:
        command = [program, *SWITCHES, f"--user-data-dir={home}", f"--virtual-time-budget={FORMULAS_MS}"]
        command += [f"--print-to-pdf={target.resolve()}", page.resolve().as_uri()]
        try:
            done = subprocess.run(
                command, env=os.environ | {"HOME": home}, capture_output=True, text=True, timeout=PATIENCE_S
            )
            said = done.stderr.strip()[-500:]
        except subprocess.TimeoutExpired:
            said = f"nothing in {PATIENCE_S} s"
    if not target.exists():
        raise ValueError(f"pdf: expected {target} from {program}, got: {said}")
