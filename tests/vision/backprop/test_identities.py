"""Closed forms, the edge of the learning rate, gradients by differences, and training on real digits."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes

from mylib import data, engine
from mylib.vision.backprop import scratch
from mylib.vision.perceptron import scratch as perceptron
from tests.vision.backprop.cases import regression


def test_gradient_descent_reaches_the_closed_form_on_real_data(side):
    module, array = side
    table = load_diabetes()
    x = np.column_stack([table.data / table.data.std(axis=0), np.ones(len(table.data))])
    t = table.target / table.target.std()
    x, t, steepest = (
        x[:, [2, 3, 8, 10]],
        t,
        np.linalg.eigvalsh(x[:, [2, 3, 8, 10]].T @ x[:, [2, 3, 8, 10]])[-1],
    )
    expected = np.linalg.lstsq(x, t, rcond=None)[0]
    gradient = lambda w: module.least_squares_gradient(w, array(x), array(t))  # noqa: E731
    got = module.gradient_descent(gradient, array(np.zeros(4)), learning_rate=1 / steepest, steps=400)
    np.testing.assert_allclose(np.asarray(got), expected, rtol=1e-9)


@pytest.mark.parametrize(("factor", "converges"), [(1.9, True), (2.1, False)])
def test_learning_rate_of_two_over_the_curvature_is_the_edge(side, factor, converges):
    # On J = c w^2 / 2 a step multiplies w by 1 - gamma c: it shrinks exactly while gamma < 2 / c.
    module, array = side
    w = module.gradient_descent(lambda w: 3.0 * w, array(np.array([1.0])), learning_rate=factor / 3, steps=50)
    assert abs(w.item()) == pytest.approx(abs(1 - factor) ** 50, rel=1e-9)
    assert (abs(w.item()) < 1) == converges


def test_one_batch_of_everything_is_gradient_descent():
    w, x, t = regression(4)
    expected = scratch.gradient_descent(lambda w: scratch.least_squares_gradient(w, x, t), w, 0.01, 5)
    parameter = engine.Tensor(w, requires_grad=True)
    losses = scratch.stochastic_gradient_descent(
        lambda x, t: scratch.least_squares_loss(parameter, x, t), [parameter], [(x, t)] * 5, 0.01
    )
    np.testing.assert_allclose(parameter.data, expected, rtol=1e-12)
    assert losses == sorted(losses, reverse=True)


@given(shift=st.floats(-50, 50), seed=st.integers(0, 1000))
def test_softmax_ignores_a_common_shift(shift, seed):
    x = np.random.default_rng(seed).normal(size=(2, 5))
    np.testing.assert_allclose(scratch.softmax(x + shift, -1).numpy(), scratch.softmax(x, -1).numpy(), rtol=1e-9)


def test_cross_entropy_of_equal_scores_is_the_logarithm_of_the_classes(side):
    module, array = side
    assert module.cross_entropy(array(np.zeros((3, 7))), array(np.array([0, 3, 6]))).item() == pytest.approx(np.log(7))


@given(seed=st.integers(0, 1000), shape=st.tuples(*[st.integers(1, 5)] * 3), axis=st.integers(-3, 2))
def test_softmax_is_its_plain_form_on_any_axis(seed, shape, axis):
    x = 20 * np.random.default_rng(seed).normal(size=shape)
    for name in ("softmax", "log_softmax"):
        got, plain = getattr(scratch, name)(x, axis).numpy(), getattr(scratch, f"plain_{name}")(x, axis)
        np.testing.assert_allclose(got, plain, rtol=1e-9, atol=1e-12, err_msg=name)


@given(seed=st.integers(0, 1000), batch=st.integers(1, 6), classes=st.integers(1, 5))
def test_losses_are_their_plain_forms(seed, batch, classes):
    rng = np.random.default_rng(seed)
    logits, labels = 20 * rng.normal(size=(batch, classes)), rng.integers(0, classes, batch)
    plain = scratch.plain_cross_entropy(logits, labels)
    np.testing.assert_allclose(scratch.cross_entropy(logits, labels).numpy(), plain, rtol=1e-9, atol=1e-12)
    p, t = rng.uniform(0.01, 0.99, (2, batch, classes))
    plain = scratch.plain_binary_cross_entropy(p, t)
    np.testing.assert_allclose(scratch.binary_cross_entropy(p, t).numpy(), plain, rtol=1e-9)


def test_two_classes_of_cross_entropy_are_binary_cross_entropy_of_the_difference():
    scores, labels = (
        np.random.default_rng(5).normal(size=(20, 2)),
        np.random.default_rng(6).integers(0, 2, 20),
    )
    p = scratch_sigmoid(scores[:, 1] - scores[:, 0])
    got = scratch.cross_entropy(scores, labels).item()
    assert got == pytest.approx(scratch.binary_cross_entropy(p, labels.astype(float)).item(), rel=1e-12)


def scratch_sigmoid(z):
    return perceptron.sigmoid(z).numpy()


def test_cross_entropy_gradient_is_softmax_minus_one_hot():
    scores, labels = np.random.default_rng(3).normal(size=(6, 4)), np.array([0, 1, 2, 3, 3, 0])
    logits = engine.Tensor(scores, requires_grad=True)
    scratch.cross_entropy(logits, labels).backward()
    expected = (scipy.special.softmax(scores, axis=1) - np.eye(4)[labels]) / 6
    np.testing.assert_allclose(logits.grad, expected, rtol=1e-12, atol=1e-15)


@given(seed=st.integers(0, 1000), batch=st.integers(0, 4))
def test_hand_written_backward_agrees_with_differences(seed, batch):
    rng = np.random.default_rng(seed)
    engine.manual_seed(seed)
    net = scratch.TwoLayerNet(3, 5, 2).double()
    x, weight = rng.normal(size=(batch, 3)), rng.normal(size=(batch, 2))
    net(x)
    to_x = net.backward(weight)
    assert to_x.shape == x.shape
    for parameter in net.parameters():
        direction, before, step = rng.normal(size=parameter.shape), parameter.data.copy(), 1e-6
        values = []
        for sign in (1, -1):
            parameter.data = before + sign * step * direction
            values.append((net(x) * weight).sum())
        parameter.data = before
        slope = (values[0] - values[1]) / (2 * step)
        # 1e-6: differences of a step of 1e-6 lose about ten of float64's sixteen digits.
        np.testing.assert_allclose((parameter.grad * direction).sum(), slope, rtol=1e-6, atol=1e-7)


def test_hand_written_network_learns_real_digits():
    digits = data.mnist().flat()
    engine.manual_seed(0)
    net = scratch.TwoLayerNet(784, 32, 10)
    order = np.random.default_rng(0).permutation(len(digits.train_images))
    for start in range(0, len(order), 32):
        chosen = order[start : start + 32]
        p = scratch.softmax(net(digits.train_images[chosen])).numpy().copy()
        p[np.arange(len(chosen)), digits.train_labels[chosen]] -= 1
        net.backward(p / len(chosen))
        for parameter in net.parameters():
            parameter.data = parameter.data - np.float32(0.5) * parameter.grad
    right = (net(digits.test_images).argmax(axis=1) == digits.test_labels).mean()
    assert right > 0.8, "one pass over 4,000 digits; chance is 0.1"
