"""The perceptron, activation functions and the multi-layer perceptron, in PyTorch.

Notation as in `scratch`. Every tensor stays on the device of its input.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

__all__ = [
    "step",
    "Perceptron",
    "sigmoid",
    "relu",
    "tanh",
    "sigmoid_gradient",
    "relu_gradient",
    "tanh_gradient",
    "MLP",
]


def step(x):
    r"""Threshold at zero: 1 where x > 0, else 0.

    Args:    x: tensor. Any shape.
    Returns: int64 tensor. Shape of x.
    Source:  Rosenblatt (1958); slide "The perceptron".

    Example:
        >>> step(torch.tensor([-1.0, 0.0, 2.0]))
        tensor([0, 0, 1])
    """
    return (x > 0).long()


@dataclass
class PerceptronHistory:
    """What `Perceptron.fit` saw: wrong predictions in each epoch, updates in all, and whether an epoch had none."""

    errors: list = field(default_factory=list)
    updates: int = 0
    converged: bool = False


class Perceptron(nn.Module):
    r"""A threshold unit, \hat y = step(w . x + b), with Rosenblatt's learning rule.

    The update w <- w + (y - \hat y) x is done without asking whether the prediction was right: the factor is 0 then.
    So an epoch never waits for the device; only its count of errors is read, once.

    Args:    in_features: length of x.
    Raises:  ValueError: in_features below 1.
    Source:  Rosenblatt (1958); slides "The perceptron", "Training a perceptron". Differs: starts from zero instead
             of random weights, so that Novikoff's bound on the number of updates holds as it stands.

    Example:
        >>> unit = Perceptron(2)
        >>> x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> unit.fit(x, torch.tensor([0, 0, 0, 1])).converged
        True
    """

    def __init__(self, in_features):
        super().__init__()
        if in_features < 1:
            raise ValueError(f"Perceptron: expected in_features of at least 1, got {in_features}; count x's columns")
        self.in_features = in_features
        self.register_buffer("weight", torch.zeros(in_features, dtype=torch.float64))
        self.register_buffer("bias", torch.zeros(1, dtype=torch.float64))

    @torch.no_grad()
    def fit(self, x, y, max_epochs=100, shuffle_seed=None, on_update=None):
        r"""Repeat the rule over the examples until an epoch passes without an error.

        Args:    x: examples. Shape (n, in_features).
                 y: labels 0 or 1. Shape (n,).
                 max_epochs: passes at most; data that no line separates never converges.
                 shuffle_seed: a new order in each epoch; None keeps the order given.
                 on_update: called with (weight, bias) after each update, for pictures; needs a look at each
                     prediction, and so makes the device wait.
        Returns: `PerceptronHistory`.
        Raises:  ValueError: shapes that do not fit, labels other than 0 and 1, x not finite, max_epochs below 1.
        """
        x, y = self._examples(x), torch.as_tensor(y, device=self.weight.device)
        _validate(x, y, max_epochs)
        # NumPy's generator: both twins then see the examples in the same order.
        rng, history = np.random.default_rng(shuffle_seed), PerceptronHistory()
        for _ in range(max_epochs):
            order = range(len(x)) if shuffle_seed is None else rng.permutation(len(x))
            errors = torch.zeros((), dtype=torch.int64, device=x.device)
            for i in order:
                error = y[i] - step(x[i] @ self.weight + self.bias[0])
                self.weight += error * x[i]
                self.bias += error
                errors += error.abs()
                if on_update and error:
                    on_update(self.weight.clone(), self.bias.clone())
            history.errors.append(errors.item())
            history.updates += history.errors[-1]
            if history.errors[-1] == 0:
                history.converged = True
                break
        return history

    def predict(self, x):
        r"""The unit's answer, step(w . x + b).

        Args:    x: examples. Shape (n, in_features).
        Returns: 0 or 1 for each. Shape (n,).
        Raises:  ValueError: shape does not fit.
        """
        return step(self._examples(x) @ self.weight + self.bias)

    forward = predict

    def _examples(self, x):
        x = torch.as_tensor(x, device=self.weight.device).to(self.weight.dtype)
        if x.ndim != 2 or x.shape[1] != self.in_features:
            raise ValueError(
                f"Perceptron: expected x of shape (n, {self.in_features}), got {tuple(x.shape)}; one row each"
            )
        return x


def sigmoid(x):
    r"""Logistic function 1 / (1 + e^{-x}), with values in (0, 1).

    Args:    x: tensor. Any shape.
    Returns: Shape of x.
    Source:  slide "Non-linear activations".
    """
    return torch.sigmoid(x)


def relu(x):
    r"""Rectified linear unit, max(x, 0).

    Args:    x: tensor. Any shape.
    Returns: Shape of x.
    Source:  slide "Non-linear activations".
    """
    return torch.relu(x)


def tanh(x):
    r"""Hyperbolic tangent, with values in (-1, 1).

    Args:    x: tensor. Any shape.
    Returns: Shape of x.
    Source:  calculus; the slides name tanh with recurrent networks.
    """
    return torch.tanh(x)


def sigmoid_gradient(x):
    r"""Derivative of the sigmoid, s (1 - s) with s = sigmoid(x): at most 1/4, at x = 0.

    Args:    x: pre-activation. Any shape.
    Returns: Shape of x.
    Source:  slide "Non-linear activations".
    """
    s = torch.sigmoid(x)
    return s * (1 - s)


def relu_gradient(x):
    r"""Derivative of max(x, 0): 1 for x > 0, 0 for x < 0, and 0 at the kink.

    Args:    x: pre-activation. Any shape.
    Returns: Shape of x.
    Source:  slide "Non-linear activations". Differs: the slide takes 1 at x = 0. Any number in [0, 1] is a
             subgradient there; deep-learning libraries take 0, and so do we.
    """
    return (x > 0).to(x.dtype)


def tanh_gradient(x):
    r"""Derivative of the hyperbolic tangent, 1 - tanh(x)^2: at most 1, at x = 0.

    Args:    x: pre-activation. Any shape.
    Returns: Shape of x.
    Source:  calculus; the slides name tanh with recurrent networks.
    """
    t = torch.tanh(x)
    return 1 - t * t


ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "identity": lambda x: x}


class MLP(nn.Module):
    r"""Layers a_l = h(W_l a_{l-1} + b_l), with no activation after the last.

    Args:    sizes: features of the input, of each hidden layer, and of the output.
             activation: "relu", "sigmoid", "tanh", or "identity" (which makes the stack one linear map).
    Raises:  ValueError: fewer than two sizes, a size below 1, or an unknown activation.
    Source:  slides "Multi-layer perceptrons", "Forward propagation".
    """

    def __init__(self, sizes, activation="relu"):
        super().__init__()
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"MLP: expected two sizes or more, each at least 1, got {sizes}; [in, hidden, out]")
        if activation not in ACTIVATIONS:
            raise ValueError(f"MLP: expected an activation of {sorted(ACTIVATIONS)}, got {activation!r}")
        self.activation = ACTIVATIONS[activation]
        self.layers = nn.ModuleList([nn.Linear(m, n) for m, n in zip(sizes[:-1], sizes[1:], strict=True)])

    def forward(self, x):
        """Scores of each class. Shapes (batch, sizes[0]) to (batch, sizes[-1])."""
        *hidden, last = self.layers
        for layer in hidden:
            x = self.activation(layer(x))
        return last(x)


def _validate(x, y, max_epochs):
    if y.shape != (len(x),):
        raise ValueError(f"Perceptron: expected one label for each of {len(x)} examples, got {tuple(y.shape)}")
    if not ((y == 0) | (y == 1)).all():
        raise ValueError(f"Perceptron: expected labels 0 and 1, got {y.unique()[:5].tolist()}; relabel, e.g. (y == 3)")
    if not x.isfinite().all():
        raise ValueError("Perceptron: expected finite x, got NaN or infinity; clean the data first")
    if max_epochs < 1:
        raise ValueError(f"Perceptron: expected max_epochs of at least 1, got {max_epochs}")
