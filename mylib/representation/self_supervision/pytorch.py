r"""Labels that the data give themselves, in PyTorch: rotations, hidden parts and the future.

Notation as in `scratch`. No training step reads a value back from its device.
"""

from mylib.representation.self_supervision.pytorch_filling import FillingNet, filling_loss, hide_square
from mylib.representation.self_supervision.pytorch_paths import (
    PathPredictor,
    displacement_errors,
    winner_takes_all_loss,
)
from mylib.representation.self_supervision.pytorch_rotations import RotNet, rotate90, rotation_batch
from mylib.shared.docstrings import complete_from_twin

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
]

complete_from_twin(globals())
