"""Gradient descent, losses with their gradients, and a two-layer network differentiated by hand, in NumPy.

Notation: inputs x (batch, features), targets t, weights w, learning rate gamma, loss J; g_y stands for dJ/dy.
The softmax family is the engine's own: its gradients are derived in the lecture.
"""

import numpy as np

from mylib.engine import as_tensor, binary_cross_entropy, cross_entropy, log_softmax, nn, record, softmax
from mylib.engine import sum as total

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
    Returns: Tensor, a number in the target's unit squared; differentiable in w.
    Raises:  ValueError: shapes that do not fit.
    Source:  slide "Back to basics: finding w".

    Example:
        >>> least_squares_loss([2.0], [[1.0], [3.0]], [2.0, 5.0]).item()
        0.5
    """
    w, x, t = as_tensor(w), as_tensor(x), as_tensor(t)
    _check_regression(w.shape, x.shape, t.shape)
    residual = t - x @ w
    return 0.5 * total(residual * residual)


def least_squares_gradient(w, x, t):
    r"""dJ/dw = - sum_n (t_n - x_n . w) x_n, the same as x^T (x w - t).

    Args:    w, x, t: as in `least_squares_loss`.
    Returns: array. Shape (features,).
    Raises:  ValueError: shapes that do not fit.
    Source:  slide "Back to basics: finding w".

    Example:
        >>> least_squares_gradient([2.0], [[1.0], [3.0]], [2.0, 5.0])
        array([3.])
    """
    w, x, t = np.asarray(w), np.asarray(x), np.asarray(t)
    _check_regression(w.shape, x.shape, t.shape)
    return -(t - x @ w) @ x


def gradient_descent(gradient, w0, learning_rate, steps, on_step=None):
    r"""w_{t+1} = w_t - gamma dJ/dw(w_t), `steps` times.

    Args:    gradient: function of w to dJ/dw of the same shape.
             w0: where to start. Any shape; it is not changed.
             learning_rate: gamma, above 0.
             steps: how many, 0 or more.
             on_step: called with w after each step, for pictures.
    Returns: the last w, an array.
    Raises:  ValueError: learning_rate or steps out of range, or a gradient of another shape.
    Source:  Cauchy (1847); slide "Gradient descent".

    Example:
        >>> gradient_descent(lambda w: 2 * w, [1.0], learning_rate=0.25, steps=2)
        array([0.25])
    """
    if not learning_rate > 0 or steps < 0:
        raise ValueError(
            f"gradient_descent: expected learning_rate above 0 and steps of at least 0, got {learning_rate}, {steps}"
        )
    w = np.array(w0, dtype=float)
    for _ in range(steps):
        slope = np.asarray(gradient(w))
        if slope.shape != w.shape:
            raise ValueError(
                f"gradient_descent: expected a gradient of w's shape {w.shape}, got {slope.shape}; "
                "sum over the examples"
            )
        w = w - learning_rate * slope
        if on_step:
            on_step(w)
    return w


def stochastic_gradient_descent(loss, parameters, batches, learning_rate):
    r"""One step p <- p - gamma dJ_batch/dp for every parameter and every batch, in the order given.

    Args:    loss: function of a batch to a scalar Tensor.
             parameters: Tensors that require a gradient; their values are replaced at every step.
             batches: any iterable, also a generator that draws at random. The items of a tuple or list, such as
                 (inputs, targets), are the arguments of `loss`; anything else is its only argument.
             learning_rate: gamma, above 0.
    Returns: list of the loss of each batch, before its step.
    Raises:  ValueError: learning_rate not above 0, or a parameter that the loss does not depend on.
    Source:  Robbins and Monro (1951); slide "Stochastic gradient descent".

    Example:
        >>> from mylib.engine import Tensor
        >>> w = Tensor([1.0], requires_grad=True)
        >>> stochastic_gradient_descent(lambda x: (w * x).sum(), [w], [([2.0],), ([2.0],)], learning_rate=0.25)
        [2.0, 1.0]
    """
    if not learning_rate > 0:
        raise ValueError(f"stochastic_gradient_descent: expected learning_rate above 0, got {learning_rate}")
    parameters, losses = list(parameters), []
    for batch in batches:
        for parameter in parameters:
            parameter.grad = None
        value = loss(*batch) if isinstance(batch, tuple | list) else loss(batch)
        value.backward()
        for position, parameter in enumerate(parameters):
            if parameter.grad is None:
                raise ValueError(
                    f"stochastic_gradient_descent: expected a loss that uses every parameter, got none for "
                    f"parameter {position}; leave it out, or use it"
                )
            parameter.data = parameter.data - parameter.dtype.type(learning_rate) * parameter.grad
        losses.append(value.item())
    return losses


class TwoLayerNet(nn.Module):
    r"""scores = W2 h(W1 x + b1) + b2, with the backward pass written out by hand.

    `forward` keeps what the way back needs. `backward` takes dJ/dscores and puts dJ/dp into `.grad` of every parameter,
    by the formulas of `two_layer_backward`. On the engine's tape the whole network is one operation with that function.

    Args:    in_features, hidden, out_features: sizes.
             activation: "relu", or "identity" for the slides' worked example.
             bias: whether b1 and b2 are there; the worked example has none.
    Raises:  ValueError: a size below 1 or an unknown activation; `backward` before `forward`.
    Source:  Rumelhart, Hinton, Williams (1986); slides "Forward-backward by example".

    Example:
        >>> net = TwoLayerNet(2, 3, 1)
        >>> scores = net(np.ones((4, 2), dtype=np.float32))
        >>> net.backward(np.ones((4, 1), dtype=np.float32)).shape, net.weight1.grad.shape
        ((4, 2), (3, 2))
    """

    def __init__(self, in_features, hidden, out_features, activation="relu", bias=True):
        super().__init__()
        _check_sizes(in_features, hidden, out_features, activation)
        self.activation = activation
        first, second = nn.Linear(in_features, hidden, bias=bias), nn.Linear(hidden, out_features, bias=bias)
        self.weight1, self.bias1 = first.weight, first.bias
        self.weight2, self.bias2 = second.weight, second.bias
        self.saved = None

    def forward(self, x):
        """Scores of a batch. Shapes (batch, in_features) to (batch, out_features)."""
        x = as_tensor(x)
        weight1, weight2 = self.weight1.data, self.weight2.data
        if x.ndim != 2 or x.shape[1] != weight1.shape[1]:
            raise ValueError(
                f"TwoLayerNet: expected x of shape (batch, {weight1.shape[1]}), got {x.shape}; one row each"
            )
        z = _plus(x.data @ weight1.T, self.bias1)  # (batch, hidden)
        a = np.maximum(z, z.dtype.type(0)) if self.activation == "relu" else z
        scores = _plus(a @ weight2.T, self.bias2)  # (batch, out)
        self.saved = x.data, z, a, weight1, weight2, self.activation
        inputs = (x, self.weight1, self.bias1, self.weight2, self.bias2)
        return record(scores, two_layer_backward, self.saved, *(None if i is None else i._node for i in inputs))

    def backward(self, gradient):
        """Gradients of all parameters into their `.grad`; returns dJ/dx. Shape (batch, out) to (batch, in)."""
        if self.saved is None:
            raise ValueError("TwoLayerNet: expected forward(x) before backward, got none; what came in is not known")
        to_x, *slopes = two_layer_backward(np.asarray(gradient), None, *self.saved)
        parameters = (self.weight1, self.bias1, self.weight2, self.bias2)
        for parameter, slope in zip(parameters, slopes, strict=True):
            if parameter is not None:
                parameter.grad = slope
        return to_x


def two_layer_backward(gradient, needs, x, z, a, weight1, weight2, activation):
    """From g = dJ/dscores those of x, W1, b1, W2 and b2: the chain rule, one line of the forward pass at a time.

    g_W2 = g^T a,  g_b2 = sum_n g,  g_a = g W2,  g_z = g_a * h'(z),  g_W1 = g_z^T x,  g_b1 = sum_n g_z,  g_x = g_z W1
    """
    to_a = gradient @ weight2  # (batch, hidden)
    to_z = to_a * (z > 0) if activation == "relu" else to_a
    return to_z @ weight1, to_z.T @ x, to_z.sum(axis=0), gradient.T @ a, gradient.sum(axis=0)


def _plus(y, bias):
    return y if bias is None else y + bias.data


def _check_regression(w, x, t):
    if len(x) != 2 or w != x[1:] or t != x[:1]:
        raise ValueError(
            f"least_squares: expected w (features,), x (n, features) and t (n,), got {w}, {x} and {t}; "
            "one row an example"
        )


def _check_sizes(in_features, hidden, out_features, activation):
    if min(in_features, hidden, out_features) < 1:
        raise ValueError(
            f"TwoLayerNet: expected sizes of at least 1, got {in_features}, {hidden}, {out_features}; "
            "features in, hidden units, scores out"
        )
    if activation not in ("relu", "identity"):
        raise ValueError(f"TwoLayerNet: expected activation 'relu' or 'identity', got {activation!r}")
