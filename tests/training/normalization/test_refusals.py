"""What normalization refuses, and with which words."""

import numpy as np
import pytest
import torch

from mylib import engine
from tests.training.normalization.cases import VIT, Scratch


def zeros(side, *shape):
    return side.tensor(np.zeros(shape, np.float32))


@pytest.mark.parametrize(
    ("axes", "error", "message"),
    [
        (3, ValueError, r"expected axes from -3 to 2, each once, got 3 for x \(2, 3, 4\)"),
        ((1, -2), ValueError, "each once"),
        ((), TypeError, r"at least one, got \(\)"),
        (None, TypeError, "a whole number or several"),
        (1.0, TypeError, "a whole number or several"),
        (True, TypeError, "a whole number or several"),
    ],
)
def test_axes_that_are_none(side, axes, error, message):
    with pytest.raises(error, match=message):
        side.methods.standardize(zeros(side, 2, 3, 4), axes)


def test_sets_without_values(side):
    with pytest.raises(ValueError, match=r"at least one value to average over, got x of shape \(2, 0\)"):
        side.methods.standardize(zeros(side, 2, 0), 1)
    assert tuple(side.methods.standardize(zeros(side, 0, 3), 1).shape) == (0, 3), "no row is no empty row"


def test_whole_numbers(side):
    x = side.tensor(np.ones((2, 2, 2), np.int64))
    m = side.methods
    for call in (
        lambda: m.standardize(x, 1),
        lambda: m.batch_norm(x, None, None),
        lambda: m.layer_norm(x, 2),
        lambda: m.instance_norm(x),
        lambda: m.group_norm(x, 1),
        lambda: m.mean_only_batch_norm(x, None),
    ):
        with pytest.raises(TypeError, match=r"expected x of floating point, got .*int64; convert it"):
            call()


@pytest.mark.parametrize("name", ["batch_norm", "mean_only_batch_norm"])
def test_one_value_per_channel_in_training(side, name):
    running = [side.buffer(np.zeros(3, np.float32)), side.buffer(np.ones(3, np.float32))]
    running = running[: 2 if name == "batch_norm" else 1]
    norm = getattr(side.methods, name)
    for shape in ((1, 3, 1, 1), (1, 3), (0, 3, 2, 2)):
        with pytest.raises(ValueError, match=f"{name}: expected at least 2 values per channel, got .*group_norm"):
            norm(zeros(side, *shape), *running, training=True)
        norm(zeros(side, *shape), *running)  # in evaluation there is nothing to compare
    with pytest.raises(ValueError, match="at least 2 values per channel, got 1"):
        norm(zeros(side, 1, 3), *[None for _ in running])


def test_statistics_that_do_not_fit(side):
    m, x = side.methods, zeros(side, 2, 3, 4)
    three, four = (side.buffer(np.ones(n, np.float32)) for n in (3, 4))
    with pytest.raises(
        ValueError, match=r"batch_norm: expected running_mean \(3,\) and running_var \(3,\), got \(3,\)"
    ):
        m.batch_norm(x, three, four)
    with pytest.raises(ValueError, match="running_mean and running_var both or neither"):
        m.batch_norm(x, three, None)
    with pytest.raises(ValueError, match=r"mean_only_batch_norm: expected running_mean \(3,\), got \(4,\)"):
        m.mean_only_batch_norm(x, four)
    with pytest.raises(ValueError, match=r"weight \(3,\), got \(4,\); x \(2, 3, 4\) has 3 channels"):
        m.batch_norm(x, None, None, four)
    with pytest.raises(ValueError, match=r"bias \(3,\), got \(4,\)"):
        m.mean_only_batch_norm(x, None, four)
    with pytest.raises(ValueError, match="expected momentum from 0 to 1, got 1.5"):
        m.batch_norm(x, three, three, momentum=1.5)
    with pytest.raises(ValueError, match=r"expected x \(batch, channels, ...\), got \(2,\)"):
        m.batch_norm(zeros(side, 2), None, None)


@pytest.mark.parametrize("bad", [[0.0, 0.0, 0.0], "whole"])
def test_statistics_that_could_not_be_changed_in_place(side, bad):
    bad = side.buffer(np.zeros(3, np.int64)) if bad == "whole" else bad
    with pytest.raises(TypeError, match="expected running_mean as an array of floating point, got .*in place"):
        side.methods.batch_norm(zeros(side, 2, 3), bad, side.buffer(np.ones(3)), training=True)


@pytest.mark.parametrize("groups", [0, -1, 4, 2.0])
def test_groups_that_do_not_divide(side, groups):
    with pytest.raises(ValueError, match=f"group_norm: expected num_groups .* divides the 6 channels .*got {groups}"):
        side.methods.group_norm(zeros(side, 2, 6, 2), groups)


def test_shapes_of_the_other_norms(side):
    m = side.methods
    with pytest.raises(ValueError, match="instance_norm: expected x"):
        m.instance_norm(zeros(side, 2, 3))
    with pytest.raises(ValueError, match="group_norm: expected x"):
        m.group_norm(zeros(side, 3), 1)
    with pytest.raises(ValueError, match=r"group_norm: expected weight \(4,\), got \(2,\); one for each channel"):
        m.group_norm(zeros(side, 2, 4, 3), 2, zeros(side, 2))
    for shape in (3, (4, 2), (), (0,)):
        with pytest.raises(ValueError, match="layer_norm: expected x to end in normalized_shape"):
            m.layer_norm(zeros(side, 2, 3, 4), shape)
    with pytest.raises(ValueError, match=r"layer_norm: expected weight \(3, 4\), got \(4,\)"):
        m.layer_norm(zeros(side, 2, 3, 4), (3, 4), zeros(side, 4))
    with pytest.raises(ValueError, match="expected eps of at least 0, got -1"):
        m.group_norm(zeros(side, 2, 4, 3), 2, eps=-1)


def test_layers_that_cannot_be_wrapped(side):
    wrap = side.methods.WeightNorm
    for layer in (side.nn.ReLU(), side.nn.Conv3d(1, 1, 1), wrap(side.nn.Linear(2, 2))):
        with pytest.raises(TypeError, match=f"WeightNorm: expected a Linear or Conv2d .*got {type(layer).__name__}"):
            wrap(layer)


def test_a_convolution_that_pads_otherwise():
    from mylib.training.normalization.pytorch import WeightNorm

    with pytest.raises(TypeError, match="padded with zeros"):
        WeightNorm(torch.nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"))


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_unit_without_a_direction(side, value):
    layer = side.nn.Linear(2, 3)
    weight = np.ones((3, 2), np.float32)
    weight[1] = value
    side.set_weights(layer, weight=weight)
    with pytest.raises(ValueError, match="of finite length above 0, got .* for unit 1: v .* undefined"):
        side.methods.WeightNorm(layer)


def test_a_start_that_cannot_be_made(side):
    with pytest.raises(ValueError, match="expected a layer with a bias, got one without"):
        side.methods.WeightNorm(side.nn.Linear(2, 3, bias=False)).initialize(zeros(side, 4, 2))
    module = side.methods.WeightNorm(side.nn.Linear(2, 3))
    before = [np.array(p.tolist() if side is not Scratch else p.data) for p in (module.g, module.bias)]
    with pytest.raises(ValueError, match="outputs that vary over the batch, got deviation 0.0 for unit 0"):
        module.initialize(zeros(side, 4, 2))
    after = [np.array(p.tolist() if side is not Scratch else p.data) for p in (module.g, module.bias)]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(new, old, "what is refused changes nothing")


def test_networks_without_batch_norms(side):
    net = side.nets.ResNet(8, 3, 1, width=4)
    for kind, message in (("batch", "expected kind of 'group' or 'layer'"), ("Group", "got 'Group'")):
        with pytest.raises(ValueError, match=message):
            side.methods.with_norm(net, kind)
    with pytest.raises(ValueError, match="expected groups of at least 1, got 0"):
        side.methods.with_norm(net, "group", 0)
    side.methods.with_norm(net, "group", 2)
    for network in (net, side.nn.Linear(2, 2)):
        with pytest.raises(ValueError, match="expected a network with batch norms inside, got .* with none"):
            side.methods.with_norm(network, "layer")


def test_tokens_that_cannot_be_gated(side):
    attend = side.methods.attend_tokens
    with pytest.raises(TypeError, match="expected a ViT of vision_transformer, got ResNet"):
        attend(side.nets.ResNet(8, 3, 1, width=4))
    vit = side.vit.ViT(8, 4, **VIT)
    names = list(vit.state_dict())
    with pytest.raises(ValueError, match="attend_tokens: expected channels that the reduction divides"):
        attend(vit, 5)
    assert list(vit.state_dict()) == names
    attend(vit, 4)
    with pytest.raises(ValueError, match="got one with 2 already; build a new one"):
        attend(vit, 4)


def test_scratch_takes_arrays_and_lists_for_its_inputs():
    y = Scratch.methods.group_norm([[1.0, 3.0]], 1)
    assert isinstance(y, engine.Tensor)
