"""What of a lecture stands on a slide and what is said, on tiny notebooks; no browser."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from mylib import syllabus
from mylib.classroom.publishing import assets, slides
from mylib.classroom.publishing.slides.blocks import sentences, split
from mylib.classroom.publishing.slides.deck import LONG, deck

LONG_PROSE = "Here are many words about nothing. " * 8
PICTURE = new_output("display_data", data={"text/html": '<img src="data:image/png;base64,AAAA" alt="A line, x < 1.">'})
PRINTED = new_output("stream", name="stdout", text="seven\n")


def text(source, mark=None):
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": mark}} if mark else {})


def code(source, *outputs, mark=None, tags=()):
    metadata = {"tags": list(tags)} | ({"slideshow": {"slide_type": mark}} if mark else {})
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def made(*cells):
    """The blocks of a deck: (slide type, kind, source)."""
    found = deck(new_notebook(cells=list(cells))).cells
    return [(cell.metadata.slideshow.slide_type, cell.metadata.kind, cell.source) for cell in found]


def page(*cells):
    return BeautifulSoup(slides.page(new_notebook(cells=list(cells)), "A title"), "html.parser")


def test_a_heading_makes_a_slide_and_a_smaller_one_a_slide_below():
    found = made(text("# Title"), text("## One\n\n$$x$$\n\n### Two\n\n- a\n- b"))
    assert [(start, kind) for start, kind, _ in found] == [
        ("slide", "heading"),
        ("slide", "heading"),
        ("-", "equation"),
        ("subslide", "heading"),
        ("-", "list"),
    ]


def test_long_prose_is_said_and_its_key_sentence_is_shown():
    found = made(
        text(f"## One\n\nShort.\n\n{LONG_PROSE}**This matters most of all that is said in this paragraph.** End.")
    )
    shown = [source for start, _, source in found if start != "notes"]
    said = [source for start, _, source in found if start == "notes"]
    assert shown == ["## One", "Short.", "**This matters most of all that is said in this paragraph.** End."]
    assert said == [f"{LONG_PROSE}**This matters most of all that is said in this paragraph.** End."]


def test_what_leads_to_an_equation_stays_with_it():
    cells = deck(new_notebook(cells=[text(f"{LONG_PROSE}The sum is:\n\n$$y = x$$")])).cells
    shown = [cell for cell in cells if cell.metadata.slideshow.slide_type != "notes"]
    assert [(cell.source, cell.metadata.lead) for cell in shown] == [("The sum is:", True), ("$$y = x$$", False)]


def test_prose_below_a_heading_is_never_only_said():
    found = made(text(f"## One\n\nThe first sentence. {LONG_PROSE}"))
    assert found[1] == ("-", "text", "The first sentence.")


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Li et al. (2016) say so. See $a. B$, `c. D` and (e. F).", ["Li et al. (2016) say so.", None]),
        ("After D. Lowe. **One. Two.** End.", ["After D. Lowe.", "**One. Two.** End."]),
        ("A [link. Here](https://x.org/a. B) ends (with $x$. Y). Then.", [None, "Then."]),
    ],
)
def test_sentences_end_where_they_end(source, parts):
    found = sentences(source)
    assert " ".join(found) == source
    assert len(found) == len(parts)
    assert all(part is None or part == one for part, one in zip(parts, found, strict=True))


def test_a_question_stays_in_one_piece_with_its_answer():
    source = "Before.\n\n<details><summary>Why?</summary>\n\nBecause.\n\n- so\n\n</details>\n\nAfter."
    assert [block.kind for block in split(source)] == ["text", "question", "text"]
    assert split(source)[1].source.endswith("</details>")


def test_code_that_only_serves_is_hidden_and_its_results_are_shown():
    found = page(
        text("# Title"),
        code("import numpy as np\nSECRET_IMPORT = 1"),
        code("SECRET_PARAMETER = 1", tags=["parameters"]),
        code("SECRET_DRAWING = 1", PICTURE, tags=["drawing"]),
        code("plots.table(SECRET_TABLE)", PRINTED),
        code("print(SECRET_PRINT)", PRINTED),
    )
    assert "SECRET" not in str(found)
    assert found.select_one(".picture img")["alt"] == "A line, x < 1."
    assert len(found.select(".stream")) == 2


def test_short_code_is_shown_and_long_code_is_folded():
    found = page(text("# Title"), code("# NBVAL_CHECK_OUTPUT\nshort = 7"), code("\n".join(["longer = 7"] * (LONG + 1))))
    assert found.select_one(".block.code").get_text().strip() == "short = 7"
    assert found.select_one("details summary").get_text() == f"Code, {LONG + 1} lines"
    assert "longer" not in found.select_one(".block.code").get_text()


def test_a_result_that_was_predicted_comes_on_a_slide_of_its_own():
    found = made(text("**Predict, then run.** Which?"), code("x = train()"), code("print(x)", PRINTED), code("y = 1"))
    assert [start for start, _, _ in found] == ["-", "-", "subslide", "-"]


@pytest.mark.parametrize("mark", ["slide", "subslide", "fragment", "-"])
def test_a_mark_shows_a_cell_as_it_stands(mark):
    found = made(text(f"### Three\n\n{LONG_PROSE}", mark), code("import numpy", mark=mark))
    assert found == [(mark, "heading", "### Three"), ("-", "text", LONG_PROSE.strip()), (mark, "code", "import numpy")]


def test_a_mark_leaves_a_cell_out_or_has_it_said():
    found = made(
        text("# Title"), text("## Never", "skip"), code("never", PRINTED, mark="skip"), text("## Said", "notes")
    )
    assert found == [("slide", "heading", "# Title"), ("notes", "text", "## Said")]


def test_code_can_be_said_too():
    aside = page(text("# Title"), code("spoken = 7", mark="notes")).select_one("aside.notes")
    assert "spoken" in aside.get_text()


def test_the_page_nests_slides_notes_and_fragments():
    found = page(text("# Title"), text("## One"), text("Later.", "fragment"), text("Said.", "notes"), text("### Two"))
    assert len(found.select(".slides > section")) == 2
    assert len(found.select(".slides > section > section")) == 3
    assert found.select_one("section section > .fragment .block").get_text().strip() == "Later."
    assert found.select_one("aside.notes").get_text().strip() == "Said."
    assert found.html["lang"] == "en"
    assert found.title.get_text() == "A title"


def test_links_into_the_course_become_words_and_others_stay():
    found = page(text("# Title\n\n[here](01_x.ipynb#part), [there](https://example.org/a)"))
    assert [link["href"] for link in found.select("a")] == ["https://example.org/a"]


def test_a_page_asks_only_for_what_lies_beside_it(tmp_path, monkeypatch):
    topic = syllabus.topics()[0]
    monkeypatch.setattr(syllabus, "ROOT", tmp_path)
    (tmp_path / topic.lecture).parent.mkdir(parents=True)
    nbformat.write(new_notebook(cells=[text("# Title\n\n$x^2$")]), tmp_path / topic.lecture)
    (path,) = slides.build(syllabus.topics()[:2], tmp_path / "out")
    assert path == tmp_path / "out" / f"{topic.lecture.stem}.html"
    found = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    asked = [one["src"] for one in found.select("script[src]")] + [one["href"] for one in found.select("link")]
    assert len(asked) > 6
    assert all((path.parent / name).is_file() for name in asked)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="expected the package sphinx_revealjs, got none; pip install"):
        assets.reveal()
