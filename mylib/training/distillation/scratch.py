r"""Distillation and self-training in NumPy: losses with a teacher, DeiT, stochastic depth, Noisy Student.

Notation, as on the slides: Z_s and Z_t are the logits of student and teacher, y labels, tau the temperature, lambda the
teacher's weight; p = softmax(Z_t / tau), q = softmax(Z_s / tau); B examples in a batch, K classes.
"""

from mylib.training.distillation.scratch_losses import (
    hard_distillation_loss,
    soft_cross_entropy,
    soft_distillation_loss,
)
from mylib.training.distillation.scratch_networks import DeiT, deit_preset, stochastic_depth
from mylib.training.distillation.scratch_students import balance, noisy_student, pseudo_labels

__all__ = [
    "soft_distillation_loss",
    "hard_distillation_loss",
    "soft_cross_entropy",
    "DeiT",
    "deit_preset",
    "stochastic_depth",
    "pseudo_labels",
    "balance",
    "noisy_student",
]
