r"""Losses in PyTorch: which mistakes count (weights of classes and of examples), and where features lie (centres).

Notation as in `scratch`. Values (labels, weights, spread) are looked at on the CPU only: on a GPU that would make every
step wait. Half-precision scores and features are taken to float32 first.
"""

from mylib.shared.docstrings import complete_from_twin
from mylib.training.losses.pytorch_centers import CenterLoss, DimensionAttention, IslandLoss, SparseCenterLoss
from mylib.training.losses.pytorch_gaussians import GCCSLoss, gaussian_kl, kurtosis
from mylib.training.losses.pytorch_regions import RegionAttention, region_biased_loss, region_crops
from mylib.training.losses.pytorch_weights import balanced_cross_entropy, class_weights, focal_loss
from mylib.vision.backprop.pytorch import cross_entropy

__all__ = [
    "cross_entropy",
    "class_weights",
    "balanced_cross_entropy",
    "focal_loss",
    "CenterLoss",
    "IslandLoss",
    "SparseCenterLoss",
    "DimensionAttention",
    "gaussian_kl",
    "kurtosis",
    "GCCSLoss",
    "region_crops",
    "RegionAttention",
    "region_biased_loss",
]

complete_from_twin(globals())
