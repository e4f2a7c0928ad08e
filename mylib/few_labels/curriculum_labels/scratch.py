r"""Pseudo-labels, consistency and curricula in NumPy: FixMatch and FlexMatch.

Notation, as on the slides: omega is a weak view, Omega a strong one, q the guess on the weak view, p what the network
says of the strong one, tau a threshold; classes c = 1..C, unlabelled images n = 1..N.
"""

from mylib.few_labels.curriculum_labels.scratch_curriculum import (
    flexible_threshold,
    learning_effect,
    normalised_effect,
)
from mylib.few_labels.curriculum_labels.scratch_losses import consistency_loss, entropy, l2_consistency_loss
from mylib.few_labels.curriculum_labels.scratch_training import FlexMatch
from mylib.few_labels.curriculum_labels.scratch_views import strong_augment, weak_augment

__all__ = [
    "weak_augment",
    "strong_augment",
    "entropy",
    "l2_consistency_loss",
    "consistency_loss",
    "learning_effect",
    "normalised_effect",
    "flexible_threshold",
    "FlexMatch",
]
