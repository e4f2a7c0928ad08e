"""Softmax, losses and gradients against SciPy, scikit-learn and autograd."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import scipy.special
from sklearn.metrics import log_loss

from mylib import engine
from mylib.vision.backprop import scratch
from tests.vision.backprop.cases import regression


def test_softmax_family_equals_scipy_along_every_axis(side):
    module, array = side
    x = np.random.default_rng(0).normal(0, 30, size=(3, 4, 5))
    for axis in (0, 1, 2, -1):
        for name in ("softmax", "log_softmax"):
            got = np.asarray(getattr(module, name)(array(x), axis))
            expected = getattr(scipy.special, name)(x, axis=axis)
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12, err_msg=name)


def test_losses_equal_scikit_learns_log_loss(side):
    module, array = side
    rng = np.random.default_rng(1)
    scores, labels = rng.normal(size=(30, 4)), rng.integers(0, 4, 30)
    expected = log_loss(labels, scipy.special.softmax(scores, axis=1), labels=range(4))
    assert module.cross_entropy(array(scores), array(labels)).item() == pytest.approx(expected, rel=1e-12)
    p, y = rng.uniform(0.01, 0.99, 30), rng.integers(0, 2, 30).astype(float)
    assert module.binary_cross_entropy(array(p), array(y)).item() == pytest.approx(log_loss(y, p), rel=1e-12)


def test_least_squares_gradient_is_the_slope_of_the_loss(side):
    module, array = side
    w, x, t = regression(2)
    expected = autograd.grad(lambda w: 0.5 * anp.sum((t - anp.dot(x, w)) ** 2))(w)
    np.testing.assert_allclose(np.asarray(module.least_squares_gradient(array(w), array(x), array(t))), expected)
    engine.gradcheck(lambda w: scratch.least_squares_loss(w, x, t), w)
