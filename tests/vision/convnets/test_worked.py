"""Costs and depths of networks as printed in the papers and counted by hand."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.vision.convnets import pytorch, scratch


@pytest.fixture(params=["scratch", "pytorch"])
def meta(request):
    """The side's module and a context in which networks are made: PyTorch's need no memory."""
    if request.param == "pytorch":
        with torch.device("meta"):
            yield pytorch
    else:
        yield scratch


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
