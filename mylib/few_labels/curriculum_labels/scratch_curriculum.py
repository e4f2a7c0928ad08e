r"""Curriculum pseudo-labels in NumPy: how many images each class has won so far, and how far that lowers its bar."""

import numpy as np

from mylib.few_labels.curriculum_labels import contract


def learning_effect(remembered, classes):
    r"""sigma(c) = sum_n 1[u_n = c]: how many unlabelled images are remembered as class c.

    u_n is the class that image n was last given with more than tau, -1 as long as that has not happened.

    Args:    remembered: u, integers from -1 to classes - 1. Shape (n,).
             classes: C.
    Returns: int64. Shape (classes,).
    Raises:  ValueError: another shape, or numbers out of range. TypeError: no integers.
    Source:  Zhang et al. (2021), algorithm 1, line 5. Differs: the slide's sum over max p > tau needs all N images in
             every step; what is remembered needs none. It also closes a bracket too late: arg max(p) = c.

    Example:
        >>> learning_effect([0, 2, 0, -1], 3).tolist()
        [2, 0, 1]
    """
    remembered = np.asarray(remembered)
    limits = (remembered.min(), remembered.max()) if remembered.size else ()
    contract.check_remembered(remembered.shape, classes, remembered.dtype.kind in "iu", *limits)
    return np.bincount(remembered + 1, minlength=classes + 1)[1:].astype(np.int64)  # -1 is counted first, and dropped


def normalised_effect(counts, unused=None):
    r"""beta(c) = sigma(c) / max(max_c sigma(c), unused), or sigma(c) / max_c sigma(c) without warm-up.

    The class that is learned best has 1, or less while images that were never used are more than it has.

    Args:    counts: sigma, at least 0. Shape (classes,).
             unused: N - sum_c sigma(c), how many images are remembered as none; None: no warm-up.
    Returns: beta, from 0 to 1; all 0 where nothing was counted. Shape (classes,).
    Raises:  ValueError: another shape, or numbers below 0.
    Source:  Zhang et al. (2021), equations 6 and 11. Differs: the slide writes "N sum sigma" for N - sum sigma.

    Example:
        >>> normalised_effect([4, 1, 0], unused=5).tolist(), normalised_effect([4, 1, 0]).tolist()
        ([0.8, 0.2, 0.0], [1.0, 0.25, 0.0])
    """
    counts = np.asarray(counts)
    contract.check_counts(counts.shape, unused, counts.min(initial=0))
    most = max(counts.max(), 0 if unused is None else unused)
    return counts / most if most else np.zeros(len(counts))


def flexible_threshold(effect, threshold=0.95, mapping="convex"):
    r"""T(c) = M(beta(c)) tau: a class that is learned less well has a lower bar.

    M(x) = x / (2 - x) is convex: it grows slowly at first. "linear": x; "concave": log(1 + x) / log 2. All have
    M(0) = 0 and M(1) = 1.

    Args:    effect: beta, from 0 to 1. Shape (classes,).
             threshold: tau.
             mapping: "convex", "linear" or "concave".
    Returns: T. Shape (classes,).
    Raises:  ValueError: another shape or mapping, or numbers outside [0, 1].
    Source:  Zhang et al. (2021), equation 7 and figure 4; slide "Threshold warm-up". Differs: none.

    Example:
        >>> flexible_threshold([1.0, 0.25, 0.0], threshold=0.9).round(6).tolist()
        [0.9, 0.128571, 0.0]
    """
    x = np.asarray(effect, dtype=float)
    contract.check_effect(x.shape, threshold, mapping, x.min(initial=0), x.max(initial=0))
    if mapping == "convex":
        x = x / (2 - x)
    elif mapping == "concave":
        x = np.log1p(x) / np.log(2)
    return x * threshold
