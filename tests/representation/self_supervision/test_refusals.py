"""Shapes, types and numbers that self_supervision refuses."""

import numpy as np
import pytest
import torch

from mylib.representation.self_supervision import scratch
from tests.representation.self_supervision.cases import RNG

X = np.ones((2, 1, 4, 4), np.float32)
MASK = np.ones((2, 1, 4, 4), bool)
PATHS, TARGET = np.ones((2, 3, 4, 2)), np.ones((2, 4, 2))
NAN = np.full((2, 4, 2), np.nan, np.float32)

BAD_VALUES = {
    "an odd turn of one image that is no square": (
        lambda m, a: m.rotate90(a(np.ones((2, 1, 3, 4))), a(np.array([0, 1]))),
        "expected square images for odd quarter turns, got 3 x 4 pixels",
    ),
    "turns for other images": (
        lambda m, a: m.rotate90(a(X), a(np.array([0, 1, 2]))),
        "where batch is both 2 and 3",
    ),
    "a row of pixels": (lambda m, a: m.rotate90(a(np.ones(3)), 1), r"got \(3,\)"),
    "rotations of images that are no squares": (
        lambda m, a: m.rotation_batch(a(np.ones((2, 1, 3, 4)))),
        "rotation_batch: expected square images",
    ),
    "an image without its batch": (lambda m, a: m.rotation_batch(a(X[0])), "add the missing axes"),
    "no images": (lambda m, a: m.rotation_batch(a(X[:0])), "batch of at least 1|batch and .* of at least 1"),
    "a network without width": (lambda m, a: m.RotNet(width=0), "width.* of at least 1, got 1, 0, 4 and 4"),
    "a network without blocks": (lambda m, a: m.FillingNet(blocks=0), "blocks of at least 1, got 1, 32 and 0"),
    "a network without classes": (lambda m, a: m.RotNet(classes=0), "classes of at least 1"),
    "a block that is not there": (lambda m, a: m.RotNet(width=2).features(a(X), 5), "block from 1 to 4, got 5"),
    "block 0": (lambda m, a: m.FillingNet(width=2).features(a(X), 0), "FillingNet: expected block from 1 to 4, got 0"),
    "images of other channels": (
        lambda m, a: m.RotNet(channels=3, width=2)(a(X)),
        r"RotNet: expected images \(batch, 3, height, width\)",
    ),
    "images of one row": (lambda m, a: m.RotNet(width=2)(a(X[:, :, :1])), "at least 2 x 2 pixels, got 1 x 4"),
    "images that cannot be halved": (
        lambda m, a: m.FillingNet(width=2)(a(np.ones((2, 1, 5, 4), np.float32))),
        "even height and width, got 5 x 4",
    ),
    "a square larger than the image": (lambda m, a: m.hide_square(a(X), 5, RNG(0)), "size from 1 to 4, got 5"),
    "a square without pixels": (lambda m, a: m.hide_square(a(X), 0, RNG(0)), "size from 1 to 4, got 0"),
    "nothing hidden": (
        lambda m, a: m.filling_loss(a(X), a(X), a(~MASK)),
        "at least one hidden pixel, got none",
    ),
    "a mask for each channel": (
        lambda m, a: m.filling_loss(a(np.ones((2, 3, 4, 4))), a(np.ones((2, 3, 4, 4))), a(np.ones((2, 3, 4, 4), bool))),
        r"mask \(batch, 1, height, width\)",
    ),
    "a prediction of another size": (
        lambda m, a: m.filling_loss(a(X[:, :, :2]), a(X), a(MASK)),
        "where height is both 2 and 4",
    ),
    "one position seen": (lambda m, a: m.PathPredictor(1, 3), "past of at least 2, got 1; one position shows no step"),
    "no guesses": (lambda m, a: m.PathPredictor(3, 3, hypotheses=0), "hypotheses.* of at least 1, got 3, 0 and 64"),
    "no future": (lambda m, a: m.PathPredictor(3, 0), "of at least 1, got 0, 1 and 64"),
    "paths of other lengths": (
        lambda m, a: m.PathPredictor(3, 2)(a(TARGET.astype(np.float32))),
        r"expected past \(batch, 3, 2\), got \(2, 4, 2\)",
    ),
    "a past that is no number": (lambda m, a: m.PathPredictor(4, 2)(a(NAN)), "past of finite numbers, got NaN"),
    "guesses that are no numbers": (
        lambda m, a: m.winner_takes_all_loss(a(PATHS * np.nan), a(TARGET)),
        "paths of finite numbers",
    ),
    "a target at infinity": (
        lambda m, a: m.winner_takes_all_loss(a(PATHS), a(TARGET * np.inf)),
        "target of finite numbers",
    ),
    "errors of no numbers": (
        lambda m, a: m.displacement_errors(a(PATHS), a(TARGET * np.nan)),
        "displacement_errors: expected target of finite numbers",
    ),
    "guesses without their axis": (
        lambda m, a: m.winner_takes_all_loss(a(TARGET), a(TARGET)),
        r"paths \(batch, hypotheses, future, 2\)",
    ),
    "targets of another length": (
        lambda m, a: m.displacement_errors(a(PATHS), a(TARGET[:, :2])),
        "where future is both 4 and 2",
    ),
    "positions in space": (
        lambda m, a: m.displacement_errors(a(np.ones((2, 3, 4, 3))), a(np.ones((2, 4, 3)))),
        "expected paths",
    ),
}
BAD_TYPES = {
    "integer images": (lambda m, a: m.rotate90(a(X.astype(int)), 1), "floating-point images .* divide by 255"),
    "rotations of integers": (lambda m, a: m.rotation_batch(a(X.astype(np.uint8))), "rotation_batch: .* divide by 255"),
    "hidden integers": (lambda m, a: m.hide_square(a(X.astype(int)), 1, RNG(0)), "hide_square: .* divide by 255"),
    "a network of integers": (lambda m, a: m.RotNet(width=2)(a(X.astype(int))), "RotNet: .* divide by 255"),
    "half a turn": (lambda m, a: m.rotate90(a(X), 0.5), "quarter_turns as integers, got .*float"),
    "true turns": (lambda m, a: m.rotate90(a(X), True), "quarter_turns as integers, got .*bool"),
    "turns as floats": (lambda m, a: m.rotate90(a(X), a(np.ones(2))), "quarter_turns as integers, got .*float64"),
    "half a pixel": (lambda m, a: m.hide_square(a(X), 1.5, RNG(0)), "size as an integer, got 1.5"),
    "a mask of numbers": (lambda m, a: m.filling_loss(a(X), a(X), a(X)), "a boolean mask, got .*float32"),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_bad_values_say_what_is_expected(side, case):
    call, message = BAD_VALUES[case]
    with pytest.raises(ValueError, match=message):
        call(*side)


@pytest.mark.parametrize("case", BAD_TYPES)
def test_bad_types_say_what_is_expected(side, case):
    call, message = BAD_TYPES[case]
    with pytest.raises(TypeError, match=message):
        call(*side)


def test_baskets_that_are_none():
    with pytest.raises(TypeError, match="boolean baskets, got int64"):
        scratch.association_rules(np.ones((2, 2), np.int64))
    with pytest.raises(ValueError, match="baskets"):
        scratch.association_rules(np.ones((0, 2), bool))
    with pytest.raises(ValueError, match="from 0 to 1, got 1.5 and 0.5"):
        scratch.association_rules(np.ones((2, 2), bool), least_support=1.5)


def test_a_gpu_is_not_asked_for_what_only_a_value_would_tell():
    from mylib.representation.self_supervision import pytorch

    empty = torch.zeros(2, 1, 4, 4, dtype=torch.bool, device="meta")
    images = torch.ones(2, 1, 4, 4, device="meta")
    assert pytorch.filling_loss(images, images, empty).is_meta
