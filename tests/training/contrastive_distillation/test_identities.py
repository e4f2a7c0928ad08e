"""Bounds that hold for any critic, limits, losses in other words, negatives, memory, and what gets a gradient."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from mylib import engine
from mylib.attention.contrastive import pytorch as contrastive_pytorch
from mylib.attention.contrastive import scratch as contrastive_scratch
from mylib.training.contrastive_distillation import contract, pytorch, scratch
from tests.training.contrastive_distillation.cases import DIMS, RNG, batch, gaussians, make_loss, tracked
from tests.twins import array

# bounds


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 0.5, 0.9, 0.99]), st.sampled_from([1, 4, 32]))
def test_no_critic_proves_more_than_there_is(seed, rho, negatives):
    """Random networks of two layers, of any size of their weights: never above I by more than 4 standard errors."""
    rng = RNG(seed)
    (t, s), _, _ = gaussians(rng, rho, 4000)
    others = rng.permutation(s)[rng.integers(0, 4000, (4000, negatives))]
    weights, scale = rng.normal(size=(5, 16)), 10 ** rng.uniform(-1, 1)

    def answers(t, s):
        inside = np.stack([t, s, t * s, t * t, s * s], axis=-1) @ weights
        return 1 / (1 + np.exp(-np.clip(scale * np.tanh(inside) @ weights[0] / 4 - np.log(negatives), -30, 30)))

    joint, independent = answers(t, s), answers(np.repeat(t[:, None], negatives, axis=1), others)
    single = np.log(joint) + np.log1p(-independent).sum(axis=1)
    allowed = float(scratch.gaussian_mutual_information(rho)) + 4 * single.std() / np.sqrt(4000)
    for module, make in ((scratch, np.asarray), (pytorch, torch.tensor)):
        objective = module.critic_objective(make(joint), make(independent)).item()
        assert module.mutual_information_bound(objective, negatives) < allowed


@pytest.mark.parametrize("negatives", [1, 16, 255])
def test_the_first_bound_stops_at_the_logarithm_of_the_negatives(side, negatives):
    module, make = side
    h = module.optimal_critic(make([1.0, 1e6, 1e12]), negatives)
    bound = array(module.mutual_information_bound(np.log(array(h)), negatives))
    assert (bound < np.log(negatives) + 1e-12).all()
    assert bound[-1] == pytest.approx(np.log(negatives), abs=1e-9)


@pytest.mark.parametrize("rho", [0.9, 0.99])
def test_the_best_critic_loses_a_nat(side, rho):
    """With 4,096 negatives, I is known up to .02 beyond the nat; the control variate r - 1 has mean 0 exactly."""
    module, make = side
    joint, independent, log_ratio = gaussians(RNG(1), rho, 400_000)
    (h, r) = (module.optimal_critic(make(np.exp(log_ratio(*pair))), 4096) for pair in (joint, independent))
    negative = 4096 * np.log1p(-array(r)) + (np.exp(log_ratio(*independent)) - 1)
    bound = float(module.mutual_information_bound(np.log(array(h)).mean() + negative.mean(), 4096))
    assert float(module.gaussian_mutual_information(rho)) - bound == pytest.approx(1, abs=0.02)


def test_the_slides_second_part_is_no_bound(side):
    """1 - log h in place of log(1 - h): a critic that always says no proves any number of nats of independent pairs."""
    module, make = side
    says_no = np.full((4, 3), 1e-9)
    printed = np.log(0.5) + (1 - np.log(says_no)).mean(axis=0).sum()
    assert module.mutual_information_bound(printed, 3) > 60
    repaired = module.critic_objective(make(np.full(4, 0.5)), make(says_no)).item()
    assert module.mutual_information_bound(repaired, 3) < np.log(3)


# the loss


def test_the_loss_with_normaliser_one_is_the_slides_critic_both_ways(side):
    module, make = side
    loss, state = make_loss(module, normalisers=(1.0, 1.0))
    s, t, indices, noise = batch(0)
    got = loss(*map(make, (s, t, indices, noise))).item()
    expected = 0.0
    for one, other, features in (("student", "teacher", s), ("teacher", "student", t)):
        v = features @ state[f"{one}_projection.weight"].T + state[f"{one}_projection.bias"]
        bank = state[f"{other}_bank.vectors"]
        h = module.critic(make(v), make(bank[indices]), 0.5, 6, 12)
        pairs = np.repeat(v, 6, axis=0), bank[noise.reshape(-1)]
        h_other = array(module.critic(*map(make, pairs), 0.5, 6, 12)).reshape(4, 6)
        expected -= module.critic_objective(h, make(h_other)).item()
    assert got == pytest.approx(expected, rel=1e-12)


def test_the_loss_is_two_noise_contrastive_losses(side):
    module, make = side
    nce = {scratch: contrastive_scratch, pytorch: contrastive_pytorch}[module]
    loss, state = make_loss(module)
    s, t, indices, noise = batch(1)
    every, got = np.column_stack([indices, noise]), loss(*map(make, (s, t, indices, noise))).item()
    expected = 0.0
    for one, other, features in (("student", "teacher", s), ("teacher", "student", t)):
        v = make(features @ state[f"{one}_projection.weight"].T + state[f"{one}_projection.bias"])
        bank = make(state[f"{other}_bank.vectors"])
        z = nce.estimate_normaliser(v, bank, make(every), 0.5)
        expected += nce.noise_contrastive_loss(v, make(indices), make(noise), bank, z, 0.5).item()
        assert float(getattr(loss, f"{one}_normaliser")) == pytest.approx(float(z), rel=1e-12)
    assert got == pytest.approx(expected, rel=1e-12)


def test_normalisers_come_from_the_first_batch_in_training_and_stay(side):
    module, make = side
    loss, _ = make_loss(module)
    first, second = (list(map(make, batch(seed))) for seed in (2, 3))
    loss.eval()
    loss(*first)
    assert float(loss.student_normaliser) == float(loss.teacher_normaliser) == 0
    loss.train()
    loss(*first)
    kept = [float(loss.student_normaliser), float(loss.teacher_normaliser)]
    loss(*second)
    assert [float(loss.student_normaliser), float(loss.teacher_normaliser)] == kept
    copy, _ = make_loss(module)
    copy.load_state_dict(loss.state_dict())
    assert [float(copy.student_normaliser), float(copy.teacher_normaliser)] == kept
    assert copy(*second).item() == pytest.approx(loss(*second).item(), rel=1e-12)


def test_only_the_projections_are_parameters_and_the_teacher_gets_no_gradient(side):
    module, make = side
    loss, state = make_loss(module)
    assert {name for name, _ in loss.named_parameters()} == {
        f"{name}_projection.{part}" for name in ("student", "teacher") for part in ("weight", "bias")
    }
    s, t, indices, noise = batch(4)
    s, t = tracked(module, s), tracked(module, t)
    loss(s, t, make(indices), make(noise)).backward()
    assert t.grad is None
    assert np.abs(array(s.grad)).min() > 0
    for name, parameter in loss.named_parameters():
        assert np.abs(array(parameter.grad)).max() > 0, name
    for name in ("student_bank", "teacher_bank"):
        np.testing.assert_array_equal(array(getattr(loss, name).vectors), state[f"{name}.vectors"])


def test_gradients_are_their_differences(side):
    """Z stays at what it was: its dependence on the first batch is not differentiated."""
    module, make = side
    loss, _ = make_loss(module, normalisers=(5.0, 7.0))
    s, t, indices, noise = batch(5)
    call = lambda s: loss(s, make(t), make(indices), make(noise))  # noqa: E731
    if module is scratch:
        engine.gradcheck(call, s)  # raises where they differ
    else:
        weight = loss.teacher_projection.weight
        assert torch.autograd.gradcheck(call, torch.tensor(s, requires_grad=True))

        def of_weight(weight):
            state = {"teacher_projection.weight": weight}
            return torch.func.functional_call(loss, state, tuple(map(make, (s, t, indices, noise))))

        assert torch.autograd.gradcheck(of_weight, weight.detach().clone().requires_grad_())


def test_banks_may_move_before_the_backward_pass(side):
    module, make = side
    gradients = []
    for early in (False, True):
        loss, _ = make_loss(module)
        s, t, indices, noise = batch(6)
        leaf = tracked(module, s)
        value = loss(leaf, make(t), make(indices), make(noise))
        if early:
            loss.update(make(s), make(t), make(indices))
        value.backward()
        gradients.append(array(leaf.grad))
    np.testing.assert_array_equal(*gradients)


def test_the_student_learns_which_image_the_teacher_saw(side):
    """Fixed features, no labels: after 60 steps the image's own teacher vector is nearest for most images."""
    module, make = side
    loss = module.CRDLoss(8, 8, 40, dim=8, negatives=20, temperature=0.2, seed=1)
    rng = RNG(7)
    teacher = rng.normal(size=(40, 8)).astype(np.float32)
    student = (teacher @ rng.normal(size=(8, 8)) / 3).astype(np.float32)
    optimiser = (engine if module is scratch else torch).optim.SGD(loss.parameters(), 0.1, momentum=0.9)
    for _ in range(60):
        indices = rng.permutation(40)[:20]
        noise = module.draw_negatives(make(indices), 40, 20, rng)
        arguments = make(student[indices]), make(teacher[indices]), make(indices)
        optimiser.zero_grad()
        loss(*arguments, noise).backward()
        loss.update(*arguments)
        optimiser.step()
    cosines = array(loss.student_projection(make(student))) @ array(loss.teacher_bank.vectors).T
    assert (cosines.argmax(axis=1) == np.arange(40)).mean() > 0.5  # chance: 1/40


# negatives


@pytest.mark.parametrize("with_labels", [False, True])
def test_negatives_are_drawn_evenly_from_all_others(side, with_labels):
    module, make = side
    labels = RNG(8).integers(0, 3, 10) if with_labels else None
    indices = np.array([0, 9, 4])
    drawn = array(module.draw_negatives(make(indices), 10, 30_000, RNG(9), None if labels is None else make(labels)))
    for image, row in zip(indices, drawn, strict=True):
        allowed = np.arange(10) != image if labels is None else labels != labels[image]
        share = np.bincount(row, minlength=10) / 30_000
        assert (share[~allowed] == 0).all()
        # 30,000 draws: a standard error of at most .003
        np.testing.assert_allclose(share[allowed], 1 / allowed.sum(), atol=0.012)


# structure


def test_the_gap_knows_neither_scale_nor_offset_and_ends_at_two(side):
    module, make = side
    a, b = RNG(10).normal(size=(2, 20, 4))
    gap = float(module.correlation_gap(make(a), make(b)))
    assert float(module.correlation_gap(make(a * [1, 2, 3, 4] + 5), make(b))) == pytest.approx(gap, rel=1e-9)
    assert float(module.correlation_gap(make(b), make(a))) == pytest.approx(gap, rel=1e-12)
    assert float(module.correlation_gap(make(a), make(a))) == pytest.approx(0, abs=1e-12)
    x = RNG(11).normal(size=(6, 1))
    opposite = float(module.correlation_gap(make(x * [1, 1, 1]), make(x * [1, -1, 1])))
    assert opposite == pytest.approx(2 * 4 / 9, rel=1e-9)


# memory


@pytest.mark.parametrize("size", [13, 400])  # in PyTorch the product with the whole bank, and gathered rows
def test_chunks_change_nothing(side, size, monkeypatch):
    module, make = side
    results = []
    for limit in (contract.CHUNK_BYTES, 1, 3000):
        monkeypatch.setattr(contract, "CHUNK_BYTES", limit)
        loss, _ = make_loss(module, size=size)
        s, t, indices, noise = batch(12, size, rows=7)
        leaf = tracked(module, s)
        value = loss(leaf, make(t), make(indices), make(noise))
        value.backward()
        results.append(np.append(array(leaf.grad), value.item()))
    np.testing.assert_allclose(results[1], results[0], rtol=1e-12)
    np.testing.assert_allclose(results[2], results[0], rtol=1e-12)


class Largest(TorchDispatchMode):
    """Bytes of the largest result of any operation."""

    found = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for one in result if isinstance(result, tuple | list) else (result,):
            if torch.is_tensor(one) and one._base is None:
                self.found = max(self.found, one.nbytes)
        return result


def step_of(module, make, size, negatives):
    """A step with 64 images, their features of 128 numbers gathered for all negatives: 134 MB with 4,096."""
    loss = module.CRDLoss(8, 8, size, dim=128, negatives=negatives)
    rng = RNG(13)
    features = [make(rng.normal(size=(64, 8)).astype(np.float32)) for _ in range(2)]
    indices, noise = make(np.arange(64)), make(rng.integers(0, size, (64, negatives)))
    return lambda: (loss(*features, indices, noise).backward(), loss.update(*features, indices))


@pytest.mark.parametrize(("size", "negatives"), [(6000, 4096), (100_000, 2048)])
def test_no_array_of_a_step_is_larger_than_64_megabytes(size, negatives):
    step = step_of(pytorch, torch.tensor, size, negatives)
    with Largest() as largest:
        step()
    assert 1e6 < largest.found < 64e6


def test_a_step_in_numpy_needs_less_than_64_megabytes():
    step = step_of(scratch, np.asarray, 6000, 4096)
    tracemalloc.start()
    step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 1e6 < peak < 64e6


def test_a_state_has_two_banks_and_two_normalisers():
    for module in (scratch, pytorch):
        loss = module.CRDLoss(**DIMS)
        parameters = {name for name, _ in loss.named_parameters()}
        assert set(loss.state_dict()) - parameters == {
            f"{name}_{kind}" for name in ("student", "teacher") for kind in ("bank.vectors", "normaliser")
        }
