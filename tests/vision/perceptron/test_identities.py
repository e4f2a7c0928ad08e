"""Novikoff's bound, identities and limits of activations, gradients by differences, and training on real digits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mylib import data, engine
from mylib.vision.perceptron import scratch
from tests.vision.perceptron.cases import AND, separable


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


@pytest.mark.parametrize("name", ["sigmoid", "relu", "tanh"])
@given(z=arrays(float, array_shapes(max_dims=3, min_side=0), elements=st.floats(-20, 20)))
def test_activations_are_their_plain_forms(name, z):
    got, plain = getattr(scratch, name)(z).numpy(), getattr(scratch, f"plain_{name}")(z)
    np.testing.assert_allclose(got, plain, rtol=1e-9, atol=1e-15)


def test_layers_without_activation_are_one_layer():
    engine.manual_seed(0)
    network = scratch.MLP([5, 7, 3], activation="identity").double()
    (w1, b1), (w2, b2) = ((layer.weight.numpy(), layer.bias.numpy()) for layer in network.layers)
    x = np.random.default_rng(0).normal(size=(4, 5))
    np.testing.assert_allclose(network(x).numpy(), x @ (w2 @ w1).T + w2 @ b1 + b2, rtol=1e-12)


@pytest.mark.parametrize("name", ["sigmoid", "relu", "tanh"])
@given(z=arrays(float, array_shapes(max_dims=3, min_side=0), elements=st.floats(-3, 3).filter(lambda v: abs(v) > 1e-3)))
def test_slope_functions_agree_with_differences_and_with_the_tape(name, z):
    # 1e-3 away from the kink at 0, so that differences of 1e-6 do not cross it.
    function, slope = getattr(scratch, name), getattr(scratch, f"{name}_gradient")
    engine.gradcheck(function, z)
    x = engine.Tensor(z, requires_grad=True)
    function(x).sum().backward()
    np.testing.assert_allclose(slope(z).numpy(), x.grad, rtol=1e-9, atol=1e-12)
