"""Slides as people see them: from disk, with the network off, in a real browser."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import expect

from mylib import syllabus
from mylib.classroom.publishing import slides
from tests.classroom.browsing import browser, faults

STAGE = {"width": 1280, "height": 720}
TOPICS = [syllabus.topic(name) for name in ("convolution", "detection", "transformer", "contrastive")]
WALK = """() => {
  const found = {slides: 0, beyond: [], small: []};
  for (const slide of Reveal.getSlides()) {
    const {h, v} = Reveal.getIndices(slide);
    Reveal.slide(h, v, 99);
    found.slides += 1;
    for (const part of slide.querySelectorAll("*")) {
      if (part.ownerSVGElement || part.closest("aside, [popover], mjx-assistive-mml")) continue;
      const box = part.getBoundingClientRect();
      const inside = box.left >= -0.5 && box.top >= -0.5 && box.right <= 1280.5 && box.bottom <= 720.5;
      if (box.width && box.height && !inside) found.beyond.push(`${h}/${v} ${part.outerHTML.slice(0, 120)}`);
    }
    for (const block of slide.querySelectorAll(".body > .text, .body > .list")) {
      const letters = parseFloat(getComputedStyle(block).fontSize) * (parseFloat(block.style.zoom) || 1);
      if (letters < 20) found.small.push(`${h}/${v} ${letters} px`);
    }
  }
  return found;
}"""


ITEMS = [f"item {number}" for number in range(40)]
LINES = [f"line_{number} = 1" for number in range(60)]
ROWS = [f"row {number}" for number in range(40)]
TABLE = (
    "<table><thead><tr><th>the head</th></tr></thead><tbody>"
    + "".join(f"<tr><td>{row}</td></tr>" for row in ROWS)
    + "</tbody></table>"
)
SQUARE = "<svg xmlns='http://www.w3.org/2000/svg' width='600' height='600'><rect width='600' height='600'/></svg>"
SHOWN = {"slideshow": {"slide_type": "subslide"}}
LARGE = [
    new_markdown_cell("# A title"),
    new_markdown_cell("## Much\n\n" + "\n".join(f"1. {item}" for item in ITEMS)),
    new_code_cell("\n".join(LINES), metadata=SHOWN),
    new_code_cell("t", metadata={"tags": ["drawing"]}, outputs=[new_output("display_data", {"text/html": TABLE})]),
    new_markdown_cell("$$y = " + " + ".join(f"x_{{{number}}}" for number in range(60)) + "$$"),
    *(
        new_code_cell(
            f"# {number}",
            metadata={"tags": ["drawing"]},
            outputs=[new_output("display_data", {"text/html": f'<img alt="" src="data:image/svg+xml;utf8,{SQUARE}">'})],
        )
        for number in range(2)
    ),
    new_markdown_cell("### Marked\n\n" + "A sentence of six short words. " * 30, metadata=SHOWN),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Some decks from their committed outputs."""
    folder = tmp_path_factory.mktemp("slides")
    slides.build(TOPICS, folder)
    return folder


@pytest.fixture
def page(chromium, tmp_path):
    """A page as large as a slide, offline."""
    with browser(chromium, tmp_path) as page:
        page.set_viewport_size(STAGE)
        page.context.set_offline(True)
        yield page


def opened(page, built, topic, slide="/0/0"):
    """Go to a slide. Returns: what the page asked for beyond the disk, and what went wrong."""
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{(built / topic.lecture.stem).as_uri()}.html#{slide}")
    page.wait_for_function("window.Reveal?.isReady()")
    return [url for url in asked if not url.startswith(("file:", "data:"))] + wrong


def test_every_slide_fits_is_readable_and_asks_nothing_of_the_network(page, built):
    for topic in TOPICS:
        assert opened(page, built, topic) == [], topic.name
        found = page.evaluate(WALK)
        assert found["slides"] > 40, topic.name
        assert found["beyond"] == [], topic.name
        assert found["small"] == [], topic.name
        assert page.locator("mjx-container svg").count() > 20, topic.name
        assert page.locator("[data-mjx-error], mjx-merror").count() == 0, topic.name
        assert page.locator("img:not([alt])").count() == 0, topic.name


def test_what_is_too_large_for_a_slide_goes_on_and_nothing_is_lost(page, built):
    (built / "large.html").write_text(slides.page(new_notebook(cells=LARGE), "Large"), encoding="utf-8")
    page.goto((built / "large.html").as_uri())
    page.wait_for_function("window.Reveal?.isReady()")
    assert page.evaluate(WALK)["beyond"] == []
    for what, wanted, at_least in (("li", ITEMS, 2), (".line", LINES, 3), ("td", ROWS, 2)):
        found = page.locator(f".body {what}").evaluate_all("all => all.map(one => one.textContent.trim())")
        assert found == wanted, what
        assert page.locator(f".slides > section > section:has({what})").count() >= at_least, what
    starts = page.locator("section ol").evaluate_all("all => all.map(one => [one.start, one.children.length])")
    assert [start for start, _ in starts] == [1 + sum(many for _, many in starts[:at]) for at in range(len(starts))]
    assert page.locator("th").count() == page.locator("section > section:has(td)").count()
    assert page.locator("section > section:has(.picture)").count() == 2
    assert page.locator(".body", has_text="A sentence of six short words.").count() == 1


def test_everybody_can_read_a_slide(page, built):
    opened(page, built, TOPICS[0], "/3/0")
    assert faults(page) == {}


def test_a_question_is_answered_by_the_next_step(page, built):
    opened(page, built, TOPICS[0])
    number = page.evaluate("Reveal.getSlides().findIndex(slide => slide.querySelector('.answer'))")
    page.evaluate("n => { const at = Reveal.getIndices(Reveal.getSlides()[n]); Reveal.slide(at.h, at.v); }", number)
    answer = page.locator("section.present section.present .answer").first
    expect(answer).to_have_css("opacity", "0")
    page.keyboard.press("ArrowRight")
    expect(answer).to_have_css("opacity", "1")


def test_folded_code_opens_over_the_slide_and_escape_closes_only_that(page, built):
    opened(page, built, TOPICS[0])
    number = page.evaluate("Reveal.getSlides().findIndex(slide => slide.querySelector('[popover]'))")
    page.evaluate("n => { const at = Reveal.getIndices(Reveal.getSlides()[n]); Reveal.slide(at.h, at.v); }", number)
    page.locator("section.present section.present button").first.click()
    code = page.locator("section.present section.present [popover]").first
    expect(code).to_be_visible()
    page.keyboard.press("Escape")
    expect(code).to_be_hidden()
    assert not page.evaluate("Reveal.isOverview()")


def test_the_speaker_sees_what_is_said(page, built):
    opened(page, built, TOPICS[0], "/3/0")
    said = page.locator("section.present section.present aside.notes").first.evaluate("aside => aside.textContent")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes .value")
    expect(notes).to_contain_text(" ".join(said.split()[-6:]))
