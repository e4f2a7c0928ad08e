"""Gradient descent, losses and a two-layer network in PyTorch: autograd does what `scratch` does by hand.

Notation as in `scratch`. Every tensor stays on the device of its input.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.docstrings import complete_from_twin
from mylib.vision.backprop import contract

__all__ = [
    "least_squares_loss",
    "least_squares_gradient",
    "gradient_descent",
    "stochastic_gradient_descent",
    "softmax",
    "log_softmax",
    "binary_cross_entropy",
    "cross_entropy",
    "TwoLayerNet",
]


def least_squares_loss(w, x, t):
    r"""J(w) = 1/2 sum_n (t_n - x_n . w)^2.

    Example:
        >>> least_squares_loss(torch.tensor([2.0]), torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 5.0]))
        tensor(0.5000)
    """
    contract.check_regression(w.shape, x.shape, t.shape)
    return 0.5 * (t - x @ w).square().sum()


def least_squares_gradient(w, x, t):
    """dJ/dw, found by autograd.

    Example:
        >>> least_squares_gradient(torch.tensor([2.0]), torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 5.0]))
        tensor([3.])
    """
    return torch.func.grad(least_squares_loss)(w, x, t)


@torch.no_grad()
def gradient_descent(gradient, w0, learning_rate, steps, on_step=None):
    r"""w_{t+1} = w_t - gamma dJ/dw(w_t), `steps` times; `gradient` may use autograd.

    Returns: the last w.

    Example:
        >>> gradient_descent(lambda w: 2 * w, torch.tensor([1.0]), learning_rate=0.25, steps=2)
        tensor([0.2500])
    """
    contract.check_learning_rate("gradient_descent", learning_rate)
    contract.check_steps(steps)
    w = w0
    for _ in range(steps):
        with torch.enable_grad():
            slope = gradient(w)
        contract.check_slope(w.shape, slope.shape)
        w = w - learning_rate * slope
        if on_step:
            on_step(w)
    return w


def stochastic_gradient_descent(loss, parameters, batches, learning_rate):
    r"""One step p <- p - gamma dJ_batch/dp for every parameter and every batch, by PyTorch's optimiser.

    The parameters are leaf tensors, changed in place. The losses stay on the device until the end.

    Example:
        >>> w = torch.tensor([1.0], requires_grad=True)
        >>> batches = [(torch.tensor([2.0]),), (torch.tensor([2.0]),)]
        >>> stochastic_gradient_descent(lambda x: (w * x).sum(), [w], batches, learning_rate=0.25)
        [2.0, 1.0]
    """
    contract.check_learning_rate("stochastic_gradient_descent", learning_rate)
    optimizer = torch.optim.SGD(list(parameters), learning_rate)
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        value = loss(*batch) if isinstance(batch, tuple | list) else loss(batch)
        value.backward()
        for position, parameter in enumerate(optimizer.param_groups[0]["params"]):
            contract.check_used(position, parameter.grad is not None)
        optimizer.step()
        losses.append(value.detach())
    return [value.item() for value in losses]  # read at the end: a GPU need not wait at every step


def softmax(x, axis=-1):
    r"""e^{x_i} / sum_j e^{x_j} along an axis."""
    return torch.softmax(x, axis)


def log_softmax(x, axis=-1):
    r"""x_i - ln sum_j e^{x_j} along an axis, without overflow."""
    return torch.log_softmax(x, axis)


def binary_cross_entropy(probability, target, reduction="mean"):
    """-(t ln p + (1 - t) ln(1 - p)), averaged over all elements; each logarithm is at least -100.

    Raises:  ValueError, RuntimeError: as `torch.nn.functional.binary_cross_entropy`.
    """
    return F.binary_cross_entropy(probability, target, reduction=reduction)


def cross_entropy(logits, labels, reduction="mean", label_smoothing=0.0, ignore_index=-100):
    """-sum_c y_c ln softmax(logits)_c with y one-hot at the label, averaged over the examples.

    Raises:  ValueError, RuntimeError, IndexError: as `torch.nn.functional.cross_entropy`.
    """
    return F.cross_entropy(
        logits, labels, reduction=reduction, label_smoothing=label_smoothing, ignore_index=ignore_index
    )


class TwoLayerNet(nn.Module):
    """scores = W2 h(W1 x + b1) + b2, the backward pass left to autograd."""

    def __init__(self, in_features, hidden, out_features, activation="relu", bias=True):
        super().__init__()
        contract.check_network(in_features, hidden, out_features, activation)
        self.activation = activation
        first, second = nn.Linear(in_features, hidden, bias=bias), nn.Linear(hidden, out_features, bias=bias)
        self.weight1, self.bias1 = first.weight, first.bias
        self.weight2, self.bias2 = second.weight, second.bias

    def forward(self, x):
        """Scores of a batch. Shapes (batch, in_features) to (batch, out_features)."""
        contract.check_batch(x.shape, self.weight1.shape[1])
        z = F.linear(x, self.weight1, self.bias1)  # (batch, hidden)
        a = torch.relu(z) if self.activation == "relu" else z
        return F.linear(a, self.weight2, self.bias2)  # (batch, out)


complete_from_twin(globals())
