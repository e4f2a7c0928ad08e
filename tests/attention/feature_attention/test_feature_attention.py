"""The feature_attention topic: printed counts, transformers' SE layer, CBAM by hand, limits, gradients, bad input."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.models.regnet.modeling_regnet import RegNetSELayer

from mylib import engine
from mylib.attention.feature_attention import pytorch, scratch
from mylib.vision.convnets import pytorch as convnets_pytorch
from mylib.vision.convnets import scratch as convnets_scratch
from mylib.vision.convnets.plans import ORDERS
from tests.twins import assert_same_module, share_random_weights

SIDES = {
    "scratch": (scratch, convnets_scratch, np.asarray),
    "pytorch": (pytorch, convnets_pytorch, torch.tensor),
}
MODULES = {
    "se": lambda m: m.SqueezeExcitation(6, 3),
    "channel": lambda m: m.ChannelAttention(6, 2),
    "spatial": lambda m: m.SpatialAttention(3),
    "cbam": lambda m: m.CBAM(6, 3, 5),
}


@pytest.fixture(autouse=True)
def _seeded():
    engine.manual_seed(4)
    torch.manual_seed(4)


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def numbers(value):
    """As an array, from either side."""
    if isinstance(value, torch.Tensor):
        return value.detach().numpy()
    return value.numpy() if isinstance(value, engine.Tensor) else np.asarray(value)


def give(module, **values):
    """These numbers into the parameters of that name (its dots as two underscores)."""
    state = {name: numbers(value) for name, value in module.state_dict().items()}
    state |= {name.replace("__", "."): np.asarray(v, np.float32) for name, v in values.items()}
    convert = torch.tensor if isinstance(module, torch.nn.Module) else np.asarray
    module.load_state_dict({name: convert(value) for name, value in state.items()})
    return module


def logistic(a):
    return 1 / (1 + np.exp(-a))


# the printed numbers

# Slide, from Woo et al. (2018), table 4: millions of parameters, and G multiply-adds.
PRINTED = [
    (18, "se", "11.78", "1.814"),
    (18, "cbam", "11.78", "1.815"),
    (34, "se", "21.96", "3.664"),
    (34, "cbam", "21.96", "3.665"),
    (50, "se", "28.09", "3.860"),
    (50, "cbam", "28.09", "3.864"),
    (101, "se", "49.33", "7.575"),
    (101, "cbam", "49.33", "7.581"),
]


@pytest.mark.parametrize(("depth", "kind", "parameters", "multiply_adds"), PRINTED)
def test_networks_cost_what_is_printed(depth, kind, parameters, multiply_adds):
    with torch.device("meta"):
        network = pytorch.attend(convnets_pytorch.ResNet(depth), kind)
    assert f"{convnets_pytorch.count_parameters(network) / 1e6:.2f}" == parameters
    assert f"{convnets_pytorch.count_multiply_adds(network, 224) / 1e9:.3f}" == multiply_adds


@pytest.mark.parametrize(
    ("kind", "parameters", "multiply_adds"), [("se", "11.78", "1.814"), ("cbam", "11.78", "1.815")]
)
def test_the_numpy_twin_costs_as_much(kind, parameters, multiply_adds):
    network = scratch.attend(convnets_scratch.ResNet(18), kind)
    assert f"{convnets_scratch.count_parameters(network) / 1e6:.2f}" == parameters
    assert f"{convnets_scratch.count_multiply_adds(network, 224) / 1e9:.3f}" == multiply_adds


def test_without_biases_the_printed_parameters_would_not_come_out():
    # The equation has none. ResNet-50 with 2 C^2 / r for each unit alone: 28.07 million, printed are 28.09.
    with torch.device("meta"):
        network = convnets_pytorch.ResNet(50)
    squares = sum(2 * n * c**2 // 16 for n, c in ((3, 256), (4, 512), (6, 1024), (3, 2048)))
    biases = sum(n * (c + c // 16) for n, c in ((3, 256), (4, 512), (6, 1024), (3, 2048)))
    base = convnets_pytorch.count_parameters(network)
    assert f"{(base + squares) / 1e6:.2f}" == "28.07"
    assert f"{(base + squares + biases) / 1e6:.2f}" == "28.09"


def numbers_after_units(depth):
    """C H W, summed over the residual units of a network at 224 x 224."""
    with torch.device("meta"):
        network, total = convnets_pytorch.ResNet(depth).eval(), []
        for unit in network.modules():
            if isinstance(unit, pytorch.ResidualUnit):
                unit.register_forward_hook(lambda unit, x, y: total.append(y.numel()))
        network(torch.empty(1, 3, 224, 224))
    return sum(total)


@pytest.mark.parametrize(
    ("depth", "plain", "attended"), [(50, "3.86", 3.87), (101, "7.58", 7.60), (152, "11.30", 11.32)]
)
def test_the_other_paper_counts_more_than_products_of_layers(depth, plain, attended):
    # Hu et al. (2018), table 2. Their plain networks come out when the shortcut's additions are counted.
    with torch.device("meta"):
        base = convnets_pytorch.ResNet(depth)
        network = pytorch.attend(convnets_pytorch.ResNet(depth), "se")
    count, extra = convnets_pytorch.count_multiply_adds, numbers_after_units(depth)
    assert f"{(count(base, 224) + extra) / 1e9:.2f}" == plain
    assert count(network, 224) / 1e9 == pytest.approx(attended, rel=5e-3)
    # The shortcut's additions and the scaling, one each per number: nearer than 0.1 %.
    assert (count(network, 224) + 2 * extra) / 1e9 == pytest.approx(attended, rel=1e-3)
    assert count(network, 224) < 1.001 * count(base, 224), "the gates themselves cost less than 0.1 %"


# squeeze and excitation


def test_squeeze_excitation_by_hand(side):
    module, _, array = side
    gate = give(
        module.SqueezeExcitation(2, 2),
        down__weight=[[1.0, -1.0]],
        down__bias=[0.5],
        up__weight=[[2.0], [-1.0]],
        up__bias=[0.0, 1.0],
    )
    x = array(np.array([[[[1.0, 3.0]], [[0.0, 2.0]]], [[[0.0, 0.0]], [[5.0, 5.0]]]], np.float32))
    # Means (2, 1) and (0, 5): relu(2 - 1 + 0.5) = 1.5 and relu(-4.5) = 0.
    s = logistic(np.array([[3.0, -0.5], [0.0, 1.0]]))
    np.testing.assert_allclose(numbers(gate.weights(x)), s, rtol=1e-6)
    np.testing.assert_allclose(numbers(gate(x)), numbers(x) * s[:, :, None, None], rtol=1e-6)


def test_squeeze_excitation_equals_transformers(side):
    module, _, array = side
    theirs = RegNetSELayer(8, 2)
    gate = give(
        module.SqueezeExcitation(8, 4),
        down__weight=theirs.attention[0].weight.detach()[:, :, 0, 0],
        down__bias=theirs.attention[0].bias.detach(),
        up__weight=theirs.attention[2].weight.detach()[:, :, 0, 0],
        up__bias=theirs.attention[2].bias.detach(),
    )
    x = normal(3, 8, 4, 7).astype(np.float32)
    np.testing.assert_allclose(
        numbers(gate(array(x))), theirs(torch.tensor(x)).detach(), rtol=1e-5, atol=1e-6
    )


def test_channel_gates_do_not_know_places(side):
    # Shuffling the pixels of all channels alike changes no channel's weight.
    module, _, array = side
    x = normal(2, 6, 4, 5).astype(np.float32)
    shuffled = x.reshape(2, 6, 20)[:, :, np.random.default_rng(1).permutation(20)].reshape(x.shape)
    for gate in (module.SqueezeExcitation(6, 3), module.ChannelAttention(6, 3)):
        got = numbers(gate.weights(array(shuffled)))
        np.testing.assert_allclose(got, numbers(gate.weights(array(x))), rtol=1e-5, atol=1e-6)
        assert got.shape == (2, 6)
        assert not np.allclose(got[0], got[1]), "each image has its own weights"


def test_open_and_shut_gates(side):
    module, _, array = side
    x = normal(2, 6, 4, 5).astype(np.float32)
    for name, expected in ((60.0, x), (-60.0, 0 * x), (0.0, 0.5 * x)):
        for make in (module.SqueezeExcitation, module.ChannelAttention):
            # In channel attention the last bias stands in both terms of the sum.
            gate = give(make(6, 3), up__weight=np.zeros((6, 2)), up__bias=np.full(6, name))
            np.testing.assert_allclose(numbers(gate(array(x))), expected, rtol=1e-5, atol=1e-7)
        gate = give(
            module.SpatialAttention(3), conv__weight=np.zeros((1, 2, 3, 3)), conv__bias=np.array([name])
        )
        np.testing.assert_allclose(numbers(gate(array(x))), expected, rtol=1e-5, atol=1e-7)


# CBAM


def test_channel_attention_by_hand(side):
    module, _, array = side
    gate = give(
        module.ChannelAttention(2, 2),
        down__weight=[[1.0, -1.0]],
        down__bias=[0.5],
        up__weight=[[2.0], [-1.0]],
        up__bias=[0.25, 0.0],
    )
    x = array(np.array([[[[1.0, 3.0]], [[0.0, 2.0]]]], np.float32))
    # Means (2, 1): relu(1.5) = 1.5; maxima (3, 2): relu(1.5) = 1.5. Summed after the second layer, its bias twice.
    m = logistic(np.array([2 * (3.0 + 0.25), -3.0]))
    np.testing.assert_allclose(numbers(gate.weights(x))[0], m, rtol=1e-6)
    np.testing.assert_allclose(numbers(gate(x))[0], numbers(x)[0] * m[:, None, None], rtol=1e-6)
    # Means (0.5, 3), maxima (1, 3): relu(-2) = relu(-1.5) = 0; the ReLU stands before the sum.
    x = array(np.array([[[[1.0, 0.0]], [[3.0, 3.0]]]], np.float32))
    np.testing.assert_allclose(numbers(gate.weights(x))[0], logistic(np.array([0.5, 0.0])), rtol=1e-6)


def test_channel_attention_of_constant_maps_is_squeeze_excitation_with_the_sum_doubled(side):
    module, _, array = side
    both, one = module.ChannelAttention(6, 3), module.SqueezeExcitation(6, 3)
    state = {name: numbers(value) for name, value in both.state_dict().items()}
    give(one, **{name.replace(".", "__"): value * (1 + ("up" in name)) for name, value in state.items()})
    x = array(np.broadcast_to(normal(2, 6, 1, 1), (2, 6, 3, 4)).astype(np.float32).copy())
    np.testing.assert_allclose(numbers(both.weights(x)), numbers(one.weights(x)), rtol=1e-5)


def test_spatial_attention_by_hand(side):
    module, _, array = side
    weight = np.zeros((1, 2, 3, 3))
    weight[0, 0, 1, 1], weight[0, 1, 1, 0] = 2.0, -1.0  # twice the mean here, minus the maximum to the left
    gate = give(module.SpatialAttention(3), conv__weight=weight, conv__bias=[0.5])
    x = np.array([[[[1.0, 4.0, 0.0]], [[3.0, -2.0, 6.0]]]], np.float32)
    # Means 2, 1, 3; maxima 3, 4, 6; beyond the border stands 0.
    m = logistic(np.array([4.0 - 0.0, 2.0 - 3.0, 6.0 - 4.0]) + 0.5)
    np.testing.assert_allclose(numbers(gate.weights(array(x)))[0, 0, 0], m, rtol=1e-6)
    np.testing.assert_allclose(numbers(gate(array(x))), x * m, rtol=1e-6)


def test_spatial_gates_do_not_know_channels(side):
    module, _, array = side
    x = normal(2, 6, 4, 5).astype(np.float32)
    gate = module.SpatialAttention(3)
    expected = numbers(gate.weights(array(x)))
    assert expected.shape == (2, 1, 4, 5)
    got = numbers(gate.weights(array(np.ascontiguousarray(x[:, [3, 0, 5, 1, 4, 2]]))))
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_cbam_is_channels_first_and_then_places(side):
    module, _, array = side
    gate, x = module.CBAM(6, 3, 5), array(normal(2, 6, 4, 5).astype(np.float32))
    between = numbers(x) * numbers(gate.channel.weights(x))[:, :, None, None]
    expected = between * numbers(gate.spatial.weights(array(between)))
    np.testing.assert_allclose(numbers(gate(x)), expected, rtol=1e-5, atol=1e-6)
    places = numbers(x) * numbers(gate.spatial.weights(x))
    other = places * numbers(gate.channel.weights(array(places)))[:, :, None, None]
    assert np.abs(other - expected).max() > 1e-3, "the other order is something else"
    assert tuple(gate.spatial.conv.weight.shape) == (1, 2, 5, 5)
    assert tuple(module.CBAM(16).spatial.conv.weight.shape) == (1, 2, 7, 7)
    assert tuple(module.CBAM(32).channel.down.weight.shape) == (2, 32)


@settings(max_examples=15)
@given(
    batch=st.integers(0, 3),
    groups=st.integers(1, 3),
    reduction=st.integers(1, 4),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
)
def test_gates_keep_any_shape_and_lie_between_0_and_1(batch, groups, reduction, height, width):
    channels = groups * reduction
    x = normal(batch, channels, height, width).astype(np.float32)
    for module, array in ((scratch, np.asarray), (pytorch, torch.tensor)):
        for gate in (
            module.SqueezeExcitation(channels, reduction),
            module.CBAM(channels, reduction),
            module.SpatialAttention(7),
        ):
            y = numbers(gate(array(x)))
            assert y.shape == x.shape
            assert (np.abs(y) <= np.abs(x)).all(), "a gate never makes larger"
            assert (y * x >= 0).all(), "nor changes a sign"


# in a network


@pytest.mark.parametrize("kind", ["se", "cbam"])
def test_open_gates_leave_the_network_as_it_was(side, kind):
    module, convnets, array = side
    network = convnets.ResNet(8, 5, 3, width=8).eval()
    x = array(normal(2, 3, 9, 8).astype(np.float32))
    before, state = numbers(network(x)), {k: numbers(v) for k, v in network.state_dict().items()}
    attended = module.attend(network, kind, reduction=4)
    assert attended is network
    for name, value in state.items():
        np.testing.assert_array_equal(
            numbers(attended.state_dict()[name]), value, err_msg="names and weights stay"
        )
    gates = [m for m in attended.modules() if isinstance(m, module.SqueezeExcitation | module.CBAM)]
    assert len(gates) == 3
    assert np.abs(numbers(attended(x)) - before).max() > 1e-3
    for gate in gates:
        state = {name.replace(".", "__"): numbers(v) for name, v in gate.state_dict().items()}
        opened = {
            k: 0 * v + (30.0 if k.endswith(("up__bias", "conv__bias")) else 0.0) for k, v in state.items()
        }
        give(gate, **opened)
    np.testing.assert_allclose(numbers(attended(x)), before, rtol=1e-5, atol=1e-6)


def test_shut_gates_leave_the_shortcuts(side):
    module, convnets, array = side
    network = module.attend(convnets.ResNet(8, 5, 3, width=8).eval(), "se", reduction=4)
    for gate in (m for m in network.modules() if isinstance(m, module.SqueezeExcitation)):
        give(
            gate,
            up__weight=np.zeros((gate.channels, gate.channels // 4)),
            up__bias=np.full(gate.channels, -90.0),
        )
    x = array(normal(2, 3, 8, 8).astype(np.float32))
    y = network.stem(x)
    for stage in network.stages:
        for unit in stage:
            y = unit.shortcut(y)
            y = y.relu()
    np.testing.assert_allclose(
        numbers(network(x)), numbers(network.linear(y.mean((2, 3)))), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("order", ORDERS)
def test_the_gate_stands_before_the_addition_in_every_order(side, order):
    module, convnets, array = side
    network = module.attend(convnets.ResNet(8, 5, 3, width=4, order=order).eval(), "cbam", reduction=2)
    x = array(normal(2, 4, 6, 6).astype(np.float32))
    unit = network.stages[0][0]
    twin = convnets.BasicBlock(4, 4, 1, order).eval()
    state = unit.state_dict()
    twin.load_state_dict({name: state[name] for name in twin.state_dict()})
    y = numbers(unit.shortcut(x)) + numbers(unit.gate(twin.residual(x)))
    if order == "original":
        y = np.maximum(y, 0)
    elif order == "bn_after_addition":
        y = numbers(unit.bn2(array(y)).relu())
    np.testing.assert_allclose(numbers(unit(x)), y, rtol=1e-5, atol=1e-6)


def test_bottlenecks_and_aggregated_networks_get_gates_of_their_own_width(side):
    module, convnets, array = side
    network = module.attend(convnets.ResNet(50, 3, width=8), "se", reduction=8)
    widths = [m.channels for m in network.modules() if isinstance(m, module.SqueezeExcitation)]
    assert widths == [32] * 3 + [64] * 4 + [128] * 6 + [256] * 3
    network = module.attend(convnets.ResNeXt(50, 2, 1, classes=3), "cbam").eval()
    assert tuple(network(array(np.zeros((1, 3, 32, 32), np.float32))).shape) == (1, 3)


def test_gates_take_type_and_mode_from_their_unit(side):
    module, convnets, array = side
    network = convnets.ResNet(8, 3, 1, width=4).double().eval()
    network.stages[1].train()
    module.attend(network, "cbam", reduction=2)
    assert {str(numbers(p).dtype) for p in network.parameters()} == {"float64"}
    for stage, mode in zip(network.stages, (False, True, False), strict=True):
        for unit in stage:
            assert {m.training for m in unit.modules()} == {mode}
    network.eval()
    assert numbers(network(array(normal(2, 1, 8, 8)))).dtype == np.float64


def test_a_network_with_gates_lowers_its_loss():
    x, y = normal(16, 1, 8, 8, seed=1).astype(np.float32), np.arange(16) % 4
    for kind in ("se", "cbam"):
        engine.manual_seed(0)
        network = scratch.attend(convnets_scratch.ResNet(8, 4, 1, width=4), kind, reduction=2)
        optimizer, losses = engine.optim.Adam(network.parameters(), 1e-2), []
        for _ in range(25):
            optimizer.zero_grad()
            loss = engine.cross_entropy(network(engine.as_tensor(x)), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.3 * losses[0], kind


# gradients and twins


@pytest.mark.parametrize("name", MODULES)
def test_gradients(name):
    engine.manual_seed(3)
    gate = MODULES[name](scratch).double()
    names = [name for name, _ in gate.named_parameters()]

    def run(x, *values):
        for dotted, value in zip(names, values, strict=True):
            owner, _, leaf = dotted.rpartition(".")
            part = dict(gate.named_modules())[owner]
            part._parameters.pop(leaf, None)
            part.__dict__[leaf] = value
        return gate(x)

    engine.gradcheck(run, normal(2, 6, 4, 5), *(p.numpy().copy() for p in gate.parameters()), directions=2)


@pytest.mark.parametrize("name", MODULES)
def test_twin_modules(name):
    assert_same_module(lambda: MODULES[name](scratch), lambda: MODULES[name](pytorch), normal(3, 6, 4, 5))


def test_twins_send_the_gradient_of_a_maximum_to_the_first_of_equals():
    x = np.zeros((2, 6, 3, 4))
    x[:, :, 1, 1:] = 1.0  # three equal maxima in each channel, and all channels alike at each place
    for name in ("channel", "spatial", "cbam"):
        assert_same_module(
            lambda name=name: MODULES[name](scratch), lambda name=name: MODULES[name](pytorch), x
        )


@pytest.mark.parametrize("kind", ["se", "cbam"])
@pytest.mark.parametrize("order", ["original", "full_preactivation"])
def test_twin_networks(kind, order):
    make = [
        lambda m=m, c=c: m.attend(c.ResNet(8, 4, 2, width=4, order=order), kind, reduction=2)
        for m, c in ((scratch, convnets_scratch), (pytorch, convnets_pytorch))
    ]
    assert_same_module(*make, normal(4, 2, 8, 6, seed=5))


def test_twin_counts():
    for kind in ("se", "cbam"):
        ours = scratch.attend(convnets_scratch.ResNet(8, 4, 2, width=4), kind, 2)
        theirs = pytorch.attend(convnets_pytorch.ResNet(8, 4, 2, width=4), kind, 2)
        assert convnets_scratch.count_parameters(ours) == convnets_pytorch.count_parameters(theirs)
        got = convnets_scratch.count_multiply_adds(ours, (2, 9, 8))
        assert got == convnets_pytorch.count_multiply_adds(theirs, (2, 9, 8))


def test_count_of_a_gate_by_hand(side):
    # SE: 2 C C / r. CBAM: its layers run twice, and each place of the map costs 2 k k.
    module, convnets, _ = side
    plain = convnets.count_multiply_adds(convnets.ResNet(8, 4, 3, width=4), 8)
    units = ((4, 8), (8, 4), (16, 2))  # channels, and height of the map
    for kind, extra in (
        ("se", sum(2 * c * c // 2 for c, _ in units)),
        ("cbam", sum(4 * c * c // 2 + 2 * 49 * size**2 for c, size in units)),
    ):
        network = module.attend(convnets.ResNet(8, 4, 3, width=4), kind, reduction=2)
        assert convnets.count_multiply_adds(network, 8) == plain + extra


def test_networks_copy_save_and_compile():
    network = pytorch.attend(convnets_pytorch.ResNet(8, 3, 1, width=4), "cbam", 2).eval()
    x = torch.tensor(normal(2, 1, 8, 8).astype(np.float32))
    expected = network(x).detach()
    np.testing.assert_array_equal(copy.deepcopy(network)(x).detach(), expected)
    other = pytorch.attend(convnets_pytorch.ResNet(8, 3, 1, width=4), "cbam", 2).eval()
    other.load_state_dict(network.state_dict())
    np.testing.assert_array_equal(other(x).detach(), expected)
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    np.testing.assert_allclose(compiled(x).detach(), expected, rtol=1e-5, atol=1e-6)
    with torch.autocast("cpu", torch.bfloat16):
        assert network(x).isfinite().all()


@pytest.mark.gpu
def test_gates_stay_on_the_gpu():
    network = pytorch.attend(convnets_pytorch.ResNet(18, 5, width=16).cuda(), "cbam").double().eval()
    assert {p.device.type for p in network.parameters()} == {"cuda"}
    x = torch.tensor(normal(2, 3, 32, 32))
    expected = copy.deepcopy(network).cpu()(x).detach()
    got = network(x.cuda()).detach()
    assert got.is_cuda
    np.testing.assert_allclose(got.cpu(), expected, rtol=1e-9, atol=1e-9)


def test_float32_twins_of_a_wide_network():
    ours = scratch.attend(convnets_scratch.ResNet(20, 4, 3, width=16), "cbam").eval()
    theirs = pytorch.attend(convnets_pytorch.ResNet(20, 4, 3, width=16), "cbam").eval()
    share_random_weights(ours, theirs, np.float32)
    x = normal(1, 3, 12, 12).astype(np.float32)
    got, expected = numbers(ours(x)), numbers(theirs(torch.tensor(x)))
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


def test_spatial_attention_pools_like_torch():
    gate, x = pytorch.SpatialAttention(7), torch.tensor(normal(2, 5, 9, 8).astype(np.float32))
    pooled = torch.stack([x.mean(1), x.amax(1)], 1)
    expected = torch.sigmoid(F.conv2d(pooled, gate.conv.weight, gate.conv.bias, padding=3))
    np.testing.assert_allclose(gate.weights(x).detach(), expected.detach(), rtol=1e-6)


# bad input


def test_reductions_that_do_not_divide_are_refused(side):
    module, _, _ = side
    for name in ("SqueezeExcitation", "ChannelAttention", "CBAM"):
        for channels, reduction in ((24, 16), (8, 16), (0, 1), (4, 0), (4, -2)):
            with pytest.raises(
                ValueError,
                match=f"{name}: expected channels that the reduction divides.* got {channels} channels",
            ):
                getattr(module, name)(channels, reduction)


def test_kernels_without_a_middle_are_refused(side):
    module, _, _ = side
    for kernel, remedy in ((2, 3), (0, 1), (-3, 1), (6, 7)):
        with pytest.raises(ValueError, match=f"an odd kernel of at least 1.* got {kernel}; use {remedy}"):
            module.SpatialAttention(kernel)
    with pytest.raises(ValueError, match="odd kernel"):
        module.CBAM(4, 2, 4)


def test_maps_of_other_channels_are_refused(side):
    module, _, array = side
    for gate in (module.SqueezeExcitation(6, 3), module.ChannelAttention(6, 3), module.CBAM(6, 3)):
        for shape in ((2, 5, 4, 4), (6, 4, 4), (2, 6, 0, 4), (2, 6)):
            with pytest.raises(ValueError, match=r"feature maps \(batch, 6, height, width\).* got"):
                gate(array(np.zeros(shape, np.float32)))
    for shape in ((4, 4), (2, 0, 4, 4), (2, 3, 4, 0)):
        with pytest.raises(
            ValueError, match=r"SpatialAttention: expected feature maps \(batch, channels, height"
        ):
            module.SpatialAttention(3)(array(np.zeros(shape, np.float32)))


def test_attend_refuses_and_leaves_the_network_alone(side):
    module, convnets, _ = side
    network = convnets.ResNet(8, 3, 1, width=8)
    names = list(network.state_dict())
    with pytest.raises(ValueError, match=r"attend: expected kind of \('se', 'cbam'\), got 'spatial'"):
        module.attend(network, "spatial")
    with pytest.raises(
        ValueError, match="attend: expected channels that the reduction divides.*got 8 channels and"
    ):
        module.attend(network, "se")
    with pytest.raises(ValueError, match="got 8 channels and reduction 16"):
        module.attend(convnets.ResNet(8, 3, 1, width=8), "cbam", 16)
    together = (engine if module is scratch else torch).nn.Sequential
    uneven = together(convnets.BasicBlock(8, 8), convnets.BasicBlock(8, 12))
    with pytest.raises(ValueError, match="got 12 channels and reduction 8"):
        module.attend(uneven, "se", 8)
    assert not any("gate" in name for name in uneven.state_dict()), (
        "the first unit fits, and has no gate either"
    )
    assert list(network.state_dict()) == names
    for first, second in (("se", "cbam"), ("cbam", "se"), ("cbam", "cbam")):
        network = module.attend(convnets.ResNet(8, 3, 1, width=8), first, 8)
        with pytest.raises(
            ValueError, match="without attention, got one with 3 gates already; build a new one"
        ):
            module.attend(network, second, 8)
    for other in (convnets.PlainNet(8, 3, 1, width=4), convnets.DenseNet(2, (1,), 3, 1, "cifar")):
        with pytest.raises(TypeError, match="network of residual units.*got (PlainNet|DenseNet) without any"):
            module.attend(other, "se", 1)
    with pytest.raises(TypeError, match="got BasicBlock without any; put a single unit into a Sequential"):
        module.attend(convnets.BasicBlock(8, 8), "se", 4)
