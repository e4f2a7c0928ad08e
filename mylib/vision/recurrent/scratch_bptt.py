r"""Backpropagation through time, by hand: a whole LSTM layer as one operation of the engine.

The cell in scratch.py says what happens at one step, in a dozen operations on the tape. Over a sequence those are
hundreds of small operations, and the time goes into the tape. Here the loop over time runs on plain arrays instead:

- the inputs of all steps are multiplied in one product before the loop, and the weights' gradients in one after it;
- all four gates of a step are one product, and one tanh, because sigmoid(a) = tanh(a / 2) / 2 + 1 / 2.

`lstm_step_backward` is one step of the backward pass in its plain form. tests/vision/recurrent holds all of it against
the cell.
"""

import numpy as np


def lstm_forward(x, m0, c0, weight_ih, weight_hh, bias):
    r"""Run the gates over a sequence.

    Args:    x: inputs. Shape (batch, time, input).
             m0, c0: what stands in the memory before. Shape (batch, hidden).
             weight_ih, weight_hh: U and W of the gates i, f, g, o below each other. Shapes (4 hidden, input or hidden).
             bias: of the gates. Shape (4 hidden,).
    Returns: states m and c, shape (2, time + 1, batch, hidden), the first of which are m0 and c0; the gates' values,
             shape (time, batch, 4 hidden); and tanh(c), shape (time, batch, hidden).
    """
    batch, time, _ = x.shape
    hidden = m0.shape[1]
    # sigmoid(a) = half tanh(half a) + rest; the candidate g is a plain tanh
    half = np.full(4 * hidden, 0.5, x.dtype)
    half[2 * hidden : 3 * hidden] = 1
    rest = 1 - half
    steps = x.swapaxes(0, 1).reshape(time * batch, weight_ih.shape[1])
    gates = (steps @ (weight_ih * half[:, None]).T + bias * half).reshape(time, batch, 4 * hidden)
    recurrent = np.ascontiguousarray((weight_hh * half[:, None]).T)
    states = np.empty((2, time + 1, batch, hidden), x.dtype)
    states[0, 0], states[1, 0] = m0, c0
    squashed, product = np.empty((time, batch, hidden), x.dtype), np.empty((batch, 4 * hidden), x.dtype)
    for t in range(time):
        a = gates[t]
        a += np.matmul(states[0, t], recurrent, out=product)
        np.tanh(a, out=a)
        a *= half
        a += rest
        i, f, g, o = _four(a)
        c = np.multiply(states[1, t], f, out=states[1, t + 1])
        c += i * g
        np.multiply(np.tanh(c, out=squashed[t]), o, out=states[0, t + 1])
    return states, gates, squashed


def lstm_step_backward(to_m, to_c, c_before, gates, c):
    r"""Carry gradients through one step, in the plain form of the equations.

    Args:    to_m, to_c: gradients of the loss in m_t, and in c_t where it is used later. Shape (batch, hidden).
             c_before, c: the memories c_{t-1} and c_t. Shape (batch, hidden).
             gates: the values of i, f, g and o. Shape (batch, hidden) each.
    Returns: the gradient in the gates' arguments a = U x_t + W m_{t-1} + b, in the order i, f, g, o, shape
             (batch, 4 hidden); and the gradient in c_{t-1} along the memory alone, shape (batch, hidden).
    """
    i, f, g, o = gates
    squashed = np.tanh(c)
    to_c = to_c + to_m * o * (1 - squashed**2)  # m_t = tanh(c_t) o depends on c_t, too
    to_i = to_c * g * i * (1 - i)
    to_f = to_c * c_before * f * (1 - f)
    to_g = to_c * i * (1 - g**2)
    to_o = to_m * squashed * o * (1 - o)
    return np.concatenate([to_i, to_f, to_g, to_o], axis=1), to_c * f


def lstm_backward(gradient, needs, x, weight_ih, weight_hh, states, gates, squashed):
    r"""Carry the gradients g_m, g_c of every m_t and c_t back to the first step.

    With i, f, g, o the gates of step t and a their arguments, from the last step to the first:

        g_c += g_m o (1 - tanh(c_t)^2)
        g_a = (g_c g i (1 - i),  g_c c_{t-1} f (1 - f),  g_c i (1 - g^2),  g_m tanh(c_t) o (1 - o))
        g_m of step t - 1 = g_a W,  g_c of step t - 1 = g_c f

    and in the end dL/dU = sum_t g_a^T x_t,  dL/dW = sum_t g_a^T m_{t-1},  dL/db = sum_t g_a,  dL/dx_t = g_a U.
    """
    time, batch, hidden = squashed.shape
    to_gates = np.empty_like(gates)
    to_m, to_c = np.zeros((2, batch, hidden), gates.dtype)
    for t in reversed(range(time)):
        i, f, g, o = _four(gates[t])
        to_m = to_m + gradient[0, t]
        from_output = to_m * squashed[t]  # g_m tanh(c)
        to_c += gradient[1, t]
        to_c += (to_m - from_output * squashed[t]) * o  # g_m (1 - tanh(c)^2) o
        a_i, a_f, a_g, a_o = _four(to_gates[t])
        np.multiply(to_c * g, i - i * i, out=a_i)
        np.multiply(to_c * states[1, t], f - f * f, out=a_f)
        np.multiply(to_c, i - i * (g * g), out=a_g)
        np.multiply(from_output, o - o * o, out=a_o)
        to_m = to_gates[t] @ weight_hh
        to_c *= f
    flat = to_gates.reshape(time * batch, 4 * hidden)
    steps = x.swapaxes(0, 1).reshape(time * batch, weight_ih.shape[1])
    to_x = needs[0] and (flat @ weight_ih).reshape(time, batch, weight_ih.shape[1]).swapaxes(0, 1)
    to_ih = needs[3] and flat.T @ steps
    to_hh = needs[4] and flat.T @ states[0, :-1].reshape(time * batch, hidden)
    to_bias = flat.sum(axis=0)
    return to_x, to_m, to_c, to_ih, to_hh, to_bias, to_bias


def _four(a):
    """The parts i, f, g, o of gates that stand beside each other."""
    hidden = a.shape[1] // 4
    return (a[:, k * hidden : (k + 1) * hidden] for k in range(4))
