"""Gradient descent, losses with their gradients, and a two-layer network differentiated by hand, in NumPy.

Notation: inputs x (batch, features), targets t, weights w, learning rate gamma, loss J; g_y stands for dJ/dy.
The softmax family is computed by the engine, in one pass with its gradients; `plain_...` is each as its equation says.
"""

import numpy as np

from mylib import engine
from mylib.engine import as_tensor, nn, record
from mylib.engine.losses import plain_cross_entropy as plain_cross_entropy  # `cross_entropy`, the mean at the labels
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
    contract.check_regression(w.shape, x.shape, t.shape)
    residual = t - x @ w
    return 0.5 * (residual * residual).sum()


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
    contract.check_regression(w.shape, x.shape, t.shape)
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
    contract.check_learning_rate("gradient_descent", learning_rate)
    contract.check_steps(steps)
    w = np.array(w0, dtype=float)
    for _ in range(steps):
        slope = np.asarray(gradient(w))
        contract.check_slope(w.shape, slope.shape)
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
    contract.check_learning_rate("stochastic_gradient_descent", learning_rate)
    parameters, losses = list(parameters), []
    for batch in batches:
        for parameter in parameters:
            parameter.grad = None
        value = loss(*batch) if isinstance(batch, tuple | list) else loss(batch)
        value.backward()
        for position, parameter in enumerate(parameters):
            contract.check_used(position, parameter.grad is not None)
            parameter.data = parameter.data - parameter.dtype.type(learning_rate) * parameter.grad
        losses.append(value.item())
    return losses


def softmax(x, axis=-1):
    r"""y_i = e^{x_i} / sum_j e^{x_j} along an axis; the largest x is subtracted first, so that nothing overflows.

    Gradient: dJ/dx_i = y_i (g_i - sum_j g_j y_j), since dy_j/dx_i = y_j ([i = j] - y_i).

    Args:    x: scores. Any shape.
             axis: along which the result sums to 1.
    Returns: Tensor. Shape of x.
    Source:  slide "Multi-class classification". Differs: the slide's version overflows above 88 in float32.

    Example:
        >>> softmax([0.0, 1000.0]).numpy().tolist()
        [0.0, 1.0]
    """
    return engine.softmax(x, axis)


def plain_softmax(x, axis=-1):
    """Powers over their sum, of an array."""
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def log_softmax(x, axis=-1):
    r"""y_i = x_i - ln sum_j e^{x_j} along an axis: the logarithm of `softmax`, finite where that is 0.

    Gradient: dJ/dx_i = g_i - e^{y_i} sum_j g_j.

    Args:    x: scores. Any shape.
             axis: along which the exponentials sum to 1.
    Returns: Tensor. Shape of x.
    Source:  slide "Multi-class classification". Differs: none.

    Example:
        >>> log_softmax([0.0, 1000.0]).numpy().tolist()
        [-1000.0, 0.0]
    """
    return engine.log_softmax(x, axis)


def plain_log_softmax(x, axis=-1):
    """The scores less the logarithm of the sum of their powers, of an array."""
    x = x - x.max(axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def binary_cross_entropy(probability, target, reduction="mean"):
    r"""J = -(t ln p + (1 - t) ln(1 - p)), averaged over all n elements; each logarithm is at least -100.

    Gradient: dJ/dp = (p - t) / (p (1 - p)) / n. After a sigmoid, whose slope is p (1 - p), only p - t is left.

    Args:    probability: p in [0, 1]. Any shape.
             target: t in [0, 1]. Shape of p.
             reduction: "mean", "sum" or "none".
    Returns: Tensor, nats: a number, or the shape of p for "none".
    Raises:  ValueError: shapes that differ, a probability outside [0, 1], or an unknown reduction.
    Source:  slide "Binary classification". Differs: none.

    Example:
        >>> binary_cross_entropy([0.5], [1.0])
        Tensor(0.6931472)
    """
    return engine.binary_cross_entropy(probability, target, reduction)


def plain_binary_cross_entropy(p, t):
    """The mean of -ln of what was given to that which happened, of arrays."""
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()


def cross_entropy(logits, labels, reduction="mean", label_smoothing=0.0, ignore_index=-100):
    r"""J = -sum_c y_c ln softmax(logits)_c with y one-hot at the label, averaged over the n examples.

    Gradient: dJ/dlogits = (softmax(logits) - y) / n, what was said less what is right. The logarithm of the softmax is
    taken as in `log_softmax`: nothing overflows.

    Args:    logits: scores. Shape (batch, classes) or (batch, classes, ...).
             labels: integers below `classes`. Shape (batch,) or (batch, ...).
             reduction: "mean" over the examples that count, "sum" or "none".
             label_smoothing: share of the target spread evenly over the classes, in [0, 1].
             ignore_index: a label whose examples do not count.
    Returns: Tensor, nats: a number, or the shape of labels for "none".
    Raises:  ValueError: shapes that do not fit, a label that is no class, or an unknown reduction.
             TypeError: labels that are no integers.
    Source:  slide "Multi-class classification". Differs: labels are class numbers, never probabilities.

    Example:
        >>> cross_entropy([[0.0, 0.0]], [1])
        Tensor(0.6931472)
    """
    return engine.cross_entropy(logits, labels, reduction, label_smoothing, ignore_index)


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
        contract.check_network(in_features, hidden, out_features, activation)
        self.activation = activation
        first, second = nn.Linear(in_features, hidden, bias=bias), nn.Linear(hidden, out_features, bias=bias)
        self.weight1, self.bias1 = first.weight, first.bias
        self.weight2, self.bias2 = second.weight, second.bias
        self.saved = None

    def forward(self, x):
        """Scores of a batch. Shapes (batch, in_features) to (batch, out_features)."""
        x = as_tensor(x)
        weight1, weight2 = self.weight1.data, self.weight2.data
        contract.check_batch(x.shape, weight1.shape[1])
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
