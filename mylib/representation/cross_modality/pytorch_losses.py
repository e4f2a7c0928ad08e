"""The two gaps, in PyTorch: the hardest images are looked up in one matrix, and only their distances are learned."""

import torch
import torch.nn.functional as F

from mylib.representation.cross_modality import contract
from mylib.shared.devices import at_least_float32, on_cpu


def hardest_triplet_loss(anchors, candidates, labels_anchor, labels_candidate, margin=0.3):
    r"""1/M sum_i [ alpha + max_{j: y_j = y_i} D(a_i, c_j) - min_{k: y_k != y_i} D(a_i, c_k) ]_+, one direction.

    The matrix of distances serves to choose and has no gradient; the chosen ones are found again from differences, so
    that small ones keep their digits, and backward costs rows x dim. In half precision the distances are float32. On a
    GPU nobody looks whether an anchor has a positive and a negative: without, the loss is NaN.
    """
    operation = "hardest_triplet_loss"
    a, b, same = _pairs(operation, anchors, candidates, labels_anchor, labels_candidate, margin)
    _check_partners(operation, same)
    return _direction(a, b, torch.cdist(a.detach(), b.detach()), same, margin)


def cross_modality_gap(features_a, features_b, labels_a, labels_b, margin=0.3):
    r"""L_{A-B} + L_{B-A}, both from one matrix of distances."""
    operation = "cross_modality_gap"
    a, b, same = _pairs(operation, features_a, features_b, labels_a, labels_b, margin)
    _check_partners(operation, same)
    _check_partners(operation, same.T)
    distances = torch.cdist(a.detach(), b.detach())  # in float32 under autocast too
    return _direction(a, b, distances, same, margin) + _direction(b, a, distances.T, same.T, margin)


def modality_respective_gap(logits, labels):
    r"""sum over modalities m of 1/B_m sum_b -log softmax(z^m_b)[y^m_b]."""
    contract.check_list("logits", logits)
    contract.check_list("labels", labels)
    contract.check_modalities([z.shape for z in logits], [y.shape for y in labels])
    losses = []
    for z, y in zip(logits, labels, strict=True):
        limits = (int(y.min()), int(y.max())) if on_cpu(y) and y.numel() else (0, 0)
        contract.check_labels("modality_respective_gap", str(y.dtype), *limits, z.shape[1])
        losses.append(F.cross_entropy(at_least_float32(z), y.long()))
    return torch.stack(losses).sum()


def _pairs(operation, a, b, labels_a, labels_b, margin):
    contract.check_triplets(operation, a.shape, b.shape, labels_a.shape, labels_b.shape, margin)
    for side in (labels_a, labels_b):
        contract.check_labels(operation, str(side.dtype))
    return at_least_float32(a), at_least_float32(b), labels_a[:, None] == labels_b


def _check_partners(operation, same):
    if on_cpu(same):
        alone, crowd = ~same.any(dim=1), same.all(dim=1)
        contract.check_partners(operation, *(rows.nonzero()[:, 0].tolist() for rows in (alone, crowd)))


def _direction(a, b, distances, same, margin):
    """The loss of rows a; `distances` and `same` have a row for each of them."""
    positive = distances.masked_fill(~same, -torch.inf).argmax(dim=1)
    negative = distances.masked_fill(same, torch.inf).argmin(dim=1)
    hinges = F.relu(margin + _distance(a, b[positive]) - _distance(a, b[negative]))
    complete = same.any(dim=1) & ~same.all(dim=1)
    return torch.where(complete, hinges, torch.nan).mean()


def _distance(a, b):
    return (a - b).square().sum(1).clamp_min(contract.LEAST_SQUARE).sqrt()
