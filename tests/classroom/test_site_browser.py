"""The site of the course as people read it: from disk, with the network off, in a real browser.

The picture of the README is taken by

    MYLIB_SCREENSHOTS=docs pytest tests/classroom/test_site_browser.py
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from mylib import syllabus
from mylib.classroom.publishing import site
from tests.classroom.browsing import browser, faults
from tests.classroom.publishing.addresses import dead_addresses

LECTURE = syllabus.topic("convolution")
KINDS = {
    "first page": "index",
    "lecture": LECTURE.lecture.with_suffix("").as_posix(),
    "exercise": LECTURE.exercise.with_suffix("").as_posix(),
    "claims": "lectures/CLAIMS",
    "methods": "methods/vision/convolution",
    "gradients": "methods/gradients",
    "deck": "slides/deep-learning-for-images",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The whole course from its committed outputs."""
    folder = tmp_path_factory.mktemp("public") / "site"
    site.build(syllabus.topics(), site=folder)
    return folder


@pytest.fixture(scope="module")
def window(chromium, tmp_path_factory):
    """One browser for all tests, without a network."""
    with browser(chromium, tmp_path_factory.mktemp("browser")) as first:
        first.context.set_offline(True)
        yield first.context


@pytest.fixture
def page(window):
    """A new page in it."""
    found = window.new_page()
    found.set_viewport_size({"width": 1200, "height": 800})
    yield found
    found.close()


def opened(page, built, kind, theme="light"):
    """Go to a page of a kind. Returns: what it asked for beyond the disk, and what went wrong."""
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
    page.goto((built / f"{KINDS[kind]}.html").as_uri())
    page.wait_for_function("!window.MathJax?.startup || window.MathJax.startup.promise.then(() => true)")
    assert not wrong
    return [url for url in asked if not url.startswith(("file:", "data:"))]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_everybody_can_read_a_page_and_it_asks_nothing_of_the_network(page, built, kind, theme):
    assert opened(page, built, kind, theme) == []
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert faults(page) == {}


def test_every_link_of_the_course_is_alive(built):
    assert dead_addresses(built, elsewhere=True) == []


def test_formulas_are_drawn_and_none_is_wrong(page, built):
    for topic in syllabus.topics():
        KINDS[topic.name] = topic.lecture.with_suffix("").as_posix()
        opened(page, built, topic.name)
        assert page.locator("mjx-container svg").count() > 20, topic.name
        assert page.locator("[data-mjx-error], mjx-merror").count() == 0, topic.name


def test_a_search_finds_a_lecture_from_disk(page, built):
    page.goto(f"{(built / 'search.html').as_uri()}?q=novikoff")
    first = page.locator("#search-results li a").first
    expect(first).to_be_visible()
    first.click()
    assert "novikoff" in page.locator("article").inner_text().lower()


def test_the_claims_are_sorted_and_filtered(page, built):
    opened(page, built, "claims")
    rows = page.locator("table.sortable tbody tr:visible")
    claims = sum(len(topic.claims) for topic in syllabus.topics())
    assert rows.count() == claims
    page.get_by_role("searchbox").first.fill("not reproduced")
    few = rows.count()
    assert 0 < few < claims
    assert all("not" in text and "reproduced" in text for text in rows.all_inner_texts())
    page.get_by_role("searchbox").first.fill("")
    page.get_by_role("button", name="verdict").click()
    up = page.locator("table.sortable tbody tr td:nth-child(4)").all_inner_texts()
    assert up == sorted(up)
    page.get_by_role("button", name="verdict").click()
    down = page.locator("table.sortable tbody tr td:nth-child(4)").all_inner_texts()
    assert down == sorted(down, reverse=True)


def test_a_reader_goes_on_folds_out_and_copies(page, built):
    opened(page, built, "lecture")
    if folder := os.environ.get("MYLIB_SCREENSHOTS"):
        page.locator("#one-dimension").evaluate("heading => heading.scrollIntoView()")
        page.screenshot(path=Path(folder) / "lecture.png")
    assert page.locator("button.copybtn").count() > 10
    folded = page.locator("details.hide").first
    code = folded.locator("pre")
    expect(code).to_be_hidden()
    folded.locator("summary").click()
    expect(code).to_be_visible()
    page.locator(".prev-next-footer .right-next").click()
    assert "04_convnets" in page.url


def test_nothing_is_wider_than_a_telephone(page, built):
    page.set_viewport_size({"width": 370, "height": 800})
    for kind in ("first page", "lecture", "exercise", "claims", "methods", "gradients"):
        opened(page, built, kind)
        assert page.evaluate("document.documentElement.scrollWidth") <= 370, kind
