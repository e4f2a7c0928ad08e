"""Images, patches, sizes and maps that the vision Transformer refuses."""

import re

import numpy as np
import pytest

from mylib.attention.vision_transformer import scratch, sizes
from tests.attention.vision_transformer.cases import SMALL, TENSOR

BAD = {
    "a patch that does not divide the height": (
        lambda m: m.patchify(TENSOR[m](np.zeros((1, 1, 5, 4))), 2),
        ValueError,
        "patches of side 2 do not fill images of shape (1, 1, 5, 4)",
    ),
    "a patch that does not divide the width": (
        lambda m: m.patchify(TENSOR[m](np.zeros((1, 1, 4, 5))), 2),
        ValueError,
        "(1, 1, 4, 5)",
    ),
    "patch 0": (lambda m: m.patchify(TENSOR[m](np.zeros((1, 1, 4, 4))), 0), ValueError, "patches of side 0"),
    "an image without a batch": (
        lambda m: m.patchify(TENSOR[m](np.zeros((1, 4, 4))), 2),
        ValueError,
        "(1, 4, 4)",
    ),
    "too few rows": (
        lambda m: m.unpatchify(TENSOR[m](np.zeros((1, 3, 4))), 2, 4, 4),
        ValueError,
        "(1, 3, 4) are no patches of side 2 of images of 4 x 4",
    ),
    "rows of another length": (
        lambda m: m.unpatchify(TENSOR[m](np.zeros((1, 4, 5))), 2, 4, 4),
        ValueError,
        "(1, 4, 5) are no patches",
    ),
    "a height that does not divide": (
        lambda m: m.unpatchify(TENSOR[m](np.zeros((1, 4, 4))), 2, 5, 4),
        ValueError,
        "images of 5 x 4",
    ),
    "a width that does not divide": (
        lambda m: m.unpatchify(TENSOR[m](np.zeros((1, 4, 4))), 2, 4, 5),
        ValueError,
        "images of 4 x 5",
    ),
    "rows without a batch": (
        lambda m: m.unpatchify(TENSOR[m](np.zeros((4, 4))), 2, 4, 4),
        ValueError,
        "(4, 4) are no patches",
    ),
    "no channels": (
        lambda m: m.PatchEmbedding(0, 2, 4),
        ValueError,
        "PatchEmbedding: expected sizes of at least 1",
    ),
    "other channels": (
        lambda m: m.PatchEmbedding(3, 2, 4)(TENSOR[m](np.zeros((1, 1, 4, 4), np.float32))),
        ValueError,
        "expected (batch, 3, height, width), got (1, 1, 4, 4)",
    ),
    "images that do not fit": (
        lambda m: m.PatchEmbedding(1, 3, 4)(TENSOR[m](np.zeros((1, 1, 4, 3), np.float32))),
        ValueError,
        "(1, 1, 4, 3)",
    ),
    "a model whose patches do not fit": (
        lambda m: m.ViT(**SMALL | {"patch": 4}),
        ValueError,
        "patches of side 4 do not fill",
    ),
    "no layers": (lambda m: m.ViT(**SMALL | {"depth": 0}), ValueError, "sizes of at least 1"),
    "heads that do not divide": (
        lambda m: m.ViT(**SMALL | {"heads": 3}),
        ValueError,
        "dim=8 does not divide into heads=3",
    ),
    "images of another size": (
        lambda m: m.ViT(**SMALL)(TENSOR[m](np.zeros((1, 2, 9, 9), np.float32))),
        ValueError,
        "expected images of shape (batch, channels, 6, 6), got (1, 2, 9, 9)",
    ),
    "an unknown size": (
        lambda m: m.vit_preset("S/16"),
        ValueError,
        "expected one of ['B/16', 'H/14', 'L/16'], got 'S/16'",
    ),
    "a side that the paper's patches do not fill": (
        lambda m: m.vit_preset("H/14", image_size=384),
        ValueError,
        "vit_preset: patches of side 14 do not fill images of shape (1, 3, 384, 384)",
    ),
    "a cost of patches that do not fill": (
        lambda m: sizes.multiply_adds(**SMALL | {"image_size": 7}),
        ValueError,
        "tokens: patches of side 3 do not fill",
    ),
    "no maps": (lambda m: m.attention_rollout([]), ValueError, "expected layers of one shape"),
    "maps that are not square": (
        lambda m: m.attention_rollout([TENSOR[m](np.zeros((1, 1, 2, 3)))]),
        ValueError,
        "(1, 1, 2, 3)",
    ),
    "maps of several sizes": (
        lambda m: m.attention_rollout([TENSOR[m](np.zeros((1, 1, n, n))) for n in (2, 3)]),
        ValueError,
        "(1, 1, 3, 3)",
    ),
}


@pytest.mark.parametrize(("make", "error", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_with_a_remedy(side, make, error, message):
    module, _ = side
    with pytest.raises(error, match=re.escape(message)):
        make(module)


def test_images_of_integers_are_refused():
    with pytest.raises(TypeError, match="PatchEmbedding: got int64 values, expected floating point"):
        scratch.PatchEmbedding(1, 2, 4)(np.zeros((1, 1, 4, 4), np.int64))
