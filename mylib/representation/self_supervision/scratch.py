r"""Labels that the data give themselves, in NumPy: rotations, hidden parts, the future, and what occurs together.

Each pretext is supervised learning in every step but one: nobody wrote the labels. Notation: x are images, y the number
of quarter turns, B the batch, K the number of guesses, all positions in metres.
"""

from mylib.representation.self_supervision.scratch_filling import FillingNet, filling_loss, hide_square
from mylib.representation.self_supervision.scratch_paths import (
    PathPredictor,
    displacement_errors,
    winner_takes_all_loss,
)
from mylib.representation.self_supervision.scratch_rotations import RotNet, rotate90, rotation_batch
from mylib.representation.self_supervision.scratch_rules import association_rules

__all__ = [
    "rotate90",
    "rotation_batch",
    "RotNet",
    "hide_square",
    "filling_loss",
    "FillingNet",
    "PathPredictor",
    "winner_takes_all_loss",
    "displacement_errors",
    "association_rules",
]
