r"""Pairs of pseudo-labels, in PyTorch: SimPLE.

Notation as in `scratch`.
"""

from mylib.few_labels.curriculum_labels.pytorch import (
    entropy,
    l2_consistency_loss,
    strong_augment,
    weak_augment,
)
from mylib.few_labels.pair_labels.pytorch_pairs import average_pseudo_label, bhattacharyya, pair_loss, sharpen
from mylib.few_labels.pair_labels.pytorch_training import SimPLE
from mylib.shared.docstrings import complete_from_twin

__all__ = [
    "entropy",
    "weak_augment",
    "strong_augment",
    "sharpen",
    "average_pseudo_label",
    "l2_consistency_loss",
    "bhattacharyya",
    "pair_loss",
    "SimPLE",
]

complete_from_twin(globals())
