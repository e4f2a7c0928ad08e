"""The perceptron's worked values: thresholds, the updates of AND by hand, XOR, and activations at known points."""

import numpy as np

from tests.vision.perceptron.cases import AND

XOR = (AND[0], np.array([0, 1, 1, 0]))


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
