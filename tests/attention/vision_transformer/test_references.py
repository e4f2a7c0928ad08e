"""Patches against unfold, embedding against a strided convolution, the model against Hugging Face's."""

import re

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attention.vision_transformer.cases import SMALL, TENSOR, normal, randomise
from tests.twins import array


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
