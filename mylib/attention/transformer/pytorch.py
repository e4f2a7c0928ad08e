r"""The Transformer in PyTorch. Notation as in `scratch`.

Attention is `F.scaled_dot_product_attention`, which chooses a fused kernel: causal attention is asked for by
`causal=True` and not by a mask, so that the fastest one may serve it. Nothing here waits for the device but the search:
it asks after each token whether all rows are finished, a short wait beside the dozens of kernels that a token takes.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.transformer import contract
from mylib.attention.transformer.cache import KeyValueCache
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
from mylib.attention.transformer.schedule import warmup_schedule
from mylib.attention.transformer.scores import bleu, phoneme_error_rate
from mylib.shared.docstrings import complete_from_twin

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
    r"""max(0, x W_1 + b_1) W_2 + b_2, for each token alone."""

    def __init__(self, dim, hidden, activation="relu"):
        super().__init__()
        contract.check_activation(activation)
        self.activation = {"relu": F.relu, "gelu": F.gelu}[activation]
        self.inner, self.outer = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x):
        """Shapes (..., dim) to (..., dim)."""
        return self.outer(self.activation(self.inner(x)))


class EncoderLayer(nn.Module):
    r"""Tokens look at each other, then each thinks for itself; both as x <- LayerNorm(x + Dropout(f(x)))."""

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
    r"""Tokens look at those before them, then at the encoder's, then each thinks for itself."""

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

    # The same text on both sides: `forward` again, with attention that asks what is kept.
    def step(self, x, cache):
        """`forward` for the newest token of each row alone; `cache` keeps the rest. Shape (rows, 1, dim)."""
        x = _residual(self, x, self.norm1, lambda h: cache.look_back(self.attention, h))
        x = _residual(self, x, self.norm2, lambda h: cache.look_at_source(self.cross_attention, h))
        return _residual(self, x, self.norm3, self.feed_forward)

    def weights(self, x, memory, memory_mask=None):
        """The weights among the tokens themselves, and those on the memory. Shapes (batch, heads, query, key)."""
        own = self.attention.weights(self.norm1(x) if self.norm_first else x, causal=True)
        x = _residual(self, x, self.norm1, lambda h: self.attention(h, causal=True))
        h = self.norm2(x) if self.norm_first else x
        return own, self.cross_attention.weights(h, memory, memory_mask)


class Transformer(nn.Module):
    r"""An encoder that reads the source, and a decoder that writes the target, one token after the other."""

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
        contract.check_share(vocab_in, vocab_out, share)
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

    # The same text on both sides: it only passes on what layers return, which have their own mathematics.
    def decode(self, target, memory):
        """Scores of the token after each, from what `encode` returns. Shape (batch, time, vocab_out)."""
        memory, mask = memory
        # No mask for the target's padding: it stands behind the tokens, and none looks ahead.
        x = self._embed(target, self.target_embedding)
        for layer in self.decoder:
            x = layer(x, memory, mask)
        return F.linear(x, self.target_embedding.weight)

    def begin(self, memory, beam=1):
        """What `decode_next` keeps, before the first token: `beam` rows for each source of `encode`."""
        return KeyValueCache(self.decoder, *memory, beam, scaled_dot_product_attention, torch.cat)

    # The same text on both sides: as `decode`.
    def decode_next(self, tokens, cache):
        """The last scores of `decode`, from each row's newest token and what `cache` keeps of those before it.

        Shapes (rows,) to (rows, vocab_out). A model that changes `decode` changes this method, too.
        """
        x = self._embed(tokens[:, None], self.target_embedding, cache.length)
        for layer, kept in zip(self.decoder, cache.layers, strict=True):
            x = layer.step(x, kept)
        cache.length += 1
        return F.linear(x[:, 0], self.target_embedding.weight)

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

    def _embed(self, tokens, table, before=0):
        """With their positions, after so many tokens `before`."""
        integers = not tokens.dtype.is_floating_point and tokens.dtype != torch.bool
        contract.check_sequence(tokens.shape, integers, tokens.dtype, self.longest, before)
        # A GPU would have to be waited for; there, the embedding's own check ends the program.
        if tokens.device.type == "cpu" and tokens.numel() and not torch.compiler.is_compiling():
            contract.check_vocabulary(*(int(value) for value in torch.aminmax(tokens)), table.num_embeddings)
        positions = self.positions[before : before + tokens.shape[1]]
        return self.dropout(table(tokens) * math.sqrt(self.dim) + positions)


def label_smoothing_loss(scores, targets, smoothing=0.1, padding=0):
    r"""-sum_k q_k log softmax(scores)_k, the mean over tokens that are no padding."""
    contract.check_loss(scores.shape, targets.shape, smoothing)
    total = F.cross_entropy(
        scores.flatten(0, 1),
        targets.flatten(),
        label_smoothing=smoothing,
        ignore_index=padding,
        reduction="sum",
    )
    return total / (targets != padding).sum().clamp(min=1)


# The same text on both sides: a sum of what layers return reads alike in any library.
def _residual(layer, x, norm, part):
    """One sub-layer with its residual connection."""
    if layer.norm_first:
        return x + layer.dropout(part(norm(x)))
    return norm(x + layer.dropout(part(x)))


complete_from_twin(globals())
