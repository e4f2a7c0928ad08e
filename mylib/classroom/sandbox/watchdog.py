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


def watch(child: int, status: socket.socket, limits: Mapping[str, Any], walled: bool) -> str:
    """Wait for the child's end, and bring it about at a limit or when the other side hangs up.

    Returns: why it was ended, or how it ended by itself. That it stands still, as ordered, is told as null.
    """
    import psutil

    deadline = time.monotonic() + limits["seconds"]
    base, reason, pause = memory(), "", PAUSE_SECONDS
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
            with contextlib.suppress(psutil.Error):
                reason = _over(psutil.Process(child), limits, base, walled)
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


def _over(process: Any, limits: Mapping[str, Any], base: int, walled: bool) -> str:
    """What the family of a process has too much of; "" if nothing."""
    import psutil

    # Forking without end leaves no time for a careful count; this one costs nothing, and a few here are ours.
    crowd = sum(name.isdigit() for name in os.listdir("/proc")) - OURS if walled else 0
    family = (
        [process, *process.children(recursive=True)] if crowd <= limits["processes"] else [process] * crowd
    )
    if len(family) > limits["processes"]:
        return f"it started more than {limits['processes']} processes"
    # Cheap first: forks share pages, which the resident sizes count again for each.
    resident = base
    for one in family:
        with contextlib.suppress(psutil.Error):  # one that has just ended must not hide the others
            resident += max(0, one.memory_info().rss - base)
    if resident > limits["resident_bytes"]:
        held = 0
        for one in family:
            with contextlib.suppress(psutil.Error):
                held += one.memory_full_info().pss
        if held > limits["resident_bytes"]:
            return f"it used more than {limits['resident_bytes'] / 1e9:g} GB of memory"
    return ""


def _kill(child: int, walled: bool) -> None:
    with contextlib.suppress(ProcessLookupError):
        if not walled:
            os.killpg(child, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)  # the first of its namespace: the kernel ends all the others with it


def memory() -> int:
    """Resident bytes of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
