"""The two sides of convnets: blocks, networks, counts, pictures, and PyTorch compiled and on the GPU."""

import copy

import numpy as np
import pytest
import torch

from mylib import data
from mylib.vision.convnets import pytorch, scratch
from mylib.vision.convnets.plans import ORDERS
from tests.twins import array as numbers
from tests.twins import assert_same_function, assert_same_module, share_random_weights
from tests.vision.convnets.cases import images


def test_twins_draw_the_same_picture_and_leave_the_model_alone():
    ours, theirs = scratch.ResNet(8, 10, 1, width=4), pytorch.ResNet(8, 10, 1, width=4)
    share_random_weights(ours, theirs, np.float32)
    before = ours.state_dict()
    for layer, channel in (("stages.1.0", 3), ("", [0, 7])):
        got, rise = scratch.maximise_activation(ours, layer, channel, (1, 8, 8), steps=5)
        expected, expected_rise = pytorch.maximise_activation(theirs, layer, channel, (1, 8, 8), steps=5)
        # float32 through ReLUs whose inputs are near 0: single pixels differ a little more than 1e-4.
        np.testing.assert_allclose(got, expected, atol=2e-3)
        np.testing.assert_allclose(rise, expected_rise, rtol=1e-3, atol=1e-4)
    assert ours.training
    assert theirs.training
    assert all(parameter.grad is None and parameter.requires_grad for parameter in ours.parameters())
    assert all(np.array_equal(before[name], value) for name, value in ours.state_dict().items())


TWINS = {
    **{f"basic {order}": lambda m, order=order: m.BasicBlock(3, 4, 2, order) for order in ORDERS},
    **{f"bottleneck {order}": lambda m, order=order: m.Bottleneck(3, 8, 1, order) for order in ORDERS},
    "basic padding": lambda m: m.BasicBlock(3, 5, 2, shortcut="padding"),
    "resnext": lambda m: m.ResNeXtBottleneck(3, 8, 2, 2, 3),
    "dense block": lambda m: m.DenseBlock(3, 3, 2),
    "transition": lambda m: m.Transition(3, 5),
    "batch norm": lambda m: m.BatchNorm2d(3),
    "plain": lambda m: m.PlainNet(8, 4, 3, 2),
    "plain without norm": lambda m: m.PlainNet(8, 4, 3, 2, batch_norm=False),
    "resnet cifar": lambda m: m.ResNet(14, 4, 3, 2, order="full_preactivation", shortcut="padding"),
    "resnet relu only": lambda m: m.ResNet(8, 4, 3, 2, order="relu_only_preactivation"),
    "densenet": lambda m: m.DenseNet(2, (2, 1), 4, 3, "cifar"),
}


@pytest.mark.parametrize("name", TWINS)
def test_twin_modules(name):
    x = images(4, 3, 8, 6, seed=10)
    assert_same_module(lambda: TWINS[name](scratch), lambda: TWINS[name](pytorch), x)


@pytest.mark.parametrize(
    "make",
    [
        lambda m: m.ResNet(18, 3, width=2),
        lambda m: m.ResNet(50, 3, width=4),
        lambda m: m.ResNeXt(50, 2, 1, classes=3),
        lambda m: m.DenseNet(2, (1, 2), 3),
        lambda m: m.PlainNet(18, 3, width=2),
    ],
    ids=["resnet18", "resnet50", "resnext", "densenet", "plain"],
)
def test_twin_networks_for_photographs_from_the_same_weights(make):
    ours, theirs = make(scratch).double().eval(), make(pytorch).double().eval()
    share_random_weights(ours, theirs, np.float64)
    x = data.photograph("cat", height=40, width=36).astype(np.float64)[None]
    got, expected = numbers(ours(x)), numbers(theirs(torch.tensor(x)))
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_twin_dropout_in_evaluation():
    assert_same_function(scratch.Dropout(0.5).eval(), pytorch.Dropout(0.5).eval(), images(3, 4))


def test_twin_counts():
    for make in TWINS.values():
        ours, theirs = make(scratch), make(pytorch)
        assert scratch.count_parameters(ours) == pytorch.count_parameters(theirs)
        if "norm" in type(ours).__name__.lower():
            continue
        assert scratch.count_multiply_adds(ours, (3, 8, 6)) == pytorch.count_multiply_adds(theirs, (3, 8, 6))


@pytest.mark.gpu
def test_network_on_a_gpu_equals_the_cpu():
    network, x = pytorch.ResNet(18, 5, width=8).double().eval(), torch.tensor(images(2, 3, 32, 32))
    expected = network(x).detach()
    network = copy.deepcopy(network).cuda().to(memory_format=torch.channels_last)
    got = network(x.cuda().to(memory_format=torch.channels_last))
    assert got.is_cuda
    np.testing.assert_allclose(got.detach().cpu(), expected, rtol=1e-9, atol=1e-9)
    pictures, _ = pytorch.maximise_activation(network.float(), "stages.0", 0, (3, 16, 16), steps=2)
    assert pictures.is_cuda


def test_network_compiles_to_one_graph():
    # The compiler's front end alone: a graph break is an error, and nothing is generated.
    network = pytorch.ResNet(8, 3, 1, width=2, order="full_preactivation").eval()
    x = torch.tensor(images(2, 1, 8, 8).astype(np.float32))
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    np.testing.assert_allclose(compiled(x).detach(), network(x).detach(), rtol=1e-5, atol=1e-6)
