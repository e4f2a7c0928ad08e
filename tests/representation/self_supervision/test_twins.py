"""The two sides of self_supervision, and PyTorch compiled, in mixed precision, and on its device."""

import numpy as np
import pytest
import torch

from mylib import syllabus
from mylib.engine import Tensor
from mylib.representation.self_supervision import pytorch, scratch
from tests.representation.self_supervision.cases import RNG
from tests.twins import assert_same_function, assert_same_help, assert_same_module

# rotations


def test_turns_agree_in_value_and_gradient():
    images = RNG(5).normal(size=(4, 2, 3, 3))
    for turns in (0, 1, -2, 7, np.array([3, 0, -2, 1])):
        assert_same_function(
            lambda x, turns=turns: scratch.rotate90(x, turns), lambda x, turns=turns: pytorch.rotate90(x, turns), images
        )
    assert_same_function(lambda x: scratch.rotation_batch(x)[0], lambda x: pytorch.rotation_batch(x)[0], images)
    np.testing.assert_array_equal(
        scratch.rotation_batch(images)[1], pytorch.rotation_batch(torch.tensor(images))[1].numpy()
    )


def test_what_comes_in_as_an_array_or_a_tensor_goes_out_as_it_came():
    images = RNG(6).normal(size=(2, 1, 4, 4))
    for turns in (1, np.array([1, 2])):
        plain, tensor = scratch.rotate90(images, turns), scratch.rotate90(Tensor(images), turns)
        assert type(plain) is np.ndarray
        assert type(tensor) is Tensor
        np.testing.assert_array_equal(plain, tensor.numpy())
    plain, tensor = (scratch.hide_square(one, 2, RNG(7))[0] for one in (images, Tensor(images)))
    assert type(plain) is np.ndarray
    assert type(tensor) is Tensor
    np.testing.assert_array_equal(plain, tensor.numpy())


# networks


@pytest.mark.parametrize(("channels", "blocks", "size"), [(1, 4, 6), (2, 1, 5), (3, 2, 7)])
def test_networks_agree_over_three_steps(channels, blocks, size):
    images = RNG(8).normal(size=(3, channels, size, size))
    options = {"channels": channels, "width": 3, "blocks": blocks}
    assert_same_module(
        lambda: scratch.RotNet(**options, classes=5), lambda: pytorch.RotNet(**options, classes=5), images
    )
    images = RNG(9).normal(size=(2, channels, 6, 4))
    assert_same_module(lambda: scratch.FillingNet(**options), lambda: pytorch.FillingNet(**options), images)


def test_networks_agree_in_eval_mode_block_by_block():
    ours, theirs = scratch.RotNet(width=4).double(), pytorch.RotNet(width=4).double()
    images = RNG(10).normal(size=(6, 1, 6, 6))
    for _ in range(2):  # statistics of two batches
        theirs(torch.tensor(images))
    ours.load_state_dict(theirs.state_dict())
    ours.eval(), theirs.eval()
    for block in range(1, 5):
        got, expected = ours.features(images, block), theirs.features(torch.tensor(images), block)
        np.testing.assert_allclose(got.numpy(), expected.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("hypotheses", [1, 3])
def test_predictors_agree_over_three_steps(hypotheses):
    past = RNG(11).normal(size=(5, 4, 2))
    sizes = (4, 3, hypotheses, 8)
    assert_same_module(lambda: scratch.PathPredictor(*sizes), lambda: pytorch.PathPredictor(*sizes), past)


# losses


def test_losses_agree_in_value_and_gradient():
    prediction, images = RNG(12).normal(size=(2, 3, 2, 5, 4))
    ours = scratch.hide_square(images, 3, RNG(13))
    theirs = pytorch.hide_square(torch.tensor(images), 3, RNG(13))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other.numpy())
    assert_same_function(
        lambda p, x: scratch.filling_loss(p, x, ours[1]),
        lambda p, x: pytorch.filling_loss(p, x, theirs[1]),
        prediction,
        images,
    )
    for hypotheses in (1, 4):
        paths, target = RNG(14).normal(size=(6, hypotheses, 3, 2)), RNG(15).normal(size=(6, 3, 2))
        assert_same_function(scratch.winner_takes_all_loss, pytorch.winner_takes_all_loss, paths, target)
        got = scratch.displacement_errors(paths, target)
        expected = pytorch.displacement_errors(torch.tensor(paths), torch.tensor(target))
        assert got == pytest.approx(expected, rel=1e-9)


# PyTorch alone


def training_step(device):
    """Everything that a step of training calls, on one device."""
    torch.manual_seed(0)
    images = torch.rand(4, 1, 8, 8, device=device)
    turned, labels = pytorch.rotation_batch(pytorch.rotate90(images, torch.tensor([1, 2, 3, 0])))
    net, filling = pytorch.RotNet(width=2).to(device), pytorch.FillingNet(width=2).to(device)
    loss = torch.nn.functional.cross_entropy(net(turned), labels)
    hidden, mask = pytorch.hide_square(images, 3, RNG(16))
    loss = loss + pytorch.filling_loss(filling(hidden), images, mask)
    past, future = torch.rand(4, 5, 2, device=device), torch.rand(4, 3, 2, device=device)
    paths = pytorch.PathPredictor(5, 3, 2, 4).to(device)(past)
    loss = loss + pytorch.winner_takes_all_loss(paths, future)
    loss.backward()
    return loss, net


def test_a_step_asks_its_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    loss, net = training_step("meta")
    assert loss.device.type == net.linear.weight.grad.device.type == "meta"


def test_functions_and_networks_compile_whole():
    images, turns = torch.randn(3, 1, 4, 4), torch.tensor([1, 2, 3])
    mask = torch.zeros(3, 1, 4, 4, dtype=torch.bool)
    mask[:, :, 1:3, 2:] = True
    paths, target = torch.randn(3, 2, 4, 2), torch.randn(3, 4, 2)
    for function, arguments in (
        (pytorch.rotate90, (images, 3)),
        (pytorch.rotate90, (images, turns)),
        (pytorch.rotation_batch, (images,)),
        (pytorch.RotNet(width=2), (images,)),
        (pytorch.FillingNet(width=2), (images,)),
        (pytorch.filling_loss, (images, 2 * images, mask)),
        (pytorch.PathPredictor(4, 3, 2, 5), (target,)),
        (pytorch.winner_takes_all_loss, (paths, target)),
    ):
        compiled = torch.compile(function, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(*arguments), function(*arguments))


def test_mixed_precision_keeps_the_losses_in_float32():
    with torch.autocast("cpu", torch.bfloat16):
        mixed, net = training_step("cpu")
    expected, _ = training_step("cpu")
    assert mixed.dtype == torch.float32
    assert torch.isfinite(net.linear.weight.grad).all()
    # bfloat16 keeps 8 bits: logits and predictions of about 1 are off by 1/256 and a few roundings more.
    assert mixed.item() == pytest.approx(expected.item(), abs=0.1)


def test_squares_of_half_precision_errors_do_not_overflow():
    images = torch.zeros(1, 1, 2, 2, dtype=torch.float16)
    loss = pytorch.filling_loss(images + 400, images, torch.ones(1, 1, 2, 2, dtype=torch.bool))
    assert loss.item() == 160000  # float16 ends at 65504


@pytest.mark.gpu
def test_a_step_never_leaves_the_gpu():
    training_step("cuda")  # what is made once may wait
    torch.cuda.set_sync_debug_mode("error")
    try:
        loss, net = training_step("cuda")
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert loss.is_cuda
    assert net.linear.weight.grad.is_cuda


def test_help_is_complete_on_both_sides():
    topic = next(topic for topic in syllabus.topics() if topic.name == "self_supervision")
    assert {method.name for method in topic.methods} == set(scratch.__all__)
    assert set(scratch.__all__) - set(pytorch.__all__) == {"association_rules"}
    for name in pytorch.__all__:
        assert_same_help(getattr(scratch, name), getattr(pytorch, name))
