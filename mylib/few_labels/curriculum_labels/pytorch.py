"""Pseudo-labels, consistency and curricula in PyTorch: FixMatch and FlexMatch, without a wait in the step."""

from mylib.few_labels.curriculum_labels.pytorch_losses import consistency_loss, entropy, l2_consistency_loss
from mylib.few_labels.curriculum_labels.pytorch_views import strong_augment, weak_augment

__all__ = ["weak_augment", "strong_augment", "entropy", "l2_consistency_loss", "consistency_loss"]
