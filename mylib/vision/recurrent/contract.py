"""What both sides of recurrent promise: what layers, looks through time, truncation and captions refuse."""

from mylib.shared import expect, expect_range

# layers


def check_sizes(layer, input_size, hidden_size):
    """Lengths of inputs and memories."""
    expect_range(layer, 1, None, input_size=input_size, hidden_size=hidden_size)


def check_step(layer, x, input_size):
    """The inputs of one step."""
    expect(layer, x=(x, f"batch {input_size}"))


def check_sequence(layer, x, input_size):
    """The inputs of several steps, or one."""
    expect(layer, x=(x, f"batch time+ {input_size}"))


def check_memory(layer, memory, shape):
    """A memory for each sequence of the batch."""
    if memory != shape:
        raise ValueError(f"{layer}: expected a state of shape {tuple(shape)}, got {tuple(memory)}")


def pair(layer, state):
    """The pair (m, c), whatever stands in it; of no state, two that are to be zeros."""
    if state is None:
        return None, None
    if not isinstance(state, tuple | list) or len(state) != 2:
        raise TypeError(f"{layer}: expected a state (m, c), got {type(state).__name__}")
    return state


# through time


def cell_of(model, cells):
    """The cell with the model's own parameters, for whoever wants to look at single steps; `cells`: layer to cell."""
    for layer, make in cells.items():
        if isinstance(model, layer):
            cell = make(model.input_size, model.hidden_size)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                setattr(cell, name, getattr(model, f"{name}_l0"))
            return cell
    raise TypeError(f"gradient_norms_through_time: expected an RNN or an LSTM, got {type(model).__name__}")


def check_batch(x):
    """Sequences to take a mean over."""
    expect("gradient_norms_through_time", x=(x, "batch+ time input"))


def check_windows(x, targets, window):
    """A long sequence, a target for each of its steps, and how far a gradient travels."""
    if window < 1 or len(x) < 2 or x[1] < 1 or targets != x[:2]:
        raise ValueError(
            "truncated_bptt: expected at least one step, a window of at least 1 and targets of shape "
            f"{tuple(x[:2])}, got {window} and {tuple(targets)}"
        )


# captions


def check_caption(words, kinds, size, hidden):
    """What a network that tells what it sees is made with."""
    if min(words, kinds, hidden) < 1 or size < 8 or size % 8:
        raise ValueError(
            f"CaptionNet: expected words, kinds and hidden of at least 1 and a size that 8 divides, got {words}, "
            f"{kinds}, {hidden} and {size}"
        )


def check_images(images, size):
    """Pictures of the size that the network was made for."""
    expect("CaptionNet", "resize them", images=(images, f"batch 3 {size} {size}"))


def check_words(words, batch):
    """A sentence for each picture."""
    if len(words) != 2 or words[0] != batch:
        raise ValueError(
            f"CaptionNet: expected words of shape ({batch}, time), one row for each picture, got {tuple(words)}"
        )


def check_length(length):
    """Words to say."""
    expect_range("CaptionNet", 1, None, length=length)
