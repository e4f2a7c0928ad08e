"""Warm servers that last: a start costs six seconds of a core, and most tests do not ask how a server starts."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from mylib.classroom.grading import workers
from mylib.classroom.sandbox.client import Sandbox


@contextlib.contextmanager
def servers():
    """Gradings by this process itself (one job) share servers, one for each set of limits, until the block ends.

    bubblewrap ends a server with the thread that has started it: here that is one that lasts.
    """
    start, close = Sandbox.start, workers._close_sandboxes
    with ThreadPoolExecutor(1) as starter:
        patches = (
            mock.patch.object(Sandbox, "start", lambda one: starter.submit(start, one).result()),
            mock.patch.object(workers, "_close_sandboxes"),
        )
        with patches[0], patches[1]:
            try:
                yield
            finally:
                close()
