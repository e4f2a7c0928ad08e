"""What blocks, norms and dropout keep, what a channel responds to, gradients by differences, and training."""

import numpy as np
import pytest
import torch

from mylib import data, engine
from mylib.vision.convnets import pytorch, scratch
from mylib.vision.convnets.plans import ORDERS
from tests.twins import array as numbers
from tests.vision.convnets.cases import images

PREACTIVATION = (
    "relu_before_addition",
    "relu_only_preactivation",
    "full_preactivation",
)  # nothing after the sum


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
    x = images(2, 3, size, size).astype(np.float32)
    y = numbers(network(array(x)))
    assert y.shape == (2, 3)
    assert np.isfinite(y).all()
    assert np.abs(y[0] - y[1]).max() > 1e-3, "the pictures are seen"
    np.testing.assert_allclose(numbers(network(array(x[1:]))), y[1:], rtol=1e-4, atol=1e-5)


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
        np.testing.assert_array_equal(np.asarray(value), before[name], err_msg="running averages move in training only")


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
    check_gradients(block, images(3, 2, 5, 4, seed=8), ["conv1.weight", "conv2.weight", "bn1.weight", "bn2.bias"])


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
