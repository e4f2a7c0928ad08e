"""Calibration in NumPy: bins and their gaps, the temperature by Newton's method, and the action of least risk."""

import numpy as np

from mylib.engine import Tensor, as_tensor
from mylib.trust.calibration import contract
from mylib.trust.calibration.contract import Bins

__all__ = [
    "TemperatureScaling",
    "bayes_action",
    "conditional_risk",
    "expected_calibration_error",
    "reliability_bins",
]


def reliability_bins(confidence, correct, bins=15, scheme="width"):
    r"""Samples sorted into bins by confidence: how sure they are on average, and how often right.

    acc(B_m) = 1/|B_m| sum_{n in B_m} a_n,  conf(B_m) = 1/|B_m| sum_{n in B_m} c_n. Bins of equal width are (lo, hi],
    the first with 0. Bins of equal mass take the sorted samples in turn; their sizes differ by at most one, larger ones
    first. Samples of the same confidence share their rights equally there, so that the order of samples never matters.

    Args:    confidence: c_n, from 0 to 1. Shape (n,), n of at least 1.
             correct: a_n, 1 or True where the answer was right, 0 or False where not. Shape (n,).
             bins: how many.
             scheme: "width" or "mass". With "mass", edges between bins lie half way between the neighbours.
    Returns: Bins(edges (bins + 1,), count, accuracy, confidence (bins,)), float64 and whole counts.
    Raises:  ValueError: shapes that do not fit, nothing to count, confidence outside [0, 1], other verdicts than 0 and
                 1, fewer than one bin, an unknown scheme, or more bins of equal mass than samples.
             TypeError: bins that are no whole number.
    Source:  Guo et al. (2017), equal width; Minderer et al. (2021), equal mass; slides "Calibration". Differs: ties
             of equal mass, see above.

    Example:
        >>> bins = reliability_bins([0.95, 0.9, 0.85, 0.6], [1, 0, 1, 1], bins=10)
        >>> bins.count.tolist()
        [0, 0, 0, 0, 0, 1, 0, 0, 2, 1]
        >>> bins.accuracy[8].item(), round(bins.confidence[8].item(), 3)
        (0.5, 0.875)
    """
    confidence, correct = np.asarray(confidence), np.asarray(correct)
    contract.check_forecasts(confidence.shape, correct.shape)
    contract.check_bins("reliability_bins", bins, scheme, len(confidence))
    confidence = confidence.astype(np.float64)
    contract.check_confidence(confidence.min(), confidence.max())
    contract.check_correct(bool(np.isin(correct, (0, 1)).all()))
    correct = correct.astype(np.float64)
    if scheme == "width":
        edges = np.arange(bins + 1) / bins
        number = np.searchsorted(edges[1:-1], confidence)  # an edge belongs to the bin below it
    else:
        edges, number, correct = _equal_mass(confidence, correct, bins)
    count = np.bincount(number, minlength=bins)
    sums = np.bincount(number, correct, bins), np.bincount(number, confidence, bins)
    accuracy, mean_confidence = (np.divide(s, count, out=np.full(bins, np.nan), where=count > 0) for s in sums)
    return Bins(edges, count, accuracy, mean_confidence)


def _equal_mass(confidence, correct, bins):
    """Edges, the number of each sample's bin, and the share of right answers among samples of its confidence."""
    n = len(confidence)
    _, tie = np.unique(confidence, return_inverse=True)
    correct = (np.bincount(tie, correct) / np.bincount(tie))[tie]
    sizes = n // bins + (np.arange(bins) < n % bins)
    order = np.argsort(confidence, kind="stable")
    number = np.empty(n, np.intp)
    number[order] = np.repeat(np.arange(bins), sizes)
    first = np.cumsum(sizes)[:-1]  # places of the first sample of each later bin
    ascending = confidence[order]
    edges = np.concatenate([[0.0], (ascending[first - 1] + ascending[first]) / 2, [1.0]])
    return edges, number, correct


def expected_calibration_error(probabilities, labels, bins=15, scheme="width", norm="l1"):
    r"""ECE = sum_m |B_m|/n |acc(B_m) - conf(B_m)|, or with norm "max" the largest gap, MCE; empty bins count nothing.

    The confidence of a sample is its largest probability, whatever the label; the answer is right if that stands at the
    label (the first of equal ones).

    Args:    probabilities: rows sum to 1 within 1e-4. Shape (n, classes), n of at least 1.
             labels: whole numbers. Shape (n,).
             bins, scheme: as in `reliability_bins`.
             norm: "l1" or "max".
    Returns: a float from 0 to 1.
    Raises:  ValueError: as `reliability_bins`; labels outside, rows that are no probabilities, or an unknown norm.
             TypeError: labels or bins that are no whole numbers.
    Source:  Guo et al. (2017), equations 3 and 5; slide "Calibration", which takes the expectation of a mean once more.
             Differs: none.

    Example:
        >>> p = [[0.95, 0.05], [0.1, 0.9], [0.85, 0.15], [0.4, 0.6]]
        >>> round(expected_calibration_error(p, [0, 0, 0, 1], bins=10), 3)
        0.3
        >>> round(expected_calibration_error(p, [0, 0, 0, 1], bins=10, norm="max"), 3)
        0.4
    """
    name, p, labels = "expected_calibration_error", np.asarray(probabilities), np.asarray(labels)
    contract.check_classified(name, labels.dtype, probabilities=p.shape, labels=labels.shape)
    contract.check_norm(name, norm)
    contract.check_bins(name, bins, scheme, len(p))
    contract.check_labels(name, labels.min(), labels.max(), p.shape[1])
    contract.check_probabilities(name, "probabilities", p.min(), _off_one(p))
    answer = p.argmax(axis=1)
    confidence = np.minimum(p[np.arange(len(p)), answer], 1)  # 1 + 1e-7 is a rounded 1
    found = reliability_bins(confidence, answer == labels, bins, scheme)
    filled = found.count > 0
    gap = np.abs(found.accuracy - found.confidence)[filled]
    return float(gap.max() if norm == "max" else found.count[filled] @ gap / len(p))


def _off_one(p):
    """The largest distance of a row's sum from 1."""
    return np.abs(p.sum(axis=-1, dtype=np.result_type(p, np.float32)) - 1).max(initial=0)


class TemperatureScaling:
    r"""softmax(z / T) with the T that makes held-out labels likeliest: one number, found after the training.

    In beta = 1 / T the mean loss L(beta) = 1/n sum_i (log sum_k exp(beta z_ik) - beta z_i,y) is convex:
    L' = 1/n sum_i (E_p[z_i] - z_i,y), L'' = 1/n sum_i Var_p[z_i] with p_i = softmax(beta z_i). Newton's steps
    beta - L' / L'' start at beta = 0, inside bounds that the sign of L' moves; a step that leaves them is replaced by
    their middle. The largest logit never changes its place: the answers stay, only their confidence moves.

    `temperature` is 1.0 until `fit`, then T, a float.

    Args:    none: `fit` finds the only number there is.
    Source:  Guo et al. (2017), section 4.2; slide "Method 1. Temperature Scaling", which drops the bracket of z / T.
             Differs: Newton's method in 1 / T in place of gradient descent or L-BFGS in T.

    Example:
        >>> logits = np.tile([2.0, 0.0], (10, 1))
        >>> scaling = TemperatureScaling().fit(logits, [0] * 8 + [1] * 2)
        >>> round(scaling.temperature, 6)  # 2 / log 4: then softmax says 0.8
        1.442695
        >>> scaling(logits)[0].round(3).tolist()
        [1.386, 0.0]
    """

    def __init__(self):
        self.temperature = 1.0

    def fit(self, logits, labels):
        r"""Find T on held-out samples: not on those of the training, nor on those that will judge.

        Args:    logits: of any size: 1e4 is no harder than 1. Shape (n, classes), n of at least 1.
                 labels: whole numbers. Shape (n,).
        Returns: itself.
        Raises:  ValueError: shapes that do not fit, labels outside, inf or NaN, every answer right (T would be 0), or
                 logits worse than guessing (1 / T would be at most 0).
                 TypeError: labels that are no whole numbers.
        """
        z, labels = np.asarray(as_tensor(logits).data), np.asarray(labels)
        contract.check_classified("TemperatureScaling", labels.dtype, logits=z.shape, labels=labels.shape)
        contract.check_labels("TemperatureScaling", labels.min(), labels.max(), z.shape[1])
        contract.check_finite("TemperatureScaling", bool(np.isfinite(z).all()), "logits")
        z = z.astype(np.float64)
        z = z - z.max(axis=1, keepdims=True)  # no softmax changes, no exponential overflows
        at_label = z[np.arange(len(z)), labels].mean()
        contract.check_optimum(z.mean() - at_label, -at_label)
        self.temperature = float(1 / _newton(z, at_label))
        return self

    def __call__(self, logits):
        """Logits / T, as an array of an array and a Tensor of a Tensor."""
        return (logits if isinstance(logits, Tensor) else np.asarray(logits)) / self.temperature


def _newton(z, at_label):
    """The root of L'(beta); `z` has 0 as the largest logit of each row."""
    beta, low, high = 0.0, 0.0, np.inf
    for _ in range(contract.NEWTON_STEPS):
        slope, curvature = _slope_and_curvature(z, at_label, beta)
        low, high = (beta, high) if slope < 0 else (low, beta)
        limit = high if high < np.inf or low == 0 else contract.GROWTH * low
        step = beta - slope / curvature if curvature > 0 else np.inf
        if not low <= step <= high:
            step = (low + high) / 2 if high < np.inf else limit
        step = min(step, limit)
        if abs(step - beta) <= contract.PRECISION * beta:
            return step
        beta = step
    contract.check_converged(False)


def _slope_and_curvature(z, at_label, beta):
    """L' and L'' of the mean loss: how far the expected logit is above the label's, and its variance."""
    p = np.exp(beta * z)
    p /= p.sum(axis=1, keepdims=True)
    mean = (p * z).sum(axis=1)
    return mean.mean() - at_label, (p * (z - mean[:, None]) ** 2).sum(axis=1).mean()


def conditional_risk(posterior, loss):
    r"""R(a_i|x) = sum_j lambda(a_i|w_j) p(w_j|x): what each action is expected to cost.

    Args:    posterior: p(w_j|x), rows sum to 1 within 1e-4. Shape (n, classes), or any axes before the classes.
             loss: lambda(a_i|w_j), the cost of action i if j is true: a row for each action. Fixed beforehand: it does
                 not depend on the posterior. Shape (actions, classes).
    Returns: float64, in the unit of the loss. Shape (n, actions).
    Raises:  ValueError: shapes that do not fit, rows that are no probabilities, or a loss that is not finite.
    Source:  Duda, Hart and Stork, "Pattern Classification"; slide "Chapter 12: Bayesian Decision". Differs: none.

    Example:
        >>> loss = [[0, 1], [4, 0]]  # actions: treat, send home; classes: cancer, normal
        >>> conditional_risk([[0.1, 0.9], [0.5, 0.5]], loss).tolist()
        [[0.9, 0.4], [0.5, 2.0]]
    """
    return _risk("conditional_risk", posterior, loss)


def bayes_action(posterior, loss):
    r"""arg min_i R(a_i|x): the action that is expected to cost least, the first of equal ones.

    Args:    posterior, loss: as in `conditional_risk`.
    Returns: whole numbers, rows of `loss`. Shape (n,).
    Raises:  ValueError: as `conditional_risk`.
    Source:  Duda, Hart and Stork, "Pattern Classification". Differs: none.

    Example:
        >>> bayes_action([[0.1, 0.9], [0.5, 0.5]], [[0, 1], [4, 0]]).tolist()
        [1, 0]
    """
    return _risk("bayes_action", posterior, loss).argmin(axis=-1)


def _risk(operation, posterior, loss):
    posterior, loss = np.asarray(posterior, np.float64), np.asarray(loss, np.float64)
    contract.check_risk(operation, posterior.shape, loss.shape)
    contract.check_probabilities(operation, "posterior", posterior.min(initial=0), _off_one(posterior))
    contract.check_finite(operation, bool(np.isfinite(loss).all()), "loss")
    return posterior @ loss.T
