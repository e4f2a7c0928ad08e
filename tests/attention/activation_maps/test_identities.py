"""The score as the mean of its map, invariances and limits, gradients by differences, and training."""

import numpy as np
import torch

from mylib import data, engine
from mylib.attention.activation_maps import pytorch, scratch
from mylib.attention.activation_maps.contract import HEAT
from tests.attention.activation_maps.cases import FEATURES, WEIGHTS, normal
from tests.twins import array as numbers

# scores and maps


def test_the_score_is_the_mean_of_the_map_and_the_slides_score_its_sum(side):
    module, array = side
    features, weights = normal(4, 5, 3, 7), normal(6, 5, seed=1)
    scores = numbers(module.class_scores(array(features), array(weights)))
    for c in range(6):
        maps = numbers(module.class_activation_map(array(features), array(weights), c))
        np.testing.assert_allclose(maps.mean((1, 2)), scores[:, c], rtol=0, atol=1e-12)
        slide = sum(weights[c, k] * features[:, k].sum((1, 2)) for k in range(5))
        np.testing.assert_allclose(maps.sum((1, 2)), slide, rtol=0, atol=1e-12)
        np.testing.assert_allclose(slide / 21, scores[:, c], rtol=0, atol=1e-12)


def test_the_identity_holds_in_a_whole_network_in_float32(side):
    module, array = side
    engine.manual_seed(1)
    torch.manual_seed(1)
    network, images = module.GAPNet(7, 3, 4).eval(), normal(3, 3, 20, 16).astype(np.float32)
    features, scores = network.features(array(images)), numbers(network(array(images)))
    for c in range(7):
        maps = numbers(module.class_activation_map(features, network.linear.weight, c))
        assert maps.shape == (3, 5, 4)
        # float32, sums of 20 numbers below 10.
        np.testing.assert_allclose(maps.mean((1, 2)), scores[:, c], rtol=1e-5, atol=1e-6)


def test_moving_the_evidence_moves_the_map_and_leaves_the_score(side):
    module, array = side
    rolled = np.roll(FEATURES, (1, 2), axis=(2, 3))
    before, after = (numbers(module.class_activation_map(array(f), array(WEIGHTS), 2)) for f in (FEATURES, rolled))
    np.testing.assert_allclose(after, np.roll(before, (1, 2), axis=(1, 2)))
    np.testing.assert_allclose(
        numbers(module.class_scores(array(rolled), array(WEIGHTS))),
        numbers(module.class_scores(array(FEATURES), array(WEIGHTS))),
    )


def test_gradients_of_scores_and_maps():
    features, weights = normal(3, 4, 2, 5), normal(6, 4, seed=1)
    engine.gradcheck(scratch.class_scores, features, weights)
    for label in (5, np.array([0, 5, 5])):
        engine.gradcheck(lambda f, w, c=label: scratch.class_activation_map(f, w, c), features, weights)


def test_an_empty_batch_gives_no_maps(side):
    module, array = side
    got = module.class_activation_map(array(FEATURES[:0]), array(WEIGHTS), array(np.zeros(0, int)))
    assert tuple(got.shape) == (0, 2, 3)
    assert tuple(module.class_activation_map(array(FEATURES[:0]), array(WEIGHTS), 1).shape) == (0, 2, 3)


# the network


def test_network_scores_its_own_features(side):
    module, array = side
    network, x = module.GAPNet(5, 2, 3).double().eval(), array(normal(2, 2, 12, 8))
    expected = module.class_scores(network.features(x), network.linear.weight)
    np.testing.assert_allclose(numbers(network(x)), numbers(expected), rtol=1e-12)


def test_network_takes_images_of_any_size_and_learns_from_labels_alone():
    scenes = data.digit_scenes(seed=2, count=24, size=32, digits=(1, 1), scale=(0.8, 1.0))
    labels = np.concatenate(scenes.labels)
    engine.manual_seed(0)
    network = scratch.GAPNet(width=8)
    optimizer, losses = engine.optim.Adam(network.parameters(), 3e-3), []
    for _ in range(40):
        optimizer.zero_grad()
        loss = engine.cross_entropy(network(engine.as_tensor(scenes.images)), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    assert network(engine.as_tensor(scenes.images[:2, :, :21, :17])).shape == (2, 10)


# pictures


def test_overlay_shows_the_image_where_there_is_no_evidence(side):
    module, array = side
    image, cam = np.random.default_rng(3).random((3, 4, 4)), np.array([[2.0, -1.0], [-1.0, -1.0]])
    got = numbers(module.overlay(array(image), array(cam), 1.0))
    np.testing.assert_allclose(got[:, 3], image[:, 3])
    np.testing.assert_allclose(got[:, 0, 0], HEAT[-1], atol=1e-12, err_msg="the last colour at the maximum")
    for map_, opacity in ((-np.abs(cam), 1.0), (0 * cam, 1.0), (cam, 0.0)):
        np.testing.assert_allclose(numbers(module.overlay(array(image), array(map_), opacity)), image)
    got = numbers(module.overlay(array(image.astype(np.float32)), array(cam.astype(np.float32)), 1.0))
    assert got.dtype == np.float32
    assert got.min() >= 0
    assert got.max() <= 1


def test_overlay_keeps_arguments_and_asks_for_no_gradient(side):
    module, array = side
    image, cam = array(np.full((1, 2, 2), 0.5)), array(np.array([[1.0, -2.0], [0.5, 0.0]]))
    module.overlay(image, cam)
    np.testing.assert_array_equal(numbers(image), np.full((1, 2, 2), 0.5))
    np.testing.assert_array_equal(numbers(cam), [[1.0, -2.0], [0.5, 0.0]])
    if module is pytorch:
        assert not pytorch.overlay(image, cam.requires_grad_()).requires_grad
