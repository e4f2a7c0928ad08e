"""What is counted, positions and attention maps, invariances, and gradients by differences."""

import math

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.attention.vision_transformer import pytorch, scratch, sizes
from tests.attention.vision_transformer.cases import SMALL, normal, randomise
from tests.twins import array


def test_patches_of_no_images(side):
    module, tensor = side
    cut = module.patchify(tensor(np.zeros((0, 2, 4, 6))), 2)
    assert array(cut).shape == (0, 6, 8)
    assert array(module.unpatchify(cut, 2, 4, 6)).shape == (0, 2, 4, 6)


def test_patches_have_the_gradients_of_a_permutation():
    engine.gradcheck(lambda x: scratch.patchify(x, 2), normal(2, 3, 4, 6))
    engine.gradcheck(lambda x: scratch.unpatchify(x, 2, 4, 6), normal(2, 6, 12))


def test_parameters_of_a_small_model_are_those_counted(side):
    module, _ = side
    assert sum(math.prod(p.shape) for p in module.ViT(**SMALL).parameters()) == sizes.parameter_count(**SMALL)


def test_multiply_adds_are_those_of_the_products_that_are_made(monkeypatch):
    made = []
    product = torch.nn.functional.linear

    def watch(x, weight, bias=None):
        made.append(x.numel() * weight.shape[0])
        return product(x, weight, bias)

    def attention(q, k, v, **_):
        made.append(q.numel() * k.shape[-2] + q.numel() // q.shape[-1] * v.numel() // v.shape[0] // v.shape[1])
        return q

    monkeypatch.setattr(torch.nn.functional, "linear", watch)
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", attention)
    pytorch.ViT(**SMALL)(torch.zeros(1, 2, 6, 6))
    made.append(4 * 8 * 2 * 3 * 3)  # the convolution: four patches, eight kernels of 2 x 3 x 3
    assert sum(made) == sizes.multiply_adds(**SMALL)


def test_without_positions_shuffled_patches_give_the_same_answer(side):
    module, tensor = side
    model = randomise(module.ViT(**SMALL))
    images = normal(2, 2, 6, 6)
    rows = module.patchify(tensor(images), 3)
    order = [2, 0, 3, 1]
    shuffled = array(module.unpatchify(rows[:, order], 3, 6, 6))
    with_positions = array(model(tensor(images))), array(model(tensor(shuffled)))
    assert np.abs(with_positions[0] - with_positions[1]).max() > 1e-3
    state = {name: torch.tensor(array(value)) for name, value in model.state_dict().items()}
    state["positions"] = torch.zeros_like(state["positions"])
    model.load_state_dict(state)
    np.testing.assert_allclose(array(model(tensor(images))), array(model(tensor(shuffled))), rtol=1e-9)


def test_start_of_class_token_and_positions(side):
    module, _ = side
    (engine if module is scratch else torch).manual_seed(0)
    model = module.ViT(32, 2, dim=16, depth=1, heads=2, mlp_dim=4, classes=2)
    assert (array(model.class_token) == 0).all()
    positions = array(model.positions)
    assert positions.shape == (1, 257, 16)
    assert positions.std() == pytest.approx(0.02, rel=0.05)  # 4,112 numbers: error 1.1 %


def test_attention_maps_are_the_weights_of_every_layer(side):
    module, tensor = side
    model = randomise(module.ViT(**SMALL))
    images = tensor(normal(3, 2, 6, 6))
    maps = model.attention_maps(images)
    assert [array(layer).shape for layer in maps] == [(3, 2, 5, 5)] * 2
    for layer in maps:
        np.testing.assert_allclose(array(layer).sum(axis=-1), 1, rtol=1e-9)
        assert not layer.requires_grad  # for looking only: no graph is kept
    x = model.layers[0](model._embed(images))
    expected = array(model.layers[1].attention.weights(model.layers[1].norm1(x)))
    np.testing.assert_allclose(array(maps[1]), expected, rtol=1e-9)


def test_gradients_of_the_model():
    engine.gradcheck(randomise(scratch.ViT(**SMALL)), normal(2, 2, 6, 6))
    engine.gradcheck(randomise(scratch.PatchEmbedding(2, 3, 4)), normal(2, 2, 6, 9))


def test_an_image_alone_and_images_that_lie_otherwise_in_memory_get_the_same_scores(side):
    module, tensor = side
    model, images = randomise(module.ViT(**SMALL)), normal(3, 2, 6, 6)
    expected = array(model(tensor(images)))
    np.testing.assert_allclose(array(model(tensor(images[1:2]))), expected[1:2], rtol=1e-9)
    last = np.ascontiguousarray(images.transpose(0, 2, 3, 1))  # channels last in memory
    turned = torch.tensor(last).permute(0, 3, 1, 2) if module is pytorch else last.transpose(0, 3, 1, 2)
    turned = turned if module is pytorch else tensor(turned)
    np.testing.assert_allclose(array(model(turned)), expected, rtol=1e-9)
    cut = array(module.patchify(turned, 3))
    np.testing.assert_array_equal(cut, array(module.patchify(tensor(images), 3)))


def test_dropout_reaches_the_layers(side):
    module, tensor = side
    model = module.ViT(**SMALL, dropout=0.5)
    images = tensor(normal(2, 2, 6, 6).astype(np.float32))
    assert (array(model(images)) != array(model(images))).any()
    model.eval()
    np.testing.assert_array_equal(array(model(images)), array(model(images)))
