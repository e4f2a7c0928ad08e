"""The norms at numbers by hand, running statistics step by step, weight norm of a 3-4-5 triangle, counts of gates."""

import numpy as np
import pytest

from mylib.attention.vision_transformer.scratch import vit_preset
from tests.training.normalization.cases import VIT, numbers


def test_five_sets_of_the_same_eight_numbers(side):
    """Two images of two channels of 1 x 2: what is standardised together decides the result."""
    m = side.methods
    x = side.tensor(np.array([[[[0.0, 2.0]], [[4.0, 8.0]]], [[[2.0, 4.0]], [[0.0, 4.0]]]]))
    # Channel 0 holds 0, 2, 2, 4: mean 2, variance 2. Channel 1 holds 4, 8, 0, 4: mean 4, variance 8.
    r = np.sqrt(2)
    expected = [[[[-r, 0]], [[0, r]]], [[[0, r]], [[-r, 0]]]]
    np.testing.assert_allclose(numbers(m.batch_norm(x, None, None, eps=0)), expected, atol=1e-12)
    expected = [[[[-1, 1]], [[-1, 1]]], [[[-1, 1]], [[-1, 1]]]]
    np.testing.assert_allclose(numbers(m.instance_norm(x, eps=0)), expected, atol=1e-12)
    # Image 0 holds 0, 2, 4, 8: mean 3.5, variance 8.75. Image 1 holds 2, 4, 0, 4: mean 2.5, variance 2.75.
    first, second = np.array([-3.5, -1.5, 0.5, 4.5]) / np.sqrt(8.75), np.array([-0.5, 1.5, -2.5, 1.5]) / np.sqrt(2.75)
    expected = np.stack([first, second]).reshape(2, 2, 1, 2)
    np.testing.assert_allclose(numbers(m.group_norm(x, 1, eps=0)), expected, atol=1e-12)
    np.testing.assert_allclose(numbers(m.layer_norm(x, (2, 1, 2), eps=0)), expected, atol=1e-12)
    np.testing.assert_allclose(numbers(m.standardize(x, (-1, 1, 2), eps=0)), expected, atol=1e-12)


def test_weight_bias_and_eps_stand_where_the_equation_has_them(side):
    x = side.tensor(np.array([[[-1.0, 1.0]]]))  # variance 1, and with eps = 3 the divisor is 2
    w, b = side.tensor(np.array([10.0])), side.tensor(np.array([7.0]))
    m = side.methods
    for y in (
        m.batch_norm(x, None, None, w, b, eps=3.0),
        m.instance_norm(x, w, b, 3.0),
        m.group_norm(x, 1, w, b, 3.0),
    ):
        np.testing.assert_allclose(numbers(y), [[[2.0, 12.0]]], rtol=1e-12)
    w, b = side.tensor(np.array([10.0, 1.0])), side.tensor(np.array([7.0, 0.0]))
    np.testing.assert_allclose(numbers(m.layer_norm(x, 2, w, b, 3.0)), [[[2.0, 0.5]]], rtol=1e-12)


def test_running_statistics_move_by_momentum_and_hold_the_unbiased_variance(side):
    mean, var = side.buffer([1.0]), side.buffer([1.0])
    x = side.tensor(np.array([[[0.0, 2.0]], [[4.0, 6.0]]]))  # mean 3, variance 5, unbiased 20 / 3
    y = side.methods.batch_norm(x, mean, var, training=True, momentum=0.3, eps=0)
    np.testing.assert_allclose(numbers(y).ravel(), np.array([-3.0, -1.0, 1.0, 3.0]) / np.sqrt(5), rtol=1e-12)
    np.testing.assert_allclose(numbers(mean), [0.7 * 1 + 0.3 * 3], rtol=1e-12)
    np.testing.assert_allclose(numbers(var), [0.7 * 1 + 0.3 * 20 / 3], rtol=1e-12)


def test_evaluation_uses_the_running_statistics_and_leaves_them(side):
    mean, var = side.buffer([1.0, -1.0]), side.buffer([4.0, 0.25])
    x = side.tensor(np.full((1, 2, 1), 3.0))  # one value per channel is enough here
    np.testing.assert_allclose(numbers(side.methods.batch_norm(x, mean, var, eps=0)), [[[1.0], [8.0]]])
    assert numbers(mean).tolist() == [1.0, -1.0]
    assert numbers(var).tolist() == [4.0, 0.25]


def test_mean_only_by_hand(side):
    mean, bias = side.buffer([10.0]), side.tensor(np.array([0.5]))
    x = side.tensor(np.array([[[0.0, 2.0]], [[4.0, 6.0]]]))
    y = side.methods.mean_only_batch_norm(x, mean, bias, training=True, momentum=0.5)
    np.testing.assert_allclose(numbers(y).ravel(), [-2.5, -0.5, 1.5, 3.5], rtol=1e-12)
    assert numbers(mean).tolist() == [6.5]
    y = side.methods.mean_only_batch_norm(x, mean, bias)
    np.testing.assert_allclose(numbers(y).ravel(), [-6.0, -4.0, -2.0, 0.0], rtol=1e-12)
    np.testing.assert_allclose(numbers(side.methods.mean_only_batch_norm(x, None)).ravel(), [-3, -1, 1, 3])


def test_weight_norm_of_a_triangle(side):
    """V = (3, 4), g = 10: w = (6, 8). With dL/dw = x = (1, 2): dL/dg = 11 / 5, dL/dv = 2 (x - 11/5 u)."""
    layer = side.nn.Linear(2, 1)
    side.set_weights(layer, weight=[[3.0, 4.0]], bias=[1.0])
    wrapped = side.methods.WeightNorm(layer)
    assert numbers(wrapped.g).tolist() == [5.0]
    side.set_weights(wrapped, g=[10.0])
    y = wrapped(side.tensor(np.array([[1.0, 2.0]], np.float32)))
    assert numbers(y).tolist() == [[23.0]]
    y.sum().backward()
    np.testing.assert_allclose(numbers(wrapped.g.grad), [2.2], rtol=1e-6)  # float32
    np.testing.assert_allclose(numbers(wrapped.v.grad), [[2 - 2.64, 4 - 3.52]], rtol=1e-5)
    assert numbers(layer.weight).tolist() == [[3.0, 4.0]], "the wrapped layer is left alone"


def test_data_dependent_start_by_hand(side):
    layer = side.nn.Linear(1, 1)
    side.set_weights(layer, weight=[[-2.0]], bias=[9.0])
    wrapped = side.methods.WeightNorm(layer)
    y = wrapped.initialize(side.tensor(np.array([[1.0], [3.0], [5.0], [7.0]], np.float32)))
    # t = -x: mean -4, deviation sqrt 5.
    np.testing.assert_allclose(numbers(wrapped.g), [1 / np.sqrt(5)], rtol=1e-6)
    np.testing.assert_allclose(numbers(wrapped.bias), [4 / np.sqrt(5)], rtol=1e-6)
    np.testing.assert_allclose(numbers(y).ravel(), np.array([3.0, 1.0, -1.0, -3.0]) / np.sqrt(5), rtol=1e-6)


@pytest.mark.parametrize(("channels", "groups", "expected"), [(16, 4, 4), (16, 32, 16), (48, 32, 24), (14, 4, 2)])
def test_groups_that_do_not_divide_are_the_next_fewer(side, channels, groups, expected):
    network = side.methods.with_norm(side.nets.ResNet(8, 3, 1, width=channels), "group", groups)
    assert network.stem.bn.num_groups == expected


def test_gates_of_a_small_vit_are_counted(side):
    count = side.nets.count_parameters
    plain = count(side.vit.ViT(8, 4, **VIT))
    assert count(side.methods.attend_tokens(side.vit.ViT(8, 4, **VIT), 4)) - plain == 2 * (2 * 16 * 4 + 4 + 16)


def test_gates_of_the_base_vit_are_counted_without_memory_for_it():
    import torch

    from tests.training.normalization.cases import PyTorch as side

    with torch.device("meta"):
        vit = side.vit.ViT(**vit_preset("B/16"))
    plain = sum(p.numel() for p in vit.parameters())
    with torch.device("meta"):
        side.methods.attend_tokens(vit)
    assert sum(p.numel() for p in vit.parameters()) - plain == 12 * (2 * 768 * 48 + 48 + 768) == 894_528
