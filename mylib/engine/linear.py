r"""Products of matrices."""

import numpy as np

from mylib.engine.broadcasting import operand, operands, unbroadcast
from mylib.engine.fast.sums import product, sum_leading, tall
from mylib.engine.tensor import float_tensor, record


def matmul(a, b):
    """y = a b, the matrix product over the last two axes.

    y[..., i, j] = sum_k a[..., i, k] b[..., k, j]; leading axes broadcast, and a vector counts as a row on the left
    and as a column on the right, whose axis is then dropped.

    Args:
        a: shape (..., rows, inner) or (inner,).
        b: shape (..., inner, columns) or (inner,).

    Returns:
        Tensor of shape (..., rows, columns).

    Raises:
        ValueError: the inner lengths differ, the leading axes do not broadcast, or an input is a number.

    Example:
        >>> matmul([[1.0, 2.0]], [[3.0], [4.0]])
        Tensor([[11.]])

    Source: elementary. Differs: none.
    """
    x, y, *nodes = operands(a, b)
    if not np.ndim(x) or not np.ndim(y):
        raise ValueError(f"matmul: got shapes {np.shape(x)} and {np.shape(y)}; a number multiplies with *")
    inner = y.shape[-2] if y.ndim > 1 else y.shape[0]
    if x.shape[-1] != inner:
        raise ValueError(
            f"matmul: shapes {x.shape} and {y.shape} do not fit: {x.shape[-1]} columns against {inner} rows; transpose "
            "one of them?"
        )
    try:
        return record(product(x, y), matmul_backward, (x, y), *nodes)
    except ValueError:
        raise ValueError(f"matmul: leading axes of {x.shape} and {y.shape} do not broadcast") from None


def matmul_backward(gradient, needs, a, b):
    """dL/da = g b^T,  dL/db = a^T g."""
    if a.ndim == 1 and b.ndim == 1:
        return gradient * b, gradient * a
    rows = a[None] if a.ndim == 1 else a
    columns = b[:, None] if b.ndim == 1 else b
    if a.ndim == 1:
        gradient = gradient[..., None, :]
    if b.ndim == 1:
        gradient = gradient[..., None]
    to_a = to_b = None
    if needs[0]:
        to_a = unbroadcast(product(gradient, columns.swapaxes(-1, -2)), rows.shape).reshape(a.shape)
    if needs[1]:
        if columns.ndim == 2 and rows.ndim > 2:  # one matrix for the whole batch: sum over it inside the product
            rows, gradient = tall(rows), tall(gradient)
        to_b = unbroadcast(product(rows.swapaxes(-1, -2), gradient), columns.shape).reshape(b.shape)
    return to_a, to_b


def linear(x, weight, bias=None):
    """y = x W^T + b.

    Args:
        x: shape (..., features_in).
        weight: W, shape (features_out, features_in).
        bias: b, shape (features_out,), or None.

    Returns:
        Tensor of shape (..., features_out).

    Raises:
        ValueError: the shapes do not fit each other.

    Example:
        >>> linear([[1.0, 2.0]], weight=[[3.0, 4.0]], bias=[0.5])
        Tensor([[11.5]])

    Source: elementary. Differs: none.
    """
    x = float_tensor(x, "linear")
    w, w_node = operand(weight)
    if w.ndim != 2 or x.ndim == 0 or x.shape[-1] != w.shape[1]:
        raise ValueError(f"linear: weight {w.shape} does not fit x {x.shape}; expected (features_out, {x.shape[-1:]})")
    y = product(x._data, w.T)
    if bias is None:
        return record(y, linear_backward, (x._data, w), x._node, w_node)
    b, b_node = operand(bias)
    if b.shape != w.shape[:1]:
        raise ValueError(f"linear: bias {b.shape} does not fit weight {w.shape}; expected ({w.shape[0]},)")
    y = np.add(y, b, out=y) if b.dtype == y.dtype else y + b
    return record(y, linear_backward, (x._data, w), x._node, w_node, b_node)


def linear_backward(gradient, needs, x, w):
    """dL/dx = g W,  dL/dW = g^T x,  dL/db = g; the last two summed over all leading axes."""
    to_x = needs[0] and product(gradient, w)
    gradient = tall(gradient)
    to_w = needs[1] and gradient.T @ tall(x)
    return to_x, to_w, *(node and sum_leading(gradient, 1) for node in needs[2:])
