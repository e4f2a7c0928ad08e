r"""Pairs of pseudo-labels, in NumPy: SimPLE.

Notation: f is the model, p = softmax(f(v)) of a strongly augmented view v, q the pseudo-label of its image, c a class;
n views stand in one batch, T is a temperature, tau_c and tau_s are thresholds.
"""

from mylib.few_labels.curriculum_labels.scratch import (
    entropy,
    l2_consistency_loss,
    strong_augment,
    weak_augment,
)
from mylib.few_labels.pair_labels.scratch_pairs import (
    average_pseudo_label,
    bhattacharyya,
    pair_loss,
    pair_loss_loops,
    sharpen,
)
from mylib.few_labels.pair_labels.scratch_training import SimPLE

__all__ = [
    "entropy",
    "weak_augment",
    "strong_augment",
    "sharpen",
    "average_pseudo_label",
    "l2_consistency_loss",
    "bhattacharyya",
    "pair_loss",
    "pair_loss_loops",
    "SimPLE",
]
