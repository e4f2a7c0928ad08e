"""Patches, rollout and similarities by hand, and the sizes of the paper's models."""

import math

import numpy as np
import pytest
import torch

from mylib.attention.vision_transformer import pytorch, scratch, sizes
from tests.attention.vision_transformer.cases import SMALL
from tests.twins import array


def test_patches_by_hand(side):
    module, tensor = side
    got = array(module.patchify(tensor(np.arange(48.0).reshape(1, 2, 4, 6)), 2))
    assert got.shape == (1, 6, 8)
    # Channel, row, column inside a patch; patches row by row.
    assert got[0, 0].tolist() == [0, 1, 6, 7, 24, 25, 30, 31]
    assert got[0, 1].tolist() == [2, 3, 8, 9, 26, 27, 32, 33]
    assert got[0, 3].tolist() == [12, 13, 18, 19, 36, 37, 42, 43]


@pytest.mark.parametrize(
    ("name", "exact", "printed"),
    [("B/16", 86_567_656, 86.6), ("L/16", 304_326_632, 304.3), ("H/14", 632_045_800, 632.0)],
)
def test_parameters_of_the_papers_models(name, exact, printed):
    preset = pytorch.vit_preset(name)
    with torch.device("meta"):
        model = pytorch.ViT(**preset)
    counted = sum(parameter.numel() for parameter in model.parameters())
    assert counted == sizes.parameter_count(**preset) == exact
    assert round(counted / 1e6, 1) == printed


@pytest.mark.parametrize(("name", "printed"), [("B/16", 55.4), ("L/16", 190.7)])
def test_multiply_adds_at_384_are_those_published(name, printed):
    counted = sizes.multiply_adds(**scratch.vit_preset(name, image_size=384)) / 1e9
    assert counted == pytest.approx(printed, rel=0.005)  # other counts leave the softmax's products or the head out


def test_rollout_by_hand(side):
    module, tensor = side
    first = np.array([[1.0, 0, 0], [1, 0, 0], [0, 0, 1]])
    second = np.array([[1.0, 0, 0], [0, 1, 0], [0, 1, 0]])
    got = array(module.attention_rollout([tensor(first[None, None]), tensor(second[None, None])]))[0]
    # Token 2 keeps a half; of the other half, token 1's, half is its own and half token 0's.
    np.testing.assert_allclose(got, [[1, 0, 0], [0.5, 0.5, 0], [0.25, 0.25, 0.5]], rtol=1e-12)
    heads = np.stack([np.eye(2), 1 - np.eye(2)])[None]
    np.testing.assert_allclose(array(module.attention_rollout([tensor(heads)]))[0], [[0.75, 0.25], [0.25, 0.75]])


def test_position_similarity_is_the_cosine(side):
    module, _ = side
    model = module.ViT(**SMALL | {"dim": 4, "heads": 1})
    vectors = np.array([[9, 9, 9, 9], [1, 0, 0, 0], [2, 0, 0, 0], [0, 3, 0, 0], [-1, 1, 0, 0]], float)
    state = {name: torch.tensor(array(value)) for name, value in model.state_dict().items()}
    model.load_state_dict(state | {"positions": torch.tensor(vectors[None])})
    got = array(module.position_similarity(model))
    assert got.dtype == np.float32
    root = math.sqrt(0.5)
    expected = [[1, 1, 0, -root], [1, 1, 0, -root], [0, 0, 1, root], [-root, -root, root, 1]]
    np.testing.assert_allclose(got.reshape(4, 4), expected, atol=1e-6)
    assert got.shape == (2, 2, 2, 2)
    assert got[0, 0, 1, 0] == pytest.approx(0, abs=1e-6), "row and column: the third patch lies below the first"
    model.load_state_dict(state | {"positions": torch.zeros(1, 5, 4)})
    assert (array(module.position_similarity(model)) == 0).all()
