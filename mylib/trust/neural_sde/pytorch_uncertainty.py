"""Uncertainty in two parts, and how well a score finds what is outside; in PyTorch, values checked on the CPU only."""

import torch

from mylib.shared.devices import at_least_float32, on_cpu, widest_float
from mylib.trust.neural_sde import contract
from mylib.trust.neural_sde.contract import Uncertainty


def classification_uncertainty(probabilities):
    r"""Entropy of the mean = mean entropy + mean divergence of each pass from the mean, sum_c p_c log(p_c / mean_c).

    The second part is computed as such, not as a difference; in the precision given, float32 at least.

    Returns: `Uncertainty` of tensors, nats. Each of shape (n,).
    """
    contract.check_probabilities(probabilities.shape)
    p = at_least_float32(probabilities)
    if on_cpu(p) and p.numel():
        contract.check_rows(p.min().item(), (p.sum(dim=-1) - 1).abs().max().item())
    mean = p.mean(dim=0)
    divergence = (torch.xlogy(p, p) - torch.xlogy(p, mean)).sum(dim=-1).mean(dim=0).clamp(min=0)
    return Uncertainty(torch.special.entr(mean).sum(dim=-1), torch.special.entr(p).sum(dim=-1).mean(dim=0), divergence)


def regression_uncertainty(means, stds):
    r"""Mean of the squares + variance of the means (divided by the number of passes), in float32 at least.

    Returns: `Uncertainty` of tensors, the target's unit squared. Each of shape (n,).
    """
    contract.check_passes(means.shape, stds.shape)
    if on_cpu(stds) and not (right := stds >= 0).all():
        contract.check_deviations("regression_uncertainty", stds[~right].tolist(), zero_allowed=True)
    noise = torch.linalg.vector_norm(at_least_float32(stds), dim=0).square() / len(stds)
    spread = (means := at_least_float32(means)).sub(means.mean(dim=0)).square().mean(dim=0)
    return Uncertainty(noise + spread, noise, spread)


def auroc(scores_in, scores_out):
    r"""The share of pairs in which what is outside has the higher score, by binary search in the sorted inside ones.

    Returns: float64 tensor without axes, float32 on "mps".
    """
    contract.check_scores(scores_in.shape, scores_out.shape)
    kind = torch.promote_types(scores_in.dtype, scores_out.dtype)
    inside, outside = scores_in.to(kind).sort().values.contiguous(), scores_out.to(kind).contiguous()
    if on_cpu(inside) and inside.is_floating_point():
        contract.check_no_nan("auroc", bool(inside[-1].isnan() | outside.isnan().any()))
    below = torch.searchsorted(inside, outside)
    not_above = torch.searchsorted(inside, outside, right=True)
    return (below + not_above).sum().to(widest_float(inside.device)) / (2 * len(inside) * len(outside))
