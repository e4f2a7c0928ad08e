r"""Losses. `reduction` is "mean", "sum" or "none" (one value per sample); logarithms are natural."""

import numpy as np

from mylib.engine.contract import check_fixed, class_labels
from mylib.engine.tensor import Tensor, float_tensor, record


def _reduce(losses, reduction, operation, count=None):
    """The reduced loss, and the factor that its gradient has before dL/dy."""
    if reduction == "none":
        return losses, 1.0
    if reduction == "sum":
        return losses.sum(), 1.0
    if reduction != "mean":
        raise ValueError(f"{operation}: reduction={reduction!r}, expected 'mean', 'sum' or 'none'")
    count = losses.size if count is None else count
    if not count:
        raise ValueError(f"{operation}: the mean over no samples has no value; use reduction='sum'")
    return losses.sum() / losses.dtype.type(count), 1.0 / count


def _pair(prediction, target, operation):
    x = float_tensor(prediction, operation)
    y = target if isinstance(target, Tensor) and target.dtype.kind == "f" else Tensor(target, dtype=x.dtype)
    if x.shape != y.shape:
        raise ValueError(f"{operation}: got shapes {x.shape} and {y.shape}, expected the same; reshape one of them?")
    return x, y


def mse_loss(prediction, target, reduction="mean"):
    """y = (prediction - target)^2, averaged over all elements.

    Args:    prediction: any shape.
             target: same shape; it may require a gradient too.
             reduction: "mean", "sum" or "none".
    Returns: Tensor: a number, or of the prediction's shape for "none".
    Raises:  ValueError: shapes differ, or an unknown reduction.
    Source:  elementary. Differs: none.

    Example:
        >>> mse_loss([1.0, 2.0], [1.0, 4.0])
        Tensor(2.)
    """
    x, y = _pair(prediction, target, "mse_loss")
    difference = x._data - y._data
    loss, factor = _reduce(np.square(difference), reduction, "mse_loss")
    return record(loss, mse_loss_backward, (difference, factor), x._node, y._node)


def mse_loss_backward(gradient, needs, difference, factor):
    """dL/dprediction = 2 g (prediction - target) [/ n],  dL/dtarget = the opposite."""
    slope = (2 * factor) * gradient * difference
    return needs[0] and slope, needs[1] and -slope


def binary_cross_entropy(probability, target, reduction="mean"):
    """y = -(t ln p + (1 - t) ln(1 - p)), averaged over all elements.

    Args:
        probability: p in [0, 1], any shape.
        target: t in [0, 1], same shape; no gradient goes to it.
        reduction: "mean", "sum" or "none".

    Returns:
        Tensor: a number, or of p's shape for "none". Each logarithm is at least -100, so the loss is finite.

    Raises:
        ValueError: shapes differ, or a probability is outside [0, 1].

    Source: elementary (Bernoulli likelihood). Differs: none.
    """
    p, t = _pair(probability, target, "binary_cross_entropy")
    check_fixed(t, "binary_cross_entropy")
    if p.size and not (p._data.min() >= 0 and p._data.max() <= 1):
        raise ValueError(
            "binary_cross_entropy: probabilities must lie in [0, 1]; for scores of any size use "
            "binary_cross_entropy_with_logits"
        )
    with np.errstate(divide="ignore"):
        log_p, log_q = np.maximum(np.log(p._data), -100), np.maximum(np.log1p(-p._data), -100)
    loss, factor = _reduce(-(t._data * log_p + (1 - t._data) * log_q), reduction, "binary_cross_entropy")
    return record(loss, binary_cross_entropy_backward, (p._data, t._data, factor), p._node)


def binary_cross_entropy_backward(gradient, needs, p, t, factor):
    """dL/dp = g (p - t) / (p (1 - p)) [/ n]; the divisor is kept above 1e-12, as in torch."""
    return (factor * gradient * (p - t) / np.maximum(p * (1 - p), 1e-12),)


def binary_cross_entropy_with_logits(logits, target, reduction="mean"):
    """Binary cross-entropy of p = sigmoid(z), as max(z, 0) - z t + ln(1 + e^-|z|): nothing overflows.

    Args:    logits: z, any real numbers, any shape.
             target: t in [0, 1], same shape; no gradient goes to it.
             reduction: "mean", "sum" or "none".
    Returns: Tensor: a number, or of z's shape for "none".
    Raises:  ValueError: shapes differ, or an unknown reduction.
             TypeError: the target requires a gradient.
    Source:  elementary. Differs: there are no class weights.

    Example:
        >>> binary_cross_entropy_with_logits([1000.0], [0.0])
        Tensor(1000.)
    """
    z, t = _pair(logits, target, "binary_cross_entropy_with_logits")
    check_fixed(t, "binary_cross_entropy_with_logits")
    small = np.exp(-np.abs(z._data))
    losses = np.maximum(z._data, 0) - z._data * t._data + np.log1p(small)
    loss, factor = _reduce(losses, reduction, "binary_cross_entropy_with_logits")
    slope = np.exp(np.minimum(z._data, 0)) / (1 + small) - t._data
    return record(loss, scaled_backward, (slope * slope.dtype.type(factor),), z._node)


def scaled_backward(gradient, needs, slope):
    """dL/dx = g dy/dx, with the slope dy/dx found in the forward pass."""
    return (gradient * slope,)


def cross_entropy(logits, labels, reduction="mean", label_smoothing=0.0, ignore_index=-100):
    """y = -sum_k q_k ln softmax(logits)_k, averaged over samples; q is 1 at the label (smoothed: see below).

    With smoothing e over K classes, q_k = e / K, plus 1 - e at the label.

    Args:
        logits: scores, shape (batch, classes) or (batch, classes, ...).
        labels: integers in [0, classes), shape (batch) or (batch, ...).
        reduction: "mean" over the samples that count, "sum" or "none".
        label_smoothing: e in [0, 1].
        ignore_index: a label whose samples do not count.

    Returns:
        Tensor: a number, or of the labels' shape for "none".

    Raises:
        ValueError: shapes do not fit, a label is outside [0, classes), or every sample is ignored.
        TypeError: the labels are not integers.

    Example:
        >>> cross_entropy([[0.0, 0.0]], [1])
        Tensor(0.6931472)

    Source: elementary; smoothing from Szegedy et al. (2016), section 7.
    Differs: labels are class numbers only, never probabilities; there are no class weights.
    """
    x = float_tensor(logits, "cross_entropy")
    labels, counted = class_labels(labels, x.shape, ignore_index, "cross_entropy")
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing={label_smoothing}, expected a number in [0, 1]")
    log_p = x._data - x._data.max(axis=1, keepdims=True) if x.size else x._data.copy()
    p = np.exp(log_p)
    total = p.sum(axis=1, keepdims=True)
    log_p -= np.log(total)
    p /= total
    places = np.where(counted, labels, 0)[:, None]
    losses = -(1 - label_smoothing) * np.take_along_axis(log_p, places, 1)[:, 0]
    if label_smoothing:
        losses -= label_smoothing * log_p.mean(axis=1)
        p -= label_smoothing / x.shape[1]
    losses = np.where(counted, losses, losses.dtype.type(0))  # selected: 0 times an infinite loss has no value
    loss, factor = _reduce(losses, reduction, "cross_entropy", np.count_nonzero(counted))
    return record(loss, cross_entropy_backward, (p, places, counted, 1 - label_smoothing, factor), x._node)


def plain_cross_entropy(logits, labels):
    """The mean of -ln softmax(logits) at the labels, of arrays; `cross_entropy` finds the gradient on the way."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(labels)), labels]).mean()


def cross_entropy_backward(gradient, needs, p, places, counted, at_label, factor):
    """dL/dlogits = g (softmax(logits) - q) [/ n], and 0 for ignored samples."""
    scale = np.broadcast_to(gradient * factor, counted.shape) * counted
    to_x = p * scale[:, None].astype(p.dtype)
    at = np.take_along_axis(to_x, places, 1) - (at_label * scale[:, None]).astype(p.dtype)
    np.put_along_axis(to_x, places, at, 1)
    return (to_x,)


def nll_loss(log_probabilities, labels, reduction="mean", ignore_index=-100):
    """y = -log_probabilities[label], averaged over samples.

    Args:    log_probabilities: such as `log_softmax` gives, shape (batch, classes) or (batch, classes, ...).
             labels: integers in [0, classes), shape (batch) or (batch, ...).
             reduction: "mean" over the samples that count, "sum" or "none".
             ignore_index: a label whose samples do not count.
    Returns: Tensor: a number, or of the labels' shape for "none".
    Raises:  ValueError: shapes do not fit, a label is outside [0, classes), or every sample is ignored.
             TypeError: the labels are not integers.
    Source:  elementary. Differs: there are no class weights.

    Example:
        >>> nll_loss([[-0.5, -1.0]], [1])
        Tensor(1.)
    """
    x = float_tensor(log_probabilities, "nll_loss")
    labels, counted = class_labels(labels, x.shape, ignore_index, "nll_loss")
    places = np.where(counted, labels, 0)[:, None]
    losses = np.where(counted, -np.take_along_axis(x._data, places, 1)[:, 0], x.dtype.type(0))
    loss, factor = _reduce(losses, reduction, "nll_loss", np.count_nonzero(counted))
    return record(loss, nll_loss_backward, (places, counted, x.shape, factor), x._node)


def nll_loss_backward(gradient, needs, places, counted, shape, factor):
    """dL/dlog_probabilities = -g at the label [/ n], else 0."""
    to_x = np.zeros(shape, gradient.dtype)
    np.put_along_axis(to_x, places, (-factor * np.broadcast_to(gradient, counted.shape) * counted)[:, None], 1)
    return (to_x,)
