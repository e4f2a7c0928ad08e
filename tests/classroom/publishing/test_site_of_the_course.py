"""What the pages of the course itself must hold."""

import re

import nbformat

from mylib import syllabus
from mylib.classroom.publishing.site import methods, pages


def test_every_public_name_of_a_topic_has_its_heading():
    for topic in syllabus.topics():
        text = methods.topic_page(topic)
        for method in topic.methods:
            assert f"\n## {method.name}\n" in text, f"{topic.name}: {method.name}"


def test_every_gradient_rule_of_the_engine_stands_in_the_table():
    found = {operation: back for operation, _, back in methods.rules()}
    source = "".join(path.read_text() for path in (syllabus.ROOT / "mylib" / "engine").glob("*.py"))
    assert len(list(methods.rules())) == len(re.findall(r"(?m)^def \w+_backward\(", source))
    assert found["mul"] == "dL/da = g b, dL/db = g a."
    assert found["conv2d, conv3d"].startswith("dL/dx = g correlated back")
    assert all(found.values())


def test_every_slide_of_a_deck_leads_to_its_method():
    decks = dict(pages.all_pages({}))
    text = "".join(page for path, page in decks.items() if path.startswith("slides/"))
    for topic in syllabus.topics():
        for method in topic.methods:
            assert f"[{method.name}](../methods/{topic.part}/{topic.name}.md#" in text


def test_a_lecture_is_shown_with_every_picture_and_alt_text_that_was_committed():
    alts = re.compile(r'alt=\\"[^"\\]')
    for topic in syllabus.topics():
        committed = (syllabus.ROOT / topic.lecture).read_text(encoding="utf-8")
        shown = pages.notebook(syllabus.ROOT / topic.lecture, "")
        assert len(alts.findall(shown)) == len(alts.findall(committed)) > 0
        cells = nbformat.reads(shown, as_version=4).cells
        assert not any("NBVAL" in cell.source for cell in cells)
