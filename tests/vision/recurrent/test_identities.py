"""Closed forms of gradients through time, truncation, limits, gradients by differences, and captions learned."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import data, engine
from mylib.vision.recurrent import captions, scratch, scratch_bptt
from tests.twins import array
from tests.vision.recurrent.cases import RNG, fill


@pytest.mark.parametrize("kind", ["RNNCell", "RNN", "LSTMCell", "LSTM"])
def test_weights_start_evenly_between_plus_and_minus_one_over_the_root_of_hidden(side, kind):
    module, _ = side
    (engine if module is scratch else torch).manual_seed(0)
    state = getattr(module, kind)(30, 64).state_dict()
    for name in (name for name in state if "weight" in name):
        values = array(state[name])
        assert np.abs(values).max() <= 1 / 8
        assert values.std() == pytest.approx(1 / 8 / np.sqrt(3), rel=0.03), "1,920 numbers: error 0.7 %"


@pytest.mark.parametrize("kind", ["LSTM", "RNN"])
def test_layer_equals_its_cell_step_by_step(side, kind):
    """The loop over time in one operation, and torch's fused kernel, against the readable cell."""
    module, tensor = side
    layer, cell = getattr(module, kind)(3, 5).double(), getattr(module, f"{kind}Cell")(3, 5).double()
    rng = RNG(4)
    x = rng.normal(size=(2, 6, 3))
    state = {name: array(value) for name, value in layer.state_dict().items()}
    cell.load_state_dict({name.removesuffix("_l0"): torch.tensor(value) for name, value in state.items()})
    outputs, last = layer(tensor(x))
    step = None
    for t in range(6):
        step = cell(tensor(x[:, t]), step)
        shown = step[0] if kind == "LSTM" else step
        np.testing.assert_allclose(array(outputs)[:, t], array(shown), rtol=1e-9, atol=1e-12)
    for got, expected in zip(last, step, strict=True):
        np.testing.assert_allclose(array(got), array(expected), rtol=1e-9, atol=1e-12)


def test_plain_backward_step_is_what_the_tape_does():
    rng, tensor = RNG(6), engine.Tensor
    cell = scratch.LSTMCell(3, 4).double()
    x, to_m, to_c = rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    m, c = (tensor(rng.normal(size=(2, 4)), requires_grad=True) for _ in range(2))
    after, memory = cell(tensor(x), (m, c))
    (after * to_m + memory * to_c).sum().backward()
    gates = [gate.numpy() for gate in cell.gates(tensor(x), m)]
    to_a, to_before = scratch_bptt.lstm_step_backward(to_m, to_c, c.numpy(), gates, memory.numpy())
    np.testing.assert_allclose(to_before, c.grad, rtol=1e-9)
    np.testing.assert_allclose(to_a @ cell.weight_hh.numpy(), m.grad, rtol=1e-9)
    np.testing.assert_allclose(to_a.T @ x, cell.weight_ih.grad, rtol=1e-9)
    np.testing.assert_allclose(to_a.sum(axis=0), cell.bias_ih.grad, rtol=1e-9)


def test_a_sequence_in_two_parts_is_the_whole_sequence(side):
    module, tensor = side
    x = RNG(5).normal(size=(2, 7, 3))
    for make in (module.RNN, module.LSTM):
        model = make(3, 4).double()
        whole, last = model(tensor(x))
        first, state = model(tensor(x[:, :3]))
        second, end = model(tensor(x[:, 3:]), state)
        joined = np.concatenate([array(first), array(second)], axis=1)
        np.testing.assert_allclose(joined, array(whole), rtol=1e-12, atol=1e-14)
        for a, b in zip(end, last, strict=True):
            np.testing.assert_allclose(array(a), array(b), rtol=1e-12, atol=1e-14)


def test_saturated_gates_give_finite_values_and_gradients():
    model = scratch.LSTM(1, 2)
    x = engine.Tensor(np.array([[[1e4], [-1e4], [1e30]]], np.float32), requires_grad=True)
    outputs, _ = model(x)
    outputs.sum().backward()
    assert np.isfinite(outputs.numpy()).all()
    assert np.isfinite(x.grad).all()


@pytest.mark.parametrize("radius", [0.5, 0.9, 1.1])
def test_rnn_gradient_follows_the_power_of_the_matrix(side, radius):
    """At c = 0 and x = 0 the Jacobian is W itself: the gradient of c_t is exactly (W^T)^(T - t) 1."""
    module, tensor = side
    rng = RNG(6)
    w = np.linalg.qr(rng.normal(size=(8, 8)))[0] * radius
    model = fill(module.RNN(1, 8), weight_hh_l0=w)
    norms = array(module.gradient_norms_through_time(model, tensor(np.zeros((1, 12, 1)))))
    # An orthogonal matrix keeps lengths: sqrt(8) times the radius to the power of the distance.
    np.testing.assert_allclose(norms, np.sqrt(8) * radius ** np.arange(11, -1, -1.0), rtol=1e-9)


def test_lstm_gradient_is_the_product_of_the_forget_gates(side):
    # With W = 0 nothing else links c_t to c_{t-1}: each step multiplies by f.
    module, tensor = side
    forget = 0.8
    model = fill(module.LSTM(1, 3), bias_ih_l0=[0.0] * 3 + [np.log(forget / (1 - forget))] * 3 + [0.0] * 6)
    norms = array(module.gradient_norms_through_time(model, tensor(np.ones((2, 9, 1)))))
    np.testing.assert_allclose(norms, np.sqrt(3) * forget ** np.arange(8, -1, -1.0), rtol=1e-9)


def test_gradient_norms_leave_the_model_as_it_was(side):
    module, tensor = side
    model = module.LSTM(2, 3)
    before = {name: array(value).copy() for name, value in model.state_dict().items()}
    module.gradient_norms_through_time(model, tensor(np.ones((1, 4, 2), np.float32)))
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(before[name], array(value))


def test_one_window_over_everything_is_a_plain_step(side):
    module, tensor = side
    losses, steps = {}, {}
    library = engine if module is scratch else torch
    cross_entropy = engine.cross_entropy if module is scratch else torch.nn.functional.cross_entropy
    labels = RNG(7).integers(0, 3, size=(2, 6))
    x = RNG(8).normal(size=(2, 6, 2)).astype(np.float32)
    for name in ("window", "plain"):
        library.manual_seed(0)
        model, head = module.RNN(2, 4), library.nn.Linear(4, 3)
        parameters = [*model.parameters(), *head.parameters()]
        optimizer = engine.optim.SGD(parameters, 0.5) if module is scratch else torch.optim.SGD(parameters, 0.5)
        targets = labels if module is scratch else torch.tensor(labels)
        if name == "window":
            [value] = module.truncated_bptt(model, head, tensor(x), targets, cross_entropy, optimizer, window=6)
        else:
            value = cross_entropy(head(model(tensor(x))[0]).reshape(12, 3), targets.reshape(-1))
            value.backward()
            optimizer.step()
        losses[name], steps[name] = float(array(value)), [array(p).copy() for p in parameters]
    assert losses["window"] == pytest.approx(losses["plain"], rel=1e-6)
    for ours, expected in zip(steps["window"], steps["plain"], strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-7)  # float32, two orders of adding


def test_truncation_hands_on_the_memory_and_cuts_the_gradient(side):
    """The losses of the first pass over frozen weights are those without windows; a late loss moves no early input."""
    module, tensor = side
    library = engine if module is scratch else torch
    library.manual_seed(1)
    model, head = module.LSTM(1, 3).double(), library.nn.Linear(3, 2).double()
    parameters = [*model.parameters(), *head.parameters()]
    frozen = engine.optim.SGD(parameters, 0.0) if module is scratch else torch.optim.SGD(parameters, 0.0)
    x = tensor(RNG(9).normal(size=(1, 7, 1)), requires_grad=True)
    labels = RNG(10).integers(0, 2, size=(1, 7))
    targets = labels if module is scratch else torch.tensor(labels)

    def only_last(scores, wanted):
        return ((scores[-1] - 1.0) ** 2).sum() * float(len(wanted) == 1)

    losses = module.truncated_bptt(model, head, x, targets, only_last, frozen, window=3)
    assert len(losses) == 3, "7 steps in windows of 3: 3 + 3 + 1"
    expected = array(((head(model(x)[0])[0, -1] - 1.0) ** 2).sum())
    assert float(losses[-1]) == pytest.approx(float(expected), rel=1e-9), "the memory arrives"
    gradient = array(x.grad)[0, :, 0]
    assert (gradient[:6] == 0).all(), "the gradient stops at the start of the last window"
    assert gradient[6] != 0


def test_each_window_takes_a_step_along_its_own_gradient_only(side):
    """A window without a loss changes nothing, whatever the window before it, or the caller, left in the gradients."""
    module, tensor = side
    library = engine if module is scratch else torch
    library.manual_seed(2)
    model, head = module.RNN(1, 3), library.nn.Linear(3, 2)
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = (engine if module is scratch else torch).optim.SGD(parameters, 0.5)
    head(model(tensor(np.ones((1, 2, 1), np.float32)))[0]).sum().backward()
    before, after_first = [array(p).copy() for p in parameters], []

    def loss(scores, wanted):
        if len(wanted) == 1:  # the last window
            after_first.extend(array(p).copy() for p in parameters)
        return scores.sum() * 0.0

    targets = np.zeros((1, 3), int) if module is scratch else torch.zeros(1, 3, dtype=torch.long)
    module.truncated_bptt(model, head, tensor(np.ones((1, 3, 1), np.float32)), targets, loss, optimizer, window=2)
    for first, second, parameter in zip(before, after_first, parameters, strict=True):
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(first, array(parameter))


@pytest.mark.parametrize("dropout", [0.0, 0.9])
def test_captions_hide_what_was_seen_while_training_only(side, dropout):
    module, tensor = side
    (engine if module is scratch else torch).manual_seed(3)
    net = module.CaptionNet(9, size=16, hidden=8, dropout=dropout)
    seen, words = RNG(21).normal(size=(4, 11, 2, 2)).astype(np.float32), np.zeros((4, 2), int)
    words = words if module is scratch else torch.tensor(words)
    first, second = (array(net.tell(tensor(seen), words)[0]) for _ in range(2))
    assert np.array_equal(first, second) == (dropout == 0)
    net.eval()
    assert np.array_equal(array(net.tell(tensor(seen), words)[0]), array(net.tell(tensor(seen), words)[0]))
    # Scores of kinds become shares: one number added to all kinds of a cell changes nothing.
    shifted = array(net.tell(tensor(seen + RNG(22).normal(size=(4, 1, 2, 2)).astype(np.float32)), words)[0])
    np.testing.assert_allclose(shifted, array(net.tell(tensor(seen), words)[0]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["RNN", "LSTM"])
def test_gradients_of_a_layer_with_a_given_state(kind):
    rng = RNG(11)
    model = getattr(scratch, kind)(2, 3).double()
    states = 2 if kind == "LSTM" else 1

    def everything(x, *state):
        outputs, last = model(x, state if kind == "LSTM" else state[0])
        parts = [outputs, *(part.unsqueeze(1) for part in (last if kind == "LSTM" else [last]))]
        return engine.concatenate(parts, axis=1)

    inputs = [rng.normal(size=(2, 4, 2)), *rng.normal(size=(states, 2, 3))]
    engine.gradcheck(everything, *(engine.Tensor(value, requires_grad=True) for value in inputs))


def test_gradients_of_the_weights_of_an_lstm():
    rng = RNG(12)
    x = rng.normal(size=(2, 5, 2))
    model = scratch.LSTM(2, 3).double()
    names = list(model.state_dict())

    def of_weights(*weights):
        for name, weight in zip(names, weights, strict=True):
            model._parameters[name] = weight
        return model(engine.Tensor(x))[0]

    weights = [engine.Tensor(rng.normal(size=p.shape) / 2, requires_grad=True) for p in model.parameters()]
    engine.gradcheck(of_weights, *weights)


@given(
    first=st.sampled_from(captions.DIGITS),
    second=st.sampled_from(captions.DIGITS),
    relation=st.sampled_from(["left of", "above"]),
)
def test_sentences_survive_their_numbers(first, second, relation):
    sentence = f"a {first} {relation} a {second}"
    numbers = captions.encode(sentence)
    assert numbers.shape == (captions.LENGTH,)
    assert captions.decode(numbers) == sentence


def test_scenes_match_their_sentences():
    images, sentences, cells = captions.captioned_scenes(seed=2, count=6)
    assert images.shape == (6, 3, 48, 48)
    scenes = data.digit_scenes(2, 6, 48, digits=(2, 2), scale=(0.8, 1.1), visible=0.95)
    np.testing.assert_array_equal(images, scenes.images)
    for numbers, grid, boxes, labels in zip(sentences, cells, scenes.boxes, scenes.labels, strict=True):
        words = captions.decode(numbers).split()
        for article, digit in (words[:2], words[-2:]):
            assert article == ("an" if digit == "eight" else "a")
        first, second = captions.DIGITS.index(words[1]), captions.DIGITS.index(words[-1])
        assert sorted((first, second)) == sorted(labels)
        if first != second:
            x, y = (boxes[list(labels).index(digit)].reshape(2, 2).mean(0) for digit in (first, second))
            assert (x < y)[0 if "left" in words else 1], "the first stands left of, or above, the second"
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2 // 8
        assert all(
            grid[int(down), int(across)] == label + 1 for (across, down), label in zip(middles, labels, strict=True)
        )
        assert (grid > 0).sum() == len({tuple(middle) for middle in middles})


def test_caption_net_learns_a_handful_of_scenes(side):
    """It says every sentence of eight scenes after training on them, so that gradients reach every part."""
    module, tensor = side
    library = engine if module is scratch else torch
    library.manual_seed(0)
    images, sentences, _ = captions.captioned_scenes(seed=1, count=8)
    net = module.CaptionNet(len(captions.WORDS), hidden=32, dropout=0.0)
    adam = engine.optim.Adam if module is scratch else torch.optim.Adam
    loss = engine.cross_entropy if module is scratch else torch.nn.functional.cross_entropy
    optimizer = adam(net.parameters(), 5e-3)
    wrap = (lambda a: a) if module is scratch else torch.tensor
    for _ in range(150):
        scores = net(tensor(images), wrap(sentences[:, :-1]))
        optimizer.zero_grad()
        loss(scores.reshape(-1, len(captions.WORDS)), wrap(sentences[:, 1:].ravel())).backward()
        optimizer.step()
    said = array(net.caption(wrap(images), captions.LENGTH - 1))
    assert [captions.decode(numbers) for numbers in said] == [captions.decode(n) for n in sentences]


@pytest.mark.parametrize("kind", ["RNN", "LSTM"])
def test_batches_of_none_give_outputs_of_none(side, kind):
    module, tensor = side
    model, empty = getattr(module, kind)(3, 4), tensor(np.zeros((0, 2, 3), np.float32), requires_grad=True)
    outputs, _ = model(empty)
    assert tuple(outputs.shape) == (0, 2, 4)
    outputs.sum().backward()
    assert empty.grad.shape == (0, 2, 3)
    assert not array(model.weight_ih_l0.grad).any()
    assert module.CaptionNet(5, size=8, hidden=4).eval().tell(
        tensor(np.zeros((0, 11, 1, 1), np.float32)),
        np.zeros((0, 3), int) if module is scratch else torch.zeros(0, 3).long(),
    )[0].shape == (0, 3, 5)
    with pytest.raises(ValueError, match="batch of at least 1"):
        module.gradient_norms_through_time(model, empty)


@pytest.mark.parametrize("kind", ["RNN", "LSTM"])
def test_nan_spoils_what_comes_after_it_and_nothing_before(side, kind):
    module, tensor = side
    x = RNG(20).normal(size=(2, 6, 3))
    x[1, 3, 0] = np.nan
    outputs, _ = getattr(module, kind)(3, 4).double()(tensor(x))
    bad = np.isnan(array(outputs)).all(axis=2)
    np.testing.assert_array_equal(bad, [[False] * 6, [False] * 3 + [True] * 3])
    assert np.isfinite(array(outputs)[~bad]).all()
