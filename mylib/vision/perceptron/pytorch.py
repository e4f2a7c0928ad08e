"""The perceptron, activation functions and the multi-layer perceptron, in PyTorch.

Notation as in `scratch`. Every tensor stays on the device of its input.
"""

import numpy as np
import torch
from torch import nn

from mylib.shared.docstrings import complete_from_twin
from mylib.vision.perceptron import contract
from mylib.vision.perceptron.contract import PerceptronHistory

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
    """Threshold at zero: 1 where x > 0, else 0.

    Example:
        >>> step(torch.tensor([-1.0, 0.0, 2.0]))
        tensor([0, 0, 1])
    """
    return (x > 0).long()


class Perceptron(nn.Module):
    r"""A threshold unit, \hat y = step(w . x + b), with Rosenblatt's learning rule.

    The update w <- w + (y - \hat y) x is done without asking whether the prediction was right: the factor is 0 then.
    So an epoch never waits for the device; only its count of errors is read, once.

    Example:
        >>> unit = Perceptron(2)
        >>> x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> unit.fit(x, torch.tensor([0, 0, 0, 1])).converged
        True
    """

    def __init__(self, in_features):
        super().__init__()
        contract.check_unit(in_features)
        self.in_features = in_features
        self.register_buffer("weight", torch.zeros(in_features, dtype=torch.float64))
        self.register_buffer("bias", torch.zeros(1, dtype=torch.float64))

    @torch.no_grad()
    def fit(self, x, y, max_epochs=100, shuffle_seed=None, on_update=None):
        """Repeat the rule over the examples until an epoch passes without an error.

        `on_update` needs a look at each prediction, and so makes the device wait.
        """
        x, y = self._examples(x), torch.as_tensor(y, device=self.weight.device)
        contract.check_fit(x.shape, y.shape, max_epochs)
        contract.check_values(y[(y != 0) & (y != 1)].tolist(), bool(x.isfinite().all()))
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
        r"""The unit's answer, step(w . x + b)."""
        return step(self._examples(x) @ self.weight + self.bias)

    forward = predict

    def _examples(self, x):
        x = torch.as_tensor(x, device=self.weight.device).to(self.weight.dtype)
        contract.check_examples(x.shape, self.in_features)
        return x


def sigmoid(x):
    """1 / (1 + e^{-x}), with values in (0, 1)."""
    return torch.sigmoid(x)


def relu(x):
    """max(x, 0)."""
    return torch.relu(x)


def tanh(x):
    """(e^x - e^{-x}) / (e^x + e^{-x}), with values in (-1, 1)."""
    return torch.tanh(x)


def sigmoid_gradient(x):
    """s (1 - s) with s = sigmoid(x)."""
    s = torch.sigmoid(x)
    return s * (1 - s)


def relu_gradient(x):
    """1 for x > 0, else 0."""
    return (x > 0).to(x.dtype)


def tanh_gradient(x):
    """1 - tanh(x)^2."""
    t = torch.tanh(x)
    return 1 - t * t


FUNCTIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "identity": lambda x: x}


class MLP(nn.Module):
    """Layers a_l = h(W_l a_{l-1} + b_l), with no activation after the last."""

    def __init__(self, sizes, activation="relu"):
        super().__init__()
        contract.check_network(sizes, activation)
        self.activation = FUNCTIONS[activation]
        self.layers = nn.ModuleList([nn.Linear(m, n) for m, n in zip(sizes[:-1], sizes[1:], strict=True)])

    # The same text on both sides: it passes on what layers return, which have their own mathematics.
    def forward(self, x):
        """Scores of each class. Shapes (batch, sizes[0]) to (batch, sizes[-1])."""
        *hidden, last = self.layers
        for layer in hidden:
            x = self.activation(layer(x))
        return last(x)


complete_from_twin(globals())
