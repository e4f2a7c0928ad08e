"""Attention, layers and whole models against ONNX, torch and BERT; search against everything that can be written."""

import numpy as np
import onnx
import onnx.reference
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.attention.transformer import scratch
from mylib.attention.transformer.scratch_attention import plain_attention
from tests.attention.transformer.cases import RNG, SMALL, SOURCES, Language, normal, on, randomise, tokens
from tests.twins import array


def edits(a, b):
    """The Levenshtein distance by its definition."""
    if not a or not b:
        return len(a) + len(b)
    return min(edits(a[1:], b) + 1, edits(a, b[1:]) + 1, edits(a[1:], b[1:]) + (a[0] != b[0]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=5), st.lists(st.sampled_from("abc"), min_size=1, max_size=5))
def test_phoneme_error_rate_is_the_levenshtein_distance_over_the_length(a, b):
    assert scratch.phoneme_error_rate([a], [[b]]) == pytest.approx(edits(a, b) / len(b))


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


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_fast_attention_is_the_equation_as_it_is_written(causal, masked):
    arrays, mask = [normal(2, 3, 70, 4, seed=s) for s in range(3)], RNG(3).random((2, 1, 70, 70)) < 0.7
    mask[0, 0, 2] = False  # a row that sees nothing
    results = []
    for attend in (scratch.scaled_dot_product_attention, plain_attention):
        inputs = [engine.Tensor(a, requires_grad=True) for a in arrays]
        y = attend(*inputs, mask if masked else None, causal)
        (y * y).sum().backward()
        results.append([array(y), *(t.grad for t in inputs)])
    for fast, plain in zip(*results, strict=True):
        np.testing.assert_allclose(fast, plain, rtol=1e-9, atol=1e-12)


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
    np.testing.assert_allclose(array(ours(tensor(x), tensor(memory), mask)), array(expected), rtol=1e-9, atol=1e-12)
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
        {f"{theirs_}.{kind}": state[f"{mine}.{kind}"] for theirs_, mine in names.items() for kind in ("weight", "bias")}
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
        x = as_torch_layer(layer, plain, attentions, norms)(x, memory, tgt_mask=future, memory_key_padding_mask=padded)
    expected = x @ state["target_embedding.weight"].T
    got = array(model(on(module, source), on(module, target)))
    assert got.shape == (2, 4, 11)
    # The table of positions is float32 on both sides.
    np.testing.assert_allclose(got, array(expected), rtol=1e-6, atol=1e-7)


def test_lstms_are_the_equations_of_their_docstring(side):
    module, _ = side
    model = randomise(module.RecurrentTranslator(9, 11, 6, 8, dropout=0.0))
    state = {name: torch.tensor(array(value)) for name, value in model.state_dict().items()}
    source, target = tokens(2, 5, vocabulary=9, padded=[(1, 2)]), tokens(2, 4)

    def lstm(name, x, state0=None):
        layer = torch.nn.LSTM(x.shape[2], 8, batch_first=True).double()
        layer.load_state_dict({k.removeprefix(name + "."): v for k, v in state.items() if k.startswith(name + ".")})
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


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_an_impossible_class_where_nothing_counts_leaves_the_loss_and_its_gradient_alone(side, smoothing):
    """A score of minus infinity for the padding, where the padding is the target: 0 times infinity has no value."""
    module, tensor = side
    scores = np.array([[[0.0, 1.0, 2.0, 0.5], [-np.inf, 0.3, 0.2, 0.1]]])
    given = tensor(scores, requires_grad=True)
    loss = module.label_smoothing_loss(given, on(module, np.array([[2, 0]])), smoothing)
    loss.backward()
    reference = torch.tensor(scores, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(
        reference[0], torch.tensor([2, 0]), ignore_index=0, label_smoothing=smoothing
    )
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-9)
    np.testing.assert_allclose(array(given.grad)[0, 0], reference.grad[0, 0], rtol=1e-9)
    np.testing.assert_array_equal(array(given.grad)[0, 1], 0)
