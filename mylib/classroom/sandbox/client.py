"""A warm server behind the walls, and the processes that it forks, seen from outside.

`Sandbox` starts the server (server.py) behind the walls (walls.py) and asks it for processes. `WalledProvisioner`
makes one of them the kernel of a Jupyter client; any Jupyter application takes it with
JUPYTER_DEFAULT_PROVISIONER_NAME=mylib-walls.
"""

import asyncio
import contextlib
import functools
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Self

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from mylib.classroom import sandbox as package
from mylib.classroom.course.limits import Limits
from mylib.classroom.sandbox import messages
from mylib.classroom.sandbox.walls import ENVIRONMENT, WallsMissingError, bubblewrap

START_SECONDS = 120
STOP_SECONDS = 1.0
PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


class Child:
    """One process behind the walls, seen from outside.

    status: socket to the one that watches it.
    """

    def __init__(self, status: socket.socket) -> None:
        self.status, self.stands = status, False
        self.reason: str | None = None
        self.status.setblocking(False)

    def poll(self) -> str | None:
        """None while it runs; then why it ended, in words."""
        while self.reason is None:
            try:
                text = self.status.recv(4096)
            except BlockingIOError:
                break
            except OSError:
                text = b""
            if text == b"null":
                self.stands = True
            else:
                self.reason = json.loads(text) if text else "the process ended"
        return self.reason

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        with contextlib.suppress(OSError):
            self.status.send(b"i")

    def stop(self) -> None:
        """Let it stand still, and wait until it does or has ended; what it forked goes on."""
        with contextlib.suppress(OSError):
            self.status.send(b"s")
        deadline = time.monotonic() + STOP_SECONDS
        while self.poll() is None and not self.stands and time.monotonic() < deadline:
            select.select([self.status], [], [], STOP_SECONDS)

    def kill(self) -> None:
        """End it, and everything that it started."""
        if self.reason is None:
            with contextlib.suppress(OSError):
                self.status.send(b"k")

    def close(self) -> None:
        """End it without waiting: its watcher hears the hang-up."""
        self.kill()
        self.status.close()


class Sandbox:
    """A warm server behind walls, started when first asked for a process.

    Args:    kind: "bubblewrap", or "none", which is no sandbox.
             limits: of `Limits`, for every process.
    Raises:  WallsMissingError: the walls cannot be had on this machine.
    """

    def __init__(self, kind: str = "bubblewrap", limits: Limits | None = None) -> None:
        self.kind, self.limits = kind, limits or Limits()
        self.server: subprocess.Popen[str] | None = None
        self.control: socket.socket | None = None
        self.listener: Any = None
        self.memory = 0
        self.lock = threading.Lock()

    def fork(
        self,
        role: str,
        parcel: dict[str, Any],
        buffers: Sequence[messages.Buffer] = (),
        descriptors: Sequence[int] = (),
        seconds: float | None = None,
    ) -> Child:
        """Start a process.

        Args:    role: "answers" or "tests".
                 parcel: JSON for it; `files` maps names to positions in buffers.
                 buffers: list of bytes.
                 descriptors: that it gets.
                 seconds: after which it is ended; the limit of a submission without.
        Returns: `Child`.
        """
        self.ready()
        assert self.control is not None
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        data, data_there = socket.socketpair()
        limits = asdict(self.limits) | {"seconds": seconds or self.limits.submission_seconds}
        order = json.dumps({"role": role, "limits": limits}).encode()
        socket.send_fds(self.control, [order], [there.fileno(), data_there.fileno(), *descriptors])
        there.close()
        data_there.close()
        data.settimeout(START_SECONDS)
        with data, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            messages.send(data, parcel, list(buffers))
        return Child(here)

    def ready(self) -> None:
        """Start the server if it does not run."""
        with self.lock:
            if not self.alive():
                self.close()  # what is left of one that was killed
                self.start()

    def alive(self) -> bool:
        """The server runs: what a process of it did was its own doing.

        A server that is killed hangs up before its processes are ended; that its command has ended is seen later.
        """
        if self.server is None or self.control is None or self.server.poll() is not None:
            return False
        return not select.select([self.control], [], [], 0)[0]

    def start(self) -> None:
        """Start the server and wait until it is warm."""
        self.server, self.control = _start(self.kind)
        self.control.settimeout(START_SECONDS)
        try:
            self.memory = json.loads(self.control.recv(4096))["memory"]
        except (ValueError, OSError):
            self.server.kill()
            said = self.server.communicate()[1].strip().splitlines()[-3:]
            self.control.close()
            self.server = None
            raise WallsMissingError(
                f"sandbox: expected a process behind {self.kind}, got: {' / '.join(said) or 'no answer'}; "
                "run `mylib doctor`"
            ) from None
        assert self.server.stderr is not None
        self.listener = threading.Thread(target=self.server.stderr.read, daemon=True)
        self.listener.start()

    def close(self) -> None:
        """End the server and everything that it started."""
        if self.server is not None:
            assert self.control is not None
            self.control.close()
            self.server.kill()
            self.server.wait()
            if self.listener is not None:  # it had come so far
                self.listener.join(5)
            assert self.server.stderr is not None
            self.server.stderr.close()
            self.server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _start(kind: str) -> tuple[subprocess.Popen[str], socket.socket]:
    """The server, behind walls or not; it inherits its end of the control socket."""
    control, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-sP", "-m", package.__name__, str(there.fileno())]
    command = [*command, "bare"] if kind == "none" else [*bubblewrap(), *command, "walled"]
    with there:
        server = subprocess.Popen(
            command,
            pass_fds=[there.fileno()],
            env=ENVIRONMENT if kind == "none" else os.environ | ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    return server, control


@functools.cache
def shared() -> Sandbox:
    """The sandbox of this process, for whoever does not bring one."""
    return Sandbox()


class WalledProvisioner(LocalProvisioner):
    """Starts a Jupyter kernel behind the walls.

    The kernel manager may carry `sandbox`, and `parcel`, `buffers` and `descriptors` for the process.
    """

    child: Child | None = None

    @property
    def has_process(self) -> bool:
        """There is one."""
        return self.child is not None

    async def launch_kernel(self, cmd: list[str], **_: Any) -> Any:
        """Open the kernel's sockets here, where the client is, and hand them over; `cmd` is not used."""
        manager: Any = self.parent
        info: dict[str, Any] = dict(self.connection_info)
        if info["transport"] != "ipc":
            raise ValueError("mylib-walls: expected KernelManager.transport = 'ipc': there is no network inside")
        info["key"] = bytes(info["key"]).decode()
        sandbox = getattr(manager, "sandbox", None) or shared()
        buffers = getattr(manager, "buffers", [])
        with contextlib.ExitStack() as stack:
            listeners = [stack.enter_context(_listen(f"{info['ip']}-{info[port]}")) for port in PORTS]
            parcel = {"files": {}} | getattr(manager, "parcel", {}) | {"connection": info}
            descriptors = [one.fileno() for one in listeners] + list(getattr(manager, "descriptors", []))
            # The clock of a submission is kept by its client; this one only clears away what was forgotten.
            seconds = 10 * sandbox.limits.submission_seconds
            self.child = sandbox.fork("answers", parcel, buffers, descriptors, seconds)
        return self.connection_info

    async def poll(self) -> int | None:
        """None while it runs."""
        return None if self.child and self.child.poll() is None else 1

    async def wait(self) -> int | None:
        """Until it has ended."""
        while self.child and self.child.poll() is None:
            await asyncio.sleep(0.002)
        if self.child:
            self.child.close()
        self.child = None
        return 0

    async def send_signal(self, signum: int) -> None:
        """An interrupt, or the end."""
        if self.child:
            self.child.interrupt() if signum == 2 else self.child.kill()

    async def kill(self, restart: bool = False) -> None:
        """End it."""
        if self.child:
            self.child.kill()

    terminate = kill


def _listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    return listener
