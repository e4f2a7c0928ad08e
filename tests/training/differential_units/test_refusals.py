"""Shapes, types and numbers that differential_units refuses, and with which words."""

import numpy as np
import pytest


def test_shapes_that_do_not_broadcast_are_named(side):
    module, array = side
    t, units = array(np.zeros((4, 3))), [array(np.ones(5))] * 5
    for name in ("deu", "deu_gradient"):
        with pytest.raises(
            ValueError, match=rf"{name}: expected t and a .* broadcast, got \(4, 3\) and \(5,\).*; give one"
        ):
            getattr(module, name)(t, *units)
    with pytest.raises(ValueError, match="subspace: expected a and b and c of shapes that broadcast"):
        module.subspace(array(np.zeros(2)), array(np.zeros(3)), 0.0)
    with pytest.raises(ValueError, match="initial_values: expected a and b and c and c1 and c2 of shapes"):
        module.initial_values(array(np.zeros(2)), array(np.zeros(3)), 0.0, 0.0, 0.0)


def test_whole_numbers_as_t_and_booleans_are_refused(side):
    module, array = side
    for bad, name in ((np.array([1, 2]), "int64"), (np.array([True, False]), "bool")):
        with pytest.raises(TypeError, match=f"deu: expected float32 or float64 values, got {name}; convert"):
            module.deu(array(bad), 1.0, 1.0, 1.0, 0.0, 0.0)
    with pytest.raises(TypeError, match="subspace: expected float32 or float64 values, got bool"):
        module.subspace(array(np.array([True])), 1.0, 1.0)
    with pytest.raises(TypeError, match="DEU: expected float32 or float64"):
        module.DEU(2)(array(np.array([[1, 2]])))


def test_thresholds_and_sizes_out_of_range_are_refused(side):
    module, array = side
    t = array(np.zeros(1))
    for call, name in (
        (lambda: module.deu(t, t, t, t, t, t, epsilon=-0.01), "deu"),
        (lambda: module.deu_gradient(t, t, t, t, t, t, epsilon=-0.01), "deu_gradient"),
        (lambda: module.subspace(t, t, t, epsilon=-0.01), "subspace"),
        (lambda: module.initial_values(t, t, t, t, t, epsilon=-0.01), "initial_values"),
        (lambda: module.DEU(3, epsilon=-0.01), "DEU"),
    ):
        with pytest.raises(ValueError, match=f"{name}: expected epsilon of at least 0, got -0.01; 0 counts only"):
            call()
    with pytest.raises(ValueError, match="DEU: expected features of at least 1, got 0"):
        module.DEU(0)
    with pytest.raises(ValueError, match="DEU: expected limit above 0, got 0; 1000 as in"):
        module.DEU(3, limit=0)


@pytest.mark.parametrize(
    ("shape", "axes"), [((4, 2), "batch, 3"), ((2, 2, 5, 5), "batch, 3, height, width"), ((3,), "batch, 3")]
)
def test_layer_names_an_input_of_another_size(side, shape, axes):
    module, array = side
    with pytest.raises(ValueError, match=rf"DEU: expected x \({axes}\), got .*; this layer has a unit for each of 3"):
        module.DEU(3)(array(np.zeros(shape, np.float32)))
