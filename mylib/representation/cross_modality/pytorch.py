r"""Infrared and visible re-identification with an X modality, in PyTorch.

Notation as in `scratch`. Everything stays on the device of its arguments; no training step reads a value back.
"""

from mylib.representation.cross_modality.pytorch_losses import (
    cross_modality_gap,
    hardest_triplet_loss,
    modality_respective_gap,
)
from mylib.representation.cross_modality.pytorch_networks import XModality, XModalNet
from mylib.representation.cross_modality.pytorch_training import XIV
from mylib.shared.docstrings import complete_from_twin

__all__ = [
    "XModality",
    "hardest_triplet_loss",
    "cross_modality_gap",
    "modality_respective_gap",
    "XModalNet",
    "XIV",
]

complete_from_twin(globals())
