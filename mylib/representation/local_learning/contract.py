"""What both sides of local_learning promise: what an update holds, where modules end, and what is refused.

Only shapes and plain numbers come in. Whether the values of y are looked at is each side's affair: NumPy always does,
PyTorch where that is free, on the CPU; what was found is refused here.
"""

from itertools import accumulate
from typing import NamedTuple

from mylib.shared import expect, expect_range


class ClappUpdate(NamedTuple):
    """Changes of one layer, to be added times the learning rate: arrays, or tensors in PyTorch.

    Args:    weight: of the weights from input to layer. Shape (out, in).
             bias: of the thresholds. Shape (out,).
             w_pred: of the weights that predict the present glimpse. Shape (out, out).
             w_retro: of the weights that predict backwards. Shape (out, out).
    """

    weight: object
    bias: object
    w_pred: object
    w_retro: object


def check_answers(operation, bad):
    """`bad`: entries of y that are neither +1 nor -1."""
    if bad:
        raise ValueError(
            f"{operation}: expected y of +1 (fixation) and -1 (saccade) only, got {bad[:3]}; 2 * y - 1 turns 0 and 1 "
            "into them"
        )


def check_floating(operation, dtype, name):
    """Glimpses are numbers with a fraction."""
    if "float" not in str(dtype):
        raise TypeError(f"{operation}: expected {name} of floating point, got {dtype}; convert, or divide by 255")


def check_score(z, c, w):
    """Two vectors a pair, and a matrix between them."""
    expect("prediction_score", z=(z, "batch+ dim_z"), c=(c, "batch dim_c"), w=(w, "dim_z dim_c"))


def check_hinge(score, y):
    """A score and an answer a pair."""
    expect("hinge_loss", score=(score, "batch+"), y=(y, "batch"))


def check_cpc(z, c, w, negatives):
    """As a score, with negatives of its own for each pair."""
    expect(
        "cpc_loss",
        "every row has negatives of its own",
        z=(z, "batch+ dim_z"),
        c=(c, "batch dim_c"),
        w=(w, "dim_z dim_c"),
        negatives=(negatives, "batch count+ dim_z"),
    )


def check_update(x, x_before, weight, bias, w_pred, w_retro, y):
    """Two glimpses at one layer."""
    expect(
        "clapp_update",
        "a dense layer has one position: x[:, None]",
        x=(x, "batch+ positions+ in+"),
        x_before=(x_before, "batch positions in"),
        weight=(weight, "out+ in"),
        bias=(bias, "out"),
        w_pred=(w_pred, "out out"),
        w_retro=(w_retro, "out out"),
        y=(y, "batch"),
    )


def check_layer(channels_in, channels_out, kernel, stride):
    """Sizes of a layer."""
    numbers = {"channels_in": channels_in, "channels_out": channels_out, "kernel": kernel, "stride": stride}
    expect_range("ClappLayer", 1, None, **numbers)


def saccades_for_each(operation, now, before, y):
    """How many present glimpses there are for each earlier one: 1, or 2 where fixation and saccade come together."""
    expect(
        operation,
        now=(now, "pairs+ channels height+ width+"),
        before=(before, "batch+ channels height width"),
        y=(y, "pairs"),
    )
    if now[0] % before[0]:
        raise ValueError(
            f"{operation}: expected as many present as earlier glimpses, or a multiple, got {now[0]} and {before[0]}; "
            "draw both with draw_glimpses"
        )
    return now[0] // before[0]


def module_ends(widths, strides, modules):
    """Numbers of the layers, from 0, that end a module and have a loss."""
    widths, strides, modules = tuple(widths), tuple(strides), tuple(modules)
    if not widths or len(widths) != len(strides):
        raise ValueError(
            f"ClappNet: expected at least one layer, and a stride for each width, got widths {widths} and strides "
            f"{strides}"
        )
    if sum(modules) != len(widths) or min(modules) < 1:
        raise ValueError(
            f"ClappNet: expected modules of at least one layer that add up to {len(widths)} layers, got {modules}; "
            f"{(1,) * len(widths)} learns layer by layer, ({len(widths)},) end to end"
        )
    return [last - 1 for last in accumulate(modules)]


def check_encode(layer, layers, grid, images):
    """A layer that exists; images to encode."""
    expect("ClappNet", images=(images, "batch channels+ height+ width+"))
    expect_range("ClappNet", 1, layers, "the first layer is 1", layer=layer)
    expect_range("ClappNet", 1, None, "1 is one mean for each channel", grid=grid)


def check_grid(grid, height, width):
    """No more cells than positions."""
    expect_range("ClappNet", 1, min(height, width), f"the maps are {height} by {width}", grid=grid)


def check_glimpses(shapes, count, window, drift):
    """At least two images, each of them as large as a window."""
    if len(shapes) < 2:
        raise ValueError(
            f"draw_glimpses: expected at least two images, since a saccade lands on another one, got {len(shapes)}; "
            "cut a large one into parts"
        )
    for number, shape in enumerate(shapes):
        channels = shapes[0][0] if shapes[0] else 1
        expect("draw_glimpses", f"image {number} does not fit the others", image=(shape, f"{channels} height+ width+"))
        if min(shape[1:]) < window:
            raise ValueError(
                f"draw_glimpses: expected images of at least {window} by {window} pixels, got {shape[1]} by {shape[2]} "
                f"as image {number}; take a smaller window"
            )
    expect_range("draw_glimpses", 1, None, count=count, window=window)
    expect_range("draw_glimpses", 0, None, "it goes as far to the left as to the right", drift=drift)
