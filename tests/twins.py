"""How the two sides of a topic are held together: same outputs, same gradients, same weights after training steps.

float64 agrees to 1e-9 relative; float32 to 1e-4, since the two sides add in different orders.
"""

import inspect

import numpy as np
import torch

from mylib import engine

TOLERANCE = {np.float64: 1e-9, np.float32: 1e-4}


def assert_close(got, expected, dtype, name):
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{name}: shapes {got.shape} and {expected.shape}"
    tolerance = TOLERANCE[dtype]
    # Relative to the array's largest entry: where terms cancel, rounding is as large as the terms were.
    scale = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance * scale, err_msg=name)


def assert_same_function(scratch, pytorch, *arrays, constants=(), seed=0):
    """Both functions of the arrays (then of the constants): outputs, and the gradient of every array."""
    for dtype in TOLERANCE:
        ours = [engine.Tensor(array.astype(dtype), requires_grad=True) for array in arrays]
        theirs = [torch.tensor(array.astype(dtype), requires_grad=True) for array in arrays]
        got, expected = scratch(*ours, *constants), pytorch(*theirs, *constants)
        assert_close(got.numpy(), expected.detach().numpy(), dtype, "output")
        weight = np.random.default_rng(seed).normal(size=got.shape).astype(dtype)
        got.backward(weight)
        expected.backward(torch.from_numpy(np.asarray(weight)))
        for position, (our, their) in enumerate(zip(ours, theirs, strict=True)):
            assert_close(our.grad, their.grad.numpy(), dtype, f"gradient of argument {position}")


def assert_same_module(make_scratch, make_pytorch, *inputs, seed=0, steps=3, learning_rate=0.01):
    """Both modules with the same randomised weights: outputs, all gradients, and weights after optimiser steps."""
    for dtype in TOLERANCE:
        ours, theirs = make_scratch(), make_pytorch()
        if dtype is np.float64:
            ours.double(), theirs.double()
        share_random_weights(ours, theirs, dtype, seed)
        optimizers = (
            engine.optim.SGD(ours.parameters(), learning_rate, momentum=0.9),
            torch.optim.SGD(theirs.parameters(), learning_rate, momentum=0.9),
        )
        for step in range(steps):
            _assert_same_step(ours, theirs, inputs, dtype, seed + step)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
        expected = theirs.state_dict()
        for name, value in ours.state_dict().items():
            assert_close(value, expected[name].numpy(), dtype, f"{name} after {steps} steps")


def share_random_weights(ours, theirs, dtype, seed=0):
    """The same random numbers into every parameter, through `state_dict` in both directions."""
    rng = np.random.default_rng(seed)
    before = {name: value.numpy() for name, value in theirs.state_dict().items()}
    assert {name: value.shape for name, value in ours.state_dict().items()} == {
        name: value.shape for name, value in before.items()
    }
    # Of the size that a fresh layer has, so that the outputs neither vanish nor overflow.
    parameters = {name for name, _ in theirs.named_parameters()}
    drawn = {
        name: rng.normal(0, 1 / np.sqrt(max(1, value[0].size if value.ndim > 1 else 4)), value.shape).astype(dtype)
        if name in parameters
        else value
        for name, value in before.items()
    }
    theirs.load_state_dict({name: torch.tensor(value) for name, value in drawn.items()})
    ours.load_state_dict(theirs.state_dict())


def _assert_same_step(ours, theirs, inputs, dtype, seed):
    ours_in = [_wrap(value, dtype, engine.Tensor) for value in inputs]
    theirs_in = [_wrap(value, dtype, torch.tensor) for value in inputs]
    got, expected = ours(*ours_in), theirs(*theirs_in)
    assert_close(got.numpy(), expected.detach().numpy(), dtype, "output")
    weight = np.random.default_rng(seed).normal(size=got.shape).astype(dtype)
    got.backward(weight)
    expected.backward(torch.from_numpy(np.asarray(weight)))
    for position, (our, their) in enumerate(zip(ours_in, theirs_in, strict=True)):
        if getattr(their, "requires_grad", False):
            assert_close(our.grad, their.grad.numpy(), dtype, f"gradient of input {position}")
    expected_gradients = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        assert_close(parameter.grad, expected_gradients[name].grad.numpy(), dtype, f"gradient of {name}")


def _wrap(value, dtype, make):
    value = np.asarray(value)
    if value.dtype.kind != "f":
        return make(value)
    return make(value.astype(dtype), requires_grad=True)


def unit(x):
    """Rows of length 1."""
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def array(value):
    """What either twin returns, as NumPy's."""
    return value.detach().numpy() if torch.is_tensor(value) else np.asarray(value)


def assert_same_help(ours, theirs):
    """What the NumPy side says of its arguments and its source, the PyTorch side says too."""
    ours, theirs = inspect.getdoc(ours), inspect.getdoc(theirs)
    assert "Source:" in theirs
    arguments = ours.partition("Args:")[2].partition("\n")[0].strip()
    assert arguments
    assert arguments in theirs
