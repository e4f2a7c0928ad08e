"""Regressions, descents and networks that backprop refuses."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.vision.backprop import pytorch, scratch
from tests.vision.backprop.cases import regression


def test_bad_regressions_are_refused(side):
    module, array = side
    w, x, t = (array(part) for part in regression(1))
    for function in (module.least_squares_loss, module.least_squares_gradient):
        with pytest.raises(ValueError, match=r"expected w \(features,\) and x \(n, features\) and t \(n,\)"):
            function(w, x, t[:3])
        with pytest.raises(ValueError, match=r"got \(2,\)"):
            function(w[:2], x, t)


def test_bad_descents_are_refused(side):
    module, array = side
    w = array(np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="learning_rate above 0"):
        module.gradient_descent(lambda w: w, w, learning_rate=0.0, steps=1)
    with pytest.raises(ValueError, match="steps of at least 0, got -1"):
        module.gradient_descent(lambda w: w, w, learning_rate=0.1, steps=-1)
    with pytest.raises(ValueError, match=r"gradient of w's shape \(2,\), got \(2, 2\)"):
        module.gradient_descent(lambda w: w[:, None] * w, w, learning_rate=0.1, steps=1)
    with pytest.raises(ValueError, match="learning_rate above 0, got -1"):
        module.stochastic_gradient_descent(lambda: w, [w], [()], learning_rate=-1)


def test_a_parameter_that_the_loss_does_not_use_is_named():
    used, unused = (engine.Tensor([1.0], requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="none for parameter 1"):
        scratch.stochastic_gradient_descent(lambda: (used * used).sum(), [used, unused], [()], 0.1)
    used, unused = (torch.tensor([1.0], requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="none for parameter 1"):
        pytorch.stochastic_gradient_descent(lambda: (used * used).sum(), [used, unused], [()], 0.1)


def test_bad_networks_and_inputs_are_refused(side):
    module, array = side
    with pytest.raises(ValueError, match="in_features, hidden and out_features of at least 1, got 2, 0 and 1"):
        module.TwoLayerNet(2, 0, 1)
    with pytest.raises(ValueError, match="'relu' or 'identity', got 'swish'"):
        module.TwoLayerNet(2, 3, 1, activation="swish")
    with pytest.raises(ValueError, match=r"expected x \(batch, 2\), got \(2,\); one row each"):
        module.TwoLayerNet(2, 3, 1)(array(np.zeros(2, dtype=np.float32)))


def test_backward_before_forward_is_refused():
    with pytest.raises(ValueError, match="forward.* before backward"):
        scratch.TwoLayerNet(2, 3, 1).backward(np.ones((1, 1)))
