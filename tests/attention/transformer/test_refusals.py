"""Sizes, masks, tokens, targets, beams and references that the Transformer's functions refuse."""

import re

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.attention.transformer import pytorch, scratch
from tests.attention.transformer.cases import SMALL, SOURCES, Language, on


def float_tokens(module, shape=(2, 3)):
    return on(module, np.ones(shape))


BAD = {
    "heads that do not divide": (
        lambda m: m.MultiHeadAttention(10, 4),
        ValueError,
        "expected heads that divide dim, got 4 heads and dim 10",
    ),
    "no heads": (lambda m: m.MultiHeadAttention(8, 0), ValueError, "expected heads that divide dim, got 0 heads"),
    "tokens of another size": (
        lambda m: m.MultiHeadAttention(8, 2)(SIDES_TENSOR[m](np.zeros((1, 3, 4), np.float32))),
        ValueError,
        "expected tokens (batch, time, 8), got (1, 3, 4)",
    ),
    "memory without a batch": (
        lambda m: m.MultiHeadAttention(8, 2)(*(SIDES_TENSOR[m](np.zeros(s, np.float32)) for s in ((1, 3, 8), (3, 8)))),
        ValueError,
        "expected tokens (batch, time, 8) and memory (batch, key, 8), got (1, 3, 8) and (3, 8)",
    ),
    "keys of another length": (
        lambda m: m.scaled_dot_product_attention(*(SIDES_TENSOR[m](np.zeros(s)) for s in ((2, 3), (4, 5), (4, 3)))),
        ValueError,
        "got (2, 3) and (4, 5) and (4, 3), where dim is both 3 and 5",
    ),
    "weights of other batches": (
        lambda m: m.attention_weights(*(SIDES_TENSOR[m](np.zeros(s)) for s in ((2, 1, 3), (3, 1, 3)))),
        ValueError,
        "expected queries (..., query, dim) and keys (..., key, dim), got (2, 1, 3) and (3, 1, 3)",
    ),
    "causal across": (
        lambda m: m.attention_weights(*(SIDES_TENSOR[m](np.zeros(s)) for s in ((2, 3), (4, 3))), causal=True),
        ValueError,
        "where time is both 2 and 4; causal needs as many queries as keys",
    ),
    "causal attention across": (
        lambda m: m.scaled_dot_product_attention(
            *(SIDES_TENSOR[m](np.zeros(s)) for s in ((2, 3), (4, 3), (4, 3))), causal=True
        ),
        ValueError,
        "where time is both 2 and 4; causal needs as many queries as keys",
    ),
    "a mask for other sequences": (
        lambda m: m.scaled_dot_product_attention(
            *[SIDES_TENSOR[m](np.zeros((2, 3, 4)))] * 3, mask=on(m, np.ones((5, 3, 3), bool))
        ),
        ValueError,
        "a mask (5, 3, 3) does not broadcast to (2, 3, 3)",
    ),
    "a mask of three axes for many heads": (
        lambda m: m.MultiHeadAttention(4, 2)(
            SIDES_TENSOR[m](np.zeros((2, 3, 4), np.float32)), mask=on(m, np.ones((2, 3, 3), bool))
        ),
        ValueError,
        "got (2, 3, 3); of one mask for each sequence make mask[:, None]",
    ),
    "weights with a mask of too many axes": (
        lambda m: m.attention_weights(*[SIDES_TENSOR[m](np.zeros((3, 4)))] * 2, mask=on(m, np.ones((2, 3, 3), bool))),
        ValueError,
        "a mask (2, 3, 3) does not broadcast to (3, 3)",
    ),
    "a mask of numbers": (
        lambda m: m.scaled_dot_product_attention(*[SIDES_TENSOR[m](np.zeros((2, 3)))] * 3, mask=on(m, np.ones((2, 2)))),
        TypeError,
        "expected a mask of booleans, True where a query may look, got",
    ),
    "weights with a mask of numbers": (
        lambda m: m.attention_weights(*[SIDES_TENSOR[m](np.zeros((2, 3)))] * 2, mask=on(m, np.ones((2, 2)))),
        TypeError,
        "expected a mask of booleans, True where a query may look, got",
    ),
    "padding of one sequence": (
        lambda m: m.padding_mask(on(m, np.ones(3, int))),
        ValueError,
        "expected tokens (batch, time), got (3,)",
    ),
    "odd positions": (lambda m: m.sinusoidal_positions(3, 5), ValueError, "expected an even dim, got 5"),
    "activation": (
        lambda m: m.FeedForward(2, 3, "tanh"),
        ValueError,
        "expected activation of 'relu' or 'gelu', got 'tanh'",
    ),
    "sharing two vocabularies": (
        lambda m: m.Transformer(9, 7, **SMALL, share=True),
        ValueError,
        "share=True needs one vocabulary, got 9 and 7",
    ),
    "a sequence longer than the positions": (
        lambda m: m.Transformer(9, 7, **SMALL, longest=4).encode(on(m, np.ones((2, 5), int))),
        ValueError,
        "expected tokens of shape (batch, 1 to 4), got (2, 5)",
    ),
    "an empty sequence": (
        lambda m: m.Transformer(9, 7, **SMALL)(on(m, np.ones((2, 0), int)), on(m, np.ones((2, 2), int))),
        ValueError,
        "got (2, 0)",
    ),
    "an empty target": (
        lambda m: m.Transformer(9, 7, **SMALL)(on(m, np.ones((2, 2), int)), on(m, np.ones((2, 0), int))),
        ValueError,
        "got (2, 0)",
    ),
    "tokens without a batch": (
        lambda m: m.Transformer(9, 7, **SMALL).encode(on(m, np.ones(4, int))),
        ValueError,
        "got (4,)",
    ),
    "a token outside the vocabulary": (
        lambda m: m.Transformer(9, 7, **SMALL)(on(m, np.ones((2, 2), int)), on(m, np.array([[1, 7], [1, 2]]))),
        ValueError,
        "token 7 is outside the vocabulary of 7 tokens",
    ),
    "a negative token": (
        lambda m: m.Transformer(9, 7, **SMALL).encode(on(m, np.array([[1, -1]]))),
        ValueError,
        "token -1 is outside the vocabulary of 9",
    ),
    "tokens that are no integers": (
        lambda m: m.Transformer(9, 7, **SMALL).encode(float_tokens(m)),
        TypeError,
        "expected tokens as integers, got",
    ),
    "a token outside the LSTMs' vocabulary": (
        lambda m: m.RecurrentTranslator(9, 7, 4, 5).encode(on(m, np.array([[9]]))),
        IndexError,
        "ind",
    ),
    "an empty sequence for LSTMs": (
        lambda m: m.RecurrentTranslator(9, 7, 4, 5).encode(on(m, np.ones((2, 0), int))),
        ValueError,
        "at least",
    ),
    "scores without time": (
        lambda m: m.label_smoothing_loss(SIDES_TENSOR[m](np.zeros((2, 3))), on(m, np.ones(2, int))),
        ValueError,
        "expected scores (batch, time, classes)",
    ),
    "targets of another length": (
        lambda m: m.label_smoothing_loss(SIDES_TENSOR[m](np.zeros((2, 3, 4))), on(m, np.ones((2, 2), int))),
        ValueError,
        "got (2, 3, 4) and (2, 2)",
    ),
    "smoothing above 1": (
        lambda m: m.label_smoothing_loss(
            SIDES_TENSOR[m](np.zeros((2, 3, 4))), on(m, np.ones((2, 3), int)), smoothing=1.5
        ),
        ValueError,
        "expected smoothing from 0 to 1, got 1.5",
    ),
    "smoothing below 0": (
        lambda m: m.label_smoothing_loss(
            SIDES_TENSOR[m](np.zeros((2, 3, 4))), on(m, np.ones((2, 3), int)), smoothing=-0.1
        ),
        ValueError,
        "got -0.1",
    ),
    "step 0": (lambda m: m.warmup_schedule(0, 8, 10), ValueError, "of at least 1, got 0, 8 and 10"),
    "no warm-up": (lambda m: m.warmup_schedule(1, 8, 0), ValueError, "of at least 1, got 1, 8 and 0"),
    "beam 0": (
        lambda m: m.beam_search(Language(m), on(m, SOURCES), 1, 2, 3, beam=0),
        ValueError,
        "beam_search: expected length and beam of at least 1, got 3 and 0",
    ),
    "no length": (
        lambda m: m.greedy_decode(Language(m), on(m, SOURCES), 1, 2, 0),
        ValueError,
        "greedy_decode: expected length of at least 1, got 0",
    ),
    "beam of no length": (
        lambda m: m.beam_search(Language(m), on(m, SOURCES), 1, 2, 0),
        ValueError,
        "got 0 and 4",
    ),
    "an end that cannot be written": (
        lambda m: m.greedy_decode(Language(m), on(m, SOURCES), 1, 4, 3),
        ValueError,
        "greedy_decode: expected end from 0 to 3, got 4; the model has a score for no other token",
    ),
    "an end of a beam that cannot be written": (
        lambda m: m.beam_search(Language(m), on(m, SOURCES), 1, -1, 3),
        ValueError,
        "beam_search: expected end from 0 to 3, got -1; the model has a score for no other token",
    ),
    "no candidates": (lambda m: m.bleu([], []), ValueError, "bleu: expected at least one candidate"),
    "references that are missing": (lambda m: m.bleu([list("ab")], []), ValueError, "got 1 and 0"),
    "no references": (
        lambda m: m.bleu([list("ab")], [[]]),
        ValueError,
        "at least one reference for each candidate",
    ),
    "a string": (lambda m: m.bleu(["ab"], [[list("ab")]]), TypeError, "got a string; split it"),
    "a reference that is a string": (
        lambda m: m.phoneme_error_rate([list("ab")], ["ab"]),
        TypeError,
        "got a string",
    ),
    "order 0": (
        lambda m: m.bleu([list("ab")], [[list("ab")]], order=0),
        ValueError,
        "order of at least 1, got 0",
    ),
    "empty references": (
        lambda m: m.phoneme_error_rate([list("ab")], [[[]]]),
        ValueError,
        "references with at least one phoneme",
    ),
}
SIDES_TENSOR = {scratch: engine.Tensor, pytorch: torch.tensor}


@pytest.mark.parametrize(("make", "error", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_with_a_remedy(side, make, error, message):
    module, _ = side
    with pytest.raises(error, match=re.escape(message)):
        make(module)


def test_numpy_has_no_device():
    with pytest.raises(ValueError, match="expected no device in NumPy, got 'cuda'"):
        scratch.causal_mask(3, device="cuda")
