"""The two sides of shifted_windows over training steps, and PyTorch compiled, under autocast, on its device."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.attention.shifted_windows import pytorch, scratch
from tests.attention.shifted_windows.cases import SMALL, normal
from tests.twins import TOLERANCE, array, assert_close, assert_same_function, assert_same_module, share_random_weights


def test_functions_are_twins():
    maps = normal(2, 4, 6, 3)
    assert_same_function(lambda x: scratch.window_partition(x, 2), lambda x: pytorch.window_partition(x, 2), maps)
    assert_same_function(lambda x: scratch.cyclic_shift(x, -1), lambda x: pytorch.cyclic_shift(x, -1), maps)
    windows = normal(6, 2, 2, 3)
    assert_same_function(
        lambda x: scratch.window_reverse(x, 2, 4, 6), lambda x: pytorch.window_reverse(x, 2, 4, 6), windows
    )
    for name in ("swin_preset", "parameter_count", "multiply_adds"):
        assert getattr(scratch, name) is getattr(pytorch, name)


@pytest.mark.parametrize("relative", [True, False])
def test_layers_are_twins(relative):
    mask = scratch.shifted_window_mask(3, 6, 3, 1)
    for given in (None, mask):
        assert_same_module(
            lambda: scratch.WindowAttention(6, 2, 3, relative),
            lambda: pytorch.WindowAttention(6, 2, 3, relative),
            normal(4, 3, 3, 6),
            *([] if given is None else [given]),
        )
    assert_same_module(
        lambda: scratch.SwinBlock(6, 3, 3, 1, mlp_ratio=2, relative=relative),
        lambda: pytorch.SwinBlock(6, 3, 3, 1, mlp_ratio=2, relative=relative),
        normal(2, 5, 6, 6),
    )
    assert_same_module(lambda: scratch.PatchMerging(3), lambda: pytorch.PatchMerging(3), normal(2, 5, 4, 3))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_models_are_twins_over_training_steps(dtype):
    # Not by `assert_same_module`: the gradient of a key's bias is 0 but for rounding, which has no relative error.
    ours, theirs = scratch.Swin(**SMALL), pytorch.Swin(**SMALL)
    if dtype is np.float64:
        ours.double(), theirs.double()
    share_random_weights(ours, theirs, dtype)
    optimizers = engine.optim.SGD(ours.parameters(), 0.1), torch.optim.SGD(theirs.parameters(), 0.1)
    labels = np.array([4, 0, 2])
    for step in range(3):
        images = normal(3, 2, 20, 20, seed=step).astype(dtype)
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
            wanted = expected[name].grad.numpy()
            np.testing.assert_allclose(
                parameter.grad, wanted, rtol=0, atol=TOLERANCE[dtype] * largest, err_msg=f"gradient of {name}"
            )
        for optimizer in optimizers:
            optimizer.step()
    state = theirs.state_dict()
    for name, value in ours.state_dict().items():
        assert_close(value, state[name].numpy(), dtype, f"{name} after training")


def test_features_are_twins():
    ours, theirs = scratch.Swin(**SMALL).double(), pytorch.Swin(**SMALL).double()
    share_random_weights(ours, theirs, np.float64)
    images = normal(2, 2, 20, 24)
    for mine, other in zip(ours.features(images), theirs.features(torch.tensor(images)), strict=True):
        assert_close(mine.numpy(), array(other), np.float64, "features")


def test_pytorch_compiles_to_one_graph_and_runs_under_autocast():
    model, images = pytorch.Swin(**SMALL).eval(), torch.randn(2, 2, 20, 20)
    torch.testing.assert_close(torch.compile(model, backend="eager", fullgraph=True)(images), model(images))
    block, x = pytorch.SwinBlock(4, 2, 3, 1), torch.randn(1, 5, 6, 4)  # a map whose mask is made in the graph
    torch.testing.assert_close(torch.compile(block, backend="eager", fullgraph=True, dynamic=False)(x), block(x))
    with torch.autocast("cpu", torch.bfloat16):
        half = model(images).float()
    # Numbers of 8 bits, an error of 0.4 % in each of some twenty products in a row.
    torch.testing.assert_close(half, model(images), rtol=0, atol=0.06 * model(images).abs().max().item())


def test_pytorch_compiles_while_training_with_stochastic_depth():
    model, images = pytorch.Swin(**SMALL, drop_path=0.2), torch.randn(2, 2, 20, 20)
    torch.compile(model, backend="eager", fullgraph=True)(images).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_pytorch_follows_its_input_to_another_device():
    # "meta" computes nothing, and refuses to meet tensors of the processor: a mask left behind would raise.
    model = pytorch.Swin(**SMALL).to("meta")
    for size in (20, 28):  # the mask that was kept, and one made anew
        assert model(torch.empty(1, 2, size, size, device="meta")).device.type == "meta"


@pytest.mark.gpu
def test_pytorch_stays_on_its_device():
    model = pytorch.Swin(**SMALL).cuda()
    images = torch.randn(2, 2, 20, 20, device="cuda")
    assert model(images).is_cuda
    assert all(level.is_cuda for level in model.features(torch.randn(2, 2, 28, 24, device="cuda")))
    cpu = pytorch.Swin(**SMALL)
    cpu.load_state_dict(model.state_dict())
    torch.testing.assert_close(model(images).cpu(), cpu(images.cpu()), rtol=1e-3, atol=1e-3)  # TF32 has 10 bits
