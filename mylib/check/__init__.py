"""What exercises assert with: each failure tells the student what was expected, what came, and where to look."""

from mylib.check.assertions import close, gradient, shape, to_array, unchanged
from mylib.check.sides import (  # from_scratch: the function, not its package
    beside_answer,
    copied_back,
    from_scratch,
    use,
)

__all__ = [
    "beside_answer",
    "close",
    "copied_back",
    "from_scratch",
    "gradient",
    "shape",
    "to_array",
    "unchanged",
    "use",
]
