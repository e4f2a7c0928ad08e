"""The two sides of the vision Transformer over training steps, and PyTorch compiled, under autocast, on its device."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.attention.vision_transformer import pytorch, scratch
from tests.attention.vision_transformer.cases import SMALL, normal
from tests.twins import (
    TOLERANCE,
    array,
    assert_close,
    assert_same_function,
    assert_same_module,
    share_random_weights,
)


def test_twins():
    images = normal(3, 2, 6, 9)
    assert_same_function(lambda x: scratch.patchify(x, 3), lambda x: pytorch.patchify(x, 3), images)
    rows = normal(2, 6, 8)
    assert_same_function(lambda x: scratch.unpatchify(x, 2, 4, 6), lambda x: pytorch.unpatchify(x, 2, 4, 6), rows)
    assert_same_module(lambda: scratch.PatchEmbedding(2, 3, 4), lambda: pytorch.PatchEmbedding(2, 3, 4), images)
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
