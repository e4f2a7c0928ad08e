"""A limit on the time of a piece of code in this process."""

import contextlib
import signal
from collections.abc import Iterator

LOOP = "is there a loop that never ends, or a wait for something that never comes?"


class CellTimeoutError(KeyboardInterrupt):
    """The time is up. Like an interrupt, `except Exception` does not catch it."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block when its time is up.

    Args:    seconds: wall clock.
    Raises:  CellTimeoutError: inside the block.
    """
    signal.signal(signal.SIGALRM, _time_is_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def stopped(seconds: float) -> str:
    """What is said of code that was stopped."""
    return f"stopped after {seconds:.3g} s; {LOOP}"


def _time_is_up(*_: object) -> None:
    raise CellTimeoutError("the time is up")
