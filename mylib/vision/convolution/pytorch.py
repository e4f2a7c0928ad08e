"""Filters with border rules, the convolutional layer, pooling and LeNet, in PyTorch.

Notation as in `scratch`. Every tensor stays on the device of its input; give `LeNet` images in
`torch.channels_last` on a GPU, its layers keep that layout.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.docstrings import complete_from_twin
from mylib.vision.convolution import contract

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

# PyTorch's names of the border rules.
MODES = {"zero": "constant", "wrap": "circular", "replicate": "replicate", "reflect": "reflect"}


def conv1d(signal, kernel, padding="zero"):
    r"""y[i] = sum_u w[u] x[i + u - (k - 1) / 2]: `correlate2d` on images of one row."""
    contract.check_signal(signal.shape, kernel.shape)
    return correlate2d(signal[..., None, :], kernel[None], padding)[..., 0, :]


def correlate2d(image, kernel, padding="valid"):
    r"""y[i, j] = sum_{u, v} w[u, v] x[i + u - (k - 1) / 2, j + v - (k - 1) / 2], by PyTorch's convolution and padding.

    Example:
        >>> correlate2d(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[0.0, 0.0, 1.0]]), padding="wrap")
        tensor([[2., 3., 1.]])
    """
    contract.check_filter(image.shape, kernel.shape, padding)
    stack = image.reshape(-1, 1, *image.shape[-2:])  # (images, 1, height, width)
    stack = stack.to(torch.promote_types(stack.dtype, kernel.dtype if kernel.is_floating_point() else torch.float32))
    if padding != "valid":
        height, width = kernel.shape[0] // 2, kernel.shape[1] // 2
        stack = F.pad(stack, (width, width, height, height), mode=MODES[padding])
    y = F.conv2d(stack, kernel.to(stack)[None, None])
    return y.reshape(*image.shape[:-2], *y.shape[-2:])


def convolve2d(image, kernel, padding="valid"):
    r"""y[i, j] = sum_{u, v} w[u, v] x[i - u + (k - 1) / 2, j - v + (k - 1) / 2]: the kernel turned by 180 degrees."""
    return correlate2d(image, kernel.flip(0, 1), padding)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""y[n, o, i, j] = b[o] + sum_{c, u, v} w[o, c, u, v] x[n, c, i s + u d - p, j s + v d - p].

    Raises:  ValueError: shapes that do not fit each other. RuntimeError: a kernel larger than the padded image.
    """
    contract.check_layer("conv2d", x.shape, weight.shape, groups)
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)


def output_size(size, kernel, stride=1, padding=0, dilation=1):
    """floor((n + 2 p - d (k - 1) - 1) / s) + 1, found by a layer on the `meta` device, which computes shapes alone."""
    contract.check_sizes(size, kernel, stride, padding, dilation)
    layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation, device="meta")
    return layer(torch.empty(1, 1, size, device="meta")).shape[-1]


def conv_parameters(channels_in, channels_out, kernel, groups=1, bias=True):
    """D (k k C / groups + 1), counted on the layer itself, on the `meta` device and so without memory."""
    contract.check_groups(channels_in, channels_out, groups)
    layer = nn.Conv2d(channels_in, channels_out, kernel, groups=groups, bias=bool(bias), device="meta")
    return sum(parameter.numel() for parameter in layer.parameters())


def max_pool2d(x, kernel, stride=None, padding=0):
    """The largest value of each window.

    Raises:  RuntimeError: a window that does not fit, or more padding.
    """
    return F.max_pool2d(x, kernel, stride, padding)


def mean_pool2d(x, kernel, stride=None, padding=0):
    """The mean of each window, by what PyTorch calls avg_pool2d.

    Raises:  RuntimeError: as `max_pool2d`.
    """
    return F.avg_pool2d(x, kernel, stride, padding)


class LeNet(nn.Module):
    """Two convolutions with pooling, then three fully connected layers."""

    def __init__(self, classes=10):
        super().__init__()
        contract.check_classes(classes)
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.linear1 = nn.Linear(16 * 5 * 5, 120)
        self.linear2 = nn.Linear(120, 84)
        self.linear3 = nn.Linear(84, classes)

    def forward(self, x):
        """Scores of each class. Shapes (batch, 1, 28, 28) to (batch, classes)."""
        contract.check_digits(x.shape)
        x = F.max_pool2d(torch.relu(self.conv1(x)), 2)  # (batch, 6, 14, 14)
        x = F.max_pool2d(torch.relu(self.conv2(x)), 2)  # (batch, 16, 5, 5)
        x = x.flatten(1)  # (batch, 400)
        return self.linear3(torch.relu(self.linear2(torch.relu(self.linear1(x)))))


complete_from_twin(globals())
