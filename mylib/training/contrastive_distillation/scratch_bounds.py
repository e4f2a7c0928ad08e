"""How much a critic proves, in NumPy: yes-or-no answers become a lower bound of mutual information."""

import math

import numpy as np

from mylib.engine import as_tensor, sigmoid
from mylib.training.contrastive_distillation import contract

TINY = 1e-24  # under the root: a vector of zeros has no direction, and no gradient that is not a number


def critic(t, s, temperature, negatives, size):
    r"""h(T, S) = e^x / (e^x + N/M) with x = cos(t, s) / tau: are both representations of the same image?

    It is a sigmoid of the logit x - log(N/M), so that neither e^x nor the fraction is ever formed.

    Args:    t, s: projected representations of teacher and student, brought to unit length inside. Shape (batch, dim).
             temperature: tau above 0.
             negatives: N, at least 1.
             size: M, training images.
    Returns: h of each pair of rows. Shape (batch,).
    Raises:  ValueError: shapes that do not fit, or an option outside of its range.
    Source:  Tian, Krishnan and Isola (2020), equation 19; slide "Maximize MI bound". Differs: none.

    Example:
        >>> critic([[2.0, 0.0]], [[0.0, 1.0]], temperature=0.5, negatives=3, size=9).numpy().round(6).tolist()
        [0.75]
    """
    t, s = as_tensor(t), as_tensor(s)
    contract.check_critic(t.shape, s.shape, temperature, negatives, size)
    return sigmoid((unit(t) * unit(s)).sum(axis=-1) / temperature - math.log(negatives / size))


def critic_objective(h_joint, h_independent):
    r"""L_critic(h) = E_joint log h + N E_independent log(1 - h), which the best critic makes largest.

    The second part is the sum over the N negatives of the mean over the batch.

    Args:    h_joint: answers for pairs of the same image, above 0. Shape (batch,).
             h_independent: answers for pairs of different images, below 1. Shape (batch, N).
    Returns: a scalar, at most 0.
    Raises:  ValueError: shapes that do not fit, or an answer whose logarithm is infinite.
    Source:  Tian, Krishnan and Isola (2020), equation 8. Differs: the slide prints 1 - log h in the second part, which
             is no bound: it grows without limit as h goes to 0.

    Example:
        >>> round(critic_objective([0.5], [[0.5, 0.75]]).item(), 6)  # log 1/2 + log 1/2 + log 1/4 = -4 log 2
        -2.772589
    """
    joint, independent = as_tensor(h_joint), as_tensor(h_independent)
    contract.check_objective(joint.shape, independent.shape)
    contract.check_answers([*_outside(joint.data), *_outside(1 - independent.data)])
    return joint.log().mean() + (1 - independent).log().mean(axis=0).sum()


def optimal_critic(ratio, negatives):
    r"""h* = q(C = 1 | T, S) = r / (r + N), r = p(T, S) / (p(T) p(S)): Bayes' rule with one true pair and N false.

    Args:    ratio: r, finite and at least 0. Any shape.
             negatives: N.
    Returns: h*. Shape of ratio.
    Raises:  ValueError: a ratio that is negative or not finite, N below 1.
    Source:  Tian, Krishnan and Isola (2020), equation 5; slide "Mutual Information Lower Bound". Differs: none.

    Example:
        >>> optimal_critic([1.0, 3.0, 0.0], negatives=3).tolist()
        [0.25, 0.5, 0.0]
    """
    contract.check_negatives("optimal_critic", negatives)
    ratio = as_tensor(ratio).data * 1.0
    contract.check_ratio(ratio[~((ratio >= 0) & np.isfinite(ratio))].tolist())
    return ratio / (ratio + negatives)


def mutual_information_bound(objective, negatives):
    r"""I(T; S) >= log N + objective, in nats.

    The objective is E_joint log h* for the tighter bound (1), which needs the true posterior, or `critic_objective` of
    any critic at all for bound (4). With the best critic and growing N, (1) tends to I and (4) to I - 1.

    Args:    objective: number, array or Tensor.
             negatives: N.
    Returns: the bound, of the objective's type.
    Raises:  ValueError: N below 1.
    Source:  Tian, Krishnan and Isola (2020), equations 6 and 9 to 12; slide "Maximize MI bound". Differs: none.

    Example:
        >>> round(mutual_information_bound(-2.0, negatives=100), 6)
        2.60517
    """
    contract.check_negatives("mutual_information_bound", negatives)
    return objective + math.log(negatives)


def gaussian_mutual_information(correlation):
    r"""I = -1/2 sum log(1 - rho^2), in nats: of two Gaussians, or of independent pairs of them, one rho each.

    Args:    correlation: rho between -1 and 1. Any shape.
    Returns: a number, summed over all entries.
    Raises:  ValueError: a correlation of 1 or more, or of -1 or less.
    Source:  Cover and Thomas (2006), example 8.5.1. Differs: none.

    Example:
        >>> round(gaussian_mutual_information(0.9), 4)
        0.8304
    """
    rho = np.asarray(correlation, np.float64)
    contract.check_correlation(rho[~(np.abs(rho) < 1)].tolist())
    return float(-0.5 * np.log((1 - rho) * (1 + rho)).sum())  # 1 - rho^2 would lose digits near 1


def unit(v):
    """v / ||v|| along the last axis, as a Tensor."""
    return v / ((v * v).sum(axis=-1, keepdims=True) + TINY).sqrt()


def _outside(h):
    """Answers that are not in (0, 1]."""
    return h[~((h > 0) & (h <= 1))].tolist()
