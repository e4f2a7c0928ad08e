r"""The blocks that deep networks repeat, in NumPy: normalisation, dropout, residual units, dense blocks.

Notation: a unit maps x to x + F(x), with a residual F of two or three convolutions. Names of the layers are the same in
the twin, so that weights can be exchanged.
"""

import math

import numpy as np

from mylib import engine
from mylib.engine import nn, relu
from mylib.vision.convnets import contract


class BatchNorm2d(nn.BatchNorm2d):
    r"""y = w (x - mean) / sqrt(var + eps) + b, per channel, over the batch and all positions.

    In training with the batch's own mean and variance, in evaluation with running averages of them. Going back, with
    z = (x - mean) / sqrt(var + eps) and n values per channel:
    dL/dx = w / sqrt(var + eps) (g - mean(g) - z mean(g z)), dL/dw = sum(g z), dL/db = sum(g).

    Args:    channels: of x.
             eps: keeps the divisor above 0.
             momentum: weight of a new batch in the running averages.
    Raises:  ValueError: a momentum outside [0, 1]; in training, a batch with fewer than two values per channel.
    Source:  Ioffe and Szegedy (2015), algorithm 1; slide "ConvNets in practice". Differs: none.

    Example:
        >>> BatchNorm2d(1)(np.array([[[[1.0, 3.0]]]])).numpy().round(3).tolist()
        [[[[-1.0, 1.0]]]]
    """

    def __init__(self, channels, eps=1e-5, momentum=0.1):
        super().__init__(channels, eps, momentum)


class Dropout(nn.Dropout):
    r"""In training y = m x / (1 - p) with m = 0 with probability p and 1 otherwise; in evaluation y = x.

    Dividing by 1 - p keeps the expectation: E[y] = x. The gradient is m / (1 - p), with the same m.

    Args:    p: probability of dropping a number, in [0, 1].
    Raises:  ValueError: p is not a probability.
    Source:  Srivastava et al. (2014); slide "ConvNets in practice". Differs: scales in training, not in evaluation.

    Example:
        >>> Dropout(0.9).eval()(np.ones(3)).numpy().tolist()
        [1.0, 1.0, 1.0]
    """

    def __init__(self, p=0.5):
        super().__init__(p)


def convolution(channels_in, channels_out, kernel, stride=1, groups=1, bias=False):
    """A layer that keeps the size at stride 1, with He et al.'s (2015) initial weights of variance 2 / fan-in.

    There is no bias where a batch norm follows: the mean that it subtracts would take the bias away again.
    """
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=bias)
    deviation = math.sqrt(2 / math.prod(layer.weight.shape[1:]))
    layer.weight.data = deviation * engine.generator().standard_normal(layer.weight.shape, np.float32)
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
        return engine.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, new))


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
                x = conv(relu(bn(x)))
            return x
        if self.order == "relu_only_preactivation":
            for conv, bn in self.layers():
                x = bn(conv(relu(x)))
            return x
        *first, (conv, bn) = self.layers()
        for earlier, norm in first:
            x = relu(norm(earlier(x)))
        x = conv(x)
        if self.order == "bn_after_addition":
            return x
        return relu(bn(x)) if self.order == "relu_before_addition" else bn(x)

    # The same text on both sides: it adds what layers return, in the order of the paper's figure.
    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, channels_out, height', width')."""
        contract.check_images(self, x.shape, self.conv1.in_channels)
        y = self.shortcut(x) + self.residual(x)
        if self.order == "original":
            return relu(y)
        if self.order == "bn_after_addition":
            return relu(self.layers()[-1][1](y))
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
    r"""A residual unit of two 3x3 convolutions, in one of five orders.

    original                 x + [conv BN relu conv BN], then relu
    bn_after_addition        x + [conv BN relu conv], then BN relu
    relu_before_addition     x + [conv BN relu conv BN relu]
    relu_only_preactivation  x + [relu conv BN relu conv BN]
    full_preactivation       x + [BN relu conv BN relu conv]

    Args:    channels_in, channels_out: of x and of the result.
             stride: of the first convolution (and of the shortcut).
             order: one of the above.
             shortcut: where the shape changes: "projection" (a 1x1 convolution) or "padding" (zeros for new channels).
    Raises:  ValueError: an order or shortcut that is none, or channels below 1; images with other channels.
    Source:  He et al. (2015), figure 5 left; He et al. (2016), figure 4; slides "ResNet: Main idea", "ResNext".
             Differs: in full pre-activation a projection sees x, not the first activation.

    Example:
        >>> BasicBlock(4, 8, stride=2)(np.zeros((2, 4, 6, 6), np.float32)).shape
        (2, 8, 3, 3)
    """

    def __init__(self, channels_in, channels_out, stride=1, order="original", shortcut="projection"):
        contract.check_block("BasicBlock", channels_in, channels_out, stride, order, shortcut)
        convolutions = [
            convolution(channels_in, channels_out, 3, stride),
            convolution(channels_out, channels_out, 3),
        ]
        super().__init__(convolutions, stride, order, shortcut)


class Bottleneck(ResidualUnit):
    r"""A residual unit 1x1, 3x3, 1x1 whose middle has a quarter of the channels.

    Args:    channels_in, channels_out: of x and of the result; the latter a multiple of 4.
             stride: of the first 1x1 convolution, as in the paper (many libraries put it into the 3x3 one, which costs
                 6 % more multiply-adds in ResNet-50).
             order, shortcut: as for `BasicBlock`.
    Raises:  ValueError: as `BasicBlock`, or channels_out no multiple of 4.
    Source:  He et al. (2015), figure 5 right; slide "ResNext". Differs: as `BasicBlock`.

    Example:
        >>> Bottleneck(8, 16, stride=2)(np.zeros((2, 8, 6, 6), np.float32)).shape
        (2, 16, 3, 3)
    """

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
    r"""A bottleneck whose 3x3 convolution falls into groups: y = x + sum_{i=1}^{C} T_i(x), with C small paths T_i.

    One grouped convolution computes all paths at once: 1x1 to C d channels, 3x3 in C groups of d, 1x1 back.

    Args:    channels_in, channels_out: of x and of the result.
             stride: of the first 1x1 convolution, as in `Bottleneck`.
             cardinality: C, number of paths.
             width: d, channels of each.
    Raises:  ValueError: a number below 1.
    Source:  Xie et al. (2017), figure 3c; slide "ResNext". Differs: the authors' code has the stride in the 3x3
             convolution; here both networks have it in the same place, so that their costs can be compared.

    Example:
        >>> ResNeXtBottleneck(8, 16, 2, cardinality=4, width=2)(np.zeros((2, 8, 6, 6), np.float32)).shape
        (2, 16, 3, 3)
    """

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
        return relu(self.bn2(self.conv2(relu(self.bn1(self.conv1(x))))))


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
        return self.conv2(relu(self.bn2(self.conv1(relu(self.bn1(x))))))


class DenseBlock(nn.Module):
    r"""x_l = H_l([x_0, x_1, ..., x_{l-1}]): every layer sees the maps of all layers before it, side by side.

    Args:    channels_in: of x_0.
             layers: number of layers H_l.
             growth: k, new channels from each layer.
    Raises:  ValueError: a number below 1.
    Source:  Huang et al. (2017), equation 2; slide "Improving ConvNets: Dense connections". Differs: none (the BC
             variant, with 1x1 convolutions to 4 k channels).

    Example:
        >>> DenseBlock(8, layers=3, growth=4)(np.zeros((2, 8, 5, 5), np.float32)).shape
        (2, 20, 5, 5)
    """

    def __init__(self, channels_in, layers, growth):
        super().__init__()
        contract.check_dense_block(channels_in, layers, growth)
        self.layers = nn.ModuleList(DenseLayer(channels_in + i * growth, growth) for i in range(layers))

    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, channels_in + layers growth, height, width)."""
        contract.check_images(self, x.shape, self.layers[0].bn1.num_features)
        for layer in self.layers:
            x = engine.concatenate([x, layer(x)], axis=1)
        return x


class Transition(nn.Module):
    r"""Between dense blocks: BN relu 1x1 to fewer channels, then 2x2 mean pooling.

    Args:    channels_in, channels_out: before and after.
    Raises:  ValueError: a number below 1; an image smaller than 2 x 2.
    Source:  Huang et al. (2017), section 3; slide "Improving ConvNets: Dense connections". Differs: none.

    Example:
        >>> Transition(8, 4)(np.zeros((2, 8, 6, 6), np.float32)).shape
        (2, 4, 3, 3)
    """

    def __init__(self, channels_in, channels_out):
        super().__init__()
        contract.check_block("Transition", channels_in, channels_out, 1)
        self.bn = BatchNorm2d(channels_in)
        self.conv = convolution(channels_in, channels_out, 1)

    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, channels_out, height // 2, width // 2)."""
        contract.check_images(self, x.shape, self.conv.in_channels)
        contract.check_halving(x.shape)
        return engine.mean_pool2d(self.conv(relu(self.bn(x))), 2)


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
        x = relu(self.bn(self.conv(x)))
        return engine.max_pool2d(x, 3, 2, 1) if self.style == "imagenet" else x
