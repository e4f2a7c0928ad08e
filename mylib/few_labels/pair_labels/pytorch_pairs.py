r"""Guesses, how alike they are, and the pair loss, on the device of the argument."""

import torch
import torch.nn.functional as F

from mylib.few_labels.pair_labels import contract
from mylib.few_labels.pair_labels.modes import evaluating
from mylib.shared.devices import at_least_float32, on_cpu, without_autocast


def sharpen(probabilities, temperature=0.5):
    r"""q_c^(1/T) / sum_k q_k^(1/T), as the softmax of log q / T; values are looked at on the CPU only."""
    contract.check_sharpen(probabilities.shape, temperature)
    _check_rows("sharpen", "probabilities", probabilities)
    return F.softmax(probabilities.log() / temperature, dim=-1)


@torch.no_grad()
def average_pseudo_label(model, views, temperature=0.5):
    r"""q = sharpen((1/K) sum_k softmax(f(w_k))), all views in one forward pass, computed with logarithms throughout.

    The constant 1/K cancels in the sharpened guess.
    """
    contract.check_views(views.shape, views.dtype, temperature)
    with evaluating(model):
        logits = model(views.flatten(0, 1)).unflatten(0, views.shape[:2])
    log_sum = F.log_softmax(at_least_float32(logits), dim=2).logsumexp(dim=0)  # log sum_k p_k: (n, classes)
    return F.softmax(log_sum / temperature, dim=1)


def bhattacharyya(p, q):
    r"""BC(p, q) = sum_c sqrt(p_c q_c), in float32 at least; values are looked at on the CPU only."""
    contract.check_bhattacharyya(p.shape, q.shape)
    p, q = at_least_float32(p), at_least_float32(q)
    _check_rows("bhattacharyya", "p", p)
    _check_rows("bhattacharyya", "q", q)
    both = (p > 0) & (q > 0)  # elsewhere the product is 0 and the root's slope infinite
    p, q = (torch.where(both, one, 1) for one in torch.broadcast_tensors(p, q))
    return torch.where(both, p.sqrt() * q.sqrt(), 0).sum(dim=-1)


def pair_loss(logits, pseudo_labels, confidence=0.95, similarity=0.9):
    r"""L_P = 1/(n (n-1)/2) sum_(i != j) w_ij (1 - BC(q_i, p_j)), w_ij = 1[max q_i > tau_c] phi(BC(q_i, q_j)).

    The sum over anchors i is done before p comes in: with s_j = sum_i w_ij sqrt(q_i) it is sum_ij w_ij - sum_j s_j .
    sqrt(p_j), so that the graph holds (n, classes) and one matrix of (n, n) is made in all. In float32 at least, also
    under autocast: near 1 bfloat16 knows BC to 1/256. Values are looked at on the CPU only.
    """
    contract.check_pairs("pair_loss", logits.shape, pseudo_labels.shape, confidence, similarity)
    _check_rows("pair_loss", "pseudo_labels", pseudo_labels)
    n = len(logits)
    with without_autocast(logits.device):
        total, pull = _pull(at_least_float32(pseudo_labels.detach()), confidence, similarity)
        root_p = (F.log_softmax(at_least_float32(logits), dim=1) / 2).exp()
        return (total - (pull.to(root_p.dtype) * root_p).sum()) / max(n * (n - 1) / 2, 1)


@torch.no_grad()
def _pull(q, confidence, similarity):
    """sum_ij w_ij, and for each view j what its anchors pull towards, sum_i w_ij sqrt(q_i). Shape (n, classes)."""
    root_q = q.sqrt()
    alike = (root_q @ root_q.T).clamp(max=1)  # rounding must not lift it above tau_s = 1
    sure = q.amax(dim=1, keepdim=True).clamp(max=1) > confidence
    weight = alike.where(sure & (alike > similarity), 0).fill_diagonal_(0)
    return weight.sum(), weight.T @ root_q


def _check_rows(operation, name, values):
    if on_cpu(values) and values.numel():
        totals = values.detach().sum(dim=-1).flatten()
        worst = (totals - 1).abs().argmax()
        contract.check_rows(operation, name, totals[worst].item(), values.detach().amin().item())
