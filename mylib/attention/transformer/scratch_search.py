r"""How a model that scores the next token writes a whole sequence: greedily, or with several candidates at once.

A model here is anything with `encode(source)` and `decode(target, memory)`. If it also has `begin(memory, beam)` and
`decode_next(tokens, cache)`, as `Transformer` and `RecurrentTranslator` do, each step costs one token and not all that
are written: see cache.py, where the plain form stands beside. The tokens are the same, as far as rounding allows.
"""

import contextlib

import numpy as np

from mylib.attention.transformer import contract
from mylib.attention.transformer.cache import Continuing, Rereading
from mylib.engine import no_grad


def greedy_decode(model, source, start, end, length):
    r"""The likeliest token, again and again.

    Args:    model: with `encode` and `decode`, and a cache if it has one; it is used in eval mode.
             source: integers. Shape (batch, key).
             start, end: the tokens that begin and finish a sequence.
             length: tokens to write, at most.
    Returns: integers, shape (batch, length), with `end` after the first end.
    Raises:  ValueError: a length below 1, or an end that the model cannot write.
    Source:  elementary.

    Example:
        >>> from mylib.attention.transformer import scratch
        >>> greedy_decode(scratch.Transformer(9, 7, 8, 2, 1, 16), [[3, 4]], start=1, end=2, length=5).shape
        (1, 5)
    """
    contract.check_search("greedy_decode", length=length)
    source = np.asarray(source)
    written = np.full((len(source), 1 + length), end)
    written[:, 0] = start
    done = np.zeros(len(source), bool)
    with _evaluating(model):
        writer = _writer(model, source)
        for step in range(length):
            scores = writer.next_scores(written[:, : step + 1]).data  # (batch, vocabulary)
            contract.check_end("greedy_decode", end, scores.shape[1])
            token = scores.argmax(axis=1)
            written[:, step + 1] = np.where(done, end, token)
            done |= written[:, step + 1] == end
            if done.all():
                break
    return written[:, 1:]


def beam_search(model, source, start, end, length, beam=4, penalty=0.6):
    r"""The best of several sequences that are kept at each step.

    Sequences are ranked by log P(y | x) / ((5 + |y|) / 6)^penalty, |y| with the end; a finished one stays in the race.

    Args:    model, source, start, end, length: as `greedy_decode`.
             beam: how many sequences are kept, at least 1.
             penalty: 0 favours short sequences; at 1 nearly the mean per token counts.
    Returns: integers, shape (batch, length), with `end` after the first end; and their ranks' values, shape (batch,),
             in float64, or in PyTorch in the scores' type.
    Raises:  ValueError: a length or beam below 1, or an end that the model cannot write.
    Source:  Vaswani et al. (2017), section 6.1; Wu et al. (2016), equation 14. Differs: no penalty for what the cross
             attention has not covered.

    Example:
        >>> from mylib.attention.transformer import scratch
        >>> tokens, ranks = beam_search(scratch.Transformer(9, 7, 8, 2, 1, 16), [[3, 4]], start=1, end=2, length=5)
        >>> tokens.shape, ranks.shape
        ((1, 5), (1,))
    """
    contract.check_search("beam_search", length=length, beam=beam)
    source = np.asarray(source)
    batch = len(source)
    rows = np.arange(batch)[:, None]
    written = np.full((batch, beam, 1 + length), end)
    written[..., 0] = start
    totals = np.full((batch, beam), -np.inf)
    totals[:, 0] = 0  # at first there is one sequence, the empty one
    done, sizes, ranks = np.zeros((batch, beam), bool), np.zeros((batch, beam)), totals
    with _evaluating(model):
        writer = _writer(model, source, beam)
        for step in range(length):
            scores = writer.next_scores(written[..., : step + 1].reshape(batch * beam, step + 1))
            vocabulary = scores.shape[1]
            contract.check_end("beam_search", end, vocabulary)
            steps = scores.log_softmax(axis=-1).data.reshape(batch, beam, vocabulary)
            # A finished sequence goes on with `end`, at no cost.
            closing = np.where(np.arange(vocabulary) == end, 0, -np.inf)
            totals = totals[..., None] + np.where(done[..., None], closing, steps)
            sizes = sizes + ~done
            ranked = (totals / ((5 + sizes[..., None]) / 6) ** penalty).reshape(batch, beam * vocabulary)
            chosen = np.argsort(-ranked, axis=1, kind="stable")[:, :beam]
            origin, token = chosen // vocabulary, chosen % vocabulary
            totals = totals.reshape(ranked.shape)[rows, chosen]
            ranks = ranked[rows, chosen]
            written = written[rows, origin]
            written[..., step + 1] = token
            done = token == end  # a finished sequence has no other token than `end`
            sizes = sizes[rows, origin]
            if done.all():
                break
            writer.select((beam * rows + origin).ravel())
    return written[:, 0, 1:], ranks[:, 0]


def _writer(model, source, beam=1):
    """The source is read once; without a cache once for each row, since what `encode` returns may have any form."""
    if hasattr(model, "decode_next"):
        return Continuing(model, model.encode(source), beam)
    return Rereading(model, model.encode(np.repeat(source, beam, axis=0)))


@contextlib.contextmanager
def _evaluating(model):
    """Without dropout and gradients; afterwards the model is in the mode that it was in."""
    was_training = model.training
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        model.train(was_training)
