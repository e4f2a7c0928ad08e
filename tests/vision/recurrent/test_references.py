"""Recurrent layers against ONNX and torch.nn; the convolutions of the caption network against SciPy."""

import numpy as np
import onnx
import onnx.reference
import scipy.signal
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import engine
from mylib.vision.recurrent import pytorch, scratch
from tests.twins import array, share_random_weights
from tests.vision.recurrent.cases import RNG


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
    infos = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.DOUBLE, None) for n in [*feeds, "y", "y_h"]]
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


def test_torch_cells_equal_torchs_own():
    x, m, c = (torch.tensor(RNG(k).normal(size=(2, 4))) for k in range(3))
    ours, own = pytorch.LSTMCell(4, 4).double(), torch.nn.LSTMCell(4, 4).double()
    own.load_state_dict(ours.state_dict())
    for got, expected in zip(ours(x, (m, c)), own(x, (m, c)), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-12)


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
            drawn[f"norms.{layer}.{name}"].reshape(shape) for name in ("weight", "bias", "running_mean", "running_var")
        )
        x = np.maximum((x - mean) / np.sqrt(var + 1e-5) * weight + bias, 0)
        if layer < 3:
            x = x.reshape(*x.shape[:2], x.shape[2] // 2, 2, -1, 2).max(axis=(3, 5))
    expected = np.einsum("nchw,kc->nkhw", x, drawn["kinds.weight"][:, :, 0, 0]) + drawn["kinds.bias"][:, None, None]
    np.testing.assert_allclose(array(net.look(tensor(images))), expected, rtol=1e-9, atol=1e-9)
