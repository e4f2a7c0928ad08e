"""neural_sde against orders, limits and identities: what must be true whatever the numbers are."""

import gc
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from mylib import engine
from mylib.trust.neural_sde import pytorch, scratch
from tests.trust.neural_sde.cases import (
    METHODS,
    NN,
    RNG,
    SIDES,
    exact,
    field,
    fill,
    linear,
    pendulum,
    sde_net,
    tracked,
)
from tests.twins import array

# solvers


@pytest.mark.parametrize(("method", "order"), list(zip(METHODS, (1, 2, 4), strict=True)))
def test_error_falls_with_the_order_of_the_method(side, method, order):
    module, make = side
    counts = np.array([20, 40, 80, 160])
    errors = [
        abs(array(module.odeint(linear, make(np.ones(1)), make([0.0, 1.0]), method, n))[-1, 0] - exact(1.0))
        for n in counts
    ]
    slope = np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(-order, abs=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_there_and_back_again_comes_home(side, method):
    module, make = side
    y0 = RNG(0).normal(size=(2, 2))
    there = array(module.odeint(pendulum, make(y0), make([0.3, 1.0]), method, 400))[-1]
    back = array(module.odeint(pendulum, make(there), make([1.0, 0.3]), method, 400))[-1]
    tolerance = {"euler": 2e-2, "midpoint": 2e-5, "rk4": 1e-9}[method]  # the error of the method at 400 steps
    np.testing.assert_allclose(back, y0, atol=tolerance)


def test_residual_blocks_are_euler_with_step_one_bit_for_bit(name, side):
    module, make = side
    block = field(name)
    x = RNG(1).normal(size=(5, 3))
    state = make(x) if name == "pytorch" else engine.Tensor(x)
    for t in range(6):
        state = state + block(float(t), state)
    solved = module.odeint(block, make(x), make([0.0, 6.0]), "euler", 6)
    np.testing.assert_array_equal(array(solved)[-1], array(state))


@pytest.mark.parametrize("method", METHODS)
def test_more_times_or_more_steps_are_the_same_steps(side, method):
    module, make = side
    y0 = RNG(2).normal(size=2)
    fine = array(module.odeint(pendulum, make(y0), make(np.arange(9) / 8), method))
    coarse = array(module.odeint(pendulum, make(y0), make([0.0, 0.5, 1.0]), method, 4))
    np.testing.assert_allclose(coarse, fine[::4], rtol=1e-14)


@pytest.mark.parametrize(("method", "drift"), list(zip(METHODS, (0.65, 2e-3, 1e-5), strict=True)))
def test_energy_of_an_oscillator(side, method, drift):
    """q'' = -q keeps q^2 + p^2; Euler gains (1 + h^2) each step, e^.5 - 1 = .65 in all for 20 steps a second."""
    module, make = side
    turn = lambda t, y: y @ make(np.array([[0.0, -1.0], [1.0, 0.0]]))  # noqa: E731
    end = array(module.odeint(turn, make(np.array([1.0, 0.0])), make([0.0, 10.0]), method, 200))[-1]
    assert 0 < abs((end**2).sum() - 1) < drift
    if method == "rk4":
        np.testing.assert_allclose(end, [np.cos(10), -np.sin(10)], atol=1e-5)


def test_states_keep_their_precision_and_shape(side):
    module, make = side
    for dtype in (np.float32, np.float64):
        for shape in ((), (3,), (2, 3, 4)):
            got = array(module.odeint(lambda t, y: 0.5 * y, make(np.ones(shape, dtype)), make([0.0, 0.1, 1.0])))
            assert got.dtype == dtype
            assert got.shape == (3, *shape)
            path = array(module.sdeint(lambda t, y: t, lambda t, y: 0.1, make(np.ones(shape, dtype)), [0.0, 0.1]))
            assert path.dtype == dtype
            assert path.shape == (2, *shape)


def test_times_may_be_a_list_and_fractions_of_a_list_stay_exact(side):
    module, make = side
    for times in ([0.0, 0.3, 1.0], (0.0, 0.3, 1.0)):
        got = array(module.odeint(linear, make(np.ones(1)), times))
        np.testing.assert_array_equal(got, array(module.odeint(linear, make(np.ones(1)), make(times))))


# adjoint


@pytest.mark.parametrize("times", [[0.0, 1.0], [0.0, 0.2, 1.0], [1.0, 0.4, -0.5]])
def test_adjoint_and_tape_agree_at_100_steps(name, side, times):
    module, make = side
    y0, weight = RNG(3).normal(size=(4, 3)), RNG(4).normal(size=(len(times), 4, 3))
    found = []
    for solve in (module.odeint, module.odeint_adjoint):
        func, y = field(name), tracked(module, y0)
        states = solve(func, y, make(times), "rk4", 100)
        (states * make(weight)).sum().backward()
        found.append([array(states), array(y.grad), *(array(one.grad) for one in func.parameters())])
    np.testing.assert_array_equal(found[0][0], found[1][0])
    for one, two in zip(*found, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-6, atol=1e-6 * np.abs(one).max())


@pytest.mark.parametrize(("method", "order"), list(zip(METHODS, (1, 2, 4), strict=True)))
def test_adjoint_comes_to_the_tape_with_the_order_of_the_method(name, side, method, order):
    """It is the gradient of the equation and not of the steps: the difference is the solver's error."""
    module, make = side
    y0, gaps = RNG(3).normal(size=(4, 3)), []
    for steps in (5, 10, 20):
        found = []
        for solve in (module.odeint, module.odeint_adjoint):
            func = field(name)
            (solve(func, make(y0), make([0.0, 1.0]), method, steps)[-1] ** 2).sum().backward()
            found.append(array(func.layer.weight.grad))
        gaps.append(np.abs(found[0] - found[1]).max())
    assert gaps[0] / gaps[1] == pytest.approx(2**order, rel=0.35)
    assert gaps[1] / gaps[2] == pytest.approx(2**order, rel=0.35)


def test_parameters_that_are_not_used_get_zero_and_frozen_ones_nothing(name, side):
    module, make = side
    func = field(name, extra=True, frozen=True)
    module.odeint_adjoint(func, make(np.ones((2, 3))), make([0.0, 1.0]), steps=2).sum().backward()
    np.testing.assert_array_equal(array(func.unused.grad), [0.0, 0.0])
    assert func.layer.bias.grad is None
    assert np.abs(array(func.layer.weight.grad)).max() > 0


def test_a_slope_that_depends_on_nothing_has_the_gradient_one(name, side):
    module, make = side

    class Constant(NN[name].Module):
        def forward(self, t, y):
            return 2.0

    y = tracked(module, np.ones((2, 3)))
    states = module.odeint_adjoint(Constant(), y, make([0.0, 0.5]), "euler")
    np.testing.assert_allclose(array(states)[-1], 2.0)
    states.sum().backward()
    np.testing.assert_allclose(array(y.grad), 2.0)


def test_gradients_that_were_there_before_are_kept_and_added_to(name, side):
    module, make = side
    func, optim = field(name), engine.optim if name == "scratch" else torch.optim
    optimiser = optim.SGD(func.parameters(), 0.1)
    call = lambda: module.odeint_adjoint(func, make(np.ones((2, 3))), make([0.0, 1.0]), steps=3).sum()  # noqa: E731
    call().backward()
    once = [array(one.grad).copy() for one in func.parameters()]
    (call() + (func.layer.weight * 3).sum()).backward()
    twice = [array(one.grad) for one in func.parameters()]
    np.testing.assert_allclose(twice[0], 2 * once[0] + 3, rtol=1e-12)
    np.testing.assert_allclose(twice[1], 2 * once[1], rtol=1e-12)
    optimiser.zero_grad()
    call().backward()  # into the memory that the optimiser has reserved
    np.testing.assert_allclose(array(func.layer.weight.grad), once[0], rtol=1e-12)


def test_no_gradient_is_wanted_no_graph_is_made(name, side):
    module, make = side
    func = field(name)
    for one in func.parameters():
        one.requires_grad = False
    assert not module.odeint_adjoint(func, make(np.ones((2, 3))), make([0.0, 1.0])).requires_grad


def test_backwards_a_contracting_equation_blows_up(name, side):
    """u' = -r (u - t), v' = u^2: forwards u forgets where it began, backwards its rounding grows by e^50 = 5e21."""
    module, make = side
    stack = engine.stack if name == "scratch" else torch.stack

    class Decay(NN[name].Module):
        def __init__(self):
            super().__init__()
            self.rate = NN[name].Parameter(make(np.array(50.0)))

        def forward(self, t, y):
            u = y[0]
            return stack([-self.rate * (u - t), u * u])

    found = []
    for solve in (module.odeint, module.odeint_adjoint):
        decay = Decay()
        solve(decay, make(np.array([1.0, 0.0])), make([0.0, 1.0]), "rk4", 100)[-1][1].backward()
        found.append(float(array(decay.rate.grad)))
    # u = t - 1/r + (1 + 1/r) e^-rt; the derivative of the integral of its square by r at 50, by quadrature
    assert found[0] == pytest.approx(1.6776e-4, rel=0.01)  # 100 steps with r h = 1/2
    assert abs(found[1] - found[0]) > 1e6 * abs(found[0])


# memory


def peak_of_scratch(solve, steps):
    """Peak of what NumPy allocates in a forward and a backward pass, bytes."""
    func, y0 = field("scratch", dim=32), np.ones((64, 32))
    gc.collect()
    tracemalloc.start()
    solve(func, y0, [0.0, 1.0], "euler", steps).sum().backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


class Living:
    """What autograd keeps for a backward pass: bytes now, and the most there ever were."""

    def __init__(self):
        self.now = self.most = 0

    def pack(self, tensor):
        return Kept(self, tensor)

    def hooks(self):
        return torch.autograd.graph.saved_tensors_hooks(self.pack, lambda kept: kept.tensor)


class Kept:
    def __init__(self, living, tensor):
        self.living, self.tensor, self.size = living, tensor, tensor.numel() * tensor.element_size()
        living.now += self.size
        living.most = max(living.most, living.now)

    def __del__(self):
        self.living.now -= self.size


def peak_of_pytorch(solve, steps):
    living, func, y0 = Living(), field("pytorch", dim=32), torch.ones(64, 32, dtype=torch.float64)
    with living.hooks():
        solve(func, y0, [0.0, 1.0], "euler", steps).sum().backward()
    return living.most


@pytest.mark.parametrize(("module", "peak"), [(scratch, peak_of_scratch), (pytorch, peak_of_pytorch)])
def test_memory_of_the_adjoint_does_not_grow_with_1000_steps(module, peak):
    peak(module.odeint_adjoint, 2)  # what is made once is made
    adjoint = [peak(module.odeint_adjoint, steps) for steps in (10, 1000)]
    tape = [peak(module.odeint, steps) for steps in (10, 1000)]
    assert adjoint[1] < 1.1 * adjoint[0]
    assert tape[1] > 50 * tape[0]
    assert tape[1] > 100 * adjoint[1]


# stochastic equations


def test_without_noise_it_is_euler(side):
    module, make = side
    y0, t = RNG(5).normal(size=(3, 2)), make([0.0, 0.3, 1.0])
    got = module.sdeint(pendulum, lambda t, y: 0.0, make(y0), t, 4)
    np.testing.assert_allclose(array(got), array(module.odeint(pendulum, make(y0), t, "euler", 4)), rtol=1e-14)


def test_ornstein_uhlenbeck_has_the_mean_and_variance_of_its_steps(side):
    """x' = (1 - 1.5 h) x + .6 sqrt(h) xi: after n steps factor a^n, variance .36 h (1 - a^2n) / (1 - a^2), a = .85."""
    module, make = side
    if module is scratch:
        noise = RNG(6).standard_normal((10, 20_000))
    else:
        noise = torch.randn(10, 20_000, dtype=torch.float64, generator=torch.Generator().manual_seed(6)).numpy()
    got = module.sdeint(
        lambda t, y: -1.5 * y, lambda t, y: 0.6, make(np.ones(20_000)), make([0.0, 1.0]), 10, noise=make(noise)
    )
    end = array(got)[-1]
    a = 1 - 1.5 * 0.1
    factor, variance = a**10, 0.36 * 0.1 * (1 - a**20) / (1 - a**2)
    assert factor == pytest.approx(0.196874, abs=1e-6)
    assert variance == pytest.approx(0.124701, abs=1e-6)
    assert abs(end.mean() - factor) < 4 * (variance / 20_000) ** 0.5
    assert abs(end.var() - variance) < 4 * variance * (2 / 20_000) ** 0.5
    # the continuous ones, .223130 and .114026, are more than 4 standard errors away: it is the steps that are tested
    assert abs(np.exp(-1.5) - factor) > 8 * (variance / 20_000) ** 0.5
    assert abs(0.36 * (1 - np.exp(-3)) / 3 - variance) > 8 * variance * (2 / 20_000) ** 0.5


def test_geometric_brownian_motion_has_strong_order_one_half(side):
    """E |x_n - x(1)| falls like sqrt(h), along the same Brownian paths."""
    module, make = side
    paths, finest, mu, sigma = 4000, 256, 0.5, 1.0
    xi = RNG(7).standard_normal((finest, paths))
    solution = np.exp((mu - sigma**2 / 2) + sigma * xi.sum(axis=0) / finest**0.5)
    counts, errors = np.array([8, 16, 32, 64]), []
    for n in counts:
        coarse = xi.reshape(n, finest // n, paths).sum(axis=1) / (finest // n) ** 0.5
        got = module.sdeint(
            lambda t, y: mu * y, lambda t, y: sigma * y, make(np.ones(paths)), make([0.0, 1.0]), n, noise=make(coarse)
        )
        errors.append(np.abs(array(got)[-1] - solution).mean())
    slope = np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.1)


def test_variance_does_not_depend_on_the_number_of_steps(side):
    module, make = side
    rng = (lambda: RNG(8)) if module is scratch else (lambda: torch.Generator().manual_seed(8))
    for steps in (1, 4, 16):
        end = array(
            module.sdeint(lambda t, y: 0.0, lambda t, y: 2.0, make(np.zeros(20_000)), [0.0, 3.0], steps, rng=rng())
        )[-1]
        assert end.var() == pytest.approx(12, rel=4 * (2 / 20_000) ** 0.5)


def test_noise_is_repeated_by_its_generator_and_differs_between_entries_and_steps(side):
    module, make = side
    rng = (lambda seed: RNG(seed)) if module is scratch else (lambda seed: torch.Generator().manual_seed(seed))
    call = lambda seed: array(  # noqa: E731
        module.sdeint(lambda t, y: 0.0, lambda t, y: 1.0, make(np.zeros((4, 3))), [0.0, 1.0, 2.0], rng=rng(seed))
    )
    one = call(0)
    np.testing.assert_array_equal(one, call(0))
    assert (one[1:] != call(1)[1:]).all()
    kicks = np.diff(one, axis=0)
    assert len(np.unique(kicks)) == kicks.size


# SDE-Net


def passes(net, make, images, count):
    return np.stack([array(net(make(images))) for _ in range(count)])


def without_drift(name, **options):
    """A net that only adds noise, and shows the state."""
    net = sde_net(name, **options)
    state = {key: array(value) for key, value in net.state_dict().items()}
    state |= {key: np.zeros_like(state[key]) for key in ("drift.2.weight", "drift.2.bias")}
    net.load_state_dict({key: torch.tensor(value) for key, value in state.items()})
    net.head = NN[name].Identity()
    return net


def test_diffusion_is_one_number_an_image_and_is_taken_at_the_start(name, side):
    """With a drift of zero, x_T - x_0 = g sqrt(h) sum xi, g the same at every step and in every direction."""
    module, make = side
    net = without_drift(name, depth=5, horizon=2.0, sigma=0.9)
    images, noise = RNG(9).normal(size=(6, 1, 2, 2)), RNG(10).normal(size=(5, 6, 4))
    moved = array(net(make(images), make(noise))) - array(net.encoder(tracked(module, images)))
    g = moved / (np.sqrt(0.4) * noise.sum(axis=0))
    expected = 0.9 / (1 + np.exp(-array(net.diffusion_logits(make(images)))))
    np.testing.assert_allclose(g, np.repeat(expected[:, None], 4, axis=1), rtol=1e-9)
    assert len(np.unique(expected)) == 6


def test_the_encoder_gets_no_gradient_through_the_diffusion(name, side):
    module, make = side
    net = sde_net(name)
    images = RNG(11).normal(size=(4, 1, 2, 2))
    module.diffusion_loss(net.diffusion_logits(make(images)), net.diffusion_logits(make(images + 1))).backward()
    trained = {key for key, one in net.named_parameters() if one.grad is not None}
    assert trained == {f"diffusion.{key}" for key in ("0.weight", "0.bias", "2.weight", "2.bias")}


def test_a_pass_sends_the_encoder_no_gradient_through_g(name, side):
    """With a drift of zero x_T = x_0 + g times noise: the gradient of its sum is that of the sum of x_0."""
    module, make = side
    images, noise = RNG(11).normal(size=(4, 1, 2, 2)), RNG(12).normal(size=(4, 4, 4))
    net = without_drift(name)
    net(make(images), make(noise)).sum().backward()
    found = array(net.encoder[1].weight.grad)
    assert np.abs(array(net.diffusion[0].weight.grad)).max() > 1e-3  # g itself has a gradient
    net.zero_grad()
    net.encoder(tracked(module, images)).sum().backward()
    np.testing.assert_allclose(found, array(net.encoder[1].weight.grad), rtol=1e-12)


def test_sigma_zero_is_an_ode_without_spread_and_sigma_can_be_set_anew(name, side):
    module, make = side
    net = sde_net(name, sigma=0)
    images = RNG(13).normal(size=(3, 1, 2, 2))
    outputs = passes(net, make, images, 3)
    np.testing.assert_array_equal(outputs[0], outputs[1])
    w = {key: array(value) for key, value in net.state_dict().items()}

    def drift(t, state):
        inputs = np.c_[array(state), np.full(3, float(t))]
        hidden = np.maximum(inputs @ w["drift.0.weight"].T + w["drift.0.bias"], 0)
        return make(hidden @ w["drift.2.weight"].T + w["drift.2.bias"])

    start = make(array(net.encoder(tracked(module, images))))
    end = array(module.odeint(drift, start, make([0.0, 4.0]), "euler", 4))[-1]
    np.testing.assert_allclose(outputs[0], end @ w["head.weight"].T + w["head.bias"], rtol=1e-12)
    net.sigma = 2.0
    outputs = passes(net, make, images, 2)
    assert (outputs[0] != outputs[1]).all()


def test_noise_of_an_image_is_its_own(name, side):
    """Two equal images in one batch do not get the same noise."""
    _, make = side
    net = sde_net(name)
    image = np.repeat(RNG(14).normal(size=(1, 1, 2, 2)), 3, axis=0)
    outputs = array(net(make(image)))
    assert len(np.unique(outputs)) == outputs.size


def test_noise_is_repeated_by_the_engines_seed(name, side):
    _, make = side
    seed = engine.manual_seed if name == "scratch" else torch.manual_seed
    net, images, found = sde_net(name), RNG(15).normal(size=(2, 1, 2, 2)), []
    for number in (0, 0, 1):
        seed(number)
        found.append(array(net(make(images))))
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).all()


def test_the_two_losses_train_the_net(name, side):
    """Two kinds of pictures; far from both the diffusion grows, and the spread of passes with it."""
    module, make = side
    optim = engine.optim if name == "scratch" else torch.optim
    (engine.manual_seed if name == "scratch" else torch.manual_seed)(0)
    net = sde_net(name, sigma=0.5, classes=2)
    fill(net, seed=1, scale=0.7)
    rng = RNG(16)
    labels = np.arange(64) % 2
    images = (np.where(labels, 1.0, -1.0)[:, None, None, None] * np.array([[1.0, 1], [-1, -1]]))[:, :1]
    images = images.reshape(64, 1, 2, 2) + 0.2 * rng.normal(size=(64, 1, 2, 2))
    task = optim.Adam([*net.encoder.parameters(), *net.drift.parameters(), *net.head.parameters()], 0.02)
    guard = optim.Adam(net.diffusion.parameters(), 0.02)
    cross_entropy = engine.cross_entropy if name == "scratch" else torch.nn.functional.cross_entropy
    for _ in range(80):
        task.zero_grad()
        cross_entropy(net(make(images)), labels if name == "scratch" else torch.tensor(labels)).backward()
        task.step()
        guard.zero_grad()
        far = images + 2 * rng.normal(size=images.shape)
        module.diffusion_loss(net.diffusion_logits(make(images)), net.diffusion_logits(make(far))).backward()
        guard.step()
    assert (array(net(make(images))).argmax(axis=1) == labels).mean() > 0.95
    far = 4 * rng.normal(size=(200, 1, 2, 2))
    inside, outside = (array(net.diffusion_logits(make(one))) for one in (images, far))
    assert float(module.auroc(make(inside), make(outside))) > 0.8  # chance .5, standard error .04


# uncertainty


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(0, 5), st.integers(1, 7), st.sampled_from([0.05, 1, 30]))
def test_parts_of_classification_add_up(seed, count, n, classes, concentration):
    p = RNG(seed).dirichlet(np.full(classes, concentration), size=(count, n))
    for module, make in SIDES.values():
        parts = [array(part) for part in module.classification_uncertainty(make(p))]
        total, aleatoric, epistemic = parts
        assert all(part.shape == (n,) for part in parts)
        np.testing.assert_allclose(total, aleatoric + epistemic, atol=1e-12)
        assert (epistemic >= 0).all()
        assert (aleatoric >= -1e-15).all()
        assert (total <= np.log(classes) + 1e-12).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(0, 5))
def test_parts_of_regression_add_up_and_are_the_variance_of_the_mixture(seed, count, n):
    rng = RNG(seed)
    means, stds = rng.normal(size=(count, n)), rng.random((count, n))
    for module, make in SIDES.values():
        total, aleatoric, epistemic = (array(part) for part in module.regression_uncertainty(make(means), make(stds)))
        np.testing.assert_allclose(total, aleatoric + epistemic, atol=1e-12)
        second_moment = (means**2 + stds**2).mean(axis=0)
        np.testing.assert_allclose(total, second_moment - means.mean(axis=0) ** 2, atol=1e-12)


def test_identical_passes_and_a_single_pass_have_no_epistemic_part(side):
    module, make = side
    p = RNG(17).dirichlet(np.ones(4), size=5)
    for count in (1, 2, 10):
        same = np.repeat(p[None], count, axis=0)
        np.testing.assert_allclose(array(module.classification_uncertainty(make(same)).epistemic), 0, atol=1e-15)
        means = np.repeat(p[None, :, 0], count, axis=0)
        np.testing.assert_allclose(
            array(module.regression_uncertainty(make(means), make(means)).epistemic), 0, atol=1e-30
        )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 12), st.integers(1, 5))
def test_auroc_is_the_share_of_pairs_and_its_own_mirror(seed, n, m, levels):
    rng = RNG(seed)
    inside, outside = rng.integers(0, levels, n) / 3, rng.integers(0, levels, m) / 3
    pairs = (outside[:, None] > inside).mean() + (outside[:, None] == inside).mean() / 2
    for module, make in SIDES.values():
        assert float(module.auroc(make(inside), make(outside))) == pytest.approx(pairs, rel=1e-12)
        assert float(module.auroc(make(outside), make(inside))) == pytest.approx(1 - pairs, rel=1e-9, abs=1e-12)


def test_losses_neither_overflow_nor_lose_their_slope_at_zero(side):
    module, make = side
    for values, expected in (([1000.0, -1000.0], 1000.0), ([0.0], 2 * np.log(2))):
        z = tracked(module, np.array(values))
        loss = module.diffusion_loss(z, make(values))
        assert float(array(loss)) == pytest.approx(expected, rel=1e-12)
        loss.backward()
        np.testing.assert_allclose(array(z.grad) * len(values), expit(values), atol=1e-12)
