r"""The Transformer in PyTorch. Notation as in `scratch`.

Attention is `F.scaled_dot_product_attention`, which chooses a fused kernel: causal attention is asked for by
`causal=True` and not by a mask, so that the fastest one may serve it. Nothing here waits for the device.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.transformer.pytorch_attention import (
    MultiHeadAttention,
    attention_weights,
    causal_mask,
    padding_mask,
    scaled_dot_product_attention,
    sinusoidal_positions,
)
from mylib.attention.transformer.pytorch_recurrent import RecurrentTranslator
from mylib.attention.transformer.pytorch_search import beam_search, greedy_decode
from mylib.attention.transformer.scores import bleu, phoneme_error_rate

__all__ = [
    "scaled_dot_product_attention",
    "attention_weights",
    "causal_mask",
    "padding_mask",
    "sinusoidal_positions",
    "MultiHeadAttention",
    "FeedForward",
    "EncoderLayer",
    "DecoderLayer",
    "Transformer",
    "RecurrentTranslator",
    "label_smoothing_loss",
    "warmup_schedule",
    "greedy_decode",
    "beam_search",
    "bleu",
    "phoneme_error_rate",
]


class FeedForward(nn.Module):
    r"""max(0, x W_1 + b_1) W_2 + b_2, for each token alone.

    Args:    dim: of the tokens. hidden: of the layer between. activation: "relu" or "gelu".
    Raises:  ValueError: another activation.
    Source:  Vaswani et al. (2017), equation 2. Differs: the GELU is that of later Transformers.
    """

    def __init__(self, dim, hidden, activation="relu"):
        super().__init__()
        _check_activation(activation)
        self.activation = {"relu": F.relu, "gelu": F.gelu}[activation]
        self.inner, self.outer = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x):
        """Shapes (..., dim) to (..., dim)."""
        return self.outer(self.activation(self.inner(x)))


class EncoderLayer(nn.Module):
    r"""Tokens look at each other, then each thinks for itself; both as x <- LayerNorm(x + Dropout(f(x))).

    Args:    dim, heads, hidden: as `MultiHeadAttention` and `FeedForward`.
             dropout: share of each f(x) that is hidden while training.
             norm_first: x <- x + Dropout(f(LayerNorm(x))) instead, which trains without warm-up.
             activation, bias: of the feed-forward part, and of the attention.
    Raises:  ValueError: as its parts.
    Source:  Vaswani et al. (2017), section 3.1; norm_first from Xiong et al. (2020). Differs: none.
    """

    def __init__(self, dim, heads, hidden, dropout=0.1, norm_first=False, activation="relu", bias=False):
        super().__init__()
        self.attention = MultiHeadAttention(dim, heads, bias)
        self.feed_forward = FeedForward(dim, hidden, activation)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.dropout, self.norm_first = nn.Dropout(dropout), norm_first

    def forward(self, x, mask=None):
        """Shapes (batch, time, dim) to (batch, time, dim)."""
        x = _residual(self, x, self.norm1, lambda h: self.attention(h, mask=mask))
        return _residual(self, x, self.norm2, self.feed_forward)

    def weights(self, x, mask=None):
        """How this layer's heads distribute their attention. Shape (batch, heads, time, time)."""
        return self.attention.weights(self.norm1(x) if self.norm_first else x, mask=mask)


class DecoderLayer(nn.Module):
    r"""Tokens look at those before them, then at the encoder's, then each thinks for itself.

    Args:    dim, heads, hidden, dropout, norm_first, activation, bias: as `EncoderLayer`.
    Raises:  ValueError: as its parts.
    Source:  Vaswani et al. (2017), section 3.1. Differs: none.
    """

    def __init__(self, dim, heads, hidden, dropout=0.1, norm_first=False, activation="relu", bias=False):
        super().__init__()
        self.attention = MultiHeadAttention(dim, heads, bias)
        self.cross_attention = MultiHeadAttention(dim, heads, bias)
        self.feed_forward = FeedForward(dim, hidden, activation)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(dim) for _ in range(3))
        self.dropout, self.norm_first = nn.Dropout(dropout), norm_first

    def forward(self, x, memory, memory_mask=None):
        """Shapes (batch, query, dim) and (batch, key, dim) to (batch, query, dim)."""
        x = _residual(self, x, self.norm1, lambda h: self.attention(h, causal=True))
        x = _residual(self, x, self.norm2, lambda h: self.cross_attention(h, memory, memory_mask))
        return _residual(self, x, self.norm3, self.feed_forward)

    def weights(self, x, memory, memory_mask=None):
        """The weights among the tokens themselves, and those on the memory. Shapes (batch, heads, query, key)."""
        own = self.attention.weights(self.norm1(x) if self.norm_first else x, causal=True)
        x = _residual(self, x, self.norm1, lambda h: self.attention(h, causal=True))
        h = self.norm2(x) if self.norm_first else x
        return own, self.cross_attention.weights(h, memory, memory_mask)


class Transformer(nn.Module):
    r"""An encoder that reads the source, and a decoder that writes the target, one token after the other.

    The table of target embeddings is also the last linear layer, as in the paper.

    Args:    vocab_in, vocab_out: sizes of the two vocabularies.
             dim, heads, layers, hidden: of the tokens, their attention, each of the two stacks, the feed-forward parts.
             dropout: of each sub-layer, and of the embeddings.
             longest: tokens of a sequence, at most.
             padding: the token that fills up rows, in both vocabularies.
             share: one table for both vocabularies, which must then be equal in size.
    Raises:  ValueError: sizes that do not fit, no tokens, too many, or one outside the vocabulary.
             TypeError: tokens that are no integers.
    Source:  Vaswani et al. (2017). Differs: none.
    """

    def __init__(
        self,
        vocab_in,
        vocab_out,
        dim,
        heads,
        layers,
        hidden,
        dropout=0.1,
        longest=256,
        padding=0,
        share=False,
    ):
        super().__init__()
        _check_share(vocab_in, vocab_out, share)
        self.dim, self.padding, self.longest = dim, padding, longest
        self.source_embedding = nn.Embedding(vocab_in, dim)
        self.target_embedding = self.source_embedding if share else nn.Embedding(vocab_out, dim)
        # Each table once, in an order that a seed repeats; a set's order changes from run to run.
        for table in dict.fromkeys((self.source_embedding, self.target_embedding)):
            nn.init.normal_(table.weight, std=dim**-0.5)
        self.register_buffer("positions", sinusoidal_positions(longest, dim), persistent=False)
        self.dropout = nn.Dropout(dropout)
        self.encoder = nn.ModuleList([EncoderLayer(dim, heads, hidden, dropout) for _ in range(layers)])
        self.decoder = nn.ModuleList([DecoderLayer(dim, heads, hidden, dropout) for _ in range(layers)])

    def encode(self, source):
        """The memory, and the mask of its padding. Shapes (batch, time) to (batch, time, dim), (batch, 1, 1, time)."""
        mask, x = padding_mask(source, self.padding), self._embed(source, self.source_embedding)
        for layer in self.encoder:
            x = layer(x, mask)
        return x, mask

    def decode(self, target, memory):
        """Scores of the token after each, from what `encode` returns. Shape (batch, time, vocab_out)."""
        memory, mask = memory
        # No mask for the target's padding: it stands behind the tokens, and none looks ahead.
        x = self._embed(target, self.target_embedding)
        for layer in self.decoder:
            x = layer(x, memory, mask)
        return F.linear(x, self.target_embedding.weight)

    def forward(self, source, target):
        """Scores of the token after each. Shapes (batch, key), (batch, query) to (batch, query, vocab_out)."""
        return self.decode(target, self.encode(source))

    @torch.no_grad()
    def attention_maps(self, source, target):
        """The weights of every layer, in lists "encoder", "decoder" and "cross" of (batch, heads, query, key).

        Of the model as it is: while training, dropout acts on what the layers see.
        """
        maps = {"encoder": [], "decoder": [], "cross": []}
        mask, x = padding_mask(source, self.padding), self._embed(source, self.source_embedding)
        for layer in self.encoder:
            maps["encoder"].append(layer.weights(x, mask))
            x = layer(x, mask)
        memory, x = x, self._embed(target, self.target_embedding)
        for layer in self.decoder:
            own, cross = layer.weights(x, memory, mask)
            maps["decoder"].append(own)
            maps["cross"].append(cross)
            x = layer(x, memory, mask)
        return maps

    def _embed(self, tokens, table):
        _check_sequence(tokens, table.num_embeddings, self.longest)
        return self.dropout(table(tokens) * math.sqrt(self.dim) + self.positions[: tokens.shape[1]])


def label_smoothing_loss(scores, targets, smoothing=0.1, padding=0):
    r"""-sum_k q_k log softmax(scores)_k, the mean over tokens that are no padding.

    q is 1 - e + e/K at the target and e/K elsewhere: a little probability is asked for everywhere.

    Args:    scores: for K classes. Shape (batch, time, K).
             targets: integers. Shape (batch, time).
             smoothing: e, between 0 and 1.
             padding: the target that does not count.
    Returns: a scalar; 0 where all is padding.
    Raises:  ValueError: shapes that do not fit, or a smoothing outside [0, 1]. Targets that are no classes get the
             error of `cross_entropy`.
    Source:  Szegedy et al. (2016), section 7; Vaswani et al. (2017), section 5.4. Differs: none.
    """
    _check_loss(scores.shape, targets.shape, smoothing)
    total = F.cross_entropy(
        scores.flatten(0, 1),
        targets.flatten(),
        label_smoothing=smoothing,
        ignore_index=padding,
        reduction="sum",
    )
    return total / (targets != padding).sum().clamp(min=1)


def warmup_schedule(step, dim, warmup_steps):
    r"""The learning rate dim^{-1/2} min(step^{-1/2}, step warmup^{-3/2}): up in a line, then down like a root.

    Args:    step: counts from 1. dim: of the model. warmup_steps: where the peak is.
    Returns: a number.
    Raises:  ValueError: a step, dim or warm-up below 1.
    Source:  Vaswani et al. (2017), equation 3. Differs: none.
    """
    if min(step, dim, warmup_steps) < 1:
        raise ValueError(
            f"warmup_schedule: expected step, dim and warmup_steps of at least 1, got {step}, {dim} and {warmup_steps}"
        )
    return dim**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)


def _residual(layer, x, norm, part):
    """One sub-layer with its residual connection."""
    if layer.norm_first:
        return x + layer.dropout(part(norm(x)))
    return norm(x + layer.dropout(part(x)))


def _check_activation(activation):
    if activation not in ("relu", "gelu"):
        raise ValueError(f"FeedForward: activation={activation!r}, expected 'relu' or 'gelu'")


def _check_share(vocab_in, vocab_out, share):
    if share and vocab_in != vocab_out:
        raise ValueError(
            f"Transformer: share=True needs one vocabulary, got {vocab_in} and {vocab_out} tokens; leave it False"
        )


def _check_sequence(tokens, vocabulary, longest):
    if tokens.dtype.is_floating_point or tokens.dtype == torch.bool:
        raise TypeError(f"Transformer: got tokens of {tokens.dtype}, expected integers")
    if tokens.ndim != 2 or not 1 <= tokens.shape[1] <= longest:
        raise ValueError(
            f"Transformer: expected tokens of shape (batch, 1 to {longest}), got {tuple(tokens.shape)}; "
            "a larger `longest` takes longer ones"
        )
    # A GPU would have to be waited for; there, the embedding's own check ends the program.
    if tokens.device.type == "cpu" and tokens.numel() and not torch.compiler.is_compiling():
        low, high = (int(value) for value in torch.aminmax(tokens))
        if low < 0 or high >= vocabulary:
            raise ValueError(
                f"Transformer: token {low if low < 0 else high} is outside the vocabulary of {vocabulary} tokens"
            )


def _check_loss(scores, targets, smoothing):
    if len(scores) != 3 or tuple(targets) != tuple(scores[:2]):
        raise ValueError(
            f"label_smoothing_loss: expected scores (batch, time, classes) and targets (batch, time), got "
            f"{tuple(scores)} and {tuple(targets)}"
        )
    if not 0 <= smoothing <= 1:
        raise ValueError(f"label_smoothing_loss: expected a smoothing in [0, 1], got {smoothing}")
