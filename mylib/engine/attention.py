r"""Attention as one operation. Source: Vaswani et al. (2017)."""

import math

import numpy as np

from mylib.engine.contract import check_attention
from mylib.engine.elementwise import where
from mylib.engine.fast.attention import attend, attention_backward, four_axes
from mylib.engine.reductions import softmax
from mylib.engine.tensor import Tensor, as_tensor, float_tensor, record


def plain_attention(query, key, value, mask=None):
    """softmax(Q K^T / sqrt(d)) V, every score in memory; what `attention` computes block by block."""
    query, key = as_tensor(query), as_tensor(key)
    scores = query @ key.swapaxes(-1, -2) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = where(mask, scores, -np.inf)
    return softmax(scores) @ value


def attention(query, key, value, mask=None, causal=False):
    r"""y = softmax(Q K^T / sqrt(d)) V, where d is the length of a query.

    Args:
        query: Q, shape (..., query, d).
        key: K, shape (..., key, d).
        value: V, shape (..., key, value).
        mask: booleans, True where a query may look at a key; shape broadcasts to (..., query, key).
        causal: a query looks at keys up to its own position only.

    Returns:
        Tensor of shape (..., query, value); zeros where a query may look at nothing.

    Raises:
        ValueError: shapes that do not fit.
        TypeError: the mask is not boolean, or an input is not floating point.

    Example:
        >>> attention([[0.0]], [[1.0], [2.0]], [[3.0], [5.0]])
        Tensor([[4.]])

    Source: Vaswani et al. (2017), equation 1. Differs: torch's name is scaled_dot_product_attention; leading axes must
        be equal, and a row without keys gives 0.
    """
    inputs = [float_tensor(x, "attention") for x in (query, key, value)]
    shapes = [x.shape for x in inputs]
    check_attention(*shapes, causal)
    q, k, v = (four_axes(x._data) for x in inputs)
    bias = None if mask is None else _bias(mask, (*shapes[0][:-1], shapes[1][-2]), q.dtype)
    y, normaliser = attend(q, k, v, bias, causal)
    saved = q, k, v, bias, causal, y, normaliser, shapes
    y = y.reshape(*shapes[0][:-1], shapes[2][-1])
    return record(y, attention_backward, saved, *(x._node for x in inputs))


def _bias(mask, shape, dtype):
    """0 where a query may look and -inf where not, as (batch, heads, query, key), without copies."""
    mask = np.asarray(mask._data if isinstance(mask, Tensor) else mask)
    if mask.dtype != np.bool_:
        raise TypeError(f"attention: got a mask of {mask.dtype}, expected booleans, True where a query may look")
    try:
        np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(f"attention: a mask {mask.shape} does not broadcast to {shape}") from None
    bias = np.where(mask, dtype.type(0), dtype.type(-np.inf))
    return four_axes(np.broadcast_to(bias, shape))
