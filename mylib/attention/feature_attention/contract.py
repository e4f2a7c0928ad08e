"""What both twins read: the checks on channels, kernels and kinds of attention."""

KINDS = ("se", "cbam")


def check_reduction(module, channels, reduction):
    """Raise unless the channels can be squeezed that many times."""
    if channels < 1 or reduction < 1 or channels % reduction:
        raise ValueError(
            f"{module}: expected channels that the reduction divides, at least 1 each, got {channels} channels and "
            f"reduction {reduction}; use a reduction that divides {channels}"
        )


def check_kernel(kernel):
    """Raise unless the window has a middle, so that the map keeps its size."""
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(
            f"SpatialAttention: expected an odd kernel of at least 1, so that each window has a middle, got {kernel}; "
            f"use {max(1, kernel + 1)}"
        )


def check_maps(module, shape, channels):
    """Raise unless this is a batch of feature maps of so many channels (None: any), of at least one pixel."""
    fits = len(shape) == 4 and shape[1] >= 1 and channels in (None, shape[1])
    if not fits or min(shape[2:]) < 1:
        raise ValueError(
            f"{type(module).__name__}: expected feature maps (batch, {channels or 'channels'}, height, width) with at "
            f"least one pixel, got {tuple(shape)}"
        )


def check_attend(resnet, units, gates, kind):
    """Raise unless there are residual units, all without a gate, and the kind is known."""
    if kind not in KINDS:
        raise ValueError(f"attend: expected kind of {KINDS}, got {kind!r}")
    if not units:
        raise TypeError(
            f"attend: expected a network of residual units, such as convnets' ResNet, got {type(resnet).__name__} "
            "without any; put a single unit into a Sequential"
        )
    if gates:
        raise ValueError(
            f"attend: expected a network without attention, got one with {len(gates)} gates already; build a new one"
        )
