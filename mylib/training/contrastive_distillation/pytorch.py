r"""Contrastive representation distillation in PyTorch: bounds, and a loss that waits for no device.

Notation as in `scratch`.
"""

from mylib.shared.docstrings import complete_from_twin
from mylib.training.contrastive_distillation.pytorch_bounds import (
    critic,
    critic_objective,
    gaussian_mutual_information,
    mutual_information_bound,
    optimal_critic,
)
from mylib.training.contrastive_distillation.pytorch_distillation import CRDLoss, correlation_gap, draw_negatives

__all__ = [
    "critic",
    "critic_objective",
    "optimal_critic",
    "mutual_information_bound",
    "gaussian_mutual_information",
    "CRDLoss",
    "draw_negatives",
    "correlation_gap",
]

complete_from_twin(globals())
