"""The norms against ONNX's reference and torch; weight norm against torch's parametrization; gates written out."""

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from tests.training.normalization.cases import RNG, VIT, PyTorch, numbers

EPS = 2.0**-10  # ONNX keeps attributes in float32: numbers that it holds exactly


def onnx_run(operator, inputs, outputs, opset=21, **attributes):
    """One operator of ONNX's reference implementation, in NumPy."""
    names = [f"x{i}" for i in range(len(inputs))]
    node = helper.make_node(operator, names, outputs, **attributes)
    make = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, a.shape) for n, a in zip(names, inputs, strict=True)]
    shapes = [inputs[0].shape, *[inputs[-1].shape] * 2]  # y, and where they are asked for mean and variance
    results = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, s) for n, s in zip(outputs, shapes, strict=False)]
    graph = helper.make_graph([node], "one", make, results)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    onnx.checker.check_model(model)
    return ReferenceEvaluator(model).run(None, dict(zip(names, inputs, strict=True)))


@pytest.fixture
def images():
    rng = RNG(0)
    return rng.normal(1, 2, (4, 6, 3, 5)), rng.normal(size=6), rng.normal(size=6)


def test_batch_norm_in_training_is_onnxs_with_another_running_variance(side, images):
    x, w, b = images
    mean, var = RNG(1).normal(size=6), RNG(2).uniform(0.5, 2, 6)
    y, new_mean, new_var = onnx_run(
        "BatchNormalization", [x, w, b, mean, var], ["y", "m", "v"], 15, training_mode=1, momentum=0.75, epsilon=EPS
    )
    ours_mean, ours_var = side.buffer(mean), side.buffer(var)
    got = side.methods.batch_norm(
        side.tensor(x), ours_mean, ours_var, side.tensor(w), side.tensor(b), True, momentum=0.25, eps=EPS
    )
    np.testing.assert_allclose(numbers(got), y, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(numbers(ours_mean), new_mean, rtol=1e-12)
    # ONNX puts the biased variance into the running one, divided by n = 60; ours and torch's is divided by 59.
    np.testing.assert_allclose(new_var, 0.75 * var + 0.25 * x.var((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(numbers(ours_var) - 0.75 * var, (new_var - 0.75 * var) * 60 / 59, rtol=1e-12)
    assert np.abs(numbers(ours_var) - new_var).min() > 1e-3


def test_batch_norm_in_evaluation_is_onnxs(side, images):
    x, w, b = images
    mean, var = RNG(1).normal(size=6), RNG(2).uniform(0.5, 2, 6)
    (y,) = onnx_run("BatchNormalization", [x, w, b, mean, var], ["y"], 15, epsilon=0.125)
    parameters = [side.buffer(mean), side.buffer(var), side.tensor(w), side.tensor(b)]
    np.testing.assert_allclose(numbers(side.methods.batch_norm(side.tensor(x), *parameters, eps=0.125)), y, rtol=1e-9)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_group_norm_is_onnxs_of_opset_21(side, images, groups):
    x, w, b = images
    (y,) = onnx_run("GroupNormalization", [x, w, b], ["y"], 21, num_groups=groups, epsilon=EPS)
    got = side.methods.group_norm(side.tensor(x), groups, side.tensor(w), side.tensor(b), EPS)
    # stash_type is 1: ONNX standardises in float32 whatever the type of x
    np.testing.assert_allclose(numbers(got), y, rtol=1e-5, atol=2e-6)


def test_instance_norm_is_onnxs(side, images):
    x, w, b = images
    (y,) = onnx_run("InstanceNormalization", [x, w, b], ["y"], 21, epsilon=EPS)
    got = side.methods.instance_norm(side.tensor(x), side.tensor(w), side.tensor(b), EPS)
    np.testing.assert_allclose(numbers(got), y, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(5,), (3, 5), (6, 3, 5)])
def test_layer_norm_is_onnxs_and_torchs(side, images, shape):
    x = images[0]
    w, b = RNG(3).normal(size=(2, *shape))
    (y,) = onnx_run("LayerNormalization", [x, w, b], ["y"], 17, axis=4 - len(shape), epsilon=EPS)
    got = side.methods.layer_norm(side.tensor(x), shape, side.tensor(w), side.tensor(b), EPS)
    np.testing.assert_allclose(numbers(got), y, rtol=1e-9, atol=1e-12)
    theirs = F.layer_norm(torch.tensor(x), shape, torch.tensor(w), torch.tensor(b), EPS)
    np.testing.assert_allclose(numbers(got), theirs, rtol=1e-9, atol=1e-12)


def torch_layers():
    torch.manual_seed(0)
    yield torch.nn.Linear(5, 3).double(), (4, 5)
    yield torch.nn.Conv2d(4, 6, (3, 2), stride=2, padding=1, dilation=(1, 2), groups=2).double(), (2, 4, 7, 8)


@pytest.mark.parametrize("layer", [0, 1])
def test_weight_norm_is_torchs_parametrization_through_three_steps(side, layer):
    theirs, shape = list(torch_layers())[layer]
    options = (5, 3) if layer == 0 else (4, 6, (3, 2), 2, 1, (1, 2), 2)
    ours = (side.nn.Linear if layer == 0 else side.nn.Conv2d)(*options).double()
    side.set_weights(ours, weight=theirs.weight.detach().numpy(), bias=theirs.bias.detach().numpy())
    ours = side.methods.WeightNorm(ours)
    theirs = torch.nn.utils.parametrizations.weight_norm(theirs, dim=0)
    stretched = 0.5 + RNG(4).random(len(theirs.bias))  # g and ||v|| then differ
    g, v = theirs.parametrizations.weight.original0, theirs.parametrizations.weight.original1
    side.set_weights(ours, g=stretched * numbers(g).ravel())
    with torch.no_grad():
        g.mul_(torch.tensor(stretched).view_as(g))
    steps = side.sgd(list(ours.parameters()), 0.1), torch.optim.SGD(theirs.parameters(), 0.1)
    for step in range(3):
        x = RNG(step).normal(size=shape)
        got, expected = ours(side.tensor(x)), theirs(torch.tensor(x))
        np.testing.assert_allclose(numbers(got), expected.detach(), rtol=1e-9, atol=1e-12)
        (got * got).mean().backward()
        expected.square().mean().backward()
        np.testing.assert_allclose(numbers(ours.g.grad), g.grad.ravel(), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(numbers(ours.v.grad), v.grad, rtol=1e-9, atol=1e-12)
        for optimizer in steps:
            optimizer.step()
            optimizer.zero_grad()
    np.testing.assert_allclose(numbers(ours.v), v.detach(), rtol=1e-9)
    np.testing.assert_allclose(numbers(ours.g), g.detach().ravel(), rtol=1e-9)
    np.testing.assert_allclose(numbers(ours.bias), theirs.bias.detach(), rtol=1e-9)
    np.testing.assert_allclose(numbers(ours.weight), theirs.weight.detach(), rtol=1e-9)


def test_gate_stands_between_the_attentions_last_product_and_the_addition(side):
    """An encoder layer with its gate written out once more: pre-norm, attention, gate by the mean token, addition."""
    vit = side.methods.attend_tokens(side.vit.ViT(8, 4, **VIT).double(), 4)
    layer = vit.layers[1]
    x = RNG(5).normal(size=(2, 5, 16))
    h = layer.norm1(side.tensor(x))
    y = numbers(super(type(layer.attention), layer.attention).forward(h))
    state = {name: numbers(value) for name, value in layer.attention.gate.state_dict().items()}
    hidden = np.maximum(y.mean(1) @ state["down.weight"].T + state["down.bias"], 0)
    s = 1 / (1 + np.exp(-(hidden @ state["up.weight"].T + state["up.bias"])))
    after = side.tensor(x + s[:, None] * y)
    expected = numbers(after) + numbers(layer.feed_forward(layer.norm2(after)))
    np.testing.assert_allclose(numbers(layer(side.tensor(x))), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("kind", "groups"), [("group", 2), ("layer", 1), ("instance", 8)])
def test_a_plain_network_with_group_norms_written_out(kind, groups):
    """Stem and one stage of a plain network, with torch's own functions, from the network's own weights."""
    net = PyTorch.methods.with_norm(PyTorch.nets.PlainNet(8, 3, 1, width=8).double(), kind, 2)
    x = torch.tensor(RNG(6).normal(size=(3, 1, 8, 8)))
    block = net.stages[0][0]
    h = torch.relu(F.group_norm(F.conv2d(x, net.stem.conv.weight, padding=1), groups))
    torch.testing.assert_close(net.stem(x), h)
    h = torch.relu(F.group_norm(F.conv2d(h, block.conv1.weight, padding=1), groups))
    h = torch.relu(F.group_norm(F.conv2d(h, block.conv2.weight, padding=1), groups))
    torch.testing.assert_close(block(net.stem(x)), h)
