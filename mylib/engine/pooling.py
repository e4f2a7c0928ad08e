r"""Pooling: one number for each window of an image.

A window's maximum is the maximum of its rows' maxima, and its sum the sum of its rows' sums, so both poolings run
in two stages, along the width and then along the height, each by comparing (adding) whole shifted slices.
"""

import numpy as np

from mylib.engine.convolution import per_axis
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


def max_pool2d_backward(gradient, needs, image, rows, y, kernel, stride, padding):
    """dL/dx = g at the first maximum of each window, summed over the windows, else 0."""
    to_rows = max_along_backward(gradient, rows, y, 2, kernel[0], stride[0])
    to_image = max_along_backward(to_rows, image, rows, 3, kernel[1], stride[1])
    return (inside(to_image, padding),)


def max_along(x, axis, kernel, stride):
    """The maxima of the windows along one axis."""
    first, *others = shifted(x, axis, kernel, stride)
    if not others:
        return first.copy(order="K")
    y = np.maximum(first, others[0])
    for other in others[1:]:
        np.maximum(y, other, out=y)
    return y


def max_along_backward(gradient, x, y, axis, kernel, stride):
    """Give g to the first element that equals the window's maximum; what no other took is the last one's."""
    to_x = np.zeros_like(x)
    targets = shifted(to_x, axis, kernel, stride)
    for values, target in zip(shifted(x, axis, kernel, stride)[:-1], targets, strict=False):
        given = (values == y).astype(gradient.dtype)
        given *= gradient
        gradient = gradient - given
        give(target, given, kernel > stride)
    give(targets[-1], gradient, kernel > stride)
    return to_x


def give(target, gradient, overlapping):
    """Add to what is there; where windows do not overlap nothing is, and writing is twice as fast."""
    if overlapping:
        target += gradient
    else:
        target[...] = gradient


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


def sum_along(x, axis, kernel, stride):
    """The sums of the windows along one axis."""
    first, *others = shifted(x, axis, kernel, stride)
    y = first.copy(order="K")
    for other in others:
        y += other
    return y


def sum_along_backward(gradient, shape, axis, kernel, stride):
    """Give g to every element of the window."""
    to_x = np.zeros(shape, gradient.dtype)
    for target in shifted(to_x, axis, kernel, stride):
        give(target, gradient, kernel > stride)
    return to_x


def shifted(x, axis, kernel, stride):
    """The first elements of all windows along an axis, their second elements, and so on: views."""
    windows = (x.shape[axis] - kernel) // stride + 1
    before = (slice(None),) * axis
    return [x[(*before, slice(k, k + (windows - 1) * stride + 1, stride))] for k in range(kernel)]


def surround(x, padding, value):
    """x with a constant around its last two axes; x itself where there is no padding."""
    if not any(padding):
        return x
    return np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), constant_values=value)


def inside(image, padding):
    """What `surround` put the constant around: a view."""
    return image[:, :, padding[0] : image.shape[2] - padding[0], padding[1] : image.shape[3] - padding[1]]


def check_windows(operation, x, kernel, stride, padding):
    """Kernel, stride and padding as pairs, or a ValueError."""
    stride = kernel if stride is None else stride
    kernel, stride, padding = per_axis(operation, 2, kernel=kernel, stride=stride, padding=padding)
    if len(x) != 4:
        raise ValueError(f"{operation}: got x of shape {x}, expected (batch, channels, height, width)")
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(f"{operation}: padding {padding} is more than half the kernel {kernel}; pad x first")
    if any(n + 2 * p < k for n, p, k in zip(x[2:], padding, kernel, strict=True)):
        raise ValueError(
            f"{operation}: window {kernel} is larger than the image {x[2:]} with padding {padding}"
        )
    return kernel, stride, padding
