r"""Infrared and visible re-identification with an X modality, in NumPy.

A camera sees colours by day and near infrared at night. A small network G makes a third kind of picture of the visible
ones, X = G(V), and one encoder f learns from all three. Notation, as on the slides: I, X, V a modality's images, y
labels, D the Euclidean distance, alpha a margin, M images a side; L = CMG + MRG.
"""

from mylib.representation.cross_modality.scratch_losses import (
    cross_modality_gap,
    hardest_triplet_loss,
    modality_respective_gap,
)
from mylib.representation.cross_modality.scratch_networks import XModality, XModalNet
from mylib.representation.cross_modality.scratch_training import XIV

__all__ = [
    "XModality",
    "hardest_triplet_loss",
    "cross_modality_gap",
    "modality_respective_gap",
    "XModalNet",
    "XIV",
]
