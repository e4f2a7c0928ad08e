"""The watchdog beside a submission: it ends what takes too long, too much memory or too many processes."""

import contextlib
import os
import resource
import select
import signal
import socket
import time
from collections.abc import Mapping
from typing import Any

OURS = 12
ORDERS = {b"i": signal.SIGINT, b"s": signal.SIGSTOP}
PAUSE_SECONDS = 0.02
PAGE = os.sysconf("SC_PAGE_SIZE")
EVERY = 5  # rounds: a look at the whole family takes a millisecond, which the submission cannot use


def watch(child: int, status: socket.socket, limits: Mapping[str, Any], walled: bool) -> str:
    """Wait for the child's end, and bring it about at a limit or when the other side hangs up.

    Returns: why it was ended, or how it ended by itself. That it stands still, as ordered, is told as null.
    """
    deadline = time.monotonic() + limits["seconds"]
    family, reason, pause = Family(child, limits, walled), "", PAUSE_SECONDS
    while True:
        done, code = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
        if done and os.WIFSTOPPED(code):
            status.send(b"null")
            pause = PAUSE_SECONDS
        elif done:
            break
        if select.select([status], [], [], pause)[0]:
            order = status.recv(1)
            if order in ORDERS:
                os.kill(child, ORDERS[order])
                pause = PAUSE_SECONDS if order == b"i" else 0.001
                continue
            reason = "ended"
        elif time.monotonic() > deadline:
            reason = f"it ran for more than {limits['seconds']:g} s"
        else:
            reason = family.over()
        if reason:
            _kill(child, walled)
            os.waitpid(child, 0)
            return reason
    if not walled:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    if os.WIFSIGNALED(code):
        return f"the process died (signal {signal.Signals(os.WTERMSIG(code)).name})"
    return f"the process ended (exit code {os.WEXITSTATUS(code)})"


class Family:
    """A process and all that it started: how many they are, and what memory they hold.

    base: resident bytes of the watcher, which every fork shares.
    """

    def __init__(self, child: int, limits: Mapping[str, Any], walled: bool) -> None:
        self.child, self.limits, self.walled = child, limits, walled
        self.base, self.round, self.crowd = memory(), 0, 0

    def over(self) -> str:
        """What there is too much of; "" if nothing.

        Every round counts the processes behind the walls and looks at the first one; the others are looked at when
        one has come or gone, and every few rounds.
        """
        crowd = sum(name.isdigit() for name in os.listdir("/proc")) if self.walled else 0
        changed, self.crowd, self.round = crowd != self.crowd, crowd, self.round + 1
        # Forking without end leaves no time for a careful count; this one costs nothing, and a few here are ours.
        if crowd - OURS > self.limits["processes"]:
            return self._too_many()
        if not changed and self.round % EVERY and self._first() <= self.limits["resident_bytes"]:
            return ""
        return self._look()

    def _too_many(self) -> str:
        return f"it started more than {self.limits['processes']} processes"

    def _first(self) -> int:
        """Resident bytes of the first process; 0 when it has just ended."""
        try:
            with open(f"/proc/{self.child}/statm", "rb") as file:
                return int(file.read().split()[1]) * PAGE
        except (OSError, IndexError):
            return 0

    def _look(self) -> str:
        import psutil

        try:
            process = psutil.Process(self.child)
            family = [process, *process.children(recursive=True)]
        except psutil.Error:
            return ""
        if len(family) > self.limits["processes"]:
            return self._too_many()
        # Cheap first: forks share pages, which the resident sizes count again for each.
        resident = self.base
        for one in family:
            with contextlib.suppress(psutil.Error):  # one that has just ended must not hide the others
                resident += max(0, one.memory_info().rss - self.base)
        if resident > self.limits["resident_bytes"]:
            held = 0
            for one in family:
                with contextlib.suppress(psutil.Error):
                    held += one.memory_full_info().pss
            if held > self.limits["resident_bytes"]:
                return f"it used more than {self.limits['resident_bytes'] / 1e9:g} GB of memory"
        return ""


def _kill(child: int, walled: bool) -> None:
    with contextlib.suppress(ProcessLookupError):
        if not walled:
            os.killpg(child, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)  # the first of its namespace: the kernel ends all the others with it


def memory() -> int:
    """Resident bytes of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
