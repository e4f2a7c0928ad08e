"""What positions, masks, padding and dropout change, maps, critical paths, limits, and gradients by differences."""

import math

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.attention.transformer import scratch, sizes
from mylib.vision.recurrent import scratch as recurrent
from tests.attention.transformer.cases import RNG, SMALL, normal, on, randomise, tokens
from tests.twins import array


def test_a_distance_between_positions_has_one_dot_product_everywhere(side):
    module, _ = side
    got = array(module.sinusoidal_positions(40, 32)).astype(float)
    products = got @ got.T
    for distance in (0, 1, 7):
        values = np.diagonal(products, distance)
        np.testing.assert_allclose(values, values[0], rtol=1e-5)
    np.testing.assert_allclose(np.diagonal(products), 16, rtol=1e-6)  # sin^2 + cos^2, 16 times


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


def test_without_positions_attention_is_permutation_equivariant(side):
    module, tensor = side
    layer = randomise(module.EncoderLayer(8, 2, 12, dropout=0.0))
    x, order = normal(2, 6, 8), [4, 0, 5, 2, 1, 3]
    np.testing.assert_allclose(array(layer(tensor(x[:, order]))), array(layer(tensor(x)))[:, order], rtol=1e-9)


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
    one, other = (array(model(on(module, s), on(module, target))) for s in (source, np.pad(source, ((0, 0), (0, 3)))))
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


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


def test_parameters_of_a_small_model_are_those_counted(side):
    module, _ = side
    for share, vocabularies in ((False, (9, 7)), (True, (9, 9))):
        model = module.Transformer(*vocabularies, **SMALL, share=share)
        counted = sum(math.prod(parameter.shape) for parameter in model.parameters())
        assert counted == sizes.parameter_count(*vocabularies, **SMALL, share=share)


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


def test_a_source_of_nothing_but_padding_gives_finite_scores_and_gradients(side):
    module, _ = side
    model = module.Transformer(9, 7, **SMALL)
    source = tokens(2, 4, vocabulary=9)
    source[1] = 0
    scores = model(on(module, source), on(module, tokens(2, 3, vocabulary=7)))
    scores.sum().backward()
    assert np.isfinite(array(scores)).all()
    assert all(np.isfinite(array(p.grad)).all() for p in model.parameters())


def test_no_keys_give_zeros(side):
    module, tensor = side
    q, none = tensor(normal(2, 3, 4), requires_grad=True), tensor(np.zeros((2, 0, 4)))
    y = module.scaled_dot_product_attention(q, none, none)
    y.sum().backward()
    assert array(y).shape == (2, 3, 4)
    assert (array(y) == 0).all()
    assert (array(q.grad) == 0).all()
