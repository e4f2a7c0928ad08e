"""Gradient descent, losses and a two-layer network in PyTorch: autograd does what `scratch` does by hand.

Notation as in `scratch`. Every tensor stays on the device of its input.
"""

import torch
import torch.nn.functional as F
from torch import nn

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

    Args:    w: weights. Shape (features,).
             x: one example a row. Shape (n, features).
             t: targets, in the unit of x . w. Shape (n,).
    Returns: a number in the target's unit squared.
    Raises:  ValueError: shapes that do not fit.
    Source:  slide "Back to basics: finding w".

    Example:
        >>> least_squares_loss(torch.tensor([2.0]), torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 5.0]))
        tensor(0.5000)
    """
    if x.ndim != 2 or w.shape != x.shape[1:] or t.shape != x.shape[:1]:
        raise ValueError(
            "least_squares: expected w (features,), x (n, features) and t (n,), got "
            f"{tuple(w.shape)}, {tuple(x.shape)} and {tuple(t.shape)}; one row an example"
        )
    return 0.5 * (t - x @ w).square().sum()


def least_squares_gradient(w, x, t):
    r"""dJ/dw, found by autograd.

    Args:    w, x, t: as in `least_squares_loss`.
    Returns: Shape (features,).
    Raises:  ValueError: shapes that do not fit.
    Source:  slide "Back to basics: finding w".

    Example:
        >>> least_squares_gradient(torch.tensor([2.0]), torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 5.0]))
        tensor([3.])
    """
    return torch.func.grad(least_squares_loss)(w, x, t)


@torch.no_grad()
def gradient_descent(gradient, w0, learning_rate, steps, on_step=None):
    r"""w_{t+1} = w_t - gamma dJ/dw(w_t), `steps` times.

    Args:    gradient: function of w to dJ/dw of the same shape.
             w0: where to start. Any shape; it is not changed.
             learning_rate: gamma, above 0.
             steps: how many, 0 or more.
             on_step: called with w after each step, for pictures.
    Returns: the last w.
    Raises:  ValueError: learning_rate or steps out of range, or a gradient of another shape.
    Source:  Cauchy (1847); slide "Gradient descent".

    Example:
        >>> gradient_descent(lambda w: 2 * w, torch.tensor([1.0]), learning_rate=0.25, steps=2)
        tensor([0.2500])
    """
    if not learning_rate > 0 or steps < 0:
        raise ValueError(
            f"gradient_descent: expected learning_rate above 0 and steps of at least 0, got {learning_rate}, {steps}"
        )
    w = w0
    for _ in range(steps):
        with torch.enable_grad():
            slope = gradient(w)
        if slope.shape != w.shape:
            raise ValueError(
                f"gradient_descent: expected a gradient of w's shape {tuple(w.shape)}, got {tuple(slope.shape)}; "
                "sum over the examples"
            )
        w = w - learning_rate * slope
        if on_step:
            on_step(w)
    return w


def stochastic_gradient_descent(loss, parameters, batches, learning_rate):
    r"""One step p <- p - gamma dJ_batch/dp for every parameter and every batch, in the order given.

    Args:    loss: function of a batch to a scalar tensor.
             parameters: leaf tensors that require a gradient; changed in place.
             batches: any iterable, also a generator that draws at random. The items of a tuple or list, such as
                 (inputs, targets), are the arguments of `loss`; anything else is its only argument.
             learning_rate: gamma, above 0.
    Returns: list of the loss of each batch, before its step.
    Raises:  ValueError: learning_rate not above 0, or a parameter that the loss does not depend on.
    Source:  Robbins and Monro (1951); slide "Stochastic gradient descent".

    Example:
        >>> w = torch.tensor([1.0], requires_grad=True)
        >>> batches = [(torch.tensor([2.0]),), (torch.tensor([2.0]),)]
        >>> stochastic_gradient_descent(lambda x: (w * x).sum(), [w], batches, learning_rate=0.25)
        [2.0, 1.0]
    """
    if not learning_rate > 0:
        raise ValueError(f"stochastic_gradient_descent: expected learning_rate above 0, got {learning_rate}")
    optimizer = torch.optim.SGD(list(parameters), learning_rate)
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        value = loss(*batch) if isinstance(batch, tuple | list) else loss(batch)
        value.backward()
        for position, parameter in enumerate(optimizer.param_groups[0]["params"]):
            if parameter.grad is None:
                raise ValueError(
                    f"stochastic_gradient_descent: expected a loss that uses every parameter, got none for "
                    f"parameter {position}; leave it out, or use it"
                )
        optimizer.step()
        losses.append(value.detach())
    return [value.item() for value in losses]  # read at the end: a GPU need not wait at every step


def softmax(x, axis=-1):
    r"""e^{x_i} / sum_j e^{x_j} along an axis; the largest x is subtracted first, so that nothing overflows.

    Args:    x: scores. Any shape.
             axis: along which the result sums to 1.
    Returns: Shape of x.
    Source:  slide "Multi-class classification". Differs: the slide's version overflows above 88 in float32.
    """
    return torch.softmax(x, axis)


def log_softmax(x, axis=-1):
    r"""x_i - ln sum_j e^{x_j} along an axis, without overflow.

    Args:    x: scores. Any shape.
             axis: along which the exponentials sum to 1.
    Returns: Shape of x.
    Source:  slide "Multi-class classification".
    """
    return torch.log_softmax(x, axis)


def binary_cross_entropy(probability, target, reduction="mean"):
    r"""-(t ln p + (1 - t) ln(1 - p)), averaged over all elements; each logarithm is at least -100.

    Args:    probability: p in [0, 1]. Any shape.
             target: t in [0, 1]. Shape of p.
             reduction: "mean", "sum" or "none".
    Returns: nats: a number, or the shape of p for "none".
    Source:  slide "Binary classification".
    """
    return F.binary_cross_entropy(probability, target, reduction=reduction)


def cross_entropy(logits, labels, reduction="mean", label_smoothing=0.0, ignore_index=-100):
    r"""-sum_c y_c ln softmax(logits)_c with y one-hot at the label, averaged over the examples.

    Args:    logits: scores. Shape (batch, classes) or (batch, classes, ...).
             labels: integers below `classes`. Shape (batch,) or (batch, ...).
             reduction: "mean" over the examples that count, "sum" or "none".
             label_smoothing: share of the target spread evenly over the classes, in [0, 1].
             ignore_index: a label whose examples do not count.
    Returns: nats: a number, or the shape of labels for "none".
    Source:  slide "Multi-class classification".
    """
    return F.cross_entropy(
        logits, labels, reduction=reduction, label_smoothing=label_smoothing, ignore_index=ignore_index
    )


class TwoLayerNet(nn.Module):
    r"""scores = W2 h(W1 x + b1) + b2, the backward pass left to autograd.

    Args:    in_features, hidden, out_features: sizes.
             activation: "relu", or "identity" for the slides' worked example.
             bias: whether b1 and b2 are there; the worked example has none.
    Raises:  ValueError: a size below 1 or an unknown activation.
    Source:  Rumelhart, Hinton, Williams (1986); slides "Forward-backward by example".
    """

    def __init__(self, in_features, hidden, out_features, activation="relu", bias=True):
        super().__init__()
        if min(in_features, hidden, out_features) < 1:
            raise ValueError(
                f"TwoLayerNet: expected sizes of at least 1, got {in_features}, {hidden}, {out_features}; "
                "features in, hidden units, scores out"
            )
        if activation not in ("relu", "identity"):
            raise ValueError(f"TwoLayerNet: expected activation 'relu' or 'identity', got {activation!r}")
        self.activation = activation
        first, second = nn.Linear(in_features, hidden, bias=bias), nn.Linear(hidden, out_features, bias=bias)
        self.weight1, self.bias1 = first.weight, first.bias
        self.weight2, self.bias2 = second.weight, second.bias

    def forward(self, x):
        """Scores of a batch. Shapes (batch, in_features) to (batch, out_features)."""
        if x.ndim != 2 or x.shape[1] != self.weight1.shape[1]:
            raise ValueError(
                f"TwoLayerNet: expected x of shape (batch, {self.weight1.shape[1]}), got {tuple(x.shape)}; one row each"
            )
        z = F.linear(x, self.weight1, self.bias1)  # (batch, hidden)
        a = torch.relu(z) if self.activation == "relu" else z
        return F.linear(a, self.weight2, self.bias2)  # (batch, out)
