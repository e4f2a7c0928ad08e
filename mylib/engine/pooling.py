r"""Pooling: one number for each window of an image."""

import numpy as np

from mylib.engine.contract import check_windows
from mylib.engine.fast.pooling import max_along, max_along_backward, sum_along, sum_along_backward
from mylib.engine.tensor import float_tensor, record


def max_pool2d(x, kernel, stride=None, padding=0):
    """y[n, c, i, j] = the largest value in the window at (i s - p, j s - p).

    Args:
        x: images, shape (batch, channels, height, width).
        kernel: height and width of the window: a number or a pair.
        stride: s, a number or pair; None is the kernel.
        padding: p, a number or pair, at most half the kernel; padded places never win.

    Returns:
        Tensor of shape (batch, channels, height', width'), height' = floor((height + 2 p - kernel) / s) + 1.

    Raises:
        ValueError: x is not a batch of images, a window does not fit, or the padding is too large.

    Example:
        >>> max_pool2d([[[[1.0, 2.0, 5.0, 0.0], [4.0, 3.0, 0.0, 6.0]]]], 2).data
        array([[[[4., 6.]]]], dtype=float32)

    Source: Zhou and Chellappa (1988). Differs: none.
    Of several equal maxima the first in row-major order gets the whole gradient, as in torch.
    """
    x = float_tensor(x, "max_pool2d")
    kernel, stride, padding = check_windows("max_pool2d", x.shape, kernel, stride, padding)
    image = surround(x._data, padding, -np.inf)
    rows = max_along(image, 3, kernel[1], stride[1])
    y = max_along(rows, 2, kernel[0], stride[0])
    return record(y, max_pool2d_backward, (image, rows, y, kernel, stride, padding), x._node)


def plain_max_pool2d(x, kernel, stride):
    """The largest value of every window of an array: a view of all windows, and one maximum over the last two axes."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return windows[:, :, :: stride[0], :: stride[1]].max(axis=(-2, -1))


def max_pool2d_backward(gradient, needs, image, rows, y, kernel, stride, padding):
    """dL/dx = g at the first maximum of each window, summed over the windows, else 0."""
    to_rows = max_along_backward(gradient, rows, y, 2, kernel[0], stride[0])
    to_image = max_along_backward(to_rows, image, rows, 3, kernel[1], stride[1])
    return (inside(to_image, padding),)


def mean_pool2d(x, kernel, stride=None, padding=0):
    """y[n, c, i, j] = the mean of the window at (i s - p, j s - p); padded zeros count as values.

    Args:    x: images, shape (batch, channels, height, width).
             kernel: height and width of the window: a number or a pair.
             stride: s, a number or pair; None is the kernel.
             padding: p, a number or pair, at most half the kernel.
    Returns: Tensor of shape (batch, channels, height', width'), sizes as for `max_pool2d`.
    Raises:  ValueError: x is not a batch of images, a window does not fit, or the padding is too large.
    Source:  LeCun et al. (1989). Differs: torch's name is avg_pool2d, with its default count_include_pad=True.

    Example:
        >>> mean_pool2d([[[[1.0, 2.0], [3.0, 6.0]]]], 2).item()
        3.0
    """
    x = float_tensor(x, "mean_pool2d")
    kernel, stride, padding = check_windows("mean_pool2d", x.shape, kernel, stride, padding)
    image = surround(x._data, padding, 0)
    y = sum_along(sum_along(image, 3, kernel[1], stride[1]), 2, kernel[0], stride[0])
    y /= kernel[0] * kernel[1]
    return record(y, mean_pool2d_backward, (image.shape, kernel, stride, padding), x._node)


def mean_pool2d_backward(gradient, needs, shape, kernel, stride, padding):
    """dL/dx = g / (kernel height x width), summed over the windows that saw x."""
    gradient = gradient / (kernel[0] * kernel[1])
    to_rows = sum_along_backward(gradient, (*gradient.shape[:3], shape[3]), 3, kernel[1], stride[1])
    return (inside(sum_along_backward(to_rows, shape, 2, kernel[0], stride[0]), padding),)


def surround(x, padding, value):
    """x with a constant around its last two axes; x itself where there is no padding."""
    if not any(padding):
        return x
    return np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), constant_values=value)


def inside(image, padding):
    """What `surround` put the constant around: a view."""
    return image[:, :, padding[0] : image.shape[2] - padding[0], padding[1] : image.shape[3] - padding[1]]
