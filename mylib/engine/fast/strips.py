r"""Two-dimensional convolution in strips: lower one axis only.

Laying out every window copies each pixel kernel height x kernel width times. Here only the width is laid out: a strip
(sample, output column, row, kernel width x channels) holds, one under the other, the rows that the windows of one
output column see. The windows of output row i then start i strides down each strip, and BLAS reads them where they
stand: as a matrix whose rows are (sample, output column), one strip apart, and whose columns are contiguous. All
output rows together are one batched matmul over a view whose windows overlap. It copies kernel height times less.

Results lie in memory as (batch, width, height, channels), and gradients that arrive so are read without a copy.

Source: Cho and Brand (2017), memory-efficient convolution.
"""

import numpy as np

BLOCK_BYTES = 1 << 20  # strips of as many samples at a time as stay in the second-level cache


def fits(kernel, dilation, groups):
    """Whether strips apply: two axes, one group, kernel rows that follow each other, and more than one of them."""
    return len(kernel) == 2 and groups == 1 and dilation[0] == 1 and kernel != (1, 1)


def correlate_strips(image, matrix, kernel, lengths, stride, dilation):
    """y = x * w, shape (batch, out, height, width), from an image (batch, height, width, channels)."""
    y = np.empty((len(image), lengths[1], lengths[0], matrix.shape[1]), np.result_type(image, matrix))
    for block, windows in strip_windows(image, kernel, lengths, stride, dilation):
        np.matmul(windows, matrix, out=output_rows(y[block]))
    return y.transpose(0, 3, 2, 1)


def weight_gradient_strips(image, gradient, kernel, stride, dilation):
    """dw = windows(x)^T g as a matrix (kernel x channels, out), from g of shape (batch, out, height, width)."""
    gradient = np.ascontiguousarray(gradient.transpose(0, 3, 2, 1))
    lengths = gradient.shape[2], gradient.shape[1]
    total = np.zeros((kernel[0] * kernel[1] * image.shape[-1], gradient.shape[-1]), gradient.dtype)
    for block, windows in strip_windows(image, kernel, lengths, stride, dilation):
        total += (windows.transpose(0, 2, 1) @ output_rows(gradient[block])).sum(axis=0)
    return total


def strip_windows(image, kernel, lengths, stride, dilation):
    """For each block of samples: its slice, and its windows as (output row, sample x output column, window)."""
    batch, height, _, channels = image.shape
    item, strip = image.itemsize, kernel[1] * channels
    step = max(1, BLOCK_BYTES // max(1, lengths[1] * height * strip * item))
    strips = np.empty((min(step, batch), lengths[1], height, kernel[1], channels), image.dtype)
    of_sample, of_row, of_column, of_channel = image.strides
    runs = of_sample, of_column * stride[1], of_row, of_column * dilation[1], of_channel
    rows = stride[0] * strip * item, height * strip * item, item
    for start in range(0, batch, step):
        samples = image[start : start + step]
        size = len(samples)
        np.copyto(strips[:size], np.ndarray((size, *strips.shape[1:]), image.dtype, samples, strides=runs))
        shape = lengths[0], size * lengths[1], kernel[0] * strip
        yield slice(start, start + step), np.ndarray(shape, image.dtype, strips, strides=rows)


def output_rows(y):
    """A contiguous (batch, width, height, channels) array as (height, batch x width, channels): a view."""
    return y.reshape(y.shape[0] * y.shape[1], *y.shape[2:]).transpose(1, 0, 2)
