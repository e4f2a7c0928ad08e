r"""Distillation and self-training in PyTorch: losses with a teacher, DeiT, stochastic depth, Noisy Student.

Notation as in `scratch`. Values (labels, targets) are looked at on the CPU only: on a GPU that would make every step
wait. Half-precision logits are taken to float32 first. No gradient reaches a teacher.
"""

from mylib.shared.docstrings import complete_from_twin
from mylib.training.distillation.pytorch_losses import (
    hard_distillation_loss,
    soft_cross_entropy,
    soft_distillation_loss,
)
from mylib.training.distillation.pytorch_networks import DeiT, deit_preset, stochastic_depth
from mylib.training.distillation.pytorch_students import balance, noisy_student, pseudo_labels

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

complete_from_twin(globals())
