"""The two sides of pair_labels; PyTorch compiled, in mixed precision, and on its device."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.few_labels.pair_labels import pytorch, scratch
from mylib.vision.convolution.pytorch import LeNet as TorchLeNet
from mylib.vision.convolution.scratch import LeNet
from tests.few_labels.pair_labels.cases import RNG, guesses
from tests.twins import TOLERANCE, assert_close, assert_same_function, assert_same_help, share_random_weights


@pytest.mark.parametrize(("confidence", "similarity"), [(0.95, 0.9), (0.5, 0.3), (0.0, 0.0)])
def test_the_pair_loss_agrees_in_value_and_gradient(confidence, similarity):
    q = guesses(0, 20, 6)
    assert_same_function(
        lambda logits: scratch.pair_loss(logits, q, confidence, similarity),
        lambda logits: pytorch.pair_loss(logits, torch.tensor(q), confidence, similarity),
        RNG(1).normal(size=(20, 6)),
    )


def test_coefficients_and_the_squared_distance_agree_in_value_and_gradient():
    p, q = guesses(2, 8, 5), guesses(3, 8, 5)
    # float32: rows of probabilities sum to 1 well within what is refused
    assert_same_function(scratch.bhattacharyya, pytorch.bhattacharyya, p, q)
    assert_same_function(scratch.bhattacharyya, pytorch.bhattacharyya, p[:, None], q[None])
    assert_same_function(
        lambda logits: scratch.l2_consistency_loss(logits, q),
        lambda logits: pytorch.l2_consistency_loss(logits, torch.tensor(q)),
        RNG(4).normal(size=(8, 5)),
    )


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0, 2.0])
def test_sharpening_agrees(temperature):
    for dtype in TOLERANCE:
        q = guesses(5, 30, 7).astype(dtype)
        ours, theirs = scratch.sharpen(q, temperature), pytorch.sharpen(torch.tensor(q), temperature)
        assert ours.dtype == theirs.numpy().dtype == dtype
        assert_close(ours, theirs.numpy(), dtype, "sharpened")


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_guesses_agree(temperature):
    for dtype in TOLERANCE:
        ours, theirs = lenets(dtype)
        views = RNG(6).random((3, 4, 1, 28, 28)).astype(dtype)
        one = scratch.average_pseudo_label(ours, views, temperature)
        two = pytorch.average_pseudo_label(theirs, torch.tensor(views), temperature).numpy()
        assert one.dtype == two.dtype == dtype
        assert_close(one, two, dtype, "guess")


def lenets(dtype, classes=4):
    ours, theirs = LeNet(classes), TorchLeNet(classes)
    if dtype is np.float64:
        ours.double(), theirs.double()
    share_random_weights(ours, theirs, dtype)
    return ours, theirs


# Few classes are alike and sure under random weights, so the thresholds are low: every term has a gradient.
OPTIONS = {"batch_size": 3, "confidence": 0.3, "similarity": 0.8, "decay": 0.9, "pair_weight": 5.0}
CASES = [{}, {"weak_views": 1, "strong_views": 3}, {"ramp_up_steps": 2, "max_norm": 0.5}, {"batch_size": 6}]


@pytest.mark.parametrize("options", CASES, ids=str)
def test_training_agrees_over_three_steps(options):
    rng = RNG(7)
    images, labels, unlabelled = rng.random((5, 1, 28, 28)), np.array([0, 1, 2, 3, 1]), rng.random((7, 1, 28, 28))
    for dtype in TOLERANCE:
        models = ours, theirs = lenets(dtype)
        optimizers = (
            engine.optim.SGD(ours.parameters(), 0.02, momentum=0.9),
            torch.optim.SGD(theirs.parameters(), 0.02, momentum=0.9),
        )
        sets = images.astype(dtype), labels, unlabelled.astype(dtype)
        their_sets = [torch.tensor(one) for one in sets]
        runs = (
            scratch.SimPLE(ours, optimizers[0], sets[:2], sets[2], **OPTIONS | options),
            pytorch.SimPLE(theirs, optimizers[1], their_sets[:2], their_sets[2], **OPTIONS | options),
        )
        for _ in range(3):
            one, two = (run.step() for run in runs)
            assert one.keys() == two.keys()
            for name in one:
                assert_close(one[name], two[name].numpy(), dtype, name)
            for (name, mine), (_, other) in zip(*(one.named_parameters() for one in models), strict=True):
                assert_close(mine.grad, other.grad.numpy(), dtype, f"gradient of {name}")
        assert one["pair"] > 0
        assert one["anchors"] > 0
        for mine, other in (models, [run.average for run in runs]):
            expected = other.state_dict()
            for name, value in mine.state_dict().items():
                assert_close(value, expected[name].numpy(), dtype, f"{name} after three steps")


def training_step(device, dtype=torch.float32):
    """Everything that a step of training calls, on one device."""
    torch.manual_seed(0)
    model = TorchLeNet(3).to(device)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    images = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(1)).to(device, dtype)
    labels = torch.tensor([0, 1, 2, 0]).to(device)
    training = pytorch.SimPLE(model, optimizer, (images, labels), images, batch_size=4, confidence=0.34, similarity=0.5)
    return training, training.step()


def test_a_guess_and_its_losses_ask_their_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    model = TorchLeNet(3).to("meta")
    views = torch.empty(2, 4, 1, 28, 28, device="meta")
    guess = pytorch.average_pseudo_label(model, views)
    logits = model(views[0])
    loss = pytorch.pair_loss(logits, guess) + pytorch.l2_consistency_loss(logits, guess)
    loss.backward()
    found = guess, loss, model.linear3.weight.grad, pytorch.sharpen(guess), pytorch.bhattacharyya(guess, guess)
    assert {one.device.type for one in found} == {"meta"}


def test_losses_compile_whole():
    q, logits = torch.tensor(guesses(8, 9, 4)), torch.tensor(RNG(8).normal(size=(9, 4)), requires_grad=True)
    for function, arguments in (
        (pytorch.sharpen, (q,)),
        (pytorch.bhattacharyya, (q, q.flip(0))),
        (pytorch.pair_loss, (logits, q, 0.5, 0.5)),
        (pytorch.l2_consistency_loss, (logits, q)),
    ):
        compiled = torch.compile(function, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(*arguments), function(*arguments))


def test_mixed_precision_keeps_the_pairs_in_float32():
    q, logits = torch.tensor(guesses(9, 30, 4)).float(), torch.tensor(RNG(9).normal(size=(30, 4))).float()
    with torch.autocast("cpu", torch.bfloat16):
        mixed = pytorch.pair_loss(logits, q)
    assert mixed.dtype == torch.float32
    assert mixed.item() == pytorch.pair_loss(logits, q).item()
    # and what a mixed model puts out
    half = pytorch.pair_loss(logits.bfloat16(), q)
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(mixed.item(), rel=0.02)  # bfloat16 keeps eight bits of the logits


def test_no_cube_of_pairs_and_classes_is_made():
    """512 views of 100 classes: the largest tensor that autograd saves is far from n n C."""
    sizes = []
    logits = torch.randn(512, 100, requires_grad=True)
    q = torch.eye(100)[torch.arange(512) % 100]
    with torch.autograd.graph.saved_tensors_hooks(lambda one: sizes.append(one.numel()) or one, lambda one: one):
        pytorch.pair_loss(logits, q).backward()
    assert max(sizes) <= 512 * 100


@pytest.mark.gpu
def test_a_step_never_leaves_the_gpu():
    training, _ = training_step("cuda")  # what is made once may wait
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        found = training.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert all(value.is_cuda for value in found.values())


def test_help_is_complete_on_both_sides():
    topic = next(topic for topic in syllabus.topics() if topic.name == "pair_labels")
    assert {method.name for method in topic.methods} == set(scratch.__all__)
    assert set(scratch.__all__) - set(pytorch.__all__) == {"pair_loss_loops"}
    for name in pytorch.__all__:
        assert_same_help(getattr(scratch, name), getattr(pytorch, name))
