"""Diagrams in one vocabulary: boxes and arrows, layers of units, and what happens inside a recurrent cell."""

import numpy as np
from matplotlib.patches import Circle, FancyBboxPatch

from mylib.plots.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, figure

# What a box stands for: its edge's colour, its filling, its outline.
KINDS = {
    "layer": (BLUE, "#E6F0F8", "round,pad=0.35,rounding_size=0.15"),
    "data": (GREY, "#F4F4F4", "square,pad=0.3"),
    "loss": (RED, "#FBEBE3", "round,pad=0.35,rounding_size=0.15"),
    "memory": (GREEN, "#E5F4EF", "square,pad=0.3"),
    "frozen": (PURPLE, "#F7EBF2", "round,pad=0.35,rounding_size=0.15"),
    "new": (ORANGE, "#FBF3DF", "round,pad=0.35,rounding_size=0.15"),
    "operation": ("black", "white", "circle,pad=0.2"),
    "text": ("none", "none", "square,pad=0.1"),
}
SIZE = 10  # of the text, points


def blocks(boxes, arrows=(), frames=None, unit=(1.3, 0.8), width=6.5):
    """Boxes with text, arrows between them, and dashed frames around some of them.

    A box is as large as its text. Places are columns from the left and rows from the top, fractions allowed, so that a
    diagram is read in the code as it is seen.

    Args:    boxes: {name: (column, row, text)} or {name: (column, row, text, kind)}; kind is one of layer (as without),
                 data, loss, memory, frozen, new, operation (a circle), text (no outline).
             arrows: (from, to), (from, to, text), or (from, to, text, bend): the height of its arc as a share of its
                 length, positive to the left of its direction; 0 is straight. "a-b" as `from` draws no head.
             frames: {title: names of the boxes inside}.
             unit: inches from column to column, and from row to row.
             width: of the whole figure, inches; columns are drawn closer where they would not fit.
    Returns: the figure, for `show`.
    Raises:  ValueError: an arrow or a frame names no box, or a kind is unknown.
    """
    _check(boxes, arrows, frames or {})
    columns, rows = ([place[axis] for place in boxes.values()] for axis in (0, 1))
    across, down = max(columns) - min(columns), max(rows) - min(rows)
    step = min(unit[0], (width - unit[0]) / across) if across else unit[0]
    fig, axes = _paper((across + 1) * step, (down + 1) * unit[1])
    axes.set(xlim=(min(columns) - 0.5, max(columns) + 0.5), ylim=(max(rows) + 0.5, min(rows) - 0.5))
    patches = {name: _box(axes, *place) for name, place in boxes.items()}
    for arrow in arrows:
        _arrow(axes, boxes, patches, *arrow)
    for title, names in (frames or {}).items():
        _frame(axes, title, [patches[name] for name in names])
    return _cut(fig, axes)


def cell(boxes, arrows, inside, title="", **keywords):
    """One cell of a network that runs through time: what is inside has a frame, what enters and leaves has not.

    Args:    boxes, arrows, keywords: of `blocks`.
             inside: names of the boxes inside the cell.
             title: of the cell.
    Returns: the figure, for `show`.
    """
    return blocks(boxes, arrows, {title: inside}, **keywords)


def network(layers, weights=None, titles=None, width=6.5, height=2.6):
    """Units in layers, each joined to all of the layer before.

    Args:    layers: sequence of sequences of texts, from the input to the output; "..." stands for units left out.
             weights: {(layer, from, to): text} for what is written on a connection into that layer; the connections of
                 a layer that none is written on are thin.
             titles: one below each layer, or None.
             width, height: inches.
    Returns: the figure, for `show`.
    Raises:  ValueError: fewer than two layers, not one title for each, or a weight between units that do not exist.
    """
    weights = weights or {}
    if len(layers) < 2 or (titles is not None and len(titles) != len(layers)):
        raise ValueError(
            f"network: expected at least two layers and as many titles, got {len(layers)} layers and "
            f"{'no' if titles is None else len(titles)} titles"
        )
    fig, axes = _paper(width, height)
    axes.set_aspect("equal")
    most = max(map(len, layers))
    spread = max(1.6, (most + 0.6) * width / height / len(layers))
    places = [
        [(at * spread, (len(layer) - 1) / 2 - unit) for unit in range(len(layer))] for at, layer in enumerate(layers)
    ]
    for into, a, b in weights:
        if not (0 < into < len(layers) and 0 <= a < len(layers[into - 1]) and 0 <= b < len(layers[into])):
            raise ValueError(f"network: expected a weight (layer, from, to) between two units, got {(into, a, b)}")
    for into in range(1, len(layers)):
        for a, start in enumerate(places[into - 1]):
            for b, end in enumerate(places[into]):
                if "..." not in (layers[into - 1][a], layers[into][b]):
                    _connection(axes, start, end, weights.get((into, a, b), ""))
    for layer, row in zip(layers, places, strict=True):
        for text, place in zip(layer, row, strict=True):
            _unit(axes, place, text)
    for at, title in enumerate(titles or ()):
        axes.text(at * spread, -most / 2 - 0.1, title, ha="center", va="top", size=SIZE)
    axes.set(xlim=(-0.7, (len(layers) - 1) * spread + 0.7), ylim=(-most / 2 - (0.6 if titles else 0.1), most / 2 + 0.1))
    return _cut(fig, axes)


def _paper(width, height):
    """A figure that its axes fill, in the scale in which it will be shown."""
    fig, axes = figure(width=width, height=height)
    fig.set_layout_engine("none")
    axes.set_position([0, 0, 1, 1])
    axes.set_axis_off()
    return fig, axes


def _cut(fig, axes):
    """Make the paper as large as what is drawn on it, arcs and text beyond its edge included."""
    fig.canvas.draw()
    drawn = fig.get_tightbbox().padded(0.05)
    width, height = fig.get_size_inches()
    fig.set_size_inches(*drawn.size)
    axes.set_position([-drawn.x0 / drawn.width, -drawn.y0 / drawn.height, width / drawn.width, height / drawn.height])
    return fig


def _check(boxes, arrows, frames):
    named = [name for arrow in arrows for name in arrow[:2]] + [name for names in frames.values() for name in names]
    if unknown := [name for name in named if name not in boxes]:
        raise ValueError(f"blocks: expected names of boxes {list(boxes)}, got {unknown}")
    if wrong := [place[3] for place in boxes.values() if len(place) > 3 and place[3] not in KINDS]:
        raise ValueError(f"blocks: expected a kind of {list(KINDS)}, got {wrong}")


def _box(axes, column, row, text, kind="layer"):
    edge, filling, outline = KINDS[kind]
    look = {"boxstyle": outline, "edgecolor": edge, "facecolor": filling, "linewidth": 1.2}
    return axes.text(column, row, text, ha="center", va="center", size=SIZE, bbox=look, zorder=3)


def _arrow(axes, boxes, patches, start, end, text="", bend=0.0):
    look = {"arrowstyle": "-|>,head_width=0.25,head_length=0.5", "linewidth": 1.2, "color": "black"}
    look |= {"patchA": patches[start].get_bbox_patch(), "patchB": patches[end].get_bbox_patch()}
    look |= {"shrinkA": 0, "shrinkB": 0, "connectionstyle": f"arc3,rad={-bend}"}
    (x0, y0), (x1, y1) = boxes[start][:2], boxes[end][:2]
    axes.annotate("", xy=(x1, y1), xytext=(x0, y0), arrowprops=look, zorder=2)
    if text:
        # An arc of this height passes half of it beside the middle of the chord.
        scale = axes.transData.transform([(x0, y0), (x1, y1)])
        chord = scale[1] - scale[0]
        middle = scale.mean(0) + 0.5 * bend * np.array([-chord[1], chord[0]])
        x, y = axes.transData.inverted().transform(middle)
        axes.text(x, y, text, ha="center", va="center", size=SIZE - 1, zorder=4, bbox=_PAPER)


_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}


def _frame(axes, title, texts):
    axes.figure.canvas.draw()
    inside = [text.get_bbox_patch().get_window_extent() for text in texts]
    low = np.min([box.min for box in inside], axis=0) - 9
    high = np.max([box.max for box in inside], axis=0) + 9
    (x0, bottom), (x1, top) = axes.transData.inverted().transform([low, high])  # rows count downwards
    across, down = (high - low) / (x1 - x0, bottom - top)  # pixels of a column and of a row
    outline = f"round,pad=0,rounding_size={6 / across}"
    frame = FancyBboxPatch((x0, top), x1 - x0, bottom - top, outline, fill=False, ls="--", ec=GREY, zorder=1)
    frame.set_mutation_aspect(across / down)
    axes.add_patch(frame)
    axes.text(x0, top, title, ha="left", va="bottom", size=SIZE, color="#555555", zorder=4)


def _connection(axes, start, end, text):
    axes.plot(
        *zip(start, end, strict=True), color="black" if text else GREY, linewidth=1.2 if text else 0.6, ls="-", zorder=1
    )
    if text:
        # Near its start, where connections to one unit have not met yet; further along if it falls, where two cross.
        fall = np.clip(start[1] - end[1], -2, 2)
        x, y = np.array(start) + (0.3 + 0.06 * fall) * (np.array(end) - np.array(start))
        axes.text(x, y, text, ha="center", va="center", size=SIZE - 1, zorder=4, bbox=_PAPER)


def _unit(axes, place, text):
    if text == "...":
        axes.text(*place, "⋮", ha="center", va="center", size=SIZE + 4)
        return
    axes.add_patch(Circle(place, 0.38, facecolor="#E6F0F8", edgecolor=BLUE, linewidth=1.2, zorder=2))
    axes.text(*place, text, ha="center", va="center", size=SIZE, zorder=3)
