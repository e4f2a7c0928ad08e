"""Backpropagation by hand, on the engine and in PyTorch: outputs, gradients, weights after steps, and the GPU."""

import numpy as np
import pytest
import scipy.special
import torch

from mylib import engine, syllabus
from mylib.vision.backprop import pytorch, scratch
from mylib.vision.perceptron import scratch as perceptron
from tests.twins import assert_close, assert_same_function, assert_same_help, assert_same_module, share_random_weights
from tests.vision.backprop.cases import regression


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_twin_softmax(name):
    x = np.random.default_rng(7).normal(size=(3, 4, 2))
    for axis in (1, -1):
        assert_same_function(getattr(scratch, name), getattr(pytorch, name), x, constants=(axis,))


def test_twin_losses():
    rng = np.random.default_rng(8)
    labels = rng.integers(0, 5, 6)
    assert_same_function(
        lambda x: scratch.cross_entropy(x, labels),
        lambda x: pytorch.cross_entropy(x, torch.tensor(labels)),
        rng.normal(size=(6, 5)),
    )
    y = rng.integers(0, 2, 6).astype(float)
    assert_same_function(
        lambda p: scratch.binary_cross_entropy(p, y.astype(p.dtype)),
        lambda p: pytorch.binary_cross_entropy(p, torch.tensor(y, dtype=p.dtype)),
        rng.uniform(0.05, 0.95, 6),
    )
    assert_same_function(scratch.least_squares_loss, pytorch.least_squares_loss, *regression(9))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_three_columns_agree_by_hand_on_the_engine_and_in_pytorch(dtype):
    """Outputs, every gradient, and the weights after three steps, from the same random weights."""
    by_hand, theirs = scratch.TwoLayerNet(6, 8, 4), pytorch.TwoLayerNet(6, 8, 4)
    on_engine = perceptron.MLP([6, 8, 4])
    names = {"weight1": "layers.0.weight", "bias1": "layers.0.bias", "weight2": "layers.1.weight"}
    names["bias2"] = "layers.1.bias"
    if dtype is np.float64:
        by_hand.double(), theirs.double(), on_engine.double()
    share_random_weights(by_hand, theirs, dtype)
    on_engine.load_state_dict({names[name]: value for name, value in by_hand.state_dict().items()})
    x = np.random.default_rng(1).normal(size=(10, 6)).astype(dtype)
    labels = np.random.default_rng(2).integers(0, 4, 10)
    for _ in range(3):
        scores = by_hand(x)
        p = scipy.special.softmax(scores, axis=1)
        by_hand.backward((p - np.eye(4, dtype=dtype)[labels]) / 10)
        theirs.zero_grad()
        torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(labels)).backward()
        on_engine.zero_grad()
        engine.cross_entropy(on_engine(engine.Tensor(x)), labels).backward()
        engine_parameters = dict(on_engine.named_parameters())
        for (name, our), their in zip(by_hand.named_parameters(), theirs.parameters(), strict=True):
            assert_close(our.grad, their.grad.numpy(), dtype, f"gradient of {name}")
            assert_close(engine_parameters[names[name]].grad, our.grad, dtype, f"engine's gradient of {name}")
            our.data = our.data - dtype(0.5) * our.grad
            with torch.no_grad():
                their -= 0.5 * their.grad
            engine_parameters[names[name]].data = our.data
            assert_close(our.data, their.detach().numpy(), dtype, name)


@pytest.mark.parametrize("options", [{}, {"activation": "identity", "bias": False}])
def test_twin_networks_when_the_hand_written_one_stands_on_the_tape(options):
    x = np.random.default_rng(3).normal(size=(7, 6))
    assert_same_module(
        lambda: scratch.TwoLayerNet(6, 5, 4, **options), lambda: pytorch.TwoLayerNet(6, 5, 4, **options), x
    )


def test_twin_stochastic_gradient_descent():
    w, x, t = regression(11)
    ours, theirs = engine.Tensor(w, requires_grad=True), torch.tensor(w, requires_grad=True)
    got = scratch.stochastic_gradient_descent(
        lambda x, t: scratch.least_squares_loss(ours, x, t),
        [ours],
        zip(x[:, None], t[:, None], strict=True),
        0.05,
    )
    expected = pytorch.stochastic_gradient_descent(
        lambda x, t: pytorch.least_squares_loss(theirs, x, t),
        [theirs],
        zip(torch.tensor(x)[:, None], torch.tensor(t)[:, None], strict=True),
        0.05,
    )
    np.testing.assert_allclose(got, expected, rtol=1e-9)
    np.testing.assert_allclose(ours.data, theirs.detach(), rtol=1e-9)


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("backprop").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


@pytest.mark.gpu
def test_descent_stays_on_the_gpu():
    w, x, t = (torch.tensor(part).cuda() for part in regression(1))
    gradient = lambda w: pytorch.least_squares_gradient(w, x, t)  # noqa: E731
    assert pytorch.gradient_descent(gradient, w, 0.01, 3).is_cuda
