r"""Recurrent networks in PyTorch: the slides' cell, the LSTM, gradients through time, truncation and captions.

Notation as in `scratch`. The cells are written out to be read; `RNN` and `LSTM` are torch.nn's, so that a GPU runs the
whole loop over time in one kernel.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.docstrings import complete_from_twin
from mylib.vision.recurrent import contract

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
    r"""One step of the plain recurrent network, c_t = W tanh(c_{t-1}) + U x_t + b."""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        _add_parameters(self, input_size, hidden_size, gates=1)

    def forward(self, x, c=None):
        """The next memory. Shapes (batch, input_size) and (batch, hidden_size) to (batch, hidden_size)."""
        _check_step(self, x)
        c = _memory(self, x, c)
        return F.linear(torch.tanh(c), self.weight_hh, self.bias_hh) + F.linear(x, self.weight_ih, self.bias_ih)


class RNN(nn.RNN):
    r"""`RNNCell` over a sequence: the same weights at every step.

    torch.nn.RNN keeps h_t = tanh(c_t); one more product over all steps, W h_{t-1} + U x_t + b, gives c_t back.
    """

    def __init__(self, input_size, hidden_size):
        contract.check_sizes(type(self).__name__, input_size, hidden_size)
        super().__init__(input_size, hidden_size, batch_first=True)

    def forward(self, x, c=None):
        """All memories and the last. Shapes (batch, time, input) to (batch, time, hidden) and (batch, hidden)."""
        _check_sequence(self, x)
        first = torch.tanh(_memory(self, x, c))
        squashed, _ = super().forward(x, first[None])  # tanh(c_1) ... tanh(c_T)
        earlier = torch.cat([first[:, None], squashed[:, :-1]], dim=1)
        memories = F.linear(earlier, self.weight_hh_l0, self.bias_hh_l0)
        memories = memories + F.linear(x, self.weight_ih_l0, self.bias_ih_l0)
        return memories, memories[:, -1]


class LSTMCell(nn.Module):
    """One step of the long short-term memory, written out."""

    def __init__(self, input_size, hidden_size, forget_bias=1.0):
        super().__init__()
        _add_parameters(self, input_size, hidden_size, gates=4)
        _set_forget_bias(self.bias_ih, self.bias_hh, forget_bias)

    def gates(self, x, m):
        """The values of i, f, g and o. Shapes (batch, input) and (batch, hidden) to four times (batch, hidden)."""
        a = F.linear(x, self.weight_ih, self.bias_ih) + F.linear(m, self.weight_hh, self.bias_hh)
        i, f, g, o = a.chunk(4, dim=1)
        return torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)

    def forward(self, x, state=None):
        """The next m and c from x_t and the pair (m, c). Shapes (batch, input) to twice (batch, hidden)."""
        _check_step(self, x)
        m, c = (_memory(self, x, part) for part in contract.pair(type(self).__name__, state))
        i, f, g, o = self.gates(x, m)
        c = c * f + g * i
        return torch.tanh(c) * o, c


class LSTM(nn.LSTM):
    """`LSTMCell` over a sequence: torch.nn.LSTM of one layer, batch first, with the forget gate's bias at the start.

    Source:  slide "LSTMs vs RNNs". Differs: states without torch's axis of layers; see the cell for the bias.
    """

    def __init__(self, input_size, hidden_size, forget_bias=1.0):
        contract.check_sizes(type(self).__name__, input_size, hidden_size)
        super().__init__(input_size, hidden_size, batch_first=True)
        _set_forget_bias(self.bias_ih_l0, self.bias_hh_l0, forget_bias)

    def forward(self, x, state=None):
        """All outputs m, and the last (m, c). Shapes (batch, time, input) to (batch, time, hidden), (batch, hidden)."""
        _check_sequence(self, x)
        m, c = (_memory(self, x, part) for part in contract.pair(type(self).__name__, state))
        outputs, (m, c) = super().forward(x, (m[None], c[None]))
        return outputs, (m[0], c[0])


def gradient_norms_through_time(model, x):
    r"""||d sum(c_T) / d c_t|| for t = 1 ... T, by autograd: the cells run one by one, and each memory is asked for."""
    cell = contract.cell_of(model, {RNN: RNNCell, LSTM: LSTMCell})
    _check_sequence(model, x)
    contract.check_batch(x.shape)
    state, memories = None, []
    for step in x.unbind(dim=1):
        state = cell(step, state)
        memories.append(state[1] if isinstance(state, tuple) else state)
    gradients = torch.autograd.grad(memories[-1].sum(), memories)
    return torch.stack(gradients).norm(dim=2).mean(dim=1)


def truncated_bptt(model, head, x, targets, loss, optimizer, window):
    """Train on one long sequence, a window at a time: memories are handed on, gradients stop at the window's start.

    Returns: the loss of each window before its update, on the device. Shape (ceil(time / window),).
    """
    contract.check_windows(x.shape, targets.shape, window)
    state, losses = None, []
    for inputs, wanted in zip(x.split(window, dim=1), targets.split(window, dim=1), strict=True):
        outputs, state = model(inputs, state)
        value = loss(head(outputs).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        optimizer.step()
        state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        losses.append(value.detach())
    return torch.stack(losses)


class CaptionNet(nn.Module):
    """Show and tell: a convolutional network reads the picture, an LSTM says what is there."""

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
        contract.check_images(images.shape, self.size)
        x = images
        for layer, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            x = torch.relu(norm(conv(x)))
            x = F.max_pool2d(x, 2) if layer < 3 else x
        return self.kinds(x)

    def tell(self, seen, words, state=None):
        """Scores of the word after each word, shape (batch, time, words), and the memory, from what `look` returns."""
        seen = self.dropout(seen.softmax(dim=1).flatten(1))
        features = torch.relu(self.hidden2(torch.relu(self.hidden1(seen)))).unsqueeze(1)  # (batch, 1, hidden)
        contract.check_words(words.shape, len(seen))
        embedded = self.embedding(words)  # (batch, time, hidden)
        outputs, state = self.lstm(torch.cat([features.expand_as(embedded), embedded], dim=2), state)
        return self.scores(outputs), state

    def forward(self, images, words):
        """Scores of the word after each word. Shapes (batch, 3, size, size), (batch, time) to (batch, time, words)."""
        return self.tell(self.look(images), words)[0]

    @torch.no_grad()
    def caption(self, images, length, start=0):
        """The likeliest word, again and again. Shapes (batch, 3, size, size) to integers (batch, length)."""
        contract.check_length(length)
        seen, state = self.look(images), None
        word, said = images.new_full((len(images), 1), start, dtype=torch.long), []
        for _ in range(length):
            scores, state = self.tell(seen, word, state)
            word = scores.argmax(dim=2)  # (batch, 1)
            said.append(word)
        return torch.cat(said, dim=1)


def _add_parameters(module, input_size, hidden_size, gates):
    """The parameters of torch's own cells, drawn in the same way."""
    contract.check_sizes(type(module).__name__, input_size, hidden_size)
    module.input_size, module.hidden_size = input_size, hidden_size
    bound = hidden_size**-0.5
    shapes = {"weight_ih": (input_size,), "weight_hh": (hidden_size,), "bias_ih": (), "bias_hh": ()}
    for name, columns in shapes.items():
        values = torch.empty(gates * hidden_size, *columns).uniform_(-bound, bound)
        setattr(module, name, nn.Parameter(values))


@torch.no_grad()
def _set_forget_bias(bias_ih, bias_hh, value):
    hidden = len(bias_ih) // 4
    bias_ih[hidden : 2 * hidden] = value
    bias_hh[hidden : 2 * hidden] = 0


def _check_step(module, x):
    _check_floating(module, x)
    contract.check_step(type(module).__name__, x.shape, module.input_size)


def _check_sequence(module, x):
    _check_floating(module, x)
    contract.check_sequence(type(module).__name__, x.shape, module.input_size)


def _check_floating(module, x):
    """The engine's tensors refuse integers themselves."""
    if not x.is_floating_point():
        raise TypeError(
            f"{type(module).__name__}: got {x.dtype} values, expected floating point; convert with .float()"
        )


def _memory(module, x, state):
    """The state, or zeros."""
    shape = (len(x), module.hidden_size)
    if state is None:
        return x.new_zeros(shape)
    contract.check_memory(type(module).__name__, state.shape, shape)
    return state


complete_from_twin(globals())
