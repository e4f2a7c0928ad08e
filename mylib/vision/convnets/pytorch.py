"""Plain, residual, aggregated and dense networks, what they cost and what their layers respond to, in PyTorch.

The blocks stand in `pytorch_blocks`; here they are stacked. Notation: images x are (batch, channels, height, width).
"""

import contextlib
import copy
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from mylib.vision.convnets.plans import check_images, check_network, image_shape, plan
from mylib.vision.convnets.pytorch_blocks import (
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
    """

    def __init__(self, depth, classes=1000, channels_in=3, width=None, style=None, batch_norm=True):
        super().__init__()
        check_network("PlainNet", classes, channels_in)
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
        check_network("ResNet", classes, channels_in)
        plan_ = plan("ResNet", depth, style, width)
        block = Bottleneck if plan_.bottleneck else BasicBlock
        last = plan_.blocks()[-1][-1][1]
        self.stem = Stem(channels_in, plan_.width, plan_.style)
        self.stages = stack(plan_, lambda *shape: block(*shape, order, shortcut))
        self.norm = BatchNorm2d(last) if order == "full_preactivation" else nn.Identity()
        self.linear = nn.Linear(last, classes)
        self.order = order

    def forward(self, x):
        """Scores. Shapes (batch, channels_in, height, width) to (batch, classes)."""
        x = self.norm(self.stages(self.stem(x)))
        if self.order.endswith("preactivation"):  # nothing followed the last addition yet
            x = torch.relu(x)
        return self.linear(x.mean((2, 3)))


class ResNeXt(nn.Module):
    r"""ResNet whose bottlenecks are sums of many small paths: y = x + sum_{i=1}^{C} T_i(x).

    Args:    depth: 50, 101, 152 or 200.
             cardinality: C, number of paths.
             width: channels of each in the first stage; the other stages double it as they go.
             classes, channels_in: as for `PlainNet`.
    Raises:  ValueError: a depth that is none, or a number below 1.
    Source:  Xie et al. (2017), table 1; slide "ResNext". Differs: stride in the first 1x1, see `ResNeXtBottleneck`.
    """

    def __init__(self, depth, cardinality=32, width=4, classes=1000, channels_in=3):
        super().__init__()
        check_network("ResNeXt", classes, channels_in)
        plan_ = plan("ResNeXt", depth, "imagenet")
        if not plan_.bottleneck:
            raise ValueError(f"ResNeXt: expected depth of 50, 101, 152 or 200, got {depth}")
        self.stem = Stem(channels_in, plan_.width, plan_.style)
        self.stages = stack(
            plan_,
            lambda before, after, stride: ResNeXtBottleneck(
                before, after, stride, cardinality, width * after // 256
            ),
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
    """

    def __init__(self, growth=32, blocks=(6, 12, 24, 16), classes=1000, channels_in=3, style="imagenet"):
        super().__init__()
        check_network("DenseNet", classes, channels_in)
        if style not in ("imagenet", "cifar") or not len(blocks) or min(blocks) < 1 or growth < 1:
            raise ValueError(
                "DenseNet: expected growth of at least 1, blocks of at least one layer each and style 'imagenet' or "
                f"'cifar', got {growth}, {blocks} and {style!r}"
            )
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
        check_images(self, x.shape, self.channels_in)
        return self.linear(torch.relu(self.norm(self.stages(self.stem(x)))).mean((2, 3)))


def stack(plan_, make_block):
    """All blocks of a plan: a sequence of stages, each a sequence of blocks."""
    return nn.Sequential(
        *(nn.Sequential(*(make_block(*shape) for shape in stage)) for stage in plan_.blocks())
    )


def count_parameters(model):
    """Numbers that training changes: weights, biases, and the scales and shifts of the norms.

    Args:    model: any module.
    Returns: a count; a shared parameter counts once, running statistics do not count.
    Source:  elementary; slide "ResNext". Differs: none.
    """
    return sum(parameter.numel() for parameter in model.parameters())


def count_multiply_adds(model, image_size):
    r"""Multiplications (each with its addition) that one image costs in the convolutions and linear layers.

    What counts and what does not: see the twin. The model is copied to PyTorch's `meta` device, on which tensors have
    a shape and no values, and hooks on its layers read the shapes of their outputs.

    Args:    model: a module; the convolutions and linear layers that it holds as modules count, each time they run.
             image_size: pixels of a square image, (height, width), (channels, height, width), or for clips (channels,
                 time, height, width); without channels, those of the model's first convolution.
    Returns: a count.
    Raises:  TypeError: an image_size that is neither an integer nor several. ValueError: one below 1, no convolution
                 to take the channels from, or an image that the model refuses.
    Source:  He et al. (2015), table 1 ("FLOPs"); slide "ResNext" ("complexity"). Differs: the paper rounds to 0.1 G.
    """
    transposed = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    convolutions = (nn.Conv1d, nn.Conv2d, nn.Conv3d, *transposed)
    channels = next((layer.in_channels for layer in model.modules() if isinstance(layer, convolutions)), None)
    shape = image_shape(model, image_size, channels)
    shapes_only = copy.deepcopy(model).to("meta").eval()
    total = 0

    def count(layer, inputs, y):
        nonlocal total
        if isinstance(layer, nn.Linear):
            places = y.shape[:-1]
        else:
            places = inputs[0].shape[2:] if isinstance(layer, transposed) else y.shape[2:]
            places = (len(y), *places)  # not 1 where a model looks at the frames of a clip one by one
        total += math.prod(places) * layer.weight.numel()

    for layer in shapes_only.modules():
        if isinstance(layer, (*convolutions, nn.Linear)):
            layer.register_forward_hook(count)
    try:
        with torch.no_grad():
            shapes_only(torch.empty(1, *shape, device="meta"))
    except RuntimeError as error:
        raise ValueError(f"count_multiply_adds: an image {shape} does not fit the model: {error}") from error
    return total


def maximise_activation(
    model, layer, channel, image_shape, steps=100, learning_rate=0.1, decay=0.01, blur=0.2, seed=0
):
    r"""The picture that a channel responds to most: gradient ascent on the image, with the weights held fixed.

    Starting from faint noise, with a = the channel's activation averaged over its map, and g = da/dx:

        x <- blur((1 - decay) x + learning_rate g / rms(g))

    Args:    model: a module, used in evaluation mode, on its own device.
             layer: dotted name of the module to look at, as in `named_modules`; "" is the model's own output.
             channel: index into the axis 1 of its output, or a sequence of them, one picture each.
             image_shape: (channels, height, width) of the picture.
             steps: of the ascent.
             learning_rate: change of a typical pixel in one step.
             decay: share that each step takes away, in [0, 1).
             blur: share of the four neighbours, in [0, 1].
             seed: of the noise (NumPy's generator: the same picture to start from in both twins).
    Returns: the pictures, shape (k, channels, height, width), and the activations before each step and after the
                 last one, shape (steps + 1, k).
    Raises:  ValueError: a layer or channel that the model does not have, or an option out of range.
    Source:  Erhan et al. (2009); Yosinski et al. (2015); slide "What does each layer learn?". Differs: as the twin.
    """
    modules = dict(model.named_modules())
    if layer not in modules:
        raise ValueError(f"maximise_activation: expected a layer of {sorted(modules)}, got {layer!r}")
    if steps < 0 or not 0 <= decay < 1 or not 0 <= blur <= 1:
        raise ValueError(
            "maximise_activation: expected steps of at least 0, decay in [0, 1) and blur in [0, 1], got "
            f"{steps}, {decay} and {blur}"
        )
    channels = np.atleast_1d(channel)
    if channels.dtype.kind not in "iu" or not channels.size or channels.ndim > 1:
        raise ValueError(
            f"maximise_activation: expected a channel's index, or a sequence of at least one, got {channel!r}"
        )
    noise = 0.1 * np.random.default_rng(seed).standard_normal((len(channels), *image_shape))
    weights = next(model.parameters(), torch.zeros(()))
    pictures = torch.as_tensor(noise).to(weights.device, weights.dtype)
    seen, activations = {}, []

    def look(x):
        model(x)
        a = of_channels(seen["output"], channels)
        activations.append(a.detach())
        return a

    hook = modules[layer].register_forward_hook(lambda module, inputs, y: seen.update(output=y))
    with evaluating(model), hook:
        for _ in range(steps):
            x = pictures.requires_grad_()
            (g,) = torch.autograd.grad(look(x).sum(), x)
            size = g.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
            pictures = (1 - decay) * x.detach() + learning_rate * g / size
            pictures = (1 - blur) * pictures + blur * neighbours(pictures)
        with torch.no_grad():
            look(pictures)
    return pictures, torch.stack(activations)


def of_channels(output, channels):
    """The mean of one channel of each picture. Shape (k,)."""
    if channels.min() < 0 or channels.max() >= output.shape[1]:
        raise ValueError(
            f"maximise_activation: expected channels from 0 to {output.shape[1] - 1}, got {channels.tolist()}"
        )
    return output[range(len(channels)), channels.tolist()].reshape(len(channels), -1).mean(1)


def neighbours(x):
    """The mean of the pixels above, below, left and right; beyond the border stands the pixel itself."""
    wide = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return (wide[:, :, :-2, 1:-1] + wide[:, :, 2:, 1:-1] + wide[:, :, 1:-1, :-2] + wide[:, :, 1:-1, 2:]) / 4


@contextlib.contextmanager
def evaluating(model):
    """Evaluation mode, and afterwards each module's own mode again."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
