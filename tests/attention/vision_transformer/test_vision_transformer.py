"""The vision Transformer: patches by hand and by unfold, Hugging Face's model, the paper's sizes, twins, bad input."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.attention.vision_transformer import pytorch, scratch, sizes
from tests.twins import (
    TOLERANCE,
    assert_close,
    assert_same_function,
    assert_same_module,
    share_random_weights,
)

SIDES = {"scratch": (scratch, engine.Tensor), "pytorch": (pytorch, torch.tensor)}
TENSOR = {scratch: engine.Tensor, pytorch: torch.tensor}
SMALL = {
    "image_size": 6,
    "patch": 3,
    "dim": 8,
    "depth": 2,
    "heads": 2,
    "mlp_dim": 12,
    "classes": 5,
    "channels": 2,
}


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def array(values):
    return np.asarray(values.detach() if hasattr(values, "detach") else values)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def randomise(module, seed=0):
    """Random weights in float64, the same on both sides."""
    module.double()
    rng, state = np.random.default_rng(seed), module.state_dict()
    drawn = {name: rng.normal(0, 0.4, tuple(value.shape)) for name, value in state.items()}
    module.load_state_dict({name: torch.tensor(value) for name, value in drawn.items()})
    return module


# patches


def test_patches_by_hand(side):
    module, tensor = side
    got = array(module.patchify(tensor(np.arange(48.0).reshape(1, 2, 4, 6)), 2))
    assert got.shape == (1, 6, 8)
    # Channel, row, column inside a patch; patches row by row.
    assert got[0, 0].tolist() == [0, 1, 6, 7, 24, 25, 30, 31]
    assert got[0, 1].tolist() == [2, 3, 8, 9, 26, 27, 32, 33]
    assert got[0, 3].tolist() == [12, 13, 18, 19, 36, 37, 42, 43]


@settings(max_examples=30, deadline=None)
@given(
    batch=st.integers(1, 3),
    channels=st.integers(1, 3),
    rows=st.integers(1, 3),
    columns=st.integers(1, 3),
    patch=st.integers(1, 3),
)
def test_patches_are_those_of_unfold_and_go_back(batch, channels, rows, columns, patch):
    images = normal(batch, channels, rows * patch, columns * patch)
    expected = torch.nn.functional.unfold(torch.tensor(images), patch, stride=patch).transpose(1, 2)
    for module in TENSOR:
        cut = module.patchify(TENSOR[module](images), patch)
        np.testing.assert_array_equal(array(cut), expected)
        np.testing.assert_array_equal(array(module.unpatchify(cut, patch, *images.shape[2:])), images)


def test_patches_of_no_images(side):
    module, tensor = side
    cut = module.patchify(tensor(np.zeros((0, 2, 4, 6))), 2)
    assert array(cut).shape == (0, 6, 8)
    assert array(module.unpatchify(cut, 2, 4, 6)).shape == (0, 2, 4, 6)


def test_patches_have_the_gradients_of_a_permutation():
    engine.gradcheck(lambda x: scratch.patchify(x, 2), normal(2, 3, 4, 6))
    engine.gradcheck(lambda x: scratch.unpatchify(x, 2, 4, 6), normal(2, 6, 12))


def test_patch_embedding_is_a_strided_convolution(side):
    module, tensor = side
    layer = randomise(module.PatchEmbedding(3, 4, 10))
    images = normal(2, 3, 8, 12)
    state = {name: torch.tensor(array(value)) for name, value in layer.state_dict().items()}
    assert set(state) == {"projection.weight", "projection.bias"}
    expected = torch.nn.functional.conv2d(
        torch.tensor(images), state["projection.weight"], state["projection.bias"], stride=4
    )
    got = array(layer(tensor(images)))
    np.testing.assert_allclose(got, expected.flatten(2).transpose(1, 2), rtol=1e-10, atol=1e-12)


# the model


def test_vit_is_hugging_faces(side):
    from transformers import ViTConfig, ViTForImageClassification

    module, tensor = side
    config = ViTConfig(
        hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12, image_size=6, patch_size=3,
        num_channels=2, layer_norm_eps=1e-5, hidden_act="gelu", num_labels=5, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, attn_implementation="sdpa",
    )  # fmt: skip
    theirs = ViTForImageClassification(config).double().eval()
    ours = randomise(module.ViT(**SMALL))
    state = {name: torch.tensor(array(value)) for name, value in ours.state_dict().items()}
    renamed = {
        "vit.embeddings.cls_token": state["class_token"],
        "vit.embeddings.position_embeddings": state["positions"],
        "classifier.weight": state["head.weight"],
        "classifier.bias": state["head.bias"],
    }
    wanted = theirs.state_dict()
    pairs = {"vit.embeddings.patch_embeddings.projection": "embedding.projection", "vit.layernorm": "norm"}
    parts = {"query": "attention.query", "key": "attention.key", "value": "attention.value"}
    for name in wanted:
        layer = re.search(r"layers?\.(\d+)\.", name)
        if layer is None:
            continue
        kind = name.rsplit(".", 1)[0]
        ending = kind.split(".")[-1]
        tail = kind[layer.end() :]
        part = next((parts[key] for key in parts if key == ending or f"{key[0]}_proj" == ending), None)
        if part is None:
            part = {
                "layernorm_before": "norm1", "layernorm_after": "norm2", "intermediate.dense": "feed_forward.inner",
                "output.dense": "feed_forward.outer", "attention.output.dense": "attention.output",
                "attention.o_proj": "attention.output", "mlp.fc1": "feed_forward.inner",
                "mlp.fc2": "feed_forward.outer",
            }[tail]  # fmt: skip
        pairs[kind] = f"layers.{layer.group(1)}.{part}"
    for theirs_, mine in pairs.items():
        for kind in ("weight", "bias"):
            renamed[f"{theirs_}.{kind}"] = state[f"{mine}.{kind}"]
    theirs.load_state_dict(renamed)
    images = normal(3, 2, 6, 6)
    expected = theirs(torch.tensor(images)).logits
    np.testing.assert_allclose(array(ours(tensor(images))), array(expected), rtol=1e-9, atol=1e-11)


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


def test_parameters_of_a_small_model_are_those_counted(side):
    module, _ = side
    assert sum(math.prod(p.shape) for p in module.ViT(**SMALL).parameters()) == sizes.parameter_count(**SMALL)


@pytest.mark.parametrize(("name", "printed"), [("B/16", 55.4), ("L/16", 190.7)])
def test_multiply_adds_at_384_are_those_published(name, printed):
    counted = sizes.multiply_adds(**scratch.vit_preset(name, image_size=384)) / 1e9
    assert counted == pytest.approx(
        printed, rel=0.005
    )  # other counts leave the softmax's products or the head out


def test_multiply_adds_are_those_of_the_products_that_are_made(monkeypatch):
    made = []
    product = torch.nn.functional.linear

    def watch(x, weight, bias=None):
        made.append(x.numel() * weight.shape[0])
        return product(x, weight, bias)

    def attention(q, k, v, **_):
        made.append(
            q.numel() * k.shape[-2] + q.numel() // q.shape[-1] * v.numel() // v.shape[0] // v.shape[1]
        )
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


# what it looked at


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


def test_rollout_by_hand(side):
    module, tensor = side
    first = np.array([[1.0, 0, 0], [1, 0, 0], [0, 0, 1]])
    second = np.array([[1.0, 0, 0], [0, 1, 0], [0, 1, 0]])
    got = array(module.attention_rollout([tensor(first[None, None]), tensor(second[None, None])]))[0]
    # Token 2 keeps a half; of the other half, token 1's, half is its own and half token 0's.
    np.testing.assert_allclose(got, [[1, 0, 0], [0.5, 0.5, 0], [0.25, 0.25, 0.5]], rtol=1e-12)
    heads = np.stack([np.eye(2), 1 - np.eye(2)])[None]
    np.testing.assert_allclose(
        array(module.attention_rollout([tensor(heads)]))[0], [[0.75, 0.25], [0.25, 0.75]]
    )


def test_rollout_is_a_random_walk_back_through_the_layers(side):
    module, tensor = side
    rng = np.random.default_rng(0)
    maps = [rng.dirichlet(np.ones(4), size=(2, 3, 4)) for _ in range(3)]
    got = array(module.attention_rollout([tensor(layer) for layer in maps]))
    np.testing.assert_allclose(got.sum(axis=-1), 1, rtol=1e-12)
    for image in range(2):
        mixture = np.eye(4)
        for layer in maps[::-1]:
            mixture = mixture @ (layer[image].mean(axis=0) + np.eye(4)) / 2
        np.testing.assert_allclose(got[image], mixture, rtol=1e-12)


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
    assert got[0, 0, 1, 0] == pytest.approx(0, abs=1e-6), (
        "row and column: the third patch lies below the first"
    )
    model.load_state_dict(state | {"positions": torch.zeros(1, 5, 4)})
    assert (array(module.position_similarity(model)) == 0).all()


# gradients and twins


def test_gradients_of_the_model():
    engine.gradcheck(randomise(scratch.ViT(**SMALL)), normal(2, 2, 6, 6))
    engine.gradcheck(randomise(scratch.PatchEmbedding(2, 3, 4)), normal(2, 2, 6, 9))


def test_twins():
    images = normal(3, 2, 6, 9)
    assert_same_function(lambda x: scratch.patchify(x, 3), lambda x: pytorch.patchify(x, 3), images)
    rows = normal(2, 6, 8)
    assert_same_function(
        lambda x: scratch.unpatchify(x, 2, 4, 6), lambda x: pytorch.unpatchify(x, 2, 4, 6), rows
    )
    assert_same_module(
        lambda: scratch.PatchEmbedding(2, 3, 4), lambda: pytorch.PatchEmbedding(2, 3, 4), images
    )
    assert scratch.vit_preset is pytorch.vit_preset


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_models_are_twins_over_training_steps(dtype):
    # Not by `assert_same_module`: the gradient of a key's bias is 0 but for rounding, which has no relative error.
    ours, theirs = scratch.ViT(**SMALL), pytorch.ViT(**SMALL)
    if dtype is np.float64:
        ours.double(), theirs.double()
    share_random_weights(ours, theirs, dtype)
    optimizers = engine.optim.SGD(ours.parameters(), 0.1), torch.optim.SGD(theirs.parameters(), 0.1)
    labels = np.array([4, 0, 2])
    for step in range(3):
        images = normal(3, 2, 6, 6, seed=step).astype(dtype)
        tensors = engine.Tensor(images, requires_grad=True), torch.tensor(images, requires_grad=True)
        scores = ours(tensors[0]), theirs(tensors[1])
        assert_close(scores[0].numpy(), array(scores[1]), dtype, "scores")
        for optimizer in optimizers:
            optimizer.zero_grad()
        engine.cross_entropy(scores[0], labels).backward()
        torch.nn.functional.cross_entropy(scores[1], torch.tensor(labels)).backward()
        assert_close(tensors[0].grad, tensors[1].grad.numpy(), dtype, "gradient of the images")
        expected = dict(theirs.named_parameters())
        largest = max(np.abs(parameter.grad.numpy()).max() for parameter in expected.values())
        for name, parameter in ours.named_parameters():
            np.testing.assert_allclose(
                parameter.grad,
                expected[name].grad.numpy(),
                rtol=0,
                atol=TOLERANCE[dtype] * largest,
                err_msg=name,
            )
        for optimizer in optimizers:
            optimizer.step()
    state = theirs.state_dict()
    for name, value in ours.state_dict().items():
        assert_close(value, state[name].numpy(), dtype, f"{name} after training")


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


# bad input


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


# the pytorch side


def test_pytorch_compiles_to_one_graph_and_runs_under_autocast():
    model, images = pytorch.ViT(**SMALL).eval(), torch.randn(2, 2, 6, 6)
    torch.testing.assert_close(torch.compile(model, backend="eager", fullgraph=True)(images), model(images))
    with torch.autocast("cpu", torch.bfloat16):
        half = model(images).float()
    # Numbers of 8 bits, an error of 0.4 % in each of some ten products in a row.
    torch.testing.assert_close(half, model(images), rtol=0, atol=0.04 * model(images).abs().max().item())


@pytest.mark.gpu
def test_pytorch_stays_on_its_device():
    model = pytorch.ViT(**SMALL).cuda()
    images = torch.randn(2, 2, 6, 6, device="cuda")
    assert model(images).is_cuda
    assert pytorch.attention_rollout(model.attention_maps(images)).is_cuda
    assert pytorch.position_similarity(model).is_cuda
