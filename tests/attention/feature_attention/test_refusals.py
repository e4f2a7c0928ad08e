"""Reductions, kernels, maps and networks that feature_attention refuses."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.attention.feature_attention import scratch


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
        with pytest.raises(ValueError, match=r"SpatialAttention: expected feature maps \(batch, channels, height"):
            module.SpatialAttention(3)(array(np.zeros(shape, np.float32)))


def test_attend_refuses_and_leaves_the_network_alone(side):
    module, convnets, _ = side
    network = convnets.ResNet(8, 3, 1, width=8)
    names = list(network.state_dict())
    with pytest.raises(ValueError, match="attend: expected kind of 'se' or 'cbam', got 'spatial'"):
        module.attend(network, "spatial")
    with pytest.raises(ValueError, match="attend: expected channels that the reduction divides.*got 8 channels and"):
        module.attend(network, "se")
    with pytest.raises(ValueError, match="got 8 channels and reduction 16"):
        module.attend(convnets.ResNet(8, 3, 1, width=8), "cbam", 16)
    together = (engine if module is scratch else torch).nn.Sequential
    uneven = together(convnets.BasicBlock(8, 8), convnets.BasicBlock(8, 12))
    with pytest.raises(ValueError, match="got 12 channels and reduction 8"):
        module.attend(uneven, "se", 8)
    assert not any("gate" in name for name in uneven.state_dict()), "the first unit fits, and has no gate either"
    assert list(network.state_dict()) == names
    for first, second in (("se", "cbam"), ("cbam", "se"), ("cbam", "cbam")):
        network = module.attend(convnets.ResNet(8, 3, 1, width=8), first, 8)
        with pytest.raises(ValueError, match="without attention, got one with 3 gates already; build a new one"):
            module.attend(network, second, 8)
    for other in (convnets.PlainNet(8, 3, 1, width=4), convnets.DenseNet(2, (1,), 3, 1, "cifar")):
        with pytest.raises(TypeError, match="network of residual units.*got (PlainNet|DenseNet) without any"):
            module.attend(other, "se", 1)
    with pytest.raises(TypeError, match="got BasicBlock without any; put a single unit into a Sequential"):
        module.attend(convnets.BasicBlock(8, 8), "se", 4)
