"""The losses and predictions on the hypersphere at angles known by hand, and the slide's gradient."""

import numpy as np
import pytest

from mylib import engine
from mylib.vision.hypersphere import scratch
from tests.vision.hypersphere.cases import RNG, number


def test_loss_at_a_right_angle_is_one_and_at_the_opposite_four(side):
    module, array = side
    prototypes = array(np.array([[0.0, 1.0], [1.0, 0.0]]))
    z = array(np.array([[5.0, 0.0], [0.0, -0.1], [0.0, 7.0]]))
    for row, expected in enumerate((1.0, 4.0, 0.0)):
        assert number(module.prototype_loss(z[row : row + 1], prototypes, array([0]))) == pytest.approx(expected)
    # With the slide's bars around z . p the second would be 0: an output on the opposite side would be content.
    assert number(module.prototype_loss(z, prototypes, array([0, 0, 0]))) == pytest.approx(5.0), "a sum"


def test_slides_gradient_is_the_gradient():
    """2 (1 - cos) (cos z / |z|^2 - p / (|z| |p|)), written out from the slide."""
    rng = RNG(0)
    z, p, labels = rng.normal(size=(4, 3)), rng.normal(size=(5, 3)), np.array([0, 4, 2, 2])
    traced = engine.Tensor(z, requires_grad=True)
    scratch.prototype_loss(traced, p, labels).backward()
    length, wanted = np.linalg.norm(z, axis=1, keepdims=True), p[labels]
    cosine = (z * wanted).sum(1, keepdims=True) / (length * np.linalg.norm(wanted, axis=1, keepdims=True))
    slide = cosine * z / length**2 - wanted / (length * np.linalg.norm(wanted, axis=1, keepdims=True))
    np.testing.assert_allclose(traced.grad, 2 * (1 - cosine) * slide, rtol=1e-9)
    np.testing.assert_allclose((traced.grad * z).sum(axis=1), 0, atol=1e-12)


def test_ranking_loss_by_hand(side):
    module, array = side
    p = array(np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]]))
    # cos(0, 1) - cos(0, 2) = 0 - (-1) = 1; with the label 0 the other way round.
    log_sigmoid = -np.log(1 + np.exp(-1.0))
    assert number(module.semantic_ranking_loss(p, array([[0, 1, 2]]))) == pytest.approx(-log_sigmoid)
    assert number(module.semantic_ranking_loss(p, array([[0, 1, 2, 1]]))) == pytest.approx(-log_sigmoid)
    assert number(module.semantic_ranking_loss(p, array([[0, 2, 1, 0]]))) == pytest.approx(-log_sigmoid)
    both = array([[0, 1, 2, 1], [0, 1, 2, 0]])
    assert number(module.semantic_ranking_loss(p, both)) == pytest.approx((-log_sigmoid - log_sigmoid + 1) / 2)


def test_regression_targets_and_loss_by_hand(side):
    module, array = side
    targets = module.regression_target(array(np.array([10.0, 15.0, 30.0])), 10, 30)
    np.testing.assert_allclose(np.asarray(targets), [-1, -0.5, 1])
    z = array(np.array([[0.0, -3.0], [0.0, 2.0], [1.0, 1.0]]))
    # Cosines to (0, 1): -1, 1 and 1 / sqrt 2.
    expected = 0 + 1.5**2 + (1 - np.sqrt(0.5)) ** 2
    got = number(module.prototype_regression_loss(z, array(np.array([0.0, 1.0])), targets))
    assert got == pytest.approx(expected)


def test_classify_takes_the_smallest_angle_whatever_the_lengths(side):
    module, array = side
    p = array(np.array([[10.0, 0.0], [0.5, 0.5], [0.0, 1.0]]))
    z = array(np.array([[0.2, 0.19], [1.0, 0.1], [-1.0, 5.0], [2.0, 0.0]]))
    assert np.asarray(module.classify(z, p)).tolist() == [1, 0, 2, 0]
    assert np.asarray(module.classify(array(np.zeros((1, 2))), p)).tolist() == [0], "a tie: the lowest class"
