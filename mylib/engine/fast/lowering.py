r"""Convolution as matrix products: the three products behind conv2d, conv3d and conv_transpose2d.

Write y = x * w for the cross-correlation of x (batch, channels, ...) with w (out, channels, ...). Each output
position sees one window of x; with the windows laid out as the rows of a matrix (positions, kernel x channels),
the whole convolution is one matrix product with the kernel, and so is its weight gradient:

    correlate         y  = windows(x) w
    weight_gradient   dw = windows(x)^T g
    input_gradient    dx = g * w', with the kernel flipped and its input and output channels exchanged

Everything works for any number of spatial axes, on channels-last memory: a window is then made of runs of
kernel width x channels neighbours, which copies fast, and BLAS writes a result where it belongs. Results are handed
out as (batch, channels, ...) views of that memory. The common case, two axes and one group, takes strips.py.

Source: Chellapilla, Puri and Simard (2006).
"""

import math
from itertools import product

import numpy as np

from mylib.engine.fast import strips

BLOCK_BYTES = 1 << 19  # windows are laid out for as many samples at a time as stay in the second-level cache


def correlate(x, weight, stride, padding, dilation, groups):
    """y = x * w, shape (batch, out, ...)."""
    lengths = output_lengths(x.shape[2:], weight.shape[2:], stride, padding, dilation)
    return slide(channels_last(x, padding, padding), weight, lengths, stride, dilation, groups)


def slide(image, weight, lengths, stride, dilation, groups):
    """y = x * w from a padded, channels-last image, with the given numbers of output positions."""
    kernel, matrix = weight.shape[2:], kernel_matrix(weight, groups)
    if strips.fits(kernel, dilation, groups):
        return strips.correlate_strips(image, matrix[0], kernel, lengths, stride, dilation)
    y = np.empty((len(image), *lengths, len(weight)), np.result_type(image, weight))
    for block in sample_blocks(len(image), math.prod(lengths) * matrix[:, :, 0].size * image.itemsize):
        rows = window_rows(image[block], kernel, lengths, stride, dilation, groups)
        np.matmul(rows, matrix, out=grouped_rows(y[block], groups))
    return np.moveaxis(y, -1, 1)


def weight_gradient(x, gradient, kernel, stride, padding, dilation, groups):
    """dw = windows(x)^T g, shape (out, channels / groups, ...)."""
    image, out, inputs = channels_last(x, padding, padding), gradient.shape[1], x.shape[1] // groups
    if strips.fits(kernel, dilation, groups):
        total = strips.weight_gradient_strips(image, gradient, kernel, stride, dilation)
    else:
        gradient = channels_last(gradient)
        total = np.zeros((groups, math.prod(kernel) * inputs, out // groups), gradient.dtype)
        for block in sample_blocks(len(x), math.prod(gradient.shape[1:-1]) * total[:, :, 0].size * x.itemsize):
            rows = window_rows(image[block], kernel, gradient.shape[1:-1], stride, dilation, groups)
            total += rows.transpose(0, 2, 1) @ grouped_rows(gradient[block], groups)
    total = total.reshape(groups, -1, inputs, out // groups).transpose(0, 3, 2, 1)
    return total.reshape(out, inputs, *kernel)


def input_gradient(gradient, weight, lengths, stride, padding, dilation, groups):
    """dx for an x with the given spatial lengths, shape (batch, channels, ...).

    Along one axis, y[m] = sum_u w[u] x[m s + u d - p]. With stride 1, x[i] therefore receives
    sum_u w[u] g[i + p - u d]: a correlation with the flipped kernel. With stride s, x[i] meets only every s-th tap,
    those with u = (i + p) mod s: the x[a], x[a + s], ... of one phase a are again such a correlation, with those taps
    alone. So no zero is ever multiplied, and nothing is scattered.
    """
    if max(stride) > 1 and max(dilation) > 1:  # phases and dilation do not mix: spread g out, with zeros between
        gradient, stride = with_gaps(gradient, stride), (1,) * len(stride)
    if max(stride) == 1:
        return input_phase(gradient, weight, lengths, padding, dilation, groups)
    channels = weight.shape[1] * groups
    to_x = np.moveaxis(np.zeros((len(gradient), *lengths, channels), np.result_type(gradient, weight)), -1, 1)
    for phase in product(*(range(min(s, n)) for s, n in zip(stride, lengths, strict=True))):
        taps = [(a + p) % s for a, p, s in zip(phase, padding, stride, strict=True)]
        part = weight[(..., *(slice(tap, None, s) for tap, s in zip(taps, stride, strict=True)))]
        if part.size:
            places = (..., *(slice(a, None, s) for a, s in zip(phase, stride, strict=True)))
            skipped = [(a + p) // s for a, p, s in zip(phase, padding, stride, strict=True)]
            to_x[places] = input_phase(gradient, part, to_x[places].shape[2:], skipped, dilation, groups)
    return to_x


def input_phase(gradient, weight, lengths, padding, dilation, groups):
    """dx[i] = sum_u w[u] g[i + p - u d] for i below the given lengths."""
    kernel = weight.shape[2:]
    flipped = weight[(..., *(slice(None, None, -1),) * len(kernel))]
    flipped = flipped.reshape(groups, len(weight) // groups, weight.shape[1], *kernel).swapaxes(1, 2)
    flipped = flipped.reshape(groups * weight.shape[1], len(weight) // groups, *kernel)
    reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    before = [r - p for r, p in zip(reach, padding, strict=True)]
    after = [n + r - m - b for n, r, m, b in zip(lengths, reach, gradient.shape[2:], before, strict=True)]
    image = channels_last(gradient, before, after)
    return slide(image, flipped, lengths, (1,) * len(kernel), dilation, groups)


def with_gaps(gradient, stride):
    """g with stride - 1 zeros between neighbours."""
    lengths = [(n - 1) * s + 1 for n, s in zip(gradient.shape[2:], stride, strict=True)]
    spread = np.zeros((*gradient.shape[:2], *lengths), gradient.dtype)
    spread[(..., *(slice(None, None, s) for s in stride))] = gradient
    return spread


def output_lengths(lengths, kernel, stride, padding, dilation):
    """How often the kernel fits along each axis: floor((n + 2 p - d (k - 1) - 1) / s) + 1."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(lengths, kernel, stride, padding, dilation, strict=True)
    )


def channels_last(x, before=(), after=()):
    """x (batch, channels, ...) as a contiguous array (batch, ..., channels), zeros added around it (or cut off)."""
    x = x.transpose(0, *range(2, x.ndim), 1)
    if not any(before) and not any(after):
        return np.ascontiguousarray(x)
    pads = list(zip(before, after, x.shape[1:-1], strict=True))
    x = x[(slice(None), *(slice(max(-b, 0), n - max(-a, 0)) for b, a, n in pads))]
    padded = np.zeros((len(x), *(b + n + a for b, a, n in pads), x.shape[-1]), x.dtype)
    padded[(slice(None), *(slice(max(b, 0), b + n + min(a, 0)) for b, a, n in pads))] = x
    return padded


def kernel_matrix(weight, groups):
    """The kernel (out, channels / groups, ...) as matrices (groups, kernel x channels / groups, out / groups)."""
    matrix = weight.reshape(groups, len(weight) // groups, weight.shape[1], -1).transpose(0, 3, 2, 1)
    return matrix.reshape(groups, -1, len(weight) // groups)


def window_rows(image, kernel, lengths, stride, dilation, groups):
    """The windows of a channels-last image as matrices (groups, positions, kernel x channels / groups)."""
    spatial = image.strides[1:-1]
    image = image.reshape(*image.shape[:-1], groups, image.shape[-1] // groups)
    windows = np.ndarray(  # a view, like as_strided's, but faster to make and checked against the image's bounds
        (groups, len(image), *lengths, *kernel, image.shape[-1]),
        image.dtype,
        image,
        strides=(
            image.strides[-2],
            image.strides[0],
            *(n * s for n, s in zip(spatial, stride, strict=True)),
            *(n * d for n, d in zip(spatial, dilation, strict=True)),
            image.strides[-1],
        ),
    )
    return windows.reshape(groups, len(image) * math.prod(lengths), math.prod(kernel) * image.shape[-1])


def grouped_rows(y, groups):
    """A contiguous (batch, ..., channels) array as matrices (groups, positions, channels / groups): a view."""
    return y.reshape(math.prod(y.shape[:-1]), groups, y.shape[-1] // groups).transpose(1, 0, 2)


def sample_blocks(samples, bytes_per_sample):
    """Slices of samples whose windows fit into BLOCK_BYTES."""
    step = max(1, BLOCK_BYTES // max(1, bytes_per_sample))
    return [slice(start, start + step) for start in range(0, samples, step)]
