"""Which mistakes count, in NumPy: rare classes by their weight, hard examples by a power of what is missing to 1."""

import numpy as np

from mylib import engine
from mylib.engine import record
from mylib.engine.losses import scaled_backward
from mylib.engine.tensor import float_tensor
from mylib.training.losses import contract


def class_weights(labels, classes):
    r"""alpha_k = n / (K n_k): a rare class counts more. The mean of alpha_y over the labels is 1.

    Args:    labels: of the training set, integers below `classes`. Shape (n,).
             classes: K.
    Returns: float64 array. Shape (classes,).
    Raises:  ValueError: a class without an example, whose weight would be infinite; a label that is no class.
             TypeError: labels that are no integers.
    Source:  King and Zeng (2001), as scikit-learn has it; slide "[Categorical] Balanced Cross Entropy", which says only
             that less frequent examples get more focus. Differs: none.

    Example:
        >>> class_weights([0, 0, 0, 1], 2).round(4).tolist()
        [0.6667, 2.0]
    """
    labels = np.asarray(labels)
    contract.check_counting(labels.shape, classes)
    counts = np.bincount(class_numbers("class_weights", labels, classes), minlength=classes)
    contract.check_present(np.flatnonzero(counts == 0).tolist())
    return len(labels) / (classes * counts)


def balanced_cross_entropy(logits, labels, alpha, reduction="mean"):
    r"""-alpha_y log p_t, with p = softmax(z) and p_t = p at the label y: some classes cost more than others.

    Gradient: dL/dz_k = alpha_y (p_k - 1[k = y]), over B for the mean.

    Args:    logits: z. Shape (batch, classes).
             labels: y, integers below `classes`. Shape (batch,).
             alpha: weight of each class, at least 0; taken in the type of the logits. Shape (classes,).
             reduction: "mean" divides by B and by nothing else, "sum", or "none".
    Returns: Tensor, nats: a number, or shape (batch,) for "none".
    Raises:  ValueError: shapes that do not fit, a label that is no class, a weight below 0, an unknown reduction.
             TypeError: labels that are no integers.
    Source:  slide "[Categorical] Balanced Cross Entropy". Differs: the slide writes alpha_t with the t of p_t; it is
             the weight of the label's class. torch's weighted mean divides by the sum of the weights.

    Example:
        >>> balanced_cross_entropy([[0.0, 0.0]], [1], [1.0, 2.0])
        Tensor(1.3862944)
    """
    name = "balanced_cross_entropy"
    z = float_tensor(logits, name)
    labels, weight = _checked(name, z, labels, alpha, reduction)
    losses = engine.cross_entropy(z, labels, reduction="none") * weight
    return _reduced(losses, reduction)


def focal_loss(logits, labels, gamma=2.0, alpha=None, reduction="mean"):
    r"""-alpha_y (1 - p_t)^gamma log p_t: what is nearly right already counts little.

    With the margin m = log sum_{k != y} e^(z_k) - z_y of all rivals together, p_t = sigmoid(-m), q = 1 - p_t =
    sigmoid(m) and -log p_t = softplus(m): q is never 1 minus something near 1. The gradient is

        dL/dz_k = alpha_y [gamma p_t (1 - p_t)^(gamma - 1) log p_t - (1 - p_t)^gamma] (1[k = y] - p_k)
                = alpha_y q^gamma [gamma p_t softplus(m) + q] (r_k - 1[k = y]),   r_k = p_k / q for k != y, r_y = 0,

    where the second form has no power that is infinite at p_t = 1 for gamma < 1.

    Args:    logits: z. Shape (batch, classes).
             labels: y, integers below `classes`. Shape (batch,).
             gamma: at least 0; 0 is (balanced) cross-entropy.
             alpha: weight of each class, at least 0, or None for 1. Shape (classes,).
             reduction: "mean" divides by B and by nothing else, "sum", or "none".
    Returns: Tensor, nats: a number, or shape (batch,) for "none".
    Raises:  ValueError, TypeError: as `balanced_cross_entropy`; a gamma below 0.
    Source:  Lin et al. (2017), equations 4 and 5; slide "Focal Loss". Differs: the paper has two classes with alpha and
             1 - alpha, which is weights (1 - alpha, alpha) on logits (0, z).

    Example:
        >>> round(focal_loss(np.log([[0.9, 0.1]]), [0]).item(), 5)  # 0.01 times cross-entropy's 0.10536
        0.00105
    """
    z = float_tensor(logits, "focal_loss")
    labels, weight = _checked("focal_loss", z, labels, alpha, reduction, gamma)
    at = np.arange(len(labels)), labels
    rivals = z.data.copy()
    rivals[at] = -np.inf
    top = rivals.max(axis=1, keepdims=True)
    shares = np.exp(rivals - top)  # r_k, once it sums to 1
    total = shares.sum(axis=1, keepdims=True)
    shares /= total
    margin = (np.log(total) + top)[:, 0] - z.data[at]
    surprise = np.maximum(margin, 0) + np.log1p(np.exp(-np.abs(margin)))  # softplus(m) = -log p_t
    p, q = np.exp(-surprise), np.exp(margin - surprise)
    factor = weight * q**gamma
    shares[at] = -1
    slope = (factor * (gamma * p * surprise + q))[:, None] * shares
    losses = record(factor * surprise, _row_backward, (slope,), z._node)
    return _reduced(losses, reduction)


def class_numbers(operation, labels, classes):
    """Labels as an array of integers, each of them a class."""
    labels = np.asarray(labels)
    contract.check_label_type(operation, str(labels.dtype), labels.size)
    labels = labels.astype(np.intp)
    contract.check_labels(operation, labels[(labels < 0) | (labels >= classes)].tolist(), classes)
    return labels


def _checked(operation, z, labels, alpha, reduction, gamma=0.0):
    """The labels, and the weight of each example in the type of the logits."""
    alpha = None if alpha is None else np.asarray(alpha)
    contract.check_weighting(operation, z.shape, np.shape(labels), None if alpha is None else alpha.shape, gamma)
    contract.check_reduction(operation, reduction, len(z), ("mean", "sum", "none"))
    labels = class_numbers(operation, labels, z.shape[1])
    if alpha is None:
        return labels, np.ones(len(z), z.dtype)
    contract.check_alpha(operation, alpha[~((alpha >= 0) & (alpha < np.inf))].tolist())
    return labels, alpha.astype(z.dtype)[labels]


def _reduced(losses, reduction):
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


def _row_backward(gradient, needs, slope):
    """dL/dz = the gradient of each row's loss times the slope that the forward pass has found."""
    return scaled_backward(gradient[:, None], needs, slope)
