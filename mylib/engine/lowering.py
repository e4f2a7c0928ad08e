r"""Convolution as matrix products: the three products behind conv2d, conv3d and conv_transpose2d.

Write y = x * w for the cross-correlation of x (batch, channels, ...) with w (out, channels, ...). Each output
position sees one window of x; with the windows laid out as the rows of a matrix (positions, kernel x channels),
the whole convolution is one matrix product with the kernel. Its two gradients are products of the same matrices:

    correlate         y  = windows(x) w           weight_gradient   dw = windows(x)^T g
    input_gradient    dx = windows^T(g w^T), where windows^T adds every window back to the place it was read from

Everything works for any number of spatial axes, on channels-last memory: a window is then made of runs of
kernel-width x channels neighbours, which copies fast, and a result can be written by BLAS where it belongs. Results
are handed out as (batch, channels, ...) views of that memory; the next layer finds it in the order it wants.

Source: Chellapilla, Puri and Simard (2006) for the lowering; Cho and Brand (2017) for lowering in strips.
"""

import math
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import as_strided

BLOCK_BYTES = 1 << 19  # windows are laid out for as many samples at a time as stay in the second-level cache


def correlate(x, weight, stride, padding, dilation, groups):
    """y = x * w, shape (batch, out, ...)."""
    kernel = weight.shape[2:]
    lengths = output_lengths(x.shape[2:], kernel, stride, padding, dilation)
    image = channels_last(x, padding)
    matrix = kernel_matrix(weight, groups)
    y = np.empty((len(x), *lengths, len(weight)), np.result_type(x, weight))
    for block in sample_blocks(len(x), math.prod(lengths) * matrix[:, :, 0].size * x.itemsize):
        rows = window_rows(image[block], kernel, lengths, stride, dilation, groups)
        np.matmul(rows, matrix, out=grouped_rows(y[block], groups))
    return np.moveaxis(y, -1, 1)


def weight_gradient(x, gradient, kernel, stride, padding, dilation, groups):
    """dw = windows(x)^T g, shape (out, channels / groups, ...)."""
    image, gradient = channels_last(x, padding), channels_last(gradient)
    out, inputs = gradient.shape[-1], x.shape[1] // groups
    total = np.zeros((groups, math.prod(kernel) * inputs, out // groups), gradient.dtype)
    for block in sample_blocks(len(x), math.prod(gradient.shape[1:-1]) * total[:, :, 0].size * x.itemsize):
        rows = window_rows(image[block], kernel, gradient.shape[1:-1], stride, dilation, groups)
        total += rows.transpose(0, 2, 1) @ grouped_rows(gradient[block], groups)
    total = total.reshape(groups, -1, inputs, out // groups).transpose(0, 3, 2, 1)
    return total.reshape(out, inputs, *kernel)


def input_gradient(gradient, weight, lengths, stride, padding, dilation, groups):
    """dx for an x with the given spatial lengths, shape (batch, channels, ...)."""
    kernel, inputs = weight.shape[2:], weight.shape[1]
    gradient = channels_last(gradient)
    padded = [n + 2 * p for n, p in zip(lengths, padding, strict=True)]
    to_x = np.zeros((len(gradient), *padded, groups, inputs), np.result_type(gradient, weight))
    matrix = kernel_matrix(weight, groups).transpose(0, 2, 1)
    steps = gradient.shape[1:-1]
    for block in sample_blocks(len(gradient), math.prod(steps) * matrix[:, 0].size * gradient.itemsize):
        windows = grouped_rows(gradient[block], groups) @ matrix
        windows = windows.reshape(groups, -1, *steps, math.prod(kernel), inputs)
        windows = np.moveaxis(windows, 0, -2)  # (batch, ..., kernel, groups, channels / groups)
        for k, offset in enumerate(product(*map(range, kernel))):
            seen = tuple(
                slice(o * d, o * d + (n - 1) * s + 1, s)
                for o, d, s, n in zip(offset, dilation, stride, steps, strict=True)
            )
            to_x[(block, *seen)] += windows[..., k, :, :]
    inside = tuple(slice(p, p + n) for p, n in zip(padding, lengths, strict=True))
    to_x = to_x.reshape(*to_x.shape[:-2], groups * inputs)
    return np.moveaxis(to_x[(slice(None), *inside)], -1, 1)


def output_lengths(lengths, kernel, stride, padding, dilation):
    """How often the kernel fits along each axis: floor((n + 2 p - d (k - 1) - 1) / s) + 1."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(lengths, kernel, stride, padding, dilation, strict=True)
    )


def channels_last(x, padding=None):
    """x (batch, channels, ...) as a contiguous array (batch, ..., channels), with zeros around it."""
    x = np.moveaxis(x, 1, -1)
    if padding is None or not any(padding):
        return np.ascontiguousarray(x)
    padded = np.zeros(
        (len(x), *(n + 2 * p for n, p in zip(x.shape[1:-1], padding, strict=True)), x.shape[-1]), x.dtype
    )
    padded[(slice(None), *(slice(p, p + n) for p, n in zip(padding, x.shape[1:-1], strict=True)))] = x
    return padded


def kernel_matrix(weight, groups):
    """The kernel (out, channels / groups, ...) as matrices (groups, kernel x channels / groups, out / groups)."""
    matrix = weight.reshape(groups, len(weight) // groups, weight.shape[1], -1).transpose(0, 3, 2, 1)
    return matrix.reshape(groups, -1, len(weight) // groups)


def window_rows(image, kernel, lengths, stride, dilation, groups):
    """The windows of a channels-last image as matrices (groups, positions, kernel x channels / groups)."""
    spatial = image.strides[1:-1]
    image = image.reshape(*image.shape[:-1], groups, image.shape[-1] // groups)
    windows = as_strided(
        image,
        (groups, len(image), *lengths, *kernel, image.shape[-1]),
        (
            image.strides[-2],
            image.strides[0],
            *(n * s for n, s in zip(spatial, stride, strict=True)),
            *(n * d for n, d in zip(spatial, dilation, strict=True)),
            image.strides[-1],
        ),
        writeable=False,
    )
    return windows.reshape(groups, len(image) * math.prod(lengths), math.prod(kernel) * image.shape[-1])


def grouped_rows(y, groups):
    """A contiguous (batch, ..., channels) array as matrices (groups, positions, channels / groups): a view."""
    return y.reshape(math.prod(y.shape[:-1]), groups, y.shape[-1] // groups).transpose(1, 0, 2)


def sample_blocks(samples, bytes_per_sample):
    """Slices of samples whose windows fit into BLOCK_BYTES."""
    step = max(1, BLOCK_BYTES // max(1, bytes_per_sample))
    return [slice(start, start + step) for start in range(0, samples, step)]
