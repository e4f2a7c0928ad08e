"""pair_labels against independent packages."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist, jensenshannon
from sklearn.metrics import brier_score_loss

from mylib import engine
from mylib.few_labels.pair_labels import pytorch, scratch
from mylib.few_labels.pair_labels.scratch_training import clip_norm
from tests.few_labels.pair_labels.cases import RNG, by_equation, guesses, softmax, tracked
from tests.twins import array


@pytest.mark.parametrize("classes", [2, 5, 10])
def test_one_minus_the_coefficient_is_half_a_squared_distance_of_roots(side, classes):
    module, make = side
    p, q = guesses(0, 9, classes), guesses(1, 7, classes)
    expected = cdist(np.sqrt(p), np.sqrt(q), "sqeuclidean") / 2
    got = 1 - array(module.bhattacharyya(make(p[:, None]), make(q[None])))
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_the_coefficient_bounds_the_jensen_shannon_divergence(side):
    """In nats: (1 - BC) <= sqrt(2 JS), JS <= 2 log 2 (1 - BC); SciPy has the root of JS."""
    module, make = side
    p, q = guesses(2, 40, 6), guesses(3, 40, 6)
    divergence = jensenshannon(p, q, axis=1) ** 2
    distance = 1 - array(module.bhattacharyya(make(p), make(q)))
    assert (divergence <= 2 * np.log(2) * distance + 1e-12).all()
    assert (distance <= np.sqrt(2 * divergence) + 1e-12).all()


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_against_one_hot_guesses_the_squared_distance_is_the_brier_score(side, classes):
    """scikit-learn's score sums over the classes, ours is a mean over them too."""
    module, make = side
    rng = RNG(4)
    logits, labels = rng.normal(0, 2, (50, classes)), rng.permutation(np.arange(50) % classes)
    theirs = brier_score_loss(labels, softmax(logits), labels=np.arange(classes), scale_by_half=False)
    ours = module.l2_consistency_loss(make(logits), make(np.eye(classes)[labels]))
    assert classes * ours.item() == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(("confidence", "similarity"), [(0.95, 0.9), (0.5, 0.5), (0.0, 0.0), (0.8, 0.99)])
def test_the_pair_loss_follows_from_distances_of_roots(side, confidence, similarity):
    """Hellinger distances by SciPy take the place of every coefficient."""
    module, make = side
    q, logits = guesses(5, 30, 5), RNG(6).normal(0, 2, (30, 5))
    alike = 1 - cdist(np.sqrt(q), np.sqrt(q), "sqeuclidean") / 2
    away = cdist(np.sqrt(q), np.sqrt(softmax(logits)), "sqeuclidean") / 2
    weight = np.where((q.max(axis=1) > confidence)[:, None] & (alike > similarity), alike, 0)
    np.fill_diagonal(weight, 0)
    assert (weight > 0).sum() > 30  # the case has pairs
    expected = (weight * away).sum() / (30 * 29 / 2)
    got = module.pair_loss(make(logits), make(q), confidence, similarity).item()
    assert got == pytest.approx(expected, rel=1e-9)
    assert got == pytest.approx(by_equation(q, softmax(logits), confidence, similarity), rel=1e-9)


def test_the_gradient_of_the_pair_loss_is_a_difference_quotient(side):
    module, make = side
    q, logits = guesses(7, 6, 3), RNG(8).normal(size=(6, 3))
    x = tracked(module, logits)
    module.pair_loss(x, make(q), 0.5, 0.5).backward()
    numeric = np.zeros_like(logits)
    for index in np.ndindex(logits.shape):
        up, down = logits.copy(), logits.copy()
        up[index] += 1e-6
        down[index] -= 1e-6
        numeric[index] = by_equation(q, softmax(up), 0.5, 0.5) - by_equation(q, softmax(down), 0.5, 0.5)
    np.testing.assert_allclose(array(x.grad), numeric / 2e-6, atol=1e-8)  # differences lose half of the digits


def test_the_gradient_norm_is_clipped_as_torch_does():
    rng = RNG(9)
    arrays = [rng.normal(0, 3, shape) for shape in ((4, 5), (5,), (2, 2, 2))]
    for limit in (0.5, 5.0, 1e6, float("inf")):
        ours = [engine.Tensor(np.zeros(one.shape), requires_grad=True) for one in arrays]
        theirs = [torch.zeros(one.shape, dtype=torch.float64, requires_grad=True) for one in arrays]
        for one, two, gradient in zip(ours, theirs, arrays, strict=True):
            one.grad, two.grad = gradient, torch.tensor(gradient)
        clip_norm(ours, limit)
        torch.nn.utils.clip_grad_norm_(theirs, limit)
        for one, two in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one.grad, two.grad.numpy(), rtol=1e-12)


def test_sharpening_is_a_power_and_a_sum_in_torch_too():
    q = guesses(10, 20, 10)
    for temperature in (0.1, 0.5, 1.0, 3.0):
        powers = torch.tensor(q) ** (1 / temperature)
        expected = (powers / powers.sum(dim=1, keepdim=True)).numpy()
        np.testing.assert_allclose(scratch.sharpen(q, temperature), expected, rtol=1e-10)
        np.testing.assert_allclose(pytorch.sharpen(torch.tensor(q), temperature).numpy(), expected, rtol=1e-10)
