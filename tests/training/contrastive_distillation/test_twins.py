"""The two sides of contrastive_distillation; PyTorch compiled, in mixed precision, and on its device."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.training.contrastive_distillation import pytorch, scratch
from tests.training.contrastive_distillation.cases import DIMS, RNG, batch
from tests.twins import TOLERANCE, assert_close, assert_same_function, assert_same_help, share_random_weights


def test_bounds_agree_in_value_and_gradient():
    rng = RNG(0)
    assert_same_function(scratch.critic, pytorch.critic, *rng.normal(size=(2, 5, 3)), constants=(0.3, 7, 20))
    h, others = rng.uniform(0.05, 0.95, 6), rng.uniform(0.05, 0.95, (6, 4))
    assert_same_function(scratch.critic_objective, pytorch.critic_objective, h, others)
    r = rng.exponential(size=(3, 4))
    assert_close(scratch.optimal_critic(r, 9), pytorch.optimal_critic(torch.tensor(r), 9), np.float64, "posterior")
    ours, theirs = (module.mutual_information_bound(-0.4, 9) for module in (scratch, pytorch))
    assert ours == theirs
    rho = rng.uniform(-1, 1, (3, 2))
    ours = scratch.gaussian_mutual_information(rho)
    assert ours == pytest.approx(pytorch.gaussian_mutual_information(torch.tensor(rho)).item(), rel=1e-9)
    a, b = rng.normal(size=(2, 8, 5))
    ours = scratch.correlation_gap(a, b)
    assert ours == pytest.approx(pytorch.correlation_gap(torch.tensor(a), torch.tensor(b)).item(), rel=1e-9)


@pytest.mark.parametrize("labelled", [False, True])
def test_the_same_generator_draws_the_same_negatives(labelled):
    indices, labels = np.array([3, 0, 11]), RNG(1).integers(0, 4, 12)
    ours = scratch.draw_negatives(indices, 12, 50, RNG(2), labels if labelled else None)
    theirs = pytorch.draw_negatives(torch.tensor(indices), 12, 50, RNG(2), torch.tensor(labels) if labelled else None)
    np.testing.assert_array_equal(ours, theirs.numpy())


@pytest.mark.parametrize("size", [12, 300])  # in PyTorch the product with the whole bank, and gathered rows
def test_losses_gradients_banks_and_weights_agree_over_three_steps(size):
    for dtype in TOLERANCE:
        ours, theirs = scratch.CRDLoss(**DIMS | {"size": size}), pytorch.CRDLoss(**DIMS | {"size": size})
        if dtype is np.float64:
            ours.double(), theirs.double()
        share_random_weights(ours, theirs, dtype)
        optimisers = (
            engine.optim.SGD(ours.parameters(), 0.05, momentum=0.9),
            torch.optim.SGD(theirs.parameters(), 0.05, momentum=0.9),
        )
        for step in range(3):
            s, t, indices, noise = batch(step, size)
            s, t = s.astype(dtype), t.astype(dtype)
            leaf, their_leaf = engine.Tensor(s, requires_grad=True), torch.tensor(s, requires_grad=True)
            loss = ours(leaf, t, indices, noise)
            their_loss = theirs(their_leaf, torch.tensor(t), torch.tensor(indices), torch.tensor(noise))
            assert_close(loss.numpy(), their_loss.detach().numpy(), dtype, "loss")
            loss.backward(), their_loss.backward()
            assert_close(leaf.grad, their_leaf.grad.numpy(), dtype, "gradient of the student's features")
            gradients = dict(theirs.named_parameters())
            for name, parameter in ours.named_parameters():
                assert_close(parameter.grad, gradients[name].grad.numpy(), dtype, f"gradient of {name}")
            ours.update(s, t, indices)
            theirs.update(torch.tensor(s), torch.tensor(t), torch.tensor(indices))
            for optimiser in optimisers:
                optimiser.step(), optimiser.zero_grad()
            expected = theirs.state_dict()
            for name, value in ours.state_dict().items():
                assert value.dtype == dtype, name
                assert_close(value, expected[name].numpy(), dtype, f"{name} after {step + 1} steps")


def training_step(device, dtype=torch.float32):
    """Everything that a step of training calls, on one device."""
    torch.manual_seed(0)
    loss = pytorch.CRDLoss(3, 5, 40, dim=4, negatives=6).to(device)
    s = torch.ones(8, 3, device=device, dtype=dtype, requires_grad=True)
    t = torch.ones(8, 5, device=device, dtype=dtype)
    indices = torch.arange(8, device=device)
    labels = torch.arange(40, device=device) % 4
    noise = pytorch.draw_negatives(indices, 40, 6, RNG(3), labels)
    h = pytorch.critic(loss.student_projection(s), loss.teacher_projection(t), 0.1, 6, 40)
    bound = pytorch.mutual_information_bound(pytorch.critic_objective(h, h[:, None]), 6)
    total = loss(s, t, indices, noise) - bound
    total.backward()
    loss.update(s, t, indices)
    return total, s, loss


def test_a_step_asks_its_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    total, s, loss = training_step("meta")
    assert total.device.type == s.grad.device.type == loss.student_bank.vectors.device.type == "meta"
    assert pytorch.correlation_gap(torch.ones(4, 3, device="meta"), torch.ones(4, 3, device="meta")).is_meta


@pytest.mark.parametrize("size", [12, 300])
def test_loss_and_update_compile_whole(size):
    plain, compiled = (pytorch.CRDLoss(**DIMS | {"size": size}) for _ in range(2))
    compiled.load_state_dict(plain.state_dict())
    step = torch.compile(compiled, backend="eager", fullgraph=True)
    move = torch.compile(compiled.update, backend="eager", fullgraph=True)
    for seed in range(2):
        s, t, indices, noise = batch(seed, size)
        arguments = torch.tensor(s).float(), torch.tensor(t).float(), torch.tensor(indices), torch.tensor(noise)
        losses = plain(*arguments), step(*arguments)
        gradients = [
            torch.autograd.grad(loss, list(m.parameters())) for loss, m in zip(losses, (plain, compiled), strict=True)
        ]
        torch.testing.assert_close(losses[0], losses[1])
        torch.testing.assert_close(*gradients)
        plain.update(*arguments[:3]), move(*arguments[:3])
    torch.testing.assert_close(dict(plain.state_dict()), dict(compiled.state_dict()))


def test_bounds_compile_whole():
    h, others = torch.rand(5) * 0.9 + 0.05, torch.rand(5, 4) * 0.9
    t, s = torch.randn(2, 5, 3)
    for function, arguments in (
        (pytorch.critic, (t, s, 0.2, 4, 20)),
        (pytorch.critic_objective, (h, others)),
        (pytorch.optimal_critic, (others, 4)),
        (pytorch.gaussian_mutual_information, (h,)),
        (pytorch.correlation_gap, (t, s)),
    ):
        compiled = torch.compile(function, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(*arguments), function(*arguments))


def test_mixed_precision_keeps_the_loss_and_the_banks_in_float32():
    with torch.autocast("cpu", torch.bfloat16):
        mixed, s, loss = training_step("cpu")
    expected, _, _ = training_step("cpu")
    assert mixed.dtype == loss.student_bank.vectors.dtype == torch.float32
    assert torch.isfinite(s.grad).all()
    # bfloat16 has 8 bits: a cosine is off by 1/256, a logit by 1/256/.07 = .06, of 14 logits of one image
    assert mixed.item() == pytest.approx(expected.item(), abs=0.8)


def test_half_precision_outputs_are_correlated_in_more_digits():
    a, b = (torch.tensor(RNG(seed).normal(size=(50, 3)) * 100 + 300).half() for seed in (4, 5))
    assert pytorch.correlation_gap(a, b).item() == pytest.approx(
        scratch.correlation_gap(a.double().numpy(), b.double().numpy()), rel=1e-9
    )


@pytest.mark.gpu
def test_a_step_never_leaves_the_gpu():
    training_step("cuda")  # what is made once may wait
    torch.cuda.set_sync_debug_mode("error")
    try:
        total, s, loss = training_step("cuda")
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert total.is_cuda
    assert s.grad.is_cuda
    assert loss.teacher_bank.vectors.is_cuda


def test_help_is_complete_on_both_sides():
    topic = next(topic for topic in syllabus.topics() if topic.name == "contrastive_distillation")
    assert {method.name for method in topic.methods} == set(scratch.__all__) == set(pytorch.__all__)
    for name in scratch.__all__:
        assert_same_help(getattr(scratch, name), getattr(pytorch, name))
