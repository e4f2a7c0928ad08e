"""Curriculum pseudo-labels in PyTorch: counts, shares and thresholds stay on the device, in float64 where it has it."""

import math

import torch

from mylib.few_labels.curriculum_labels import contract
from mylib.shared.devices import on_cpu, widest_float


def learning_effect(remembered, classes):
    r"""sigma(c) = sum_n 1[u_n = c]; on a GPU nobody looks whether the numbers are in range."""
    limits = ()
    if on_cpu(remembered) and remembered.numel():
        limits = tuple(one.item() for one in remembered.aminmax())
    contract.check_remembered(remembered.shape, classes, _whole(remembered), *limits)
    # Every image adds 1 to its class; those without one to a place that is cut off. bincount would wait for a GPU.
    counts = torch.zeros(classes + 1, dtype=torch.int64, device=remembered.device)
    place = torch.where(remembered < 0, classes, remembered.long())
    return counts.scatter_add_(0, place, torch.ones_like(place))[:classes]


def normalised_effect(counts, unused=None):
    r"""beta(c) = sigma(c) / max(max_c sigma(c), unused), 0 / 0 = 0; `unused` may be a tensor on the device."""
    waits = isinstance(unused, torch.Tensor) and not on_cpu(unused)
    lowest = counts.min().item() if on_cpu(counts) and counts.numel() else None
    number = unused.item() if isinstance(unused, torch.Tensor) and not waits else unused
    contract.check_counts(counts.shape, None if waits else number, lowest)
    sigma = counts if counts.is_floating_point() else counts.to(widest_float(counts.device))
    most = sigma.max() if unused is None else sigma.max().clamp(min=unused)
    return torch.where(most > 0, sigma / most, 0.0)


def flexible_threshold(effect, threshold=0.95, mapping="convex"):
    r"""T(c) = M(beta(c)) tau."""
    limits = tuple(one.item() for one in effect.aminmax()) if on_cpu(effect) and effect.numel() else ()
    contract.check_effect(effect.shape, threshold, mapping, *limits)
    mapped = {"convex": lambda x: x / (2 - x), "linear": lambda x: x, "concave": lambda x: x.log1p() / math.log(2)}
    return threshold * mapped[mapping](effect)


def _whole(values):
    return not (values.is_floating_point() or values.is_complex() or values.dtype == torch.bool)
