"""The two sides of activation_maps: scores, maps, networks, and PyTorch compiled and on the GPU."""

import numpy as np
import pytest
import torch

from mylib import data, engine
from mylib.attention.activation_maps import pytorch, scratch
from tests.attention.activation_maps.cases import normal
from tests.twins import array as numbers
from tests.twins import assert_same_function, assert_same_module, share_random_weights

# scores and maps


def test_twin_scores_and_maps():
    features, weights = normal(3, 4, 2, 5), normal(6, 4, seed=1)
    assert_same_function(scratch.class_scores, pytorch.class_scores, features, weights)
    for label in (0, np.array([0, 5, 5])):
        assert_same_function(
            lambda f, w, c=label: scratch.class_activation_map(f, w, c),
            lambda f, w, c=label: pytorch.class_activation_map(f, w, c),
            features,
            weights,
        )


# the network


def test_twin_networks():
    x = normal(3, 3, 9, 12)
    assert_same_module(lambda: scratch.GAPNet(4, 3, 2), lambda: pytorch.GAPNet(4, 3, 2), x)


def test_network_compiles_to_one_graph():
    # The compiler's front end alone: a graph break is an error, and nothing is generated.
    network, x = pytorch.GAPNet(3, 1, 2).eval(), torch.tensor(normal(2, 1, 8, 8).astype(np.float32))
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    np.testing.assert_allclose(compiled(x).detach(), network(x).detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.gpu
def test_everything_stays_on_the_gpu():
    network, x = pytorch.GAPNet(5, 3, 4).eval(), torch.rand(2, 3, 16, 16)
    weight, labels = network.linear.weight, torch.tensor([1, 4])
    maps = pytorch.class_activation_map(network.features(x), weight, labels).detach().abs() + 0.1
    expected = pytorch.overlay(x, maps), pytorch.box_from_map(maps)
    network, x, maps = network.cuda(), x.cuda(), maps.cuda()
    again = pytorch.class_activation_map(network.features(x), network.linear.weight, labels.cuda())
    for value in (again, pytorch.overlay(x, maps), pytorch.box_from_map(maps)):
        assert value.is_cuda
    np.testing.assert_allclose(pytorch.overlay(x, maps).cpu(), expected[0], atol=1e-5)
    np.testing.assert_array_equal(pytorch.box_from_map(maps).cpu(), expected[1])
    hits = pytorch.pointing_game(maps, pytorch.box_from_map(maps))
    assert hits.is_cuda
    with torch.autocast("cuda", torch.bfloat16):
        assert network(x).isfinite().all()


# maps of a network


def test_twins_agree_on_a_trained_looking_network():
    scenes = data.digit_scenes(seed=5, count=6, size=32, digits=(1, 1), scale=(0.8, 1.0))
    ours, theirs = scratch.GAPNet(width=4).eval(), pytorch.GAPNet(width=4).eval()
    share_random_weights(ours, theirs, np.float32)
    labels = numbers(ours(engine.as_tensor(scenes.images))).argmax(1)
    maps = scratch.class_activation_map(ours.features(engine.as_tensor(scenes.images)), ours.linear.weight, labels)
    torch_maps = pytorch.class_activation_map(
        theirs.features(torch.tensor(scenes.images)), theirs.linear.weight, torch.tensor(labels)
    )
    np.testing.assert_allclose(maps.numpy(), torch_maps.detach(), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        scratch.overlay(scenes.images, maps.numpy()),
        pytorch.overlay(torch.tensor(scenes.images), torch_maps),
        atol=1e-4,
    )
