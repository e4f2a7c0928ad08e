"""The backprop topic: the slides' worked example, closed forms, gradients, the twins, and bad input."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes
from sklearn.metrics import log_loss

from mylib import data, engine
from mylib.vision.backprop import pytorch, scratch
from mylib.vision.perceptron import scratch as perceptron
from tests.twins import assert_close, assert_same_function, assert_same_module, share_random_weights

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def regression(seed, n=20, features=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=features), rng.normal(size=(n, features)), rng.normal(size=n)


def worked_example(module, array):
    """The slides' network: inputs (2, 3), two hidden units, one output, no biases, nothing between the layers."""
    net = module.TwoLayerNet(2, 2, 1, activation="identity", bias=False).double()
    weights = {"weight1": [[0.11, 0.21], [0.12, 0.08]], "weight2": [[0.14, 0.15]]}
    net.load_state_dict({name: array(np.array(value)) for name, value in weights.items()})
    return net


# worked values


def test_worked_example_of_the_slides_by_hand():
    net = worked_example(scratch, np.asarray)
    prediction = net(np.array([[2.0, 3.0]]))
    assert round(prediction.item(), 3) == 0.191
    delta = prediction - 1.0
    assert round(delta.item(), 3) == -0.809
    net.backward(delta)
    new = {name: value.data - 0.05 * value.grad for name, value in net.named_parameters()}
    # Unrounded, from the formulas of the slide: old + 0.05 * 0.809 * (what the weight multiplies).
    np.testing.assert_allclose(new["weight2"], [[0.14 + 0.04045 * 0.85, 0.15 + 0.04045 * 0.48]], rtol=1e-12)
    outer = 0.04045 * np.outer([0.14, 0.15], [2, 3])
    np.testing.assert_allclose(new["weight1"], [[0.11, 0.21], [0.12, 0.08]] + outer, rtol=1e-12)
    # What the slide prints, w5 w6 and then w1 w3 / w2 w4, to its two digits.
    assert np.round(new["weight2"], 2).tolist() == [[0.17, 0.17]]
    assert np.round(new["weight1"].T, 2).tolist() == [[0.12, 0.13], [0.23, 0.10]]


def test_worked_example_is_the_same_by_autograd():
    ours, theirs = worked_example(scratch, np.asarray), worked_example(pytorch, torch.tensor)
    ours.backward(ours(np.array([[2.0, 3.0]])) - 1.0)
    (0.5 * (theirs(torch.tensor([[2.0, 3.0]], dtype=torch.float64)) - 1) ** 2).sum().backward()
    for (name, our), their in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(our.grad, their.grad, rtol=1e-12, err_msg=name)


def test_softmax_of_a_thousand_does_not_overflow(side):
    module, array = side
    got = np.asarray(module.softmax(array(np.array([1000.0, 1000.0, -1000.0])), 0))
    np.testing.assert_allclose(got, [0.5, 0.5, 0.0], rtol=1e-12)


def test_softmax_family_equals_scipy_along_every_axis(side):
    module, array = side
    x = np.random.default_rng(0).normal(0, 30, size=(3, 4, 5))
    for axis in (0, 1, 2, -1):
        for name in ("softmax", "log_softmax"):
            got = np.asarray(getattr(module, name)(array(x), axis))
            expected = getattr(scipy.special, name)(x, axis=axis)
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12, err_msg=name)


def test_losses_equal_scikit_learns_log_loss(side):
    module, array = side
    rng = np.random.default_rng(1)
    scores, labels = rng.normal(size=(30, 4)), rng.integers(0, 4, 30)
    expected = log_loss(labels, scipy.special.softmax(scores, axis=1), labels=range(4))
    assert module.cross_entropy(array(scores), array(labels)).item() == pytest.approx(expected, rel=1e-12)
    p, y = rng.uniform(0.01, 0.99, 30), rng.integers(0, 2, 30).astype(float)
    assert module.binary_cross_entropy(array(p), array(y)).item() == pytest.approx(log_loss(y, p), rel=1e-12)


# identities and limits


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
    np.testing.assert_allclose(
        scratch.softmax(x + shift, -1).numpy(), scratch.softmax(x, -1).numpy(), rtol=1e-9
    )


def test_cross_entropy_of_equal_scores_is_the_logarithm_of_the_classes(side):
    module, array = side
    assert module.cross_entropy(array(np.zeros((3, 7))), array(np.array([0, 3, 6]))).item() == pytest.approx(
        np.log(7)
    )


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


# gradients


def test_least_squares_gradient_is_the_slope_of_the_loss(side):
    module, array = side
    w, x, t = regression(2)
    expected = autograd.grad(lambda w: 0.5 * anp.sum((t - anp.dot(x, w)) ** 2))(w)
    np.testing.assert_allclose(
        np.asarray(module.least_squares_gradient(array(w), array(x), array(t))), expected
    )
    engine.gradcheck(lambda w: scratch.least_squares_loss(w, x, t), w)


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


# twins


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


def test_batches_may_be_tuples_lists_or_single_arrays():
    for batch in ((2.0,), [2.0], 2.0):
        w = engine.Tensor(np.array([1.0]), requires_grad=True)
        assert scratch.stochastic_gradient_descent(lambda x, w=w: (w * x).sum(), [w], [batch], 0.25) == [2.0]
        v = torch.tensor([1.0], requires_grad=True)
        assert pytorch.stochastic_gradient_descent(lambda x, v=v: (v * x).sum(), [v], [batch], 0.25) == [2.0]
        assert w.data.tolist() == v.tolist() == [0.5]


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


# bad input


def test_bad_regressions_are_refused(side):
    module, array = side
    w, x, t = (array(part) for part in regression(1))
    for function in (module.least_squares_loss, module.least_squares_gradient):
        with pytest.raises(ValueError, match=r"expected w \(features,\), x \(n, features\) and t \(n,\)"):
            function(w, x, t[:3])
        with pytest.raises(ValueError, match=r"got \(2,\)"):
            function(w[:2], x, t)


def test_bad_descents_are_refused(side):
    module, array = side
    w = array(np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="learning_rate above 0"):
        module.gradient_descent(lambda w: w, w, learning_rate=0.0, steps=1)
    with pytest.raises(ValueError, match=r"gradient of w's shape \(2,\), got \(2, 2\)"):
        module.gradient_descent(lambda w: w[:, None] * w, w, learning_rate=0.1, steps=1)
    with pytest.raises(ValueError, match="learning_rate above 0, got -1"):
        module.stochastic_gradient_descent(lambda: w, [w], [()], learning_rate=-1)


def test_a_parameter_that_the_loss_does_not_use_is_named():
    used, unused = (engine.Tensor([1.0], requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="none for parameter 1"):
        scratch.stochastic_gradient_descent(lambda: (used * used).sum(), [used, unused], [()], 0.1)
    used, unused = (torch.tensor([1.0], requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="none for parameter 1"):
        pytorch.stochastic_gradient_descent(lambda: (used * used).sum(), [used, unused], [()], 0.1)


def test_bad_networks_and_inputs_are_refused(side):
    module, array = side
    with pytest.raises(ValueError, match="sizes of at least 1"):
        module.TwoLayerNet(2, 0, 1)
    with pytest.raises(ValueError, match="'relu' or 'identity', got 'swish'"):
        module.TwoLayerNet(2, 3, 1, activation="swish")
    with pytest.raises(ValueError, match=r"expected x of shape \(batch, 2\), got \(2,\)"):
        module.TwoLayerNet(2, 3, 1)(array(np.zeros(2, dtype=np.float32)))


def test_backward_before_forward_is_refused():
    with pytest.raises(ValueError, match="forward.* before backward"):
        scratch.TwoLayerNet(2, 3, 1).backward(np.ones((1, 1)))


@pytest.mark.gpu
def test_descent_stays_on_the_gpu():
    w, x, t = (torch.tensor(part).cuda() for part in regression(1))
    gradient = lambda w: pytorch.least_squares_gradient(w, x, t)  # noqa: E731
    assert pytorch.gradient_descent(gradient, w, 0.01, 3).is_cuda
