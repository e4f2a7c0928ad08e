r"""Normalisation: subtract a mean, divide by a standard deviation, then scale and shift.

All four differ only in what the mean is taken over, for images (batch, channels, height, width):

    batch norm     batch, height, width     (one mean per channel)
    layer norm     the last axes            (one per sample, or per token)
    instance norm  height, width            (one per sample and channel)
    group norm     height, width and the channels of a group
"""

import math

import numpy as np

from mylib.engine.broadcasting import unbroadcast
from mylib.engine.fast.channels import per_channel, sum_positions
from mylib.engine.fast.sums import row_means
from mylib.engine.tensor import float_tensor, record


def standardise(rows, eps):
    r"""z = (x - mean) / sqrt(var + eps) over each row of a matrix, and 1 / sqrt(var + eps), a column."""
    z = rows - row_means(rows)
    scale = 1 / np.sqrt(row_means(np.square(z)) + rows.dtype.type(eps))
    z *= scale
    return z, scale


def standardise_backward(gradient, z, scale):
    """dL/dx = scale (g - mean(g) - z mean(g z)): the part of g along 1 and along z does not change the result."""
    to_x = z * -row_means(gradient * z)
    to_x += gradient
    to_x -= row_means(gradient)
    to_x *= scale
    return to_x


def batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    r"""y = w (x - mean) / sqrt(var + eps) + b, per channel, over the batch and all positions.

    In training the batch's own mean and (biased) variance are used, and the running arrays move towards them in place:
    running = (1 - momentum) running + momentum batch, with the unbiased variance. Otherwise the running ones are used.

    Args:
        x: shape (batch, channels, ...).
        running_mean: array of shape (channels,), or None to use the batch's always.
        running_var: the same for the variance.
        weight: w, shape (channels,), or None.
        bias: b, shape (channels,), or None.
        training: which statistics to use.
        momentum: weight of the new batch in the running statistics, in [0, 1].
        eps: keeps the divisor above 0.

    Returns:
        Tensor of x's shape.

    Raises:
        ValueError: shapes do not fit, or the batch has one value per channel: nothing to normalise by.

    Source: Ioffe and Szegedy (2015), algorithm 1. Differs: none.
    """
    x = float_tensor(x, "batch_norm")
    if x.ndim < 2:
        raise ValueError(f"batch_norm: got x of shape {x.shape}, expected (batch, channels, ...)")
    channels = (x.shape[1],)
    for name, array in (("running_mean", running_mean), ("running_var", running_var)):
        if array is not None and np.shape(array) != channels:
            raise ValueError(f"batch_norm: {name} {np.shape(array)} does not fit {channels[0]} channels")
    w, w_node = _parameter("batch_norm", "weight", weight, x.shape, channels)
    b, b_node = _parameter("batch_norm", "bias", bias, x.shape, channels)
    if training or running_mean is None:
        count = x.size // max(channels[0], 1)
        if count < 2:
            raise ValueError(
                f"batch_norm: x {x.shape} has {count} value per channel; training needs at least 2, or use eval()"
            )
        mean = sum_positions(x._data) / count
        z = per_channel(np.subtract, x._data, mean)
        variance = sum_positions(np.square(z)) / count
        if running_mean is not None:
            running_mean += momentum * (mean - running_mean)
            running_var += momentum * (variance * (count / (count - 1)) - running_var)
    else:
        count, variance = None, running_var.astype(x.dtype)
        z = per_channel(np.subtract, x._data, running_mean.astype(x.dtype))
    scale = 1 / np.sqrt(variance + eps)
    y = z = per_channel(np.multiply, z, scale, in_place=True)
    if w is not None:
        y = per_channel(np.multiply, z, w)
    if b is not None:
        y = per_channel(np.add, y, b, in_place=y is not z)
    return record(y, batch_norm_backward, (z, scale, w, count), x._node, w_node, b_node)


def plain_batch_norm(x, weight, bias, eps):
    """The batch's own mean and variance of each channel, of an array (batch, channels, ...)."""
    axes = (0, *range(2, x.ndim))
    shape = (1, -1, *(1,) * (x.ndim - 2))
    z = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)
    return weight.reshape(shape) * z + bias.reshape(shape)


def batch_norm_backward(gradient, needs, z, scale, weight, count):
    """dL/dw = sum g z,  dL/db = sum g,  dL/dx = w scale (g - dL/db / n - z dL/dw / n) with n values per channel.

    `count` is n, or None where the statistics were given: then dL/dx = w scale g.
    """
    through_batch = needs[0] and count
    to_w = sum_positions(gradient * z) if needs[1] or through_batch else None
    to_b = sum_positions(gradient) if needs[2] or through_batch else None
    to_x = None
    if needs[0]:
        factor = scale if weight is None else scale * weight
        if count:
            to_x = per_channel(np.multiply, z, to_w / count)
            np.subtract(gradient, to_x, out=to_x)
            per_channel(np.subtract, to_x, to_b / count, in_place=True)
            per_channel(np.multiply, to_x, factor, in_place=True)
        else:
            to_x = per_channel(np.multiply, gradient, factor)
    return to_x, needs[1] and to_w, needs[2] and to_b


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    r"""y = w (x - mean) / sqrt(var + eps) + b, with mean and variance over the last axes of each sample.

    Args:
        x: shape (..., *normalized_shape).
        normalized_shape: the lengths of the axes to normalise over, a number or tuple.
        weight: w, of that shape, or None.
        bias: b, of that shape, or None.
        eps: keeps the divisor above 0.

    Returns:
        Tensor of x's shape.

    Raises:
        ValueError: x does not end in `normalized_shape`, or weight or bias have another shape.

    Source: Ba, Kiros and Hinton (2016), equation 4. Differs: none.
    """
    x = float_tensor(x, "layer_norm")
    shape = tuple(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
    if not shape or x.shape[-len(shape) :] != shape:
        raise ValueError(f"layer_norm: x {x.shape} does not end in normalized_shape {shape}")
    return _norm_rows("layer_norm", x, math.prod(shape), eps, weight, bias, shape, shape)


def plain_layer_norm(x, weight, bias, eps):
    """Mean and variance over the last axis, of an array."""
    return weight * (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) + bias


def group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    r"""y = w (x - mean) / sqrt(var + eps) + b, with mean and variance over each group of channels of each sample.

    Args:
        x: shape (batch, channels, ...).
        num_groups: how many groups the channels fall into.
        weight: w, shape (channels,), or None.
        bias: b, shape (channels,), or None.
        eps: keeps the divisor above 0.

    Returns:
        Tensor of x's shape.

    Raises:
        ValueError: the channels do not divide into the groups, or weight or bias do not fit.

    Source: Wu and He (2018), equation 7. Differs: none.
    """
    x = float_tensor(x, "group_norm")
    if x.ndim < 2 or num_groups < 1 or x.shape[1] % num_groups:
        raise ValueError(f"group_norm: channels of x {x.shape} do not divide into num_groups={num_groups}")
    length = math.prod(x.shape[1:]) // num_groups
    column = (1, x.shape[1], *(1,) * (x.ndim - 2))
    return _norm_rows("group_norm", x, length, eps, weight, bias, x.shape[1:2], column)


def instance_norm(x, weight=None, bias=None, eps=1e-5):
    """`group_norm` with one channel per group: each channel of each sample gets mean 0 and variance 1.

    Args:    x: shape (batch, channels, ...), at least one axis of positions.
             weight, bias: shape (channels,), or None.
             eps: keeps the divisor above 0.
    Returns: Tensor of x's shape.
    Raises:  ValueError: x has no positions, or weight or bias do not fit.
    Source:  Ulyanov, Vedaldi and Lempitsky (2016). Differs: torch's also keeps running statistics, rarely used.
    """
    x = float_tensor(x, "instance_norm")
    if x.ndim < 3:
        raise ValueError(f"instance_norm: got x of shape {x.shape}, expected (batch, channels, ...)")
    return group_norm(x, x.shape[1], weight, bias, eps)


def _parameter(operation, name, parameter, x_shape, shape):
    """A weight's or bias's values and entry on the tape, its shape checked; or None twice."""
    if parameter is None:
        return None, None
    parameter = float_tensor(parameter, operation)
    if parameter.shape != shape:
        raise ValueError(f"{operation}: {name} {parameter.shape} does not fit x {x_shape}; expected {shape}")
    return parameter._data, parameter._node


def _norm_rows(operation, x, length, eps, weight, bias, shape, aligned):
    """Standardise rows of so many elements; record y = w z + b, for w and b of `shape`, laid along x as `aligned`."""
    w, w_node = _parameter(operation, "weight", weight, x.shape, shape)
    b, b_node = _parameter(operation, "bias", bias, x.shape, shape)
    z, scale = standardise(x._data.reshape(x.size // max(length, 1), length), eps)
    y = z.reshape(x.shape)
    if w is not None:
        w = w.reshape(aligned)
        y = y * w
    if b is not None:
        y = np.add(y, b.reshape(aligned), out=y if w is not None else None)
    return record(y, norm_backward, (z, scale, w, shape, aligned), x._node, w_node, b_node)


def norm_backward(gradient, needs, z, scale, weight, shape, aligned):
    """dL/dw = g z, dL/db = g, both summed over all that shares w; dL/dx through the standardisation."""
    to_x = to_w = to_b = None
    if needs[1]:
        to_w = unbroadcast(gradient * z.reshape(gradient.shape), aligned).reshape(shape)
    if needs[2]:
        to_b = unbroadcast(gradient, aligned).reshape(shape)
    if needs[0]:
        to_z = (gradient if weight is None else gradient * weight).reshape(z.shape)
        to_x = standardise_backward(to_z, z, scale).reshape(gradient.shape)
    return to_x, to_w, to_b
