r"""Operations that move values without changing them. Most results are views: no copy is made."""

import math

import numpy as np

from mylib.engine.broadcasting import operand, unbroadcast
from mylib.engine.contract import axis_of, some
from mylib.engine.tensor import Tensor, record


def _lengths(shape):
    return tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape


def reshape(x, *shape):
    """The same values in row-major order under another shape.

    Args:    x: any shape.
             shape: numbers or one tuple; one may be -1, and is worked out.
    Returns: Tensor of that shape, a view where it can be.
    Raises:  ValueError: the number of elements differs.
    Source:  elementary. Differs: none.

    Example:
        >>> reshape([1.0, 2.0, 3.0, 4.0], 2, -1)
        Tensor([[1., 2.],
                [3., 4.]])
    """
    x, node = operand(x)
    shape = _lengths(shape)
    try:
        return record(x.reshape(shape), reshape_backward, (x.shape,), node)
    except ValueError:
        raise ValueError(f"reshape: shape {x.shape} of {x.size} elements does not fit into {shape}") from None


def reshape_backward(gradient, needs, shape):
    """dL/dx = g, reshaped back."""
    return (gradient.reshape(shape),)


def flatten(x, start_axis=0, end_axis=-1):
    """Join the axes from start to end (included) into one.

    Args:    x: any shape; a number becomes one element.
             start_axis, end_axis: the first and the last axis to join.
    Returns: Tensor with these axes replaced by their product.
    Raises:  ValueError: no such axis, or the start comes after the end.
    Source:  elementary. Differs: torch calls them start_dim and end_dim.
    """
    ndim = operand(x)[0].ndim
    start, end = axis_of("flatten", start_axis, ndim or 1), axis_of("flatten", end_axis, ndim or 1)
    if start > end:
        raise ValueError(f"flatten: start_axis {start_axis} comes after end_axis {end_axis}")
    shape = operand(x)[0].shape
    return reshape(x, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


def unsqueeze(x, axis):
    """Insert an axis of length 1 at the position.

    Args:    x: any shape.
             axis: its place in the result.
    Returns: Tensor with one axis more, a view.
    Raises:  ValueError: no such place.
    Source:  elementary. Differs: none.
    """
    shape = operand(x)[0].shape
    axis = axis_of("unsqueeze", axis, len(shape) + 1)
    return reshape(x, (*shape[:axis], 1, *shape[axis:]))


def squeeze(x, axis=None):
    """Drop one axis of length 1, or all of them.

    Args:    x: any shape.
             axis: which; None drops all of length 1.
    Returns: Tensor with fewer axes, a view.
    Raises:  ValueError: no such axis, or its length is not 1.
    Source:  elementary. Differs: torch leaves an axis of another length alone.
    """
    shape = operand(x)[0].shape
    if axis is None:
        return reshape(x, tuple(length for length in shape if length != 1))
    axis = axis_of("squeeze", axis, len(shape))
    if shape[axis] != 1:
        raise ValueError(f"squeeze: axis {axis} of shape {shape} has length {shape[axis]}, expected 1")
    return reshape(x, (*shape[:axis], *shape[axis + 1 :]))


def permute(x, *axes):
    """Put the axes into another order: result axis i is x's axis axes[i].

    Args:    x: any shape.
             axes: every axis once, as numbers or one tuple.
    Returns: Tensor with the axes in that order, a view.
    Raises:  ValueError: not an order of x's axes.
    Source:  elementary. Differs: none.
    """
    x, node = operand(x)
    axes = tuple(axis_of("permute", axis, x.ndim) for axis in _lengths(axes))
    if sorted(axes) != list(range(x.ndim)):
        raise ValueError(f"permute: axes {axes} are not an order of the {x.ndim} axes of {x.shape}")
    return record(x.transpose(axes), permute_backward, (axes,), node)


def permute_backward(gradient, needs, axes):
    """dL/dx = g with the axes put back."""
    return (gradient.transpose(np.argsort(axes)),)


def transpose(x, axis0, axis1):
    """Swap two axes.

    Args:    x: any shape.
             axis0, axis1: which.
    Returns: Tensor with the two swapped, a view.
    Raises:  ValueError: no such axis.
    Source:  elementary. Differs: none.
    """
    order = list(range(operand(x)[0].ndim))
    axis0, axis1 = axis_of("transpose", axis0, len(order)), axis_of("transpose", axis1, len(order))
    order[axis0], order[axis1] = axis1, axis0
    return permute(x, order)


def swapaxes(x, axis0, axis1):
    """Swap two axes: NumPy's name for `transpose`.

    Args:    x: any shape.
             axis0, axis1: which.
    Returns: Tensor with the two swapped, a view.
    Raises:  ValueError: no such axis.
    Source:  elementary. Differs: none.
    """
    return transpose(x, axis0, axis1)


def broadcast_to(x, *shape):
    """Repeat along axes of length 1, and along new leading axes, until x has this shape.

    Args:    x: any shape.
             shape: numbers or one tuple.
    Returns: Tensor of that shape, a view: no copy is made.
    Raises:  ValueError: x does not broadcast to it.
    Source:  elementary. Differs: none.
    """
    x, node = operand(x)
    shape = _lengths(shape)
    try:
        return record(np.broadcast_to(x, shape), broadcast_to_backward, (x.shape,), node)
    except ValueError:
        raise ValueError(f"broadcast_to: shape {x.shape} does not broadcast to {shape}") from None


def broadcast_to_backward(gradient, needs, shape):
    """dL/dx = g, summed over the repetitions."""
    return (unbroadcast(gradient, shape),)


def index(x, where):
    """x[where], with NumPy's rules. Repeated indices read the same element, and their gradients add up.

    Args:    x: any shape.
             where: slices, integers, None, `...`, integer arrays, boolean masks, or a tuple of them.
    Returns: Tensor of what was read.
    Raises:  IndexError: outside x; the message has its shape.
    Source:  elementary. Differs: slices may step backwards, as in NumPy.
    """
    x, node = operand(x)
    where = tuple(map(_plain, where)) if isinstance(where, tuple) else _plain(where)
    try:
        return record(x[where], index_backward, (where, x.shape), node)
    except IndexError as error:
        raise IndexError(f"index: {error} (the tensor has shape {x.shape})") from None


def _plain(where):
    return where._data if isinstance(where, Tensor) else where


def index_backward(gradient, needs, where, shape):
    """dL/dx = g, added up at the places it was read from, else 0."""
    to_x = np.zeros(shape, gradient.dtype)
    if all(_reads_once(item) for item in (where if isinstance(where, tuple) else (where,))):
        to_x[where] = gradient
    else:
        np.add.at(to_x, where, gradient)
    return (to_x,)


def _reads_once(item):
    """Whether this kind of index cannot name an element twice."""
    return item is None or item is ... or isinstance(item, (int, slice, np.integer)) or np.asarray(item).dtype == bool


def concatenate(tensors, axis=0):
    """Join tensors along an axis that they have; the other axes agree.

    Args:    tensors: a sequence of at least one.
             axis: along which.
    Returns: Tensor, the lengths along the axis added.
    Raises:  ValueError: no tensors, or their shapes do not join.
    Source:  elementary. Differs: none.

    Example:
        >>> concatenate([[1.0], [2.0, 3.0]])
        Tensor([1., 2., 3.])
    """
    arrays, nodes = zip(*map(operand, some("concatenate", tensors)), strict=True)
    try:
        y = np.concatenate(arrays, axis=axis)
    except ValueError:  # NumPy's AxisError is one too
        raise ValueError(f"concatenate: shapes {[a.shape for a in arrays]} do not join along axis {axis}") from None
    return record(y, concatenate_backward, ([a.shape[axis] for a in arrays], axis), *nodes)


def concatenate_backward(gradient, needs, lengths, axis):
    """dL/dx_i = the part of g that x_i became."""
    return np.split(gradient, np.cumsum(lengths)[:-1], axis=axis)


def stack(tensors, axis=0):
    """Join tensors of one shape along a new axis.

    Args:    tensors: a sequence of at least one.
             axis: the new axis's place in the result.
    Returns: Tensor with one axis more.
    Raises:  ValueError: no tensors, or their shapes differ.
    Source:  elementary. Differs: none.

    Example:
        >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
        Tensor([[1., 3.],
                [2., 4.]])
    """
    arrays, nodes = zip(*map(operand, some("stack", tensors)), strict=True)
    try:
        return record(np.stack(arrays, axis=axis), stack_backward, (axis,), *nodes)
    except ValueError:
        raise ValueError(f"stack: shapes {[a.shape for a in arrays]} at axis {axis}; all must be equal") from None


def stack_backward(gradient, needs, axis):
    """dL/dx_i = slice i of g."""
    return list(np.moveaxis(gradient, axis, 0))


def split(x, lengths, axis=0):
    """Cut x along an axis into parts of one length (the last may be shorter), or of the listed lengths.

    Args:    x: any shape.
             lengths: one length for all parts, or a list with the length of each.
             axis: along which.
    Returns: tuple of Tensors, views of x.
    Raises:  ValueError: listed lengths do not add up to the axis, or the length is not positive.
    Source:  elementary. Differs: none.
    """
    shape = operand(x)[0].shape
    axis = axis_of("split", axis, len(shape))
    if isinstance(lengths, (int, np.integer)):
        if lengths < 1:
            raise ValueError(f"split: length {lengths}, expected at least 1")
        lengths = [builtin_min(lengths, shape[axis] - i) for i in range(0, shape[axis], lengths)] or [0]
    if builtin_sum(lengths) != shape[axis]:
        raise ValueError(f"split: lengths {list(lengths)} do not add up to the {shape[axis]} of axis {axis} in {shape}")
    ends = np.cumsum(lengths).tolist()
    before = (slice(None),) * axis
    return tuple(index(x, (*before, slice(end - n, end))) for n, end in zip(lengths, ends, strict=True))


builtin_min, builtin_sum = min, sum


def pad(x, padding, value=0.0):
    """Put a constant around x.

    Args:
        x: any shape.
        padding: two numbers for each padded axis, from the last axis on: (left, right, top, bottom, ...).
        value: the constant.

    Returns:
        Tensor, larger by the padding.

    Raises:
        ValueError: an odd number of paddings, more pairs than axes, or a negative one.

    Source: elementary. Differs: torch also crops by negative padding; here, index.
    """
    x, node = operand(x)
    if len(padding) % 2 or len(padding) > 2 * x.ndim or builtin_min(padding, default=0) < 0:
        raise ValueError(
            f"pad: padding {tuple(padding)} for shape {x.shape}; expected (before, after) of the last axis, then of "
            "the one before it, ..., none negative"
        )
    pairs = [(0, 0)] * (x.ndim - len(padding) // 2)
    pairs += [(padding[i], padding[i + 1]) for i in range(len(padding) - 2, -1, -2)]
    inside = tuple(slice(before, before + length) for (before, _), length in zip(pairs, x.shape, strict=True))
    return record(np.pad(x, pairs, constant_values=value), pad_backward, (inside,), node)


def pad_backward(gradient, needs, inside):
    """dL/dx = the inside of g."""
    return (gradient[inside],)


def embedding(indices, weight):
    """y = weight[indices]: row i of the table for each integer i.

    Args:
        indices: integers in [0, rows), of any shape.
        weight: the table, shape (rows, dim).

    Returns:
        Tensor of shape (*indices.shape, dim).

    Raises:
        TypeError: the indices are not integers.
        IndexError: one is outside the table.

    Source: Bengio et al. (2003). Differs: none.
    """
    indices = np.asarray(_plain(indices))
    table, node = operand(weight)
    if indices.dtype.kind not in "iu" and indices.size:
        raise TypeError(f"embedding: got {indices.dtype} indices, expected integers")
    indices = indices.astype(np.intp)  # our own copy
    if indices.size and (indices.min() < 0 or indices.max() >= len(table)):
        worst = indices.max() if indices.max() >= len(table) else indices.min()
        raise IndexError(f"embedding: index {worst} is outside a table of {len(table)} rows")
    return record(table[indices], embedding_backward, (indices, table.shape), node)


def embedding_backward(gradient, needs, indices, shape):
    """dL/dweight[i] = the sum of g over every place that read row i."""
    to_table = np.zeros(shape, gradient.dtype)
    if indices.size:  # equal rows side by side, then one sum per run: 10 times faster than np.add.at
        order = np.argsort(indices, axis=None, kind="stable")
        rows, starts = np.unique(indices.ravel()[order], return_index=True)
        to_table[rows] = np.add.reduceat(gradient.reshape(-1, shape[1])[order], starts, axis=0)
    return (to_table,)
