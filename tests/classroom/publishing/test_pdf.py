"""Lectures on paper: printed by a real browser where there is one."""

import re
import stat

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from mylib.classroom.publishing import pdf, site
from tests.classroom.browsing import browser
from tests.classroom.publishing.conftest import TOPICS

PAPER = {"width": 680, "height": 1000}  # A4 without its margins, in pixels of 1/96 inch
SQUARE = "<svg xmlns='http://www.w3.org/2000/svg' width='600' height='600'><rect width='600' height='600'/></svg>"
PICTURE = f'<img src="data:image/svg+xml;utf8,{SQUARE}" alt="A square.">'
WIDE = " + ".join(f"x_{{{number}}}" for number in range(40))
CELLS = [
    new_markdown_cell(f"# A lecture\n\n$$y = {WIDE}$$"),
    new_markdown_cell("<details><summary>Answer</summary>\n\nForty-two.\n\n</details>"),
    new_code_cell(
        f"drawing = {list(range(100))}",
        outputs=[new_output("display_data", data={"text/html": PICTURE})],
        metadata={"tags": ["drawing"]},
    ),
    new_code_cell(f"shown = {list(range(100))}"),
    *(new_code_cell("more", outputs=[new_output("display_data", data={"text/html": PICTURE})]) for _ in range(2)),
]


@pytest.fixture(scope="module")
def built(house):
    """The site of a course whose only lecture has all that paper makes difficult."""
    nbformat.write(new_notebook(cells=CELLS), house / TOPICS[0].lecture)
    site.build(TOPICS[:1], site=house / "site", jobs=1)
    return house / "site"


@pytest.fixture
def page(built):
    return (built / TOPICS[0].lecture).with_suffix(".html")


def program(folder, script):
    """A browser of a few lines."""
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_without_a_browser_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        ValueError, match="expected one of the browsers chromium, .* got none; apt-get install chromium"
    ):
        pdf.build([])


def test_a_browser_that_prints_nothing_is_an_error_and_an_old_file_is_not_taken_for_a_new_one(tmp_path):
    target = tmp_path / "old.pdf"
    target.write_text("old")
    with pytest.raises(ValueError, match=r"expected .*old\.pdf from .*browser, got: no display"):
        pdf.print_page(program(tmp_path, "echo no display >&2; exit 1"), tmp_path / "page.html", target)
    assert not target.exists()


def test_a_browser_that_never_ends_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "PATIENCE_S", 0.2)
    with pytest.raises(ValueError, match=r"got: nothing in 0\.2 s"):
        pdf.print_page(program(tmp_path, "exec sleep 30"), tmp_path / "page.html", tmp_path / "new.pdf")


def test_a_lecture_is_printed_on_pages_of_which_each_holds_a_whole_picture(chromium, page, tmp_path):
    pdf.print_page(chromium, page, tmp_path / "lecture.pdf")
    printed = (tmp_path / "lecture.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 3  # two pictures of 600 pixels do not fit on one


def test_paper_shows_the_answers_and_neither_bars_nor_drawing_code(chromium, page, tmp_path):
    with browser(chromium, tmp_path) as window:
        window.set_viewport_size(PAPER)
        window.emulate_media(media="print")
        window.goto(page.as_uri())
        window.wait_for_function("window.MathJax?.startup?.promise?.then(() => true)")
        text = window.locator("body").inner_text()
        assert "Forty-two." in text
        assert "shown = " in text
        assert "drawing = " not in text
        assert "Code of this picture" not in text
        for bar in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".prev-next-footer"):
            assert not window.locator(bar).first.is_visible(), bar


def test_nothing_runs_over_the_edge_of_the_paper(chromium, page, tmp_path):
    with browser(chromium, tmp_path) as window:
        window.set_viewport_size(PAPER)
        window.emulate_media(media="print")
        window.goto(page.as_uri())
        window.wait_for_function("window.MathJax?.startup?.promise?.then(() => true)")
        beyond = window.evaluate("""() => [...document.querySelectorAll("article *")].filter((part) => {
          const box = part.getBoundingClientRect();
          const drawn = !part.ownerSVGElement && !part.closest("mjx-assistive-mml");
          return drawn && box.width && (box.right > innerWidth + 1 || part.scrollWidth > part.clientWidth + 1
            && getComputedStyle(part).overflowX !== "visible");
        }).map((part) => part.outerHTML.slice(0, 120))""")
        assert beyond == []
