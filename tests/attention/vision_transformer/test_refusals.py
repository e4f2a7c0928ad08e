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
        "patchify: expected height and width as multiples of patch, got 5, 4 and patch 2; pad or resize",
    ),
    "a patch that does not divide the width": (
        lambda m: m.patchify(TENSOR[m](np.zeros((1, 1, 4, 5))), 2),
        ValueError,
        "got 4, 5 and patch 2",
    ),
    "patch 0": (lambda m: m.patchify(TENSOR[m](np.zeros((1, 1, 4, 4))), 0), ValueError, "got 4, 4 and patch 0"),
    "an image without a batch": (
        lambda m: m.patchify(TENSOR[m](np.zeros((1, 4, 4))), 2),
        ValueError,
        "patchify: expected images (batch, channels, height, width), got (1, 4, 4)",
    ),
    "too few rows": (
        lambda m: m.unpatchify(TENSOR[m](np.zeros((1, 3, 4))), 2, 4, 4),
        ValueError,
        "expected patches (batch, 4, row), got (1, 3, 4); an image of 4 x 4 has 4 patches",
    ),
    "rows of another length": (
        lambda m: m.unpatchify(TENSOR[m](np.zeros((1, 4, 5))), 2, 4, 4),
        ValueError,
        "expected rows of channels times 4 numbers, got (1, 4, 5)",
    ),
    "a height that does not divide": (
        lambda m: m.unpatchify(TENSOR[m](np.zeros((1, 4, 4))), 2, 5, 4),
        ValueError,
        "unpatchify: expected height and width as multiples of patch, got 5, 4 and patch 2",
    ),
    "a width that does not divide": (
        lambda m: m.unpatchify(TENSOR[m](np.zeros((1, 4, 4))), 2, 4, 5),
        ValueError,
        "got 4, 5 and patch 2",
    ),
    "rows without a batch": (
        lambda m: m.unpatchify(TENSOR[m](np.zeros((4, 4))), 2, 4, 4),
        ValueError,
        "expected patches (batch, 4, row), got (4, 4)",
    ),
    "no channels": (
        lambda m: m.PatchEmbedding(0, 2, 4),
        ValueError,
        "PatchEmbedding: expected channels, patch and dim of at least 1, got 0, 2 and 4",
    ),
    "other channels": (
        lambda m: m.PatchEmbedding(3, 2, 4)(TENSOR[m](np.zeros((1, 1, 4, 4), np.float32))),
        ValueError,
        "PatchEmbedding: expected images (batch, 3, height, width), got (1, 1, 4, 4)",
    ),
    "images that do not fit": (
        lambda m: m.PatchEmbedding(1, 3, 4)(TENSOR[m](np.zeros((1, 1, 4, 3), np.float32))),
        ValueError,
        "PatchEmbedding: expected height and width as multiples of patch, got 4, 3 and patch 3",
    ),
    "a model whose patches do not fit": (
        lambda m: m.ViT(**SMALL | {"patch": 4}),
        ValueError,
        "ViT: expected height and width as multiples of patch, got 6, 6 and patch 4",
    ),
    "no layers": (
        lambda m: m.ViT(**SMALL | {"depth": 0}),
        ValueError,
        "image_size, patch, depth and classes of at least 1, got 6, 3, 0 and",
    ),
    "heads that do not divide": (
        lambda m: m.ViT(**SMALL | {"heads": 3}),
        ValueError,
        "expected heads that divide dim, got 3 heads and dim 8",
    ),
    "images of another size": (
        lambda m: m.ViT(**SMALL)(TENSOR[m](np.zeros((1, 2, 9, 9), np.float32))),
        ValueError,
        "ViT: expected images (batch, channels, 6, 6), got (1, 2, 9, 9); resize them",
    ),
    "an unknown size": (
        lambda m: m.vit_preset("S/16"),
        ValueError,
        "expected name of 'B/16' or 'L/16' or 'H/14', got 'S/16'",
    ),
    "a side that the paper's patches do not fill": (
        lambda m: m.vit_preset("H/14", image_size=384),
        ValueError,
        "vit_preset: expected height and width as multiples of patch, got 384, 384 and patch 14",
    ),
    "a cost of patches that do not fill": (
        lambda m: sizes.multiply_adds(**SMALL | {"image_size": 7}),
        ValueError,
        "tokens: expected height and width as multiples of patch, got 7, 7 and patch 3",
    ),
    "no maps": (lambda m: m.attention_rollout([]), ValueError, "expected the weights of at least one layer, got none"),
    "maps that are not square": (
        lambda m: m.attention_rollout([TENSOR[m](np.zeros((1, 1, 2, 3)))]),
        ValueError,
        "got (1, 1, 2, 3) and (1, 1, 2, 3), where tokens is both 2 and 3",
    ),
    "maps of several sizes": (
        lambda m: m.attention_rollout([TENSOR[m](np.zeros((1, 1, n, n))) for n in (2, 3)]),
        ValueError,
        "got (1, 1, 2, 2) and (1, 1, 3, 3), where tokens is both 2 and 3",
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
