"""local_learning against its own gradient, its cuts, and what a glimpse is."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.representation.local_learning import glimpses as drawn
from mylib.representation.local_learning import pytorch, scratch
from tests.representation.local_learning.cases import (
    NET,
    RNG,
    SIDES,
    layer_case,
    parameters_of,
    pictures,
    tracked,
    windows_as_positions,
)
from tests.twins import array

# the rule is the gradient


def gradient(loss_of, weight, bias, w_pred, w_retro):
    """Minus autograd's gradient of a loss of float64 leaves."""
    leaves = [torch.tensor(one, requires_grad=True) for one in (weight, bias, w_pred, w_retro)]
    loss_of(*leaves).backward()
    return [np.zeros(leaf.shape) if leaf.grad is None else -leaf.grad.numpy() for leaf in leaves]


def activity(x, weight, bias):
    return torch.relu(torch.tensor(x) @ weight.T + bias).mean(dim=1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.sampled_from([1, 4, 9]))
def test_with_transposed_weights_both_parts_are_the_gradient_of_one_hinge(seed, batch, positions):
    """Nothing is held fixed: with W^retro = (W^pred)^T the two parts add up to backpropagation through the layer."""
    x, before, weight, bias, w_pred, _, y = layer_case(seed, batch=batch, positions=positions)

    def loss(weight, bias, w_pred, _):
        u = ((activity(x, weight, bias) @ w_pred) * activity(before, weight, bias)).sum(dim=1)
        return torch.relu(1 - torch.tensor(y) * u).mean()

    expected = gradient(loss, weight, bias, w_pred, w_pred.T.copy())
    for module, make in SIDES.values():
        change = module.clapp_update(*map(make, (x, before, weight, bias, w_pred, w_pred.T.copy(), y)))
        np.testing.assert_allclose(array(change.weight), expected[0], rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(array(change.bias), expected[1], rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(array(change.w_pred), expected[2], rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(array(change.w_retro), expected[2].T, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("positions", [1, 6])
def test_with_two_matrices_it_is_the_gradient_of_two_hinges(side, positions):
    module, make = side
    x, before, weight, bias, w_pred, w_retro, y = layer_case(3, positions=positions)

    def loss(weight, bias, w_pred, w_retro):
        z, c = activity(x, weight, bias), activity(before, weight, bias)
        u, u_back = ((z @ w_pred) * c.detach()).sum(dim=1), ((c @ w_retro) * z.detach()).sum(dim=1)
        return (torch.relu(1 - torch.tensor(y) * u) + torch.relu(1 - torch.tensor(y) * u_back)).mean()

    change = module.clapp_update(*map(make, (x, before, weight, bias, w_pred, w_retro, y)))
    for got, expected in zip(change, gradient(loss, weight, bias, w_pred, w_retro), strict=True):
        np.testing.assert_allclose(array(got), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_layers_loss_has_the_rule_as_gradient_with_windows_as_positions(side, stride):
    module, make = side
    layer = module.ClappLayer(2, 3, stride=stride)
    state = parameters_of(layer)
    rng = RNG(4)
    now, before = rng.normal(size=(2, 5, 2, 6, 7))
    y = np.array([1.0, -1, 1, -1, -1])
    layer.local_loss(layer(make(now)), layer(make(before)), make(y)).backward()
    positions = [windows_as_positions(one, stride=stride) for one in (now, before)]
    weight = state["convolution.weight"].reshape(3, -1)
    rest = state["convolution.bias"], state["w_pred"], state["w_retro"], y
    change = module.clapp_update(*map(make, (*positions, weight, *rest)))
    for name, got in zip(("convolution.weight", "convolution.bias", "w_pred", "w_retro"), change, strict=True):
        expected = -array(dict(layer.named_parameters())[name].grad)
        np.testing.assert_allclose(array(got).reshape(expected.shape), expected, rtol=1e-10, atol=1e-10)


def test_a_step_of_plain_descent_on_a_network_is_the_rule_in_every_layer(side):
    """One backward pass of the summed losses: every layer changes as if it were alone, by what it sees itself."""
    module, make = side
    net = module.ClappNet(**NET)
    state = parameters_of(net)
    rng = RNG(5)
    now, before, y = rng.normal(size=(4, 2, 8, 8)), rng.normal(size=(4, 2, 8, 8)), np.array([1.0, -1, -1, 1])
    inputs = [now, *map(array, net(make(now)))], [before, *map(array, net(make(before)))]
    optimiser = (engine if module is scratch else torch).optim.SGD(net.parameters(), 0.1)
    sum(net.losses(make(now), make(before), make(y))).backward()
    optimiser.step()
    after = {name: array(value) for name, value in net.state_dict().items()}
    for number, stride in enumerate(NET["strides"]):
        prefix = f"layers.{number}."
        x, x_before = (windows_as_positions(one[number], stride=stride) for one in inputs)
        weight = state[prefix + "convolution.weight"]
        rest = [state[prefix + name] for name in ("convolution.bias", "w_pred", "w_retro")]
        flat = weight.reshape(len(weight), -1)
        change = module.clapp_update(*map(make, (x, x_before, flat, *rest, y)))
        got = after[prefix + "convolution.weight"] - weight
        np.testing.assert_allclose(got, 0.1 * array(change.weight).reshape(weight.shape), rtol=1e-10, atol=1e-10)
        got = after[prefix + "w_retro"] - rest[-1]
        np.testing.assert_allclose(got, 0.1 * array(change.w_retro), rtol=1e-10, atol=1e-10)


# cuts


def grad_or_zero(parameter):
    return None if parameter.grad is None else array(parameter.grad).copy()


@pytest.mark.parametrize("modules", [(1, 1, 1), (2, 1), (1, 2), (3,)])
def test_a_modules_loss_reaches_its_own_layers_only(side, modules):
    module, make = side
    net = module.ClappNet(**NET, modules=modules)
    parameters_of(net)
    now, before = RNG(6).normal(size=(2, 6, 2, 8, 8))
    first = 0
    for length, number in zip(modules, range(len(modules)), strict=True):
        losses = net.losses(make(now), make(before), make(np.array([1.0, -1] * 3)))
        assert len(losses) == len(modules)
        for parameter in net.parameters():
            parameter.grad = None
        losses[number].backward()
        for index, layer in enumerate(net.layers):
            inside = first <= index < first + length
            assert (grad_or_zero(layer.convolution.weight) is not None) == inside
            ends = index == first + length - 1
            assert (grad_or_zero(layer.w_pred) is not None) == (grad_or_zero(layer.w_retro) is not None) == ends
        first += length


def test_what_later_layers_are_changes_nothing_in_earlier_ones_bit_for_bit(side):
    module, make = side
    now, before = RNG(7).normal(size=(2, 4, 2, 8, 8))
    found = []
    for later in (1.0, -37.5):
        net = module.ClappNet(**NET)
        state = parameters_of(net)
        state = {name: value * (1.0 if name.startswith("layers.0") else later) for name, value in state.items()}
        net.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
        sum(net.losses(make(now), make(before), make(np.array([1.0, -1, 1, -1])))).backward()
        found.append([array(parameter.grad) for parameter in net.layers[0].parameters()])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_end_to_end_the_first_layer_feels_the_last(side):
    module, make = side
    now, before = RNG(7).normal(size=(2, 4, 2, 8, 8))
    found = []
    for later in (1.0, 2.0):
        net = module.ClappNet(**NET, modules=(3,))
        state = parameters_of(net)
        state = {name: value * (later if name.startswith("layers.2") else 1.0) for name, value in state.items()}
        net.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
        (loss,) = net.losses(make(now), make(before), make(np.array([1.0, -1, 1, -1])))
        loss.backward()
        found.append(array(net.layers[0].convolution.weight.grad))
    assert np.abs(found[0] - found[1]).max() > 1e-6


def test_images_get_no_gradient_and_features_hold_no_graph(side):
    module, make = side
    net = module.ClappNet(**NET, modules=(3,))
    net.double()
    images = tracked(module, RNG(8).normal(size=(4, 2, 8, 8)))
    net.losses(images, make(RNG(9).normal(size=(4, 2, 8, 8))), make(np.array([1.0, -1, 1, -1])))[0].backward()
    assert images.grad is None
    assert not net.encode(images, 3).requires_grad


def test_a_fixation_and_a_saccade_together_are_two_losses_added(side):
    module, make = side
    net = module.ClappNet(**NET)
    parameters_of(net)
    now, before = RNG(10).normal(size=(10, 2, 8, 8)), RNG(11).normal(size=(5, 2, 8, 8))
    both = net.losses(make(now), make(before), make(np.array([1.0] * 5 + [-1] * 5)))
    stays = net.losses(make(now[:5]), make(before), make(np.ones(5)))
    jumps = net.losses(make(now[5:]), make(before), make(-np.ones(5)))
    for one, two, three in zip(both, stays, jumps, strict=True):
        assert one.item() == pytest.approx(two.item() + three.item(), rel=1e-12)


@pytest.mark.parametrize("grid", [1, 2, 3])
def test_features_are_means_of_the_maps(side, grid):
    module, make = side
    net = module.ClappNet(**NET)
    net.double()
    images = RNG(12).normal(size=(3, 2, 8, 8))
    maps = net(make(images))
    for layer in (1, 2, 3):
        got = array(net.encode(make(images), layer, grid))
        expected = torch.nn.functional.adaptive_avg_pool2d(torch.tensor(array(maps[layer - 1])), grid).flatten(1)
        np.testing.assert_allclose(got, expected.numpy(), rtol=1e-12, atol=1e-12)


def test_fresh_weights_have_the_stated_size(side):
    module, _ = side
    layer = module.ClappLayer(1, 200)
    for matrix in (layer.w_pred, layer.w_retro):
        # 40,000 draws: the deviation is known to 0.4 %
        assert array(matrix).std() == pytest.approx(200**-0.5, rel=0.02)
    assert np.abs(array(layer.w_pred) - array(layer.w_retro).T).max() > 0.1


def test_training_tells_fixations_from_saccades(side):
    """Two hundred plain steps of one layer by the rule alone, then glimpses that it has not seen."""
    module, make = side
    rng = RNG(13)
    rows, columns = np.meshgrid(np.arange(24), np.arange(24), indexing="ij")
    stripes = [np.sin(rows * 1.5), np.sin(columns * 1.5), np.sin((rows + columns) * 0.7)]
    images = [(one + rng.normal(0, 0.1, one.shape))[None] for one in stripes]
    x = lambda windows: windows_as_positions(drawn.standardise(windows))  # noqa: E731
    weight, bias, w_pred, w_retro = rng.normal(0, 0.5, (16, 9)), np.zeros(16), *rng.normal(0, 0.25, (2, 16, 16))
    for _ in range(200):
        one = drawn.draw_glimpses(images, rng, 32, window=8, drift=3)
        change = module.clapp_update(*map(make, (x(one.now), x(one.before), weight, bias, w_pred, w_retro, one.y)))
        weight, bias, w_pred, w_retro = (
            old + 0.1 * array(new) for old, new in zip((weight, bias, w_pred, w_retro), change, strict=True)
        )
    test = drawn.draw_glimpses(images, rng, 200, window=8, drift=3)
    z, c = (np.maximum(x(one) @ weight.T + bias, 0).mean(axis=1) for one in (test.now, test.before))
    guess = np.sign(array(module.prediction_score(make(z), make(c), make(w_pred))))
    assert (guess == test.y).mean() > 0.8  # chance 0.5, standard error 0.035


# glimpses


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(0, 12), st.booleans())
def test_windows_are_cut_from_where_they_say(seed, window, drift, synchronous):
    images = pictures()
    found = drawn.draw_glimpses(images, RNG(seed), 12, window, drift, synchronous)
    assert found.before.shape == (12, 2, window, window)
    assert len(found.now) == len(found.y) == len(found.scenes) == len(found.places) == (24 if synchronous else 12)
    for windows, scenes, places in (
        (found.before, found.scenes_before, found.places_before),
        (found.now, found.scenes, found.places),
    ):
        for cut, scene, (top, left) in zip(windows, scenes, places, strict=True):
            np.testing.assert_array_equal(cut, images[scene][:, top : top + window, left : left + window])
    before = np.concatenate([found.scenes_before] * (1 + synchronous))
    start = np.concatenate([found.places_before] * (1 + synchronous))
    stays = found.y == 1
    assert (found.scenes[stays] == before[stays]).all()
    assert (found.scenes[~stays] != before[~stays]).all()
    assert np.abs(found.places - start)[stays].max(initial=0) <= drift
    if synchronous:
        np.testing.assert_array_equal(found.y, [1] * 12 + [-1] * 12)


def test_fixations_use_all_of_the_drift_and_zero_stands_still():
    images = pictures()
    found = drawn.draw_glimpses(images, RNG(14), 3000, window=3, drift=2)
    moves = (found.places - found.places_before)[found.y == 1]
    assert set(map(tuple, moves)) == {(i, j) for i in range(-2, 3) for j in range(-2, 3)}
    still = drawn.draw_glimpses(images, RNG(15), 50, window=3, drift=0)
    np.testing.assert_array_equal(still.now[still.y == 1], still.before[still.y == 1])


def test_images_are_not_changed_and_both_twins_see_the_same():
    images = pictures()
    kept = [image.copy() for image in images]
    ours = scratch.draw_glimpses(images, RNG(16), 8, window=4)
    theirs = pytorch.draw_glimpses(images, RNG(16), 8, window=4)
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, two)
    for image, before in zip(images, kept, strict=True):
        np.testing.assert_array_equal(image, before)
    ours.before[:] = 0
    for image, before in zip(images, kept, strict=True):
        np.testing.assert_array_equal(image, before)


def test_standardised_windows_have_mean_zero_and_deviation_one_and_a_grey_one_is_zero():
    windows = np.concatenate([RNG(17).normal(3, 5, (4, 2, 6, 6)), np.full((1, 2, 6, 6), 0.3)])
    got = drawn.standardise(windows)
    np.testing.assert_allclose(got[:4].mean(axis=(1, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(got[:4].std(axis=(1, 2, 3)), 1, rtol=1e-12)
    np.testing.assert_allclose(got[4], 0, atol=1e-12)
    np.testing.assert_allclose(drawn.standardise(windows[:4] * 7 - 2), got[:4], rtol=1e-9)
