"""shifted_windows against Hugging Face's Swin and PyTorch's own counter of operations."""

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from transformers import SwinBackbone, SwinConfig, SwinForImageClassification
from transformers.models.swin import modeling_swin

from mylib.attention.shifted_windows import pytorch
from tests.attention.shifted_windows.cases import SMALL, WHOLE, normal, randomise
from tests.twins import array


def config(**sizes):
    return SwinConfig(
        image_size=sizes["image_size"],
        patch_size=sizes["patch"],
        num_channels=sizes.get("channels", 3),
        embed_dim=sizes["dim"],
        depths=list(sizes["depths"]),
        num_heads=list(sizes["heads"]),
        window_size=sizes["window"],
        mlp_ratio=float(sizes.get("mlp_ratio", 4)),
        num_labels=sizes["classes"],
        drop_path_rate=0.0,
        layer_norm_eps=1e-5,
        attn_implementation="sdpa",  # theirs without it rounds the softmax to float32
    )


def in_their_names(state):
    """Our weights under Hugging Face's names; a query, a key and a value of our one product."""
    state = {name: torch.tensor(array(value)) for name, value in state.items()}
    rest = {
        "norm1": "layernorm_before",
        "norm2": "layernorm_after",
        "mlp.inner": "mlp.fc1",
        "mlp.outer": "mlp.fc2",
        "attention.projection": "attention.o_proj",
    }
    fixed = {"embedding.projection": "swin.embeddings.patch_embeddings.projection", "head": "classifier"}
    fixed |= {"embedding_norm": "swin.embeddings.norm", "norm": "swin.layernorm"}
    renamed = {}
    for name, value in state.items():
        stem, kind = name.rsplit(".", 1)
        if stem in fixed:
            renamed[f"{fixed[stem]}.{kind}"] = value
        elif stem.startswith("merges"):
            _, stage, part = stem.split(".")
            renamed[f"swin.encoder.layers.{stage}.downsample.{part}.{kind}"] = value
        else:
            _, stage, block, part = stem.split(".", 3)
            at = f"swin.encoder.layers.{stage}.blocks.{block}."
            if kind == "relative_bias":
                renamed[at + "attention.relative_position_bias.relative_position_bias_table"] = value
            elif part == "attention.qkv":
                names = (f"{at}attention.{which}_proj.{kind}" for which in "qkv")
                renamed |= dict(zip(names, value.chunk(3), strict=True))
            else:
                renamed[f"{at}{rest[part]}.{kind}"] = value
    return renamed


def test_windows_are_hugging_faces(side):
    module, tensor = side
    x = normal(2, 6, 9, 3)
    expected = modeling_swin.window_partition(torch.tensor(x), 3)
    np.testing.assert_array_equal(array(module.window_partition(tensor(x), 3)), expected.numpy())
    back = modeling_swin.window_reverse(expected, 3, 6, 9)
    np.testing.assert_array_equal(array(module.window_reverse(tensor(expected.numpy()), 3, 6, 9)), back.numpy())


@pytest.mark.parametrize("window", [1, 2, 3, 7])
def test_relative_index_is_hugging_faces(side, window):
    module, _ = side
    theirs = modeling_swin.SwinRelativePositionBias(2, (window, window)).relative_position_index
    np.testing.assert_array_equal(array(module.relative_position_index(window)).ravel(), theirs.numpy())


@pytest.mark.parametrize(("height", "width", "window", "shift"), [(8, 12, 4, 2), (6, 9, 3, 1), (8, 4, 4, 3)])
def test_mask_is_hugging_faces(side, height, width, window, shift):
    module, _ = side
    layer = modeling_swin.SwinLayer(config(**SMALL | {"window": window}), 8, (height, width), 2, shift_size=shift)
    theirs = layer.get_attn_mask(height, width, torch.float32, "cpu")
    np.testing.assert_array_equal(array(module.shifted_window_mask(height, width, window, shift)), theirs.numpy() == 0)


@pytest.mark.parametrize("sizes", [SMALL, WHOLE], ids=["padded", "whole"])
def test_swin_is_hugging_faces(side, sizes):
    module, tensor = side
    theirs = SwinForImageClassification(config(**sizes)).double().eval()
    ours = randomise(module.Swin(**sizes))
    theirs.load_state_dict(in_their_names(ours.state_dict()))
    images = normal(3, 2, sizes["image_size"], sizes["image_size"])
    mine, other = tensor(images, requires_grad=True), torch.tensor(images, requires_grad=True)
    got, expected = ours(mine), theirs(other).logits
    np.testing.assert_allclose(array(got), array(expected), rtol=1e-9, atol=1e-11)
    weight = normal(*got.shape, seed=1)
    got.backward(torch.tensor(weight) if module is pytorch else weight)
    expected.backward(torch.tensor(weight))
    largest = other.grad.abs().max().item()
    # Relative to the largest entry: where terms cancel, rounding is as large as the terms were.
    np.testing.assert_allclose(array(mine.grad), other.grad.numpy(), rtol=1e-9, atol=1e-9 * largest)
    gradients = in_their_names({name: value.grad for name, value in ours.named_parameters()})
    largest = max(value.abs().max().item() for value in gradients.values())
    for name, value in theirs.named_parameters():
        atol = 1e-9 * largest  # a key's bias has gradient 0 but for rounding
        np.testing.assert_allclose(gradients[name], value.grad.numpy(), rtol=1e-9, atol=atol, err_msg=name)


def test_features_are_those_of_hugging_faces_backbone(side):
    module, tensor = side
    settings = config(**WHOLE)
    settings.out_features = ["stage1", "stage2"]
    theirs = SwinBackbone(settings).double().eval()
    theirs.hidden_states_norms = torch.nn.ModuleDict(
        {name: torch.nn.Identity() for name in theirs.hidden_states_norms}  # a head's business, not the network's
    )
    ours = randomise(module.Swin(**WHOLE | {"shifted": False}))
    state = in_their_names(ours.state_dict())
    theirs.load_state_dict({name: value for name, value in state.items() if name.startswith("swin.")}, strict=False)
    for stage in theirs.swin.encoder.layers:
        for block in stage.blocks:
            block.shift_size = 0  # theirs would shift the one window of the last stage, too
    images = normal(2, 2, 16, 16)
    expected = theirs(torch.tensor(images)).feature_maps
    got = ours.features(tensor(images))
    assert len(got) == len(expected) == 2
    for mine, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(array(mine), array(other), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("name", "image_size"), [("T", 224), ("S", 224), ("B", 224), ("B", 384), ("L", 384)])
def test_parameters_are_hugging_faces(name, image_size):
    preset = pytorch.swin_preset(name, image_size)
    with torch.device("meta"):
        theirs = SwinForImageClassification(config(**preset))
    assert pytorch.parameter_count(**preset) == sum(parameter.numel() for parameter in theirs.parameters())


def test_operations_are_those_that_pytorch_counts():
    for sizes in (SMALL, WHOLE):
        model = pytorch.Swin(**sizes).eval()
        images = torch.zeros(1, 2, sizes["image_size"], sizes["image_size"])
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            model(images)
        assert counter.get_total_flops() == 2 * pytorch.multiply_adds(**sizes)
