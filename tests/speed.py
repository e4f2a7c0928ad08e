"""How slow this machine is just now, so that what one run measures can be compared with what another one did.

The same work takes twice as many processor seconds on an old processor, or on one whose memory a neighbour uses.
Budgets are therefore kept in seconds of a *reference core*: processor seconds divided by `slowness`.
"""

import time

import numpy as np

# Processor seconds of `work` on the reference core: 1.4 times what the authors' own core took at its best.
REFERENCE = 0.045
EVERY = 15.0  # seconds between two measurements
SQUARE = np.random.default_rng(0).normal(size=(384, 384)).astype(np.float32)
LONG = np.random.default_rng(1).normal(size=2**20).astype(np.float32)


def work():
    """What lectures do, in small: Python's loop, products of matrices, passes over memory, in about equal shares."""
    total = 0
    for i in range(250_000):
        total += i * i % 7
    for _ in range(12):
        SQUARE @ SQUARE
    for _ in range(4):
        np.exp(LONG)
        LONG * 2 + 1
    return total


class Slowness:
    """Processor seconds here for each second of the reference core, measured again from time to time."""

    def __init__(self, clock=time.monotonic, timer=time.process_time):
        self.clock, self.timer, self.value, self.at = clock, timer, None, 0.0

    def now(self):
        """The last measurement, or a new one where that is old: the faster of two, as the first finds cold caches."""
        if self.value is None or self.clock() - self.at > EVERY:
            self.value, self.at = min(self._once(), self._once()) / REFERENCE, self.clock()
        return self.value

    def _once(self):
        before = self.timer()
        work()
        return self.timer() - before
