"""The two sizes of Vaswani et al. (2017), and how many parameters a size has, counted without making one."""

PRESETS = {
    "base": {"dim": 512, "heads": 8, "layers": 6, "hidden": 2048},
    "big": {"dim": 1024, "heads": 16, "layers": 6, "hidden": 4096},
}
VOCABULARY = 37_000  # byte pairs of English and German, in one vocabulary


def parameter_count(vocab_in, vocab_out, dim, layers, hidden, share=False, **_):
    """Parameters of `Transformer` with these arguments, by arithmetic; heads and dropout do not change them.

    Args:    as for `Transformer`.
    Returns: an integer.
    Source:  Vaswani et al. (2017), section 3.

    Example:
        >>> base = parameter_count(VOCABULARY, VOCABULARY, **PRESETS["base"], share=True)
        >>> round(base / 1e6, 2)
        63.05
    """
    attention = 4 * dim * dim
    feed_forward = 2 * dim * hidden + hidden + dim
    norm = 2 * dim
    encoder = attention + feed_forward + 2 * norm
    decoder = 2 * attention + feed_forward + 3 * norm
    return (vocab_in + (0 if share else vocab_out)) * dim + layers * (encoder + decoder)
