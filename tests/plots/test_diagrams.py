"""Diagrams: every box and arrow is drawn, nothing lies beyond the paper, and wrong names are refused."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Circle

from mylib import plots
from mylib.plots import diagrams


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


BOXES = {"x": (0, 0, "x", "data"), "a": (1, 0, "a long name\nin two lines"), "+": (2, 0, "+", "operation")}
ARROWS = [("x", "a"), ("a", "+"), ("x", "+", "shortcut", 0.6)]


def texts(fig):
    return {text.get_text(): text for text in fig.axes[0].texts if text.get_text()}


def box(text):
    return text.get_bbox_patch().get_window_extent()


def test_every_box_has_its_text_its_place_and_its_kind():
    fig = plots.blocks(BOXES, ARROWS)
    found = texts(fig)
    assert set(found) == {"x", "a long name\nin two lines", "+", "shortcut"}
    fig.canvas.draw()
    centres = [box(found[place[2]]).get_points().mean(0) for place in BOXES.values()]
    assert centres[0][0] < centres[1][0] < centres[2][0]
    np.testing.assert_allclose([y for _, y in centres], centres[0][1], atol=1)
    edges = {name: found[BOXES[name][2]].get_bbox_patch().get_edgecolor() for name in BOXES}
    assert len(set(edges.values())) == 3


def test_rows_count_downwards():
    found = texts(plots.blocks({"top": (0, 0, "top"), "low": (0, 1, "low")}))
    plt.gcf().canvas.draw()
    assert box(found["top"]).y0 > box(found["low"]).y1


def test_arrows_go_from_edge_to_edge_and_labels_stand_beside_the_chord():
    fig = plots.blocks(BOXES, ARROWS)
    fig.canvas.draw()
    drawn = [one.arrow_patch for one in fig.axes[0].texts if getattr(one, "arrow_patch", None)]
    assert len(drawn) == 3
    found = texts(fig)
    start, end = (drawn[0].get_path().get_extents().x0, drawn[0].get_path().get_extents().x1)
    np.testing.assert_allclose([start, end], [box(found["x"]).x1, box(found["a long name\nin two lines"]).x0], atol=4)
    assert found["shortcut"].get_window_extent().y0 > box(found["+"]).y1  # to the left of its direction is above


def test_all_that_is_drawn_is_on_the_paper():
    for fig in (
        plots.blocks(BOXES, ARROWS, {"a frame": ["a", "+"]}),
        plots.cell(BOXES, ARROWS, ["a"], "a cell"),
        plots.network([["x", "1"], ["a", "...", "b"], ["y"]], {(2, 0, 0): "0.5"}, ["in", "between", "out"]),
    ):
        fig.canvas.draw()
        inside = fig.get_tightbbox()
        width, height = fig.get_size_inches()
        assert min(inside.x0, inside.y0) > 0
        assert inside.x1 < width <= 6.6
        assert inside.y1 < height


def test_a_frame_holds_its_boxes_and_no_other():
    fig = plots.blocks(BOXES, ARROWS, {"part": ["a", "+"]})
    fig.canvas.draw()
    (frame,) = [patch for patch in fig.axes[0].patches if patch.get_linestyle() == "--"]
    around, found = frame.get_window_extent(), texts(fig)
    for name in ("a long name\nin two lines", "+"):
        assert around.x0 < box(found[name]).x0
        assert around.x1 > box(found[name]).x1
    assert around.x0 > box(found["x"]).x1


def test_a_network_joins_all_units_of_neighbouring_layers():
    fig = plots.network([["x", "1"], ["a", "b", "c"], ["y"]], {(1, 0, 2): "0.7"})
    axes = fig.axes[0]
    assert len(axes.lines) == 2 * 3 + 3 * 1
    assert sum(isinstance(patch, Circle) for patch in axes.patches) == 6
    assert "0.7" in texts(fig)


@pytest.mark.parametrize("count", [2, 4, 8])
def test_what_is_written_on_connections_touches_no_unit_and_nothing_else_written(count):
    names = [f"w{a}" for a in range(count)]
    fig = plots.network(
        [["x"] * count, ["z"]], {(1, a, 0): name for a, name in enumerate(names)}, height=1 + 0.4 * count
    )
    fig.canvas.draw()
    found = texts(fig)
    written = [found[name].get_window_extent() for name in names]
    units = [patch.get_window_extent() for patch in fig.axes[0].patches if isinstance(patch, Circle)]
    assert not any(one.overlaps(other) for one, other in itertools.combinations([*written, *units], 2))


def test_units_that_are_left_out_are_dots_without_connections():
    fig = plots.network([["x", "...", "z"], ["y"]])
    assert len(fig.axes[0].lines) == 2
    assert "⋮" in texts(fig)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"blocks: expected names of boxes \['x', 'a', '\+'\], got \['z'\]"):
        plots.blocks(BOXES, [("x", "z")])
    with pytest.raises(ValueError, match=r"got \['w'\]"):
        plots.blocks(BOXES, frames={"part": ["w"]})
    with pytest.raises(ValueError, match=r"expected a kind of .*got \['lair'\]"):
        plots.blocks({"x": (0, 0, "x", "lair")})
    with pytest.raises(ValueError, match="expected at least two layers and as many titles, got 1 layers and no titles"):
        plots.network([["x"]])
    with pytest.raises(ValueError, match="between two units, got \\(1, 0, 5\\)"):
        plots.network([["x"], ["y"]], {(1, 0, 5): "0.5"})


@pytest.mark.parametrize("weight", [(0, 0, 0), (2, 0, 0), (1, -1, 0), (1, 0, -1), (1, 1, 0)])
def test_a_weight_counts_layers_from_one_and_units_from_zero(weight):
    with pytest.raises(ValueError, match="between two units"):
        plots.network([["x"], ["y"]], {weight: "0.5"})


def test_every_kind_of_box_can_be_told_apart():
    assert len(set(diagrams.KINDS.values())) == len(diagrams.KINDS)
