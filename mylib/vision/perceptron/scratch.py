"""Rosenblatt's perceptron, activation functions and the multi-layer perceptron, in NumPy.

Notation: x (batch, features), weight w, bias b, label y in {0, 1}, pre-activation z = w . x + b. The activations are
computed by the engine, which also guards them against overflow; `plain_...` is each as its equation says.
"""

import numpy as np

from mylib import engine
from mylib.engine import Tensor, as_tensor, nn
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
    r"""Threshold at zero: 1 where x > 0, else 0.

    Args:    x: numbers. Any shape.
    Returns: int64 array. Shape of x.
    Source:  Rosenblatt (1958); slide "The perceptron".

    Example:
        >>> step([-1.0, 0.0, 2.0])
        array([0, 0, 1])
    """
    return (np.asarray(x) > 0).astype(np.int64)


class Perceptron(nn.Module):
    r"""A threshold unit, \hat y = step(w . x + b), with Rosenblatt's learning rule.

    For each example in turn: w <- w + (y - \hat y) x and b <- b + (y - \hat y). The factor is 0 for a right
    prediction, 1 where a 1 was missed (increase), -1 where a 0 was taken for a 1 (decrease).

    Args:    in_features: length of x.
    Raises:  ValueError: in_features below 1.
    Source:  Rosenblatt (1958); slides "The perceptron", "Training a perceptron". Differs: starts from zero instead
             of random weights, so that Novikoff's bound on the number of updates holds as it stands.

    Example:
        >>> unit = Perceptron(2)
        >>> history = unit.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
        >>> history.converged, unit.predict([[0, 1], [1, 1]])
        (True, array([0, 1]))
    """

    def __init__(self, in_features):
        super().__init__()
        contract.check_unit(in_features)
        self.in_features = in_features
        self.register_buffer("weight", np.zeros(in_features))
        self.register_buffer("bias", np.zeros(1))

    def fit(self, x, y, max_epochs=100, shuffle_seed=None, on_update=None):
        r"""Repeat the rule over the examples until an epoch passes without an error.

        Args:    x: examples. Shape (n, in_features).
                 y: labels 0 or 1. Shape (n,).
                 max_epochs: passes at most; data that no line separates never converges.
                 shuffle_seed: a new order in each epoch; None keeps the order given.
                 on_update: called with (weight, bias) after each update, for pictures.
        Returns: `PerceptronHistory`.
        Raises:  ValueError: shapes that do not fit, labels other than 0 and 1, x not finite, max_epochs below 1.
        """
        x, y = self._examples(x), np.asarray(y)
        contract.check_fit(x.shape, y.shape, max_epochs)
        contract.check_values(y[(y != 0) & (y != 1)].tolist(), bool(np.isfinite(x).all()))
        rng, history = np.random.default_rng(shuffle_seed), PerceptronHistory()
        for _ in range(max_epochs):
            order = range(len(x)) if shuffle_seed is None else rng.permutation(len(x))
            errors = 0
            for i in order:
                error = y[i] - step(x[i] @ self.weight + self.bias[0])
                if error:
                    self.weight = self.weight + error * x[i]
                    self.bias = self.bias + error
                    errors += 1
                    if on_update:
                        on_update(self.weight, self.bias)
            history.errors.append(errors)
            history.updates += errors
            if errors == 0:
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
        x = np.asarray(x, dtype=float)
        contract.check_examples(x.shape, self.in_features)
        return x


def sigmoid(x):
    r"""Logistic function y = 1 / (1 + e^{-x}), with values in (0, 1).

    Gradient: dL/dx = dL/dy y (1 - y).

    Args:    x: numbers. Any shape.
    Returns: Tensor. Shape of x.
    Source:  slide "Non-linear activations".

    Example:
        >>> sigmoid([0.0, 1000.0]).numpy().tolist()
        [0.5, 1.0]
    """
    return engine.sigmoid(x)


def plain_sigmoid(x):
    """1 / (1 + e^{-x}) of an array; where x is below -700 the power overflows."""
    return 1 / (1 + np.exp(-x))


def relu(x):
    r"""Rectified linear unit, y = max(x, 0).

    Gradient: dL/dx = dL/dy where x > 0, else 0.

    Args:    x: numbers. Any shape.
    Returns: Tensor. Shape of x.
    Source:  slide "Non-linear activations".

    Example:
        >>> relu([-1.0, 0.0, 2.0]).numpy().tolist()
        [0.0, 0.0, 2.0]
    """
    return engine.relu(x)


def plain_relu(x):
    """max(x, 0) of an array."""
    return np.where(x > 0, x, 0)


def tanh(x):
    r"""Hyperbolic tangent y = (e^x - e^{-x}) / (e^x + e^{-x}), in (-1, 1).

    Gradient: dL/dx = dL/dy (1 - y^2).

    Args:    x: numbers. Any shape.
    Returns: Tensor. Shape of x.
    Source:  calculus; the slides name tanh with recurrent networks.

    Example:
        >>> tanh([0.0]).item()
        0.0
    """
    return engine.tanh(x)


def plain_tanh(x):
    """(e^x - e^{-x}) / (e^x + e^{-x}) of an array; beyond +-700 the powers overflow."""
    up, down = np.exp(x), np.exp(-x)
    return (up - down) / (up + down)


def sigmoid_gradient(x):
    r"""Derivative of the sigmoid, s (1 - s) with s = sigmoid(x): at most 1/4, at x = 0.

    Args:    x: pre-activation. Any shape.
    Returns: Tensor. Shape of x.
    Source:  slide "Non-linear activations".

    Example:
        >>> sigmoid_gradient([0.0]).item()
        0.25
    """
    s = sigmoid(_float(x))
    return s * (1 - s)


def relu_gradient(x):
    r"""Derivative of max(x, 0): 1 for x > 0, 0 for x < 0, and 0 at the kink.

    Args:    x: pre-activation. Any shape.
    Returns: Tensor. Shape of x.
    Source:  slide "Non-linear activations". Differs: the slide takes 1 at x = 0. Any number in [0, 1] is a
             subgradient there; deep-learning libraries take 0, and so do we.

    Example:
        >>> relu_gradient([-1.0, 0.0, 2.0]).numpy().tolist()
        [0.0, 0.0, 1.0]
    """
    data = _float(x).data
    return Tensor((data > 0).astype(data.dtype))


def tanh_gradient(x):
    r"""Derivative of the hyperbolic tangent, 1 - tanh(x)^2: at most 1, at x = 0.

    Args:    x: pre-activation. Any shape.
    Returns: Tensor. Shape of x.
    Source:  calculus; the slides name tanh with recurrent networks.

    Example:
        >>> tanh_gradient([0.0]).item()
        1.0
    """
    t = tanh(_float(x))
    return 1 - t * t


FUNCTIONS = {"relu": relu, "sigmoid": sigmoid, "tanh": tanh, "identity": lambda x: x}


class MLP(nn.Module):
    r"""Layers a_l = h(W_l a_{l-1} + b_l), with no activation after the last.

    Args:    sizes: features of the input, of each hidden layer, and of the output.
             activation: "relu", "sigmoid", "tanh", or "identity" (which makes the stack one linear map).
    Raises:  ValueError: fewer than two sizes, a size below 1, or an unknown activation.
    Source:  slides "Multi-layer perceptrons", "Forward propagation"; weights start as `nn.Linear`'s.

    Example:
        >>> MLP([4, 8, 3])(np.zeros((5, 4), dtype=np.float32)).shape
        (5, 3)
    """

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


def _float(x):
    """A Tensor that can hold a derivative: whole numbers become float32."""
    if isinstance(x, Tensor):
        return x
    x = np.asarray(x)
    return as_tensor(x if x.dtype.kind == "f" else x.astype(np.float32))
