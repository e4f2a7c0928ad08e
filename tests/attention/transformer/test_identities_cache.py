"""Search with a cache writes what full passes over each prefix would write, from one token a step and one encoding."""

import numpy as np
import pytest
import torch

from mylib.attention.transformer import pytorch, scratch
from tests.attention.transformer.cases import SMALL, SOURCES, Language, on, randomise, tokens
from tests.timing import growth
from tests.twins import array

START, END, WIDTH = 1, 2, 3
KINDS = {"Transformer": SMALL, "RecurrentTranslator": {"dim": 6, "hidden": 8}}


def translator(module, kind, seed):
    """A model that writes various tokens and ends rows at various lengths, as random weights alone would not.

    The Transformer's last norm has weights of -1, since a token's own embedding is the likeliest score else.
    """
    model = randomise(getattr(module, kind)(11, 9, **KINDS[kind]), seed)
    state = {name: torch.tensor(array(value)) for name, value in model.state_dict().items()}
    for name, value in state.items():
        if "norm" in name:
            value[:] = 0 if "bias" in name else -1 if name == "decoder.1.norm3.weight" else 1
        elif kind == "RecurrentTranslator":
            value *= 2
    model.load_state_dict(state)
    return model


def last_scores(module, model, source, prefixes):
    """The plain form: encode and decode everything again, and take what stands at the last position."""
    source = np.repeat(source[None], len(prefixes), axis=0)
    return array(model(on(module, source), on(module, np.array(prefixes))))[:, -1].astype(np.float64)


def plain_greedy(module, model, source, length):
    written = []
    for row in source:
        prefix = [START]
        while len(prefix) <= length and END not in prefix:
            prefix.append(int(last_scores(module, model, row, [prefix])[0].argmax()))
        written.append(prefix[1:] + [END] * (1 + length - len(prefix)))
    return np.array(written)


def plain_beam(module, model, row, length, width, penalty):
    """The best sequence of one source, and its rank. A sequence is written out and does not grow after its end."""
    kept = [(0.0, 0.0, [START])]
    for _ in range(length):
        grown = [one for one in kept if one[2][-1] == END]
        for _, total, prefix in (one for one in kept if one[2][-1] != END):
            scores = last_scores(module, model, row, [prefix])[0]
            steps = scores - np.log(np.exp(scores).sum())
            for token, step in enumerate(steps):
                rank = (total + step) / ((5 + len(prefix)) / 6) ** penalty
                grown.append((rank, total + step, [*prefix, token]))
        kept = sorted(grown, key=lambda one: -one[0])[:width]
        if all(one[2][-1] == END for one in kept) and len(kept) == width:
            break
    rank, _, best = kept[0]
    return best[1:] + [END] * (1 + length - len(best)), rank


@pytest.mark.parametrize("kind", KINDS)
def test_greedy_decoding_writes_what_full_passes_over_each_prefix_write(side, kind):
    module, _ = side
    source = tokens(4, 6, padded=[(0, 2), (3, 5)])
    ends = set()
    for seed in range(5):
        model = translator(module, kind, seed)
        expected = plain_greedy(module, model.eval(), source, 12)
        ends |= {list(row).index(END) if END in row else 12 for row in expected}
        for length in range(1, 13):
            got = array(module.greedy_decode(model, on(module, source), START, END, length))
            np.testing.assert_array_equal(got, expected[:, :length], err_msg=f"{seed}, {length}")
    assert len(ends) > 1, "rows end at various lengths"


@pytest.mark.parametrize("kind", KINDS)
def test_beam_search_writes_what_full_passes_over_each_prefix_write(side, kind):
    module, _ = side
    source, model = tokens(3, 6, padded=[(1, 2), (2, 4)]), translator(module, kind, 1).eval()
    moved = 0
    for length in range(1, 13):
        got, ranks = module.beam_search(model, on(module, source), START, END, length, beam=WIDTH, penalty=0.8)
        for row, one in enumerate(source):
            best, rank = plain_beam(module, model, one, length, WIDTH, 0.8)
            assert array(got)[row].tolist() == best
            assert float(ranks[row]) == pytest.approx(rank, rel=1e-9)
        moved += not np.array_equal(array(got), array(module.greedy_decode(model, on(module, source), 1, 2, length)))
    assert moved, "another row of the beam won at least once, so that what is kept had to follow it"


def watch(monkeypatch, thing, name, seen):
    """Note the shapes of the first argument of each call of `thing.name`."""
    call = getattr(thing, name)

    def noting(x, *args, **kwargs):
        seen.append(tuple(x.shape))
        return call(x, *args, **kwargs)

    monkeypatch.setattr(thing, name, noting)


@pytest.mark.parametrize("beam", [None, 3])
def test_a_step_computes_one_token_and_the_source_is_read_once(side, monkeypatch, beam):
    module, _ = side
    model, source = translator(module, "Transformer", 2), tokens(2, 6)
    encoded, keys, passed = [], [], []
    watch(monkeypatch, model, "encode", encoded)
    watch(monkeypatch, model.decoder[1].cross_attention.key, "forward", keys)
    watch(monkeypatch, model.decoder[1].feed_forward, "forward", passed)
    if beam:
        module.beam_search(model, on(module, source), START, END, 5, beam=beam)
    else:
        module.greedy_decode(model, on(module, source), START, END, 5)
    assert encoded == [(2, 6)]
    assert keys == [(2, 6, 16)]
    assert passed == [(2 * (beam or 1), 1, 16)] * 5


@pytest.mark.parametrize("name", ["greedy_decode", "beam_search"])
def test_time_grows_with_the_tokens_and_not_with_all_that_were_read_again(side, name):
    module, _ = side
    model = module.Transformer(9, 9, dim=64, heads=2, layers=1, hidden=64)
    state = model.state_dict()
    state["target_embedding.weight"] = torch.tensor(array(state["target_embedding.weight"]).copy())
    state["target_embedding.weight"][END] = 0  # a score of 0, which is never the best: no row ends
    model.load_state_dict(state)
    source = on(module, tokens(16, 4, vocabulary=9))
    options = {"beam": 2} if name == "beam_search" else {}

    def run(length):
        getattr(module, name)(model, source, START, END, length, **options)

    # Four times the tokens take about 4 times as long; reading all again at each step takes 11 to 14.
    assert growth(run, 40) < 8


@pytest.mark.parametrize("norm_first", [False, True])
def test_layers_with_the_norm_first_and_biases_have_a_cache_too(side, norm_first):
    module, _ = side
    model = module.Transformer(11, 9, **SMALL)
    layers = [module.DecoderLayer(16, 2, 24, 0.0, norm_first, "gelu", bias=True) for _ in range(2)]
    model.decoder = type(model.decoder)(layers)
    randomise(model)
    source = tokens(3, 5, padded=[(0, 1)])
    got = array(module.greedy_decode(model, on(module, source), START, END, 6))
    np.testing.assert_array_equal(got, plain_greedy(module, model.eval(), source, 6))


def test_a_sequence_longer_than_the_positions_is_refused(side):
    module, _ = side
    model = randomise(module.Transformer(11, 9, **SMALL, longest=6))
    with pytest.raises(ValueError, match=r"expected tokens of shape \(batch, 1 to 6\), got \(2, 7\)"):
        module.greedy_decode(model, on(module, tokens(2, 6)), START, 0, 7)


def test_a_model_without_a_cache_is_read_again_at_each_step(side):
    module, _ = side
    model, decode, asked = Language(module), Language.decode, []

    def watched(target, memory):
        asked.append(tuple(target.shape))
        return decode(model, target, memory)

    model.decode = watched
    module.beam_search(model, on(module, SOURCES), START, 0, 3, beam=2)
    assert asked == [(6, 1), (6, 2), (6, 3)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ranks_are_as_exact_as_the_scores(dtype):
    model = randomise(pytorch.Transformer(11, 9, **SMALL)).to(dtype)
    source = tokens(3, 5)
    _, ranks = pytorch.beam_search(model, torch.tensor(source), START, END, 4)
    assert ranks.dtype == dtype
    if dtype == torch.float64:
        same = randomise(scratch.Transformer(11, 9, **SMALL))
        np.testing.assert_allclose(ranks, scratch.beam_search(same, source, START, END, 4)[1], rtol=1e-12)
