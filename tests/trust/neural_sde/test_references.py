"""neural_sde against torchdiffeq, torchsde, scikit-learn, SciPy and PyTorch's distributions."""

import numpy as np
import pytest
import torch
import torchdiffeq
import torchsde
from scipy.stats import entropy
from sklearn.metrics import roc_auc_score

from tests.trust.neural_sde.cases import RNG, field, linear, pendulum, tracked
from tests.twins import array

# solvers

UNEVEN = [0.0, 0.3, 0.35, 1.2]


@pytest.mark.parametrize("times", [UNEVEN, UNEVEN[::-1], [0.5]])
@pytest.mark.parametrize("method", ["euler", "midpoint"])
def test_fixed_steps_are_torchdiffeqs(side, method, times):
    module, make = side
    y0 = RNG(0).normal(size=(3, 2))
    got = array(module.odeint(pendulum, make(y0), make(times), method))
    if len(times) == 1:
        np.testing.assert_array_equal(got, y0[None])
        return
    expected = torchdiffeq.odeint(pendulum, torch.tensor(y0), torch.tensor(times, dtype=torch.float64), method=method)
    np.testing.assert_allclose(got, expected.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", ["euler", "midpoint"])
def test_steps_within_an_interval_are_torchdiffeqs_step_size(side, method):
    module, make = side
    y0, t = RNG(1).normal(size=2), torch.tensor([0.0, 1.0], dtype=torch.float64)
    got = array(module.odeint(pendulum, make(y0), make([0.0, 1.0]), method, 8))
    expected = torchdiffeq.odeint(pendulum, torch.tensor(y0), t, method=method, options={"step_size": 0.125})
    np.testing.assert_allclose(got, expected.numpy(), rtol=1e-12)


def test_runge_kutta_and_torchdiffeqs_rule_agree_on_linear_equations_only(side):
    """Theirs has weights 1/8, 3/8, 3/8, 1/8: both have order four, and differ beyond it unless f is linear."""
    module, make = side
    t = torch.linspace(0, 1, 6, dtype=torch.float64)
    both = []
    for func, y0 in ((linear, np.ones(1)), (pendulum, np.array([0.5, 1.0]))):
        got = array(module.odeint(func, make(y0), make(t.numpy())))
        theirs = torchdiffeq.odeint(func, torch.tensor(y0), t, method="rk4").numpy()
        both.append(np.abs(got - theirs).max())
    assert both[0] < 1e-14
    assert 1e-9 < both[1] < 1e-4


def test_fine_steps_come_to_an_adaptive_solvers_solution(side):
    module, make = side
    y0, t = np.array([[0.5, 1.0], [-1.0, 0.2]]), torch.tensor([0.0, 0.7, 2.0], dtype=torch.float64)
    expected = torchdiffeq.odeint(pendulum, torch.tensor(y0), t, method="dopri5", rtol=1e-10, atol=1e-10)
    got = array(module.odeint(pendulum, make(y0), make(t.numpy()), "rk4", 200))
    np.testing.assert_allclose(got, expected.numpy(), atol=1e-8)


# adjoint


@pytest.mark.parametrize("times", [UNEVEN, UNEVEN[::-1]])
@pytest.mark.parametrize("method", ["euler", "midpoint"])
def test_adjoint_gradients_are_torchdiffeqs(name, side, method, times):
    module, make = side
    func, theirs = field(name), field("pytorch")
    y0, weight = RNG(2).normal(size=(4, 3)), RNG(3).normal(size=(len(times), 4, 3))
    ours_y, their_y = tracked(module, y0), torch.tensor(y0, requires_grad=True)
    (module.odeint_adjoint(func, ours_y, make(times), method) * make(weight)).sum().backward()
    t = torch.tensor(times, dtype=torch.float64)
    (torchdiffeq.odeint_adjoint(theirs, their_y, t, method=method) * torch.tensor(weight)).sum().backward()
    np.testing.assert_allclose(array(ours_y.grad), their_y.grad.numpy(), rtol=1e-11, atol=1e-11)
    for (key, one), two in zip(func.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(array(one.grad), two.grad.numpy(), rtol=1e-11, atol=1e-11, err_msg=key)


# stochastic equations


class Fed:
    """A Brownian motion for torchsde whose increments are ours: what it asks for between two steps is looked up."""

    def __init__(self, increments, times):
        self.path = torch.cat([torch.zeros_like(increments[:1]), increments.cumsum(0)])
        self.times, self.dtype, self.device = times, increments.dtype, increments.device
        self.shape, self.levy_area_approximation = increments.shape[1:], "none"

    def __call__(self, ta, tb=None, return_U=False, return_A=False):
        a, b = (int((self.times - one).abs().argmin()) for one in (ta, tb))
        return self.path[b] - self.path[a]


class Made(torch.nn.Module):
    noise_type, sde_type = "diagonal", "ito"

    def f(self, t, y):
        return -1.5 * y + t

    def g(self, t, y):
        return 0.3 + 0.2 * y.cos()


@pytest.mark.parametrize("steps", [1, 5])
def test_paths_are_torchsdes_with_the_same_increments(side, steps):
    module, make = side
    equation, h = Made(), 0.5 / steps
    y0, noise = RNG(4).normal(size=(3, 2)), RNG(5).normal(size=(2 * steps, 3, 2))
    g = (lambda t, y: 0.3 + 0.2 * y.cos()) if torch.is_tensor(make(y0)) else (lambda t, y: 0.3 + 0.2 * np.cos(y.data))
    got = module.sdeint(lambda t, y: -1.5 * y + t, g, make(y0), make([0.0, 0.5, 1.0]), steps, noise=make(noise))
    times = torch.linspace(0, 1, 2 * steps + 1, dtype=torch.float64)
    brownian = Fed(torch.tensor(noise) * h**0.5, times)
    ends = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    expected = torchsde.sdeint(equation, torch.tensor(y0), ends, bm=brownian, method="euler", dt=h)
    np.testing.assert_allclose(array(got), expected.numpy(), rtol=1e-12, atol=1e-12)


def test_paths_are_torchsdes_along_its_own_brownian_interval(side):
    module, make = side
    y0 = RNG(6).normal(size=(4, 2))
    times = torch.arange(9, dtype=torch.float64) / 8  # eighths are exact: torchsde adds up its steps
    brownian = torchsde.BrownianInterval(0.0, 1.0, size=(4, 2), dtype=torch.float64, entropy=7)
    increments = torch.stack([brownian(a, b) for a, b in zip(times[:-1], times[1:], strict=True)])
    expected = torchsde.sdeint(Made(), torch.tensor(y0), times, bm=brownian, method="euler", dt=0.125)
    g = (lambda t, y: 0.3 + 0.2 * y.cos()) if torch.is_tensor(make(y0)) else (lambda t, y: 0.3 + 0.2 * np.cos(y.data))
    noise = make((increments / 0.125**0.5).numpy())
    got = module.sdeint(lambda t, y: -1.5 * y + t, g, make(y0), make(times.numpy()), noise=noise)
    np.testing.assert_allclose(array(got), expected.numpy(), rtol=1e-12, atol=1e-12)


# losses and scores


def test_losses_are_pytorchs(side):
    module, make = side
    inside, outside = RNG(7).normal(0, 5, 9), RNG(8).normal(0, 5, 4)
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    expected = loss(torch.tensor(inside), torch.zeros(9).double()) + loss(torch.tensor(outside), torch.ones(4).double())
    got = module.diffusion_loss(make(inside), make(outside))
    assert float(got) == pytest.approx(expected.item(), rel=1e-12)
    mean, std, target = RNG(9).normal(size=(4, 3)), RNG(10).random((4, 3)) + 0.1, RNG(11).normal(size=(4, 3))
    normal = torch.distributions.Normal(torch.tensor(mean), torch.tensor(std))
    got = module.gaussian_nll(make(mean), make(std), make(target))
    assert float(got) == pytest.approx(-normal.log_prob(torch.tensor(target)).mean().item(), rel=1e-12)


def test_entropies_are_scipys_with_exact_zeros(side):
    module, make = side
    p = RNG(12).dirichlet(np.full(5, 0.3), size=(7, 6))
    p[0, 0], p[:, 1] = np.eye(5)[2], np.eye(5)[0]
    parts = module.classification_uncertainty(make(p))
    total, aleatoric = entropy(p.mean(axis=0), axis=-1), entropy(p, axis=-1).mean(axis=0)
    np.testing.assert_allclose(array(parts.total), total, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(array(parts.aleatoric), aleatoric, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(array(parts.epistemic), total - aleatoric, atol=1e-12)


@pytest.mark.parametrize("levels", [0, 4])
def test_auroc_is_scikit_learns(side, levels):
    module, make = side
    inside, outside = RNG(13).normal(size=57), RNG(14).normal(0.5, 1.5, 31)
    if levels:  # many ties
        inside, outside = np.round(inside * levels) / levels, np.round(outside * levels) / levels
    expected = roc_auc_score(np.r_[np.zeros(57), np.ones(31)], np.r_[inside, outside])
    assert float(module.auroc(make(inside), make(outside))) == pytest.approx(expected, rel=1e-12)
