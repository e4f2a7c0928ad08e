r"""Losses in NumPy: which mistakes count (weights of classes and of examples), and where features should lie (centres).

Notation, as on the slides: z are logits, p = softmax(z), p_t = p at the label; x are features, c_j the centre of class
j; B examples in a batch, K classes, D dimensions.
"""

from mylib.training.losses.scratch_centers import CenterLoss, DimensionAttention, IslandLoss, SparseCenterLoss
from mylib.training.losses.scratch_gaussians import GCCSLoss, gaussian_kl, kurtosis
from mylib.training.losses.scratch_regions import RegionAttention, region_biased_loss, region_crops
from mylib.training.losses.scratch_weights import balanced_cross_entropy, class_weights, focal_loss
from mylib.vision.backprop.scratch import cross_entropy

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
