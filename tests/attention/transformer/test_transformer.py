"""The Transformer: worked values, ONNX, torch's and BERT's layers, limits, gradients, twins, search, bad input."""

import math
import re

import numpy as np
import onnx
import onnx.reference
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.attention.transformer import pytorch, scratch, sizes
from mylib.vision.recurrent import scratch as recurrent
from tests.twins import (
    TOLERANCE,
    assert_close,
    assert_same_function,
    assert_same_module,
    share_random_weights,
)

SIDES = {"scratch": (scratch, engine.Tensor), "pytorch": (pytorch, torch.tensor)}
RNG = np.random.default_rng
SMALL = {"dim": 16, "heads": 2, "layers": 2, "hidden": 24, "dropout": 0.0}


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def array(values):
    return np.asarray(values.detach() if hasattr(values, "detach") else values)


def normal(*shape, seed=0):
    return RNG(seed).normal(size=shape)


def randomise(module, seed=0):
    """Random weights in float64, the same on both sides."""
    module.double()
    rng, state = RNG(seed), module.state_dict()
    drawn = {
        name: rng.normal(0, 1 / math.sqrt(value.shape[-1]), tuple(value.shape))
        for name, value in state.items()
    }
    module.load_state_dict({name: torch.tensor(value) for name, value in drawn.items()})
    return module


def tokens(*shape, vocabulary=11, seed=0, padded=()):
    """Random tokens without padding, but for the last ones of the rows named: {row: how many}."""
    made = RNG(seed).integers(3, vocabulary, shape)
    for row, count in padded:
        made[row, -count:] = 0
    return made


def on(module, values):
    """Tokens for either side."""
    return values if module is scratch else torch.tensor(values)


# worked values


def test_attention_is_the_slides_equation(side):
    # d = 4; scores 2 and 0 become 1 and 0, weights e / (1 + e) and 1 / (1 + e).
    module, tensor = side
    q, k, v = np.array([[2.0, 0, 0, 0]]), np.array([[1.0, 0, 0, 0], [0, 1, 0, 0]]), np.array([[10.0], [20.0]])
    weight = math.e / (1 + math.e)
    got = array(module.attention_weights(tensor(q), tensor(k)))
    np.testing.assert_allclose(got, [[weight, 1 - weight]], rtol=1e-12)
    got = array(module.scaled_dot_product_attention(tensor(q), tensor(k), tensor(v)))
    np.testing.assert_allclose(got, [[10 * weight + 20 * (1 - weight)]], rtol=1e-12)


def test_masks_by_hand(side):
    module, _ = side
    assert array(module.causal_mask(3)).tolist() == [[True, False, False], [True, True, False], [True] * 3]
    got = array(module.padding_mask(on(module, np.array([[7, 0, 2], [5, 5, 0]]))))
    assert got.shape == (2, 1, 1, 3)
    assert got[:, 0, 0].tolist() == [[True, False, True], [True, True, False]]
    assert array(module.padding_mask(on(module, np.array([[7, 0]])), padding=7))[0, 0, 0].tolist() == [
        False,
        True,
    ]


def test_positions_by_hand(side):
    module, _ = side
    got = array(module.sinusoidal_positions(101, 4))
    np.testing.assert_allclose(got[0], [0, 1, 0, 1], atol=1e-7)
    # Pairs turn by 1 and by 1/100 radian a position.
    np.testing.assert_allclose(got[3], [np.sin(3), np.cos(3), np.sin(0.03), np.cos(0.03)], rtol=1e-6)
    np.testing.assert_allclose(got[100, 2:], [np.sin(1), np.cos(1)], rtol=1e-6)
    assert got.dtype == np.float32


def test_a_distance_between_positions_has_one_dot_product_everywhere(side):
    module, _ = side
    got = array(module.sinusoidal_positions(40, 32)).astype(float)
    products = got @ got.T
    for distance in (0, 1, 7):
        values = np.diagonal(products, distance)
        np.testing.assert_allclose(values, values[0], rtol=1e-5)
    np.testing.assert_allclose(np.diagonal(products), 16, rtol=1e-6)  # sin^2 + cos^2, 16 times


def test_feed_forward_by_hand(side):
    module, tensor = side
    layer = module.FeedForward(1, 2).double()
    values = {
        "inner.weight": [[1.0], [-1.0]],
        "inner.bias": [0.5, 0.5],
        "outer.weight": [[2.0, 3.0]],
        "outer.bias": [1.0],
    }
    layer.load_state_dict({name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()})
    # x = 2: max(0, 2.5) 2 + max(0, -1.5) 3 + 1;  x = -1: 0 + 1.5 * 3 + 1
    np.testing.assert_allclose(array(layer(tensor(np.array([[2.0], [-1.0]])))), [[6.0], [5.5]], rtol=1e-12)


def test_label_smoothing_by_hand(side):
    # Probabilities (0.7, 0.2, 0.1), target 1, e = 0.3: q = (0.1, 0.8, 0.1). A second token is padding.
    module, tensor = side
    scores = np.log(np.array([[[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]]))
    expected = -(0.1 * np.log(0.7) + 0.8 * np.log(0.2) + 0.1 * np.log(0.1))
    got = module.label_smoothing_loss(tensor(scores), on(module, np.array([[1, 0]])), smoothing=0.3)
    assert got.item() == pytest.approx(expected, rel=1e-9)
    plain = module.label_smoothing_loss(tensor(scores), on(module, np.array([[2, 1]])), smoothing=0)
    assert plain.item() == pytest.approx(-np.log(0.1) / 2 - np.log(0.1) / 2, rel=1e-9)
    other = module.label_smoothing_loss(
        tensor(scores), on(module, np.array([[2, 0]])), smoothing=0, padding=2
    )
    assert other.item() == pytest.approx(-np.log(0.1), rel=1e-9)


def test_label_smoothing_of_nothing_but_padding_is_zero_with_a_zero_gradient(side):
    module, tensor = side
    scores = tensor(normal(2, 3, 4), requires_grad=True)
    loss = module.label_smoothing_loss(scores, on(module, np.zeros((2, 3), int)))
    loss.backward()
    assert loss.item() == 0
    assert (array(scores.grad) == 0).all()


def test_label_smoothing_is_least_where_the_scores_are_the_smoothed_distribution(side):
    module, tensor = side
    q = np.array([0.9 + 0.025, 0.025, 0.025, 0.025])
    target = on(module, np.array([[0]]))
    best = module.label_smoothing_loss(tensor(np.log(q)[None, None]), target, padding=-1).item()
    assert best == pytest.approx(-(q * np.log(q)).sum(), rel=1e-9)
    for seed in range(5):
        other = np.log(q) + 0.3 * normal(4, seed=seed)
        assert module.label_smoothing_loss(tensor(other[None, None]), target, padding=-1).item() > best


def test_warmup_rises_in_a_line_and_falls_like_a_root(side):
    module, _ = side
    # The paper's base model: the peak at step 4,000 is 512^-0.5 4000^-0.5.
    assert module.warmup_schedule(4000, 512, 4000) == pytest.approx(6.9877e-4, rel=1e-4)
    assert module.warmup_schedule(1000, 512, 4000) == pytest.approx(6.9877e-4 / 4, rel=1e-4)
    assert module.warmup_schedule(16000, 512, 4000) == pytest.approx(6.9877e-4 / 2, rel=1e-4)


# BLEU and error rates, worked in the papers or by hand


def in_words(sentence):
    return sentence.split()


def test_bleu_of_the_papers_examples():
    # Papineni et al. (2002), section 2.1: modified precisions 2/7, 17/18 and 10/17.
    candidate1 = in_words(
        "it is a guide to action which ensures that the military always obeys the commands of the party"
    )
    references = [
        in_words("it is a guide to action that ensures that the military will forever heed party commands"),
        in_words(
            "it is the guiding principle which guarantees the military forces always being under the command "
            "of the party"
        ),
        in_words("it is the practical guide for the army always to heed the directions of the party"),
    ]
    the_cat = in_words("the cat is on the mat")
    assert pytorch.bleu([["the"] * 7], [[the_cat]], order=1) == pytest.approx(2 / 7)
    # 18 words against references of 16, 18 and 16: no penalty.
    assert pytorch.bleu([candidate1], [references], order=1) == pytest.approx(17 / 18)
    assert pytorch.bleu([candidate1], [references], order=2) == pytest.approx(math.sqrt(17 / 18 * 10 / 17))
    # Its trigrams and 4-grams, counted by hand: 7 of 16 and 4 of 15.
    expected = (17 / 18 * 10 / 17 * 7 / 16 * 4 / 15) ** 0.25
    assert pytorch.bleu([candidate1], [references]) == pytest.approx(expected)


def test_bleu_adds_counts_over_the_corpus_and_takes_the_reference_nearest_in_length():
    # Unigrams 2 + 1 of 3 + 1. Lengths: 4, against 2 (as near as 4: the shorter) and 1.
    got = scratch.bleu([list("abz"), list("c")], [[list("ab"), list("abcd")], [list("c")]], order=1)
    assert got == pytest.approx(3 / 4)
    # Lengths 4 against 4 + 3: a penalty of e^(1 - 7/4).
    got = scratch.bleu([list("abz"), list("c")], [[list("abcd")], [list("cde")]], order=1)
    assert got == pytest.approx(math.exp(1 - 7 / 4) * 3 / 4)
    # The nearest to 4 is 5, though there is a shorter one, and a longer one.
    got = scratch.bleu([list("abcd")], [[list("a"), list("abcde"), list("abcdefg")]], order=1)
    assert got == pytest.approx(math.exp(1 - 5 / 4))


def test_bleu_of_a_copy_is_one_and_of_nothing_zero():
    sentence = list("abcde")
    assert scratch.bleu([sentence, sentence[::-1]], [[sentence], [sentence[::-1]]]) == 1
    assert scratch.bleu([[]], [[sentence]]) == 0
    assert scratch.bleu([list("abc")], [[list("abc")]]) == 0, "no 4-gram at all"
    assert scratch.bleu([list("edcba")], [[sentence]], order=2) == 0
    twice = scratch.bleu([list("aa")], [[list("ab"), list("ac")]], order=1)
    assert twice == pytest.approx(1 / 2), "as often as in one reference, not in all together"
    long = scratch.bleu([sentence + sentence], [[sentence]], order=1)
    assert long == pytest.approx(1 / 2), "no bonus, and no penalty, for being long"


def edits(a, b):
    """The Levenshtein distance by its definition."""
    if not a or not b:
        return len(a) + len(b)
    return min(edits(a[1:], b) + 1, edits(a, b[1:]) + 1, edits(a[1:], b[1:]) + (a[0] != b[0]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=5), st.lists(st.sampled_from("abc"), min_size=1, max_size=5))
def test_phoneme_error_rate_is_the_levenshtein_distance_over_the_length(a, b):
    assert scratch.phoneme_error_rate([a], [[b]]) == pytest.approx(edits(a, b) / len(b))


def test_phoneme_error_rate_takes_the_reference_with_the_fewest_errors():
    got = scratch.phoneme_error_rate([list("abc"), list("x")], [[list("zzzz"), list("abd")], [list("xy")]])
    assert got == pytest.approx((1 + 1) / (3 + 2))
    # Of two with one error each the longer counts.
    assert scratch.phoneme_error_rate([list("ab")], [[list("a"), list("abc")]]) == pytest.approx(1 / 3)


# against independent packages


def onnx_attention(q, k, v, mask=None, causal=0):
    """ONNX's reference Attention, of opset 23. Shapes (batch, heads, time, d)."""
    feeds = {"q": q, "k": k, "v": v} | ({} if mask is None else {"m": mask})
    kinds = {np.dtype(np.float32): onnx.TensorProto.FLOAT, np.dtype(bool): onnx.TensorProto.BOOL}
    node = onnx.helper.make_node("Attention", list(feeds), ["y"], is_causal=causal)
    infos = [onnx.helper.make_tensor_value_info(n, kinds[a.dtype], a.shape) for n, a in feeds.items()]
    result = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph([node], "one", infos, [result])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 23)])
    return onnx.reference.ReferenceEvaluator(model).run(None, feeds)[0]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_attention_is_onnxs(side, causal, masked):
    module, tensor = side
    q, k, v = (normal(2, 3, 5, 4, seed=s).astype(np.float32) for s in range(3))
    mask = RNG(3).random((2, 1, 5, 5)) < 0.7 if masked else None
    if masked:
        mask[..., 0] = True
    expected = onnx_attention(q, k, v, mask, int(causal))
    given_mask = None if mask is None else on(module, mask)
    got = array(module.scaled_dot_product_attention(tensor(q), tensor(k), tensor(v), given_mask, causal))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)  # float32


@pytest.mark.parametrize("shape", [(), (5,), (1, 5), (4, 1), (3, 1, 5), (2, 1, 1, 1), (2, 3, 4, 5)])
def test_masks_broadcast_from_any_shape(side, shape):
    module, tensor = side
    q, k, v = normal(2, 3, 4, 6), normal(2, 3, 5, 6, seed=1), normal(2, 3, 5, 2, seed=2)
    mask = np.asarray(RNG(4).random(shape) < 0.6)
    powers = np.where(mask, np.exp(q @ k.swapaxes(2, 3) / np.sqrt(6)), 0)
    weights = powers / np.where(powers.any(axis=-1, keepdims=True), powers.sum(axis=-1, keepdims=True), 1)
    got = array(module.attention_weights(tensor(q), tensor(k), on(module, mask)))
    np.testing.assert_allclose(got, weights, rtol=1e-9, atol=1e-12)
    got = array(module.scaled_dot_product_attention(tensor(q), tensor(k), tensor(v), on(module, mask)))
    np.testing.assert_allclose(got, weights @ v, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("bias", [False, True])
def test_multi_head_attention_is_torchs(side, bias):
    module, tensor = side
    ours = randomise(module.MultiHeadAttention(12, 3, bias=bias))
    state = {name: torch.tensor(array(value)) for name, value in ours.state_dict().items()}
    theirs = torch.nn.MultiheadAttention(12, 3, bias=bias, batch_first=True).double()
    packed = {"in_proj_weight": torch.cat([state[f"{n}.weight"] for n in ("query", "key", "value")])}
    packed["out_proj.weight"] = state["output.weight"]
    if bias:
        packed["in_proj_bias"] = torch.cat([state[f"{n}.bias"] for n in ("query", "key", "value")])
        packed["out_proj.bias"] = state["output.bias"]
    theirs.load_state_dict(packed)
    x, memory = normal(2, 5, 12), normal(2, 7, 12, seed=1)
    seen = np.array([[1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0, 0]], bool)
    pair = torch.tensor(x), torch.tensor(memory), torch.tensor(memory)
    expected, weights = theirs(*pair, key_padding_mask=torch.tensor(~seen), average_attn_weights=False)
    mask = on(module, seen[:, None, None])
    np.testing.assert_allclose(
        array(ours(tensor(x), tensor(memory), mask)), array(expected), rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(
        array(ours.weights(tensor(x), tensor(memory), mask)), array(weights), rtol=1e-9, atol=1e-12
    )


def as_torch_layer(ours, layer, attentions, norms):
    """Load our layer's weights, zero biases of attention, into a layer of torch.nn."""
    state = {name: torch.tensor(array(value)) for name, value in ours.state_dict().items()}
    dim = state["norm1.weight"].shape[0]
    renamed = {}
    for mine, theirs in attentions.items():
        parts = [state[f"{mine}.{n}.weight"] for n in ("query", "key", "value")]
        renamed[f"{theirs}.in_proj_weight"] = torch.cat(parts)
        renamed[f"{theirs}.out_proj.weight"] = state[f"{mine}.output.weight"]
        renamed[f"{theirs}.in_proj_bias"], renamed[f"{theirs}.out_proj.bias"] = (
            torch.zeros(3 * dim),
            torch.zeros(dim),
        )
    for mine, theirs in {"feed_forward.inner": "linear1", "feed_forward.outer": "linear2", **norms}.items():
        for kind in ("weight", "bias"):
            renamed[f"{theirs}.{kind}"] = state[f"{mine}.{kind}"]
    layer.double().load_state_dict(renamed)
    return layer


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_encoder_layer_is_torchs(side, norm_first, activation):
    module, tensor = side
    options = {"norm_first": norm_first, "activation": activation}
    ours = randomise(module.EncoderLayer(8, 2, 12, dropout=0.0, **options))
    layer = torch.nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, **options)
    theirs = as_torch_layer(ours, layer, {"attention": "self_attn"}, {"norm1": "norm1", "norm2": "norm2"})
    x, seen = normal(2, 5, 8), np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], bool)
    expected = theirs(torch.tensor(x), src_key_padding_mask=torch.tensor(~seen)).detach().numpy()
    got = array(ours(tensor(x), on(module, seen[:, None, None])))
    np.testing.assert_allclose(got[seen], expected[seen], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("norm_first", [False, True])
def test_decoder_layer_is_torchs(side, norm_first):
    module, tensor = side
    ours = randomise(module.DecoderLayer(8, 2, 12, dropout=0.0, norm_first=norm_first))
    layer = torch.nn.TransformerDecoderLayer(8, 2, 12, dropout=0.0, batch_first=True, norm_first=norm_first)
    attentions = {"attention": "self_attn", "cross_attention": "multihead_attn"}
    theirs = as_torch_layer(ours, layer, attentions, {f"norm{k}": f"norm{k}" for k in (1, 2, 3)})
    x, memory = normal(2, 4, 8), normal(2, 6, 8, seed=1)
    seen = np.array([[1] * 6, [1, 1, 0, 0, 0, 0]], bool)
    future = torch.nn.Transformer.generate_square_subsequent_mask(4, dtype=torch.float64)
    expected = theirs(
        torch.tensor(x), torch.tensor(memory), tgt_mask=future, memory_key_padding_mask=torch.tensor(~seen)
    )
    got = array(ours(tensor(x), tensor(memory), on(module, seen[:, None, None])))
    np.testing.assert_allclose(got, array(expected), rtol=1e-9, atol=1e-10)


def test_encoder_layer_is_that_of_bert(side):
    from transformers import BertConfig
    from transformers.models.bert.modeling_bert import BertLayer

    module, tensor = side
    config = BertConfig(
        hidden_size=8, num_attention_heads=2, intermediate_size=12, hidden_act="gelu", layer_norm_eps=1e-5,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager",
    )  # fmt: skip
    theirs = BertLayer(config).double().eval()
    ours = randomise(module.EncoderLayer(8, 2, 12, dropout=0.0, activation="gelu", bias=True))
    names = {
        "attention.self.query": "attention.query", "attention.self.key": "attention.key",
        "attention.self.value": "attention.value", "attention.output.dense": "attention.output",
        "attention.output.LayerNorm": "norm1", "intermediate.dense": "feed_forward.inner",
        "output.dense": "feed_forward.outer", "output.LayerNorm": "norm2",
    }  # fmt: skip
    state = {name: torch.tensor(array(value)) for name, value in ours.state_dict().items()}
    theirs.load_state_dict(
        {
            f"{theirs_}.{kind}": state[f"{mine}.{kind}"]
            for theirs_, mine in names.items()
            for kind in ("weight", "bias")
        }
    )
    x = normal(2, 5, 8)
    expected = theirs(torch.tensor(x))
    expected = expected[0] if isinstance(expected, tuple) else expected
    np.testing.assert_allclose(array(ours(tensor(x))), array(expected), rtol=1e-9, atol=1e-10)


def test_transformer_is_torchs_with_embeddings_around_it(side):
    module, _ = side
    model = randomise(module.Transformer(9, 11, longest=12, **SMALL))
    state = {name: torch.tensor(array(value)) for name, value in model.state_dict().items()}
    source, target = tokens(2, 5, vocabulary=9, padded=[(1, 2)]), tokens(2, 4, seed=1)

    def embed(numbers, name):
        rates = 10000.0 ** (-np.arange(0, 16, 2) / 16)
        angles = np.arange(numbers.shape[1])[:, None] * rates
        where = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(-1, 16).astype(np.float32)
        return state[f"{name}.weight"][torch.tensor(numbers)] * 4.0 + torch.tensor(where)

    padded = torch.tensor(source == 0)
    memory = embed(source, "source_embedding")
    assert len(model.encoder) == len(model.decoder) == 2
    for layer in model.encoder:
        plain = torch.nn.TransformerEncoderLayer(16, 2, 24, dropout=0.0, batch_first=True)
        parts = {"attention": "self_attn"}, {"norm1": "norm1", "norm2": "norm2"}
        memory = as_torch_layer(layer, plain, *parts)(memory, src_key_padding_mask=padded)
    x = embed(target, "target_embedding")
    future = torch.nn.Transformer.generate_square_subsequent_mask(4, dtype=torch.float64)
    for layer in model.decoder:
        plain = torch.nn.TransformerDecoderLayer(16, 2, 24, dropout=0.0, batch_first=True)
        attentions = {"attention": "self_attn", "cross_attention": "multihead_attn"}
        norms = {f"norm{k}": f"norm{k}" for k in (1, 2, 3)}
        x = as_torch_layer(layer, plain, attentions, norms)(
            x, memory, tgt_mask=future, memory_key_padding_mask=padded
        )
    expected = x @ state["target_embedding.weight"].T
    got = array(model(on(module, source), on(module, target)))
    assert got.shape == (2, 4, 11)
    # The table of positions is float32 on both sides.
    np.testing.assert_allclose(got, array(expected), rtol=1e-6, atol=1e-7)


# identities and limits


def test_without_positions_attention_is_permutation_equivariant(side):
    module, tensor = side
    layer = randomise(module.EncoderLayer(8, 2, 12, dropout=0.0))
    x, order = normal(2, 6, 8), [4, 0, 5, 2, 1, 3]
    np.testing.assert_allclose(
        array(layer(tensor(x[:, order]))), array(layer(tensor(x)))[:, order], rtol=1e-9
    )


def test_with_positions_a_transformer_is_not(side):
    module, _ = side
    model = randomise(module.Transformer(9, 11, **SMALL))
    source, target = tokens(1, 5, vocabulary=9), tokens(1, 3)
    one = array(model(on(module, source), on(module, target)))
    other = array(model(on(module, source[:, ::-1].copy()), on(module, target)))
    assert np.abs(one - other).max() > 1e-5  # rounding is ten orders smaller


def test_nothing_flows_back_from_the_future(side):
    module, tensor = side
    layer = randomise(module.DecoderLayer(8, 2, 12, dropout=0.0))
    x = tensor(normal(1, 6, 8), requires_grad=True)
    layer(x, tensor(normal(1, 3, 8)))[:, 2].sum().backward()
    gradient = np.abs(array(x.grad)).sum(axis=2)[0]
    assert (gradient[3:] == 0).all(), "exactly"
    assert (gradient[:3] > 0).all()


def test_a_later_target_changes_no_earlier_score(side):
    module, _ = side
    model = randomise(module.Transformer(9, 11, **SMALL))
    source, target = tokens(1, 5, vocabulary=9), tokens(1, 6)
    changed = target.copy()
    changed[0, 4] = 3 if target[0, 4] != 3 else 4
    one, other = (array(model(on(module, source), on(module, t)))[0] for t in (target, changed))
    np.testing.assert_array_equal(one[:4], other[:4])
    assert (one[4] != other[4]).any()


def test_padding_changes_nothing(side):
    module, _ = side
    model = randomise(module.Transformer(9, 11, **SMALL))
    source, target = tokens(1, 5, vocabulary=9), tokens(1, 4)
    longer = np.pad(source, ((0, 0), (0, 3)))
    one, other = (array(model(on(module, s), on(module, target))) for s in (source, longer))
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    later = array(model(on(module, source), on(module, np.pad(target, ((0, 0), (0, 2))))))
    np.testing.assert_allclose(later[:, :4], one, rtol=1e-9, atol=1e-12)


def test_padding_changes_nothing_for_the_lstms(side):
    module, _ = side
    model = randomise(module.RecurrentTranslator(9, 11, 6, 8, dropout=0.0))
    source, target = tokens(2, 5, vocabulary=9), tokens(2, 4)
    source[1] = 0  # nothing but padding: the memory after its first token counts
    one, other = (
        array(model(on(module, s), on(module, target))) for s in (source, np.pad(source, ((0, 0), (0, 3))))
    )
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_lstms_are_the_equations_of_their_docstring(side):
    module, _ = side
    model = randomise(module.RecurrentTranslator(9, 11, 6, 8, dropout=0.0))
    state = {name: torch.tensor(array(value)) for name, value in model.state_dict().items()}
    source, target = tokens(2, 5, vocabulary=9, padded=[(1, 2)]), tokens(2, 4)

    def lstm(name, x, state0=None):
        layer = torch.nn.LSTM(x.shape[2], 8, batch_first=True).double()
        layer.load_state_dict(
            {k.removeprefix(name + "."): v for k, v in state.items() if k.startswith(name + ".")}
        )
        return layer(x, state0)[0]

    read = lstm("encoder", state["source_embedding.weight"][torch.tensor(source)])
    context = torch.stack([read[0, 4], read[1, 2]])
    c = context @ state["bridge.weight"].T + state["bridge.bias"]
    words = state["target_embedding.weight"][torch.tensor(target)]
    inputs = torch.cat([words, context[:, None].expand(2, 4, 8)], dim=2)
    out = lstm("decoder", inputs, (context[None], c[None]))
    expected = out @ state["scores.weight"].T + state["scores.bias"]
    got = array(model(on(module, source), on(module, target)))
    np.testing.assert_allclose(got, array(expected), rtol=1e-9, atol=1e-10)


def test_attention_maps_are_the_weights_of_every_layer(side):
    module, _ = side
    model = randomise(module.Transformer(9, 11, **SMALL))
    source, target = tokens(2, 5, vocabulary=9, padded=[(1, 2)]), tokens(2, 4)
    maps = model.attention_maps(on(module, source), on(module, target))
    assert {name: len(layers) for name, layers in maps.items()} == {"encoder": 2, "decoder": 2, "cross": 2}
    shapes = {"encoder": (2, 2, 5, 5), "decoder": (2, 2, 4, 4), "cross": (2, 2, 4, 5)}
    for name, layers in maps.items():
        for weights in layers:
            assert not weights.requires_grad, "to be drawn, not trained"
            weights = array(weights)
            assert weights.shape == shapes[name]
            np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-9)
    assert (array(maps["encoder"][1])[1, :, :, 3:] == 0).all()
    assert (array(maps["cross"][0])[1, :, :, 3:] == 0).all()
    assert (np.triu(array(maps["decoder"][1]), 1) == 0).all()
    # The last layer's cross-attention, with its own input rebuilt from the layers' public parts.
    memory, mask = model.encode(on(module, source))
    x = model._embed(on(module, target), model.target_embedding)
    x = model.decoder[0](x, memory, mask)
    layer = model.decoder[1]
    x = layer.norm1(x + layer.attention(x, causal=True))
    expected = array(layer.cross_attention.weights(x, memory, mask))
    np.testing.assert_allclose(array(maps["cross"][1]), expected, rtol=1e-9)


@pytest.mark.parametrize("norm_first", [False, True])
def test_weights_of_a_layer_are_those_that_it_uses(side, norm_first):
    module, tensor = side
    layer = randomise(module.DecoderLayer(8, 1, 12, dropout=0.0, norm_first=norm_first))
    x, memory = tensor(normal(1, 4, 8)), tensor(normal(1, 5, 8, seed=1))
    own, cross = layer.weights(x, memory)
    h = layer.norm1(x) if norm_first else x
    looked = layer.attention.output(own[:, 0] @ layer.attention.value(h))
    x = x + looked if norm_first else layer.norm1(x + looked)
    looked = layer.cross_attention.output(cross[:, 0] @ layer.cross_attention.value(memory))
    x = x + looked if norm_first else layer.norm2(x + looked)
    x = x + layer.feed_forward(layer.norm3(x)) if norm_first else layer.norm3(x + layer.feed_forward(x))
    start, memory = tensor(normal(1, 4, 8)), tensor(normal(1, 5, 8, seed=1))
    np.testing.assert_allclose(array(layer(start, memory)), array(x), rtol=1e-9, atol=1e-12)
    encoder = randomise(module.EncoderLayer(8, 1, 12, dropout=0.0, norm_first=norm_first))
    h = encoder.norm1(start) if norm_first else start
    mixed = encoder.weights(start)[:, 0] @ encoder.attention.value(h)
    np.testing.assert_allclose(array(encoder.attention(h)), array(encoder.attention.output(mixed)), rtol=1e-9)


def test_embeddings_enter_with_variance_one(side):
    module, _ = side
    (engine if module is scratch else torch).manual_seed(0)
    table = array(module.Transformer(400, 300, 64, 2, 1, 8).source_embedding.weight)
    assert table.std() * 8 == pytest.approx(1, rel=0.02), "25,600 numbers: error 0.5 %"


def test_a_seed_decides_all_weights(side):
    module, _ = side
    models = []
    for _ in range(10):  # all kept, so that each lies elsewhere in memory
        (engine if module is scratch else torch).manual_seed(3)
        models.append(module.Transformer(9, 11, **SMALL))
    first = models[0].state_dict()
    for model in models[1:]:
        for name, value in model.state_dict().items():
            np.testing.assert_array_equal(array(value), array(first[name]), err_msg=name)
    assert (array(first["source_embedding.weight"])[0] != array(first["target_embedding.weight"])[0]).all()


def pair_of_tokens(module):
    return on(module, tokens(2, 5, vocabulary=9)), on(module, tokens(2, 4, vocabulary=7))


def test_dropout_acts_in_training_only(side):
    module, _ = side
    model = module.Transformer(9, 11, **SMALL | {"dropout": 0.5})
    pair = on(module, tokens(2, 5, vocabulary=9)), on(module, tokens(2, 4))
    assert (array(model(*pair)) != array(model(*pair))).any()
    model.eval()
    np.testing.assert_array_equal(array(model(*pair)), array(model(*pair)))
    layer, x = module.EncoderLayer(4, 1, 4, dropout=1.0, norm_first=True), normal(1, 3, 4).astype(np.float32)
    got = array(layer(engine.Tensor(x) if module is scratch else torch.tensor(x)))
    np.testing.assert_array_equal(got, x, err_msg="all parts dropped: the residual alone is left")
    layer = module.EncoderLayer(4, 1, 4, dropout=1.0)
    got = array(layer(engine.Tensor(x) if module is scratch else torch.tensor(x)))
    centred = x - x.mean(axis=2, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(axis=2, keepdims=True))
    np.testing.assert_allclose(got, expected, rtol=1e-4)  # two norms with eps 1e-5
    bare = module.Transformer(9, 7, **SMALL | {"layers": 0, "dropout": 1.0})
    assert (array(bare(*pair_of_tokens(module))) == 0).all(), "the embeddings are dropped, too"
    reader = module.RecurrentTranslator(9, 7, 4, 5, dropout=1.0)
    got = array(reader(*pair_of_tokens(module)))
    np.testing.assert_allclose(got, np.broadcast_to(array(reader.scores.bias), got.shape), rtol=1e-6)


def test_dropout_of_the_lstms_acts_on_both_embeddings_and_on_what_is_written(side):
    module, _ = side
    reader = module.RecurrentTranslator(9, 7, 4, 6)
    drop, shapes = reader.dropout.forward, []

    def watched(x):
        shapes.append(tuple(x.shape))
        return drop(x)

    reader.dropout.forward = watched
    reader(*pair_of_tokens(module))
    assert shapes == [(2, 5, 4), (2, 4, 4), (2, 4, 6)]


# the sizes of the paper


@pytest.mark.parametrize(
    ("preset", "exact", "printed"), [("base", 63_045_632, 65), ("big", 214_171_648, 213)]
)
def test_parameters_of_the_papers_models(preset, exact, printed):
    # Counted by hand from section 3: base has 18,944,000 in its table, 3,150,336 and 4,199,936 a layer.
    with torch.device("meta"):
        model = pytorch.Transformer(sizes.VOCABULARY, sizes.VOCABULARY, **sizes.PRESETS[preset], share=True)
    counted = sum(parameter.numel() for parameter in model.parameters())
    assert counted == exact
    assert (
        sizes.parameter_count(sizes.VOCABULARY, sizes.VOCABULARY, **sizes.PRESETS[preset], share=True)
        == exact
    )
    # The paper's numbers are rounded, and fit no one vocabulary.
    assert counted / 1e6 == pytest.approx(printed, rel=0.04)


def test_parameters_of_a_small_model_are_those_counted(side):
    module, _ = side
    for share, vocabularies in ((False, (9, 7)), (True, (9, 9))):
        model = module.Transformer(*vocabularies, **SMALL, share=share)
        counted = sum(math.prod(parameter.shape) for parameter in model.parameters())
        assert counted == sizes.parameter_count(*vocabularies, **SMALL, share=share)


# gradients


def test_gradients_of_weights_and_attention():
    q, k, v = normal(2, 3, 4), normal(2, 5, 4, seed=1), normal(2, 5, 2, seed=2)
    mask = RNG(3).random((2, 3, 5)) < 0.6
    mask[1, 1] = False  # a row that sees nothing
    engine.gradcheck(lambda *a: scratch.attention_weights(*a, mask=mask), q, k)
    engine.gradcheck(lambda *a: scratch.scaled_dot_product_attention(*a, mask=mask), q, k, v)
    engine.gradcheck(lambda q, k, v: scratch.scaled_dot_product_attention(q, k, v, causal=True), k, k + 1, v)


@pytest.mark.parametrize("norm_first", [False, True])
def test_gradients_of_layers(norm_first):
    x, memory = normal(1, 3, 4), normal(1, 5, 4, seed=1)
    options = {"dropout": 0.0, "norm_first": norm_first}
    encoder = randomise(scratch.EncoderLayer(4, 2, 5, **options, activation="gelu", bias=True))
    decoder = randomise(scratch.DecoderLayer(4, 2, 5, **options))
    engine.gradcheck(encoder, x)
    engine.gradcheck(decoder, x, memory)
    engine.gradcheck(lambda s: scratch.label_smoothing_loss(s, np.array([[1, 0, 2]])), x)


# twins


def test_functions_are_twins():
    q, k, v = normal(2, 3, 5, 4), normal(2, 3, 6, 4, seed=1), normal(2, 3, 6, 2, seed=2)
    mask = RNG(3).random((2, 1, 5, 6)) < 0.6
    mask[0, 0, 2] = False

    def scratch_masked(*arrays):
        return scratch.scaled_dot_product_attention(*arrays, mask=mask)

    def torch_masked(*tensors):
        return pytorch.scaled_dot_product_attention(*tensors, mask=torch.tensor(mask))

    assert_same_function(scratch.scaled_dot_product_attention, pytorch.scaled_dot_product_attention, q, k, v)
    assert_same_function(scratch_masked, torch_masked, q, k, v)
    assert_same_function(
        lambda *a: scratch.scaled_dot_product_attention(*a, causal=True),
        lambda *a: pytorch.scaled_dot_product_attention(*a, causal=True),
        k, k + 0.1, v,
    )  # fmt: skip
    assert_same_function(
        lambda *a: scratch.attention_weights(*a, mask=mask),
        lambda *a: pytorch.attention_weights(*a, mask=torch.tensor(mask)),
        q, k,
    )  # fmt: skip
    assert_same_function(
        lambda s: scratch.label_smoothing_loss(s, mask[0, 0].astype(int)),
        lambda s: pytorch.label_smoothing_loss(s, torch.tensor(mask[0, 0].astype(int))),
        normal(5, 6, 3),
    )
    np.testing.assert_allclose(
        scratch.sinusoidal_positions(9, 6), pytorch.sinusoidal_positions(9, 6), atol=1e-6
    )


@pytest.mark.parametrize("options", [{}, {"norm_first": True, "activation": "gelu"}])
def test_layers_are_twins(options):
    x, memory = normal(2, 5, 8), normal(2, 4, 8, seed=1)
    for name, inputs in (("EncoderLayer", (x,)), ("DecoderLayer", (x, memory))):
        assert_same_module(
            lambda name=name: getattr(scratch, name)(8, 2, 12, dropout=0.0, **options),
            lambda name=name: getattr(pytorch, name)(8, 2, 12, dropout=0.0, **options),
            *inputs,
        )
    assert_same_module(
        lambda: scratch.MultiHeadAttention(8, 4), lambda: pytorch.MultiHeadAttention(8, 4), x, memory
    )
    assert_same_module(lambda: scratch.FeedForward(8, 3), lambda: pytorch.FeedForward(8, 3), x)


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_transformers_are_twins_over_training_steps(dtype, share):
    # Not by `assert_same_module`: the queries' gradients are a thousandth of the others', and lose as many digits.
    vocabularies = (11, 11 if share else 9)
    ours, theirs = (side.Transformer(*vocabularies, **SMALL, share=share) for side in (scratch, pytorch))
    if dtype is np.float64:
        ours.double(), theirs.double()
    share_random_weights(ours, theirs, dtype)
    optimizers = engine.optim.SGD(ours.parameters(), 0.1), torch.optim.SGD(theirs.parameters(), 0.1)
    # The tables of positions are float32 numbers, the same to one unit in the last place.
    tolerance = max(TOLERANCE[dtype], 1e-7)
    for step in range(3):
        source = tokens(3, 6, padded=[(0, 2)], seed=step)
        target = tokens(3, 5, vocabulary=9, padded=[(1, 1)], seed=step + 1)
        pairs = (source, target), (torch.tensor(source), torch.tensor(target))
        losses = [
            module.label_smoothing_loss(model(s, t[:, :-1]), t[:, 1:])
            for module, model, (s, t) in zip((scratch, pytorch), (ours, theirs), pairs, strict=True)
        ]
        assert losses[0].item() == pytest.approx(losses[1].item(), rel=tolerance)
        for optimizer, loss in zip(optimizers, losses, strict=True):
            optimizer.zero_grad()
            loss.backward()
        expected = dict(theirs.named_parameters())
        largest = max(np.abs(parameter.grad.numpy()).max() for parameter in expected.values())
        for name, parameter in ours.named_parameters():
            gradient = expected[name].grad.numpy()
            np.testing.assert_allclose(
                parameter.grad, gradient, rtol=0, atol=tolerance * largest, err_msg=name
            )
        for optimizer in optimizers:
            optimizer.step()
    state = theirs.state_dict()
    for name, value in ours.state_dict().items():
        np.testing.assert_allclose(value, state[name].numpy(), rtol=tolerance, atol=tolerance, err_msg=name)


def test_recurrent_translators_are_twins():
    source, target = tokens(3, 6, padded=[(0, 2)]), tokens(3, 5, seed=1)
    assert_same_module(
        lambda: scratch.RecurrentTranslator(11, 11, 6, 8, dropout=0.0),
        lambda: pytorch.RecurrentTranslator(11, 11, 6, 8, dropout=0.0),
        source,
        target,
    )


# search


class Language:
    """A model whose next scores are a function of all tokens so far and of the source, for exhaustive search."""

    def __init__(self, module, vocabulary=4, seed=0):
        self.module, self.vocabulary, self.seed, self.training, self.modes = (
            module,
            vocabulary,
            seed,
            True,
            [],
        )

    def train(self, mode=True):
        self.training = mode

    def eval(self):
        self.train(False)

    def encode(self, source):
        self.modes.append(self.training)
        return array(source)

    def scores(self, source, prefix):
        return 2 * RNG([self.seed, *map(int, source), *map(int, prefix)]).normal(size=self.vocabulary)

    def decode(self, target, memory):
        target = array(target)
        scores = np.zeros((*target.shape, self.vocabulary))
        for row in range(len(target)):
            scores[row, -1] = self.scores(memory[row], target[row, 1:])
        return engine.Tensor(scores) if self.module is scratch else torch.tensor(scores)

    def log_probability(self, source, sequence):
        total = 0.0
        for position, token in enumerate(sequence):
            scores = self.scores(source, sequence[:position])
            total += scores[token] - np.log(np.exp(scores).sum())
        return total

    def everything(self, length, end):
        """All sequences that end with `end`, or are as long as may be."""
        growing, found = [[]], []
        for _ in range(length):
            longer = [[*sequence, token] for sequence in growing for token in range(self.vocabulary)]
            found += [sequence for sequence in longer if sequence[-1] == end]
            growing = [sequence for sequence in longer if sequence[-1] != end]
        return found + growing


SOURCES = np.array([[5, 6], [7, 7], [8, 1]])


@pytest.mark.parametrize("penalty", [0.0, 0.6, 2.0])
def test_a_beam_as_wide_as_all_sequences_finds_the_best(side, penalty):
    module, _ = side
    model, end, length = Language(module), 2, 3
    got, ranks = module.beam_search(model, on(module, SOURCES), 1, end, length, beam=64, penalty=penalty)
    for row, source in enumerate(SOURCES):
        value = {
            tuple(s): model.log_probability(source, s) / ((5 + len(s)) / 6) ** penalty
            for s in model.everything(length, end)
        }
        best = max(value, key=value.get)
        assert array(got)[row].tolist() == [*best, *[end] * (length - len(best))]
        assert float(ranks[row]) == pytest.approx(value[best], rel=1e-5)


@pytest.mark.parametrize("penalty", [0.6, 3.0])  # with a strong one, growing sequences overtake finished ones
@pytest.mark.parametrize("seed", range(4))
def test_a_narrow_beam_keeps_the_best_beginnings(side, seed, penalty):
    module, _ = side
    model, end, length, width = Language(module, vocabulary=5, seed=seed), 2, 5, 3
    got, ranks = module.beam_search(model, on(module, SOURCES), 1, end, length, beam=width, penalty=penalty)
    for row, source in enumerate(SOURCES):
        kept = [[]]
        for _ in range(length):
            grown = [s for s in kept if s[-1:] == [end]]
            grown += [[*s, t] for s in kept if s[-1:] != [end] for t in range(5)]
            rank = {tuple(s): model.log_probability(source, s) / ((5 + len(s)) / 6) ** penalty for s in grown}
            kept = sorted(grown, key=lambda s: -rank[tuple(s)])[:width]
        assert array(got)[row].tolist() == [*kept[0], *[end] * (length - len(kept[0]))]
        assert float(ranks[row]) == pytest.approx(rank[tuple(kept[0])], rel=1e-5)


def test_greedy_takes_the_likeliest_token_and_stops_at_the_end(side):
    module, _ = side
    for seed in range(5):
        model = Language(module, seed=seed)
        got = array(module.greedy_decode(model, on(module, SOURCES), 1, 2, 6))
        assert got.shape == (3, 6)
        for row, source in enumerate(SOURCES):
            prefix = []
            while len(prefix) < 6 and prefix[-1:] != [2]:
                prefix.append(int(np.argmax(model.scores(source, prefix))))
            assert got[row].tolist() == prefix + [2] * (6 - len(prefix))


def test_a_beam_of_one_is_greedy(side):
    module, _ = side
    for seed in range(5):
        model = Language(module, vocabulary=6, seed=seed)
        args = model, on(module, SOURCES), 1, 2, 6
        np.testing.assert_array_equal(
            array(module.beam_search(*args, beam=1)[0]), array(module.greedy_decode(*args))
        )


def test_a_beam_may_be_wider_than_the_vocabulary_and_finds_what_greedy_misses(side):
    module, _ = side
    better = 0
    for seed in range(8):
        model = Language(module, vocabulary=3, seed=seed)
        args = model, on(module, SOURCES), 1, 2, 4
        greedy, (beam, ranks) = (
            array(module.greedy_decode(*args)),
            module.beam_search(*args, beam=9, penalty=0.0),
        )
        assert np.isfinite(array(ranks)).all()
        for row, source in enumerate(SOURCES):
            sequences = [
                list(s[: list(s).index(2) + 1]) if 2 in s else list(s)
                for s in (greedy[row], array(beam)[row])
            ]
            values = [model.log_probability(source, s) for s in sequences]
            assert values[1] >= values[0] - 1e-9
            better += values[1] > values[0] + 1e-9
    assert better > 0


def test_search_uses_the_model_in_eval_mode_and_gives_it_back_as_it_was(side):
    module, _ = side
    model = Language(module)
    module.greedy_decode(model, on(module, SOURCES), 1, 2, 3)
    module.beam_search(model, on(module, SOURCES), 1, 2, 3)
    assert model.modes == [False, False]
    assert model.training
    model.eval()
    module.greedy_decode(model, on(module, SOURCES), 1, 2, 3)
    assert not model.training


def test_search_stops_when_all_are_finished(side):
    module, _ = side
    model, decode, asked = Language(module), Language.decode, []
    model.scores = lambda source, prefix: np.array([0.0, 0.0, 50.0, 0.0])  # the end, whatever stands there

    def watched(target, memory):
        asked.append(target.shape[1])
        return decode(model, target, memory)

    model.decode = watched
    written = array(module.greedy_decode(model, on(module, SOURCES), 1, 2, 9))
    assert (written == 2).all()
    assert asked == [1]
    asked.clear()
    module.beam_search(model, on(module, SOURCES), 1, 2, 9, beam=2)
    assert asked == [1, 2], "the second sequence of the beam needs two tokens"


@pytest.mark.parametrize("kind", ["Transformer", "RecurrentTranslator"])
def test_search_agrees_between_the_twins(kind):
    arguments = SMALL if kind == "Transformer" else {"dim": 6, "hidden": 8}
    ours, theirs = (getattr(side, kind)(11, 9, **arguments) for side in (scratch, pytorch))
    share_random_weights(ours.double(), theirs.double(), np.float64)
    source = tokens(4, 6, padded=[(0, 2)])
    greedy = scratch.greedy_decode(ours, source, 1, 2, 7)
    np.testing.assert_array_equal(greedy, pytorch.greedy_decode(theirs, torch.tensor(source), 1, 2, 7))
    tokens_, ranks = scratch.beam_search(ours, source, 1, 2, 7, beam=3)
    expected, expected_ranks = pytorch.beam_search(theirs, torch.tensor(source), 1, 2, 7, beam=3)
    np.testing.assert_array_equal(tokens_, expected)
    np.testing.assert_allclose(ranks, expected_ranks, rtol=1e-6)


def test_search_of_no_sequences_writes_none(side):
    module, _ = side
    model = module.Transformer(9, 7, **SMALL)
    nothing = on(module, np.zeros((0, 4), int))
    assert array(module.greedy_decode(model, nothing, 1, 2, 5)).shape == (0, 5)
    found, ranks = module.beam_search(model, nothing, 1, 2, 5)
    assert (array(found).shape, array(ranks).shape) == ((0, 5), (0,))


# critical path


def test_critical_path_counts_the_longest_chain():
    x = engine.Tensor([0.1], requires_grad=True)
    side_branch = (x * 3).exp()
    assert scratch.critical_path(x) == 0
    assert scratch.critical_path(x * x) == 1
    assert scratch.critical_path(side_branch + x) == 3
    assert scratch.critical_path(x + side_branch.exp().exp()) == 5
    assert scratch.critical_path(engine.Tensor([1.0]) * 2) == 0, "nothing was recorded"


def test_critical_path_of_a_transformer_does_not_grow_and_that_of_an_rnn_does():
    layer, loop = scratch.EncoderLayer(8, 2, 12), recurrent.RNN(8, 8)
    chains = [
        [scratch.critical_path(layer(normal(1, n, 8).astype(np.float32))) for n in (3, 30)],
        [scratch.critical_path(loop(normal(1, n, 8).astype(np.float32))[0]) for n in (3, 30)],
    ]
    assert chains[0][0] == chains[0][1]
    # Three operations a step: tanh, product, sum.
    assert chains[1][1] - chains[1][0] == 3 * 27


# bad input


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("causal", [False, True])
def test_a_query_that_may_look_at_nothing_gets_zeros_and_sends_none_back(side, causal, dtype):
    module, tensor = side
    arrays = [normal(2, 3, 4, 5, seed=s).astype(dtype) for s in range(3)]
    mask = np.ones((2, 1, 4, 4), bool)
    mask[0, 0, 2] = False
    mask[1, 0, :, 0] = False  # with causal, the first query of the second sequence sees nothing
    inputs = [tensor(a, requires_grad=True) for a in arrays]
    y = module.scaled_dot_product_attention(*inputs, mask=on(module, mask), causal=causal)
    y.sum().backward()
    gradients = [array(t.grad) for t in inputs]
    assert all(np.isfinite(values).all() for values in (array(y), *gradients))
    blind = [(0, 2), *([(1, 0)] if causal else [])]
    for sequence, row in blind:
        assert (array(y)[sequence, :, row] == 0).all()
        assert (gradients[0][sequence, :, row] == 0).all()
    weights = array(module.attention_weights(*inputs[:2], mask=on(module, mask), causal=causal))
    sums = np.ones((2, 3, 4))
    for sequence, row in blind:
        sums[sequence, :, row] = 0
    np.testing.assert_allclose(weights.sum(axis=-1), sums, atol=1e-6)


def test_blind_queries_give_zeros_under_autocast():
    layer = pytorch.MultiHeadAttention(8, 2)
    x = torch.randn(2, 3, 8, requires_grad=True)
    mask = torch.ones(2, 1, 3, 3, dtype=torch.bool)
    mask[1] = False
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x, mask=mask)
    assert y.dtype == torch.bfloat16
    y.float().sum().backward()
    assert (y[1] == 0).all()
    assert torch.isfinite(y).all()
    assert torch.isfinite(x.grad).all()
    assert (x.grad[1] == 0).all()


def test_a_source_of_nothing_but_padding_gives_finite_scores_and_gradients(side):
    module, _ = side
    model = module.Transformer(9, 7, **SMALL)
    source = tokens(2, 4, vocabulary=9)
    source[1] = 0
    scores = model(on(module, source), on(module, tokens(2, 3, vocabulary=7)))
    scores.sum().backward()
    assert np.isfinite(array(scores)).all()
    assert all(np.isfinite(array(p.grad)).all() for p in model.parameters())


def test_transformer_trains_under_autocast():
    model = pytorch.Transformer(9, 7, **SMALL)
    with torch.autocast("cpu", torch.bfloat16):
        loss = pytorch.label_smoothing_loss(
            model(torch.tensor(tokens(2, 4, vocabulary=9)), torch.tensor(tokens(2, 3, vocabulary=7))),
            torch.tensor(tokens(2, 3, vocabulary=7)),
        )
    loss.backward()
    assert loss.dtype == torch.float32
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_no_keys_give_zeros(side):
    module, tensor = side
    q, none = tensor(normal(2, 3, 4), requires_grad=True), tensor(np.zeros((2, 0, 4)))
    y = module.scaled_dot_product_attention(q, none, none)
    y.sum().backward()
    assert array(y).shape == (2, 3, 4)
    assert (array(y) == 0).all()
    assert (array(q.grad) == 0).all()


def float_tokens(module, shape=(2, 3)):
    return on(module, np.ones(shape))


BAD = {
    "heads that do not divide": (
        lambda m: m.MultiHeadAttention(10, 4),
        ValueError,
        "dim=10 does not divide into heads=4",
    ),
    "no heads": (lambda m: m.MultiHeadAttention(8, 0), ValueError, "does not divide into heads=0"),
    "tokens of another size": (
        lambda m: m.MultiHeadAttention(8, 2)(SIDES_TENSOR[m](np.zeros((1, 3, 4), np.float32))),
        ValueError,
        "expected tokens of shape (batch, time, 8), got (1, 3, 4)",
    ),
    "memory without a batch": (
        lambda m: m.MultiHeadAttention(8, 2)(
            *(SIDES_TENSOR[m](np.zeros(s, np.float32)) for s in ((1, 3, 8), (3, 8)))
        ),
        ValueError,
        "expected tokens of shape (batch, time, 8), got (3, 8)",
    ),
    "keys of another length": (
        lambda m: m.scaled_dot_product_attention(
            *(SIDES_TENSOR[m](np.zeros(s)) for s in ((2, 3), (4, 5), (4, 3)))
        ),
        ValueError,
        "queries (2, 3), keys (4, 5) and values (4, 3) do not fit",
    ),
    "weights of other batches": (
        lambda m: m.attention_weights(*(SIDES_TENSOR[m](np.zeros(s)) for s in ((2, 1, 3), (3, 1, 3)))),
        ValueError,
        "do not fit",
    ),
    "causal across": (
        lambda m: m.attention_weights(*(SIDES_TENSOR[m](np.zeros(s)) for s in ((2, 3), (4, 3))), causal=True),
        ValueError,
        "causal needs as many queries as keys, got 2 and 4",
    ),
    "causal attention across": (
        lambda m: m.scaled_dot_product_attention(
            *(SIDES_TENSOR[m](np.zeros(s)) for s in ((2, 3), (4, 3), (4, 3))), causal=True
        ),
        ValueError,
        "causal needs as many queries as keys, got 2 and 4",
    ),
    "a mask for other sequences": (
        lambda m: m.scaled_dot_product_attention(
            *[SIDES_TENSOR[m](np.zeros((2, 3, 4)))] * 3, mask=on(m, np.ones((5, 3, 3), bool))
        ),
        ValueError,
        "a mask (5, 3, 3) does not broadcast to (2, 3, 3)",
    ),
    "weights with a mask of too many axes": (
        lambda m: m.attention_weights(
            *[SIDES_TENSOR[m](np.zeros((3, 4)))] * 2, mask=on(m, np.ones((2, 3, 3), bool))
        ),
        ValueError,
        "a mask (2, 3, 3) does not broadcast to (3, 3)",
    ),
    "a mask of numbers": (
        lambda m: m.scaled_dot_product_attention(
            *[SIDES_TENSOR[m](np.zeros((2, 3)))] * 3, mask=on(m, np.ones((2, 2)))
        ),
        TypeError,
        "float64, expected booleans, True where a query may look",
    ),
    "weights with a mask of numbers": (
        lambda m: m.attention_weights(*[SIDES_TENSOR[m](np.zeros((2, 3)))] * 2, mask=on(m, np.ones((2, 2)))),
        TypeError,
        "float64, expected booleans, True where a query may look",
    ),
    "padding of one sequence": (
        lambda m: m.padding_mask(on(m, np.ones(3, int))),
        ValueError,
        "expected tokens of shape (batch, time), got (3,)",
    ),
    "odd positions": (lambda m: m.sinusoidal_positions(3, 5), ValueError, "expected an even dim, got 5"),
    "activation": (
        lambda m: m.FeedForward(2, 3, "tanh"),
        ValueError,
        "activation='tanh', expected 'relu' or 'gelu'",
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
        lambda m: m.Transformer(9, 7, **SMALL)(
            on(m, np.ones((2, 2), int)), on(m, np.array([[1, 7], [1, 2]]))
        ),
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
        "expected integers",
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
        "expected a smoothing in [0, 1], got 1.5",
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
        "a beam of at least 1, got 3 and 0",
    ),
    "no length": (
        lambda m: m.greedy_decode(Language(m), on(m, SOURCES), 1, 2, 0),
        ValueError,
        "a length and a beam of at least 1, got 0",
    ),
    "beam of no length": (
        lambda m: m.beam_search(Language(m), on(m, SOURCES), 1, 2, 0),
        ValueError,
        "got 0 and 4",
    ),
    "an end that cannot be written": (
        lambda m: m.greedy_decode(Language(m), on(m, SOURCES), 1, 4, 3),
        ValueError,
        "expected an end among the 4 tokens that can be written, got 4",
    ),
    "an end of a beam that cannot be written": (
        lambda m: m.beam_search(Language(m), on(m, SOURCES), 1, -1, 3),
        ValueError,
        "expected an end among the 4 tokens that can be written, got -1",
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


# the pytorch side


def test_pytorch_compiles_to_one_graph():
    model = pytorch.Transformer(9, 7, **SMALL).eval()
    source, target = torch.tensor(tokens(2, 4, vocabulary=9)), torch.tensor(tokens(2, 3, vocabulary=7))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(source, target), model(source, target))


def test_pytorch_attention_is_the_fused_call(monkeypatch):
    calls = []
    fused = torch.nn.functional.scaled_dot_product_attention

    def watch(*args, **kwargs):
        calls.append(kwargs)
        return fused(*args, **kwargs)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", watch)
    model = pytorch.Transformer(9, 7, **SMALL)
    model(torch.tensor(tokens(2, 4, vocabulary=9)), torch.tensor(tokens(2, 3, vocabulary=7)))
    # Two encoder layers, then own and cross attention twice; causal attention comes without a mask.
    assert len(calls) == 6
    assert [call.get("is_causal", False) for call in calls] == [False, False, True, False, True, False]
    assert [call.get("attn_mask") is None for call in calls] == [False, False, True, False, True, False]


@pytest.mark.gpu
def test_pytorch_stays_on_its_device():
    model = pytorch.Transformer(9, 7, **SMALL).cuda()
    source, target = (
        torch.tensor(tokens(2, 4, vocabulary=9)).cuda(),
        torch.tensor(tokens(2, 3, vocabulary=7)).cuda(),
    )
    assert pytorch.label_smoothing_loss(model(source, target), target).is_cuda
    assert pytorch.beam_search(model, source, 1, 2, 5)[0].is_cuda
    assert all(layer.is_cuda for layers in model.attention_maps(source, target).values() for layer in layers)


def test_float32_tolerance_of_the_twins_is_the_courses():
    # The whole model in float32 stays within the course's tolerance of float64.
    model = randomise(scratch.Transformer(11, 9, **SMALL))
    pair = tokens(2, 5), tokens(2, 4, vocabulary=9)
    exact = model(*pair).numpy()
    model.float()
    assert_close(model(*pair).numpy(), exact, np.float32, "scores")
    assert TOLERANCE[np.float32] == 1e-4
