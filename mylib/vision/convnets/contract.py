"""What both sides of convnets promise: the options of units and networks, and what they refuse.

Only shapes and plain numbers come in; what a network of a given depth is made of stands in `plans`.
"""

import numbers

from mylib.shared import expect, expect_choice, expect_range

# The residual units of He et al. (2016), "Identity mappings", figure 4 (a) to (e).
ORDERS = (
    "original",
    "bn_after_addition",
    "relu_before_addition",
    "relu_only_preactivation",
    "full_preactivation",
)
# Shortcuts where the shape changes, in the words of He et al. (2015), section 3.3: B and A.
SHORTCUTS = ("projection", "padding")
STYLES = ("imagenet", "cifar")


# units


def check_block(block, channels_in, channels_out, stride, order="original", shortcut="projection", divisor=1):
    """What a unit is made with; `divisor`: of the channels that come out."""
    expect_choice(block, ORDERS, order=order)
    expect_choice(block, SHORTCUTS, shortcut=shortcut)
    if channels_in < 1 or channels_out < 1 or channels_out % divisor or stride < 1:
        raise ValueError(
            f"{block}: expected channels_in and stride of at least 1 and channels_out a multiple of {divisor}, got "
            f"{channels_in}, {stride} and {channels_out}"
        )
    if shortcut == "padding" and channels_out < channels_in:
        raise ValueError(
            f"{block}: a padded shortcut cannot go from {channels_in} to {channels_out} channels; use 'projection'"
        )


def check_paths(cardinality, width):
    """How many paths a unit of ResNeXt has, and how wide each is."""
    expect_range("ResNeXtBottleneck", 1, None, cardinality=cardinality, width=width)


def check_dense_block(channels_in, layers, growth):
    """What a dense block is made with."""
    expect_range("DenseBlock", 1, None, channels_in=channels_in, layers=layers, growth=growth)


def check_batch_norm(momentum):
    """Weight of a new batch in the running averages; the engine's layer refuses another one itself."""
    if not 0 <= momentum <= 1:
        raise ValueError(f"BatchNorm2d: momentum={momentum}, expected a number in [0, 1]")


def check_batch(shape):
    """That there is a batch to normalise; with one value per channel, torch's layer says so itself."""
    if not shape[0]:
        raise ValueError(f"BatchNorm2d: x {tuple(shape)} has 0 value per channel; training needs at least 2")


def check_images(module, shape, channels):
    """A batch of images with so many channels, of at least one pixel; `module` sees them."""
    name = type(module).__name__
    expect(name, images=(shape, f"batch {channels} height width"))
    if min(shape[2:]) < 1:
        raise ValueError(
            f"{name}: expected images (batch, {channels}, height, width) of at least one pixel, got {tuple(shape)}"
        )


def check_halving(shape):
    """Images that a transition can halve."""
    if min(shape[2:]) < 2:
        raise ValueError(
            f"Transition: expected an image of at least 2 x 2, got {tuple(shape)}; use larger images or fewer blocks"
        )


# networks


def check_network(network, classes, channels_in):
    """That there is something to see and something to tell."""
    expect_range(network, 1, None, classes=classes, channels_in=channels_in)


def check_dense_network(growth, blocks, style):
    """What a dense network is made with, beyond classes and channels."""
    if style not in STYLES or not len(blocks) or min(blocks) < 1 or growth < 1:
        raise ValueError(
            "DenseNet: expected growth of at least 1, blocks of at least one layer each and style 'imagenet' or "
            f"'cifar', got {growth}, {blocks} and {style!r}"
        )


# looking into networks


def image_shape(model, image_size, channels):
    """The shape of an image from a number, (height, width), or a full shape; `channels` may be None."""
    if isinstance(image_size, numbers.Integral):
        image_size = (int(image_size),) * 2
    if not isinstance(image_size, tuple | list):
        raise TypeError(f"count_multiply_adds: expected image_size as an integer or several, got {image_size!r}")
    shape = tuple(image_size)
    if len(shape) == 2 and channels is None:
        raise ValueError(
            f"count_multiply_adds: {type(model).__name__} has no convolution that says how many channels an image "
            "has; give image_size as (channels, height, width)"
        )
    shape = (channels, *shape) if len(shape) == 2 else shape
    if len(shape) not in (3, 4) or min(shape) < 1:
        raise ValueError(
            "count_multiply_adds: expected image_size as a number, (height, width), (channels, height, width) or "
            f"(channels, time, height, width), at least 1 each, got {image_size!r}"
        )
    return shape


def check_ascent(layer, layers, steps, decay, blur):
    """The layer to look at, of those that there are, and the options of the ascent."""
    if layer not in layers:
        raise ValueError(f"maximise_activation: expected a layer of {sorted(layers)}, got {layer!r}")
    if steps < 0 or not 0 <= decay < 1 or not 0 <= blur <= 1:
        raise ValueError(
            "maximise_activation: expected steps of at least 0, decay in [0, 1) and blur in [0, 1], got "
            f"{steps}, {decay} and {blur}"
        )


def as_channels(channel):
    """A channel's index, or a sequence of at least one, as a list of whole numbers."""
    several = channel.tolist() if hasattr(channel, "tolist") else channel
    several = list(several) if isinstance(several, list | tuple | range) else [several]
    if not several or not all(isinstance(c, numbers.Integral) and not isinstance(c, bool) for c in several):
        raise ValueError(
            f"maximise_activation: expected a channel's index, or a sequence of at least one, got {channel!r}"
        )
    return [int(c) for c in several]


def check_channels(channels, count):
    """Indices of channels of an output that has `count`."""
    if min(channels) < 0 or max(channels) >= count:
        raise ValueError(f"maximise_activation: expected channels from 0 to {count - 1}, got {channels}")
