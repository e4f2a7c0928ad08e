"""Room for long expressions: a tree of a thousand terms is as deep as it is long."""

import contextlib
import sys
from collections.abc import Iterator

DEEPEST = 20_000


@contextlib.contextmanager
def deeper_recursion() -> Iterator[None]:
    """Functions may call each other more deeply inside this block."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
