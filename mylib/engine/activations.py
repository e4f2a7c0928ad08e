r"""Activation functions, element by element; g is the gradient dL/dy that arrives."""

import math

import numpy as np
from scipy.special import erf

from mylib.engine.fast.normal import gelu_and_slope
from mylib.engine.tensor import float_tensor, record


def relu(x):
    """y = max(x, 0).

    Args:    x: floating point, any shape.
    Returns: Tensor of x's shape.
    Raises:  TypeError: x is not floating point.
    Source:  Nair and Hinton (2010). Differs: none; the slope at 0 is taken as 0, as in torch.

    Example:
        >>> relu([-1.0, 0.0, 2.0])
        Tensor([0., 0., 2.])
    """
    x = float_tensor(x, "relu")
    y = x._data.clip(x.dtype.type(0), x.dtype.type(np.inf))  # three times faster than np.maximum(x, 0)
    return record(y, relu_backward, (y,), x._node)


def relu_backward(gradient, needs, y):
    """dL/dx = g where x > 0, else 0; at x = 0 the slope is taken as 0, as in torch."""
    to_x = (y > 0).astype(gradient.dtype)  # a product of two dtypes would go through a slower loop
    to_x *= gradient
    return (to_x,)


def leaky_relu(x, negative_slope=0.01):
    """y = x where x > 0, else negative_slope * x.

    Args:    x: floating point, any shape.
             negative_slope: below zero; usually small and positive.
    Returns: Tensor of x's shape.
    Raises:  TypeError: x is not floating point.
    Source:  Maas, Hannun and Ng (2013). Differs: none.

    Example:
        >>> leaky_relu([-1.0, 2.0])
        Tensor([-0.01,  2.  ])
    """
    x = float_tensor(x, "leaky_relu")
    slope = np.where(x._data > 0, x.dtype.type(1), x.dtype.type(negative_slope))
    return record(x._data * slope, leaky_relu_backward, (slope,), x._node)


def leaky_relu_backward(gradient, needs, slope):
    """dL/dx = g where x > 0, else negative_slope * g."""
    return (gradient * slope,)


def tanh(x):
    """y = (e^x - e^-x) / (e^x + e^-x), between -1 and 1.

    Args:    x: floating point, any shape.
    Returns: Tensor of x's shape.
    Raises:  TypeError: x is not floating point.
    Source:  elementary. Differs: none.

    Example:
        >>> tanh([0.0])
        Tensor([0.])
    """
    x = float_tensor(x, "tanh")
    y = np.tanh(x._data)
    return record(y, tanh_backward, (y,), x._node)


def tanh_backward(gradient, needs, y):
    """dL/dx = g (1 - y^2)."""
    return (gradient * (1 - y * y),)


def sigmoid(x):
    """y = 1 / (1 + e^-x), between 0 and 1.

    Written as e^min(x, 0) / (1 + e^-|x|): no power overflows, and small y stay accurate.

    Args:    x: floating point, any shape.
    Returns: Tensor of x's shape.
    Raises:  TypeError: x is not floating point.
    Source:  elementary. Differs: none.

    Example:
        >>> sigmoid([0.0, 1000.0])
        Tensor([0.5, 1. ])
    """
    x = float_tensor(x, "sigmoid")
    y = np.exp(np.minimum(x._data, 0)) / (1 + np.exp(-np.abs(x._data)))
    return record(y, sigmoid_backward, (y,), x._node)


def sigmoid_backward(gradient, needs, y):
    """dL/dx = g y (1 - y)."""
    return (gradient * y * (1 - y),)


def gelu(x, approximate="none"):
    r"""y = x Phi(x), Phi being the normal distribution function; or its tanh approximation.

    Phi(x) = (1 + erf(x / sqrt 2)) / 2, approximately (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.

    Args:
        x: of any shape.
        approximate: "none" for the exact function (erf from SciPy: NumPy has none), or "tanh".

    Returns:
        Tensor of x's shape.

    Raises:
        ValueError: `approximate` is neither.

    Source: Hendrycks and Gimpel (2016). Differs: none.
    """
    x = float_tensor(x, "gelu")
    if approximate == "none":
        y, slope = gelu_and_slope(x._data)
        return record(y, gelu_backward, (slope,), x._node)
    if approximate != "tanh":
        raise ValueError(f"gelu: approximate={approximate!r}, expected 'none' or 'tanh'")
    t = np.tanh(math.sqrt(2 / math.pi) * (x._data + 0.044715 * x._data**3))
    return record(0.5 * x._data * (1 + t), gelu_tanh_backward, (x._data, t), x._node)


def plain_gelu(x):
    """x Phi(x) of an array, in one line: what `gelu` computes in blocks, with its derivative."""
    return x * (1 + erf(x / math.sqrt(2))) / 2


def gelu_backward(gradient, needs, slope):
    """dL/dx = g (Phi(x) + x N(x)), with the normal density N(x); the slope is found in the forward pass."""
    return (gradient * slope,)


def gelu_tanh_backward(gradient, needs, x, t):
    """dL/dx = g ((1 + t) / 2 + x (1 - t^2) u' / 2),  t = tanh(u),  u' = sqrt(2 / pi) (1 + 0.134145 x^2)."""
    slope_u = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    return (gradient * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope_u),)
