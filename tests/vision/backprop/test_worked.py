"""The slides' worked example of backpropagation, and small numbers by hand."""

import numpy as np
import torch

from mylib import engine
from mylib.vision.backprop import pytorch, scratch


def worked_example(module, array):
    """The slides' network: inputs (2, 3), two hidden units, one output, no biases, nothing between the layers."""
    net = module.TwoLayerNet(2, 2, 1, activation="identity", bias=False).double()
    weights = {"weight1": [[0.11, 0.21], [0.12, 0.08]], "weight2": [[0.14, 0.15]]}
    net.load_state_dict({name: array(np.array(value)) for name, value in weights.items()})
    return net


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


def test_batches_may_be_tuples_lists_or_single_arrays():
    for batch in ((2.0,), [2.0], 2.0):
        w = engine.Tensor(np.array([1.0]), requires_grad=True)
        assert scratch.stochastic_gradient_descent(lambda x, w=w: (w * x).sum(), [w], [batch], 0.25) == [2.0]
        v = torch.tensor([1.0], requires_grad=True)
        assert pytorch.stochastic_gradient_descent(lambda x, v=v: (v * x).sum(), [v], [batch], 0.25) == [2.0]
        assert w.data.tolist() == v.tolist() == [0.5]
