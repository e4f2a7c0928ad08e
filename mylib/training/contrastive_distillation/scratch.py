r"""Contrastive representation distillation in NumPy: a bound on mutual information, and a student that raises it.

Notation, as on the slides: T and S are the teacher's and the student's representations of an image, C = 1 says that
both are of the same image, N counts the pairs of different images beside each pair of the same one, M the training
images, h is the critic, tau the temperature. All information is in nats.
"""

from mylib.training.contrastive_distillation.scratch_bounds import (
    critic,
    critic_objective,
    gaussian_mutual_information,
    mutual_information_bound,
    optimal_critic,
)
from mylib.training.contrastive_distillation.scratch_distillation import CRDLoss, correlation_gap, draw_negatives

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
