"""Tables and sliders: what a browser, a terminal and a page without a kernel show."""

import sys

import matplotlib.pyplot as plt
import pytest
from bs4 import BeautifulSoup

from mylib import plots
from mylib.plots import figures, tables


@pytest.fixture
def displayed(monkeypatch):
    """What was displayed."""
    shown = []
    for module in (tables, figures):
        monkeypatch.setattr(module, "display", lambda bundle, raw: shown.append(bundle))
    return shown


ROWS = [["ResNet-50 <slide>", 76.15, 25_557_032], ["Ours", 98.765432, None], ["DenseNet", "not given", 7]]


def test_a_table_has_heads_rows_and_a_caption_that_are_escaped(displayed):
    plots.table(["network", "accuracy (%)", "parameters"], ROWS, "Networks & their cost", digits=3)
    page = BeautifulSoup(displayed[0]["text/html"], "html.parser")
    assert page.caption.text == "Networks & their cost"
    assert [head.text for head in page.thead.select("th[scope=col]")] == ["network", "accuracy (%)", "parameters"]
    rows = [[cell.text for cell in row.select("th, td")] for row in page.tbody.select("tr")]
    assert rows == [
        ["ResNet-50 <slide>", "76.2", "25,557,032"],
        ["Ours", "98.8", ""],
        ["DenseNet", "not given", "7"],
    ]
    assert [row.th["scope"] for row in page.tbody.select("tr")] == ["row"] * 3
    assert ["font-weight" in (row.get("style") or "") for row in page.tbody.select("tr")] == [False, True, False]


def test_a_terminal_gets_columns(displayed):
    plots.table(["a", "b"], [["x", 1], ["long", 23]], "Two")
    assert displayed[0]["text/plain"] == "Two\na     b\nx     1\nlong  23"


def test_a_row_with_a_cell_too_few_is_refused(displayed):
    with pytest.raises(ValueError, match=r"table: expected 2 cells in each row, got 1 in \['x'\]"):
        plots.table(["a", "b"], [["x"]])
    assert displayed == []


def draw(value):
    fig, axes = plots.figure(width=2, height=1)
    axes.plot([0, value])
    return fig


def test_a_page_without_a_kernel_gets_the_still_picture_only(displayed, monkeypatch):
    monkeypatch.setenv("MYLIB_STATIC", "1")
    plots.explore(draw, "A line.", still=2, height=(1, 2, 3))
    assert [bundle["text/plain"] for bundle in displayed] == ["A line."]
    assert plt.get_fignums() == []


def test_a_running_notebook_gets_a_slider_that_draws_each_value(displayed, monkeypatch):
    import ipywidgets

    moved = []
    monkeypatch.delenv("MYLIB_STATIC", raising=False)
    monkeypatch.setattr(ipywidgets, "interact", lambda function, value: moved.append((function, value)))
    plots.explore(draw, "A line.", still=2, height=(1, 2, 3))
    ((function, slider),) = moved
    assert (list(slider.options), slider.value, slider.description) == ([1, 2, 3], 2, "height")
    function(3)
    assert [bundle["text/plain"] for bundle in displayed] == ["A line.", "The same for height = 3."]


def test_without_widgets_the_still_picture_is_all(displayed, monkeypatch):
    monkeypatch.delenv("MYLIB_STATIC", raising=False)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    plots.explore(draw, "A line.", still=1, height=(1, 2))
    assert len(displayed) == 1


def test_a_slider_has_one_name_and_its_still_is_one_of_the_values(displayed):
    with pytest.raises(ValueError, match=r"expected one name=values, got \['a', 'b'\]"):
        plots.explore(draw, "A line.", still=1, a=[1], b=[2])
    with pytest.raises(ValueError, match=r"expected still= of a=\[1, 2\], got 3"):
        plots.explore(draw, "A line.", still=3, a=[1, 2])
