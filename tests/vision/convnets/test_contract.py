"""What both sides of convnets promise: refusals and help once, networks that others wrote, models that travel."""

import ast
import copy
import inspect
import io
import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import ResNetConfig, ResNetForImageClassification

from mylib import engine, syllabus
from mylib.vision.convnets import contract, plans, pytorch, scratch
from tests.twins import array as numbers
from tests.twins import assert_same_help
from tests.vision.convnets.cases import images

# whole networks against those of another package


def layers_of(stage):
    """Convolutions and norms of one of transformers' stages, in the order of our names."""
    for block in stage.layers:
        for layer in block.layer:
            yield from (layer.convolution, layer.normalization)
        if not isinstance(block.shortcut, torch.nn.Identity):
            yield from (block.shortcut.convolution, block.shortcut.normalization)


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_residual_networks_are_those_of_transformers(depth):
    bottleneck, sizes = depth > 34, [4, 8, 16, 32]
    config = ResNetConfig(
        embedding_size=4,
        hidden_sizes=[4 * size for size in sizes] if bottleneck else sizes,
        depths=plans.BOTTLENECK[50] if bottleneck else plans.BASIC[depth],
        layer_type="bottleneck" if bottleneck else "basic",
        downsample_in_bottleneck=True,
        num_labels=5,
    )
    theirs = ResNetForImageClassification(config).double().eval()
    ours = pytorch.ResNet(depth, 5, width=4).double().eval()
    stem = theirs.resnet.embedder.embedder
    others = [stem.convolution, stem.normalization]
    others += [layer for stage in theirs.resnet.encoder.stages for layer in layers_of(stage)]
    others.append(theirs.classifier[1])
    mine = [module for module in ours.modules() if not list(module.children()) and list(module.parameters())]
    torch.manual_seed(0)
    for one, other in zip(mine, others, strict=True):
        for value in one.parameters():
            torch.nn.init.normal_(value, 1.0 if isinstance(one, pytorch.BatchNorm2d) else 0.0, 0.2)
        other.load_state_dict(one.state_dict())
    x = images(1, 3, 64, 64)
    expected = theirs(torch.tensor(x)).logits.detach().numpy()
    twin = scratch.ResNet(depth, 5, width=4).double().eval()
    twin.load_state_dict(ours.state_dict())
    for got in (ours(torch.tensor(x)), twin(x)):
        np.testing.assert_allclose(numbers(got), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_one_path_of_resnext_is_a_residual_network(side):
    # With cardinality 1 and the bottleneck's width nothing is left that tells the two apart.
    module, array = side
    residual, aggregated = module.ResNet(50, 3), module.ResNeXt(50, cardinality=1, width=64, classes=3)
    assert list(residual.state_dict()) == list(aggregated.state_dict())
    aggregated.load_state_dict(residual.state_dict())
    x = array(images(1, 3, 32, 32).astype(np.float32))
    np.testing.assert_allclose(numbers(aggregated.eval()(x)), numbers(residual.eval()(x)), rtol=1e-4, atol=1e-4)


def test_a_dense_network_written_out(side):
    # Huang et al. (2017), table 1: stem, block, transition, block, norm, relu, mean, linear.
    module, array = side
    network, rng = module.DenseNet(2, (1, 2), 3).double().eval(), np.random.default_rng(7)
    state = {
        name: np.asarray(value) if value.ndim == 0 else rng.uniform(0.2, 1.0, value.shape)
        for name, value in network.state_dict().items()
    }
    state = {name: torch.tensor(value - 0.6 if value.ndim > 1 else value) for name, value in state.items()}
    network.load_state_dict(state)

    def conv(name, x, stride=1):
        weight = state[f"{name}.weight"]
        return F.conv2d(x, weight, None, stride, weight.shape[-1] // 2)

    def bn_relu(name, x):
        names = ("running_mean", "running_var", "weight", "bias")
        return F.relu(F.batch_norm(x, *(state[f"{name}.{one}"] for one in names)))

    def dense(name, x):
        inner = conv(f"{name}.conv1", bn_relu(f"{name}.bn1", x))
        return torch.cat([x, conv(f"{name}.conv2", bn_relu(f"{name}.bn2", inner))], dim=1)

    x = torch.tensor(images(2, 3, 32, 32))
    y = F.max_pool2d(bn_relu("stem.bn", conv("stem.conv", x, 2)), 3, 2, 1)
    y = dense("stages.0.layers.0", y)
    y = F.avg_pool2d(conv("stages.1.conv", bn_relu("stages.1.bn", y)), 2)
    y = dense("stages.2.layers.1", dense("stages.2.layers.0", y))
    expected = F.linear(bn_relu("norm", y).mean((2, 3)), state["linear.weight"], state["linear.bias"])
    np.testing.assert_allclose(numbers(network(array(x.numpy()))), expected, rtol=1e-9, atol=1e-9)


# models travel


@pytest.mark.parametrize(
    "make",
    [
        lambda m: m.PlainNet(8, 3, 1, 2),
        lambda m: m.ResNet(8, 3, 1, 2, order="full_preactivation"),
        lambda m: m.DenseNet(2, (1, 1), 3, 1, "cifar"),
        lambda m: m.ResNeXtBottleneck(1, 4, 1, 2, 2),
    ],
    ids=["plain", "resnet", "densenet", "unit"],
)
def test_models_are_saved_copied_and_read_again(side, make):
    module, array = side
    model, x = make(module).eval(), array(images(2, 1, 8, 8).astype(np.float32))
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    if module is pytorch:
        file = io.BytesIO()
        torch.save(model, file)
        file.seek(0)
        copies.append(torch.load(file, weights_only=False))
    for one in copies:
        np.testing.assert_array_equal(numbers(one(x)), numbers(model(x)))
    assert f"class {type(model).__name__}" in inspect.getsource(type(model))


# the ascent


def test_an_ascent_sends_its_index_to_the_device_once():
    class Sent(TorchDispatchMode):
        count = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            self.count += "lift_fresh" in str(function) or "arange" in str(function)
            return function(*args, **(kwargs or {}))

    sent = []
    for steps in (1, 4):
        with Sent() as mode:
            pytorch.maximise_activation(torch.nn.Conv2d(1, 3, 3), "", [0, 2], (1, 5, 5), steps=steps)
        sent.append(mode.count)
    assert sent[0] == sent[1]


@pytest.mark.parametrize("channel", [np.int64(1), np.array(1), np.array([1]), (1,), range(1, 2)])
def test_channels_come_as_numbers_arrays_and_sequences(side, channel):
    module, _ = side
    nn = engine.nn if module is scratch else torch.nn
    pictures, _ = module.maximise_activation(nn.Conv2d(1, 3, 3), "", channel, (1, 5, 5), steps=1)
    assert tuple(pictures.shape) == (1, 1, 5, 5)


# once for both sides


@pytest.mark.parametrize("shared", [contract, plans])
def test_contracts_know_neither_side(shared):
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(inspect.getsource(shared)))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= {"mylib.shared", "mylib.vision.convnets.contract", "numbers", "typing"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m: m.BasicBlock(2, 2, order="post"),
            "BasicBlock: expected order of 'original' or .*, got 'post'",
        ),
        (
            lambda m: m.ResNet(18, style="mnist"),
            "ResNet: expected style of 'imagenet' or 'cifar', got 'mnist'",
        ),
        (lambda m: m.ResNet(18, 0), "ResNet: expected classes and channels_in of at least 1, got 0 and 3"),
        (
            lambda m: m.DenseBlock(4, 0, 2),
            "DenseBlock: expected channels_in, layers and growth .*, got 4, 0 and 2",
        ),
    ],
)
def test_refusals_are_the_same_on_both_sides(call, message):
    said = []
    for module in (scratch, pytorch):
        with pytest.raises(ValueError, match=f"^{message}$") as caught:
            call(module)
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("convnets").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))
