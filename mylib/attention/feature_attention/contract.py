"""What both sides of feature_attention promise: the kinds of attention, and what they refuse."""

from mylib.shared import expect, expect_choice

KINDS = ("se", "cbam")


def check_reduction(module, channels, reduction):
    """Channels that can be squeezed that many times."""
    if channels < 1 or reduction < 1 or channels % reduction:
        raise ValueError(
            f"{module}: expected channels that the reduction divides, at least 1 each, got {channels} channels and "
            f"reduction {reduction}; use a reduction that divides {channels}"
        )


def check_kernel(kernel):
    """A window with a middle, so that the map keeps its size."""
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(
            f"SpatialAttention: expected an odd kernel of at least 1, so that each window has a middle, got {kernel}; "
            f"use {max(1, kernel + 1)}"
        )


def check_maps(module, shape, channels=None):
    """A batch of feature maps of at least one pixel, with so many channels (None: any); `module` sees them."""
    axes = f"batch {channels or 'channels+'} height+ width+"
    expect(type(module).__name__, **{"feature maps": (shape, axes)})


def check_attend(resnet, units, gates, kind):
    """A known kind, and residual units that are there, all without a gate."""
    expect_choice("attend", KINDS, kind=kind)
    if not units:
        raise TypeError(
            f"attend: expected a network of residual units, such as convnets' ResNet, got {type(resnet).__name__} "
            "without any; put a single unit into a Sequential"
        )
    if gates:
        raise ValueError(
            f"attend: expected a network without attention, got one with {len(gates)} gates already; build a new one"
        )
