"""How time grows with the size of the input: a ratio of two measurements in one run, on any machine."""

import time


def growth(run, size, rounds=3):
    """Processor time of `run(4 * size)` over that of `run(size)`: 4 where it is linear, 16 where it is quadratic.

    The shortest of a few rounds, in turn: other programs only ever add to a time.
    """
    small, large = [], []
    for _ in range(rounds):
        small.append(_seconds(run, size))
        large.append(_seconds(run, 4 * size))
    return min(large) / min(small)


def _seconds(run, size):
    start = time.process_time()
    run(size)
    return time.process_time() - start
