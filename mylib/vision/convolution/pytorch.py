"""Filters with border rules, the convolutional layer, pooling and LeNet, in PyTorch.

Notation as in `scratch`. Every tensor stays on the device of its input; give `LeNet` images in
`torch.channels_last` on a GPU, its layers keep that layout.
"""

import torch
import torch.nn.functional as F
from torch import nn

__all__ = [
    "conv1d",
    "correlate2d",
    "convolve2d",
    "IDENTITY",
    "SHIFT_LEFT",
    "BOX",
    "SHARPEN",
    "conv2d",
    "output_size",
    "conv_parameters",
    "max_pool2d",
    "mean_pool2d",
    "LeNet",
]

# The four filters of the slides' "Practice examples", to be used with `correlate2d`.
IDENTITY = torch.tensor([[0, 0, 0], [0, 1, 0], [0, 0, 0]], dtype=torch.float64)
SHIFT_LEFT = torch.tensor([[0, 0, 0], [0, 0, 1], [0, 0, 0]], dtype=torch.float64)
BOX = torch.full((3, 3), 1 / 9, dtype=torch.float64)
SHARPEN = 2 * IDENTITY - BOX

BORDERS = {
    "valid": None,
    "zero": "constant",
    "wrap": "circular",
    "replicate": "replicate",
    "reflect": "reflect",
}


def conv1d(signal, kernel, padding="zero"):
    r"""y[i] = sum_u w[u] x[i + u - (k - 1) / 2]: each point becomes a weighted sum of its neighbours.

    Args:    signal: x. Shape (..., n).
             kernel: w, an odd number of weights. Shape (k,).
             padding: what stands beyond the ends, as in `correlate2d`.
    Returns: Shape (..., n), or (..., n - k + 1) for "valid".
    Raises:  ValueError: as `correlate2d`.
    Source:  slide "1D convolutions". Differs: none; the kernel is not flipped.
    """
    if kernel.ndim != 1 or signal.ndim < 1:
        raise ValueError(
            f"conv1d: expected signal (..., n) and kernel (k,), got {tuple(signal.shape)} and {tuple(kernel.shape)}"
        )
    return correlate2d(signal[..., None, :], kernel[None], padding)[..., 0, :]


def correlate2d(image, kernel, padding="valid"):
    r"""y[i, j] = sum_{u, v} w[u, v] x[i + u - (k - 1) / 2, j + v - (k - 1) / 2]: the kernel as it stands.

    Beyond the border x is: not needed, since y is smaller ("valid"); 0 ("zero"); the opposite side ("wrap"); the
    nearest pixel ("replicate"); or the image mirrored at its outermost pixel, ... 2 1 [0 1 2] ("reflect").

    Args:    image: x, also a stack of images or channels, each filtered alone. Shape (..., height, width).
             kernel: w. Shape (k_h, k_w), odd unless padding is "valid".
             padding: the border rule.
    Returns: Shape of the image; smaller by k - 1 for "valid".
    Raises:  ValueError: unknown rule, an even kernel where the output keeps its size, or a kernel too large.
    Source:  slides "2D convolutions", "Dealing with the border".

    Example:
        >>> correlate2d(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[0.0, 0.0, 1.0]]), padding="wrap")
        tensor([[2., 3., 1.]])
    """
    _check_filter(tuple(image.shape), tuple(kernel.shape), padding)
    stack = image.reshape(-1, 1, *image.shape[-2:])  # (images, 1, height, width)
    stack = stack.to(torch.promote_types(stack.dtype, kernel.dtype if kernel.is_floating_point() else torch.float32))
    if padding != "valid":
        height, width = kernel.shape[0] // 2, kernel.shape[1] // 2
        stack = F.pad(stack, (width, width, height, height), mode=BORDERS[padding])
    y = F.conv2d(stack, kernel.to(stack)[None, None])
    return y.reshape(*image.shape[:-2], *y.shape[-2:])


def convolve2d(image, kernel, padding="valid"):
    r"""y[i, j] = sum_{u, v} w[u, v] x[i - u + (k - 1) / 2, j - v + (k - 1) / 2]: the kernel turned by 180 degrees.

    Args:    image, kernel, padding: as in `correlate2d`.
    Returns: Shape of the image; smaller by k - 1 for "valid".
    Raises:  ValueError: as `correlate2d`.
    Source:  slide "Convolution errata".
    """
    return correlate2d(image, kernel.flip(0, 1), padding)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""y[n, o, i, j] = b[o] + sum_{c, u, v} w[o, c, u, v] x[n, c, i s + u d - p, j s + v d - p].

    Args:    x: images. Shape (batch, channels, height, width).
             weight: kernels. Shape (out, channels / groups, k_h, k_w).
             bias: Shape (out,), or None.
             stride, padding, dilation: s, p, d, each a number or (vertical, horizontal).
             groups: into how many independent groups the channels fall.
    Returns: Shape (batch, out, height', width'), see `output_size`.
    Raises:  ValueError: shapes that do not fit each other.
    Source:  LeCun et al. (1989); slides "Convolutional networks", "Multiple neurons".
    """
    if x.ndim != 4 or weight.ndim != 4 or weight.shape[1] * groups != x.shape[1] or weight.shape[0] % groups:
        raise ValueError(
            f"conv2d: expected x (batch, channels, height, width) and weight (out, channels / {groups}, k, k), "
            f"got {tuple(x.shape)} and {tuple(weight.shape)}"
        )
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)


def output_size(size, kernel, stride=1, padding=0, dilation=1):
    r"""Along one axis, how often the kernel fits: floor((n + 2 p - d (k - 1) - 1) / s) + 1.

    Args:    size: n, pixels of the input.
             kernel: k, taps; stride: s, at least 1; padding: p, on each side; dilation: d, at least 1.
    Returns: pixels of the output, found by a layer on the `meta` device, which computes shapes and nothing else.
    Raises:  ValueError: a number out of range, or a kernel larger than the padded input.
    Source:  slides "2D convolutions", "Multiple neurons"; Dumoulin and Visin (2016).

    Example:
        >>> output_size(7, kernel=3), output_size(32, kernel=5, padding=2)
        (5, 32)
    """
    if min(size, kernel, stride, dilation) < 1 or padding < 0:
        raise ValueError(
            "output_size: expected size, kernel, stride and dilation of at least 1 and padding of at least 0, got "
            f"{size}, {kernel}, {stride}, {dilation} and {padding}"
        )
    if dilation * (kernel - 1) + 1 > size + 2 * padding:
        raise ValueError(
            f"output_size: expected a kernel that fits, got {kernel} taps with dilation {dilation} on {size} with "
            f"padding {padding}; pad more, or use a smaller kernel or dilation"
        )
    layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation, device="meta")
    return layer(torch.empty(1, 1, size, device="meta")).shape[-1]


def conv_parameters(channels_in, channels_out, kernel, groups=1, bias=True):
    r"""Parameters of a convolutional layer, counted on the layer itself (on the `meta` device, without memory).

    Args:    channels_in: C, depth of the input; channels_out: D, number of filters.
             kernel: k, a number or (height, width).
             groups: into how many independent groups the channels fall.
             bias: whether each filter has one.
    Returns: D (k k C / groups + 1).
    Raises:  ValueError: channels that the groups do not divide.
    Source:  slide "Filter and layer dimensionality".

    Example:
        >>> conv_parameters(3, 10, kernel=5)
        760
    """
    if groups < 1 or channels_in % groups or channels_out % groups:
        raise ValueError(
            f"conv_parameters: expected channels that {groups} groups divide, got {channels_in} and {channels_out}"
        )
    layer = nn.Conv2d(channels_in, channels_out, kernel, groups=groups, bias=bool(bias), device="meta")
    return sum(parameter.numel() for parameter in layer.parameters())


def max_pool2d(x, kernel, stride=None, padding=0):
    r"""The largest value of each window; of several, the first in row-major order gets the gradient.

    Args:    x: images. Shape (batch, channels, height, width).
             kernel: of the window, a number or (height, width).
             stride: a number or pair; None is the kernel.
             padding: a number or pair, at most half the kernel; padded places never win.
    Returns: Shape (batch, channels, height', width').
    Source:  slide "Max pooling".
    """
    return F.max_pool2d(x, kernel, stride, padding)


def mean_pool2d(x, kernel, stride=None, padding=0):
    r"""The mean of each window; padded zeros count as values.

    Args:    x, kernel, stride, padding: as in `max_pool2d`.
    Returns: Shape (batch, channels, height', width').
    Source:  slide "Pooling image regions".
    """
    return F.avg_pool2d(x, kernel, stride, padding)


class LeNet(nn.Module):
    r"""Two convolutions with pooling, then three fully connected layers; 61,706 parameters for ten classes.

    Args:    classes: number of scores.
    Raises:  ValueError: classes below 1; images of another size than 28 x 28 with one channel.
    Source:  LeCun et al. (1998); slide "The Convolutional Network". Differs: as in `scratch.LeNet`.
    """

    def __init__(self, classes=10):
        super().__init__()
        if classes < 1:
            raise ValueError(f"LeNet: expected classes of at least 1, got {classes}")
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.linear1 = nn.Linear(16 * 5 * 5, 120)
        self.linear2 = nn.Linear(120, 84)
        self.linear3 = nn.Linear(84, classes)

    def forward(self, x):
        """Scores of each class. Shapes (batch, 1, 28, 28) to (batch, classes)."""
        if x.shape[1:] != (1, 28, 28):
            raise ValueError(
                f"LeNet: expected images of shape (batch, 1, 28, 28), got {tuple(x.shape)}; resize or pad them"
            )
        x = F.max_pool2d(torch.relu(self.conv1(x)), 2)  # (batch, 6, 14, 14)
        x = F.max_pool2d(torch.relu(self.conv2(x)), 2)  # (batch, 16, 5, 5)
        x = x.flatten(1)  # (batch, 400)
        return self.linear3(torch.relu(self.linear2(torch.relu(self.linear1(x)))))


def _check_filter(image, kernel, padding):
    if padding not in BORDERS:
        raise ValueError(f"correlate2d: expected padding of {tuple(BORDERS)}, got {padding!r}")
    if len(image) < 2 or len(kernel) != 2:
        raise ValueError(f"correlate2d: expected image (..., height, width) and a 2D kernel, got {image} and {kernel}")
    if padding != "valid" and (kernel[0] % 2 == 0 or kernel[1] % 2 == 0):
        raise ValueError(
            f"correlate2d: expected an odd kernel, so that it has a middle, got {kernel}; use padding='valid'"
        )
    for size, k in zip(image[-2:], kernel, strict=True):
        if size < (k if padding == "valid" else k // 2 + 1):
            raise ValueError(f"correlate2d: expected a kernel that fits the image {image}, got {kernel}")
