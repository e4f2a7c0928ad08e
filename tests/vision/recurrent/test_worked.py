"""Steps of the RNN and the LSTM by the slides' equations, parameters counted, and sentences by hand."""

import numpy as np

from mylib.vision.recurrent import captions
from tests.twins import array
from tests.vision.recurrent.cases import fill


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


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
        assert (np.abs(np.delete(first, 1, axis=0)) <= 0.5).all(), "the others are drawn from +-1/sqrt(hidden)"
        assert np.ptp(np.delete(first, 1, axis=0)) > 0


def test_count_of_parameters_does_not_depend_on_the_length(side):
    module, _ = side

    def count(model):
        return sum(np.prod(p.shape) for p in model.parameters())

    assert count(module.RNN(10, 20)) == 20 * 10 + 20 * 20 + 2 * 20
    assert count(module.LSTM(10, 20)) == 4 * count(module.RNN(10, 20))


def test_sentences_name_the_order_along_the_longer_axis():
    wide = [[30, 5, 40, 20], [0, 0, 10, 30]]
    tall = [[0, 30, 12, 44], [4, 2, 20, 18]]
    assert captions.describe(wide, [4, 9]) == "a nine left of a four"
    assert captions.describe(tall, [4, 9]) == "a nine above a four"
    assert captions.describe(tall, [8, 8]) == "an eight above an eight"
    diagonal = [[20, 20, 30, 30], [10, 10, 20, 20]]
    assert captions.describe(diagonal, [4, 9]) == "a nine left of a four", "where both are equal: across"


def test_middles_stand_in_the_cell_that_the_boxes_middle_is_in():
    cells = captions.middles(np.array([[0, 0, 10, 20], [30, 31, 40, 47]]), [0, 9], size=48)
    expected = np.zeros((6, 6), int)
    expected[1, 0], expected[4, 4] = 1, 10
    np.testing.assert_array_equal(cells, expected)
