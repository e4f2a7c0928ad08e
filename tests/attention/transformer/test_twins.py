"""The two sides of the Transformer over training steps, and PyTorch fused, compiled, under autocast, on its device."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.attention.transformer import pytorch, scratch
from tests.attention.transformer.cases import RNG, SMALL, normal, randomise, tokens
from tests.twins import (
    TOLERANCE,
    assert_close,
    assert_same_function,
    assert_same_module,
    share_random_weights,
)


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
    np.testing.assert_allclose(scratch.sinusoidal_positions(9, 6), pytorch.sinusoidal_positions(9, 6), atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"norm_first": True, "activation": "gelu"}])
def test_layers_are_twins(options):
    x, memory = normal(2, 5, 8), normal(2, 4, 8, seed=1)
    for name, inputs in (("EncoderLayer", (x,)), ("DecoderLayer", (x, memory))):
        assert_same_module(
            lambda name=name: getattr(scratch, name)(8, 2, 12, dropout=0.0, **options),
            lambda name=name: getattr(pytorch, name)(8, 2, 12, dropout=0.0, **options),
            *inputs,
        )
    assert_same_module(lambda: scratch.MultiHeadAttention(8, 4), lambda: pytorch.MultiHeadAttention(8, 4), x, memory)
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
            np.testing.assert_allclose(parameter.grad, gradient, rtol=0, atol=tolerance * largest, err_msg=name)
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


def test_transformer_trains_under_autocast():
    model = pytorch.Transformer(9, 7, **SMALL)
    source, target = torch.tensor(tokens(2, 4, vocabulary=9)), torch.tensor(tokens(2, 3, vocabulary=7))
    with torch.autocast("cpu", torch.bfloat16):
        loss = pytorch.label_smoothing_loss(model(source, target), target)
    loss.backward()
    assert loss.dtype == torch.float32
    # bfloat16 has 8 bits: scores are off by a few hundredths.
    assert loss.item() == pytest.approx(pytorch.label_smoothing_loss(model(source, target), target).item(), rel=0.03)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


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
