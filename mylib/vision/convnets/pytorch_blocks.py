r"""The blocks that deep networks repeat, in PyTorch: normalisation, dropout, residual units, dense blocks.

Notation: a unit maps x to x + F(x), with a residual F of two or three convolutions. Names of the layers are the same in
the twin, so that weights can be exchanged.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from mylib.vision.convnets import contract


class BatchNorm2d(nn.BatchNorm2d):
    """Normalises each channel over the batch and all positions, by PyTorch's fused layer."""

    def __init__(self, channels, eps=1e-5, momentum=0.1):
        contract.check_batch_norm(momentum)
        super().__init__(channels, eps, momentum)

    def forward(self, x):
        """(batch, channels, height, width), normalised per channel."""
        contract.check_images(self, x.shape, self.num_features)
        if self.training:
            contract.check_batch(x.shape)
        return super().forward(x)


class Dropout(nn.Dropout):
    """Drops numbers in training and scales the others, by PyTorch's fused layer."""

    def __init__(self, p=0.5):
        super().__init__(p)


def convolution(channels_in, channels_out, kernel, stride=1, groups=1, bias=False):
    """A layer that keeps the size at stride 1, with He et al.'s (2015) initial weights of variance 2 / fan-in.

    There is no bias where a batch norm follows: the mean that it subtracts would take the bias away again.
    """
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=bias)
    nn.init.normal_(layer.weight, std=math.sqrt(2 / math.prod(layer.weight.shape[1:])))
    return layer


class PaddedIdentity(nn.Module):
    """Every stride-th pixel of x, and new channels of zeros: a shortcut without parameters (He et al., option A)."""

    def __init__(self, channels, stride):
        super().__init__()
        self.channels, self.stride = channels, stride

    # The same text on both sides: a slice and a padding read alike in any library.
    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, channels, height', width')."""
        new = self.channels - x.shape[1]
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, new))


class ResidualUnit(nn.Module):
    """What the residual blocks share: the five orders of convolution, normalisation, ReLU and addition."""

    def __init__(self, convolutions, stride, order, shortcut):
        super().__init__()
        self.order = order
        for i, layer in enumerate(convolutions, 1):
            before = order == "full_preactivation"  # the norm then stands before its convolution
            setattr(self, f"conv{i}", layer)
            setattr(self, f"bn{i}", BatchNorm2d(layer.in_channels if before else layer.out_channels))
        channels_in, channels_out = convolutions[0].in_channels, convolutions[-1].out_channels
        self.shortcut = make_shortcut(channels_in, channels_out, stride, order, shortcut)
        self.depth = len(convolutions)

    def layers(self):
        """The convolutions, each with its norm."""
        return [(getattr(self, f"conv{i}"), getattr(self, f"bn{i}")) for i in range(1, self.depth + 1)]

    # The same text on both sides: it passes on what layers return, which have their own mathematics.
    def residual(self, x):
        """F(x): everything on the way from the fork to the addition."""
        if self.order == "full_preactivation":
            for conv, bn in self.layers():
                x = conv(torch.relu(bn(x)))
            return x
        if self.order == "relu_only_preactivation":
            for conv, bn in self.layers():
                x = bn(conv(torch.relu(x)))
            return x
        *first, (conv, bn) = self.layers()
        for earlier, norm in first:
            x = torch.relu(norm(earlier(x)))
        x = conv(x)
        if self.order == "bn_after_addition":
            return x
        return torch.relu(bn(x)) if self.order == "relu_before_addition" else bn(x)

    # The same text on both sides: it adds what layers return, in the order of the paper's figure.
    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, channels_out, height', width')."""
        contract.check_images(self, x.shape, self.conv1.in_channels)
        y = self.shortcut(x) + self.residual(x)
        if self.order == "original":
            return torch.relu(y)
        if self.order == "bn_after_addition":
            return torch.relu(self.layers()[-1][1](y))
        return y


# The same text on both sides: it chooses a layer; each side has its own.
def make_shortcut(channels_in, channels_out, stride, order, kind):
    """The way around: nothing at all where the shape stays, else zeros or a 1x1 convolution."""
    if stride == 1 and channels_in == channels_out:
        return nn.Identity()
    if kind == "padding":
        return PaddedIdentity(channels_out, stride)
    project = convolution(channels_in, channels_out, 1, stride)
    # Where the unit adds before it normalises, so does the shortcut.
    bare = order in ("bn_after_addition", "full_preactivation")
    return project if bare else nn.Sequential(project, BatchNorm2d(channels_out))


class BasicBlock(ResidualUnit):
    """A residual unit of two 3x3 convolutions, in one of five orders."""

    def __init__(self, channels_in, channels_out, stride=1, order="original", shortcut="projection"):
        contract.check_block("BasicBlock", channels_in, channels_out, stride, order, shortcut)
        convolutions = [
            convolution(channels_in, channels_out, 3, stride),
            convolution(channels_out, channels_out, 3),
        ]
        super().__init__(convolutions, stride, order, shortcut)


class Bottleneck(ResidualUnit):
    """A residual unit 1x1, 3x3, 1x1 whose middle has a quarter of the channels."""

    def __init__(self, channels_in, channels_out, stride=1, order="original", shortcut="projection"):
        contract.check_block("Bottleneck", channels_in, channels_out, stride, order, shortcut, divisor=4)
        inner = channels_out // 4
        convolutions = [
            convolution(channels_in, inner, 1, stride),
            convolution(inner, inner, 3),
            convolution(inner, channels_out, 1),
        ]
        super().__init__(convolutions, stride, order, shortcut)


class ResNeXtBottleneck(ResidualUnit):
    """A bottleneck of many paths, all in one grouped 3x3 convolution."""

    def __init__(self, channels_in, channels_out, stride=1, cardinality=32, width=4):
        contract.check_block("ResNeXtBottleneck", channels_in, channels_out, stride)
        contract.check_paths(cardinality, width)
        inner = cardinality * width
        convolutions = [
            convolution(channels_in, inner, 1, stride),
            convolution(inner, inner, 3, groups=cardinality),
            convolution(inner, channels_out, 1),
        ]
        super().__init__(convolutions, stride, "original", "projection")


class PlainBlock(nn.Module):
    """Two 3x3 convolutions without a shortcut: what `BasicBlock` is compared with."""

    def __init__(self, channels_in, channels_out, stride, batch_norm):
        super().__init__()
        norm = BatchNorm2d if batch_norm else lambda channels: nn.Identity()
        # Without a norm there is nothing that would take a bias away.
        self.conv1 = convolution(channels_in, channels_out, 3, stride, bias=not batch_norm)
        self.bn1 = norm(channels_out)
        self.conv2 = convolution(channels_out, channels_out, 3, bias=not batch_norm)
        self.bn2 = norm(channels_out)

    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, channels_out, height', width')."""
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


class DenseLayer(nn.Module):
    """BN relu 1x1 to 4 k channels, BN relu 3x3 to k channels (the bottleneck layer of DenseNet-BC)."""

    def __init__(self, channels_in, growth):
        super().__init__()
        self.bn1 = BatchNorm2d(channels_in)
        self.conv1 = convolution(channels_in, 4 * growth, 1)
        self.bn2 = BatchNorm2d(4 * growth)
        self.conv2 = convolution(4 * growth, growth, 3)

    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, growth, height, width)."""
        return self.conv2(torch.relu(self.bn2(self.conv1(torch.relu(self.bn1(x))))))


class DenseBlock(nn.Module):
    """Layers that see the maps of all layers before them, side by side."""

    def __init__(self, channels_in, layers, growth):
        super().__init__()
        contract.check_dense_block(channels_in, layers, growth)
        self.layers = nn.ModuleList(DenseLayer(channels_in + i * growth, growth) for i in range(layers))

    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, channels_in + layers growth, height, width)."""
        contract.check_images(self, x.shape, self.layers[0].bn1.num_features)
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return x


class Transition(nn.Module):
    """Between dense blocks: BN relu 1x1 to fewer channels, then 2x2 mean pooling."""

    def __init__(self, channels_in, channels_out):
        super().__init__()
        contract.check_block("Transition", channels_in, channels_out, 1)
        self.bn = BatchNorm2d(channels_in)
        self.conv = convolution(channels_in, channels_out, 1)

    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, channels_out, height // 2, width // 2)."""
        contract.check_images(self, x.shape, self.conv.in_channels)
        contract.check_halving(x.shape)
        return F.avg_pool2d(self.conv(torch.relu(self.bn(x))), 2)


class Stem(nn.Module):
    """The first layers: 7x7 stride 2 and 3x3 max pooling for photographs, 3x3 for small images."""

    def __init__(self, channels_in, width, style, batch_norm=True):
        super().__init__()
        self.style = style
        kernel, stride = (7, 2) if style == "imagenet" else (3, 1)
        self.conv = convolution(channels_in, width, kernel, stride, bias=not batch_norm)
        self.bn = BatchNorm2d(width) if batch_norm else nn.Identity()

    # The same text on both sides: it passes on what layers return, which have their own mathematics.
    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, width, height', width')."""
        contract.check_images(self, x.shape, self.conv.in_channels)
        x = torch.relu(self.bn(self.conv(x)))
        return F.max_pool2d(x, 3, 2, 1) if self.style == "imagenet" else x
