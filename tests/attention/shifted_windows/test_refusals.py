"""Maps, windows, masks, sizes and images that shifted_windows refuses."""

import re

import numpy as np
import pytest

from mylib.attention.shifted_windows import scratch, sizes
from tests.attention.shifted_windows.cases import SMALL, TENSOR


def zeros(module, *shape):
    return TENSOR[module](np.zeros(shape, np.float32))


def mask(module, *shape, dtype=bool):
    return TENSOR[module](np.ones(shape, dtype))


BAD = {
    "a map without a batch": (
        lambda m: m.window_partition(zeros(m, 4, 4, 2), 2),
        "window_partition: expected x (batch, height, width, dim), got (4, 4, 2); maps are channels-last",
    ),
    "a window that does not divide the height": (
        lambda m: m.window_partition(zeros(m, 1, 5, 4, 2), 2),
        "window_partition: expected height and width as multiples of window, got 5, 4 and window 2; pad the map",
    ),
    "a window that does not divide the width": (
        lambda m: m.window_partition(zeros(m, 1, 4, 5, 2), 2),
        "got 4, 5 and window 2",
    ),
    "window 0": (
        lambda m: m.window_partition(zeros(m, 1, 4, 4, 2), 0),
        "window_partition: expected window, height and width of at least 1, got 0, 4 and 4",
    ),
    "windows of another side": (
        lambda m: m.window_reverse(zeros(m, 4, 3, 3, 2), 2, 4, 4),
        "window_reverse: expected windows (windows, 2, 2, dim), got (4, 3, 3, 2)",
    ),
    "too few windows": (
        lambda m: m.window_reverse(zeros(m, 3, 2, 2, 2), 2, 4, 4),
        "window_reverse: expected a multiple of 4 windows, which is what a map of 4 x 4 has, got 3",
    ),
    "a size that windows do not fill": (
        lambda m: m.window_reverse(zeros(m, 4, 2, 2, 2), 2, 4, 5),
        "window_reverse: expected height and width as multiples of window, got 4, 5 and window 2",
    ),
    "a roll of something else": (
        lambda m: m.cyclic_shift(zeros(m, 4, 4), 1),
        "cyclic_shift: expected x (batch, height, width, dim), got (4, 4)",
    ),
    "a mask of a map that windows do not fill": (
        lambda m: m.shifted_window_mask(4, 6, 4, 2),
        "shifted_window_mask: expected height and width as multiples of window, got 4, 6 and window 4",
    ),
    "a shift as large as the window": (
        lambda m: m.shifted_window_mask(4, 4, 2, 2),
        "shifted_window_mask: expected shift from 0 to 1, below the window, got 2; use window // 2",
    ),
    "a negative shift": (lambda m: m.shifted_window_mask(4, 4, 2, -1), "expected shift from 0 to 1"),
    "positions in no window": (
        lambda m: m.relative_position_index(0),
        "relative_position_index: expected window of at least 1, got 0",
    ),
    "heads that do not divide": (
        lambda m: m.WindowAttention(8, 3, 2),
        "WindowAttention: expected heads that divide dim, got 3 heads and dim 8",
    ),
    "no heads": (lambda m: m.WindowAttention(8, 0, 2), "expected dim, heads and window of at least 1, got 8, 0 and 2"),
    "attention in window 0": (lambda m: m.WindowAttention(8, 2, 0), "got 8, 2 and 0"),
    "windows of another dim": (
        lambda m: m.WindowAttention(8, 2, 2)(zeros(m, 4, 2, 2, 6)),
        "WindowAttention: expected windows (n, row, column, 8), got (4, 2, 2, 6)",
    ),
    "windows that are not square": (
        lambda m: m.WindowAttention(8, 2, 3)(zeros(m, 4, 2, 3, 8)),
        "WindowAttention: expected square windows of side 1 to 3, got (4, 2, 3, 8)",
    ),
    "tokens of no square": (
        lambda m: m.WindowAttention(8, 2, 3)(zeros(m, 4, 6, 8)),
        "expected square windows of side 1 to 3, got (4, 6, 8)",
    ),
    "windows larger than the table": (
        lambda m: m.WindowAttention(8, 2, 3)(zeros(m, 4, 4, 4, 8)),
        "expected square windows of side 1 to 3, got (4, 4, 4, 8); the table of positions reaches no farther",
    ),
    "a mask of other tokens": (
        lambda m: m.WindowAttention(8, 2, 2)(zeros(m, 4, 2, 2, 8), mask(m, 4, 9, 9)),
        "WindowAttention: expected mask (windows, 4, 4) with windows of at least 1, got (4, 9, 9)",
    ),
    "a mask of other windows": (
        lambda m: m.WindowAttention(8, 2, 2)(zeros(m, 4, 2, 2, 8), mask(m, 3, 4, 4)),
        "got masks for 3 and 4 windows, which are no whole number of maps",
    ),
    "a block with a shift beyond": (
        lambda m: m.SwinBlock(8, 2, 3, 3),
        "SwinBlock: expected shift from 0 to 2, below the window, got 3",
    ),
    "a block without a network": (
        lambda m: m.SwinBlock(8, 2, 3, mlp_ratio=0),
        "SwinBlock: expected mlp_ratio above 0, got 0",
    ),
    "a block that is always left out": (
        lambda m: m.SwinBlock(8, 2, 3, drop_path=1.0),
        "SwinBlock: expected drop_path from 0 to below 1, got 1.0",
    ),
    "a map of other channels": (
        lambda m: m.SwinBlock(8, 2, 3)(zeros(m, 1, 4, 4, 6)),
        "SwinBlock: expected x (batch, height, width, 8) with height and width of at least 1, got (1, 4, 4, 6)",
    ),
    "an empty map": (lambda m: m.SwinBlock(8, 2, 3)(zeros(m, 1, 0, 4, 8)), "got (1, 0, 4, 8)"),
    "merging nothing": (lambda m: m.PatchMerging(0), "PatchMerging: expected dim of at least 1, got 0"),
    "merging other channels": (
        lambda m: m.PatchMerging(4)(zeros(m, 1, 4, 4, 3)),
        "PatchMerging: expected x (batch, height, width, 4), got (1, 4, 4, 3)",
    ),
    "a model whose patches do not fit": (
        lambda m: m.Swin(**SMALL | {"image_size": 21}),
        "Swin: expected image_size as a multiple of patch, got 21 and patch 2; resize the images",
    ),
    "stages without heads": (
        lambda m: m.Swin(**SMALL | {"heads": (2,)}),
        "Swin: expected as many depths as heads, each at least 1, got (2, 2) and (2,)",
    ),
    "an empty stage": (lambda m: m.Swin(**SMALL | {"depths": (2, 0)}), "got (2, 0) and (2, 4)"),
    "heads that do not divide a later stage": (
        lambda m: m.Swin(**SMALL | {"heads": (2, 3)}),
        "Swin: expected heads that divide each stage's channels, got 3 for 16",
    ),
    "a model of windows below 1": (lambda m: m.Swin(**SMALL | {"window": 0}), "window and classes of at least 1"),
    "images that patches do not fill": (
        lambda m: m.Swin(**SMALL)(zeros(m, 1, 2, 20, 21)),
        "Swin: expected height and width as multiples of patch, got 20, 21 and patch 2; pad or resize the images",
    ),
    "images of other channels": (
        lambda m: m.Swin(**SMALL)(zeros(m, 1, 3, 20, 20)),
        "Swin: expected images (batch, 2, height, width) with height and width of at least 1, got (1, 3, 20, 20)",
    ),
    "features of other images": (lambda m: m.Swin(**SMALL).features(zeros(m, 2, 20, 20)), "got (2, 20, 20)"),
    "an unknown size": (
        lambda m: m.swin_preset("H"),
        "swin_preset: expected name of 'T' or 'S' or 'B' or 'L', got 'H'",
    ),
    "a preset whose patches do not fit": (
        lambda m: m.swin_preset("T", 222),
        "Swin: expected image_size as a multiple of patch, got 222 and patch 4",
    ),
    "a count of what cannot be made": (lambda m: m.parameter_count(**SMALL | {"heads": (3, 4)}), "got 3 for 8"),
    "a cost of what cannot be made": (lambda m: m.multiply_adds(**SMALL | {"window": 0}), "of at least 1"),
    "a layer without tokens": (
        lambda m: sizes.attention_cost(0, 4, 8, 2),
        "attention_cost: expected height, width, dim and window of at least 1, got 0, 4, 8 and 2",
    ),
}


@pytest.mark.parametrize(("make", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_with_a_remedy(side, make, message):
    module, _ = side
    with pytest.raises(ValueError, match=re.escape(message)):
        make(module)


def test_masks_that_are_not_boolean_are_refused(side):
    module, _ = side
    layer = module.WindowAttention(8, 2, 2)
    with pytest.raises(TypeError, match="WindowAttention: expected a mask of booleans, True where a query may look"):
        layer(zeros(module, 4, 2, 2, 8), mask(module, 4, 4, 4, dtype=np.float32))


def test_integers_are_refused():
    with pytest.raises(TypeError, match="SwinBlock: got int64 values, expected floating point"):
        scratch.SwinBlock(4, 2, 2)(np.zeros((1, 4, 4, 4), np.int64))


def test_a_shift_of_dense_attention_is_within_the_window():
    layer = scratch.WindowAttention(4, 2, 3)
    with pytest.raises(ValueError, match="dense_shift_attention: expected shift from 0 to 2"):
        scratch.dense_shift_attention(np.zeros((1, 6, 6, 4), np.float32), layer, 3, 3)
