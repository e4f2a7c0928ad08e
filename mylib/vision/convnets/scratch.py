"""Plain, residual, aggregated and dense networks, what they cost and what their layers respond to, in NumPy.

The blocks stand in `scratch_blocks`, here they are stacked, and `scratch_tracing` looks into them. Notation: images x
are (batch, channels, height, width).
"""

from mylib.engine import nn, relu
from mylib.vision.convnets import contract
from mylib.vision.convnets.plans import plan
from mylib.vision.convnets.scratch_blocks import (
    BasicBlock,
    BatchNorm2d,
    Bottleneck,
    DenseBlock,
    Dropout,
    PlainBlock,
    ResNeXtBottleneck,
    Stem,
    Transition,
    convolution,
)
from mylib.vision.convnets.scratch_tracing import count_multiply_adds, maximise_activation

__all__ = [
    "BatchNorm2d",
    "Dropout",
    "BasicBlock",
    "Bottleneck",
    "ResNeXtBottleneck",
    "PlainNet",
    "ResNet",
    "ResNeXt",
    "DenseBlock",
    "Transition",
    "DenseNet",
    "count_parameters",
    "count_multiply_adds",
    "maximise_activation",
]


class PlainNet(nn.Module):
    r"""Layers on top of each other, x_{l+1} = F_l(x_l): what went wrong before residual connections.

    Args:    depth: 18 or 34; or 6 n + 2, in the "cifar" style.
             classes: number of scores.
             channels_in: of the images.
             width: channels of the first stage; None is the paper's (64, or 16 in the "cifar" style).
             style: "imagenet" (7x7 stem with stride and pooling, four stages), "cifar" (3x3 stem, three stages), or
                 None: whichever has the depth.
             batch_norm: whether a norm follows each convolution.
    Raises:  ValueError: a depth that is none; images with another number of channels.
    Source:  He et al. (2015), table 1 and section 4.2; slide "Improving ConvNets: Residual connections". Differs: none.

    Example:
        >>> import numpy as np
        >>> PlainNet(8, classes=10, channels_in=1)(np.zeros((2, 1, 8, 8), np.float32)).shape
        (2, 10)
    """

    def __init__(self, depth, classes=1000, channels_in=3, width=None, style=None, batch_norm=True):
        super().__init__()
        contract.check_network("PlainNet", classes, channels_in)
        plan_ = plan("PlainNet", depth, style, width, bottleneck=False)
        self.stem = Stem(channels_in, plan_.width, plan_.style, batch_norm)
        self.stages = stack(plan_, lambda *shape: PlainBlock(*shape, batch_norm))
        self.linear = nn.Linear(plan_.blocks()[-1][-1][1], classes)

    def forward(self, x):
        """Scores. Shapes (batch, channels_in, height, width) to (batch, classes)."""
        return self.linear(self.stages(self.stem(x)).mean((2, 3)))


class ResNet(nn.Module):
    r"""x_{l+1} = x_l + F_l(x_l): each block adds to what it was given.

    Args:    depth: 18, 34 (basic blocks), 50, 101, 152, 200 (bottlenecks); or 6 n + 2 in the "cifar" style.
             classes, channels_in, width, style: as for `PlainNet`.
             order: of the residual unit, see `BasicBlock`.
             shortcut: where the shape changes, see `BasicBlock`.
    Raises:  ValueError: as `PlainNet`, or an unknown order or shortcut.
    Source:  He et al. (2015), table 1; He et al. (2016) for the orders; slides "ResNet", "No degradation anymore".
             Differs: the last block of a pre-activation network is followed by (norm and) ReLU as in the paper, but its
             first block too begins with them, so that all blocks are alike.

    Example:
        >>> import numpy as np
        >>> count_parameters(ResNet(20, classes=10)), ResNet(20, classes=10)(np.zeros((2, 3, 8, 8), np.float32)).shape
        (272474, (2, 10))
    """

    def __init__(
        self,
        depth,
        classes=1000,
        channels_in=3,
        width=None,
        style=None,
        order="original",
        shortcut="projection",
    ):
        super().__init__()
        contract.check_network("ResNet", classes, channels_in)
        plan_ = plan("ResNet", depth, style, width)
        block = Bottleneck if plan_.bottleneck else BasicBlock
        last = plan_.blocks()[-1][-1][1]
        self.stem = Stem(channels_in, plan_.width, plan_.style)
        self.stages = stack(plan_, lambda *shape: block(*shape, order, shortcut))
        self.norm = BatchNorm2d(last) if order == "full_preactivation" else nn.Identity()
        self.linear = nn.Linear(last, classes)
        self.order = order

    # The same text on both sides: it passes on what layers return, which have their own mathematics.
    def forward(self, x):
        """Scores. Shapes (batch, channels_in, height, width) to (batch, classes)."""
        x = self.norm(self.stages(self.stem(x)))
        if self.order.endswith("preactivation"):  # nothing followed the last addition yet
            x = relu(x)
        return self.linear(x.mean((2, 3)))


class ResNeXt(nn.Module):
    r"""ResNet whose bottlenecks are sums of many small paths: y = x + sum_{i=1}^{C} T_i(x).

    Args:    depth: 50, 101, 152 or 200.
             cardinality: C, number of paths.
             width: channels of each in the first stage; the other stages double it as they go.
             classes, channels_in: as for `PlainNet`.
    Raises:  ValueError: a depth that is none, or a number below 1.
    Source:  Xie et al. (2017), table 1; slide "ResNext". Differs: stride in the first 1x1, see `ResNeXtBottleneck`.

    Example:
        >>> import numpy as np
        >>> ResNeXt(50, cardinality=2, width=2, classes=10)(np.zeros((2, 3, 32, 32), np.float32)).shape
        (2, 10)
    """

    # The same text on both sides: it stacks units by the shared plan; a class belongs to one module.
    def __init__(self, depth, cardinality=32, width=4, classes=1000, channels_in=3):
        super().__init__()
        contract.check_network("ResNeXt", classes, channels_in)
        plan_ = plan("ResNeXt", depth, "imagenet")
        if not plan_.bottleneck:
            raise ValueError(f"ResNeXt: expected depth of 50, 101, 152 or 200, got {depth}")
        self.stem = Stem(channels_in, plan_.width, plan_.style)
        self.stages = stack(
            plan_,
            lambda before, after, stride: ResNeXtBottleneck(before, after, stride, cardinality, width * after // 256),
        )
        self.linear = nn.Linear(2048, classes)

    def forward(self, x):
        """Scores. Shapes (batch, channels_in, height, width) to (batch, classes)."""
        return self.linear(self.stages(self.stem(x)).mean((2, 3)))


class DenseNet(nn.Module):
    r"""Dense blocks with transitions that halve the channels and the image.

    Args:    growth: k, new channels from each layer.
             blocks: layers in each dense block.
             classes, channels_in: as for `PlainNet`.
             style: "imagenet" or "cifar", the stem.
    Raises:  ValueError: no blocks, a number below 1, an unknown style; images of other channels, or too small for the
                 transitions.
    Source:  Huang et al. (2017), table 1, DenseNet-BC; slide "Improving ConvNets: Dense connections". Differs: none.

    Example:
        >>> count_parameters(DenseNet(12, (16, 16, 16), classes=10, style="cifar"))  # DenseNet-BC-100: 0.8 million
        769162
    """

    def __init__(self, growth=32, blocks=(6, 12, 24, 16), classes=1000, channels_in=3, style="imagenet"):
        super().__init__()
        contract.check_network("DenseNet", classes, channels_in)
        contract.check_dense_network(growth, blocks, style)
        self.channels_in, channels = channels_in, 2 * growth
        # Each dense layer begins with a norm, so that a small image's stem is a convolution and nothing else.
        small = style == "cifar"
        self.stem = convolution(channels_in, channels, 3) if small else Stem(channels_in, channels, style)
        parts = []
        for i, layers in enumerate(blocks):
            if i:
                parts.append(Transition(channels, channels // 2))
                channels //= 2
            parts.append(DenseBlock(channels, layers, growth))
            channels += layers * growth
        self.stages = nn.Sequential(*parts)
        self.norm = BatchNorm2d(channels)
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        """Scores. Shapes (batch, channels_in, height, width) to (batch, classes)."""
        contract.check_images(self, x.shape, self.channels_in)
        return self.linear(relu(self.norm(self.stages(self.stem(x)))).mean((2, 3)))


def stack(plan_, make_block):
    """All blocks of a plan: a sequence of stages, each a sequence of blocks."""
    return nn.Sequential(*(nn.Sequential(*(make_block(*shape) for shape in stage)) for stage in plan_.blocks()))


def count_parameters(model):
    """Numbers that training changes: weights, biases, and the scales and shifts of the norms.

    Args:    model: any module.
    Returns: a count; a shared parameter counts once, running statistics do not count.
    Source:  elementary; slide "ResNext". Differs: none.

    Example:
        >>> count_parameters(BasicBlock(16, 16))  # 2 (9 x 16 x 16) + 2 (16 + 16)
        4672
    """
    return sum(parameter.size for parameter in model.parameters())
