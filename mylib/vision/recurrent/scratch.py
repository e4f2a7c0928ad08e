r"""Recurrent networks in NumPy: the slides' cell, the LSTM, gradients through time, truncation and captions.

Notation, as on the slides: input x_t, memory c_t, output memory m_t; U stands before inputs (`weight_ih`), W before
memories (`weight_hh`). Names, shapes and the order of the gates i, f, g, o are those of torch.nn, which has two biases
that are always added; sequences are (batch, time, dim).
"""

import numpy as np

from mylib.engine import (
    Tensor,
    as_tensor,
    concatenate,
    generator,
    linear,
    max_pool2d,
    nn,
    no_grad,
    record,
    relu,
    sigmoid,
    softmax,
    stack,
    tanh,
)
from mylib.engine.tensor import float_tensor
from mylib.vision.recurrent import contract
from mylib.vision.recurrent.scratch_bptt import lstm_backward, lstm_forward

__all__ = [
    "RNNCell",
    "RNN",
    "LSTMCell",
    "LSTM",
    "gradient_norms_through_time",
    "truncated_bptt",
    "CaptionNet",
]


class RNNCell(nn.Module):
    r"""One step of the plain recurrent network, c_t = W tanh(c_{t-1}) + U x_t + b.

    Args:    input_size, hidden_size: lengths of x_t and of the memory c_t.
    Raises:  ValueError: a size below 1; inputs or memories of another size. TypeError: integers as inputs.
    Source:  Elman (1990); slide "LSTMs vs RNNs". Differs: torch.nn.RNNCell keeps tanh(c_t), with the same weights.

    Example:
        >>> RNNCell(3, 5)(np.zeros((2, 3), np.float32)).shape
        (2, 5)
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        _add_parameters(self, input_size, hidden_size, gates=1)

    def forward(self, x, c=None):
        """The next memory. Shapes (batch, input_size) and (batch, hidden_size) to (batch, hidden_size)."""
        x = _step_input(self, x)
        c = _memory(self, x, c)
        return linear(tanh(c), self.weight_hh, self.bias_hh) + linear(x, self.weight_ih, self.bias_ih)


class RNN(nn.Module):
    r"""`RNNCell` over a sequence: the same weights at every step.

    Args:    input_size, hidden_size: as for the cell.
    Raises:  ValueError: as for the cell; a sequence of length 0.
    Source:  slides "Layout of Recurrent Networks", "RNNs vs MLPs". Differs: torch.nn.RNN returns tanh(c_t).

    Example:
        >>> memories, last = RNN(3, 5)(np.zeros((2, 7, 3), np.float32))
        >>> memories.shape, last.shape
        ((2, 7, 5), (2, 5))
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        _add_parameters(self, input_size, hidden_size, gates=1, suffix="_l0")

    def forward(self, x, c=None):
        """All memories and the last. Shapes (batch, time, input) to (batch, time, hidden) and (batch, hidden)."""
        x = _sequence_input(self, x)
        c = _memory(self, x, c)
        # The inputs' products need no memory, so that one product does all of them.
        inputs = linear(x, self.weight_ih_l0, self.bias_ih_l0)  # (batch, time, hidden)
        memories = []
        for t in range(x.shape[1]):
            c = linear(tanh(c), self.weight_hh_l0, self.bias_hh_l0) + inputs[:, t]
            memories.append(c)
        return stack(memories, axis=1), c


class LSTMCell(nn.Module):
    r"""One step of the long short-term memory.

    i = sigmoid(U_i x_t + W_i m_{t-1} + b_i)    what of the candidate is written
    f = sigmoid(U_f x_t + W_f m_{t-1} + b_f)    what of the old memory is kept
    o = sigmoid(U_o x_t + W_o m_{t-1} + b_o)    what of the memory is shown
    g = tanh(U_g x_t + W_g m_{t-1} + b_g)       the candidate memory
    c_t = c_{t-1} f + g i,    m_t = tanh(c_t) o

    Args:    input_size, hidden_size: lengths of x_t, and of c_t and m_t.
             forget_bias: b_f at the start. With 0 the forget gate begins near 1/2, and a memory halves at every step;
                 with 1 it begins near 3/4 (Gers et al. 2000; Jozefowicz et al. 2015).
    Raises:  ValueError, TypeError: as `RNNCell`; TypeError: a state that is no pair.
    Source:  Hochreiter, Schmidhuber (1997), with the forget gate of Gers et al. (2000); slides "LSTM: step-by-step".
             Differs: the slide has no biases, and writes row vectors times matrices; torch starts with b_f near 0.

    Example:
        >>> m, c = LSTMCell(3, 5)(np.zeros((2, 3), np.float32))
        >>> m.shape, c.shape
        ((2, 5), (2, 5))
    """

    def __init__(self, input_size, hidden_size, forget_bias=1.0):
        super().__init__()
        _add_parameters(self, input_size, hidden_size, gates=4, forget_bias=forget_bias)

    def gates(self, x, m):
        """The values of i, f, g and o. Shapes (batch, input) and (batch, hidden) to four times (batch, hidden)."""
        a = linear(x, self.weight_ih, self.bias_ih) + linear(m, self.weight_hh, self.bias_hh)
        i, f, g, o = a.split(self.hidden_size, axis=1)
        return sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)

    def forward(self, x, state=None):
        """The next m and c from x_t and the pair (m, c). Shapes (batch, input) to twice (batch, hidden)."""
        x = _step_input(self, x)
        m, c = (_memory(self, x, part) for part in contract.pair(type(self).__name__, state))
        i, f, g, o = self.gates(x, m)
        c = c * f + g * i
        return tanh(c) * o, c


class LSTM(nn.Module):
    r"""`LSTMCell` over a sequence, as one operation with a hand-written backward pass (scratch_bptt.py).

    Args:    input_size, hidden_size, forget_bias: as for the cell.
    Raises:  ValueError, TypeError: as for the cell; ValueError: a sequence of length 0.
    Source:  slide "LSTMs vs RNNs". Differs: one layer, one direction, batch first; see the cell for the bias.

    Example:
        >>> outputs, (m, c) = LSTM(3, 5)(np.zeros((2, 7, 3), np.float32))
        >>> outputs.shape, m.shape, c.shape
        ((2, 7, 5), (2, 5), (2, 5))
    """

    def __init__(self, input_size, hidden_size, forget_bias=1.0):
        super().__init__()
        _add_parameters(self, input_size, hidden_size, gates=4, suffix="_l0", forget_bias=forget_bias)

    def forward(self, x, state=None):
        """All outputs m, and the last (m, c). Shapes (batch, time, input) to (batch, time, hidden), (batch, hidden)."""
        x = _sequence_input(self, x)
        m, c = (_memory(self, x, part) for part in contract.pair(type(self).__name__, state))
        weights = (self.weight_ih_l0, self.weight_hh_l0)
        biases = (self.bias_ih_l0, self.bias_hh_l0)
        arrays = [tensor.data for tensor in (x, m, c, *weights)]
        states, gates, squashed = lstm_forward(*arrays, biases[0].data + biases[1].data)
        saved = arrays[0], arrays[3], arrays[4], states, gates, squashed
        nodes = (tensor._node for tensor in (x, m, c, *weights, *biases))
        both = record(states[:, 1:], lstm_backward, saved, *nodes)  # (m or c, time, batch, hidden)
        return both[0].swapaxes(0, 1), (both[0, -1], both[1, -1])


def gradient_norms_through_time(model, x):
    r"""How much of the last memory's gradient reaches each earlier memory: ||d sum(c_T) / d c_t|| for t = 1 ... T.

    A number that is 0, added to every memory, collects the gradient that passes there.

    Args:    model: `RNN` or `LSTM`.
             x: inputs. Shape (batch, time, input).
    Returns: array, the mean over the batch of the Euclidean norms. Shape (time,).
    Raises:  ValueError: as the model, or a batch of none; TypeError: another model.
    Source:  Pascanu, Mikolov, Bengio (2013); slide "The problem with RNNs".

    Example:
        >>> norms = gradient_norms_through_time(LSTM(2, 4), np.zeros((1, 6, 2), np.float32))
        >>> norms.shape, float(norms[-1])
        ((6,), 2.0)
    """
    x = _sequence_input(model, x)
    cell = contract.cell_of(model, {RNN: RNNCell, LSTM: LSTMCell})
    batch, time, _ = x.shape
    contract.check_batch(x.shape)
    probes = [Tensor(np.zeros((batch, model.hidden_size), x.dtype), requires_grad=True) for _ in range(time)]
    m = c = _memory(model, x, None)
    for t, probe in enumerate(probes):
        if isinstance(cell, LSTMCell):
            i, f, g, o = cell.gates(x[:, t], m)
            c = c * f + g * i + probe
            m = tanh(c) * o
        else:
            c = cell(x[:, t], c) + probe
    c.sum().backward()
    return np.array([np.linalg.norm(probe.grad, axis=1).mean() for probe in probes])


def truncated_bptt(model, head, x, targets, loss, optimizer, window):
    r"""Train on one long sequence, a window at a time: memories are handed on, gradients stop at the window's start.

    Args:    model: `RNN` or `LSTM`.
             head: from its outputs, shape (batch, window, hidden), to scores.
             x: inputs. Shape (batch, time, input).
             targets: one for each step. Shape (batch, time).
             loss: of (scores, targets), both with (batch, window) joined into one axis.
             optimizer: of all parameters.
             window: steps that a gradient travels at most.
    Returns: array, the loss of each window before its update. Shape (ceil(time / window),).
    Raises:  ValueError: no steps, a window below 1, or targets of another length.
    Source:  Williams, Peng (1990); slide "The problem with RNNs".
    """
    contract.check_windows(x.shape, targets.shape, window)
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = model(x[:, start : start + window], state)
        wanted = targets[:, start : start + window]
        value = loss(head(outputs).reshape(wanted.size, -1), wanted.reshape(-1))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        losses.append(value.item())
    return np.array(losses)


class CaptionNet(nn.Module):
    r"""Show and tell: a convolutional network reads the picture, an LSTM says what is there.

    `look` scores, for each cell of 8 x 8 pixels, which kind of thing has its middle there (0: nothing). `tell` turns
    these into features, gives them to the LSTM beside each word so far, and scores the word that follows.

    Args:    words: size of the vocabulary; kinds: of things, with 0 for nothing.
             size: height and width of the pictures, a multiple of 8.
             hidden: length of features, word vectors and memory.
             dropout: share of what was seen that is hidden while training.
    Raises:  ValueError: a size that is none, pictures of another one, or not one row of words for each.
    Source:  Vinyals et al. (2015), Mao et al. (2015); slide "LSTMs in computer vision". Differs: a small network,
             trained on cells, in place of one trained on ImageNet; the picture is shown at each word, as Mao et al. do,
             not once; and the word of the highest score instead of a beam search.

    Example:
        >>> CaptionNet(16)(np.zeros((2, 3, 48, 48), np.float32), np.zeros((2, 7), int)).shape
        (2, 7, 16)
    """

    def __init__(self, words, kinds=11, size=48, hidden=96, dropout=0.2):
        super().__init__()
        contract.check_caption(words, kinds, size, hidden)
        self.size, self.words = size, words
        channels = (3, 12, 24, 48, 48)
        pairs = list(zip(channels[:-1], channels[1:], strict=True))
        self.convs = nn.ModuleList([nn.Conv2d(m, n, 3, padding=1, bias=False) for m, n in pairs])
        self.norms = nn.ModuleList([nn.BatchNorm2d(n) for _, n in pairs])
        self.kinds = nn.Conv2d(48, kinds, 1)
        self.dropout = nn.Dropout(dropout)
        self.hidden1 = nn.Linear(kinds * (size // 8) ** 2, 128)
        self.hidden2 = nn.Linear(128, hidden)
        self.embedding = nn.Embedding(words, hidden)
        self.lstm = LSTM(2 * hidden, hidden)
        self.scores = nn.Linear(hidden, words)

    def look(self, images):
        """What stands in each cell. Shapes (batch, 3, size, size) to (batch, kinds, size / 8, size / 8)."""
        x = as_tensor(images)
        contract.check_images(x.shape, self.size)
        for layer, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            x = relu(norm(conv(x)))
            x = max_pool2d(x, 2) if layer < 3 else x
        return self.kinds(x)

    def tell(self, seen, words, state=None):
        """Scores of the word after each word, shape (batch, time, words), and the memory, from what `look` returns."""
        seen = softmax(as_tensor(seen), axis=1)
        seen = self.dropout(seen.flatten(1))
        features = relu(self.hidden2(relu(self.hidden1(seen)))).unsqueeze(1)  # (batch, 1, hidden)
        contract.check_words(np.shape(words), len(seen))
        embedded = self.embedding(words)  # (batch, time, hidden)
        inputs = concatenate([features.broadcast_to(embedded.shape), embedded], axis=2)
        outputs, state = self.lstm(inputs, state)
        return self.scores(outputs), state

    def forward(self, images, words):
        """Scores of the word after each word. Shapes (batch, 3, size, size), (batch, time) to (batch, time, words)."""
        return self.tell(self.look(images), words)[0]

    @no_grad()
    def caption(self, images, length, start=0):
        """The likeliest word, again and again. Shapes (batch, 3, size, size) to integers (batch, length)."""
        contract.check_length(length)
        seen, state = self.look(images), None
        word, said = np.full((len(images), 1), start), []
        for _ in range(length):
            scores, state = self.tell(seen, word, state)
            word = scores.argmax(axis=2)  # (batch, 1)
            said.append(word)
        return np.concatenate(said, axis=1)


def _add_parameters(module, input_size, hidden_size, gates, suffix="", forget_bias=None):
    """Torch's parameters, drawn as torch draws them."""
    contract.check_sizes(type(module).__name__, input_size, hidden_size)
    module.input_size, module.hidden_size = input_size, hidden_size
    bound = hidden_size**-0.5
    shapes = {"weight_ih": (input_size,), "weight_hh": (hidden_size,), "bias_ih": (), "bias_hh": ()}
    for name, columns in shapes.items():
        values = generator().uniform(-bound, bound, (gates * hidden_size, *columns)).astype(np.float32)
        if forget_bias is not None and name.startswith("bias"):
            values[hidden_size : 2 * hidden_size] = forget_bias if name == "bias_ih" else 0
        setattr(module, name + suffix, nn.Parameter(values))


def _step_input(module, x):
    x = float_tensor(x, type(module).__name__)
    contract.check_step(type(module).__name__, x.shape, module.input_size)
    return x


def _sequence_input(module, x):
    x = float_tensor(x, type(module).__name__)
    contract.check_sequence(type(module).__name__, x.shape, module.input_size)
    return x


def _memory(module, x, state):
    """The state, or zeros."""
    shape = (len(x), module.hidden_size)
    if state is None:
        return Tensor(np.zeros(shape, x.dtype))
    state = as_tensor(state)
    contract.check_memory(type(module).__name__, state.shape, shape)
    return state
