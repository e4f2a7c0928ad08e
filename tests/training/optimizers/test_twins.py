"""The two sides of optimizers: steps, networks trained with either, and PyTorch compiled and on its device."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.training.optimizers import pytorch, scratch
from tests.training.optimizers.cases import RNG
from tests.twins import TOLERANCE, assert_close, assert_same_help, share_random_weights


@pytest.mark.parametrize("decoupled", [True, False])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_step_twins_agree(dtype, decoupled):
    values = [RNG(seed).normal(size=(3, 4)).astype(dtype) for seed in range(3)]
    values.append(np.abs(values[2]))
    tensors = [torch.tensor(value) for value in values]
    options = {"multiplier": 0.7, "decoupled": decoupled}
    pairs = [[side.sgdw_step(*x[:3], 0.1, 0.9, 0.05, **options) for side, x in ((scratch, values), (pytorch, tensors))]]
    for step in (1, 2, 50):
        numbers = (step, 0.1, (0.7, 0.9), 1e-3, 0.05)
        pairs.append(
            (scratch.adamw_step(*values, *numbers, **options), pytorch.adamw_step(*tensors, *numbers, **options))
        )
    for ours, theirs in pairs:
        for our, their in zip(ours, theirs, strict=True):
            assert_close(our, their.numpy(), dtype, "step")


@pytest.mark.parametrize("decoupled", [True, False])
@pytest.mark.parametrize("name", ["SGDW", "AdamW"])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_networks_trained_by_both_agree(dtype, name, decoupled):
    """Randomised weights, three steps with restarts of the cosine: gradients and weights of every layer."""
    nets = [
        nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))  # smooth: no kink where rounding could decide
        for nn in (engine.nn, torch.nn)
    ]
    if dtype is np.float64:
        for net in nets:
            net.double()
    share_random_weights(*nets, dtype)
    x, y = RNG(1).normal(size=(8, 6)).astype(dtype), RNG(2).integers(0, 3, 8)
    optimizers = [
        getattr(module, name)(
            net.parameters(),
            0.05,
            weight_decay=0.02,
            decoupled=decoupled,
            schedule=lambda step, module=module: module.cosine_multiplier(step, 2),
        )
        for module, net in zip((scratch, pytorch), nets, strict=True)
    ]
    for step in range(3):
        engine.cross_entropy(nets[0](engine.Tensor(x)), y).backward()
        torch.nn.functional.cross_entropy(nets[1](torch.tensor(x)), torch.tensor(y)).backward()
        expected = dict(nets[1].named_parameters())
        for key, parameter in nets[0].named_parameters():
            assert_close(parameter.grad, expected[key].grad.numpy(), dtype, f"gradient of {key}")
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        for key, parameter in nets[0].named_parameters():
            assert_close(parameter.data, expected[key].detach().numpy(), dtype, f"{key} after {step + 1} steps")


@pytest.mark.parametrize("growth", [1, 1.25, 1.5, 2, 3])
@pytest.mark.parametrize("period", [1, 2.5, 7, 100])
def test_schedule_twins_agree(period, growth):
    for step in (*range(1, 40), 1000, 12_345):
        ours, theirs = (module.cosine_multiplier(step, period, growth) for module in (scratch, pytorch))
        assert ours == pytest.approx(theirs, abs=1e-9), step


def test_normalised_decay_twins_agree():
    for numbers in ((0.1, 32, 1000, 8), (0, 1, 1, 1), (2.5, 7, 5000, 0.5)):
        assert scratch.normalized_weight_decay(*numbers) == pytest.approx(
            pytorch.normalized_weight_decay(*numbers), rel=1e-12
        )


def test_steps_compile_in_one_graph():
    values = [torch.rand(3, 4) for _ in range(4)]
    for decoupled in (True, False):
        sgdw = torch.compile(pytorch.sgdw_step, backend="eager", fullgraph=True)
        got = sgdw(*values[:3], 0.1, 0.9, 0.05, decoupled=decoupled)
        torch.testing.assert_close(got, pytorch.sgdw_step(*values[:3], 0.1, 0.9, 0.05, decoupled=decoupled))
        adamw = torch.compile(pytorch.adamw_step, backend="eager", fullgraph=True)
        for step in (1, 2, 3):
            got = adamw(*values, step, 0.1, weight_decay=0.05, decoupled=decoupled)
            torch.testing.assert_close(
                got, pytorch.adamw_step(*values, step, 0.1, weight_decay=0.05, decoupled=decoupled)
            )


@pytest.mark.parametrize("name", ["SGDW", "AdamW"])
def test_optimizers_compile_in_one_graph(name):
    start, gradients = torch.rand(3, 4), torch.rand(4, 3, 4)
    results = []
    for compiled in (False, True):
        parameter = torch.nn.Parameter(start.clone())
        optimizer = getattr(pytorch, name)(
            [parameter], 0.1, weight_decay=0.05, schedule=lambda step: pytorch.cosine_multiplier(step, 3)
        )
        step = torch.compile(optimizer.step, backend="eager", fullgraph=True) if compiled else optimizer.step
        for gradient in gradients:
            parameter.grad = gradient.clone()
            step()
        results.append(parameter.detach())
    torch.testing.assert_close(*results)


def test_gradients_flow_through_a_step_of_the_functions():
    """A step is a function like any other: how the weights after it depend on the gradient, by differences."""
    values = [torch.rand(3, dtype=torch.float64, requires_grad=True) + 0.5 for _ in range(4)]
    assert torch.autograd.gradcheck(lambda *x: pytorch.sgdw_step(*x, 0.1, 0.9, 0.05), values[:3])
    assert torch.autograd.gradcheck(lambda *x: pytorch.adamw_step(*x, 2, 0.1, weight_decay=0.05), values)


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("optimizers").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


def test_a_step_asks_the_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    parameter = torch.nn.Parameter(torch.empty(4, device="meta"))
    for name in ("SGDW", "AdamW"):
        for decoupled in (True, False):
            optimizer = getattr(pytorch, name)([parameter], 0.1, weight_decay=0.1, decoupled=decoupled)
            parameter.grad = torch.empty(4, device="meta")
            optimizer.step()
            assert all(value.is_meta for value in optimizer.state[parameter].values() if torch.is_tensor(value))
    pytorch.sgdw_step(parameter, parameter, parameter, 0.1, 0.9, 0.1)
    pytorch.adamw_step(parameter, parameter, parameter, parameter, 1, 0.1)


@pytest.mark.gpu
def test_state_stays_on_the_gpu():
    parameter = torch.nn.Parameter(torch.ones(4, device="cuda"))
    for name in ("SGDW", "AdamW"):
        optimizer = getattr(pytorch, name)([parameter], 0.1, weight_decay=0.1)
        parameter.grad = torch.ones(4, device="cuda")
        optimizer.step()
        assert all(value.is_cuda for value in optimizer.state[parameter].values() if torch.is_tensor(value))
