"""The perceptron's two sides: functions, networks, trained units, and the GPU."""

import numpy as np
import pytest
import torch

from mylib import syllabus
from mylib.vision.perceptron import pytorch, scratch
from tests.twins import assert_same_function, assert_same_help, assert_same_module
from tests.vision.perceptron.cases import separable


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
    assert_same_module(lambda: scratch.MLP([5, 8, 4, 3], activation), lambda: pytorch.MLP([5, 8, 4, 3], activation), x)


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


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("perceptron").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


@pytest.mark.gpu
def test_perceptron_on_a_gpu_equals_the_cpu():
    x, y, _ = separable(seed=8)
    cpu, gpu = pytorch.Perceptron(4), pytorch.Perceptron(4).cuda()
    expected = cpu.fit(torch.tensor(x), torch.tensor(y))
    got = gpu.fit(torch.tensor(x).cuda(), torch.tensor(y).cuda())
    assert got.errors == expected.errors
    assert gpu.predict(torch.tensor(x).cuda()).is_cuda
