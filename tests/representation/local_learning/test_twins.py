"""The two sides of local_learning; PyTorch compiled, in mixed precision, and on its device."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.representation.local_learning import pytorch, scratch
from tests.representation.local_learning.cases import NET, RNG, layer_case
from tests.twins import (
    TOLERANCE,
    assert_close,
    assert_same_function,
    assert_same_help,
    assert_same_module,
    share_random_weights,
)


def test_scores_and_losses_agree_in_value_and_gradient():
    rng = RNG(0)
    z, c, w = rng.normal(size=(6, 4)), rng.normal(size=(6, 3)), rng.normal(size=(4, 3))
    assert_same_function(scratch.prediction_score, pytorch.prediction_score, z, c, w)
    assert_same_function(scratch.cpc_loss, pytorch.cpc_loss, z, c, w, rng.normal(size=(6, 5, 4)))
    y = np.array([1, -1, -1, 1, 1, -1])
    assert_same_function(
        lambda score: scratch.hinge_loss(score, y),
        lambda score: pytorch.hinge_loss(score, torch.tensor(y)),
        rng.normal(0, 2, 6),
    )


def test_large_scores_do_not_overflow():
    z = np.array([[1000.0], [-1000.0]])
    got = scratch.cpc_loss(z, np.ones((2, 1)), np.eye(1), np.zeros((2, 3, 1))).item()
    theirs = pytorch.cpc_loss(*map(torch.tensor, (z, np.ones((2, 1)), np.eye(1), np.zeros((2, 3, 1)))))
    assert got == pytest.approx((1000 + np.log(3)) / 2, rel=1e-12)
    assert theirs.item() == pytest.approx(got, rel=1e-12)


@pytest.mark.parametrize("positions", [1, 9])
def test_updates_agree(positions):
    for dtype in TOLERANCE:
        case = layer_case(1, positions=positions, dtype=dtype)
        ours, theirs = scratch.clapp_update(*case), pytorch.clapp_update(*map(torch.tensor, case))
        for name, one, two in zip(ours._fields, ours, theirs, strict=True):
            assert one.dtype == two.numpy().dtype == dtype
            assert_close(one, two.numpy(), dtype, name)


def test_updates_read_any_layout_and_whole_number_answers():
    case = layer_case(2)
    expected = scratch.clapp_update(*case)
    turned = [np.asfortranarray(one) for one in case[:-1]]
    y = case[-1].astype(np.int64)
    ours = scratch.clapp_update(*turned, y)
    their_case = [torch.tensor(one).mT.contiguous().mT if one.ndim > 1 else torch.tensor(one) for one in case[:-1]]
    theirs = pytorch.clapp_update(*their_case, torch.tensor(y))
    for one, two, three in zip(expected, ours, theirs, strict=True):
        assert_close(two, one, np.float64, "other layout")
        assert_close(three.numpy(), one, np.float64, "other layout")


def test_a_layer_agrees_over_three_steps():
    x = RNG(3).normal(size=(4, 2, 7, 6))
    assert_same_module(lambda: WithLoss(scratch, engine.nn), lambda: WithLoss(pytorch, torch.nn), x, x[::-1].copy())


def WithLoss(module, nn):
    """A layer whose forward is its own loss, so that every parameter gets a gradient."""

    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = module.ClappLayer(2, 5, stride=2)

        def forward(self, now, before):
            y = np.array([1.0, -1, 1, -1])
            y = y.astype(now.dtype) if module is scratch else torch.tensor(y, dtype=now.dtype)
            return self.layer.local_loss(self.layer(now), self.layer(before), y)

    return Wrapped()


@pytest.mark.parametrize("modules", [(1, 1, 1), (2, 1), (3,)])
@pytest.mark.parametrize("synchronous", [False, True])
def test_networks_agree_over_three_steps(modules, synchronous):
    for dtype in TOLERANCE:
        ours, theirs = scratch.ClappNet(**NET, modules=modules), pytorch.ClappNet(**NET, modules=modules)
        if dtype is np.float64:
            ours.double(), theirs.double()
        share_random_weights(ours, theirs, dtype)
        optimisers = (
            engine.optim.SGD(ours.parameters(), 0.02, momentum=0.9),
            torch.optim.SGD(theirs.parameters(), 0.02, momentum=0.9),
        )
        for step in range(3):
            rng = RNG(step)
            before = rng.normal(size=(6, 2, 8, 8)).astype(dtype)
            now = rng.normal(size=(12 if synchronous else 6, 2, 8, 8)).astype(dtype)
            y = np.where(np.arange(len(now)) < 6, 1.0, -1.0) if synchronous else np.array([1.0, -1] * 3)
            y = y.astype(dtype)
            losses = ours.losses(now, before, y)
            their_losses = theirs.losses(*map(torch.tensor, (now, before, y)))
            for one, two in zip(losses, their_losses, strict=True):
                assert_close(one.numpy(), two.detach().numpy(), dtype, "loss")
            for optimiser in optimisers:
                optimiser.zero_grad()
            sum(losses).backward(), sum(their_losses).backward()
            their_gradients = {name: one.grad for name, one in theirs.named_parameters()}
            for name, parameter in ours.named_parameters():
                their = their_gradients[name]
                assert (parameter.grad is None) == (their is None), name
                if their is not None:
                    assert_close(parameter.grad, their.numpy(), dtype, f"gradient of {name}")
            for optimiser in optimisers:
                optimiser.step()
        expected = theirs.state_dict()
        for name, value in ours.state_dict().items():
            assert_close(value, expected[name].numpy(), dtype, f"{name} after three steps")
        for layer, grid in ((1, 1), (2, 2), (3, 3)):
            features = ours.encode(now, layer, grid).numpy(), theirs.encode(torch.tensor(now), layer, grid).numpy()
            assert_close(*features, dtype, "features")


def training_step(device, dtype=torch.float32):
    """Everything that a step of training calls, on one device."""
    torch.manual_seed(0)
    net = pytorch.ClappNet(**NET).to(device)
    now, before = torch.rand(2, 4, 2, 8, 8, generator=torch.Generator().manual_seed(1)).to(device, dtype)
    y = torch.tensor([1.0, -1, 1, -1]).to(device)
    z, c = net.encode(now, 3), net.encode(before, 3)
    last = net.layers[2]
    total = sum(net.losses(now, before, y)) + pytorch.cpc_loss(z, c, last.w_pred, z.flip(0)[:, None])
    total.backward()
    dense = torch.nn.functional.unfold(now, 3).mT, torch.nn.functional.unfold(before, 3).mT
    first = net.layers[0]
    weights = first.convolution.weight.detach().flatten(1), first.convolution.bias.detach()
    change = pytorch.clapp_update(*dense, *weights, first.w_pred, first.w_retro, y)
    return total, first.convolution.weight.grad, change


def test_a_step_asks_its_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    total, gradient, change = training_step("meta")
    assert {one.device.type for one in (total, gradient, *change)} == {"meta"}


def test_everything_compiles_whole():
    x, before, weight, bias, w_pred, w_retro, y = map(torch.tensor, layer_case(4))
    negatives = torch.randn(6, 4, 5, dtype=torch.float64)
    for function, arguments in (
        (pytorch.prediction_score, (x[:, 0], before[:, 0], weight.T @ weight)),
        (pytorch.hinge_loss, (x[:, 0, 0], y)),
        (pytorch.cpc_loss, (x[:, 0], before[:, 0], weight.T @ weight, negatives)),
        (pytorch.clapp_update, (x, before, weight, bias, w_pred, w_retro, y)),
    ):
        compiled = torch.compile(function, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(*arguments), function(*arguments))
    net = pytorch.ClappNet(**NET)
    images = torch.rand(2, 4, 2, 8, 8)
    step = torch.compile(lambda *given: sum(net.losses(*given)), backend="eager", fullgraph=True)
    gradients = []
    for call in (step, lambda *given: sum(net.losses(*given))):
        net.zero_grad()
        call(*images, torch.tensor([1.0, -1, 1, -1])).backward()
        gradients.append([parameter.grad.clone() for parameter in net.parameters()])
    torch.testing.assert_close(*gradients)


def test_mixed_precision_keeps_scores_and_losses_in_float32():
    with torch.autocast("cpu", torch.bfloat16):
        mixed, gradient, _ = training_step("cpu")
    expected, _, _ = training_step("cpu")
    assert mixed.dtype == gradient.dtype == torch.float32
    assert torch.isfinite(gradient).all()
    # bfloat16 has 8 bits, and six hinges and a cross-entropy of order 1 are added
    assert mixed.item() == pytest.approx(expected.item(), abs=0.1)


@pytest.mark.gpu
def test_a_step_never_leaves_the_gpu():
    training_step("cuda")  # what is made once may wait
    torch.cuda.set_sync_debug_mode("warn")
    net = pytorch.ClappNet(**NET).to("cuda")
    now, before, y = torch.rand(4, 2, 8, 8, device="cuda"), torch.rand(4, 2, 8, 8, device="cuda"), None
    y = torch.ones(4, device="cuda")
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        sum(net.losses(now, before, y)).backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert net.layers[0].convolution.weight.grad.is_cuda


def test_help_is_complete_on_both_sides():
    topic = next(topic for topic in syllabus.topics() if topic.name == "local_learning")
    assert {method.name for method in topic.methods} == set(scratch.__all__) == set(pytorch.__all__)
    for name in scratch.__all__:
        assert_same_help(getattr(scratch, name), getattr(pytorch, name))
