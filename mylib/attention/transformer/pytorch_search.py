r"""How a model that scores the next token writes a whole sequence: greedily, or with several candidates at once.

A model here is anything with `encode(source)` and `decode(target, memory)`, such as `Transformer`.
"""

import math

import torch

from mylib.attention.transformer import contract


@torch.no_grad()
def greedy_decode(model, source, start, end, length):
    r"""The likeliest token, again and again."""
    contract.check_search("greedy_decode", length=length)
    was_training = model.training
    model.eval()
    try:
        memory = model.encode(source)
        tokens = source.new_full((len(source), 1), start)
        done = torch.zeros(len(source), dtype=torch.bool, device=source.device)
        for _ in range(length):
            scores = model.decode(tokens, memory)[:, -1]
            contract.check_end("greedy_decode", end, scores.shape[1])
            token = scores.argmax(dim=1).masked_fill(done, end)
            tokens = torch.cat([tokens, token[:, None]], dim=1)
            done = done | (token == end)
            if done.all():
                break
    finally:
        model.train(was_training)
    return _filled(tokens[:, 1:], length, end)


@torch.no_grad()
def beam_search(model, source, start, end, length, beam=4, penalty=0.6):
    r"""The best of several sequences that are kept at each step."""
    contract.check_search("beam_search", length=length, beam=beam)
    was_training = model.training
    model.eval()
    try:
        batch, device = len(source), source.device
        memory = model.encode(source.repeat_interleave(beam, dim=0))
        tokens = source.new_full((batch, beam, 1), start)
        totals = torch.full((batch, beam), -math.inf, device=device)
        totals[:, 0] = 0  # at first there is one sequence, the empty one
        done = torch.zeros(batch, beam, dtype=torch.bool, device=device)
        sizes = torch.zeros(batch, beam, device=device)
        ranks = totals
        for _ in range(length):
            scores = model.decode(tokens.flatten(0, 1), memory)[:, -1]
            steps = scores.log_softmax(dim=-1).unflatten(0, (batch, beam))  # (batch, beam, vocabulary)
            vocabulary = steps.shape[2]
            contract.check_end("beam_search", end, vocabulary)
            closing = torch.full_like(steps, -math.inf)
            closing[..., end] = 0  # a finished sequence goes on with `end`, at no cost
            totals = totals[..., None] + torch.where(done[..., None], closing, steps)
            sizes = sizes + ~done
            ranked = totals / ((5 + sizes[..., None]) / 6) ** penalty
            ranks, chosen = ranked.flatten(1).topk(beam, dim=1)
            origin, token = chosen // vocabulary, chosen % vocabulary
            totals = totals.flatten(1).gather(1, chosen)
            tokens = tokens.gather(1, origin[..., None].expand(-1, -1, tokens.shape[2]))
            tokens = torch.cat([tokens, token[..., None]], dim=2)
            done = token == end  # a finished sequence has no other token than `end`
            sizes = sizes.gather(1, origin)
            if done.all():
                break
    finally:
        model.train(was_training)
    return _filled(tokens[:, 0, 1:], length, end), ranks[:, 0]


def _filled(tokens, length, end):
    return torch.nn.functional.pad(tokens, (0, length - tokens.shape[1]), value=end)
