r"""Attention in NumPy: one query after the keys, many heads, masks and positions. Notation as in scratch.py."""

import math

import numpy as np

from mylib import engine
from mylib.attention.transformer import contract
from mylib.engine import as_tensor, nn


def scaled_dot_product_attention(q, k, v, mask=None, causal=False):
    r"""softmax(Q K^T / sqrt(d)) V: each query takes the mean of the values, weighted by how well their keys match.

    The equation in code is `plain_attention`; this is the engine's operation, which is faster: it computes the scores
    of a few heads and queries at a time, so that they stay in the processor's cache, and computes them again on the way
    back instead of reading them from memory.

    Args:    q, k, v: queries, keys and values. Shapes (..., query, dim), (..., key, dim), (..., key, value).
             mask: booleans, True where a query may look at a key. Shape broadcasts to (..., query, key).
             causal: a query looks at keys up to its own position only.
    Returns: Tensor of shape (..., query, value); zeros where a query may look at nothing.
    Raises:  ValueError: shapes that do not fit. TypeError: a mask that is not boolean.
    Source:  Vaswani et al. (2017), equation 1. Differs: a row without keys gives 0 and not NaN.

    Example:
        >>> scaled_dot_product_attention([[0.0]], [[1.0], [2.0]], [[3.0], [5.0]])  # the mean of both values
        Tensor([[4.]])
    """
    q, k, v = as_tensor(q), as_tensor(k), as_tensor(v)
    contract.check_attention(q.shape, k.shape, v.shape, causal)
    _check_mask(mask, q, k)
    return engine.attention(q, k, v, mask, causal)


def plain_attention(q, k, v, mask=None, causal=False):
    r"""softmax(Q K^T / sqrt(d)) V as it is written, with every score in memory: what the fast one is tested against."""
    return attention_weights(q, k, mask, causal) @ v


def attention_weights(q, k, mask=None, causal=False):
    r"""softmax(Q K^T / sqrt(d)): how much each query looks at each key, to be drawn.

    Args:    q, k, mask, causal: as `scaled_dot_product_attention`.
    Returns: Tensor of shape (..., query, key); rows sum to 1, or are 0 where a query may look at nothing.
    Raises:  ValueError, TypeError: as `scaled_dot_product_attention`.
    Source:  Vaswani et al. (2017), equation 1. Differs: a row without keys gives 0 and not NaN.

    Example:
        >>> attention_weights([[0.0], [1.0]], [[0.0], [0.0]], causal=True)
        Tensor([[1. , 0. ],
                [0.5, 0.5]])
    """
    q, k = as_tensor(q), as_tensor(k)
    contract.check_attention(q.shape, k.shape, None, causal)
    _check_mask(mask, q, k)
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])  # (..., query, key)
    allowed = np.broadcast_to(True if mask is None else mask, scores.shape)
    if causal:
        allowed = allowed & causal_mask(k.shape[-2])
    blind = ~allowed.any(axis=-1, keepdims=True)  # (..., query, 1): a row of -inf alone has no softmax
    weights = engine.softmax(engine.where(allowed | blind, scores, scores.dtype.type(-np.inf)))
    return engine.where(blind, scores.dtype.type(0), weights)


def causal_mask(length, device=None):
    """True where position i may look at position j: j up to i.

    Args:    length: of the sequence. device: of PyTorch's mask; NumPy has none.
    Returns: booleans, shape (length, length).
    Raises:  ValueError: a device, in NumPy.
    Source:  Vaswani et al. (2017), section 3.2.3.

    Example:
        >>> causal_mask(3).astype(int).tolist()
        [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    """
    if device is not None:
        raise ValueError(f"causal_mask: expected no device in NumPy, got {device!r}")
    return np.tril(np.ones((length, length), bool))


def padding_mask(tokens, padding=0):
    """True where a token is none that only fills up a row.

    Args:    tokens: integers. Shape (batch, time). padding: the number that fills up.
    Returns: booleans, shape (batch, 1, 1, time): the same for all heads and queries.
    Raises:  ValueError: tokens of another shape.
    Source:  elementary.

    Example:
        >>> padding_mask([[5, 3, 0]])[0, 0, 0].tolist()
        [True, True, False]
    """
    tokens = np.asarray(tokens)
    contract.check_padding(tokens.shape)
    return (tokens != padding)[:, None, None]


def sinusoidal_positions(length, dim):
    r"""P[t, 2i] = sin(t / 10000^{2i/dim}), P[t, 2i+1] = cos(t / 10000^{2i/dim}).

    Args:    length: number of positions. dim: even.
    Returns: float32, shape (length, dim).
    Raises:  ValueError: an odd dim.
    Source:  Vaswani et al. (2017), section 3.5. Differs: none.

    Example:
        >>> sinusoidal_positions(2, 4).round(2).tolist()[0]
        [0.0, 1.0, 0.0, 1.0]
    """
    contract.check_positions(dim)
    positions = np.empty((length, dim), np.float32)
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(0, dim, 2) / dim)
    positions[:, 0::2], positions[:, 1::2] = np.sin(angles), np.cos(angles)
    return positions


class MultiHeadAttention(nn.Module):
    r"""Concat(head_1, ..., head_h) W^O with head_i = Attention(X W_i^Q, M W_i^K, M W_i^V).

    Args:    dim: of the tokens. heads: h, a divisor of dim; each works in dim / h dimensions.
             bias: add one to the four products.
    Raises:  ValueError: heads that do not divide dim, or inputs of another size.
    Source:  Vaswani et al. (2017), section 3.2.2. Differs: torch.nn.MultiheadAttention has biases by default.

    Example:
        >>> MultiHeadAttention(8, 2)(np.zeros((3, 5, 8), np.float32)).shape
        (3, 5, 8)
    """

    def __init__(self, dim, heads, bias=False):
        super().__init__()
        contract.check_heads(dim, heads)
        self.dim, self.heads = dim, heads
        self.query, self.key, self.value, self.output = (nn.Linear(dim, dim, bias=bias) for _ in range(4))

    def forward(self, x, memory=None, mask=None, causal=False):
        """X (batch, query, dim) looks at memory (batch, key, dim), or at itself; (batch, query, dim)."""
        q, k, v = self._project(x, memory, mask)
        heads = scaled_dot_product_attention(q, k, v, mask, causal)  # (batch, heads, query, d)
        return self.output(heads.swapaxes(1, 2).flatten(2))

    # The same text on both sides: it joins a method and a function that have their own mathematics.
    def weights(self, x, memory=None, mask=None, causal=False):
        """How each head distributes its attention. Shape (batch, heads, query, key)."""
        q, k, _ = self._project(x, memory, mask)
        return attention_weights(q, k, mask, causal)

    def _project(self, x, memory, mask):
        x = as_tensor(x)
        memory = None if memory is None else as_tensor(memory)
        contract.check_tokens(x.shape, None if memory is None else memory.shape, self.dim)
        memory = x if memory is None else memory
        contract.check_mask_of_heads(np.shape(mask))
        parts = (self.query(x), self.key(memory), self.value(memory))
        d = self.dim // self.heads
        return (p.reshape(*p.shape[:2], self.heads, d).swapaxes(1, 2) for p in parts)  # (batch, heads, time, d)


def _check_mask(mask, q, k):
    if mask is not None:
        mask = np.asarray(mask)
        contract.check_mask(mask.shape, mask.dtype == np.bool_, mask.dtype, (*q.shape[:-1], k.shape[-2]))
