"""test_time against torch.distributions, and against ONNX's definition of batch normalisation."""

import copy

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from tests.trust.test_time.cases import images, network, prepared, randomise, state, values


@pytest.mark.parametrize("scale", [0.1, 3, 50])
def test_entropy_is_that_of_a_categorical_distribution(side, scale):
    logits = scale * np.random.default_rng(0).normal(size=(20, 10))
    expected = torch.distributions.Categorical(logits=torch.tensor(logits)).entropy()
    np.testing.assert_allclose(values(side.functions.entropy(side.make(logits))), expected, rtol=1e-9, atol=1e-14)


def onnx_batch_norm(x, scale, shift):
    """BatchNormalization in training mode, as the standard's reference computes it."""
    kind, names = onnx.TensorProto.DOUBLE, ("x", "scale", "shift", "mean", "var")
    node = onnx.helper.make_node(
        "BatchNormalization", names, ("y", "new_mean", "new_var"), training_mode=1, epsilon=1e-5
    )
    given = [onnx.helper.make_tensor_value_info(name, kind, None) for name in names]
    made = [onnx.helper.make_tensor_value_info(name, kind, None) for name in ("y", "new_mean", "new_var")]
    graph = onnx.helper.make_graph([node], "norm", given, made)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 15)])
    arrays = (x, scale, shift, 9 * np.ones_like(scale), 9 * np.ones_like(scale))
    return ReferenceEvaluator(model).run(["y"], dict(zip(names, arrays, strict=True)))[0]


def test_the_first_answer_has_the_statistics_of_the_batch(side):
    # The network once more, layer by layer, with ONNX's norm in the two places.
    model = network(side.nn).double()
    randomise(model, 4)
    weights, x = state(model), images(5)
    side.functions.configure_model(model)
    tent = side.functions.Tent(model, side.sgd(side.functions.collect_params(model)[0], 0.1))
    y = torch.nn.functional.conv2d(
        torch.tensor(x), torch.tensor(weights["0.weight"]), torch.tensor(weights["0.bias"]), stride=2, padding=1
    ).numpy()
    y = np.maximum(onnx_batch_norm(y, weights["1.weight"], weights["1.bias"]), 0)
    y = torch.nn.functional.conv2d(torch.tensor(y), torch.tensor(weights["4.weight"]), padding=1).numpy()
    y = np.maximum(onnx_batch_norm(y, weights["5.weight"], weights["5.bias"]), 0)
    expected = y.reshape(len(x), -1) @ weights["8.weight"].T + weights["8.bias"]
    np.testing.assert_allclose(values(tent(side.make(x))), expected, rtol=1e-9, atol=1e-11)


def test_a_step_is_that_of_the_gradient_of_the_mean_entropy(side):
    # The gradient of -sum p log p of torch's own softmax, by differences in each gamma and beta.
    model, _, tent = prepared(side, seed=6, rate=1.0, momentum=0.0)
    x, names = side.make(images(7, count=5)), side.functions.collect_params(model)[1]
    before = state(model)

    def mean_entropy(name, index, change):
        moved = {key: value.copy() for key, value in before.items()}
        moved[name][index] += change
        copied = copy.deepcopy(model)
        if isinstance(copied, torch.nn.Module):
            moved = {key: torch.tensor(value) for key, value in moved.items()}
        copied.load_state_dict(moved)
        p = torch.softmax(torch.tensor(values(copied(x))), dim=1)
        return torch.special.entr(p).sum(dim=1).mean().item()

    tent(x)
    after = state(model)
    for name in names:
        for index in range(len(before[name])):
            slope = (mean_entropy(name, index, 1e-5) - mean_entropy(name, index, -1e-5)) / 2e-5
            # Differences of 1e-5 are exact to about 1e-10 of the second derivative's size.
            assert before[name][index] - after[name][index] == pytest.approx(slope, rel=1e-5, abs=1e-8)
