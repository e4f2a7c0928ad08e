"""Pseudo-labels, consistency and curricula in PyTorch: FixMatch and FlexMatch, without a wait in the step."""

from mylib.few_labels.curriculum_labels.pytorch_curriculum import (
    flexible_threshold,
    learning_effect,
    normalised_effect,
)
from mylib.few_labels.curriculum_labels.pytorch_losses import consistency_loss, entropy, l2_consistency_loss
from mylib.few_labels.curriculum_labels.pytorch_training import FlexMatch
from mylib.few_labels.curriculum_labels.pytorch_views import strong_augment, weak_augment
from mylib.shared.docstrings import complete_from_twin

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

complete_from_twin(globals())
