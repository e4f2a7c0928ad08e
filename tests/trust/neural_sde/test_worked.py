"""neural_sde against numbers that a calculation by hand gives."""

import math

import numpy as np
import pytest

from tests.trust.neural_sde.cases import exact, linear, sde_net, tracked
from tests.twins import array

# solvers


@pytest.mark.parametrize(("method", "error"), [("euler", -0.0349514), ("midpoint", 0.00264094), ("rk4", 5.3315e-6)])
def test_errors_of_a_linear_equation_after_ten_steps(side, method, error):
    module, make = side
    y = array(module.odeint(linear, make(np.ones(1)), make([0.0, 1.0]), method, 10))
    assert y[-1, 0] - exact(1.0) == pytest.approx(error, rel=2e-5)


def test_one_step_of_each_method_by_hand(side):
    """y' = t y from y(0) = 2, h = 1: slopes 0; 0 then 1/2 2 = 1; k = 0, 1, 1/2 2.5 = 1.25, 3.25."""
    module, make = side
    for method, expected in (("euler", 2.0), ("midpoint", 3.0), ("rk4", 2 + (0 + 2 + 2.5 + 3.25) / 6)):
        got = array(module.odeint(lambda t, y: t * y, make(np.array(2.0)), make([0.0, 1.0]), method))
        np.testing.assert_allclose(got, [2.0, expected], rtol=1e-15)


def test_euler_over_unequal_intervals_by_hand(side):
    """y' = y: two steps of 1/2, then two of 1/4: 1.5^2 = 2.25, 2.25 1.25^2."""
    module, make = side
    got = array(module.odeint(lambda t, y: y, make([1.0]), make([0.0, 1.0, 1.5]), "euler", 2))
    np.testing.assert_allclose(got[:, 0], [1.0, 2.25, 2.25 * 1.25**2], rtol=1e-15)


def test_one_step_of_euler_and_maruyama_by_hand(side):
    """h = 1/4: 2 - 2/4 + 3 1/2 xi."""
    module, make = side
    noise = make(np.array([[[1.0, -2.0]]]))
    got = module.sdeint(lambda t, y: -y, lambda t, y: 3.0, make([[2.0, 4.0]]), make([0.0, 0.25]), noise=noise)
    np.testing.assert_allclose(array(got)[-1], [[2 - 0.5 + 1.5, 4 - 1 - 3.0]], rtol=1e-15)


def test_two_steps_with_a_diffusion_that_depends_on_time_and_place(side):
    """g = t + y, h = 1: 1 + 0 + (0 + 1) 2 = 3; 3 + 1 + (1 + 3) 1/2 = 6."""
    module, make = side
    got = module.sdeint(
        lambda t, y: t, lambda t, y: t + y, make([1.0]), make([0.0, 2.0]), 2, noise=make([[2.0], [0.5]])
    )
    np.testing.assert_allclose(array(got)[:, 0], [1.0, 6.0], rtol=1e-15)


# adjoint


def test_adjoint_of_exponential_decay_by_hand(name, side):
    """L = y(1), y' = -r y: dL/dy0 = e^-r, dL/dr = -e^-r y0; fine steps are as good as exact."""
    import torch

    from mylib import engine

    module, make = side
    nn = engine.nn if name == "scratch" else torch.nn

    class Decay(nn.Module):
        def __init__(self):
            super().__init__()
            self.rate = nn.Parameter(make(np.array(0.7)))

        def forward(self, t, y):
            return -self.rate * y

    decay, y0 = Decay(), tracked(module, np.array([2.0]))
    module.odeint_adjoint(decay, y0, make([0.0, 1.0]), steps=100)[-1].sum().backward()
    np.testing.assert_allclose(array(y0.grad), [math.exp(-0.7)], rtol=1e-9)
    np.testing.assert_allclose(array(decay.rate.grad), -2 * math.exp(-0.7), rtol=1e-9)


# SDE-Net


def test_sde_net_is_its_formula_by_hand(name, side):
    """Four steps written out in NumPy, weights as they are."""
    module, make = side
    net = sde_net(name, depth=4, sigma=0.7)
    w = {key: array(value) for key, value in net.state_dict().items()}
    rng = np.random.default_rng(3)
    images, noise = rng.normal(size=(5, 1, 2, 2)), rng.normal(size=(4, 5, 4))
    x = np.tanh(images.reshape(5, 4) @ w["encoder.1.weight"].T + w["encoder.1.bias"])
    hidden = np.maximum(x @ w["diffusion.0.weight"].T + w["diffusion.0.bias"], 0)
    logits = hidden @ w["diffusion.2.weight"][0] + w["diffusion.2.bias"]
    g = 0.7 / (1 + np.exp(-logits))
    for k in range(4):
        h = np.maximum(np.c_[x, np.full(5, float(k))] @ w["drift.0.weight"].T + w["drift.0.bias"], 0)
        x = x + h @ w["drift.2.weight"].T + w["drift.2.bias"] + g[:, None] * noise[k]  # the step is 4 / 4 = 1
    expected = x @ w["head.weight"].T + w["head.bias"]
    np.testing.assert_allclose(array(net(make(images), make(noise))), expected, rtol=1e-12)
    np.testing.assert_allclose(array(net.diffusion_logits(make(images))), logits, rtol=1e-12)


# losses and uncertainty


def test_losses_by_hand(side):
    module, make = side
    log3 = math.log(3)
    got = module.diffusion_loss(make([0.0, log3]), make([-log3, log3, 0.0]))
    expected = (math.log(2) + math.log(4)) / 2 + (math.log(4) + math.log(4 / 3) + math.log(2)) / 3
    assert float(got) == pytest.approx(expected, rel=1e-12)
    got = module.gaussian_nll(make([1.0, 0.0]), make([2.0, 1.0]), make([3.0, 0.0]))
    assert float(got) == pytest.approx(0.5 * math.log(2 * math.pi) + (math.log(2) + 0.5) / 2, rel=1e-12)


def test_uncertainty_of_two_passes_by_hand(side):
    """One image on which each pass is sure of another class, one on which both hesitate alike."""
    module, make = side
    parts = module.classification_uncertainty(make([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]]))
    np.testing.assert_allclose(array(parts.total), [math.log(2)] * 2, rtol=1e-15)
    np.testing.assert_allclose(array(parts.aleatoric), [0.0, math.log(2)], rtol=1e-15)
    np.testing.assert_allclose(array(parts.epistemic), [math.log(2), 0.0], rtol=1e-15)
    parts = module.regression_uncertainty(make([[1.0, 4.0], [3.0, 4.0]]), make([[1.0, 0.5], [2.0, 0.5]]))
    np.testing.assert_allclose([array(part) for part in parts], [[3.5, 0.25], [2.5, 0.25], [1.0, 0.0]], rtol=1e-15)


@pytest.mark.parametrize(
    ("inside", "outside", "share"),
    [
        ([0.1, 0.4], [0.4, 0.8], 3.5 / 4),
        ([1.0], [1.0], 0.5),
        ([3.0, 2.0], [1.0, 1.0, 0.0], 0.0),
        ([2, 1, 2], [2, 3], (1 + 0.5 * 2 + 3) / 6),
        ([-np.inf, 0.0], [np.inf, 0.0], (2 + 1.5) / 4),
    ],
)
def test_auroc_counts_pairs(side, inside, outside, share):
    module, make = side
    assert float(module.auroc(make(inside), make(outside))) == pytest.approx(share, rel=1e-15)
