r"""Convolution (as in every deep-learning library, cross-correlation: the kernel is not flipped) and its transpose.

The mathematics stands here; how the products are computed fast stands in fast/lowering.py.
"""

import numpy as np

from mylib.engine.contract import check_kernel, check_transposed_kernel, per_axis
from mylib.engine.fast.channels import per_channel, sum_positions
from mylib.engine.fast.lowering import correlate, input_gradient, weight_gradient
from mylib.engine.tensor import float_tensor, record


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""Slide a kernel over images and take the inner product at every place.

    y[n, o, i, j] = b[o] + sum_{c, u, v} w[o, c, u, v] x[n, c, i s + u d - p, j s + v d - p], with stride s, dilation d
    and x = 0 outside the image (padding p). With groups, output channel o sees only its group's input channels.

    Args:
        x: images, shape (batch, channels, height, width).
        weight: kernels w, shape (out, channels / groups, kernel_height, kernel_width).
        bias: b, shape (out,), or None.
        stride: s, a number or (vertical, horizontal), at least 1.
        padding: p, a number or pair of rows and columns of zeros on each side.
        dilation: d, a number or pair, at least 1.
        groups: into how many independent groups the channels fall.

    Returns:
        Tensor of shape (batch, out, height', width'), height' = floor((height + 2 p - d (k - 1) - 1) / s) + 1.

    Raises:
        ValueError: shapes do not fit each other, or the kernel is larger than the padded image.

    Example:
        >>> edge = conv2d([[[[0.0, 0.0, 1.0, 1.0]]]], weight=[[[[-1.0, 1.0]]]])
        >>> edge.data
        array([[[[0., 1., 0.]]]], dtype=float32)

    Source: LeCun et al. (1989). Differs: none.
    """
    x, weight = float_tensor(x, "conv2d"), float_tensor(weight, "conv2d")
    stride, padding, dilation = per_axis("conv2d", 2, stride=stride, padding=padding, dilation=dilation)
    check_kernel("conv2d", x.shape, weight.shape, stride, padding, dilation, groups)
    y = correlate(x._data, weight._data, stride, padding, dilation, groups)
    y, bias_node = add_bias("conv2d", y, bias)
    saved = x._data, weight._data, stride, padding, dilation, groups
    return record(y, conv_backward, saved, x._node, weight._node, bias_node)


def plain_conv2d(x, weight, stride, padding):
    """The matrix of windows times the kernels, of arrays: a row for each place, a column for each weight."""
    (rows, columns), sides = padding, weight.shape[2:]
    x = np.pad(x, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    windows = np.lib.stride_tricks.sliding_window_view(x, sides, axis=(2, 3))  # (batch, channels, h', w', kh, kw)
    windows = windows[:, :, :: stride[0], :: stride[1]].transpose(0, 2, 3, 1, 4, 5)
    y = windows.reshape(-1, weight[0].size) @ weight.reshape(len(weight), -1).T  # (batch h' w', out)
    return y.reshape(*windows.shape[:3], len(weight)).transpose(0, 3, 1, 2)


def conv3d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""`conv2d` with a third axis, time or depth: y[n, o, t, i, j] sums over c and a box (r, u, v) of the clip.

    Args:
        x: clips, shape (batch, channels, time, height, width).
        weight: kernels, shape (out, channels / groups, kernel_time, kernel_height, kernel_width).
        bias: shape (out,), or None.
        stride: a number or (time, vertical, horizontal).
        padding: a number or triple.
        dilation: a number or triple.
        groups: into how many independent groups the channels fall.

    Returns:
        Tensor of shape (batch, out, time', height', width').

    Raises:
        ValueError: as for `conv2d`.

    Source: Tran et al. (2015). Differs: none.
    """
    x, weight = float_tensor(x, "conv3d"), float_tensor(weight, "conv3d")
    stride, padding, dilation = per_axis("conv3d", 3, stride=stride, padding=padding, dilation=dilation)
    check_kernel("conv3d", x.shape, weight.shape, stride, padding, dilation, groups)
    y = correlate(x._data, weight._data, stride, padding, dilation, groups)
    y, bias_node = add_bias("conv3d", y, bias)
    saved = x._data, weight._data, stride, padding, dilation, groups
    return record(y, conv_backward, saved, x._node, weight._node, bias_node)


def conv_backward(gradient, needs, x, weight, stride, padding, dilation, groups):
    """dL/dx = g correlated back through the kernel, dL/dw = g correlated with x, dL/db = g summed over positions."""
    options = stride, padding, dilation, groups
    to_x = needs[0] and input_gradient(gradient, weight, x.shape[2:], *options)
    to_w = needs[1] and weight_gradient(x, gradient, weight.shape[2:], *options)
    return to_x, to_w, needs[2] and sum_positions(gradient)


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    r"""The transpose (adjoint) of `conv2d`: every value of x puts a scaled copy of the kernel into y.

    y[n, o, i s + u d - p, j s + v d - p] += w[c, o, u, v] x[n, c, i, j]; what falls outside y is dropped. As a linear
    map it is conv2d's matrix transposed, so <conv2d(a, w), x> = <a, conv_transpose2d(x, w)> for all a and x.

    Args:
        x: shape (batch, channels, height, width).
        weight: w, shape (channels, out / groups, kernel_height, kernel_width).
        bias: shape (out,), or None.
        stride: s, a number or pair, at least 1.
        padding: p, a number or pair: rows and columns cut off on each side of y.
        output_padding: extra rows and columns at the bottom and right, less than the stride: it says which of the
            sizes that conv2d maps to x's size y shall have.
        dilation: d, a number or pair, at least 1.
        groups: into how many independent groups the channels fall.

    Returns:
        Tensor of shape (batch, out, height', width'), height' = (height - 1) s - 2 p + d (k - 1) + output_padding + 1.

    Raises:
        ValueError: shapes do not fit each other, or nothing is left of y.

    Source: Zeiler et al. (2010). Differs: torch also takes an output_padding below the dilation.
    """
    name = "conv_transpose2d"
    x, weight = float_tensor(x, name), float_tensor(weight, name)
    stride, padding, dilation, extra = per_axis(
        name, 2, stride=stride, padding=padding, dilation=dilation, output_padding=output_padding
    )
    check_transposed_kernel(name, x.shape, weight.shape, stride, extra, groups)
    lengths = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, k, s, p, d, e in zip(x.shape[2:], weight.shape[2:], stride, padding, dilation, extra, strict=True)
    )
    if min(lengths) < 1:
        raise ValueError(f"{name}: padding {padding} leaves nothing of an output of {lengths}; use less padding")
    y = input_gradient(x._data, weight._data, lengths, stride, padding, dilation, groups)
    y, bias_node = add_bias(name, y, bias)
    saved = x._data, weight._data, stride, padding, dilation, groups
    return record(y, conv_transpose_backward, saved, x._node, weight._node, bias_node)


def conv_transpose_backward(gradient, needs, x, weight, stride, padding, dilation, groups):
    """dL/dx = conv2d(g, w), dL/dw = the weight gradient of that conv2d, in which g is the image and x the result."""
    options = stride, padding, dilation, groups
    to_x = needs[0] and correlate(gradient, weight, *options)
    to_w = needs[1] and weight_gradient(gradient, x, weight.shape[2:], *options)
    return to_x, to_w, needs[2] and sum_positions(gradient)


def add_bias(operation, y, bias):
    """y plus one number per channel, in y's own memory, and the bias's entry on the tape."""
    if bias is None:
        return y, None
    bias = float_tensor(bias, operation)
    if bias.shape != y.shape[1:2]:
        raise ValueError(
            f"{operation}: bias {bias.shape} does not fit {y.shape[1]} output channels; needs ({y.shape[1]},)"
        )
    return per_channel(np.add, y, bias._data, in_place=True), bias._node
