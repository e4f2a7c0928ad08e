"""Slides as people see them: from disk, with the network off, in a real browser."""

import pytest
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
