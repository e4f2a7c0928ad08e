"""What every operation on two tensors shares: operands, shapes that do not fit, and the way back from broadcasting."""

import numpy as np

from mylib.engine.fast.sums import sum_leading
from mylib.engine.tensor import Tensor, as_tensor


def operands(a, b):
    """The values and tape entries of two inputs.

    A number, Python's or NumPy's, stays a Python number: NumPy then lets it adopt the array's dtype, so that
    `0.5 * x` and `x / np.sqrt(2)` never promote x.
    """
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a._data, b._data, a._node, b._node
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        a = as_tensor(a)
    x, x_node = (number(a), None) if isinstance(a, NUMBERS) else operand(a)
    y, y_node = (number(b), None) if isinstance(b, NUMBERS) else operand(b)
    return x, y, x_node, y_node


NUMBERS = int, float, np.number


def number(a):
    """A number as Python's."""
    return a.item() if isinstance(a, np.number) else a


def operand(a):
    """The values and the tape entry of one input."""
    if not isinstance(a, Tensor):
        a = as_tensor(a)
    return a._data, a._node


def broadcast(ufunc, x, y):
    """`ufunc(x, y)`, with the operation's name and both shapes in the error."""
    try:
        return ufunc(x, y)
    except ValueError:
        raise ValueError(
            f"{ufunc.__name__}: shapes {np.shape(x)} and {np.shape(y)} do not broadcast; aligned from the right, each "
            "pair of axes must be equal or one of them 1"
        ) from None


def unbroadcast(gradient, shape):
    """Sum a gradient over the axes along which an input of `shape` was repeated.

    >>> unbroadcast(np.ones((4, 2, 3)), (2, 1))
    array([[12.],
           [12.]])
    """
    if gradient.shape == shape:
        return gradient
    extra = gradient.ndim - len(shape)
    if gradient.shape[extra:] == shape and shape:
        return sum_leading(gradient, len(shape)).reshape(shape)
    repeated = [axis for axis, length in enumerate(shape, extra) if length == 1]
    return gradient.sum(axis=(*range(extra), *repeated), keepdims=True).reshape(shape)
