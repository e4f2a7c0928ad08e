"""The index: what a reader may expect of every lecture, before opening it."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from mylib import syllabus
from mylib.classroom.publishing import index


def test_every_topic_has_a_row_with_minutes_level_and_what_it_builds_on():
    rows = [line for cell in index.index_notebook().cells for line in cell.source.splitlines()]
    for topic in syllabus.topics():
        (row,) = [row for row in rows if f"[{topic.title}](" in row]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert re.fullmatch("[1-9][05]+|5", cells[3]), row
        assert cells[4] == topic.facts.difficulty
        assert re.findall(r"\[(\w+)\]", cells[5]) == list(topic.facts.builds_on)
        assert cells[6] == topic.facts.deck


@pytest.mark.parametrize(("words", "lines", "minutes"), [(10, 1, "5"), (1200, 1, "15"), (1200, 150, "25")])
def test_minutes_count_words_and_lines_of_code_that_is_seen(tmp_path, words, lines, minutes):
    hidden = new_code_cell("x = 1\n" * 500, metadata={"tags": ["drawing"]})
    shown = new_output("display_data", data={"text/markdown": "x\n" * (lines - 1) + "x"})
    cells = [new_markdown_cell("word " * words), hidden, new_code_cell("", outputs=[shown])]
    nbformat.write(new_notebook(cells=cells), tmp_path / "one.ipynb")
    assert index._minutes(tmp_path / "one.ipynb") == minutes
    assert index._minutes(tmp_path / "none.ipynb") == ""


def test_a_topic_builds_on_earlier_ones_only():
    text = (syllabus.ROOT / syllabus.topic("perceptron").package / "topic.toml").read_text(encoding="utf-8")
    one = syllabus.parse(text.replace("builds_on = []", 'builds_on = ["backprop"]'), "vision", "perceptron")
    assert one.facts.builds_on == ("backprop",)
    with pytest.raises(ValueError, match="Invalid enum value 'hard'"):
        syllabus.parse(text.replace('"first steps"', '"hard"'), "vision", "perceptron")
