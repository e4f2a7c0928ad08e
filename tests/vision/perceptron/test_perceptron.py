"""The perceptron topic: worked values, Novikoff's theorem, gradients, the twins, and bad input."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn.linear_model import Perceptron as SklearnPerceptron

from mylib import data, engine
from mylib.vision.perceptron import pytorch, scratch
from tests.twins import assert_same_function, assert_same_module

AND = (np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1]))
XOR = (AND[0], np.array([0, 1, 1, 0]))
SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def separable(seed, n=60, features=4):
    """Points with labels from a hyperplane, pushed 0.3 away from it; the first has label 1."""
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=features)
    normal /= np.linalg.norm(normal)
    x = rng.normal(size=(n, features))
    y = (x @ normal > 0).astype(int)
    x += 0.3 * np.outer(2 * y - 1, normal)
    order = np.argsort(-y, kind="stable")
    return x[order], y[order], normal


# worked values


def test_step_is_zero_at_the_threshold(side):
    module, array = side
    assert module.step(array([-0.5, 0.0, 1e-9])).tolist() == [0, 0, 1]


def test_rule_learns_and_by_the_updates_worked_out_by_hand(side):
    # On paper, from zero and in this order, the passes make these errors and end at w = (2, 1), b = -2.
    module, array = side
    unit = module.Perceptron(2)
    history = unit.fit(array(AND[0]), array(AND[1]))
    assert history.errors == [1, 3, 3, 2, 1, 0]
    assert (unit.weight.tolist(), unit.bias.tolist()) == ([2.0, 1.0], [-2.0])
    assert (history.updates, history.converged) == (10, True)


def test_xor_returns_to_the_same_weights_for_ever(side):
    module, array = side
    unit = module.Perceptron(2)
    x, y = array(XOR[0]), array(XOR[1])
    seen = []
    history = unit.fit(x, y, max_epochs=40, on_update=lambda w, b: seen.append((*w.tolist(), *b.tolist())))
    assert not history.converged
    assert min(history.errors) > 0
    assert len(set(seen)) < len(seen) / 4


def test_equals_scikit_learn_in_the_same_order():
    # scikit-learn also updates at exactly zero, which happens only before the first update: so a 1 comes first.
    x, y, _ = separable(seed=3)
    ours = scratch.Perceptron(4)
    ours.fit(x, y, max_epochs=200)
    theirs = SklearnPerceptron(shuffle=False, tol=None, max_iter=200).fit(x, y)
    np.testing.assert_allclose(ours.weight, theirs.coef_[0], rtol=1e-12)
    np.testing.assert_allclose(ours.bias, theirs.intercept_, rtol=1e-12)


def test_activation_values_at_known_points(side):
    module, array = side
    z = array(np.array([-1.0, 0.0, 2.0]))
    for name, expected in {
        "sigmoid": [0.2689414213699951, 0.5, 0.8807970779778823],
        "relu": [0.0, 0.0, 2.0],
        "tanh": [-0.7615941559557649, 0.0, 0.9640275800758169],
        "sigmoid_gradient": [0.19661193324148185, 0.25, 0.10499358540350662],
        "relu_gradient": [0.0, 0.0, 1.0],
        "tanh_gradient": [0.41997434161402614, 1.0, 0.07065082485316443],
    }.items():
        np.testing.assert_allclose(np.asarray(getattr(module, name)(z)), expected, rtol=1e-12, err_msg=name)


# identities and limits


@given(seed=st.integers(0, 10_000))
def test_updates_stay_within_novikoffs_bound(seed):
    x, y, normal = separable(seed)
    sign, direction = 2 * y - 1, np.append(normal, 0.0)
    extended = np.hstack([x, np.ones((len(x), 1))])
    bound = (np.linalg.norm(extended, axis=1).max() / (sign * (extended @ direction)).min()) ** 2
    history = scratch.Perceptron(4).fit(x, y, max_epochs=10_000, shuffle_seed=seed)
    assert history.converged
    assert history.updates <= bound


def test_a_second_fit_of_a_trained_unit_changes_nothing(side):
    module, array = side
    unit = module.Perceptron(2)
    unit.fit(array(AND[0]), array(AND[1]))
    before = unit.weight.tolist()
    assert unit.fit(array(AND[0]), array(AND[1])).errors == [0]
    assert unit.weight.tolist() == before


def test_real_zeros_and_ones_are_separated():
    digits = data.mnist().keep([0, 1]).flat()
    unit = scratch.Perceptron(784)
    assert unit.fit(digits.train_images, digits.train_labels, shuffle_seed=0).converged
    assert (unit.predict(digits.train_images) == digits.train_labels).all()


def test_sigmoid_saturates_without_a_warning(side):
    module, array = side
    np.testing.assert_allclose(np.asarray(module.sigmoid(array([-1000.0, 1000.0]))), [0, 1], atol=1e-300)


@given(z=arrays(float, array_shapes(max_dims=3), elements=st.floats(-20, 20)))
def test_sigmoid_and_tanh_identity(z):
    # sigmoid(z) = (1 + tanh(z / 2)) / 2
    left, right = scratch.sigmoid(z).numpy(), (1 + scratch.tanh(z / 2).numpy()) / 2
    np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-12)


def test_layers_without_activation_are_one_layer():
    engine.manual_seed(0)
    network = scratch.MLP([5, 7, 3], activation="identity").double()
    (w1, b1), (w2, b2) = ((layer.weight.numpy(), layer.bias.numpy()) for layer in network.layers)
    x = np.random.default_rng(0).normal(size=(4, 5))
    np.testing.assert_allclose(network(x).numpy(), x @ (w2 @ w1).T + w2 @ b1 + b2, rtol=1e-12)


# gradients


@pytest.mark.parametrize("name", ["sigmoid", "relu", "tanh"])
@given(
    z=arrays(
        float, array_shapes(max_dims=3, min_side=0), elements=st.floats(-3, 3).filter(lambda v: abs(v) > 1e-3)
    )
)
def test_slope_functions_agree_with_differences_and_with_the_tape(name, z):
    # 1e-3 away from the kink at 0, so that differences of 1e-6 do not cross it.
    function, slope = getattr(scratch, name), getattr(scratch, f"{name}_gradient")
    engine.gradcheck(function, z)
    x = engine.Tensor(z, requires_grad=True)
    function(x).sum().backward()
    np.testing.assert_allclose(slope(z).numpy(), x.grad, rtol=1e-9, atol=1e-12)


def test_slopes_equal_torchs_own_also_at_the_kink():
    z = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    for name in ("sigmoid", "relu", "tanh"):
        z.grad = None
        getattr(pytorch, name)(z).sum().backward()
        slope = getattr(pytorch, f"{name}_gradient")(z.detach())
        np.testing.assert_allclose(slope, z.grad, rtol=1e-12)


# twins


@pytest.mark.parametrize("name", [f"{f}{g}" for f in ("sigmoid", "relu", "tanh") for g in ("", "_gradient")])
def test_twin_functions(name):
    z = np.random.default_rng(1).normal(size=(3, 4))
    if name.endswith("gradient"):
        ours = getattr(scratch, name)(z).numpy()
        np.testing.assert_allclose(ours, getattr(pytorch, name)(torch.tensor(z)), rtol=1e-9)
    else:
        assert_same_function(getattr(scratch, name), getattr(pytorch, name), z)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "identity"])
def test_twin_networks(activation):
    x = np.random.default_rng(2).normal(size=(6, 5))
    assert_same_module(
        lambda: scratch.MLP([5, 8, 4, 3], activation), lambda: pytorch.MLP([5, 8, 4, 3], activation), x
    )


@pytest.mark.parametrize("shuffle_seed", [None, 5])
def test_twin_perceptrons(shuffle_seed):
    x, y, _ = separable(seed=8)
    ours, theirs = scratch.Perceptron(4), pytorch.Perceptron(4)
    got = ours.fit(x, y, max_epochs=50, shuffle_seed=shuffle_seed)
    expected = theirs.fit(torch.tensor(x), torch.tensor(y), max_epochs=50, shuffle_seed=shuffle_seed)
    assert (got.errors, got.updates, got.converged) == (expected.errors, expected.updates, expected.converged)
    np.testing.assert_allclose(ours.weight, theirs.weight.numpy(), rtol=1e-9)
    fresh = scratch.Perceptron(4)
    fresh.load_state_dict(theirs.state_dict())
    assert fresh.predict(x).tolist() == theirs.predict(torch.tensor(x)).tolist()


@pytest.mark.gpu
def test_perceptron_on_a_gpu_equals_the_cpu():
    x, y, _ = separable(seed=8)
    cpu, gpu = pytorch.Perceptron(4), pytorch.Perceptron(4).cuda()
    expected = cpu.fit(torch.tensor(x), torch.tensor(y))
    got = gpu.fit(torch.tensor(x).cuda(), torch.tensor(y).cuda())
    assert got.errors == expected.errors
    assert gpu.predict(torch.tensor(x).cuda()).is_cuda


# bad input


def test_bad_examples_are_refused_with_a_remedy(side):
    module, array = side
    unit = module.Perceptron(2)
    x, y = array(AND[0]), array(AND[1])
    with pytest.raises(ValueError, match=r"expected x of shape \(n, 2\), got \(4, 1\)"):
        unit.fit(x[:, :1], y)
    with pytest.raises(ValueError, match="one label for each of 4 examples"):
        unit.fit(x, y[:3])
    with pytest.raises(ValueError, match="labels 0 and 1, got .*relabel"):
        unit.fit(x, 2 * y - 1)
    with pytest.raises(ValueError, match="finite"):
        unit.fit(x * float("nan"), y)
    with pytest.raises(ValueError, match="max_epochs"):
        unit.fit(x, y, max_epochs=0)
    assert unit.weight.tolist() == [0.0, 0.0], "a refused fit leaves the unit as it was"


def test_bad_constructions_are_refused(side):
    module, _ = side
    with pytest.raises(ValueError, match="in_features of at least 1, got 0"):
        module.Perceptron(0)
    with pytest.raises(ValueError, match="two sizes or more"):
        module.MLP([5])
    with pytest.raises(ValueError, match="expected an activation of .*'relu'.*, got 'softplus'"):
        module.MLP([5, 2], activation="softplus")
