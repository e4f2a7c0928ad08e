r"""Labels that the data give themselves, in PyTorch: rotations, hidden parts and the future."""

from mylib.representation.self_supervision.pytorch_rotations import rotate90
from mylib.shared.docstrings import complete_from_twin

__all__ = ["rotate90"]

complete_from_twin(globals())
