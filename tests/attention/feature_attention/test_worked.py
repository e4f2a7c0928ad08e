"""Costs of networks with gates as printed, and gates of a few numbers by hand."""

import numpy as np
import pytest
import torch

from mylib.attention.feature_attention import pytorch, scratch
from mylib.vision.convnets import pytorch as convnets_pytorch
from mylib.vision.convnets import scratch as convnets_scratch
from tests.attention.feature_attention.cases import give
from tests.twins import array as numbers


def logistic(a):
    return 1 / (1 + np.exp(-a))


# Slide, from Woo et al. (2018), table 4: millions of parameters, and G multiply-adds.
PRINTED = [
    (18, "se", "11.78", "1.814"),
    (18, "cbam", "11.78", "1.815"),
    (34, "se", "21.96", "3.664"),
    (34, "cbam", "21.96", "3.665"),
    (50, "se", "28.09", "3.860"),
    (50, "cbam", "28.09", "3.864"),
    (101, "se", "49.33", "7.575"),
    (101, "cbam", "49.33", "7.581"),
]


@pytest.mark.parametrize(("depth", "kind", "parameters", "multiply_adds"), PRINTED)
def test_networks_cost_what_is_printed(depth, kind, parameters, multiply_adds):
    with torch.device("meta"):
        network = pytorch.attend(convnets_pytorch.ResNet(depth), kind)
    assert f"{convnets_pytorch.count_parameters(network) / 1e6:.2f}" == parameters
    assert f"{convnets_pytorch.count_multiply_adds(network, 224) / 1e9:.3f}" == multiply_adds


@pytest.mark.parametrize(
    ("kind", "parameters", "multiply_adds"), [("se", "11.78", "1.814"), ("cbam", "11.78", "1.815")]
)
def test_the_numpy_twin_costs_as_much(kind, parameters, multiply_adds):
    network = scratch.attend(convnets_scratch.ResNet(18), kind)
    assert f"{convnets_scratch.count_parameters(network) / 1e6:.2f}" == parameters
    assert f"{convnets_scratch.count_multiply_adds(network, 224) / 1e9:.3f}" == multiply_adds


def test_without_biases_the_printed_parameters_would_not_come_out():
    # The equation has none. ResNet-50 with 2 C^2 / r for each unit alone: 28.07 million, printed are 28.09.
    with torch.device("meta"):
        network = convnets_pytorch.ResNet(50)
    squares = sum(2 * n * c**2 // 16 for n, c in ((3, 256), (4, 512), (6, 1024), (3, 2048)))
    biases = sum(n * (c + c // 16) for n, c in ((3, 256), (4, 512), (6, 1024), (3, 2048)))
    base = convnets_pytorch.count_parameters(network)
    assert f"{(base + squares) / 1e6:.2f}" == "28.07"
    assert f"{(base + squares + biases) / 1e6:.2f}" == "28.09"


def numbers_after_units(depth):
    """C H W, summed over the residual units of a network at 224 x 224."""
    with torch.device("meta"):
        network, total = convnets_pytorch.ResNet(depth).eval(), []
        for unit in network.modules():
            if isinstance(unit, pytorch.ResidualUnit):
                unit.register_forward_hook(lambda unit, x, y: total.append(y.numel()))
        network(torch.empty(1, 3, 224, 224))
    return sum(total)


@pytest.mark.parametrize(
    ("depth", "plain", "attended"), [(50, "3.86", 3.87), (101, "7.58", 7.60), (152, "11.30", 11.32)]
)
def test_the_other_paper_counts_more_than_products_of_layers(depth, plain, attended):
    # Hu et al. (2018), table 2. Their plain networks come out when the shortcut's additions are counted.
    with torch.device("meta"):
        base = convnets_pytorch.ResNet(depth)
        network = pytorch.attend(convnets_pytorch.ResNet(depth), "se")
    count, extra = convnets_pytorch.count_multiply_adds, numbers_after_units(depth)
    assert f"{(count(base, 224) + extra) / 1e9:.2f}" == plain
    assert count(network, 224) / 1e9 == pytest.approx(attended, rel=5e-3)
    # The shortcut's additions and the scaling, one each per number: nearer than 0.1 %.
    assert (count(network, 224) + 2 * extra) / 1e9 == pytest.approx(attended, rel=1e-3)
    assert count(network, 224) < 1.001 * count(base, 224), "the gates themselves cost less than 0.1 %"


def test_squeeze_excitation_by_hand(side):
    module, _, array = side
    gate = give(
        module.SqueezeExcitation(2, 2),
        down__weight=[[1.0, -1.0]],
        down__bias=[0.5],
        up__weight=[[2.0], [-1.0]],
        up__bias=[0.0, 1.0],
    )
    x = array(np.array([[[[1.0, 3.0]], [[0.0, 2.0]]], [[[0.0, 0.0]], [[5.0, 5.0]]]], np.float32))
    # Means (2, 1) and (0, 5): relu(2 - 1 + 0.5) = 1.5 and relu(-4.5) = 0.
    s = logistic(np.array([[3.0, -0.5], [0.0, 1.0]]))
    np.testing.assert_allclose(numbers(gate.weights(x)), s, rtol=1e-6)
    np.testing.assert_allclose(numbers(gate(x)), numbers(x) * s[:, :, None, None], rtol=1e-6)


def test_channel_attention_by_hand(side):
    module, _, array = side
    gate = give(
        module.ChannelAttention(2, 2),
        down__weight=[[1.0, -1.0]],
        down__bias=[0.5],
        up__weight=[[2.0], [-1.0]],
        up__bias=[0.25, 0.0],
    )
    x = array(np.array([[[[1.0, 3.0]], [[0.0, 2.0]]]], np.float32))
    # Means (2, 1): relu(1.5) = 1.5; maxima (3, 2): relu(1.5) = 1.5. Summed after the second layer, its bias twice.
    m = logistic(np.array([2 * (3.0 + 0.25), -3.0]))
    np.testing.assert_allclose(numbers(gate.weights(x))[0], m, rtol=1e-6)
    np.testing.assert_allclose(numbers(gate(x))[0], numbers(x)[0] * m[:, None, None], rtol=1e-6)
    # Means (0.5, 3), maxima (1, 3): relu(-2) = relu(-1.5) = 0; the ReLU stands before the sum.
    x = array(np.array([[[[1.0, 0.0]], [[3.0, 3.0]]]], np.float32))
    np.testing.assert_allclose(numbers(gate.weights(x))[0], logistic(np.array([0.5, 0.0])), rtol=1e-6)


def test_spatial_attention_by_hand(side):
    module, _, array = side
    weight = np.zeros((1, 2, 3, 3))
    weight[0, 0, 1, 1], weight[0, 1, 1, 0] = 2.0, -1.0  # twice the mean here, minus the maximum to the left
    gate = give(module.SpatialAttention(3), conv__weight=weight, conv__bias=[0.5])
    x = np.array([[[[1.0, 4.0, 0.0]], [[3.0, -2.0, 6.0]]]], np.float32)
    # Means 2, 1, 3; maxima 3, 4, 6; beyond the border stands 0.
    m = logistic(np.array([4.0 - 0.0, 2.0 - 3.0, 6.0 - 4.0]) + 0.5)
    np.testing.assert_allclose(numbers(gate.weights(array(x)))[0, 0, 0], m, rtol=1e-6)
    np.testing.assert_allclose(numbers(gate(array(x))), x * m, rtol=1e-6)


def test_count_of_a_gate_by_hand(side):
    # SE: 2 C C / r. CBAM: its layers run twice, and each place of the map costs 2 k k.
    module, convnets, _ = side
    plain = convnets.count_multiply_adds(convnets.ResNet(8, 4, 3, width=4), 8)
    units = ((4, 8), (8, 4), (16, 2))  # channels, and height of the map
    for kind, extra in (
        ("se", sum(2 * c * c // 2 for c, _ in units)),
        ("cbam", sum(4 * c * c // 2 + 2 * 49 * size**2 for c, size in units)),
    ):
        network = module.attend(convnets.ResNet(8, 4, 3, width=4), kind, reduction=2)
        assert convnets.count_multiply_adds(network, 8) == plain + extra
