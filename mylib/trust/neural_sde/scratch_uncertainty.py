"""Uncertainty in two parts, from several passes, and how well a score finds what is outside; in NumPy."""

import numpy as np

from mylib.trust.neural_sde import contract
from mylib.trust.neural_sde.contract import Uncertainty


def classification_uncertainty(probabilities):
    r"""Entropy of the mean over passes = mean of the entropies + what is left, the mutual information.

    total = H(mean_k p_k),  aleatoric = mean_k H(p_k),  epistemic = total - aleatoric,  H(p) = -sum_c p_c log p_c.

    0 log 0 counts as 0. Epistemic is 0 where all passes say the same, at most log(classes) where each is sure of
    another class. Computed in float64.

    Args:    probabilities: p of each pass. Shape (passes, n, classes).
    Returns: `Uncertainty` of float64 arrays, nats. Each of shape (n,).
    Raises:  ValueError: another number of axes, no pass, entries below 0, or rows that do not add up to 1 within 1e-4.
    Source:  Depeweg et al. (2018), Kendall and Gal (2017) for the names; slide "Contribution" for what it claims.
             Differs: Kong, Sun, Zhang (2020) take the variance of the state at the end for epistemic.

    Example:
        >>> sure_but_divided = classification_uncertainty([[[1.0, 0.0]], [[0.0, 1.0]]])
        >>> [part.round(4).tolist() for part in sure_but_divided]
        [[0.6931], [0.0], [0.6931]]
    """
    p = np.asarray(probabilities, np.float64)
    contract.check_probabilities(p.shape)
    contract.check_rows(p.min(initial=1), np.abs(p.sum(axis=-1) - 1).max(initial=0))
    total, aleatoric = _entropy(p.mean(axis=0)), _entropy(p).mean(axis=0)
    return Uncertainty(total, aleatoric, np.maximum(total - aleatoric, 0))  # below 0 by rounding only: H is concave


def _entropy(p):
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), axis=-1)


def regression_uncertainty(means, stds):
    r"""Variance of a mixture of normal distributions: mean of the variances + variance of the means.

    aleatoric = mean_k s_k^2,  epistemic = mean_k (mu_k - mean mu)^2,  total = their sum.

    Args:    means: mu of each pass. Shape (passes, n).
             stds: s of each pass, at least 0. Shape (passes, n).
    Returns: `Uncertainty` of float64 arrays, the target's unit squared. Each of shape (n,).
    Raises:  ValueError: other shapes, no pass, or a deviation below 0.
    Source:  elementary, the law of total variance; Kendall and Gal (2017). Differs: none; divided by the number of
             passes.

    Example:
        >>> [part.tolist() for part in regression_uncertainty([[1.0], [3.0]], [[1.0], [2.0]])]
        [[3.5], [2.5], [1.0]]
    """
    mu, s = np.asarray(means, np.float64), np.asarray(stds, np.float64)
    contract.check_passes(mu.shape, s.shape)
    contract.check_deviations("regression_uncertainty", s[~(s >= 0)].tolist(), zero_allowed=True)
    aleatoric, epistemic = (s**2).mean(axis=0), ((mu - mu.mean(axis=0)) ** 2).mean(axis=0)
    return Uncertainty(aleatoric + epistemic, aleatoric, epistemic)


def auroc(scores_in, scores_out):
    r"""The share of pairs in which what is outside has the higher score; a tie counts half. 1/2 is chance.

    It is the area under the curve of hits against false alarms over all thresholds. In pairs,
    mean_ij [out_j > in_i] + [out_j = in_i] / 2; here from ranks, in n log n: the outside ones' ranks among all, equal
    scores sharing their mean rank, add up to m (m + 1) / 2 more than the number of pairs won.

    Args:    scores_in: of data. Shape (n,).
             scores_out: of what is outside. Shape (m,).
    Returns: a number from 0 to 1.
    Raises:  ValueError: other shapes, an empty side, or NaN.
    Source:  Mann and Whitney (1947); Hanley and McNeil (1982). Differs: none.

    Example:
        >>> auroc([0.1, 0.4], [0.4, 0.8])  # (1 + 1/2 + 1 + 1) / 4
        0.875
    """
    inside, outside = np.asarray(scores_in), np.asarray(scores_out)
    contract.check_scores(inside.shape, outside.shape)
    every = np.concatenate([inside, outside])
    contract.check_no_nan("auroc", np.isnan(every).any())
    _, place, counts = np.unique(every, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[place]  # from 1; equal scores share their mean
    n, m = len(inside), len(outside)
    return float((ranks[n:].sum() - m * (m + 1) / 2) / (n * m))
