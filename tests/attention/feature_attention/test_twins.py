"""The two sides of feature_attention: gates, networks, counts, and PyTorch copied, compiled, and on the GPU."""

import copy

import numpy as np
import pytest
import torch

from mylib.attention.feature_attention import pytorch, scratch
from mylib.vision.convnets import pytorch as convnets_pytorch
from mylib.vision.convnets import scratch as convnets_scratch
from tests.attention.feature_attention.cases import MODULES, normal
from tests.twins import array as numbers
from tests.twins import assert_same_module, share_random_weights


@pytest.mark.parametrize("name", MODULES)
def test_twin_modules(name):
    assert_same_module(lambda: MODULES[name](scratch), lambda: MODULES[name](pytorch), normal(3, 6, 4, 5))


def test_twins_send_the_gradient_of_a_maximum_to_the_first_of_equals():
    x = np.zeros((2, 6, 3, 4))
    x[:, :, 1, 1:] = 1.0  # three equal maxima in each channel, and all channels alike at each place
    for name in ("channel", "spatial", "cbam"):
        assert_same_module(lambda name=name: MODULES[name](scratch), lambda name=name: MODULES[name](pytorch), x)


@pytest.mark.parametrize("kind", ["se", "cbam"])
@pytest.mark.parametrize("order", ["original", "full_preactivation"])
def test_twin_networks(kind, order):
    make = [
        lambda m=m, c=c: m.attend(c.ResNet(8, 4, 2, width=4, order=order), kind, reduction=2)
        for m, c in ((scratch, convnets_scratch), (pytorch, convnets_pytorch))
    ]
    assert_same_module(*make, normal(4, 2, 8, 6, seed=5))


def test_twin_counts():
    for kind in ("se", "cbam"):
        ours = scratch.attend(convnets_scratch.ResNet(8, 4, 2, width=4), kind, 2)
        theirs = pytorch.attend(convnets_pytorch.ResNet(8, 4, 2, width=4), kind, 2)
        assert convnets_scratch.count_parameters(ours) == convnets_pytorch.count_parameters(theirs)
        got = convnets_scratch.count_multiply_adds(ours, (2, 9, 8))
        assert got == convnets_pytorch.count_multiply_adds(theirs, (2, 9, 8))


def test_networks_copy_save_and_compile():
    network = pytorch.attend(convnets_pytorch.ResNet(8, 3, 1, width=4), "cbam", 2).eval()
    x = torch.tensor(normal(2, 1, 8, 8).astype(np.float32))
    expected = network(x).detach()
    np.testing.assert_array_equal(copy.deepcopy(network)(x).detach(), expected)
    other = pytorch.attend(convnets_pytorch.ResNet(8, 3, 1, width=4), "cbam", 2).eval()
    other.load_state_dict(network.state_dict())
    np.testing.assert_array_equal(other(x).detach(), expected)
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    np.testing.assert_allclose(compiled(x).detach(), expected, rtol=1e-5, atol=1e-6)
    with torch.autocast("cpu", torch.bfloat16):
        half = network(x).detach().float()
    # bfloat16 has 8 bits: 0.4 % of each of some twenty products in a row.
    np.testing.assert_allclose(half, expected, rtol=0, atol=0.04 * expected.abs().max().item())


@pytest.mark.gpu
def test_gates_stay_on_the_gpu():
    network = pytorch.attend(convnets_pytorch.ResNet(18, 5, width=16).cuda(), "cbam").double().eval()
    assert {p.device.type for p in network.parameters()} == {"cuda"}
    x = torch.tensor(normal(2, 3, 32, 32))
    expected = copy.deepcopy(network).cpu()(x).detach()
    got = network(x.cuda()).detach()
    assert got.is_cuda
    np.testing.assert_allclose(got.cpu(), expected, rtol=1e-9, atol=1e-9)


def test_float32_twins_of_a_wide_network():
    ours = scratch.attend(convnets_scratch.ResNet(20, 4, 3, width=16), "cbam").eval()
    theirs = pytorch.attend(convnets_pytorch.ResNet(20, 4, 3, width=16), "cbam").eval()
    share_random_weights(ours, theirs, np.float32)
    x = normal(1, 3, 12, 12).astype(np.float32)
    got, expected = numbers(ours(x)), numbers(theirs(torch.tensor(x)))
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
