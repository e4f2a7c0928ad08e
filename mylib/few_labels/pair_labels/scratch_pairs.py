r"""Guesses, how alike they are, and the pair loss."""

import numpy as np

from mylib.engine import Tensor, as_tensor, exp, log_softmax, no_grad, softmax, sqrt, where
from mylib.few_labels.pair_labels import contract
from mylib.few_labels.pair_labels.modes import evaluating


def sharpen(probabilities, temperature=0.5):
    r"""q_c^(1/T) / sum_k q_k^(1/T): a guess made surer (T < 1), left as it is (T = 1), or made less sure (T > 1).

    As T goes to 0 the largest class takes all; equal largest ones share it. A uniform guess stays uniform. Each row is
    divided by its largest entry first, so that no power underflows there.

    Args:    probabilities: q. Shape (..., classes), rows that sum to 1. Not changed.
             temperature: T, above 0.
    Returns: array, same shape, rows that sum to 1.
    Raises:  ValueError: T of 0 or below, rows that do not sum to 1 within 1e-4, an entry below 0, no class.
    Source:  Hu et al. (2021), after Berthelot et al. (2019); slide "Overview", under "Pseudo-labeling". Differs: none.

    Example:
        >>> sharpen(np.array([0.6, 0.4])).round(4).tolist()  # .36 / .52
        [0.6923, 0.3077]
    """
    q = np.asarray(probabilities)
    contract.check_sharpen(q.shape, temperature)
    _check_rows("sharpen", "probabilities", q)
    powers = (q / q.max(axis=-1, keepdims=True)) ** (1 / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


def average_pseudo_label(model, views, temperature=0.5):
    r"""q = sharpen((1/K) sum_k softmax(f(w_k))): what the model says of several weak views of an image, and surer.

    The model answers in eval mode and without a graph; then each of its modules is in the mode it was in.

    Args:    model: module from a batch of views to logits (batch, classes).
             views: w, K views of each of n images. Shape (K, n, ...), floating point.
             temperature: T of `sharpen`.
    Returns: array. Shape (n, classes).
    Raises:  ValueError: no view, no image, or T of 0 or below.
             TypeError: views of whole numbers.
    Source:  Hu et al. (2021); slide "Overview", under "Pseudo-labeling". Differs: none.

    Example:
        >>> from mylib.engine import nn
        >>> average_pseudo_label(nn.Identity(), np.log([[[0.8, 0.2]], [[0.4, 0.6]]])).round(4).tolist()
        [[0.6923, 0.3077]]
    """
    views = as_tensor(views).numpy()
    contract.check_views(views.shape, views.dtype, temperature)
    count, n = views.shape[:2]
    with evaluating(model), no_grad():
        p = softmax(model(Tensor(views.reshape(count * n, *views.shape[2:])))).numpy()
    return sharpen(p.reshape(count, n, -1).mean(axis=0), temperature)


def bhattacharyya(p, q):
    r"""BC(p, q) = sum_c sqrt(p_c q_c): 1 where two guesses are equal, 0 where they share no class.

    1 - BC(p, q) = 1/2 ||sqrt(p) - sqrt(q)||^2, the squared Hellinger distance. Where an entry is 0 its gradient is
    taken as 0: the slope of the root is infinite there.

    Args:    p, q: rows that sum to 1. Shape (..., classes); leading axes broadcast.
    Returns: Tensor. Shape (...).
    Raises:  ValueError: shapes that do not fit, rows that do not sum to 1 within 1e-4, an entry below 0.
    Source:  Bhattacharyya (1943); Hu et al. (2021); the slide "Loss" names the pair loss only. Differs: none.

    Example:
        >>> round(bhattacharyya(np.array([0.5, 0.5]), np.array([1.0, 0.0])).item(), 4)  # sqrt(1/2)
        0.7071
    """
    p, q = as_tensor(p), as_tensor(q)
    contract.check_bhattacharyya(p.shape, q.shape)
    _check_rows("bhattacharyya", "p", p.numpy())
    _check_rows("bhattacharyya", "q", q.numpy())
    return (_root(p) * _root(q)).sum(axis=-1)


def pair_loss(logits, pseudo_labels, confidence=0.95, similarity=0.9):
    r"""L_P = 1/(n (n-1)/2) sum_(i != j) 1[max q_i > tau_c] phi(BC(q_i, q_j)) (1 - BC(q_i, p_j)).

    phi(s) = s where s > tau_s, else 0. View i is an anchor if its guess is sure; each other view j whose guess is like
    the anchor's is drawn to the anchor's guess. The sum runs over ordered pairs, the divisor counts unordered ones.
    The gradient flows through p_j = softmax(logits_j) only. Without a pair (n = 1, or none above both thresholds) the
    loss is 0.

    Args:    logits: of strong views. Shape (n, classes).
             pseudo_labels: q, a guess for each. Shape (n, classes), rows that sum to 1.
             confidence: tau_c, from 0 to 1.
             similarity: tau_s, from 0 to 1.
    Returns: scalar Tensor.
    Raises:  ValueError: shapes that do not fit, no view, rows of q that do not sum to 1 within 1e-4, an entry of q
             below 0, a threshold outside [0, 1].
    Source:  Hu et al. (2021); slide "Loss", which names it and prints no equation. Differs: the paper's text also
             multiplies by max q_i; the authors' code, which made the numbers, does not, and is followed.

    Example:
        >>> q, p = np.array([[1, 0], [0.96, 0.04], [0.5, 0.5]]), np.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7]])
        >>> round(pair_loss(np.log(p), q).item(), 5)  # .979796 (.225403 + .034201) / 3
        0.08479
    """
    logits, q = as_tensor(logits), as_tensor(pseudo_labels).numpy()
    contract.check_pairs("pair_loss", logits.shape, q.shape, confidence, similarity)
    _check_rows("pair_loss", "pseudo_labels", q)
    n, root_q = len(q), np.sqrt(q)
    alike = np.minimum(root_q @ root_q.T, 1)  # BC(q_i, q_j): (n, n); rounding must not lift it above tau_s = 1
    sure = np.minimum(q.max(axis=1, keepdims=True), 1) > confidence  # (n, 1)
    weight = np.where(sure & (alike > similarity), alike, 0).astype(logits.dtype)
    np.fill_diagonal(weight, 0)
    root_p = exp(0.5 * log_softmax(logits))  # finite slope also where p underflows
    distance = 1 - Tensor(root_q.astype(logits.dtype)) @ root_p.T  # 1 - BC(q_i, p_j): (n, n)
    return (weight * distance).sum() / max(n * (n - 1) / 2, 1)


def pair_loss_loops(logits, pseudo_labels, confidence=0.95, similarity=0.9):
    r"""`pair_loss` as its equation reads: for every anchor i, for every other view j.

    n^2 pairs, one after the other: for reading and for tests. Of `pair_loss`, which makes two products of matrices.

    Args:    logits: of strong views. Shape (n, classes).
             pseudo_labels: q, a guess for each. Shape (n, classes), rows that sum to 1.
             confidence, similarity: tau_c and tau_s, from 0 to 1.
    Returns: scalar Tensor.
    Raises:  ValueError: as `pair_loss`.
    Source:  Hu et al. (2021). Differs: as `pair_loss`.

    Example:
        >>> q, p = np.array([[1, 0], [0.96, 0.04], [0.5, 0.5]]), np.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7]])
        >>> round(pair_loss_loops(np.log(p), q).item(), 5)
        0.08479
    """
    logits, q = as_tensor(logits), as_tensor(pseudo_labels).numpy()
    contract.check_pairs("pair_loss_loops", logits.shape, q.shape, confidence, similarity)
    _check_rows("pair_loss_loops", "pseudo_labels", q)
    q, p = q.astype(logits.dtype), softmax(logits)
    n, total = len(q), 0 * logits.sum()
    for i in range(n):
        for j in range(n):
            alike = bhattacharyya(q[i], q[j]).item()
            if i != j and q[i].max() > confidence and alike > similarity:
                total = total + alike * (1 - bhattacharyya(q[i], p[j]))
    return total / max(n * (n - 1) / 2, 1)


def _root(x):
    """The square root, with slope 0 at 0."""
    zero = x.numpy() == 0
    return where(zero, 0.0, sqrt(where(zero, 1.0, x)))


def _check_rows(operation, name, values):
    """Rows along the last axis are probabilities."""
    if values.size:
        totals = values.sum(axis=-1).ravel()
        worst = np.abs(totals - 1).argmax()  # the first NaN, if there is one
        contract.check_rows(operation, name, float(totals[worst]), float(values.min()))
