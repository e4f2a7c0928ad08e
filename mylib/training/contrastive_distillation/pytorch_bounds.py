"""How much a critic proves, in PyTorch: fused forms, in float32 at least."""

import math

import torch
import torch.nn.functional as F

from mylib.shared.devices import at_least_float32, on_cpu
from mylib.training.contrastive_distillation import contract


def critic(t, s, temperature, negatives, size):
    r"""h(T, S) = e^x / (e^x + N/M) with x = cos(t, s) / tau."""
    contract.check_critic(t.shape, s.shape, temperature, negatives, size)
    cosines = F.cosine_similarity(at_least_float32(t), at_least_float32(s), dim=1, eps=1e-12)
    return torch.sigmoid(cosines / temperature + math.log(size / negatives))


def critic_objective(h_joint, h_independent):
    r"""L_critic(h) = E_joint log h + N E_independent log(1 - h), the second logarithm by log1p."""
    contract.check_objective(h_joint.shape, h_independent.shape)
    joint, independent = at_least_float32(h_joint), at_least_float32(h_independent)
    if on_cpu(joint) and on_cpu(independent):
        outside = joint[~((joint > 0) & (joint <= 1))], independent[~((independent >= 0) & (independent < 1))]
        contract.check_answers(torch.cat(outside).tolist())
    return joint.log().mean() + torch.log1p(-independent).sum(dim=1).mean()


def optimal_critic(ratio, negatives):
    r"""h* = q(C = 1 | T, S) = r / (r + N), r = p(T, S) / (p(T) p(S)); a number counts as float64."""
    contract.check_negatives("optimal_critic", negatives)
    ratio = _floating(ratio)
    if on_cpu(ratio):
        contract.check_ratio(ratio[~(ratio.isfinite() & (ratio >= 0))].tolist())
    return ratio / (ratio + negatives)


def mutual_information_bound(objective, negatives):
    r"""I(T; S) >= log N + objective, in nats."""
    contract.check_negatives("mutual_information_bound", negatives)
    return math.log(negatives) + objective


def gaussian_mutual_information(correlation):
    r"""I = -1/2 sum log(1 - rho^2), in nats; a number counts as float64.

    Returns: a scalar tensor, summed over all entries.
    """
    rho = _floating(correlation)
    if on_cpu(rho):
        contract.check_correlation(rho[~(rho.abs() < 1)].tolist())
    return -(torch.log1p(rho) + torch.log1p(-rho)).sum() / 2


def _floating(values):
    if not torch.is_tensor(values):
        return torch.as_tensor(values, dtype=torch.float64)
    return at_least_float32(values)
