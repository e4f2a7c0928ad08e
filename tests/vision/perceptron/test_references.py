"""The perceptron against scikit-learn's, and the slopes of activations against torch's own."""

import numpy as np
import torch
from sklearn.linear_model import Perceptron as SklearnPerceptron

from mylib.vision.perceptron import pytorch, scratch
from tests.vision.perceptron.cases import separable


def test_equals_scikit_learn_in_the_same_order():
    # scikit-learn also updates at exactly zero, which happens only before the first update: so a 1 comes first.
    x, y, _ = separable(seed=3)
    ours = scratch.Perceptron(4)
    ours.fit(x, y, max_epochs=200)
    theirs = SklearnPerceptron(shuffle=False, tol=None, max_iter=200).fit(x, y)
    np.testing.assert_allclose(ours.weight, theirs.coef_[0], rtol=1e-12)
    np.testing.assert_allclose(ours.bias, theirs.intercept_, rtol=1e-12)


def test_slopes_equal_torchs_own_also_at_the_kink():
    z = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    for name in ("sigmoid", "relu", "tanh"):
        z.grad = None
        getattr(pytorch, name)(z).sum().backward()
        slope = getattr(pytorch, f"{name}_gradient")(z.detach())
        np.testing.assert_allclose(slope, z.grad, rtol=1e-12)
