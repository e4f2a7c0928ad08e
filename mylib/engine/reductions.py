r"""Sums, means, extremes and the functions built on them. `axis` is None (all), an integer or a tuple."""

import math

import numpy as np

from mylib.engine.broadcasting import operand
from mylib.engine.contract import count_of, reduced_axes
from mylib.engine.tensor import float_tensor, record


def _spread(gradient, shape, axes):
    """Repeat the gradient of a reduction along the axes that it removed: a view, no copy."""
    kept = [1 if axis in axes else length for axis, length in enumerate(shape)]
    return np.broadcast_to(gradient.reshape(kept), shape)


def sum(x, axis=None, keepdims=False):
    """y = sum of x over the axes.

    Args:    x: numbers, any shape.
             axis: None (all), an integer or a tuple.
             keepdims: keep the reduced axes, with length 1.
    Returns: Tensor without the reduced axes.
    Raises:  ValueError: no such axis, or one named twice.
    Source:  elementary. Differs: none.

    Example:
        >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
        Tensor([4., 6.])
    """
    x, node = operand(x)
    axes = reduced_axes(axis, x.ndim, "sum")
    return record(x.sum(axis=axes, keepdims=keepdims), sum_backward, (x.shape, axes), node)


def sum_backward(gradient, needs, shape, axes):
    """dL/dx = g, repeated."""
    return (_spread(gradient, shape, axes),)


def mean(x, axis=None, keepdims=False):
    """y = sum of x over the axes, divided by the number n of elements summed.

    Args:    x: floating point, any shape.
             axis: None (all), an integer or a tuple.
             keepdims: keep the reduced axes, with length 1.
    Returns: Tensor without the reduced axes.
    Raises:  ValueError: no such axis, or one named twice, or nothing to average.
             TypeError: x is not floating point.
    Source:  elementary. Differs: none.

    Example:
        >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=1)
        Tensor([1.5, 3.5])
    """
    x = float_tensor(x, "mean")
    axes = reduced_axes(axis, x.ndim, "mean")
    count = count_of(x, axes, "mean")
    y = x._data.sum(axis=axes, keepdims=keepdims) / x.dtype.type(count)
    return record(y, mean_backward, (x.shape, axes, count), x._node)


def mean_backward(gradient, needs, shape, axes, count):
    """dL/dx = g / n, repeated."""
    return (_spread(gradient / gradient.dtype.type(count), shape, axes),)


def var(x, axis=None, correction=1, keepdims=False):
    """y = sum((x - mean)^2) / (n - correction) over the axes, n elements each.

    Args:    x: floating point, any shape.
             axis: None (all), an integer or a tuple.
             correction: 1 is the unbiased estimate, 0 the mean square.
             keepdims: keep the reduced axes, with length 1.
    Returns: Tensor without the reduced axes.
    Raises:  ValueError: no such axis, or one named twice, or n not above correction.
             TypeError: x is not floating point.
    Source:  elementary. Differs: none.

    Example:
        >>> var([1.0, 3.0], correction=0)
        Tensor(1.)
    """
    x = float_tensor(x, "var")
    axes = reduced_axes(axis, x.ndim, "var")
    degrees = count_of(x, axes, "var", least=correction + 1) - correction
    centred = x._data - x._data.mean(axis=axes, keepdims=True)
    y = np.square(centred).sum(axis=axes, keepdims=keepdims) / x.dtype.type(degrees)
    return record(y, var_backward, (centred, axes, degrees), x._node)


def var_backward(gradient, needs, centred, axes, degrees):
    """dL/dx = 2 g (x - mean) / (n - correction)."""
    return (_spread(gradient * gradient.dtype.type(2 / degrees), centred.shape, axes) * centred,)


def max(x, axis=None, keepdims=False):
    """y = the largest element over the axes.

    Args:    x: numbers, any shape.
             axis: None (all), an integer or a tuple.
             keepdims: keep the reduced axes, with length 1.
    Returns: Tensor without the reduced axes.
    Raises:  ValueError: no such axis, or one named twice, or no element to choose.
    Source:  elementary. Differs: only the values are returned (`x.argmax(axis)` has the indices), and the whole
             gradient goes to the first of several equal maxima, in row-major order, over any axes; torch.amax
             shares it among them.
    """
    return _extreme(x, axis, keepdims, "max", np.argmax)


def min(x, axis=None, keepdims=False):
    """y = the smallest element over the axes.

    Args:    x: numbers, any shape.
             axis: None (all), an integer or a tuple.
             keepdims: keep the reduced axes, with length 1.
    Returns: Tensor without the reduced axes.
    Raises:  ValueError: no such axis, or one named twice, or no element to choose.
    Source:  elementary. Differs: as `max`; the first of several equal minima gets the whole gradient.
    """
    return _extreme(x, axis, keepdims, "min", np.argmin)


def _extreme(x, axis, keepdims, operation, arg):
    x, node = operand(x)
    axes = sorted(reduced_axes(axis, x.ndim, operation))
    count_of(x, axes, operation)
    rows, kept = _reduced_last(x, axes)
    where = arg(rows, axis=-1) if rows.size else np.zeros(rows.shape[:-1], int)
    y = np.take_along_axis(rows, where[..., None], -1)[..., 0]
    shape = tuple(1 if a in axes else n for a, n in enumerate(x.shape)) if keepdims else y.shape
    return record(y.reshape(shape), extreme_backward, (where, x.shape, axes, kept), node)


def extreme_backward(gradient, needs, where, shape, axes, kept):
    """dL/dx = g at the element that was chosen, else 0."""
    to_x = np.zeros(shape, gradient.dtype)
    rows = np.zeros((*where.shape, math.prod(shape[a] for a in axes)), gradient.dtype)
    np.put_along_axis(rows, where[..., None], gradient.reshape(where.shape)[..., None], -1)
    lengths = [shape[a] for a in (*kept, *axes)]
    to_x.transpose(*kept, *axes)[...] = rows.reshape(lengths)
    return (to_x,)


def _reduced_last(x, axes):
    """x with the reduced axes flattened into one last axis, and the axes that are kept."""
    kept = [a for a in range(x.ndim) if a not in axes]
    rows = x.transpose(*kept, *axes).reshape(*(x.shape[a] for a in kept), math.prod(x.shape[a] for a in axes))
    return rows, kept


def logsumexp(x, axis=-1, keepdims=False):
    """y = ln sum e^x over the axes, computed as m + ln sum e^(x - m) with the maximum m: no power overflows.

    Args:    x: floating point, any shape; -inf counts as nothing.
             axis: an integer, a tuple, or None (all).
             keepdims: keep the reduced axes, with length 1.
    Returns: Tensor without the reduced axes.
    Raises:  ValueError: no such axis, or one named twice, or nothing to sum.
             TypeError: x is not floating point.
    Source:  elementary. Differs: none.

    Example:
        >>> logsumexp([1000.0, 0.0])
        Tensor(1000.)
    """
    x = float_tensor(x, "logsumexp")
    axes = reduced_axes(axis, x.ndim, "logsumexp")
    count_of(x, axes, "logsumexp")
    top = _finite_max(x._data, axes)
    with np.errstate(divide="ignore"):  # ln 0 = -inf is the right answer where every x is -inf
        y = np.log(np.exp(x._data - top).sum(axis=axes, keepdims=True)) + top
    result = y if keepdims else y.reshape([n for a, n in enumerate(x.shape) if a not in axes])
    return record(result, logsumexp_backward, (x._data, y, axes), x._node)


def logsumexp_backward(gradient, needs, x, y, axes):
    """dL/dx = g e^(x - y) = g softmax(x)."""
    return (_spread(gradient, x.shape, axes) * np.exp(x - np.where(np.isfinite(y), y, 0)),)


def _finite_max(x, axes):
    """The maximum along the axes; 0 where all are -inf, as -inf - -inf has no value."""
    top = x.max(axis=axes, keepdims=True)
    return np.where(np.isneginf(top), x.dtype.type(0), top)


def softmax(x, axis=-1):
    """y_i = e^x_i / sum_j e^x_j along the axis, computed as e^(x_i - max x) / sum_j e^(x_j - max x).

    Args:
        x: any shape; -inf gives weight 0.
        axis: the axis that sums to 1.

    Returns:
        Tensor of x's shape.

    Raises:
        ValueError: x has no such axis.

    Example:
        >>> softmax([0.0, 1000.0])
        Tensor([0., 1.])

    Source: Bridle (1990). Differs: a row of -inf only gives nan, as in torch.
    """
    x = float_tensor(x, "softmax")
    axes = reduced_axes(axis, x.ndim, "softmax")
    y = np.exp(_shifted(x._data, axes))
    y /= y.sum(axis=axes, keepdims=True)
    return record(y, softmax_backward, (y, axes), x._node)


def _shifted(x, axes):
    return x - x.max(axis=axes, keepdims=True) if x.size else x.copy()


def softmax_backward(gradient, needs, y, axes):
    """dL/dx_i = y_i (g_i - sum_j g_j y_j)."""
    to_x = gradient * y
    to_x -= y * to_x.sum(axis=axes, keepdims=True)
    return (to_x,)


def log_softmax(x, axis=-1):
    """y_i = x_i - ln sum_j e^x_j along the axis: the logarithm of `softmax`, finite where that is 0.

    Args:    x: floating point, any shape.
             axis: the axis whose e^y sums to 1.
    Returns: Tensor of x's shape.
    Raises:  ValueError: x has no such axis.
             TypeError: x is not floating point.
    Source:  elementary. Differs: none.

    Example:
        >>> log_softmax([0.0, 1000.0])
        Tensor([-1000.,     0.])
    """
    x = float_tensor(x, "log_softmax")
    axes = reduced_axes(axis, x.ndim, "log_softmax")
    y = _shifted(x._data, axes)
    y -= np.log(np.exp(y).sum(axis=axes, keepdims=True))
    return record(y, log_softmax_backward, (y, axes), x._node)


def log_softmax_backward(gradient, needs, y, axes):
    """dL/dx_i = g_i - e^y_i sum_j g_j."""
    return (gradient - np.exp(y) * gradient.sum(axis=axes, keepdims=True),)
