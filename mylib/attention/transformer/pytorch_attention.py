r"""Attention in PyTorch: fused, with masks that keep it so. Notation as in scratch.py."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.transformer import contract


def scaled_dot_product_attention(q, k, v, mask=None, causal=False):
    r"""softmax(Q K^T / sqrt(d)) V, fused: the scores of all heads never stand in memory together."""
    contract.check_attention(q.shape, k.shape, v.shape, causal)
    _check_mask(mask, q, k)
    if not k.shape[-2]:
        return q @ (k.transpose(-1, -2) @ v)  # a sum of nothing is 0, and its gradient too
    if mask is None:
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    mask = torch.atleast_2d(mask)  # the fused call knows no mask for keys alone
    if causal:
        mask = mask & causal_mask(q.shape[-2], q.device)
    # A row without keys looks at all of them, and what it sees is thrown away: kernels differ in what else they do.
    blind = ~mask.any(dim=-1, keepdim=True)  # (..., query, 1)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask | blind).masked_fill(blind, 0)


def attention_weights(q, k, mask=None, causal=False):
    r"""softmax(Q K^T / sqrt(d)): how much each query looks at each key, to be drawn."""
    contract.check_attention(q.shape, k.shape, None, causal)
    _check_mask(mask, q, k)
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    allowed = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.expand(scores.shape)
    if causal:
        allowed = allowed & causal_mask(q.shape[-2], q.device)
    blind = ~allowed.any(dim=-1, keepdim=True)
    return scores.masked_fill(~(allowed | blind), -math.inf).softmax(dim=-1).masked_fill(blind, 0)


def causal_mask(length, device=None):
    """True where position i may look at position j: j up to i."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def padding_mask(tokens, padding=0):
    """True where a token is none that only fills up a row."""
    contract.check_padding(tokens.shape)
    return (tokens != padding)[:, None, None]


def sinusoidal_positions(length, dim):
    r"""P[t, 2i] = sin(t / 10000^{2i/dim}), P[t, 2i+1] = cos(t / 10000^{2i/dim})."""
    contract.check_positions(dim)
    rates = 10000.0 ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    angles = torch.arange(length, dtype=torch.float64)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).float()


class MultiHeadAttention(nn.Module):
    r"""Concat(head_1, ..., head_h) W^O with head_i = Attention(X W_i^Q, M W_i^K, M W_i^V)."""

    def __init__(self, dim, heads, bias=False):
        super().__init__()
        contract.check_heads(dim, heads)
        self.dim, self.heads = dim, heads
        self.query, self.key, self.value, self.output = (nn.Linear(dim, dim, bias=bias) for _ in range(4))

    def forward(self, x, memory=None, mask=None, causal=False):
        """X (batch, query, dim) looks at memory (batch, key, dim), or at itself; (batch, query, dim)."""
        q, k, v = self._project(x, memory, mask)
        return self.output(scaled_dot_product_attention(q, k, v, mask, causal).transpose(1, 2).flatten(2))

    # The same text on both sides: it joins a method and a function that have their own mathematics.
    def weights(self, x, memory=None, mask=None, causal=False):
        """How each head distributes its attention. Shape (batch, heads, query, key)."""
        q, k, _ = self._project(x, memory, mask)
        return attention_weights(q, k, mask, causal)

    def _project(self, x, memory, mask):
        contract.check_tokens(x.shape, None if memory is None else memory.shape, self.dim)
        memory = x if memory is None else memory
        if mask is not None:
            contract.check_mask_of_heads(mask.shape)
        parts = (self.query(x), self.key(memory), self.value(memory))
        return (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in parts)  # (batch, heads, time, d)


def _check_mask(mask, q, k):
    if mask is not None:
        contract.check_mask(mask.shape, mask.dtype == torch.bool, mask.dtype, (*q.shape[:-1], k.shape[-2]))
