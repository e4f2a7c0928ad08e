"""Examples and constructions that the perceptron refuses."""

import pytest

from tests.vision.perceptron.cases import AND


def test_bad_examples_are_refused_with_a_remedy(side):
    module, array = side
    unit = module.Perceptron(2)
    x, y = array(AND[0]), array(AND[1])
    with pytest.raises(ValueError, match=r"expected x \(n, 2\), got \(4, 1\)"):
        unit.fit(x[:, :1], y)
    with pytest.raises(ValueError, match=r"got \(4, 2\) and \(3,\), .*one label for each example"):
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
    with pytest.raises(ValueError, match="expected activation of .*'relu'.*, got 'softplus'"):
        module.MLP([5, 2], activation="softplus")
