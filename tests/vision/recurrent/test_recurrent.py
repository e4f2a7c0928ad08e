"""The recurrent topic: steps by hand, ONNX and torch.nn, closed forms, gradients, twins, captions, and bad input."""

import numpy as np
import onnx
import onnx.reference
import pytest
import scipy.signal
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import data, engine
from mylib.vision.recurrent import captions, pytorch, scratch
from tests.twins import assert_close, assert_same_function, assert_same_module, share_random_weights

SIDES = {"scratch": (scratch, engine.Tensor), "pytorch": (pytorch, torch.tensor)}
RNG = np.random.default_rng


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def array(values):
    return np.asarray(values.detach() if hasattr(values, "detach") else values)


def fill(module, **values):
    """Give a module these weights and zeros for the others, in float64."""
    module.double()
    state = module.state_dict()
    made = {name: np.zeros(tuple(value.shape)) for name, value in state.items()}
    made |= {name: np.asarray(value, float) for name, value in values.items()}
    module.load_state_dict({name: torch.tensor(value) for name, value in made.items()})
    return module


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


# worked values


def test_rnn_step_is_the_slides_equation(side):
    # c = W tanh(c) + U x + b with W = 2, U = 3, b = 0.5, x = 0.1, c = 1.
    module, tensor = side
    cell = fill(module.RNNCell(1, 1), weight_hh=[[2.0]], weight_ih=[[3.0]], bias_ih=[0.5])
    got = array(cell(tensor(np.array([[0.1]])), tensor(np.array([[1.0]]))))
    np.testing.assert_allclose(got, [[2 * np.tanh(1) + 0.3 + 0.5]], rtol=1e-12)


def test_lstm_step_is_the_slides_equations(side):
    # One unit; each gate has its own weights, so that a wrong order of the gates gives another number.
    module, tensor = side
    u, w = np.array([[0.5], [-1.0], [2.0], [0.25]]), np.array([[1.0], [0.5], [-0.5], [2.0]])
    cell = fill(module.LSTMCell(1, 1), weight_ih=u, weight_hh=w)
    x, m, c = 0.8, 0.3, -0.6
    i, f, g, o = (x * u + m * w)[:, 0]
    expected_c = c * sigmoid(f) + np.tanh(g) * sigmoid(i)
    expected_m = np.tanh(expected_c) * sigmoid(o)
    got_m, got_c = cell(tensor(np.array([[x]])), (tensor(np.array([[m]])), tensor(np.array([[c]]))))
    np.testing.assert_allclose([array(got_m)[0, 0], array(got_c)[0, 0]], [expected_m, expected_c], rtol=1e-12)


def test_lstm_with_open_gates_adds_up_its_inputs(side):
    # Forget gate 1, input gate 1, and a candidate of tanh(u) for a pulse of 1: the memory counts the pulses.
    module, tensor = side
    bias = [40.0, 40.0, 0.0, 40.0]
    lstm = fill(module.LSTM(1, 1), weight_ih_l0=[[0], [0], [0.7], [0]], bias_ih_l0=bias)
    pulses = np.array([1.0, 0, 1, 1, 0])[None, :, None]
    outputs, (m, c) = lstm(tensor(pulses))
    np.testing.assert_allclose(array(c), [[3 * np.tanh(0.7)]], rtol=1e-9)
    np.testing.assert_allclose(array(m), np.tanh(array(c)), rtol=1e-9)
    counts = np.tanh(np.tanh(0.7) * np.array([1, 1, 2, 3, 3]))
    np.testing.assert_allclose(array(outputs)[0, :, 0], counts, rtol=1e-9)


def test_lstm_with_closed_forget_gate_keeps_nothing(side):
    module, tensor = side
    lstm = fill(module.LSTM(1, 2), bias_ih_l0=[0, 0, -800, -800, 1, 1, 0, 0])
    x, start = np.zeros((1, 1, 1)), np.full((1, 2), 5.0)
    _, (_, c) = lstm(tensor(x), (tensor(np.zeros((1, 2))), tensor(start)))
    np.testing.assert_allclose(array(c), np.full((1, 2), 0.5 * np.tanh(1)), rtol=1e-12)


def test_forget_bias_stands_in_the_forget_gate_only(side):
    module, _ = side
    for name, make in (("bias_{}_l0", module.LSTM), ("bias_{}", module.LSTMCell)):
        state = make(3, 4, forget_bias=2.5).state_dict()
        first, second = (array(state[name.format(kind)]).reshape(4, 4) for kind in ("ih", "hh"))
        assert (first[1] + second[1] == 2.5).all()
        assert (np.abs(np.delete(first, 1, axis=0)) <= 0.5).all(), (
            "the others are drawn from +-1/sqrt(hidden)"
        )
        assert np.ptp(np.delete(first, 1, axis=0)) > 0


@pytest.mark.parametrize("kind", ["RNNCell", "RNN", "LSTMCell", "LSTM"])
def test_weights_start_evenly_between_plus_and_minus_one_over_the_root_of_hidden(side, kind):
    module, _ = side
    (engine if module is scratch else torch).manual_seed(0)
    state = getattr(module, kind)(30, 64).state_dict()
    for name in (name for name in state if "weight" in name):
        values = array(state[name])
        assert np.abs(values).max() <= 1 / 8
        assert values.std() == pytest.approx(1 / 8 / np.sqrt(3), rel=0.03), "1,920 numbers: error 0.7 %"


def test_count_of_parameters_does_not_depend_on_the_length(side):
    module, _ = side

    def count(model):
        return sum(np.prod(p.shape) for p in model.parameters())

    assert count(module.RNN(10, 20)) == 20 * 10 + 20 * 20 + 2 * 20
    assert count(module.LSTM(10, 20)) == 4 * count(module.RNN(10, 20))


# against independent packages


def onnx_recurrent(kind, hidden, x, state, weights, biases):
    """ONNX's reference RNN or LSTM: all outputs. Its gates stand in the order i, o, f, c."""
    names = ["x", "w", "r", "b", "", "h"] + (["c"] if kind == "LSTM" else [])
    node = onnx.helper.make_node(kind, names, ["y", "y_h"], hidden_size=hidden)
    order = [0, 3, 1, 2] if kind == "LSTM" else [0]

    def turn(a):
        return np.concatenate([a.reshape(len(order), hidden, -1)[k] for k in order])

    bias = np.concatenate([turn(b)[:, 0] for b in biases])
    feeds = {
        "x": x.swapaxes(0, 1),
        "w": turn(weights[0])[None],
        "r": turn(weights[1])[None],
        "b": bias[None],
        "h": state[0][None],
    }
    if kind == "LSTM":
        feeds["c"] = state[1][None]
    infos = [
        onnx.helper.make_tensor_value_info(n, onnx.TensorProto.DOUBLE, None) for n in [*feeds, "y", "y_h"]
    ]
    graph = onnx.helper.make_graph([node], "recurrent", infos[:-2], infos[-2:])
    return onnx.reference.ReferenceEvaluator(onnx.helper.make_model(graph)).run(None, feeds)


@given(
    batch=st.integers(1, 3),
    time=st.integers(1, 5),
    inputs=st.integers(1, 4),
    hidden=st.integers(1, 4),
    seed=st.integers(0, 1000),
)
def test_lstm_equals_onnx(batch, time, inputs, hidden, seed):
    rng = RNG(seed)
    x, m, c = rng.normal(size=(batch, time, inputs)), *rng.normal(size=(2, batch, hidden))
    ours, theirs = scratch.LSTM(inputs, hidden).double(), pytorch.LSTM(inputs, hidden).double()
    share_random_weights(ours, theirs, np.float64, seed)
    p = ours.state_dict()
    weights, biases = (p["weight_ih_l0"], p["weight_hh_l0"]), (p["bias_ih_l0"], p["bias_hh_l0"])
    # The reference evaluator returns every output as (time, directions, batch, hidden).
    expected = onnx_recurrent("LSTM", hidden, x, (m, c), weights, biases)
    for model, tensor in ((ours, engine.Tensor), (theirs, torch.tensor)):
        _, (last, _) = model(tensor(x), (tensor(m), tensor(c)))
        np.testing.assert_allclose(array(last), expected[1][-1].reshape(batch, hidden), rtol=1e-9, atol=1e-12)


@given(batch=st.integers(1, 3), time=st.integers(1, 5), seed=st.integers(0, 1000))
def test_rnn_squashed_equals_onnx_and_torchs_own(batch, time, seed):
    rng = RNG(seed)
    x, c = rng.normal(size=(batch, time, 3)), rng.normal(size=(batch, 4))
    ours, theirs = scratch.RNN(3, 4).double(), pytorch.RNN(3, 4).double()
    share_random_weights(ours, theirs, np.float64, seed)
    p = ours.state_dict()
    weights, biases = (p["weight_ih_l0"], p["weight_hh_l0"]), (p["bias_ih_l0"], p["bias_hh_l0"])
    expected = onnx_recurrent("RNN", 4, x, (np.tanh(c),), weights, biases)
    _, last = ours(engine.Tensor(x), engine.Tensor(c))
    np.testing.assert_allclose(np.tanh(array(last)), expected[1].reshape(batch, 4), rtol=1e-9, atol=1e-12)
    own = torch.nn.RNN(3, 4, batch_first=True).double()
    own.load_state_dict(theirs.state_dict())
    memories, _ = ours(engine.Tensor(x), engine.Tensor(c))
    theirs_all, _ = own(torch.tensor(x), torch.tanh(torch.tensor(c))[None])
    np.testing.assert_allclose(np.tanh(array(memories)), array(theirs_all), rtol=1e-9, atol=1e-12)


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


def test_torch_cells_equal_torchs_own():
    x, m, c = (torch.tensor(RNG(k).normal(size=(2, 4))) for k in range(3))
    ours, own = pytorch.LSTMCell(4, 4).double(), torch.nn.LSTMCell(4, 4).double()
    own.load_state_dict(ours.state_dict())
    for got, expected in zip(ours(x, (m, c)), own(x, (m, c)), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-12)


# identities and limits


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
        optimizer = (
            engine.optim.SGD(parameters, 0.5) if module is scratch else torch.optim.SGD(parameters, 0.5)
        )
        targets = labels if module is scratch else torch.tensor(labels)
        if name == "window":
            [value] = module.truncated_bptt(
                model, head, tensor(x), targets, cross_entropy, optimizer, window=6
            )
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
    module.truncated_bptt(
        model, head, tensor(np.ones((1, 3, 1), np.float32)), targets, loss, optimizer, window=2
    )
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


# gradients and twins


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


class First:
    """A module that returns a pair, as one that returns its outputs."""

    def __init__(self, make):
        self.make = make

    def __call__(self):
        model = self.make()
        forward = model.forward
        model.forward = lambda *inputs: forward(*inputs)[0]
        return model


@pytest.mark.parametrize("kind", ["RNNCell", "RNN", "LSTMCell", "LSTM"])
def test_twins_agree(kind):
    makes = [lambda module=module: getattr(module, kind)(3, 4) for module in (scratch, pytorch)]
    if kind != "RNNCell":
        makes = [First(make) for make in makes]
    x = RNG(13).normal(size=(2, 3) if kind.endswith("Cell") else (2, 6, 3))
    assert_same_module(*makes, x)


def test_caption_net_twins_agree():
    images, words = RNG(14).uniform(size=(2, 3, 16, 16)), RNG(15).integers(0, 7, size=(2, 4))
    # Without dropout, whose masks differ; batch normalisation is part of it.
    options = {"size": 16, "hidden": 6, "dropout": 0.0}
    makes = [lambda module=module: module.CaptionNet(7, **options) for module in (scratch, pytorch)]
    assert_same_module(*makes, images, words)


def test_caption_net_looks_through_four_convolutions(side):
    """SciPy's correlations with norms and ReLUs by hand, and the largest of four pixels after the first three."""
    module, tensor = side
    rng = RNG(23)
    net = module.CaptionNet(5, kinds=3, size=16, hidden=4).double().eval()
    state = {name: array(value) for name, value in net.state_dict().items()}
    drawn = {name: rng.normal(size=value.shape) for name, value in state.items() if value.dtype.kind == "f"}
    drawn |= {name: np.abs(value) + 0.1 for name, value in drawn.items() if "var" in name}
    net.load_state_dict({name: torch.tensor(drawn.get(name, value)) for name, value in state.items()})
    x = images = rng.uniform(size=(2, 3, 16, 16))
    for layer in range(4):
        kernels, shape = drawn[f"convs.{layer}.weight"], (1, -1, 1, 1)
        padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
        x = np.array([[scipy.signal.correlate(image, k, "valid")[0] for k in kernels] for image in padded])
        weight, bias, mean, var = (
            drawn[f"norms.{layer}.{name}"].reshape(shape)
            for name in ("weight", "bias", "running_mean", "running_var")
        )
        x = np.maximum((x - mean) / np.sqrt(var + 1e-5) * weight + bias, 0)
        if layer < 3:
            x = x.reshape(*x.shape[:2], x.shape[2] // 2, 2, -1, 2).max(axis=(3, 5))
    expected = (
        np.einsum("nchw,kc->nkhw", x, drawn["kinds.weight"][:, :, 0, 0]) + drawn["kinds.bias"][:, None, None]
    )
    np.testing.assert_allclose(array(net.look(tensor(images))), expected, rtol=1e-9, atol=1e-9)


def test_caption_twins_say_the_same_and_what_teacher_forcing_scores_highest():
    ours, theirs = (module.CaptionNet(9, size=16, hidden=6).eval() for module in (scratch, pytorch))
    share_random_weights(ours, theirs, np.float32, seed=3)
    images = RNG(16).uniform(size=(3, 3, 16, 16)).astype(np.float32)
    for start in (0, 4):
        said = ours.caption(images, 5, start)
        np.testing.assert_array_equal(said, theirs.caption(torch.tensor(images), 5, start).numpy())
        fed = np.concatenate([np.full((3, 1), start), said[:, :-1]], axis=1)
        np.testing.assert_array_equal(ours(images, fed).numpy().argmax(axis=2), said)


def test_gradient_norms_of_the_twins_agree():
    x = RNG(17).normal(size=(3, 8, 2))
    for kind in ("RNN", "LSTM"):
        ours, theirs = getattr(scratch, kind)(2, 5).double(), getattr(pytorch, kind)(2, 5).double()
        share_random_weights(ours, theirs, np.float64)
        got = scratch.gradient_norms_through_time(ours, engine.Tensor(x))
        expected = pytorch.gradient_norms_through_time(theirs, torch.tensor(x))
        assert_close(got, expected.numpy(), np.float64, kind)


def test_truncated_twins_take_the_same_steps():
    rng = RNG(18)
    x, labels = rng.normal(size=(2, 10, 3)).astype(np.float32), rng.integers(0, 4, size=(2, 10))
    ours, theirs = scratch.LSTM(3, 5), pytorch.LSTM(3, 5)
    our_head, their_head = engine.nn.Linear(5, 4), torch.nn.Linear(5, 4)
    share_random_weights(ours, theirs, np.float32)
    share_random_weights(our_head, their_head, np.float32)
    ours_said = scratch.truncated_bptt(
        ours, our_head, engine.Tensor(x), labels, engine.cross_entropy,
        engine.optim.SGD([*ours.parameters(), *our_head.parameters()], 0.3), window=4,
    )  # fmt: skip
    theirs_said = pytorch.truncated_bptt(
        theirs, their_head, torch.tensor(x), torch.tensor(labels), torch.nn.functional.cross_entropy,
        torch.optim.SGD([*theirs.parameters(), *their_head.parameters()], 0.3), window=4,
    )  # fmt: skip
    assert_close(ours_said, theirs_said.numpy(), np.float32, "losses")
    for name, value in ours.state_dict().items():
        assert_close(value, theirs.state_dict()[name].numpy(), np.float32, name)


def test_the_recurrence_agrees_with_plain_functions_of_the_twins():
    # The cell as a function of everything, so that the gradient of the memory is compared too.
    shapes = [(2, 3), (2, 4), (2, 4), (16, 3), (16, 4), (16,), (16,)]
    inputs = [RNG(k).normal(size=shape) / 2 for k, shape in enumerate(shapes)]

    def through(module):
        def run(x, m, c, *weights):
            cell = module.LSTMCell(3, 4)
            for name, weight in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), weights, strict=True):
                cell._parameters[name] = weight
            m, c = cell(x, (m, c))
            return m * 2 + c

        return run

    assert_same_function(through(scratch), through(pytorch), *inputs)


@pytest.mark.gpu
def test_lstm_on_the_gpu_equals_the_engine():
    ours, theirs = scratch.LSTM(3, 8), pytorch.LSTM(3, 8)
    share_random_weights(ours, theirs, np.float32)
    x = RNG(19).normal(size=(4, 9, 3)).astype(np.float32)
    got, _ = theirs.cuda()(torch.tensor(x, device="cuda"))
    # cuDNN may multiply in TF32: ten bits of mantissa.
    np.testing.assert_allclose(got.detach().cpu().numpy(), ours(engine.Tensor(x))[0].numpy(), atol=2e-3)


# captions


def test_sentences_name_the_order_along_the_longer_axis():
    wide = [[30, 5, 40, 20], [0, 0, 10, 30]]
    tall = [[0, 30, 12, 44], [4, 2, 20, 18]]
    assert captions.describe(wide, [4, 9]) == "a nine left of a four"
    assert captions.describe(tall, [4, 9]) == "a nine above a four"
    diagonal = [[20, 20, 30, 30], [10, 10, 20, 20]]
    assert captions.describe(diagonal, [4, 9]) == "a nine left of a four", "where both are equal: across"


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
        assert words[0] == words[-2] == "a"
        first, second = captions.DIGITS.index(words[1]), captions.DIGITS.index(words[-1])
        assert sorted((first, second)) == sorted(labels)
        if first != second:
            x, y = (boxes[list(labels).index(digit)].reshape(2, 2).mean(0) for digit in (first, second))
            assert (x < y)[0 if "left" in words else 1], "the first stands left of, or above, the second"
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2 // 8
        assert all(
            grid[int(down), int(across)] == label + 1
            for (across, down), label in zip(middles, labels, strict=True)
        )
        assert (grid > 0).sum() == len({tuple(middle) for middle in middles})


def test_middles_stand_in_the_cell_that_the_boxes_middle_is_in():
    cells = captions.middles(np.array([[0, 0, 10, 20], [30, 31, 40, 47]]), [0, 9], size=48)
    expected = np.zeros((6, 6), int)
    expected[1, 0], expected[4, 4] = 1, 10
    np.testing.assert_array_equal(cells, expected)


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


# bad input


def test_sequences_of_length_zero_are_refused(side):
    module, tensor = side
    empty = tensor(np.zeros((2, 0, 3), np.float32))
    for model in (module.RNN(3, 4), module.LSTM(3, 4)):
        with pytest.raises(ValueError, match=r"(at least one step|at least 1).*\(2, 0, 3\)"):
            model(empty)
        with pytest.raises(ValueError, match="at least"):
            module.gradient_norms_through_time(model, empty)


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
    with pytest.raises(ValueError, match="a batch of at least 1"):
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


def test_integers_and_states_that_are_no_pair_are_refused(side):
    module, tensor = side
    x = tensor(np.zeros((2, 5, 3), np.float32))
    for model in (module.RNN(3, 4), module.LSTM(3, 4)):
        with pytest.raises(TypeError, match="got .*int64 values, expected floating point; convert"):
            model(tensor(np.zeros((2, 5, 3), int)))
    for state in (tensor(np.zeros((2, 4), np.float32)), (None,), ()):
        with pytest.raises(TypeError, match=r"LSTM: expected a state \(m, c\)"):
            module.LSTM(3, 4)(x, state)


@pytest.mark.parametrize("kind", ["RNNCell", "RNN", "LSTMCell", "LSTM"])
def test_wrong_shapes_are_named(side, kind):
    module, tensor = side
    model = getattr(module, kind)(3, 4)
    good = (2, 3) if kind.endswith("Cell") else (2, 5, 3)
    with pytest.raises(ValueError, match=f"{kind}: expected x of shape"):
        model(tensor(np.zeros((*good[:-1], 2), np.float32)))
    with pytest.raises(ValueError, match=f"{kind}: expected x of shape"):
        model(tensor(np.zeros((1, *good), np.float32)))
    wrong = tensor(np.zeros((2, 5), np.float32))
    with pytest.raises(ValueError, match=f"{kind}: expected a state of shape"):
        model(tensor(np.zeros(good, np.float32)), (wrong, wrong) if "LSTM" in kind else wrong)
    with pytest.raises(ValueError, match=f"{kind}: expected sizes of at least 1"):
        getattr(module, kind)(0, 4)


def test_other_models_have_no_memory_to_look_at(side):
    module, tensor = side
    library = engine if module is scratch else torch
    other = library.nn.Linear(3, 4)
    other.input_size = 3
    with pytest.raises(TypeError, match="expected an RNN or an LSTM, got Linear"):
        module.gradient_norms_through_time(other, tensor(np.zeros((1, 2, 3), np.float32)))


@pytest.mark.parametrize(("window", "time", "steps"), [(0, 5, 5), (2, 5, 4), (2, 0, 0)])
def test_truncation_refuses_windows_and_targets_that_do_not_fit(side, window, time, steps):
    module, tensor = side
    x = tensor(np.zeros((1, time, 2), np.float32))
    targets = np.zeros((1, steps), int) if module is scratch else torch.zeros(1, steps, dtype=torch.long)
    with pytest.raises(ValueError, match="truncated_bptt: expected at least one step, a window"):
        module.truncated_bptt(module.RNN(2, 3), None, x, targets, None, None, window)


def test_caption_net_refuses_sizes_that_do_not_fit(side):
    module, tensor = side
    with pytest.raises(ValueError, match="CaptionNet: expected words"):
        module.CaptionNet(5, size=20)
    with pytest.raises(ValueError, match="CaptionNet: expected images"):
        module.CaptionNet(5, size=16)(tensor(np.zeros((1, 3, 24, 24), np.float32)), np.zeros((1, 2), int))
    net, images = module.CaptionNet(5, size=16, hidden=4), np.zeros((2, 3, 16, 16), np.float32)
    for words in (np.zeros((3, 2), int), np.zeros(2, int)):
        with pytest.raises(ValueError, match=r"words of shape \(2, time\), one row for each picture"):
            net(tensor(images), words if module is scratch else torch.tensor(words))
    with pytest.raises(ValueError, match="a length of at least 1 word, got 0"):
        net.caption(images if module is scratch else torch.tensor(images), 0)


@pytest.mark.parametrize("sentence", ["a three beside a four", "a one left of a two left of a three"])
def test_sentences_with_other_words_are_refused(sentence):
    with pytest.raises(ValueError, match="encode: expected"):
        captions.encode(sentence)


def test_scenes_of_three_digits_have_no_sentence():
    with pytest.raises(ValueError, match="describe: expected two digits"):
        captions.describe(np.zeros((3, 4)), [1, 2, 3])
