r"""Recurrent networks in PyTorch: the slides' cell, the LSTM, gradients through time, truncation and captions.

Notation as in `scratch`. The cells are written out to be read; `RNN` and `LSTM` are torch.nn's, so that a GPU runs the
whole loop over time in one kernel.
"""

import torch
import torch.nn.functional as F
from torch import nn

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
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        _add_parameters(self, input_size, hidden_size, gates=1)

    def forward(self, x, c=None):
        """The next memory. Shapes (batch, input_size) and (batch, hidden_size) to (batch, hidden_size)."""
        _check_input(self, x, 2)
        c = _memory(self, x, c)
        return F.linear(torch.tanh(c), self.weight_hh, self.bias_hh) + F.linear(x, self.weight_ih, self.bias_ih)


class RNN(nn.RNN):
    r"""`RNNCell` over a sequence: the same weights at every step.

    torch.nn.RNN keeps h_t = tanh(c_t); one more product over all steps, W h_{t-1} + U x_t + b, gives c_t back.

    Args:    input_size, hidden_size: as for the cell.
    Raises:  ValueError: as for the cell; a sequence of length 0.
    Source:  slides "Layout of Recurrent Networks", "RNNs vs MLPs". Differs: torch.nn.RNN returns tanh(c_t).
    """

    def __init__(self, input_size, hidden_size):
        _check_sizes(self, input_size, hidden_size)
        super().__init__(input_size, hidden_size, batch_first=True)

    def forward(self, x, c=None):
        """All memories and the last. Shapes (batch, time, input) to (batch, time, hidden) and (batch, hidden)."""
        _check_input(self, x, 3)
        first = torch.tanh(_memory(self, x, c))
        squashed, _ = super().forward(x, first[None])  # tanh(c_1) ... tanh(c_T)
        earlier = torch.cat([first[:, None], squashed[:, :-1]], dim=1)
        memories = F.linear(earlier, self.weight_hh_l0, self.bias_hh_l0)
        memories = memories + F.linear(x, self.weight_ih_l0, self.bias_ih_l0)
        return memories, memories[:, -1]


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
    """

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
        _check_input(self, x, 2)
        m, c = (_memory(self, x, part) for part in _pair(self, state))
        i, f, g, o = self.gates(x, m)
        c = c * f + g * i
        return torch.tanh(c) * o, c


class LSTM(nn.LSTM):
    r"""`LSTMCell` over a sequence: torch.nn.LSTM of one layer, batch first, with the forget gate's bias at the start.

    Args:    input_size, hidden_size, forget_bias: as for the cell.
    Raises:  ValueError, TypeError: as for the cell; ValueError: a sequence of length 0.
    Source:  slide "LSTMs vs RNNs". Differs: states without torch's axis of layers; see the cell for the bias.
    """

    def __init__(self, input_size, hidden_size, forget_bias=1.0):
        _check_sizes(self, input_size, hidden_size)
        super().__init__(input_size, hidden_size, batch_first=True)
        _set_forget_bias(self.bias_ih_l0, self.bias_hh_l0, forget_bias)

    def forward(self, x, state=None):
        """All outputs m, and the last (m, c). Shapes (batch, time, input) to (batch, time, hidden), (batch, hidden)."""
        _check_input(self, x, 3)
        m, c = (_memory(self, x, part) for part in _pair(self, state))
        outputs, (m, c) = super().forward(x, (m[None], c[None]))
        return outputs, (m[0], c[0])


def gradient_norms_through_time(model, x):
    r"""How much of the last memory's gradient reaches each earlier memory: ||d sum(c_T) / d c_t|| for t = 1 ... T.

    Args:    model: `RNN` or `LSTM`.
             x: inputs. Shape (batch, time, input).
    Returns: the mean over the batch of the Euclidean norms. Shape (time,).
    Raises:  ValueError: as the model, or a batch of none; TypeError: another model.
    Source:  Pascanu, Mikolov, Bengio (2013); slide "The problem with RNNs".
    """
    cell = _cell_of(model)
    _check_input(model, x, 3)
    if not len(x):
        raise ValueError(f"gradient_norms_through_time: expected a batch of at least 1, got {tuple(x.shape)}")
    state, memories = None, []
    for step in x.unbind(dim=1):
        state = cell(step, state)
        memories.append(state[1] if isinstance(state, tuple) else state)
    gradients = torch.autograd.grad(memories[-1].sum(), memories)
    return torch.stack(gradients).norm(dim=2).mean(dim=1)


def truncated_bptt(model, head, x, targets, loss, optimizer, window):
    r"""Train on one long sequence, a window at a time: memories are handed on, gradients stop at the window's start.

    Args:    model: `RNN` or `LSTM`.
             head: from its outputs, shape (batch, window, hidden), to scores.
             x: inputs. Shape (batch, time, input).
             targets: one for each step. Shape (batch, time).
             loss: of (scores, targets), both with (batch, window) joined into one axis.
             optimizer: of all parameters.
             window: steps that a gradient travels at most.
    Returns: the loss of each window before its update, on the device. Shape (ceil(time / window),).
    Raises:  ValueError: no steps, a window below 1, or targets of another length.
    Source:  Williams, Peng (1990); slide "The problem with RNNs".
    """
    if window < 1 or x.ndim < 2 or x.shape[1] < 1 or targets.shape != x.shape[:2]:
        raise ValueError(
            "truncated_bptt: expected at least one step, a window of at least 1 and targets of shape "
            f"{tuple(x.shape[:2])}, got {window} and {tuple(targets.shape)}"
        )
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
    """

    def __init__(self, words, kinds=11, size=48, hidden=96, dropout=0.2):
        super().__init__()
        _check_caption(words, kinds, size, hidden)
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
        _check_images(images.shape, self.size)
        x = images
        for layer, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            x = torch.relu(norm(conv(x)))
            x = F.max_pool2d(x, 2) if layer < 3 else x
        return self.kinds(x)

    def tell(self, seen, words, state=None):
        """Scores of the word after each word, shape (batch, time, words), and the memory, from what `look` returns."""
        seen = self.dropout(seen.softmax(dim=1).flatten(1))
        features = torch.relu(self.hidden2(torch.relu(self.hidden1(seen)))).unsqueeze(1)  # (batch, 1, hidden)
        _check_words(words.shape, len(seen))
        embedded = self.embedding(words)  # (batch, time, hidden)
        outputs, state = self.lstm(torch.cat([features.expand_as(embedded), embedded], dim=2), state)
        return self.scores(outputs), state

    def forward(self, images, words):
        """Scores of the word after each word. Shapes (batch, 3, size, size), (batch, time) to (batch, time, words)."""
        return self.tell(self.look(images), words)[0]

    @torch.no_grad()
    def caption(self, images, length, start=0):
        """The likeliest word, again and again. Shapes (batch, 3, size, size) to integers (batch, length)."""
        if length < 1:
            raise ValueError(f"CaptionNet: expected a length of at least 1 word, got {length}")
        seen, state = self.look(images), None
        word, said = images.new_full((len(images), 1), start, dtype=torch.long), []
        for _ in range(length):
            scores, state = self.tell(seen, word, state)
            word = scores.argmax(dim=2)  # (batch, 1)
            said.append(word)
        return torch.cat(said, dim=1)


def _check_caption(words, kinds, size, hidden):
    if min(words, kinds, hidden) < 1 or size < 8 or size % 8:
        raise ValueError(
            f"CaptionNet: expected words, kinds and hidden of at least 1 and a size that 8 divides, got {words}, "
            f"{kinds}, {hidden} and {size}"
        )


def _check_words(shape, batch):
    if len(shape) != 2 or shape[0] != batch:
        raise ValueError(
            f"CaptionNet: expected words of shape ({batch}, time), one row for each picture, got {tuple(shape)}"
        )


def _check_images(shape, size):
    if shape[1:] != (3, size, size):
        raise ValueError(
            f"CaptionNet: expected images of shape (batch, 3, {size}, {size}), got {tuple(shape)}; resize them"
        )


def _check_sizes(module, input_size, hidden_size):
    if min(input_size, hidden_size) < 1:
        raise ValueError(f"{type(module).__name__}: expected sizes of at least 1, got {input_size} and {hidden_size}")


def _add_parameters(module, input_size, hidden_size, gates):
    """The parameters of torch's own cells, drawn in the same way."""
    _check_sizes(module, input_size, hidden_size)
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


def _cell_of(model):
    """The cell with the model's own parameters, for whoever wants to look at single steps."""
    if not isinstance(model, RNN | LSTM):
        raise TypeError(f"expected an RNN or an LSTM, got {type(model).__name__}")
    cell = (RNNCell if isinstance(model, RNN) else LSTMCell)(model.input_size, model.hidden_size)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        setattr(cell, name, getattr(model, f"{name}_l0"))
    return cell


def _check_input(module, x, axes):
    if not x.is_floating_point():
        raise TypeError(
            f"{type(module).__name__}: got {x.dtype} values, expected floating point; convert with .float()"
        )
    if x.ndim != axes or x.shape[-1] != module.input_size or 0 in x.shape[1:-1]:
        middle = "time of at least 1, " if axes == 3 else ""
        raise ValueError(
            f"{type(module).__name__}: expected x of shape (batch, {middle}{module.input_size}), got {tuple(x.shape)}"
        )


def _pair(module, state):
    """The pair (m, c), or two that are to be zeros."""
    if state is None:
        return None, None
    if not isinstance(state, tuple | list) or len(state) != 2:
        raise TypeError(f"{type(module).__name__}: expected a state (m, c), got {type(state).__name__}")
    return state


def _memory(module, x, state):
    """The state, or zeros."""
    shape = (len(x), module.hidden_size)
    if state is None:
        return x.new_zeros(shape)
    if state.shape != shape:
        raise ValueError(f"{type(module).__name__}: expected a state of shape {shape}, got {tuple(state.shape)}")
    return state
