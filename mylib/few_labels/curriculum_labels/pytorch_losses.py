"""The losses on images without labels, in PyTorch: nothing in them waits for the device."""

import torch
import torch.nn.functional as F

from mylib.few_labels.curriculum_labels import contract
from mylib.shared.devices import at_least_float32, on_cpu


def entropy(logits):
    r"""H(p) = -sum_c p_c log p_c with p = softmax(logits), in nats: the cross-entropy of p with itself, in float32."""
    contract.check_entropy(logits.shape)
    logits = at_least_float32(logits)
    return F.cross_entropy(logits, logits.softmax(dim=-1), reduction="none")


def consistency_loss(logits_weak, logits_strong, threshold=0.95, hard=True, temperature=1.0):
    r"""1/n sum_i 1[max q_i > T(c_i)] H(target_i, p_i); which images were used stays on the device.

    On a GPU nobody looks whether thresholds for each class lie in [0, 1].
    """
    weak, strong = at_least_float32(logits_weak.detach()), at_least_float32(logits_strong)
    each = isinstance(threshold, torch.Tensor) and threshold.ndim > 0
    contract.check_consistency(weak.shape, strong.shape, temperature, threshold.shape if each else ())
    if not isinstance(threshold, torch.Tensor):
        contract.check_thresholds("consistency_loss", threshold, threshold)
    elif on_cpu(threshold):
        contract.check_thresholds("consistency_loss", threshold.min().item(), threshold.max().item())
    confidence, guess = weak.softmax(dim=-1).max(dim=-1)
    used = confidence > (threshold[guess] if each else threshold)
    target = guess if hard else (weak / temperature).softmax(dim=-1).to(strong.dtype)
    return torch.where(used, F.cross_entropy(strong, target, reduction="none"), 0.0).mean(), used


def l2_consistency_loss(logits, pseudo_labels):
    r"""1/(C n) sum_j ||q_j - p_j||^2 with p = softmax(logits); sums of rows are looked at on the CPU only."""
    contract.check_soft_labels(logits.shape, pseudo_labels.shape)
    logits, q = at_least_float32(logits), at_least_float32(pseudo_labels.detach())
    if on_cpu(q):
        sums = q.sum(dim=-1)
        contract.check_sums(sums.min().item(), sums.max().item())
    return F.mse_loss(logits.softmax(dim=-1), q.to(logits.dtype))
