r"""Arithmetic: operations that work on each element alone, with NumPy's broadcasting.

Forward and backward stand in pairs. In a backward function g is the gradient dL/dy that arrives, and what is
returned is dL/dx for each input, or None for an input that needs none. Where an input was repeated by
broadcasting, its gradient is summed on the way back (`unbroadcast`).
"""

import numpy as np

from mylib.engine.broadcasting import broadcast, operand, operands, unbroadcast
from mylib.engine.tensor import as_tensor, float_tensor, record


def add(a, b):
    """y = a + b.

    Args:    a, b: numbers, arrays or Tensors; their shapes broadcast.
    Returns: Tensor of the broadcast shape.
    Raises:  ValueError: the shapes do not broadcast.
    Source:  elementary. Differs: none.

    Example:
        >>> add([1.0, 2.0], 10)
        Tensor([11., 12.])
    """
    x, y, x_node, y_node = operands(a, b)
    shapes = x_node and x.shape, y_node and y.shape
    return record(broadcast(np.add, x, y), add_backward, shapes, x_node, y_node)


def add_backward(gradient, needs, a_shape, b_shape):
    """dL/da = g,  dL/db = g."""
    return needs[0] and unbroadcast(gradient, a_shape), needs[1] and unbroadcast(gradient, b_shape)


def sub(a, b):
    """y = a - b.

    Args:    a, b: numbers, arrays or Tensors; their shapes broadcast.
    Returns: Tensor of the broadcast shape.
    Raises:  ValueError: the shapes do not broadcast.
    Source:  elementary. Differs: none.
    """
    x, y, x_node, y_node = operands(a, b)
    shapes = x_node and x.shape, y_node and y.shape
    return record(broadcast(np.subtract, x, y), sub_backward, shapes, x_node, y_node)


def sub_backward(gradient, needs, a_shape, b_shape):
    """dL/da = g,  dL/db = -g."""
    return needs[0] and unbroadcast(gradient, a_shape), needs[1] and unbroadcast(-gradient, b_shape)


def mul(a, b):
    """y = a b, element by element.

    Args:    a, b: numbers, arrays or Tensors; their shapes broadcast.
    Returns: Tensor of the broadcast shape.
    Raises:  ValueError: the shapes do not broadcast.
    Source:  elementary. Differs: none.
    """
    x, y, *nodes = operands(a, b)
    return record(broadcast(np.multiply, x, y), mul_backward, (x, y), *nodes)


def mul_backward(gradient, needs, a, b):
    """dL/da = g b,  dL/db = g a."""
    return needs[0] and unbroadcast(gradient * b, a.shape), needs[1] and unbroadcast(gradient * a, b.shape)


def div(a, b):
    """y = a / b, element by element.

    Args:    a, b: numbers, arrays or Tensors; their shapes broadcast.
    Returns: Tensor of the broadcast shape.
    Raises:  ValueError: the shapes do not broadcast.
    Source:  elementary. Differs: none.
    """
    x, y, *nodes = operands(a, b)
    return record(broadcast(np.true_divide, x, y), div_backward, (x, y), *nodes)


def div_backward(gradient, needs, a, b):
    """dL/da = g / b,  dL/db = -g a / b^2."""
    over_b = gradient / b
    return needs[0] and unbroadcast(over_b, a.shape), needs[1] and unbroadcast(-over_b * (a / b), b.shape)


def pow(a, b):
    """y = a^b, element by element.

    Args:    a, b: numbers, arrays or Tensors; their shapes broadcast.
    Returns: Tensor of the broadcast shape.
    Raises:  ValueError: the shapes do not broadcast.
    Source:  elementary. Differs: none; where a = 0 and b >= 0 the gradient of b is 0, as in torch.
    """
    x, y, *nodes = operands(a, b)
    result = broadcast(np.power, x, y)
    return record(result, pow_backward, (x, y, result), *nodes)


def pow_backward(gradient, needs, a, b, y):
    """dL/da = g b a^(b-1),  dL/db = g y ln a; 0 where b = 0, and where a = 0 and b >= 0."""
    to_a = to_b = None
    with np.errstate(divide="ignore", invalid="ignore"):
        if needs[0]:
            slope = b * a ** np.subtract(b, 1) if np.ndim(b) else b * a ** (b - 1)
            if np.any(np.equal(b, 0)):
                slope = np.where(np.equal(b, 0), a.dtype.type(0), slope)
            to_a = unbroadcast(gradient * slope, a.shape)
        if needs[1]:
            slope = np.where(np.equal(a, 0) & (b >= 0), b.dtype.type(0), y * np.log(a))
            to_b = unbroadcast(gradient * slope, b.shape)
    return to_a, to_b


def neg(x):
    """y = -x.

    Args:    x: numbers, any shape.
    Returns: Tensor of x's shape.
    Source:  elementary. Differs: none.
    """
    x, node = operand(x)
    return record(-x, neg_backward, (), node)


def neg_backward(gradient, needs):
    """dL/dx = -g."""
    return (-gradient,)


def exp(x):
    """y = e^x.

    Args:    x: floating point, any shape.
    Returns: Tensor of x's shape.
    Raises:  TypeError: x is not floating point.
    Source:  elementary. Differs: none.
    """
    x = float_tensor(x, "exp")
    y = np.exp(x._data)
    return record(y, exp_backward, (y,), x._node)


def exp_backward(gradient, needs, y):
    """dL/dx = g y."""
    return (gradient * y,)


def log(x):
    """y = ln x.

    Args:    x: floating point above 0, any shape; 0 gives -inf, less gives nan, both with a warning.
    Returns: Tensor of x's shape.
    Raises:  TypeError: x is not floating point.
    Source:  elementary. Differs: none.
    """
    x = float_tensor(x, "log")
    return record(np.log(x._data), log_backward, (x._data,), x._node)


def log_backward(gradient, needs, x):
    """dL/dx = g / x."""
    return (gradient / x,)


def sqrt(x):
    """y = sqrt(x).

    Args:    x: floating point, at least 0, any shape.
    Returns: Tensor of x's shape.
    Raises:  TypeError: x is not floating point.
    Source:  elementary. Differs: none; the slope at 0 is infinite.
    """
    x = float_tensor(x, "sqrt")
    y = np.sqrt(x._data)
    return record(y, sqrt_backward, (y,), x._node)


def sqrt_backward(gradient, needs, y):
    """dL/dx = g / (2 y); infinite at 0, as the slope is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (gradient * 0.5 / y,)


def abs(x):
    """y = |x|.

    Args:    x: numbers, any shape.
    Returns: Tensor of x's shape.
    Source:  elementary. Differs: none; the slope at 0 is taken as 0, as in torch.
    """
    x, node = operand(x)
    return record(np.abs(x), abs_backward, (x,), node)


def abs_backward(gradient, needs, x):
    """dL/dx = g sign(x), which is 0 at 0."""
    return (gradient * np.sign(x),)


def maximum(a, b):
    """y = max(a, b), element by element.

    Args:    a, b: numbers, arrays or Tensors; their shapes broadcast.
    Returns: Tensor of the broadcast shape.
    Raises:  ValueError: the shapes do not broadcast.
    Source:  elementary. Differs: none; equal inputs share the gradient evenly, as in torch.
    """
    x, y, *nodes = operands(a, b)
    return record(broadcast(np.maximum, x, y), maximum_backward, (x, y), *nodes)


def maximum_backward(gradient, needs, a, b):
    """The gradient goes to the larger one; equal inputs share it evenly, as in torch."""
    return _to_winner(gradient, needs, a, b, np.greater)


def minimum(a, b):
    """y = min(a, b), element by element.

    Args:    a, b: numbers, arrays or Tensors; their shapes broadcast.
    Returns: Tensor of the broadcast shape.
    Raises:  ValueError: the shapes do not broadcast.
    Source:  elementary. Differs: none; equal inputs share the gradient evenly, as in torch.
    """
    x, y, *nodes = operands(a, b)
    return record(broadcast(np.minimum, x, y), minimum_backward, (x, y), *nodes)


def minimum_backward(gradient, needs, a, b):
    """The gradient goes to the smaller one; equal inputs share it evenly, as in torch."""
    return _to_winner(gradient, needs, a, b, np.less)


def _to_winner(gradient, needs, a, b, wins):
    tied = 0.5 * np.equal(a, b)
    to_a = needs[0] and unbroadcast(gradient * (wins(a, b) + tied).astype(gradient.dtype), a.shape)
    to_b = needs[1] and unbroadcast(gradient * (wins(b, a) + tied).astype(gradient.dtype), b.shape)
    return to_a, to_b


def where(condition, a, b):
    """y = a where the condition holds, otherwise b.

    Args:    condition: booleans.
             a, b: numbers, arrays or Tensors; all three shapes broadcast.
    Returns: Tensor of the broadcast shape.
    Raises:  TypeError: the condition is not boolean.
             ValueError: the shapes do not broadcast.
    Source:  elementary. Differs: none.

    Example:
        >>> where([True, False], [1.0, 2.0], 0.0)
        Tensor([1., 0.])
    """
    condition = as_tensor(condition)._data
    if condition.dtype != bool:
        raise TypeError(f"where: the condition is {condition.dtype}, expected booleans, e.g. x > 0")
    x, y, *nodes = operands(a, b)
    try:
        result = np.where(condition, x, y)
    except ValueError:
        raise ValueError(
            f"where: shapes {condition.shape}, {np.shape(x)} and {np.shape(y)} of condition, a and b do not broadcast"
        ) from None
    shapes = nodes[0] and x.shape, nodes[1] and y.shape
    return record(result, where_backward, (condition, *shapes), *nodes)


def where_backward(gradient, needs, condition, a_shape, b_shape):
    """dL/da = g where the condition holds, else 0; dL/db the other way round."""
    to_a = needs[0] and unbroadcast(gradient * condition, a_shape)
    return to_a, needs[1] and unbroadcast(gradient * ~condition, b_shape)


def clip(x, low=None, high=None):
    """y = min(max(x, low), high).

    Args:    x: floating point, any shape.
             low, high: numbers or arrays that broadcast to x; None leaves that side open.
    Returns: Tensor of x's shape.
    Raises:  ValueError: neither bound is given.
             TypeError: x is not floating point.
    Source:  elementary. Differs: no gradient goes to the bounds.
    """
    if low is None and high is None:
        raise ValueError("clip: got neither low nor high; give at least one bound")
    x = float_tensor(x, "clip")
    return record(np.clip(x._data, low, high).astype(x.dtype, copy=False), clip_backward, (x._data, low, high), x._node)


def clip_backward(gradient, needs, x, low, high):
    """dL/dx = g where low <= x <= high, else 0."""
    inside = np.ones(x.shape, bool)
    if low is not None:
        inside &= x >= low
    if high is not None:
        inside &= x <= high
    return (gradient * inside,)
