"""Looking into a network while an image passes: what each layer costs, and what it responds to (NumPy)."""

import contextlib
import math

import numpy as np

from mylib import engine
from mylib.engine import nn
from mylib.vision.convnets import contract
from mylib.vision.convolution.scratch import output_size

COUNTED = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.Linear)


def count_multiply_adds(model, image_size):
    r"""Multiplications (each with its addition) that one image costs in the convolutions and linear layers.

    A convolution costs (output pixels) x (weights), a transposed one (input pixels) x (weights), a linear layer as
    many as it has weights. What the printed numbers leave out is left out here: biases, norms, activations, pooling,
    the addition of the shortcut. The projections of the shortcuts are convolutions and count.

    The model is traced, not looked up: an image goes through it in evaluation mode, while each convolution only
    notes its shapes and hands on zeros, which takes milliseconds.

    Args:    model: a module; the convolutions and linear layers that it holds as modules count, each time they run.
             image_size: pixels of a square image, (height, width), (channels, height, width), or for clips (channels,
                 time, height, width); without channels, those of the model's first convolution.
    Returns: a count.
    Raises:  TypeError: an image_size that is neither an integer nor several. ValueError: one below 1, no convolution
                 to take the channels from, or an image that the model refuses.
    Source:  He et al. (2015), table 1 ("FLOPs"); slide "ResNext" ("complexity"). Differs: the paper rounds to 0.1 G.

    Example:
        >>> count_multiply_adds(nn.Conv2d(3, 10, 5, padding=2), 32)  # 32 x 32 x (5 x 5 x 3 x 10)
        768000
    """
    counted = [layer for layer in model.modules() if isinstance(layer, COUNTED)]
    channels = next((layer.in_channels for layer in counted if not isinstance(layer, nn.Linear)), None)
    image = np.zeros((1, *contract.image_shape(model, image_size, channels)), np.float32)
    total = 0

    def trace(layer, x):
        nonlocal total
        y = shape_of_convolution(layer, x) if isinstance(layer, nn.Conv2d) else type(layer).forward(layer, x)
        if isinstance(layer, nn.Linear):
            places = y.shape[:-1]
        else:
            places = x.shape[2:] if isinstance(layer, nn.ConvTranspose2d) else y.shape[2:]
            places = (len(x), *places)  # not 1 where a model looks at the frames of a clip one by one
        total += math.prod(places) * layer.weight.size
        return y

    with evaluating(model), replaced(counted, trace), engine.no_grad():
        model(engine.as_tensor(image))
    return total


def shape_of_convolution(layer, x):
    """Zeros of the shape that a convolution's output has."""
    if x.shape[1] != layer.in_channels:
        raise ValueError(f"count_multiply_adds: expected {layer.in_channels} channels, got an image {x.shape}")
    options = (x.shape[2:], layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    sizes = [output_size(*axis) for axis in zip(*options, strict=True)]
    return engine.as_tensor(np.zeros((len(x), layer.out_channels, *sizes), np.float32))


def maximise_activation(model, layer, channel, image_shape, steps=100, learning_rate=0.1, decay=0.01, blur=0.2, seed=0):
    r"""The picture that a channel responds to most: gradient ascent on the image, with the weights held fixed.

    Starting from faint noise, with a = the channel's activation averaged over its map, and g = da/dx:

        x <- blur((1 - decay) x + learning_rate g / rms(g))

    The decay keeps pixels that do not matter grey; the blur mixes each pixel with the mean of its four neighbours and
    keeps out patterns of single pixels, which please a network and no eye.

    Args:    model: a module, used in evaluation mode.
             layer: dotted name of the module to look at, as in `named_modules`; "" is the model's own output.
             channel: index into the axis 1 of its output, or a sequence of them, one picture each.
             image_shape: (channels, height, width) of the picture.
             steps: of the ascent.
             learning_rate: change of a typical pixel in one step.
             decay: share that each step takes away, in [0, 1).
             blur: share of the neighbours, in [0, 1].
             seed: of the noise.
    Returns: the pictures, shape (k, channels, height, width), and the activations before each step and after the
                 last one, shape (steps + 1, k).
    Raises:  ValueError: a layer or channel that the model does not have, or an option out of range.
    Source:  Erhan et al. (2009); Yosinski et al. (2015); slide "What does each layer learn?". Differs: the gradient is
             divided by its root mean square, as is usual, so that one learning rate suits all layers.

    Example:
        >>> pictures, activations = maximise_activation(nn.Conv2d(1, 2, 3), "", 1, (1, 5, 5), steps=10)
        >>> pictures.shape, bool(activations[-1] > activations[0])
        ((1, 1, 5, 5), True)
    """
    modules = dict(model.named_modules())
    contract.check_ascent(layer, modules, steps, decay, blur)
    channels = contract.as_channels(channel)
    noise = 0.1 * np.random.default_rng(seed).standard_normal((len(channels), *image_shape))
    weights = next(model.parameters(), None)
    pictures = noise.astype(np.float32 if weights is None else weights.dtype)
    seen, activations = {}, []

    def keep(module, x):
        seen["output"] = type(module).forward(module, x)
        return seen["output"]

    def look(requires_grad):
        x = engine.Tensor(pictures, requires_grad=requires_grad)
        model(x)
        a = of_channels(seen["output"], channels)
        activations.append(a.numpy().copy())
        return x, a

    with evaluating(model), replaced([modules[layer]], keep), frozen(model):
        for _ in range(steps):
            x, a = look(requires_grad=True)
            a.sum().backward()
            size = np.sqrt((x.grad**2).mean((1, 2, 3), keepdims=True))
            pictures = (1 - decay) * pictures + learning_rate * x.grad / np.maximum(size, 1e-12)
            pictures = (1 - blur) * pictures + blur * neighbours(pictures)
        look(requires_grad=False)
    return pictures, np.array(activations)


def of_channels(output, channels):
    """The mean of one channel of each picture. Shape (k,)."""
    contract.check_channels(channels, output.shape[1])
    return output[np.arange(len(channels)), np.array(channels)].reshape(len(channels), -1).mean(1)


def neighbours(x):
    """The mean of the pixels above, below, left and right; beyond the border stands the pixel itself."""
    wide = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    return (wide[:, :, :-2, 1:-1] + wide[:, :, 2:, 1:-1] + wide[:, :, 1:-1, :-2] + wide[:, :, 1:-1, 2:]) / 4


@contextlib.contextmanager
def replaced(modules, forward):
    """Let `forward(module, x)` stand for the forward of these modules; it may call the old one by its class."""
    for module in modules:
        module.forward = lambda x, module=module: forward(module, x)
    try:
        yield
    finally:
        for module in modules:
            del module.forward


@contextlib.contextmanager
def evaluating(model):
    """Evaluation mode, and afterwards each module's own mode again."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.__dict__["training"] = mode


@contextlib.contextmanager
def frozen(model):
    """No gradients for the parameters: half of the work of going back is saved, and nothing is left in `.grad`."""
    wanted = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    model.requires_grad_(False)
    try:
        yield
    finally:
        for parameter, want in wanted:
            parameter.requires_grad = want
