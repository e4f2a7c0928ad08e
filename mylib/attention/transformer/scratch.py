r"""The Transformer in NumPy: the layers around attention, and the whole encoder-decoder.

Notation: x are tokens (batch, time, dim); queries, keys and values are Q, K and V, each (batch, heads, time, d) with
d = dim / heads; W^Q, W^K, W^V and W^O are the four products (`query`, `key`, `value`, `output`). The paper's d_k and
d_v are d, its d_model is dim, its d_ff is hidden. A mask is True where a query may look at a key.
"""

import math

import numpy as np

from mylib.attention.transformer import contract
from mylib.attention.transformer.cache import KeyValueCache
from mylib.attention.transformer.schedule import warmup_schedule
from mylib.attention.transformer.scores import bleu, phoneme_error_rate
from mylib.attention.transformer.scratch_attention import (
    MultiHeadAttention,
    attention_weights,
    causal_mask,
    padding_mask,
    scaled_dot_product_attention,
    sinusoidal_positions,
)
from mylib.attention.transformer.scratch_recurrent import RecurrentTranslator
from mylib.attention.transformer.scratch_search import beam_search, greedy_decode
from mylib.engine import as_tensor, concatenate, cross_entropy, gelu, generator, linear, nn, no_grad, relu

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
    "critical_path",
]


class FeedForward(nn.Module):
    r"""max(0, x W_1 + b_1) W_2 + b_2, for each token alone.

    Args:    dim: of the tokens. hidden: of the layer between. activation: "relu" or "gelu".
    Raises:  ValueError: another activation.
    Source:  Vaswani et al. (2017), equation 2. Differs: the GELU is that of later Transformers.

    Example:
        >>> FeedForward(4, 16)(np.zeros((2, 3, 4), np.float32)).shape
        (2, 3, 4)
    """

    def __init__(self, dim, hidden, activation="relu"):
        super().__init__()
        contract.check_activation(activation)
        self.activation = {"relu": relu, "gelu": gelu}[activation]
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

    Example:
        >>> EncoderLayer(8, 2, 16)(np.zeros((3, 5, 8), np.float32)).shape
        (3, 5, 8)
    """

    def __init__(self, dim, heads, hidden, dropout=0.1, norm_first=False, activation="relu", bias=False):
        super().__init__()
        self.attention = MultiHeadAttention(dim, heads, bias)
        self.feed_forward = FeedForward(dim, hidden, activation)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.dropout, self.norm_first = nn.Dropout(dropout), norm_first

    def forward(self, x, mask=None):
        """Shapes (batch, time, dim) to (batch, time, dim)."""
        x = _residual(self, as_tensor(x), self.norm1, lambda h: self.attention(h, mask=mask))
        return _residual(self, x, self.norm2, self.feed_forward)

    def weights(self, x, mask=None):
        """How this layer's heads distribute their attention. Shape (batch, heads, time, time)."""
        return self.attention.weights(self.norm1(x) if self.norm_first else x, mask=mask)


class DecoderLayer(nn.Module):
    r"""Tokens look at those before them, then at the encoder's, then each thinks for itself.

    Args:    dim, heads, hidden, dropout, norm_first, activation, bias: as `EncoderLayer`.
    Raises:  ValueError: as its parts.
    Source:  Vaswani et al. (2017), section 3.1. Differs: none.

    Example:
        >>> DecoderLayer(8, 2, 16)(np.zeros((3, 4, 8), np.float32), np.zeros((3, 5, 8), np.float32)).shape
        (3, 4, 8)
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
        x = _residual(self, as_tensor(x), self.norm1, lambda h: self.attention(h, causal=True))
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
        x = _residual(self, as_tensor(x), self.norm1, lambda h: self.attention(h, causal=True))
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

    Example:
        >>> Transformer(9, 7, dim=8, heads=2, layers=1, hidden=16)([[3, 4, 0]], [[1, 5]]).shape
        (1, 2, 7)
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
        contract.check_share(vocab_in, vocab_out, share)
        self.dim, self.padding, self.longest = dim, padding, longest
        self.source_embedding = _table(vocab_in, dim)
        self.target_embedding = self.source_embedding if share else _table(vocab_out, dim)
        self.positions = sinusoidal_positions(longest, dim)
        self.dropout = nn.Dropout(dropout)
        self.encoder = nn.ModuleList([EncoderLayer(dim, heads, hidden, dropout) for _ in range(layers)])
        self.decoder = nn.ModuleList([DecoderLayer(dim, heads, hidden, dropout) for _ in range(layers)])

    def encode(self, source):
        """The memory, and the mask of its padding. Shapes (batch, time) to (batch, time, dim), (batch, 1, 1, time)."""
        x, mask = self._embed(source, self.source_embedding), padding_mask(source, self.padding)
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
        return linear(x, self.target_embedding.weight)

    def begin(self, memory, beam=1):
        """What `decode_next` keeps, before the first token: `beam` rows for each source of `encode`."""
        return KeyValueCache(self.decoder, *memory, beam, scaled_dot_product_attention, concatenate)

    # The same text on both sides: as `decode`.
    def decode_next(self, tokens, cache):
        """The last scores of `decode`, from each row's newest token and what `cache` keeps of those before it.

        Shapes (rows,) to (rows, vocab_out). A model that changes `decode` changes this method, too.
        """
        x = self._embed(tokens[:, None], self.target_embedding, cache.length)
        for layer, kept in zip(self.decoder, cache.layers, strict=True):
            x = layer.step(x, kept)
        cache.length += 1
        return linear(x[:, 0], self.target_embedding.weight)

    def forward(self, source, target):
        """Scores of the token after each. Shapes (batch, key), (batch, query) to (batch, query, vocab_out)."""
        return self.decode(target, self.encode(source))

    @no_grad()
    def attention_maps(self, source, target):
        """The weights of every layer, in lists "encoder", "decoder" and "cross" of (batch, heads, query, key).

        Of the model as it is: while training, dropout acts on what the layers see.
        """
        maps = {"encoder": [], "decoder": [], "cross": []}
        x, mask = self._embed(source, self.source_embedding), padding_mask(source, self.padding)
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
        tokens = np.asarray(tokens)
        integers = tokens.dtype.kind in "iu" or not tokens.size
        contract.check_sequence(tokens.shape, integers, tokens.dtype, self.longest, before)
        contract.check_vocabulary(tokens.min(initial=0), tokens.max(initial=0), table.num_embeddings)
        embedded = table(tokens) * math.sqrt(self.dim)
        return self.dropout(embedded + self.positions[before : before + tokens.shape[1]].astype(embedded.dtype))


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

    Example:
        >>> round(label_smoothing_loss(np.zeros((1, 2, 4)), [[3, 0]]).item(), 6)  # the padding does not count: log 4
        1.386294
    """
    scores, targets = as_tensor(scores), np.asarray(targets)
    contract.check_loss(scores.shape, targets.shape, smoothing)
    flat = scores.reshape(targets.size, scores.shape[2])
    total = cross_entropy(flat, targets.ravel(), "sum", smoothing, ignore_index=padding)
    return total / max(1, np.count_nonzero(targets != padding))


def critical_path(result):
    """The longest chain of operations, each of which has to wait for the one before, that led to a Tensor.

    However many processors there are, no fewer steps will do. Read from the engine's tape; reshapes count, too.

    Args:    result: a Tensor that was computed from something with a gradient; before its backward pass.
    Returns: an integer.
    Source:  Vaswani et al. (2017), table 1, "sequential operations". Differs: an operation counts once, whatever its
             size, though a sum over n terms needs log n steps.

    Example:
        >>> x = as_tensor([1.0]); x.requires_grad = True
        >>> critical_path((x * x + x) * x)
        3
    """
    nodes, waiting = {}, [result._node]
    while waiting:
        node = waiting.pop()
        if getattr(node, "parents", None) is not None and node.number not in nodes:
            nodes[node.number] = node
            waiting += node.parents
    depth = {}
    for number in sorted(nodes):  # a parent is always older
        parents = (depth.get(getattr(parent, "number", None), 0) for parent in nodes[number].parents)
        depth[number] = 1 + max(parents, default=0)
    return max(depth.values(), default=0)


# The same text on both sides: a sum of what layers return reads alike in any library.
def _residual(layer, x, norm, part):
    """One sub-layer with its residual connection."""
    if layer.norm_first:
        return x + layer.dropout(part(norm(x)))
    return norm(x + layer.dropout(part(x)))


def _table(vocabulary, dim):
    """Embeddings that have length about 1, and entries of variance 1 after the factor sqrt(dim)."""
    table = nn.Embedding(vocabulary, dim)
    table.weight.data = generator().normal(0, dim**-0.5, (vocabulary, dim))
    return table
