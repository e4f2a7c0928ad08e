"""Blocks, norms and networks against transformers, ONNX and SciPy, and written out with torch's plain functions."""

import numpy as np
import onnx.helper
import onnx.reference
import pytest
import scipy.ndimage
import scipy.signal
import torch
from transformers import BitConfig
from transformers.models.bit.modeling_bit import BitPreActivationBottleneckLayer
from transformers.models.resnet.modeling_resnet import ResNetBasicLayer, ResNetBottleNeckLayer

from mylib import engine
from mylib.vision.convnets import pytorch, scratch
from mylib.vision.convnets.plans import ORDERS
from tests.twins import array as numbers
from tests.vision.convnets.cases import images


def copy_pairs(ours, theirs, pairs):
    """Random weights of ours into theirs, layer by layer."""
    torch.manual_seed(3)
    for mine, other in pairs:
        for name, value in mine.named_parameters():
            torch.nn.init.normal_(value, 1.0 if name == "weight" and value.ndim == 1 else 0.0, 0.3)
            dict(other.named_parameters())[name].data = value.data.clone()


# independent packages


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
def test_original_blocks_equal_transformers(kind, stride):
    before, after = (6, 8) if stride == 2 else (8, 8)
    if kind == "basic":
        ours = pytorch.BasicBlock(before, after, stride)
        theirs = ResNetBasicLayer(before, after, stride=stride, activation="relu")
    else:
        ours = pytorch.Bottleneck(before, after, stride)
        theirs = ResNetBottleNeckLayer(before, after, stride, "relu", 4, downsample_in_bottleneck=True)
    ours, theirs = ours.double(), theirs.double()
    pairs = []
    for (conv, bn), layer in zip(ours.layers(), theirs.layer, strict=True):
        pairs += [(conv, layer.convolution), (bn, layer.normalization)]
    if before != after:
        pairs += [
            (ours.shortcut[0], theirs.shortcut.convolution),
            (ours.shortcut[1], theirs.shortcut.normalization),
        ]
    copy_pairs(ours, theirs, pairs)
    x = torch.tensor(images(3, before, 7, 6))
    scratch_block = (scratch.BasicBlock if kind == "basic" else scratch.Bottleneck)(before, after, stride).double()
    scratch_block.load_state_dict(ours.state_dict())
    expected = theirs(x).detach()
    np.testing.assert_allclose(ours(x).detach(), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(scratch_block(x.numpy()).numpy(), expected, rtol=1e-9, atol=1e-9)


def test_full_preactivation_equals_transformers():
    # BiT normalises over groups and standardises its weights. For one image, groups of one channel are batch norm; and
    # our weights are its standardised ones.
    config = BitConfig(hidden_act="relu", num_groups=8)
    theirs = BitPreActivationBottleneckLayer(config, 32, 32, bottle_ratio=0.25).double()
    ours = pytorch.Bottleneck(32, 32, order="full_preactivation").double()
    torch.manual_seed(4)
    for (conv, bn), their_conv, their_norm in zip(
        ours.layers(),
        (theirs.conv1, theirs.conv2, theirs.conv3),
        (theirs.norm1, theirs.norm2, theirs.norm3),
        strict=True,
    ):
        their_norm.num_groups = bn.num_features
        for value in (bn.weight, bn.bias, their_conv.weight):
            torch.nn.init.normal_(value)
        their_norm.weight.data, their_norm.bias.data = bn.weight.data.clone(), bn.bias.data.clone()
        w = their_conv.weight.detach()
        mean, var = w.mean((1, 2, 3), keepdim=True), w.var((1, 2, 3), correction=0, keepdim=True)
        conv.weight.data = (w - mean) / (var + their_conv.eps).sqrt()
    x = torch.tensor(images(1, 32, 6, 6))
    scratch_block = scratch.Bottleneck(32, 32, order="full_preactivation").double()
    scratch_block.load_state_dict(ours.state_dict())
    expected = theirs(x).detach()
    np.testing.assert_allclose(ours(x).detach(), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(scratch_block(x.numpy()).numpy(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("training", [0, 1])
def test_batch_norm_equals_onnx(side, training):
    module, array = side
    x, weight, bias, mean, var = (images(4, 3, 5, 2, seed=1), *images(4, 3, seed=2))
    var = np.abs(var) + 0.5
    layer = module.BatchNorm2d(3).double()
    state = {
        "weight": weight,
        "bias": bias,
        "running_mean": mean,
        "running_var": var,
        "num_batches_tracked": 0,
    }
    layer.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    layer.train(bool(training))
    node = onnx.helper.make_node(
        "BatchNormalization",
        list("xwbmv"),
        list("yrs") if training else ["y"],
        training_mode=training,
        epsilon=1e-5,
        momentum=0.9,  # of the old statistics: one minus ours
    )
    infos = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.DOUBLE, None) for n in "xwbmvyrs"]
    graph = onnx.helper.make_graph([node], "norm", infos[:5], infos[5 : 8 if training else 6])
    evaluator = onnx.reference.ReferenceEvaluator(onnx.helper.make_model(graph))
    expected = evaluator.run(None, dict(zip("xwbmv", (x, weight, bias, mean, var), strict=True)))
    np.testing.assert_allclose(numbers(layer(array(x))), expected[0], rtol=1e-9, atol=1e-9)
    # ONNX keeps its momentum in float32.
    if training:  # ONNX averages the biased variance, deep-learning libraries the unbiased one: n / (n - 1)
        n = x.size / 3
        unbiased = 0.9 * var + (expected[2] - 0.9 * var) * n / (n - 1)
        np.testing.assert_allclose(layer.state_dict()["running_mean"], expected[1], rtol=1e-6)
        np.testing.assert_allclose(layer.state_dict()["running_var"], unbiased, rtol=1e-6)


class Written:
    """The layers of a network by name, as plain functions in evaluation mode, with random weights and statistics."""

    def __init__(self, network, seed=0):
        rng = np.random.default_rng(seed)
        network.double().eval()
        self.state = {}
        for name, value in network.state_dict().items():
            value = np.asarray(value)
            drawn = rng.normal(size=value.shape) / np.sqrt(max(1, value[0].size)) if value.ndim > 1 else value
            drawn = rng.uniform(0.5, 1.5, value.shape) if value.ndim == 1 else drawn
            self.state[name] = torch.tensor(drawn)
        network.load_state_dict(self.state)

    def conv(self, name, x, stride=1):
        weight, bias = self.state[f"{name}.weight"], self.state.get(f"{name}.bias")
        return torch.nn.functional.conv2d(x, weight, bias, stride, weight.shape[-1] // 2)

    def bn(self, name, x):
        names = ("running_mean", "running_var", "weight", "bias")
        return torch.nn.functional.batch_norm(x, *(self.state[f"{name}.{n}"] for n in names))

    def linear(self, x):
        return torch.nn.functional.linear(x.mean((2, 3)), self.state["linear.weight"], self.state["linear.bias"])


# units and networks, written out with torch's plain functions


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shortcut", ["none", "projection", "padding"])
def test_units_are_the_rows_of_the_table(side, order, shortcut):
    # He et al. (2016), figure 4; where a projection has a norm is ours: where the residual ends with one.
    module, array = side
    after, stride = (3, 1) if shortcut == "none" else (5, 2)
    unit = module.BasicBlock(3, after, stride, order, "padding" if shortcut == "padding" else "projection")
    written, x = Written(unit), torch.tensor(images(2, 3, 7, 6, seed=3))
    relu, bn1, bn2 = torch.relu, lambda x: written.bn("bn1", x), lambda x: written.bn("bn2", x)
    conv1, conv2 = lambda x: written.conv("conv1", x, stride), lambda x: written.conv("conv2", x)
    around = x
    if shortcut == "padding":
        around = torch.cat([x[:, :, ::2, ::2], torch.zeros(2, 2, 4, 3)], dim=1)
    elif shortcut == "projection" and order in ("bn_after_addition", "full_preactivation"):
        around = written.conv("shortcut", x, stride)
    elif shortcut == "projection":
        around = written.bn("shortcut.1", written.conv("shortcut.0", x, stride))
    expected = {
        "original": lambda: relu(around + bn2(conv2(relu(bn1(conv1(x)))))),
        "bn_after_addition": lambda: relu(bn2(around + conv2(relu(bn1(conv1(x)))))),
        "relu_before_addition": lambda: around + relu(bn2(conv2(relu(bn1(conv1(x)))))),
        "relu_only_preactivation": lambda: around + bn2(conv2(relu(bn1(conv1(relu(x)))))),
        "full_preactivation": lambda: around + conv2(relu(bn2(conv1(relu(bn1(x)))))),
    }[order]()
    np.testing.assert_allclose(numbers(unit(array(x.numpy()))), expected, rtol=1e-9, atol=1e-9)


def test_dense_blocks_and_transitions_written_out(side):
    module, array = side
    relu, x = torch.relu, torch.tensor(images(2, 3, 5, 6, seed=4))
    block = module.DenseBlock(3, 2, 2)
    written, expected = Written(block), x
    for name in ("layers.0", "layers.1"):
        inner = written.conv(f"{name}.conv1", relu(written.bn(f"{name}.bn1", expected)))
        new = written.conv(f"{name}.conv2", relu(written.bn(f"{name}.bn2", inner)))
        expected = torch.cat([expected, new], dim=1)
    np.testing.assert_allclose(numbers(block(array(x.numpy()))), expected, rtol=1e-9, atol=1e-9)
    transition = module.Transition(3, 2)
    written = Written(transition)
    expected = written.conv("conv", relu(written.bn("bn", x)))[:, :, :4].reshape(2, 2, 2, 2, 3, 2).mean((3, 5))
    np.testing.assert_allclose(numbers(transition(array(x.numpy()))), expected, rtol=1e-9, atol=1e-9)


def test_stems_and_plain_networks_written_out(side):
    module, array = side
    relu = torch.relu
    network = module.PlainNet(18, 3, width=2)
    written, x = Written(network), torch.tensor(images(1, 3, 21, 18, seed=5))
    expected = relu(written.bn("stem.bn", written.conv("stem.conv", x, 2)))
    expected = torch.nn.functional.max_pool2d(expected, 3, 2, 1)
    np.testing.assert_allclose(numbers(network.stem(array(x.numpy()))), expected, rtol=1e-9, atol=1e-9)
    network = module.PlainNet(8, 4, 3, 2)
    written = Written(network)
    expected = relu(written.bn("stem.bn", written.conv("stem.conv", x)))
    for stage in range(3):
        name = f"stages.{stage}.0"
        expected = relu(written.bn(f"{name}.bn1", written.conv(f"{name}.conv1", expected, 2 if stage else 1)))
        expected = relu(written.bn(f"{name}.bn2", written.conv(f"{name}.conv2", expected)))
    np.testing.assert_allclose(numbers(network(array(x.numpy()))), written.linear(expected), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", [*ORDERS, "densenet"])
def test_heads_written_out(side, kind):
    # Between the last unit and the mean stands what the order of the unit left out.
    module, array = side
    network = module.DenseNet(2, (1, 1), 4, 3, "cifar") if kind == "densenet" else module.ResNet(8, 4, 3, 2, order=kind)
    written, x = Written(network), images(2, 3, 8, 8, seed=6)
    last = torch.tensor(np.array(numbers(network.stages(network.stem(array(x))))))
    if kind in ("full_preactivation", "densenet"):
        last = torch.relu(written.bn("norm", last))
    elif kind == "relu_only_preactivation":
        last = torch.relu(last)
    np.testing.assert_allclose(numbers(network(array(x))), written.linear(last), rtol=1e-9, atol=1e-9)


# what a channel responds to


def test_one_step_of_the_ascent_by_hand(side):
    # Of a convolution the gradient is known: the filter, at each of the 3 x 3 places where it stands, over 9.
    module, _ = side
    nn = engine.nn if module is scratch else torch.nn
    model = nn.Sequential(nn.Conv2d(1, 2, 3))
    start, _ = module.maximise_activation(model, "", [0, 1], (1, 5, 5), steps=0, seed=2)
    pictures, activations = module.maximise_activation(
        model, "", [0, 1], (1, 5, 5), steps=1, learning_rate=0.7, decay=0.2, blur=0.3, seed=2
    )
    weight, bias = (numbers(value)[:] for value in (model[0].weight, model[0].bias))
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
    for k in range(2):
        first, g = np.asarray(start)[k, 0], scipy.signal.convolve2d(np.full((3, 3), 1 / 9), weight[k, 0])
        moved = 0.8 * first + 0.7 * g / np.sqrt((g**2).mean())
        expected = 0.7 * moved + 0.3 * scipy.ndimage.correlate(moved, cross, mode="nearest")
        np.testing.assert_allclose(np.asarray(pictures)[k, 0], expected, rtol=1e-4, atol=1e-5)
        for step, picture in enumerate((first, np.asarray(pictures)[k, 0])):
            mean = scipy.signal.correlate2d(picture, weight[k, 0], "valid").mean() + bias[k]
            assert float(activations[step, k]) == pytest.approx(mean, rel=1e-4, abs=1e-5)
