"""Squash against labml_nn, shifts against SciPy and NumPy, routing and the network against loops and torch's layers.

labml_nn's router divides the *wholes* among the parts and its margin loss has no square: both are not used here.
"""

import numpy as np
import pytest
import scipy.ndimage
import torch
from labml_nn.capsule_networks import Squash

from mylib.engine import gradcheck
from mylib.representation.equivariance import scratch
from tests.representation.equivariance.cases import RNG, SMALL, poses, routed_by_loops, values


def test_squash_equals_labmls(side):
    module, array = side
    s = RNG(0).normal(size=(3, 50, 4)) * RNG(1).uniform(0.05, 4, (3, 50, 1))
    assert np.linalg.norm(s, axis=-1).min() > 0.01
    # It adds 1e-8 under the root: 5e-5 of the squared length where that is 1e-4.
    np.testing.assert_allclose(values(module.squash(array(s))), Squash()(torch.tensor(s)).numpy(), atol=1e-5)


@pytest.mark.parametrize("shift", [(0, 0), (2, -3), (-1, 4), (6, 1), (9, -9)])
def test_shifts_equal_scipys_and_numpys(side, shift):
    module, array = side
    images = RNG(2).integers(1, 255, (2, 3, 6, 7)).astype(np.uint8)
    got = values(module.translate(array(images), *shift))
    expected = scipy.ndimage.shift(images, (0, 0, *shift), order=0, mode="constant", cval=0)
    np.testing.assert_array_equal(got, expected)
    wrapped = values(module.translate(array(images), *shift, wrap=True))
    np.testing.assert_array_equal(wrapped, np.roll(images, shift, (2, 3)))


@pytest.mark.parametrize("iterations", [1, 2, 3, 5])
def test_routing_equals_the_procedure_in_loops(side, iterations):
    module, array = side
    votes = 2 * RNG(3).normal(size=(2, 5, 3, 4))
    got = module.dynamic_routing(array(votes), iterations)
    for ours, expected in zip(got, routed_by_loops(votes, iterations), strict=True):
        np.testing.assert_allclose(values(ours), expected, rtol=1e-10)


@pytest.mark.parametrize("iterations", [1, 3])
def test_gradient_of_unrolled_rounds_follows_differences(side, iterations):
    module, _ = side
    votes = RNG(4).normal(size=(2, 4, 3, 2))
    votes[0, :, 1] = 0  # one whole gets nothing: a capsule of length 0
    if module is scratch:
        gradcheck(lambda x: module.dynamic_routing(x, iterations)[0], votes)
        gradcheck(lambda x: module.dynamic_routing(x, iterations)[1], votes)
    else:
        x = torch.tensor(votes, requires_grad=True)
        assert torch.autograd.gradcheck(lambda x: module.dynamic_routing(x, iterations), x)


def test_gradients_of_squash_and_lengths_shifts_and_poses_follow_differences():
    s = RNG(5).normal(size=(4, 3))
    gradcheck(scratch.squash, s)
    gradcheck(scratch.capsule_lengths, s)
    gradcheck(lambda x: scratch.translate(x, 1, -2) * np.arange(12.0).reshape(3, 4), RNG(6).normal(size=(2, 3, 4)))
    gradcheck(scratch.pose_votes, poses(RNG(7), 2, 3), poses(RNG(8), 3))
    gradcheck(scratch.vote_disagreement, poses(RNG(9), 2, 3))


def test_network_equals_torchs_convolutions_and_loops_over_capsules(side):
    module, array = side
    net = module.CapsNet(**SMALL).double()
    weights = {name: torch.tensor(values(value)) for name, value in net.state_dict().items()}
    images = RNG(10).random((2, 1, 13, 13))
    x = torch.conv2d(torch.tensor(images), weights["convolution.weight"], weights["convolution.bias"]).relu()
    primary = torch.conv2d(x, weights["primary.convolution.weight"], weights["primary.convolution.bias"], stride=2)
    # Channel t * 3 + d is entry d of type t; capsule t * 9 + p stands at position p, row by row.
    found = np.zeros((2, 18, 3))
    for t in range(2):
        for row in range(3):
            for column in range(3):
                s = primary[:, 3 * t : 3 * t + 3, row, column].numpy()
                n2 = np.square(s).sum(1, keepdims=True)
                found[:, 9 * t + 3 * row + column] = n2 / (1 + n2) * s / np.sqrt(n2)
    votes = np.zeros((2, 18, 4, 5))
    for i in range(18):
        for j in range(4):
            votes[:, i, j] = found[:, i] @ weights["digit.weight"][i, j].numpy().T
    expected = routed_by_loops(votes, 3)[0]
    np.testing.assert_allclose(values(net(array(images))), expected, rtol=1e-9)


def test_reconstruction_equals_a_decoder_of_plain_products(side):
    module, array = side
    net = module.CapsNet(**SMALL).double()
    weights = {name: values(value) for name, value in net.state_dict().items()}
    capsules = RNG(11).normal(size=(3, 4, 5))
    capsules[2] = 0.0
    capsules[2, [1, 3], 0] = 0.5  # of equal lengths the lowest class
    longest = np.array([*np.linalg.norm(capsules[:2], axis=2).argmax(1), 1])
    for labels, chosen in ((None, longest), (np.array([3, 0, 3]), np.array([3, 0, 3]))):
        x = np.where(np.arange(4)[:, None] == chosen[:, None, None], capsules, 0).reshape(3, 20)
        for layer in (0, 2, 4):
            x = x @ weights[f"decoder.{layer}.weight"].T + weights[f"decoder.{layer}.bias"]
            x = np.maximum(x, 0) if layer < 4 else 1 / (1 + np.exp(-x))
        got = net.reconstruct(array(capsules), None if labels is None else array(labels))
        np.testing.assert_allclose(values(got), x.reshape(3, 1, 13, 13), rtol=1e-10)
