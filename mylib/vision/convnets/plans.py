"""What both twins read: how many blocks a network of a given depth has, and the checks on its options."""

import numbers
from typing import NamedTuple

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

# He et al. (2015), table 1; 200 from He et al. (2016). Depth: blocks in each stage.
BASIC = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
BOTTLENECK = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}


class Plan(NamedTuple):
    """A network before it is built.

    Args:    style: "imagenet" or "cifar".
             counts: blocks in each stage.
             bottleneck: whether they have three layers.
             width: channels of the stem; each stage after the first has twice as many as the one before.
    """

    style: str
    counts: tuple
    bottleneck: bool
    width: int

    def blocks(self):
        """For each stage, for each block: channels in, channels out and stride."""
        channels, stages = self.width, []
        for stage, count in enumerate(self.counts):
            out = self.width * 2**stage * (4 if self.bottleneck else 1)
            stages.append(
                [(channels if i == 0 else out, out, 2 if i == 0 < stage else 1) for i in range(count)]
            )
            channels = out
        return stages


def plan(network, depth, style=None, width=None, bottleneck=True):
    """The plan of a network of `depth` layers with weights (shortcuts not counted).

    Args:    network: name for the messages.
             depth: 18 or 34 (basic blocks), 50, 101, 152 or 200 (bottlenecks); or 6 n + 2 for "cifar".
             style: "imagenet", "cifar" or None: "imagenet" where that has the depth.
             width: of the stem; None is the paper's, 64 or 16.
             bottleneck: whether the network has the depths made of bottlenecks.
    Raises:  ValueError: an option that is none, or a depth that the style does not have.
    """
    known = {**BASIC, **BOTTLENECK} if bottleneck else BASIC
    if style is None:
        style = "imagenet" if depth in known else "cifar"
    if style not in STYLES:
        raise ValueError(f"{network}: expected style of {STYLES}, got {style!r}")
    if width is not None and width < 1:
        raise ValueError(f"{network}: expected width of at least 1, got {width}")
    if style == "imagenet" and depth in known:
        return Plan(style, known[depth], depth in BOTTLENECK, width or 64)
    if style == "cifar" and depth >= 8 and depth % 6 == 2:
        return Plan(style, ((depth - 2) // 6,) * 3, False, width or 16)
    raise ValueError(
        f"{network}: expected depth of {tuple(known)} for style 'imagenet', or 8, 14, 20, ... (6 n + 2) for 'cifar', "
        f"got {depth} with style {style!r}"
    )


def check_network(network, classes, channels_in):
    """Raise unless there is something to see and something to tell."""
    if classes < 1 or channels_in < 1:
        raise ValueError(
            f"{network}: expected classes and channels_in of at least 1, got {classes} and {channels_in}"
        )


def check_block(block, channels_in, channels_out, stride, order="original", shortcut="projection", divisor=1):
    """Raise unless a block can be built like this."""
    if order not in ORDERS:
        raise ValueError(f"{block}: expected order of {ORDERS}, got {order!r}")
    if shortcut not in SHORTCUTS:
        raise ValueError(f"{block}: expected shortcut of {SHORTCUTS}, got {shortcut!r}")
    if channels_in < 1 or channels_out < 1 or channels_out % divisor or stride < 1:
        raise ValueError(
            f"{block}: expected channels_in and stride of at least 1 and channels_out a multiple of {divisor}, got "
            f"{channels_in}, {stride} and {channels_out}"
        )
    if shortcut == "padding" and channels_out < channels_in:
        raise ValueError(
            f"{block}: a padded shortcut cannot go from {channels_in} to {channels_out} channels; use 'projection'"
        )


def check_images(module, shape, channels):
    """Raise unless this is the shape of a batch of images with so many channels, of at least one pixel."""
    if len(shape) != 4 or shape[1] != channels or min(shape[2:]) < 1:
        raise ValueError(
            f"{type(module).__name__}: expected images of shape (batch, {channels}, height, width) with at least one "
            f"pixel, got {tuple(shape)}"
        )


def image_shape(model, image_size, channels):
    """The shape of an image from a number, (height, width), or a full shape; `channels` may be None."""
    if isinstance(image_size, numbers.Integral):
        image_size = (int(image_size),) * 2
    if not isinstance(image_size, tuple | list):
        raise TypeError(
            f"count_multiply_adds: expected image_size as an integer or several, got {image_size!r}"
        )
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
