r"""How a model that scores the next token writes a whole sequence: greedily, or with several candidates at once.

A model here is anything with `encode(source)` and `decode(target, memory)`; `begin` and `decode_next` make it faster,
as scratch_search.py says. Each token waits once for the device, to ask whether all rows are finished: it takes dozens
of kernels, so that the wait is short, and no token is computed after the last end.
"""

import contextlib
import math

import torch

from mylib.attention.transformer import contract
from mylib.attention.transformer.cache import Continuing, Rereading


@torch.no_grad()
def greedy_decode(model, source, start, end, length):
    r"""The likeliest token, again and again; waits for the device once a token."""
    contract.check_search("greedy_decode", length=length)
    tokens = source.new_full((len(source), 1), start)
    done = torch.zeros(len(source), dtype=torch.bool, device=source.device)
    with _evaluating(model):
        writer = _writer(model, source)
        for _ in range(length):
            scores = writer.next_scores(tokens)
            contract.check_end("greedy_decode", end, scores.shape[1])
            token = scores.argmax(dim=1).masked_fill(done, end)
            tokens = torch.cat([tokens, token[:, None]], dim=1)
            done = done | (token == end)
            if done.all():
                break
    return _filled(tokens[:, 1:], length, end)


@torch.no_grad()
def beam_search(model, source, start, end, length, beam=4, penalty=0.6):
    r"""The best of several sequences that are kept at each step; waits for the device once a token."""
    contract.check_search("beam_search", length=length, beam=beam)
    batch, device = len(source), source.device
    rows = torch.arange(batch, device=device)[:, None]
    tokens = source.new_full((batch, beam, 1), start)
    totals = torch.full((batch, beam), -math.inf, dtype=torch.float32, device=device)  # then as exact as the scores
    totals[:, 0] = 0  # at first there is one sequence, the empty one
    done = torch.zeros(batch, beam, dtype=torch.bool, device=device)
    sizes = torch.zeros_like(done, dtype=torch.int64)
    with _evaluating(model):
        writer = _writer(model, source, beam)
        for _ in range(length):
            scores = writer.next_scores(tokens.flatten(0, 1))
            steps = scores.log_softmax(dim=-1).unflatten(0, (batch, beam))  # (batch, beam, vocabulary)
            vocabulary = steps.shape[2]
            contract.check_end("beam_search", end, vocabulary)
            closing = torch.full_like(steps, -math.inf)
            closing[..., end] = 0  # a finished sequence goes on with `end`, at no cost
            totals = totals[..., None] + torch.where(done[..., None], closing, steps)
            sizes = sizes + ~done
            ranked = totals / ((5 + sizes[..., None].to(totals.dtype)) / 6) ** penalty
            ranks, chosen = ranked.flatten(1).topk(beam, dim=1)
            origin, token = chosen // vocabulary, chosen % vocabulary
            totals, sizes = totals.flatten(1).gather(1, chosen), sizes.gather(1, origin)
            tokens = torch.cat([tokens[rows, origin], token[..., None]], dim=2)
            done = token == end  # a finished sequence has no other token than `end`
            if done.all():
                break
            writer.select((beam * rows + origin).flatten())
    return _filled(tokens[:, 0, 1:], length, end), ranks[:, 0]


def _writer(model, source, beam=1):
    """The source is read once; without a cache once for each row, since what `encode` returns may have any form."""
    if hasattr(model, "decode_next"):
        return Continuing(model, model.encode(source), beam)
    return Rereading(model, model.encode(source.repeat_interleave(beam, dim=0)))


@contextlib.contextmanager
def _evaluating(model):
    """Without dropout; afterwards the model is in the mode that it was in."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def _filled(tokens, length, end):
    return torch.nn.functional.pad(tokens, (0, length - tokens.shape[1]), value=end)
