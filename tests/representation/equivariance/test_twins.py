"""The two sides of equivariance: values, gradients, weights after three steps; PyTorch compiled and on its device."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.representation.equivariance import pytorch, scratch
from tests.representation.equivariance.cases import RNG, SMALL, poses
from tests.twins import (
    TOLERANCE,
    assert_close,
    assert_same_function,
    assert_same_help,
    assert_same_module,
    share_random_weights,
)

SMALL_PAIR = [lambda module=module: module.CapsNet(**SMALL) for module in (scratch, pytorch)]


def both(function):
    return [lambda *x, module=module: function(module, *x) for module in (scratch, pytorch)]


@pytest.mark.parametrize("iterations", [1, 2, 3, 5])
def test_routing_agrees(iterations):
    votes = 2 * RNG(0).normal(size=(2, 5, 3, 4))
    for part in (0, 1) if iterations > 1 else (0,):  # couplings of the first round are constants
        assert_same_function(*both(lambda m, x, part=part: m.dynamic_routing(x, iterations)[part]), votes)


def test_squash_and_lengths_agree():
    s = RNG(1).normal(size=(2, 5, 3)) * np.array([0, 1e-3, 0.3, 1, 20])[:, None]
    assert_same_function(*both(lambda m, x: m.squash(x)), s)
    assert_same_function(*both(lambda m, x: m.capsule_lengths(x)), s)


def test_losses_agree():
    lengths, images = RNG(2).random((6, 4)), RNG(3).random((3, 1, 5, 5))
    labels, marks = RNG(4).integers(0, 4, 6), RNG(5).integers(0, 2, (6, 4))
    for given in (labels, marks):
        to = {scratch: given, pytorch: torch.tensor(given)}
        assert_same_function(*both(lambda m, x, to=to: m.margin_loss(x, to[m], 0.8, 0.15, 0.3)), lengths)
    assert_same_function(*both(lambda m, x, y: m.reconstruction_loss(x, y)), images, RNG(6).random((3, 1, 5, 5)))


@pytest.mark.parametrize("wrap", [False, True])
def test_shifts_agree(wrap):
    images = RNG(7).normal(size=(2, 3, 5, 6))
    for shift in ((1, -2), (-7, 3)):
        assert_same_function(*both(lambda m, x, shift=shift: m.translate(x, *shift, wrap)), images)


def test_errors_agree():
    images = RNG(8).normal(size=(2, 1, 5, 6))
    for mapped in (None, lambda y: 1.5 * y):
        errors = [
            m.equivariance_error(lambda x: x * x, to(images), lambda x, m=m: m.translate(x, 1, 1), mapped)
            for m, to in ((scratch, np.asarray), (pytorch, torch.tensor))
        ]
        assert errors[0] == pytest.approx(errors[1], rel=1e-12)


def test_votes_agree():
    parts, relations = poses(RNG(9), 2, 4), poses(RNG(10), 4)
    assert_same_function(*both(lambda m, p, r: m.pose_votes(p, r)), parts, relations)
    assert_same_function(*both(lambda m, v: m.vote_disagreement(v)), parts)


def test_primary_capsules_agree():
    makes = [lambda module=module: module.PrimaryCapsules(2, 3, 4, 3, 2) for module in (scratch, pytorch)]
    assert_same_module(*makes, RNG(11).normal(size=(2, 2, 8, 9)))


@pytest.mark.parametrize("iterations", [1, 3])
def test_digit_capsules_agree(iterations):
    makes = [lambda module=module: module.DigitCapsules(6, 3, 4, 5, iterations) for module in (scratch, pytorch)]
    assert_same_module(*makes, RNG(12).normal(size=(3, 6, 4)))


def test_networks_learn_alike_from_both_losses():
    """Outputs, gradients of image and weights, weights after three steps of Adam: through capsules and the decoder."""
    images, labels = RNG(13).random((3, 1, 13, 13)), np.array([3, 0, 2])
    for dtype in TOLERANCE:
        ours, theirs = (make() for make in SMALL_PAIR)
        if dtype is np.float64:
            ours.double(), theirs.double()
        share_random_weights(ours, theirs, dtype)
        optimizers = engine.optim.Adam(ours.parameters(), 0.01), torch.optim.Adam(theirs.parameters(), 0.01)
        for _ in range(3):
            x = engine.Tensor(images.astype(dtype), requires_grad=True)
            y = torch.tensor(images.astype(dtype), requires_grad=True)
            values = []
            for module, net, given, to in ((scratch, ours, x, np.asarray), (pytorch, theirs, y, torch.tensor)):
                capsules = net(given)
                rebuilt = net.reconstruct(capsules, to(labels))
                loss = module.margin_loss(module.capsule_lengths(capsules), to(labels))
                loss = loss + module.reconstruction_loss(rebuilt, given, 0.05)
                loss.backward()
                values.append(loss.item())
            assert values[0] == pytest.approx(values[1], rel=TOLERANCE[dtype])
            assert_close(x.grad, y.grad.numpy(), dtype, "gradient of the images")
            expected = dict(theirs.named_parameters())
            for name, parameter in ours.named_parameters():
                assert_close(parameter.grad, expected[name].grad.numpy(), dtype, f"gradient of {name}")
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
        if dtype is np.float64:  # Adam divides by gradients that are nearly 0: in float32 these differ in sign
            for name, value in theirs.state_dict().items():
                assert_close(ours.state_dict()[name], value.numpy(), dtype, f"{name} after 3 steps")


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("equivariance").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


def training_loss(net, images, labels):
    capsules = net(images)
    loss = pytorch.margin_loss(pytorch.capsule_lengths(capsules), labels)
    return loss + pytorch.reconstruction_loss(net.reconstruct(capsules, labels), images)


def test_training_step_compiles_into_one_graph():
    net, images, labels = pytorch.CapsNet(**SMALL), torch.rand(3, 1, 13, 13), torch.tensor([1, 0, 3])
    compiled = torch.compile(training_loss, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(net, images, labels), training_loss(net, images, labels))
    votes = torch.compile(pytorch.pose_votes, backend="eager", fullgraph=True)
    parts, relations = torch.tensor(poses(RNG(14), 2, 3)), torch.tensor(poses(RNG(15), 3))
    torch.testing.assert_close(votes(parts, relations), pytorch.pose_votes(parts, relations))


def test_training_step_asks_the_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    net = pytorch.CapsNet(**SMALL).to("meta")
    labels = torch.empty(2, dtype=torch.long, device="meta")
    training_loss(net, torch.empty(2, 1, 13, 13, device="meta"), labels).backward()
    assert net.reconstruct(torch.empty(2, 4, 5, device="meta")).is_meta
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_routing_stays_in_float32_under_autocast_and_for_half_precision():
    votes = torch.tensor(RNG(16).normal(size=(2, 40, 3, 4)), dtype=torch.float32)
    expected = pytorch.dynamic_routing(votes)
    with torch.autocast("cpu", torch.bfloat16):
        for got, right in zip(pytorch.dynamic_routing(votes), expected, strict=True):
            assert torch.equal(got, right)
    half = pytorch.dynamic_routing(votes.half())[0]
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, expected[0], atol=3e-3, rtol=0)  # the votes have three digits
    long = pytorch.squash(torch.tensor([300.0, 0.0], dtype=torch.float16))  # 300^2 is infinite in float16
    torch.testing.assert_close(long, torch.tensor([1.0, 0.0]), atol=2e-5, rtol=0)


@pytest.mark.gpu
def test_training_step_stays_on_the_gpu():
    net = pytorch.CapsNet(**SMALL).cuda()
    images, labels = torch.rand(2, 1, 13, 13, device="cuda"), torch.tensor([0, 3], device="cuda")
    torch.cuda.set_sync_debug_mode("error")
    try:
        loss = training_loss(net, images, labels)
        loss.backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert loss.is_cuda
    assert all(parameter.grad.is_cuda for parameter in net.parameters())


@pytest.mark.gpu
def test_votes_and_shifts_stay_on_the_gpu_and_agree_with_the_cpu():
    parts, relations = torch.tensor(poses(RNG(17), 2, 3)), torch.tensor(poses(RNG(18), 3))
    got = pytorch.pose_votes(parts.cuda(), relations.cuda())
    assert got.is_cuda
    torch.testing.assert_close(got.cpu(), pytorch.pose_votes(parts, relations))
    assert torch.equal(pytorch.translate(parts.cuda(), 1, -1).cpu(), pytorch.translate(parts, 1, -1))
