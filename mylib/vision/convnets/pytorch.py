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

from mylib.shared.docstrings import complete_from_twin
from mylib.vision.convnets import contract
from mylib.vision.convnets.plans import plan
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
    """Layers on top of each other, without shortcuts."""

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
    """Each block adds to what it was given."""

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
            x = torch.relu(x)
        return self.linear(x.mean((2, 3)))


class ResNeXt(nn.Module):
    """ResNet whose bottlenecks are sums of many small paths, in one grouped convolution."""

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
    """Dense blocks with transitions that halve the channels and the image."""

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
        return self.linear(torch.relu(self.norm(self.stages(self.stem(x)))).mean((2, 3)))


def stack(plan_, make_block):
    """All blocks of a plan: a sequence of stages, each a sequence of blocks."""
    return nn.Sequential(*(nn.Sequential(*(make_block(*shape) for shape in stage)) for stage in plan_.blocks()))


def count_parameters(model):
    """Numbers that training changes: weights, biases, and the scales and shifts of the norms."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_multiply_adds(model, image_size):
    r"""Multiplications (each with its addition) that one image costs in the convolutions and linear layers.

    The model is copied to PyTorch's `meta` device, on which tensors have a shape and no values, and hooks on its layers
    read the shapes of their outputs.
    """
    transposed = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    convolutions = (nn.Conv1d, nn.Conv2d, nn.Conv3d, *transposed)
    channels = next((layer.in_channels for layer in model.modules() if isinstance(layer, convolutions)), None)
    shape = contract.image_shape(model, image_size, channels)
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


def maximise_activation(model, layer, channel, image_shape, steps=100, learning_rate=0.1, decay=0.01, blur=0.2, seed=0):
    r"""The picture that a channel responds to most, by gradient ascent on the device and in the type of the weights.

    The noise to start from is NumPy's, so that both twins start from the same picture.
    """
    modules = dict(model.named_modules())
    contract.check_ascent(layer, modules, steps, decay, blur)
    channels = contract.as_channels(channel)
    noise = 0.1 * np.random.default_rng(seed).standard_normal((len(channels), *image_shape))
    weights = next(model.parameters(), torch.zeros(()))
    pictures = torch.as_tensor(noise).to(weights.device, weights.dtype)
    # The index is sent to the device once, not with every step.
    which = (
        torch.arange(len(channels), device=pictures.device),
        torch.tensor(channels, device=pictures.device),
    )
    seen, activations = {}, []

    def look(x):
        model(x)
        contract.check_channels(channels, seen["output"].shape[1])
        a = seen["output"][which].reshape(len(channels), -1).mean(1)
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


complete_from_twin(globals())
