r"""Labels that the data give themselves, in NumPy: rotations, hidden parts, the future, and what occurs together."""

from mylib.representation.self_supervision.scratch_rotations import rotate90

__all__ = ["rotate90"]
