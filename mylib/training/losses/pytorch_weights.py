"""Which mistakes count, in PyTorch: rare classes by their weight, hard examples by a power of what is missing to 1."""

import torch
import torch.nn.functional as F

from mylib.shared.devices import at_least_float32, on_cpu, widest_float
from mylib.training.losses import contract


def class_weights(labels, classes):
    r"""alpha_k = n / (K n_k): a rare class counts more. To be called once, not in every step: it looks at its result.

    Returns: tensor on the device of the labels, float64 where the device has it. Shape (classes,).
    """
    contract.check_counting(labels.shape, classes)
    labels = class_numbers("class_weights", labels, classes)
    counts = (labels[:, None] == torch.arange(classes, device=labels.device)).sum(dim=0)
    if not torch.compiler.is_compiling():
        contract.check_present(torch.nonzero(counts == 0).flatten().tolist())
    return labels.numel() / (classes * counts.to(widest_float(labels.device)))


def balanced_cross_entropy(logits, labels, alpha, reduction="mean"):
    r"""-alpha_y log p_t, with p = softmax(z) and p_t = p at the label y, by torch's own weighted cross-entropy.

    Returns: a number, or shape (batch,) for "none".
    """
    z, labels, alpha = _checked("balanced_cross_entropy", logits, labels, alpha, reduction)
    summed = F.cross_entropy(z, labels, weight=alpha, reduction="none" if reduction == "none" else "sum")
    return summed / len(z) if reduction == "mean" else summed


def focal_loss(logits, labels, gamma=2.0, alpha=None, reduction="mean"):
    r"""-alpha_y (1 - p_t)^gamma log p_t, with (1 - p_t)^gamma as exp(gamma log(1 - p_t)).

    log(1 - p_t) is the logsumexp of the rivals' log p_k: it is finite, and so is its gradient, where p_t rounds to 1.

    Returns: a number, or shape (batch,) for "none".
    """
    z, labels, alpha = _checked("focal_loss", logits, labels, alpha, reduction, gamma)
    log_p = F.log_softmax(z, dim=1)
    own = labels[:, None]
    losses = -log_p.gather(1, own)[:, 0]
    if gamma:  # without: nothing to multiply with
        missing = log_p.scatter(1, own, -torch.inf).logsumexp(dim=1)
        losses = losses * torch.exp(gamma * missing)
    if alpha is not None:
        losses = losses * alpha[labels]
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


def class_numbers(operation, labels, classes):
    """Labels as int64; on the CPU each of them is a class, elsewhere nobody looks."""
    contract.check_label_type(operation, str(labels.dtype), labels.numel())
    labels = labels.long()
    if on_cpu(labels):
        contract.check_labels(operation, labels[(labels < 0) | (labels >= classes)].tolist(), classes)
    return labels


def _checked(operation, logits, labels, alpha, reduction, gamma=0.0):
    """Scores in float32 at least, labels, and weights of the same type on the same device."""
    alpha = None if alpha is None else torch.as_tensor(alpha)
    contract.check_weighting(operation, logits.shape, labels.shape, None if alpha is None else alpha.shape, gamma)
    contract.check_reduction(operation, reduction, len(logits), ("mean", "sum", "none"))
    if alpha is not None:
        if on_cpu(alpha):
            contract.check_alpha(operation, alpha[~((alpha >= 0) & (alpha < torch.inf))].tolist())
        alpha = alpha.to(logits.device, torch.promote_types(logits.dtype, torch.float32))
    return at_least_float32(logits), class_numbers(operation, labels, logits.shape[1]), alpha
