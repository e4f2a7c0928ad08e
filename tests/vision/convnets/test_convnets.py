"""The convnets topic: printed counts, transformers' blocks, identities, gradients, the twins, and bad input."""

import copy

import numpy as np
import onnx.helper
import onnx.reference
import pytest
import scipy.ndimage
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BitConfig
from transformers.models.bit.modeling_bit import BitPreActivationBottleneckLayer
from transformers.models.resnet.modeling_resnet import ResNetBasicLayer, ResNetBottleNeckLayer

from mylib import data, engine
from mylib.vision.convnets import pytorch, scratch
from mylib.vision.convnets.plans import ORDERS
from tests.twins import assert_same_function, assert_same_module, share_random_weights

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
PREACTIVATION = (
    "relu_before_addition",
    "relu_only_preactivation",
    "full_preactivation",
)  # nothing after the sum


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


@pytest.fixture(params=["scratch", "pytorch"])
def meta(request):
    """The side's module and a context in which networks are made: PyTorch's need no memory."""
    if request.param == "pytorch":
        with torch.device("meta"):
            yield pytorch
    else:
        yield scratch


def images(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def numbers(output):
    return output.detach().numpy() if hasattr(output, "detach") else output.numpy()


# the printed numbers


@pytest.mark.parametrize(
    ("depth", "parameters", "multiply_adds"),
    [(18, "11.69", "1.814"), (34, "21.80", "3.664"), (50, "25.56", "3.858"), (101, "44.55", "7.570")],
)
def test_resnets_cost_what_is_printed(meta, depth, parameters, multiply_adds):
    network = meta.ResNet(depth)
    assert f"{meta.count_parameters(network) / 1e6:.2f}" == parameters
    assert f"{meta.count_multiply_adds(network, 224) / 1e9:.3f}" == multiply_adds


def test_resnext_101_has_the_complexity_of_resnet_101(meta):
    # Xie et al. (2017), table 4: "1x complexity references", and about 44 million parameters each.
    residual, aggregated = meta.ResNet(101), meta.ResNeXt(101, cardinality=32, width=4)
    for count in (meta.count_parameters, lambda network: meta.count_multiply_adds(network, 224)):
        assert count(aggregated) == pytest.approx(count(residual), rel=0.03)
    assert f"{meta.count_parameters(aggregated) / 1e6:.2f}" == "44.18"


@pytest.mark.parametrize("setting", [(64, 4), (2, 64)])
def test_the_slides_twice_as_complex_models_are(setting):
    # The table's "2x complexity models follow", for ResNeXt-101 64 x 4d and 2 x 64d.
    with torch.device("meta"):
        networks = pytorch.ResNeXt(101, *setting), pytorch.ResNet(101)
    ratio = np.divide(*(pytorch.count_multiply_adds(network, 224) for network in networks))
    assert ratio == pytest.approx(2, rel=0.05)


def test_other_networks_have_the_papers_numbers_of_parameters(meta):
    # He et al. (2015), table 6 (CIFAR-10, shortcuts without parameters); Huang et al. (2017), table 2 (DenseNet-BC with
    # k = 12 and 100 layers: 0.8 million); DenseNet-121 has 7,978,856 in the authors' and every other implementation.
    for depth, millions in ((20, "0.27"), (32, "0.46"), (44, "0.66"), (56, "0.85"), (110, "1.7")):
        network = meta.ResNet(depth, classes=10, shortcut="padding")
        digits = len(millions.partition(".")[2])
        assert f"{meta.count_parameters(network) / 1e6:.{digits}f}" == millions, depth
    assert meta.count_parameters(meta.DenseNet(12, (16, 16, 16), classes=10, style="cifar")) == 769_162
    assert meta.count_parameters(meta.DenseNet()) == 7_978_856


def test_a_padded_shortcut_costs_nothing(meta):
    # "In this plot, the residual networks have no extra parameter compared to their plain counterparts."
    residual, plain = meta.ResNet(34, shortcut="padding"), meta.PlainNet(34)
    assert meta.count_parameters(residual) == meta.count_parameters(plain)
    assert meta.count_multiply_adds(residual, 224) == meta.count_multiply_adds(plain, 224)


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152, 200, 20, 56])
def test_depth_is_the_number_of_layers_with_weights(side, depth):
    module, _ = side
    network = module.ResNet(depth, width=4)
    names = [name for name, value in network.named_parameters() if value.ndim > 1 and "shortcut" not in name]
    assert len(names) == depth


def test_count_by_hand_of_a_small_network(side):
    # 5x5 convolution on 12 x 10 with stride 2 and padding 2: 6 x 5 places, 25 x 3 x 4 weights; grouped 3x3: 4 x 3
    # places, 9 x 2 x 8 weights; one linear layer of 8 x 10.
    module, _ = side
    nn = engine.nn if module is scratch else torch.nn

    class Small(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (
                nn.Conv2d(3, 4, 5, 2, 2),
                nn.Conv2d(4, 8, 3, groups=2),
                nn.Linear(8, 10),
            )

        def forward(self, x):
            return self.c(self.b(self.a(x)).mean((2, 3)))

    model = Small()
    assert module.count_multiply_adds(model, (12, 10)) == 30 * 300 + 12 * 144 + 80
    assert module.count_multiply_adds(model, (3, 12, 10)) == 30 * 300 + 12 * 144 + 80
    assert module.count_parameters(model) == 300 + 4 + 144 + 8 + 80 + 10
    assert model.training, "counting leaves the mode as it was"
    assert "forward" not in vars(model.a), "and the layers"


def test_transposed_convolutions_and_clips_are_counted(side):
    # Transposed 4x4 with stride 2: each of 5 x 3 input pixels meets 2 x 6 x 16 weights. 3x3x3 over clips: 2 x 4 x 4
    # places.
    module, _ = side
    nn = engine.nn if module is scratch else torch.nn
    assert module.count_multiply_adds(nn.ConvTranspose2d(2, 6, 4, 2), (5, 3)) == 15 * 192
    assert module.count_multiply_adds(nn.Conv3d(3, 5, 3), (3, 4, 6, 6)) == 32 * 27 * 3 * 5


def test_the_slides_two_blocks_have_roughly_the_same_complexity(side):
    # Xie et al. (2017), figure 1: 256 x 64 + 9 x 64 x 64 + 64 x 256 and 32 (256 x 4 + 9 x 4 x 4 + 4 x 256), both "70k".
    module, _ = side
    left = module.count_multiply_adds(module.Bottleneck(256, 256), 1)
    right = module.count_multiply_adds(module.ResNeXtBottleneck(256, 256, 1, 32, 4), 1)
    assert (left, right) == (69_632, 70_144)


# independent packages


def copy_pairs(ours, theirs, pairs):
    """Random weights of ours into theirs, layer by layer."""
    torch.manual_seed(3)
    for mine, other in pairs:
        for name, value in mine.named_parameters():
            torch.nn.init.normal_(value, 1.0 if name == "weight" and value.ndim == 1 else 0.0, 0.3)
            dict(other.named_parameters())[name].data = value.data.clone()


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
    scratch_block = (scratch.BasicBlock if kind == "basic" else scratch.Bottleneck)(
        before, after, stride
    ).double()
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


# units and networks, written out with torch's plain functions


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
        return torch.nn.functional.linear(
            x.mean((2, 3)), self.state["linear.weight"], self.state["linear.bias"]
        )


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
    expected = (
        written.conv("conv", relu(written.bn("bn", x)))[:, :, :4].reshape(2, 2, 2, 2, 3, 2).mean((3, 5))
    )
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
    np.testing.assert_allclose(
        numbers(network(array(x.numpy()))), written.linear(expected), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("kind", [*ORDERS, "densenet"])
def test_heads_written_out(side, kind):
    # Between the last unit and the mean stands what the order of the unit left out.
    module, array = side
    network = (
        module.DenseNet(2, (1, 1), 4, 3, "cifar")
        if kind == "densenet"
        else module.ResNet(8, 4, 3, 2, order=kind)
    )
    written, x = Written(network), images(2, 3, 8, 8, seed=6)
    last = torch.tensor(np.array(numbers(network.stages(network.stem(array(x))))))
    if kind in ("full_preactivation", "densenet"):
        last = torch.relu(written.bn("norm", last))
    elif kind == "relu_only_preactivation":
        last = torch.relu(last)
    np.testing.assert_allclose(numbers(network(array(x))), written.linear(last), rtol=1e-9, atol=1e-9)


# identities and limits


@pytest.mark.parametrize("order", ORDERS)
def test_a_unit_whose_residual_is_zero_hands_on_its_input(side, order):
    # "If anything, the optimizer can simply set the weights to 0." In the original order the last ReLU stays, which
    # changes nothing where x is positive; with the norm after the addition x is normalised.
    module, array = side
    block = module.BasicBlock(4, 4, order=order).double()
    zeros = {
        name: torch.zeros_like(torch.tensor(np.asarray(v))) if "conv" in name else v
        for name, v in block.state_dict().items()
    }
    block.load_state_dict(zeros)
    block.eval()
    x = np.abs(images(2, 4, 5, 5))
    expected = x / np.sqrt(1 + 1e-5) if order == "bn_after_addition" else x
    np.testing.assert_allclose(numbers(block(array(x))), expected, rtol=1e-12)


@pytest.mark.parametrize("order", ["original", *PREACTIVATION])
def test_the_slides_sum_over_residuals_holds_where_nothing_follows_the_addition(order):
    # x_L = x_l + sum F(x_i); the slide writes it for ResNet, but the original unit has a ReLU in the way.
    engine.manual_seed(0)
    blocks = [scratch.BasicBlock(4, 4, order=order).double() for _ in range(4)]
    x = start = engine.Tensor(images(3, 4, 6, 6, seed=5))
    total = start.numpy()
    for block in blocks:
        total = total + block.residual(x).numpy()
        x = block(x)
    assert np.allclose(x.numpy(), total, rtol=1e-9) == (order != "original")


def test_cardinality_one_is_a_bottleneck():
    engine.manual_seed(1)
    grouped = scratch.ResNeXtBottleneck(8, 16, 2, cardinality=1, width=4)
    ordinary = scratch.Bottleneck(8, 16, 2)
    ordinary.load_state_dict(grouped.state_dict())
    x = images(2, 8, 6, 6).astype(np.float32)
    np.testing.assert_allclose(grouped(x).numpy(), ordinary(x).numpy(), rtol=1e-6)


def test_a_grouped_block_is_the_sum_of_its_paths():
    # Xie et al. (2017), figure 3: (a) a sum of C small paths equals (c) one grouped convolution. Evaluation mode, fresh
    # norms: every norm only divides by sqrt(1 + eps).
    engine.manual_seed(2)
    block = scratch.ResNeXtBottleneck(8, 8, cardinality=2, width=3).double().eval()
    x = images(1, 8, 5, 5)
    (c1, b1), (c2, b2), (c3, b3) = block.layers()
    relu, total = engine.relu, 0.0
    for path in (slice(0, 3), slice(3, 6)):
        y = relu(engine.conv2d(x, c1.weight[path]) / np.sqrt(1 + b1.eps))
        y = relu(engine.conv2d(y, c2.weight[path], padding=1) / np.sqrt(1 + b2.eps))
        total = total + engine.conv2d(y, c3.weight[:, path]) / np.sqrt(1 + b3.eps)
    np.testing.assert_allclose(block(x).numpy(), relu(total + x).numpy(), rtol=1e-9, atol=1e-12)


def test_a_dense_block_keeps_everything_before_it(side):
    module, array = side
    x = images(2, 5, 4, 4)
    y = numbers(module.DenseBlock(5, 3, 2).double().eval()(array(x)))
    assert y.shape == (2, 5 + 3 * 2, 4, 4)
    np.testing.assert_array_equal(y[:, :5], x)


def test_batch_norm_undoes_any_scale_and_shift_of_a_channel(side):
    module, array = side
    x = images(6, 3, 4, 4)
    layer = module.BatchNorm2d(3).double()
    y = numbers(layer(array(x)))
    np.testing.assert_allclose(y.mean((0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var((0, 2, 3)), 1, atol=1e-4)  # eps, 1e-5 of the variance
    again = numbers(layer(array(7 * x + np.array([1.0, -2.0, 3.0])[:, None, None])))
    np.testing.assert_allclose(again, y, atol=1e-4)


def test_norms_take_their_eps_and_momentum(side):
    module, array = side
    x = images(4, 2, 3, 3, seed=7)
    layer = module.BatchNorm2d(2, eps=0.5, momentum=0.3).double()
    mean, var = (f(x, axis=(0, 2, 3), keepdims=True) for f in (np.mean, np.var))
    np.testing.assert_allclose(numbers(layer(array(x))), (x - mean) / np.sqrt(var + 0.5), rtol=1e-9)
    state = {name: np.asarray(value) for name, value in layer.state_dict().items()}
    np.testing.assert_allclose(state["running_mean"], 0.3 * mean.ravel(), rtol=1e-6)
    np.testing.assert_allclose(state["running_var"], 0.7 + 0.3 * var.ravel() * 36 / 35, rtol=1e-6)


def test_dropout_keeps_the_mean_in_training_and_everything_in_evaluation(side):
    module, array = side
    engine.manual_seed(0)
    torch.manual_seed(0)
    layer, x = module.Dropout(0.3), array(np.ones(100_000, np.float32))
    y = numbers(layer(x))
    share = (y == 0).mean()
    assert share == pytest.approx(0.3, abs=0.01)  # standard error 0.0015
    assert set(np.round(np.unique(y), 5)) == {0.0, np.round(np.float32(1 / 0.7), 5)}
    assert y.mean() == pytest.approx(1, abs=0.01)
    layer.eval()
    np.testing.assert_array_equal(numbers(layer(x)), 1)
    assert numbers(module.Dropout(1.0)(x)).sum() == 0


def test_dropout_gradient_is_its_mask():
    engine.manual_seed(1)
    x = engine.Tensor(np.full((50,), 2.0), requires_grad=True)
    y = scratch.Dropout(0.5)(x)
    y.sum().backward()
    np.testing.assert_allclose(x.grad, y.numpy() / 2)


def test_weight_decay_in_sgd_is_the_gradient_of_a_squared_penalty():
    x = images(5, 3).astype(np.float32)
    results = []
    for decay in (0.1, 0.0):
        w = engine.nn.Parameter(np.ones((3, 2), np.float32))
        optimizer = engine.optim.SGD([w], 0.05, weight_decay=decay)
        for _ in range(4):
            optimizer.zero_grad()
            loss = ((engine.as_tensor(x) @ w) ** 2).sum()
            loss = loss if decay else loss + 0.1 / 2 * (w**2).sum()
            loss.backward()
            optimizer.step()
        results.append(w.numpy().copy())
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_residual_networks_take_images_smaller_than_their_receptive_field(side, size):
    module, array = side
    torch.manual_seed(0)
    network = module.ResNet(18, classes=3, width=4).eval()
    y = numbers(network(array(images(2, 3, size, size).astype(np.float32))))
    assert y.shape == (2, 3)
    assert np.isfinite(y).all()


# what a channel responds to


def test_a_linear_channel_is_maximised_by_its_own_filter(side):
    # The gradient of a convolution's mean response is its filter; from there only the sign of the noise is left.
    module, _ = side
    nn = engine.nn if module is scratch else torch.nn
    model = nn.Sequential(nn.Conv2d(1, 3, 5, bias=False))
    pictures, activations = module.maximise_activation(
        model, "0", [0, 2], (1, 5, 5), steps=60, decay=0.1, blur=0.0, seed=1
    )
    filters = model[0].weight.detach().numpy() if module is pytorch else model[0].weight.numpy()
    for picture, k in zip(np.asarray(pictures), (0, 2), strict=True):
        cosine = (picture * filters[k]).sum() / np.linalg.norm(picture) / np.linalg.norm(filters[k])
        assert cosine > 0.999
    assert (np.asarray(activations)[-1] > np.asarray(activations)[0]).all()
    assert activations.shape == (61, 2)


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


def test_looking_and_counting_happen_in_evaluation_and_leave_each_layer_in_its_own_mode(side):
    module, _ = side
    network = module.ResNet(8, 3, 1, width=2)
    network.stages[0].eval()
    modes = [layer.training for layer in network.modules()]
    before = {name: np.asarray(value).copy() for name, value in network.state_dict().items()}
    assert len(set(modes)) == 2
    module.maximise_activation(network, "stages", 0, (1, 8, 8), steps=2)
    module.count_multiply_adds(network, 8)
    assert [layer.training for layer in network.modules()] == modes
    for name, value in network.state_dict().items():
        np.testing.assert_array_equal(
            np.asarray(value), before[name], err_msg="running averages move in training only"
        )


def test_twins_draw_the_same_picture_and_leave_the_model_alone():
    ours, theirs = scratch.ResNet(8, 10, 1, width=4), pytorch.ResNet(8, 10, 1, width=4)
    share_random_weights(ours, theirs, np.float32)
    before = ours.state_dict()
    for layer, channel in (("stages.1.0", 3), ("", [0, 7])):
        got, rise = scratch.maximise_activation(ours, layer, channel, (1, 8, 8), steps=5)
        expected, expected_rise = pytorch.maximise_activation(theirs, layer, channel, (1, 8, 8), steps=5)
        # float32 through ReLUs whose inputs are near 0: single pixels differ a little more than 1e-4.
        np.testing.assert_allclose(got, expected, atol=2e-3)
        np.testing.assert_allclose(rise, expected_rise, rtol=1e-3, atol=1e-4)
    assert ours.training
    assert theirs.training
    assert all(parameter.grad is None and parameter.requires_grad for parameter in ours.parameters())
    assert all(np.array_equal(before[name], value) for name, value in ours.state_dict().items())


def test_pictures_have_the_type_of_the_model(side):
    module, _ = side
    network = module.ResNet(8, 3, 1, width=2).double()
    pictures, _ = module.maximise_activation(network, "stages", 0, (1, 8, 8), steps=1)
    assert np.asarray(pictures).dtype == np.float64


def test_zero_steps_return_the_noise(side):
    module, _ = side
    model = module.ResNet(8, 3, 1, width=2)
    pictures, activations = module.maximise_activation(model, "stem", 0, (1, 8, 8), steps=0, seed=4)
    expected = 0.1 * np.random.default_rng(4).standard_normal((1, 1, 8, 8))
    np.testing.assert_allclose(np.asarray(pictures), expected, rtol=1e-6)
    assert activations.shape == (1, 1)


# gradients


def check_gradients(block, x, names):
    """Differences against the tape, for x and the named parameters, in float64."""
    block.double()
    parameters = dict(block.named_parameters())

    def run(x, *values):
        for name, value in zip(names, values, strict=True):
            owner, _, leaf = name.rpartition(".")
            module = dict(block.named_modules())[owner]
            module._parameters.pop(leaf, None)
            module.__dict__[leaf] = value
        return block(x)

    engine.gradcheck(run, x, *(parameters[name].numpy().copy() for name in names), directions=2)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shortcut", ["projection", "padding"])
def test_gradients_of_units(order, shortcut):
    engine.manual_seed(3)
    block = scratch.BasicBlock(2, 4, 2, order, shortcut)
    check_gradients(
        block, images(3, 2, 5, 4, seed=8), ["conv1.weight", "conv2.weight", "bn1.weight", "bn2.bias"]
    )


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: scratch.Bottleneck(4, 8, 2), ["conv1.weight", "conv2.weight", "bn3.weight"]),
        (lambda: scratch.ResNeXtBottleneck(4, 4, 1, 2, 2), ["conv2.weight", "conv3.weight"]),
        (lambda: scratch.DenseBlock(4, 2, 2), ["layers.0.conv1.weight", "layers.1.conv2.weight"]),
        (lambda: scratch.Transition(4, 2), ["conv.weight", "bn.bias"]),
        (lambda: scratch.BatchNorm2d(4), ["weight", "bias"]),
    ],
    ids=["bottleneck", "resnext", "dense", "transition", "norm"],
)
def test_gradients_of_other_blocks(make, names):
    engine.manual_seed(4)
    check_gradients(make(), images(3, 4, 4, 6, seed=9), names)


# twins

TWINS = {
    **{f"basic {order}": lambda m, order=order: m.BasicBlock(3, 4, 2, order) for order in ORDERS},
    **{f"bottleneck {order}": lambda m, order=order: m.Bottleneck(3, 8, 1, order) for order in ORDERS},
    "basic padding": lambda m: m.BasicBlock(3, 5, 2, shortcut="padding"),
    "resnext": lambda m: m.ResNeXtBottleneck(3, 8, 2, 2, 3),
    "dense block": lambda m: m.DenseBlock(3, 3, 2),
    "transition": lambda m: m.Transition(3, 5),
    "batch norm": lambda m: m.BatchNorm2d(3),
    "plain": lambda m: m.PlainNet(8, 4, 3, 2),
    "plain without norm": lambda m: m.PlainNet(8, 4, 3, 2, batch_norm=False),
    "resnet cifar": lambda m: m.ResNet(14, 4, 3, 2, order="full_preactivation", shortcut="padding"),
    "resnet relu only": lambda m: m.ResNet(8, 4, 3, 2, order="relu_only_preactivation"),
    "densenet": lambda m: m.DenseNet(2, (2, 1), 4, 3, "cifar"),
}


@pytest.mark.parametrize("name", TWINS)
def test_twin_modules(name):
    x = images(4, 3, 8, 6, seed=10)
    assert_same_module(lambda: TWINS[name](scratch), lambda: TWINS[name](pytorch), x)


@pytest.mark.parametrize(
    "make",
    [
        lambda m: m.ResNet(18, 3, width=2),
        lambda m: m.ResNet(50, 3, width=4),
        lambda m: m.ResNeXt(50, 2, 1, classes=3),
        lambda m: m.DenseNet(2, (1, 2), 3),
        lambda m: m.PlainNet(18, 3, width=2),
    ],
    ids=["resnet18", "resnet50", "resnext", "densenet", "plain"],
)
def test_twin_networks_for_photographs_from_the_same_weights(make):
    ours, theirs = make(scratch).double().eval(), make(pytorch).double().eval()
    share_random_weights(ours, theirs, np.float64)
    x = data.photograph("cat", height=40, width=36).astype(np.float64)[None]
    got, expected = numbers(ours(x)), numbers(theirs(torch.tensor(x)))
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_twin_dropout_in_evaluation():
    assert_same_function(scratch.Dropout(0.5).eval(), pytorch.Dropout(0.5).eval(), images(3, 4))


def test_twin_counts():
    for make in TWINS.values():
        ours, theirs = make(scratch), make(pytorch)
        assert scratch.count_parameters(ours) == pytorch.count_parameters(theirs)
        if "norm" in type(ours).__name__.lower():
            continue
        assert scratch.count_multiply_adds(ours, (3, 8, 6)) == pytorch.count_multiply_adds(theirs, (3, 8, 6))


def test_networks_start_with_the_variance_of_he(side):
    module, _ = side
    engine.manual_seed(0)
    torch.manual_seed(0)
    weight = module.ResNet(18, width=32).stages[3][1].conv2.weight
    values = np.asarray(weight.detach() if module is pytorch else weight.numpy())
    assert values.std() == pytest.approx(np.sqrt(2 / (9 * 256)), rel=0.01)  # 590,000 weights: error 0.001


def test_networks_of_every_order_lower_their_loss_on_digits():
    digits = data.digits(seed=3)
    x, y = digits.train_images[:64], digits.train_labels[:64]
    for order in ORDERS:
        engine.manual_seed(0)
        network = scratch.ResNet(8, 10, 1, width=4, order=order)
        optimizer = engine.optim.SGD(network.parameters(), 0.1, momentum=0.9)
        losses = []
        for _ in range(20):
            optimizer.zero_grad()
            loss = engine.cross_entropy(network(engine.as_tensor(x)), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.7 * losses[0], order


@pytest.mark.gpu
def test_network_on_a_gpu_equals_the_cpu():
    network, x = pytorch.ResNet(18, 5, width=8).double().eval(), torch.tensor(images(2, 3, 32, 32))
    expected = network(x).detach()
    network = copy.deepcopy(network).cuda().to(memory_format=torch.channels_last)
    got = network(x.cuda().to(memory_format=torch.channels_last))
    assert got.is_cuda
    np.testing.assert_allclose(got.detach().cpu(), expected, rtol=1e-9, atol=1e-9)
    pictures, _ = pytorch.maximise_activation(network.float(), "stages.0", 0, (3, 16, 16), steps=2)
    assert pictures.is_cuda


def test_network_compiles_to_one_graph():
    # The compiler's front end alone: a graph break is an error, and nothing is generated.
    network = pytorch.ResNet(8, 3, 1, width=2, order="full_preactivation").eval()
    x = torch.tensor(images(2, 1, 8, 8).astype(np.float32))
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    np.testing.assert_allclose(compiled(x).detach(), network(x).detach(), rtol=1e-5, atol=1e-6)


# bad input


@settings(max_examples=10)
@given(order=st.text(max_size=8))
def test_unknown_orders_are_refused_with_the_five_names(order):
    for module in (scratch, pytorch):
        with pytest.raises(ValueError, match=r"BasicBlock: expected order of .*'full_preactivation'.*, got"):
            module.BasicBlock(2, 2, order=order)


def test_bad_blocks_are_refused(side):
    module, array = side
    with pytest.raises(ValueError, match="expected shortcut of .*'padding'"):
        module.BasicBlock(2, 2, shortcut="none")
    with pytest.raises(ValueError, match="from 4 to 2 channels; use 'projection'"):
        module.BasicBlock(4, 2, shortcut="padding")
    with pytest.raises(ValueError, match="channels_out a multiple of 4, got 4, 1 and 6"):
        module.Bottleneck(4, 6)
    with pytest.raises(ValueError, match="at least 1 and channels_out"):
        module.Bottleneck(4, 8, stride=0)
    with pytest.raises(ValueError, match="cardinality and width of at least 1, got 0 and 4"):
        module.ResNeXtBottleneck(4, 8, cardinality=0)
    with pytest.raises(ValueError, match="DenseBlock: expected"):
        module.DenseBlock(4, 0, 2)
    with pytest.raises(ValueError, match=r"at least 2 x 2, got \(2, 4, 1, 3\)"):
        module.Transition(4, 2)(array(np.zeros((2, 4, 1, 3), np.float32)))
    with pytest.raises(ValueError, match="prob"):
        module.Dropout(1.5)


def test_bad_networks_are_refused(side):
    module, array = side
    with pytest.raises(ValueError, match=r"ResNet: expected depth of \(18, 34, 50.*6 n \+ 2.*got 19"):
        module.ResNet(19)
    with pytest.raises(ValueError, match="got 20 with style 'imagenet'"):
        module.ResNet(20, style="imagenet")
    with pytest.raises(ValueError, match="expected style of"):
        module.ResNet(18, style="mnist")
    with pytest.raises(ValueError, match="width of at least 1"):
        module.PlainNet(18, width=0)
    with pytest.raises(ValueError, match="classes and channels_in of at least 1, got 0 and 3"):
        module.ResNet(18, classes=0)
    with pytest.raises(ValueError, match="50, 101, 152 or 200, got 18"):
        module.ResNeXt(18)
    with pytest.raises(ValueError, match="DenseNet: expected"):
        module.DenseNet(blocks=())
    with pytest.raises(ValueError, match=r"\(batch, 3, height, width\).*, got \(2, 1, 8, 8\)"):
        module.ResNet(8, 10)(array(np.zeros((2, 1, 8, 8), np.float32)))
    with pytest.raises(ValueError, match="at least 2 x 2"):
        module.DenseNet(2, (1, 1, 1), 3, style="cifar")(array(np.zeros((2, 3, 3, 3), np.float32)))


@pytest.mark.parametrize(
    "make",
    [
        lambda m: m.BasicBlock(3, 4, 2, shortcut="padding"),
        lambda m: m.Bottleneck(3, 4, order="full_preactivation"),
        lambda m: m.ResNeXtBottleneck(3, 4, 1, 2, 2),
        lambda m: m.DenseBlock(3, 2, 2),
        lambda m: m.Transition(3, 2),
        lambda m: m.BatchNorm2d(3),
        lambda m: m.PlainNet(8, 4, 3, 2),
        lambda m: m.DenseNet(2, (1,), 4, 3, "cifar"),
    ],
    ids=["basic", "bottleneck", "resnext", "dense", "transition", "norm", "plain", "densenet"],
)
def test_images_of_other_channels_are_refused_and_none_at_all_are_nothing(side, make):
    module, array = side
    layer = make(module).eval()
    for shape in ((2, 5, 4, 4), (2, 3, 4)):
        with pytest.raises(ValueError, match=r"\(batch, 3, height, width\)"):
            layer(array(np.zeros(shape, np.float32)))
    assert layer(array(np.zeros((0, 3, 4, 4), np.float32))).shape[0] == 0
    if not isinstance(layer, module.BatchNorm2d):
        with pytest.raises(ValueError, match=r"at least one pixel, got \(2, 3, 0, 4\)"):
            layer(array(np.zeros((2, 3, 0, 4), np.float32)))


def test_nan_stays_where_it_is_seen(side):
    # One bad pixel: everything that a 3x3 convolution with it in its field gives is NaN, and nothing else.
    module, array = side
    x = images(1, 2, 7, 7)
    x[0, 0, 3, 3] = np.nan
    unit = module.BasicBlock(2, 2).double().eval()
    bad = np.isnan(numbers(unit(array(x))))[0].all(0)
    expected = np.zeros((7, 7), bool)
    expected[1:6, 1:6] = True
    np.testing.assert_array_equal(bad, expected)


def test_norms_refuse_a_momentum_that_is_no_share_and_a_batch_of_none(side):
    module, array = side
    with pytest.raises(ValueError, match="momentum=1.5"):
        module.BatchNorm2d(2, momentum=1.5)
    with pytest.raises(ValueError, match="0 value per channel"):
        module.BatchNorm2d(2)(array(np.zeros((0, 2, 3, 3), np.float32)))


def test_a_batch_of_one_number_per_channel_cannot_be_normalised(side):
    module, array = side
    with pytest.raises(ValueError, match="(?i)value.* per channel"):
        module.BatchNorm2d(2)(array(np.zeros((1, 2, 1, 1), np.float32)))


def test_bad_counting_and_looking_are_refused(side):
    module, _ = side
    nn = engine.nn if module is scratch else torch.nn
    with pytest.raises(ValueError, match="no convolution that says how many channels"):
        module.count_multiply_adds(nn.Linear(3, 2), (8, 8))
    with pytest.raises(ValueError, match="image_size as a number"):
        module.count_multiply_adds(nn.Conv2d(1, 1, 3), (0, 8))
    with pytest.raises(ValueError, match="count_multiply_adds|output_size"):
        module.count_multiply_adds(nn.Conv2d(1, 1, 9), 8)
    with pytest.raises(ValueError, match="count_multiply_adds|output_size"):
        module.count_multiply_adds(nn.Conv2d(2, 1, 3), (1, 8, 8))
    with pytest.raises(TypeError, match="an integer or several, got 8.0"):
        module.count_multiply_adds(nn.Conv2d(1, 1, 3), 8.0)
    assert module.count_multiply_adds(nn.Conv2d(1, 1, 3), np.int64(8)) == 36 * 9
    model = module.PlainNet(8, 3, 1, 2)
    with pytest.raises(ValueError, match="expected a layer of .*'stem.conv'.*, got 'stages.9'"):
        module.maximise_activation(model, "stages.9", 0, (1, 8, 8))
    with pytest.raises(ValueError, match=r"channels from 0 to 1, got \[2\]"):
        module.maximise_activation(model, "stem", 2, (1, 8, 8))
    for channel in ([], [[0]], 0.5):
        with pytest.raises(ValueError, match="a channel's index, or a sequence of at least one"):
            module.maximise_activation(model, "stem", channel, (1, 8, 8))
    with pytest.raises(ValueError, match="decay in"):
        module.maximise_activation(model, "stem", 0, (1, 8, 8), decay=1.0)
    assert model.training
    assert "forward" not in vars(model.stem), "a failed look leaves the model as it was"
