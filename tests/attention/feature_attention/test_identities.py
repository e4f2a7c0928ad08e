"""What gates do not know, open and shut gates, their place in a network, gradients by differences, and training."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.attention.feature_attention import pytorch, scratch
from mylib.vision.convnets import scratch as convnets_scratch
from mylib.vision.convnets.plans import ORDERS
from tests.attention.feature_attention.cases import MODULES, give, normal
from tests.twins import array as numbers

# squeeze and excitation


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
        gate = give(module.SpatialAttention(3), conv__weight=np.zeros((1, 2, 3, 3)), conv__bias=np.array([name]))
        np.testing.assert_allclose(numbers(gate(array(x))), expected, rtol=1e-5, atol=1e-7)


# CBAM


def test_channel_attention_of_constant_maps_is_squeeze_excitation_with_the_sum_doubled(side):
    module, _, array = side
    both, one = module.ChannelAttention(6, 3), module.SqueezeExcitation(6, 3)
    state = {name: numbers(value) for name, value in both.state_dict().items()}
    give(one, **{name.replace(".", "__"): value * (1 + ("up" in name)) for name, value in state.items()})
    x = array(np.broadcast_to(normal(2, 6, 1, 1), (2, 6, 3, 4)).astype(np.float32).copy())
    np.testing.assert_allclose(numbers(both.weights(x)), numbers(one.weights(x)), rtol=1e-5)


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
    before, state = numbers(network(x)), {k: numbers(v).copy() for k, v in network.state_dict().items()}
    attended = module.attend(network, kind, reduction=4)
    assert attended is network
    for name, value in state.items():
        np.testing.assert_array_equal(numbers(attended.state_dict()[name]), value, err_msg="names and weights stay")
    gates = [m for m in attended.modules() if isinstance(m, module.SqueezeExcitation | module.CBAM)]
    assert len(gates) == 3
    assert np.abs(numbers(attended(x)) - before).max() > 1e-3
    for gate in gates:
        state = {name.replace(".", "__"): numbers(v) for name, v in gate.state_dict().items()}
        opened = {k: 0 * v + (30.0 if k.endswith(("up__bias", "conv__bias")) else 0.0) for k, v in state.items()}
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
    np.testing.assert_allclose(numbers(network(x)), numbers(network.linear(y.mean((2, 3)))), rtol=1e-5, atol=1e-6)


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


# gradients


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
