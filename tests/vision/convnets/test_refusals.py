"""Orders, blocks, networks, images and layers that convnets refuses."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.vision.convnets import pytorch, scratch


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
