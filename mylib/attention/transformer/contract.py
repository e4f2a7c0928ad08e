"""What both sides of transformer promise: activations, and what they refuse.

Only shapes, plain numbers and the names of types come in.
"""

from mylib.shared import expect, expect_choice, expect_range

ACTIVATIONS = ("relu", "gelu")


# attention


def check_attention(q, k, v, causal):
    """Queries, keys and values that belong together; v may be left out, as None."""
    if q == k == v and len(q) > 1:
        return  # tokens that look at themselves, in a tenth of the time
    query, key = ("time", "time") if causal else ("query", "key")
    expect(
        "attention",
        "causal needs as many queries as keys" if causal else "",
        queries=(q, f"... {query} dim"),
        keys=(k, f"... {key} dim"),
        values=(v, f"... {key} value"),
    )


def check_mask(shape, boolean, dtype, scores):
    """A mask that is boolean and broadcasts to the scores (..., query, key)."""
    if not boolean:
        raise TypeError(f"attention: expected a mask of booleans, True where a query may look, got {dtype}")
    axes = zip(reversed(shape), reversed(scores), strict=False)
    if len(shape) > len(scores) or not all(size in (1, wanted) for size, wanted in axes):
        raise ValueError(f"attention: a mask {tuple(shape)} does not broadcast to {tuple(scores)}, (..., query, key)")


def check_mask_of_heads(shape):
    """No mask of three axes: where there are as many heads as sequences, nobody could tell which the first means."""
    if len(shape) == 3:
        raise ValueError(
            "MultiHeadAttention: expected a mask (query, key) or (batch, heads, query, key), where 1 stands for all, "
            f"got {tuple(shape)}; of one mask for each sequence make mask[:, None]"
        )


def check_padding(shape):
    """Tokens that may be padding."""
    expect("padding_mask", tokens=(shape, "batch time"))


def check_positions(dim):
    """An even dim."""
    if dim % 2:
        raise ValueError(f"sinusoidal_positions: expected an even dim, got {dim}; sines and cosines come in pairs")


# layers


def check_heads(dim, heads):
    """Heads that divide dim."""
    if min(dim, heads) < 1 or dim % heads:
        raise ValueError(f"MultiHeadAttention: expected heads that divide dim, got {heads} heads and dim {dim}")


def check_tokens(x, memory, dim):
    """Tokens that attention of this dim can look from, and those that it looks at, or None for the same."""
    expect("MultiHeadAttention", tokens=(x, f"batch time {dim}"), memory=(memory, f"batch key {dim}"))


def check_activation(activation):
    """The function between the two linear layers."""
    expect_choice("FeedForward", ACTIVATIONS, activation=activation)


# the model, and how it learns


def check_share(vocab_in, vocab_out, share):
    """One vocabulary where there is to be one table."""
    if share and vocab_in != vocab_out:
        raise ValueError(
            f"Transformer: share=True needs one vocabulary, got {vocab_in} and {vocab_out} tokens; leave it False"
        )


def check_sequence(shape, integers, dtype, longest, before=0):
    """Rows of tokens, after so many `before` that were read; `integers`: whether they are."""
    if not integers:
        raise TypeError(f"Transformer: expected tokens as integers, got {dtype}")
    shape = (*shape[:1], *(before + time for time in shape[1:2]), *shape[2:])
    if len(shape) != 2 or not 1 <= shape[1] <= longest:
        raise ValueError(
            f"Transformer: expected tokens of shape (batch, 1 to {longest}), got {tuple(shape)}; "
            "a larger `longest` takes longer ones"
        )


def check_vocabulary(low, high, vocabulary):
    """The least and the largest token; where they are looked at is each side's affair."""
    if low < 0 or high >= vocabulary:
        worst = low if low < 0 else high
        raise ValueError(f"Transformer: token {worst} is outside the vocabulary of {vocabulary} tokens")


def check_loss(scores, targets, smoothing):
    """Shapes of scores and targets, and how much probability goes elsewhere."""
    expect("label_smoothing_loss", scores=(scores, "batch time classes"), targets=(targets, "batch time"))
    expect_range("label_smoothing_loss", 0, 1, smoothing=smoothing)


# search


def check_search(operation, **given):
    """How long, and how many at once."""
    expect_range(operation, 1, None, **given)


def check_end(operation, end, vocabulary):
    """An end that the model can write, once it is known how many tokens there are."""
    expect_range(operation, 0, vocabulary - 1, "the model has a score for no other token", end=end)
