"""The two sides of neural_sde; PyTorch compiled, in mixed precision, and on its device."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.trust.neural_sde import pytorch, scratch
from tests.trust.neural_sde.cases import METHODS, NN, RNG
from tests.twins import TOLERANCE, assert_close, assert_same_function, assert_same_help, assert_same_module

TIMES = [0.0, 0.3, 1.0]


def swirl(t, y):
    """Not linear; both sides know what it calls."""
    return (y * (1 + t)).tanh() - y * y * 0.3


@pytest.mark.parametrize("times", [TIMES, TIMES[::-1], [0.2]])
@pytest.mark.parametrize("method", METHODS)
def test_solutions_agree_in_value_and_gradient(method, times):
    y0 = RNG(0).normal(size=(4, 3))
    assert_same_function(
        lambda y: scratch.odeint(swirl, y, times, method, 3),
        lambda y: pytorch.odeint(swirl, y, torch.tensor(times, dtype=y.dtype), method, 3),
        y0,
    )


def test_paths_agree_in_value_and_gradient():
    y0, scale, noise = RNG(1).normal(size=(4, 3)), RNG(2).random((4, 1)), RNG(3).normal(size=(6, 4, 3))

    def solve(module, make, dtype, leaves):
        y, g = leaves
        xi = make(noise.astype(dtype))
        return module.sdeint(swirl, lambda t, y: g * (1 + t), y, make(np.array(TIMES, dtype)), 3, noise=xi)

    for dtype in TOLERANCE:
        arrays = [one.astype(dtype) for one in (y0, scale)]
        ours = [engine.Tensor(one, requires_grad=True) for one in arrays]
        theirs = [torch.tensor(one, requires_grad=True) for one in arrays]
        got, expected = solve(scratch, np.asarray, dtype, ours), solve(pytorch, torch.tensor, dtype, theirs)
        assert_close(got.numpy(), expected.detach().numpy(), dtype, "path")
        got.sum().backward(), expected.sum().backward()
        for one, two in zip(ours, theirs, strict=True):
            assert_close(one.grad, two.grad.numpy(), dtype, "gradient")


def solver(name, method, steps):
    """A module that solves an equation with the adjoint, its slope a net of two layers that knows the time."""
    module, nn = {"scratch": scratch, "pytorch": pytorch}[name], NN[name]

    class Slope(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(3, 6), nn.Linear(6, 3)

        def forward(self, t, y):
            return self.second((self.first(y) * (1 + t)).tanh())

    class Solved(nn.Module):
        def __init__(self):
            super().__init__()
            self.slope = Slope()

        def forward(self, y):
            return module.odeint_adjoint(self.slope, y, TIMES, method, steps)

    return Solved()


@pytest.mark.parametrize(("method", "steps"), [("euler", 4), ("midpoint", 3), ("rk4", 2)])
def test_the_adjoint_agrees_over_three_steps(method, steps):
    assert_same_module(
        lambda: solver("scratch", method, steps), lambda: solver("pytorch", method, steps), RNG(4).normal(size=(5, 3))
    )


def network(name):
    """An SDE-Net with noise as its second input; the diffusion's logits are added, so that all is trained."""
    module, nn = {"scratch": scratch, "pytorch": pytorch}[name], NN[name]

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            encoder = nn.Sequential(nn.Flatten(), nn.Linear(4, 5), nn.Tanh())
            self.net = module.SDENet(encoder, nn.Linear(5, 3), dim=5, hidden=7, depth=4, horizon=3.0, sigma=0.8)

        def forward(self, x, noise):
            return self.net(x, noise) + self.net.diffusion_logits(x).unsqueeze(1)

    return Both()


def test_sde_net_agrees_over_three_steps():
    assert_same_module(
        lambda: network("scratch"),
        lambda: network("pytorch"),
        RNG(5).normal(size=(6, 1, 2, 2)),
        RNG(6).normal(size=(4, 6, 5)),
    )


def test_losses_agree_in_value_and_gradient():
    rng = RNG(7)
    assert_same_function(scratch.diffusion_loss, pytorch.diffusion_loss, rng.normal(0, 4, 7), rng.normal(0, 4, 5))
    mean, std, target = rng.normal(size=(4, 3)), rng.random((4, 3)) + 0.2, rng.normal(size=(4, 3))
    assert_same_function(scratch.gaussian_nll, pytorch.gaussian_nll, mean, std, target)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_uncertainties_and_scores_agree(dtype):
    rng = RNG(8)
    p = rng.dirichlet(np.full(5, 0.4), size=(6, 9)).astype(dtype)
    means, stds = rng.normal(size=(6, 9)).astype(dtype), rng.random((6, 9)).astype(dtype)
    for name, given in (("classification_uncertainty", (p,)), ("regression_uncertainty", (means, stds))):
        ours = getattr(scratch, name)(*given)
        theirs = getattr(pytorch, name)(*map(torch.tensor, given))
        for key, one, two in zip(ours._fields, ours, theirs, strict=True):
            assert two.numpy().dtype == dtype
            assert_close(two.numpy(), one, dtype, f"{name}.{key}")
    inside, outside = np.round(means[0], 1), np.round(means[1], 1)
    ours = scratch.auroc(inside, outside)
    assert pytorch.auroc(torch.tensor(inside), torch.tensor(outside)).item() == pytest.approx(ours, rel=1e-12)


def test_states_of_any_layout_are_read():
    y0 = RNG(9).normal(size=(3, 4))
    expected = scratch.odeint(swirl, y0, TIMES).numpy()
    np.testing.assert_allclose(scratch.odeint(swirl, np.asfortranarray(y0), TIMES).numpy(), expected, rtol=1e-14)
    turned = torch.tensor(y0).mT.contiguous().mT
    np.testing.assert_allclose(pytorch.odeint(swirl, turned, TIMES).numpy(), expected, rtol=1e-9)


def training_step(device, dtype=torch.float32):
    """Everything that a step of training and a look at the uncertainty call, on one device."""
    torch.manual_seed(0)
    net = network("pytorch").net.to(device)
    make = lambda *shape: torch.rand(shape, generator=torch.Generator().manual_seed(1)).to(device, dtype)  # noqa: E731
    x, labels = make(6, 1, 2, 2), torch.zeros(6, dtype=torch.long, device=device)
    loss = torch.nn.functional.cross_entropy(net(x), labels)
    loss = loss + pytorch.diffusion_loss(net.diffusion_logits(x), net.diffusion_logits(x + 1))
    slope = torch.nn.Linear(5, 5).to(device)
    t = torch.linspace(0, 1, 3, device=device)
    for solve in (pytorch.odeint, pytorch.odeint_adjoint):
        loss = loss + solve(WithTime(slope), make(6, 5), t, steps=2)[-1].float().square().mean()
    loss.backward()
    passes = torch.stack([net(x).float().softmax(dim=1) for _ in range(3)])
    parts = pytorch.classification_uncertainty(passes), pytorch.regression_uncertainty(passes[..., 0], passes[..., 1])
    score = pytorch.auroc(parts[0].epistemic, parts[1].epistemic)
    fit = pytorch.gaussian_nll(passes[..., 0], passes[..., 1], passes[..., 2])
    return loss, slope.weight.grad, score, fit


class WithTime(torch.nn.Module):
    """A slope that the time scales."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, t, y):
        return self.layer(y) * (1 + t)


def test_a_step_asks_its_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    assert {one.device.type for one in training_step("meta")} == {"meta"}


def test_everything_compiles_whole():
    net, x = network("pytorch").net, torch.rand(4, 1, 2, 2)
    noise, y0 = torch.randn(4, 4, 5), torch.randn(4, 3)
    p = torch.rand(3, 4, 5).softmax(dim=-1)
    for function, arguments in (
        (net, (x, noise)),
        (net.diffusion_logits, (x,)),
        (lambda y: pytorch.odeint(swirl, y, torch.tensor(TIMES), steps=2), (y0,)),
        (pytorch.diffusion_loss, (y0[:, 0], y0[:, 1])),
        (pytorch.gaussian_nll, (y0, y0.exp(), y0 + 1)),
        (pytorch.classification_uncertainty, (p,)),
        (pytorch.regression_uncertainty, (p[..., 0], p[..., 1])),
        (pytorch.auroc, (y0[:, 0], y0[:, 1])),
    ):
        compiled = torch.compile(function, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(*arguments), function(*arguments))


def test_mixed_precision_keeps_the_state_and_the_losses_in_float32():
    with torch.autocast("cpu", torch.bfloat16):
        mixed, gradient, _, _ = training_step("cpu")
    expected, their_gradient, _, _ = training_step("cpu")
    assert mixed.dtype == gradient.dtype == torch.float32
    # bfloat16 has 8 bits: a loss of 3 is right to .05, a gradient of .1 to some hundredths of itself
    assert mixed.item() == pytest.approx(expected.item(), abs=0.1)
    torch.testing.assert_close(gradient, their_gradient, rtol=0.05, atol=0.01)


@pytest.mark.gpu
def test_a_step_never_leaves_the_gpu():
    training_step("cuda")  # what is made once may wait
    torch.manual_seed(0)
    net = network("pytorch").net.to("cuda")
    x, t = torch.rand(6, 1, 2, 2, device="cuda"), torch.linspace(0, 1, 3, device="cuda")
    slope = WithTime(torch.nn.Linear(5, 5).to("cuda"))
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        loss = net(x).sum() + pytorch.diffusion_loss(net.diffusion_logits(x), net.diffusion_logits(x + 1))
        loss = loss + pytorch.odeint_adjoint(slope, torch.rand(6, 5, device="cuda"), t, steps=2)[-1].sum()
        loss.backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert net.drift[0].weight.grad.is_cuda


def test_help_is_complete_on_both_sides():
    topic = next(topic for topic in syllabus.topics() if topic.name == "neural_sde")
    assert {method.name for method in topic.methods} == set(scratch.__all__) == set(pytorch.__all__)
    for name in scratch.__all__:
        assert_same_help(getattr(scratch, name), getattr(pytorch, name))
