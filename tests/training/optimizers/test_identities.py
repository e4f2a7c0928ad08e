"""Fixed points, exact shrinkage, when penalty and decay are one, what stays at rest, and limits of the schedules."""

import copy
import io
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import engine
from mylib.training.optimizers import pytorch, scratch
from tests.training.optimizers.cases import RNG, SHAPES, SIDES, give, leaves, random_gradients, run
from tests.twins import array

rates = st.floats(1e-3, 0.3)


@pytest.mark.parametrize("beta", [0.0, 0.6])
@pytest.mark.parametrize("alpha", [0.02, 0.1, 0.3])
def test_fixed_points_on_a_parabola(side, alpha, beta):
    """h/2 (theta - 3)^2: h 3 / (h + lambda) with the penalty; alpha h 3 / (alpha h + lambda) with the decay.

    Momentum multiplies the learning rate by 1 / (1 - beta) in the long run, and the decay not at all.
    """
    module, array_of = side
    h, lam, long_run = 2.0, 0.05, alpha / (1 - beta)
    for decoupled, expected in ((False, h * 3 / (h + lam)), (True, long_run * h * 3 / (long_run * h + lam))):
        theta, m = array_of(np.array([-1.0])), array_of(np.array([0.0]))
        for _ in range(800):
            theta, m = module.sgdw_step(theta, h * (theta - 3), m, alpha, beta, lam, decoupled=decoupled)
        assert theta.item() == pytest.approx(expected, rel=1e-9)


@given(alpha=rates, lam=rates, seed=st.integers(0, 1000))
def test_without_momentum_the_penalty_over_alpha_is_the_decay(alpha, lam, seed):
    for module, _ in SIDES.values():
        start, gradients = [RNG(seed).normal(size=4)], random_gradients(seed, [(4,)], 5)
        tracks = []
        for decoupled, weight_decay in ((True, lam), (False, lam / alpha)):
            parameters = leaves(module, start)
            optimizer = module.SGDW(parameters, alpha, 0.0, weight_decay, decoupled=decoupled)
            tracks.append(run(optimizer, parameters, gradients))
        np.testing.assert_allclose(tracks[0], tracks[1], rtol=1e-12, atol=1e-12)


def test_with_momentum_and_under_adam_penalty_and_decay_differ(side):
    """Proposition 2: where the step is no multiple of the gradient, no lambda' gives the decay."""
    module = side[0]
    start, gradients = [np.array([1.0, 1.0])], [[np.array([0.01, 10.0])]] * 3
    for name, options in (("SGDW", {"momentum": 0.9}), ("AdamW", {})):
        for penalty in np.geomspace(1e-4, 10, 25):
            tracks = []
            for decoupled, weight_decay in ((True, 0.05), (False, penalty)):
                parameters = leaves(module, start)
                optimizer = getattr(module, name)(
                    parameters, 0.1, weight_decay=weight_decay, decoupled=decoupled, **options
                )
                tracks.append(run(optimizer, parameters, gradients))
            assert np.abs(np.subtract(*tracks)).max() > 1e-3


def test_decay_under_a_fixed_preconditioner_is_a_penalty_on_scaled_weights():
    """Proposition 3: step -alpha (g + grad of lambda/(2 alpha) ||theta sqrt(s)||^2) / s is the decay."""
    theta, g, s, alpha, lam = RNG(3).normal(size=5), RNG(4).normal(size=5), RNG(5).uniform(0.1, 9, 5), 0.1, 0.02
    traced = torch.tensor(theta, requires_grad=True)
    (lam / (2 * alpha) * (traced * torch.tensor(np.sqrt(s))).square().sum()).backward()
    # the steps of SGDW on g / s decay the weights; the penalty's gradient goes through the preconditioner
    decayed, _ = scratch.sgdw_step(theta, g / s, np.zeros(5), alpha, 0.0, lam)
    np.testing.assert_allclose(theta - alpha * (g + traced.grad.numpy()) / s, decayed, rtol=1e-12)


@pytest.mark.parametrize("name", ["SGDW", "AdamW"])
def test_a_weight_with_gradient_zero_shrinks_by_the_product(side, name):
    module = side[0]
    schedule = lambda step: 1 / step  # noqa: E731
    parameters = leaves(module, [np.array([3.0, -2.0])])
    optimizer = getattr(module, name)(parameters, 0.1, weight_decay=0.2, schedule=schedule)
    track = run(optimizer, parameters, [[np.zeros(2)]] * 5)
    shrinkage = np.cumprod([1 - 0.2 / step for step in range(1, 6)])
    np.testing.assert_allclose(np.array(track)[:, 0], shrinkage[:, None] * [3.0, -2.0], rtol=1e-14)


@pytest.mark.parametrize("decoupled", [True, False])
def test_multiplier_zero_leaves_sgdw_its_momentum_and_stops_adamw(side, decoupled):
    module, array_of = side
    theta, g, past = (array_of(np.array(values)) for values in ([1.0, 2.0], [0.5, -1.0], [0.3, 0.2]))
    moved, m = module.sgdw_step(theta, g, past, 0.1, 0.9, 0.3, multiplier=0.0, decoupled=decoupled)
    np.testing.assert_allclose(array(moved), array(theta - 0.9 * past), rtol=1e-15)
    np.testing.assert_allclose(array(m), 0.9 * array(past), rtol=1e-15)
    stood, mean, square = module.adamw_step(
        theta, g, past, past, 3, 0.1, weight_decay=0.3, multiplier=0.0, decoupled=decoupled
    )
    np.testing.assert_array_equal(array(stood), array(theta))
    assert not np.allclose(array(mean), array(past))
    assert not np.allclose(array(square), array(past))


@pytest.mark.parametrize("decoupled", [True, False])
@pytest.mark.parametrize("name", ["SGDW", "AdamW"])
def test_a_parameter_without_gradient_neither_decays_nor_counts_the_step(side, name, decoupled):
    """Frozen for three steps, then trained: as if it were new, while the schedule has gone on."""
    module = side[0]
    schedule = lambda step: 1 / step  # noqa: E731
    options = {"weight_decay": 0.1, "decoupled": decoupled}
    pair = leaves(module, [np.array([1.0, 2.0]), np.array([3.0])])
    optimizer = getattr(module, name)(pair, 0.1, schedule=schedule, **options)
    gradients = [[np.array([0.5, -0.5]), None]] * 3 + [[None, np.array([0.7])]] * 2
    track = run(optimizer, pair, gradients)
    assert [step[1].item() for step in track[:3]] == [3.0, 3.0, 3.0]
    np.testing.assert_array_equal(track[4][0], track[2][0])
    alone = leaves(module, [np.array([3.0])])
    fresh = getattr(module, name)(alone, 0.1, schedule=lambda step: 1 / (step + 3), **options)
    expected = run(fresh, alone, [[np.array([0.7])]] * 2)
    np.testing.assert_allclose([step[1] for step in track[3:]], [step[0] for step in expected], rtol=1e-14)


@pytest.mark.parametrize("decoupled", [True, False])
@pytest.mark.parametrize("name", ["SGDW", "AdamW"])
def test_state_survives_a_state_dict(side, name, decoupled):
    """Six steps in one go, and in two halves with the state carried over: bit for bit the same."""
    module = side[0]
    start, gradients = [RNG(1).normal(size=shape) for shape in SHAPES[:4]], random_gradients(2, SHAPES[:4], 6, True)
    make = lambda parameters: getattr(module, name)(  # noqa: E731
        parameters, 0.1, weight_decay=0.1, decoupled=decoupled, schedule=lambda step: 1 / step
    )
    whole = leaves(module, start)
    expected = run(make(whole), whole, gradients)[-1]
    first = leaves(module, start)
    optimizer = make(first)
    half = run(optimizer, first, gradients[:3])[-1]
    state = copy.deepcopy(optimizer.state_dict())
    run(optimizer, first, gradients[3:])  # a state is a copy: what happens later does not reach it
    second = leaves(module, half)
    other = make(second)
    other.load_state_dict(state)
    for got, wanted in zip(run(other, second, gradients[3:])[-1], expected, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_torch_state_can_be_saved_to_a_file_and_optimizers_be_copied():
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = pytorch.AdamW([parameter], schedule=pytorch.constant_multiplier)
    run(optimizer, [parameter], [[np.ones(2, np.float32)]])
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)  # functions, as a schedule is one, would not be loaded
    file.seek(0)
    optimizer.load_state_dict(torch.load(file, weights_only=True))
    assert copy.deepcopy(optimizer).schedule is pytorch.constant_multiplier
    assert optimizer.param_groups[0]["steps"] == 1


def test_groups_of_parameters_have_options_of_their_own():
    """Biases exempt in a group of their own, as in two optimisers; a group that comes later shares the schedule."""
    options = {"weight_decay": 0.2, "schedule": lambda step: 1 / step}
    grouped, apart = leaves(pytorch, [np.ones(3), np.ones(2)]), leaves(pytorch, [np.ones(3), np.ones(2)])
    one = pytorch.AdamW([{"params": grouped[:1]}, {"params": grouped[1:], "weight_decay": 0.0, "lr": 0.3}], **options)
    two = [pytorch.AdamW(apart[:1], **options), pytorch.AdamW(apart[1:], 0.3, schedule=options["schedule"])]
    late = torch.ones(1, dtype=torch.float64, requires_grad=True)
    for step in range(4):
        gradients = random_gradients(step, [(3,), (2,)], 1)[0]
        give(grouped, gradients), give(apart, gradients)
        if step == 3:
            one.add_param_group({"params": late})
            late.grad = torch.ones_like(late)
        one.step()
        for optimizer in two:
            optimizer.step()
    for got, expected in zip(grouped, apart, strict=True):
        np.testing.assert_allclose(got.detach().numpy(), expected.detach().numpy(), rtol=1e-14)
    assert late.item() == pytest.approx(1 - (1e-3 + 0.2) / 4, rel=1e-6)  # the fourth step of the schedule


def test_torch_closure_is_called_with_gradients_and_its_loss_returned():
    parameter = torch.ones(2, requires_grad=True)
    optimizer = pytorch.SGDW([parameter], 0.1, momentum=0.0)

    def closure():
        optimizer.zero_grad()
        loss = (parameter**2).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 2.0
    np.testing.assert_allclose(parameter.detach().numpy(), 0.8, rtol=1e-6)


def test_torch_parameters_of_several_dtypes_keep_them_and_gradients_stay():
    parameters = [torch.ones(3, dtype=dtype, requires_grad=True) for dtype in (torch.float32, torch.float64)]
    for name in ("SGDW", "AdamW"):
        for decoupled in (True, False):
            optimizer = getattr(pytorch, name)(parameters, 0.1, weight_decay=0.1, decoupled=decoupled)
            for parameter in parameters:
                parameter.grad = torch.full_like(parameter, 0.5)
            optimizer.step()
            assert [p.dtype for p in parameters] == [torch.float32, torch.float64]
            assert all((p.grad == 0.5).all() for p in parameters)
    first, second = (p.detach().double().numpy() for p in parameters)
    np.testing.assert_allclose(first, second, rtol=1e-6)


def test_steps_leave_their_arguments_and_their_dtype_alone(side):
    module, array_of = side
    for dtype in (np.float32, np.float64):
        values = [array_of(RNG(seed).uniform(0.1, 1, 4).astype(dtype)) for seed in range(4)]
        before = [array(value).copy() for value in values]
        rates = {"multiplier": np.float64(0.5), "learning_rate": np.float64(0.1), "weight_decay": np.float64(0.1)}
        for decoupled in (True, False):
            results = module.sgdw_step(*values[:3], momentum=0.9, decoupled=decoupled, **rates)
            results += module.adamw_step(*values, 1, decoupled=decoupled, **rates)
            assert {str(array(result).dtype) for result in results} == {np.dtype(dtype).name}
        for value, old in zip(values, before, strict=True):
            np.testing.assert_array_equal(array(value), old)


def test_whole_numbers_count_as_fractions(side):
    module, array_of = side
    theta, none = array_of(np.array([2, -1])), array_of(np.array([0, 0]))
    theta_w, m = module.sgdw_step(theta, theta, none, 0.25, 0.5, 0.125)
    assert (theta_w.tolist(), m.tolist()) == ([1.25, -0.625], [0.5, -0.25])
    theta_a, _, v = module.adamw_step(theta, theta, none, none, 1, 0.5, (0.5, 0.5), 0.0, 0.125)
    assert [*theta_a.tolist(), *v.tolist()] == pytest.approx([1.25, -0.375, 2.0, 0.5], rel=1e-6)  # torch's are float32


def test_empty_arrays_stay_empty(side):
    module, array_of = side
    nothing = array_of(np.zeros((0, 3)))
    theta, m = module.sgdw_step(nothing, nothing, nothing, 0.1, 0.9, 0.1)
    assert tuple(theta.shape) == tuple(m.shape) == (0, 3)


@given(step=st.integers(1, 10**6), period=st.floats(1, 1000), growth=st.sampled_from([1.0, 1.1, 1.5, 2.0, 3.0]))
def test_cosine_lies_between_0_and_1_on_both_sides(step, period, growth):
    got = [module.cosine_multiplier(step, period, growth) for module, _ in SIDES.values()]
    assert all(isinstance(value, float) and 0 <= value <= 1 for value in got)


@pytest.mark.parametrize(("period", "growth"), [(1, 1), (5, 1), (3, 2), (1, 2), (4, 3)])
def test_cosine_restarts_at_the_end_of_each_period_and_falls_in_between(side, period, growth):
    values = [side[0].cosine_multiplier(step, period, growth) for step in range(1, 200)]
    restarts, length, at = set(), period, 0
    while at < 199:
        restarts.add(at)
        at, length = at + length, length * growth
    assert {at for at, value in enumerate(values) if value == 1} == restarts
    assert all(values[at] < values[at - 1] for at in range(1, 199) if at not in restarts)


def test_normalised_decay_takes_the_same_share_of_a_short_and_a_long_training_up_to_a_root(side):
    normalized = side[0].normalized_weight_decay
    assert normalized(0.1, 32, 1000, 40) == pytest.approx(normalized(0.1, 32, 1000, 10) / 2, rel=1e-12)
    assert normalized(0.1, 64, 1000, 10) == pytest.approx(normalized(0.1, 32, 1000, 10) * np.sqrt(2), rel=1e-12)
    assert normalized(0.1, 1000, 1000, 1) == pytest.approx(0.1, rel=1e-12), "a single update"


@pytest.mark.parametrize("name", ["SGDW", "AdamW"])
def test_flat_memory_needs_no_more_than_three_temporary_blocks(name):
    """Peak of what NumPy allocates within a step on 2 million weights, in blocks of the flat memory."""
    import tracemalloc

    from mylib.engine.optim import BLOCK

    weights = engine.Tensor(np.ones(2_000_000, np.float32), requires_grad=True)
    for decoupled in (True, False):
        optimizer = getattr(scratch, name)([weights], 0.1, weight_decay=0.1, decoupled=decoupled)
        weights.grad = np.ones(2_000_000, np.float32)
        optimizer.step()
        tracemalloc.start()
        optimizer.step()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 3.2 * BLOCK * 4  # float32; a little for Python's own objects


def test_adamw_takes_about_the_time_of_the_engines():
    """The same arithmetic in the same blocks. Other programs only ever add to a time: the best of some rounds."""
    values = RNG(0).normal(size=300_000).astype(np.float32)
    optimizers = []
    for make in (scratch.AdamW, engine.optim.AdamW):
        (weights,) = leaves(scratch, [values])
        weights.grad = values.copy()
        optimizers.append(make([weights], 1e-3, weight_decay=1e-5))
    seconds = [[], []]
    for _ in range(40):
        for optimizer, times in zip(optimizers, seconds, strict=True):
            start = time.process_time()
            optimizer.step()
            times.append(time.process_time() - start)
    assert min(seconds[0]) < 1.2 * min(seconds[1])
