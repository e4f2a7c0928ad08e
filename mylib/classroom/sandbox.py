"""The walls: where a warm server runs, so that nothing it starts can reach the rest of the machine.

`Sandbox` starts `mylib.classroom.warm` behind bubblewrap and asks it for processes. `WalledProvisioner` makes one of
them the kernel of a Jupyter client; any Jupyter application takes it with
JUPYTER_DEFAULT_PROVISIONER_NAME=mylib-walls.
"""

import asyncio
import contextlib
import functools
import json
import os
import shutil
import site
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner

import mylib
from mylib.classroom import wire
from mylib.classroom.course import ONE_THREAD, Limits

KINDS = ("bubblewrap", "docker", "none")
PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
START_SECONDS = 120
SERVER = "import sys; from mylib.classroom.warm import serve; serve(sys.argv[1], sys.argv[2] == 'walled')"
DOCKER_IMAGE = "mylib"
SYSTEM = (
    "/usr",
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/sbin",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
)
ENVIRONMENT = ONE_THREAD | {
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "LOGNAME": "student",
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "OMP_THREAD_LIMIT": "1",  # also where an answer asks for more: a fork of two threads hangs
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",  # the same order of sets, and so the same points, each time
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "USER": "student",
}


class WallsMissingError(RuntimeError):
    """The sandbox cannot be had here; the message says what to do."""


class Child:
    """One process behind the walls, seen from outside.

    status: socket to the one that watches it.
    """

    def __init__(self, status):
        self.status, self.reason = status, None

    def poll(self):
        """None while it runs; then why it ended, in words."""
        if self.reason is None:
            self.status.setblocking(False)
            try:
                text = self.status.recv(4096)
                self.reason = json.loads(text) if text else "the process ended"
            except BlockingIOError:
                return None
            except OSError:
                self.reason = "the process ended"
        return self.reason

    def interrupt(self):
        """What Ctrl-C does."""
        with contextlib.suppress(OSError):
            self.status.send(b"i")

    def kill(self):
        """End it, and everything that it started."""
        if self.reason is None:
            with contextlib.suppress(OSError):
                self.status.send(b"k")

    def close(self):
        """End it without waiting: its watcher hears the hang-up."""
        self.kill()
        self.status.close()


class Sandbox:
    """A warm server behind walls, started when first asked for a process.

    Args:    kind: "bubblewrap"; "docker"; or "none", which is no sandbox.
             limits: of `Limits`, for every process.
    Raises:  WallsMissingError: the walls cannot be had on this machine.
    """

    def __init__(self, kind="bubblewrap", limits=None):
        self.kind, self.limits = kind, limits or Limits()
        self.server = self.control = self.listener = None
        self.memory = 0
        self.lock = threading.Lock()

    def fork(self, role, parcel, buffers=(), descriptors=(), seconds=None):
        """Start a process.

        Args:    role: "answers" or "tests".
                 parcel: JSON for it; `files` maps names to positions in buffers.
                 buffers: list of bytes.
                 descriptors: that it gets.
                 seconds: after which it is ended; the limit of a submission without.
        Returns: `Child`.
        """
        self.ready()
        (here, there), (data, data_there) = socket.socketpair(), socket.socketpair()
        limits = asdict(self.limits) | {"seconds": seconds or self.limits.submission_seconds}
        order = json.dumps({"role": role, "limits": limits}).encode()
        socket.send_fds(self.control, [order], [there.fileno(), data_there.fileno(), *descriptors])
        there.close(), data_there.close()
        data.settimeout(START_SECONDS)
        with data, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            wire.send(data, parcel, list(buffers))
        return Child(here)

    def ready(self):
        """Start the server if it does not run."""
        with self.lock:
            if self.server is None or self.server.poll() is not None:
                self.start()

    def start(self):
        """Start the server and wait until it is warm."""
        start = _start_in_docker if self.kind == "docker" else _start_here
        self.server, self.control = start(self.kind)
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
        self.listener = threading.Thread(target=self.server.stderr.read, daemon=True)
        self.listener.start()

    def close(self):
        """End the server and everything that it started."""
        if self.server is not None:
            self.control.close()
            self.server.kill()
            self.server.wait()
            self.listener.join(5)
            self.server.stderr.close()
            self.server = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def require(kind, trust=False):
    """Refuse a sandbox that cannot be had, before anything is done.

    Args:    kind: of `KINDS`.
             trust: somebody has said that the submissions may do whatever this user may.
    Raises:  ValueError: no such kind.
             WallsMissingError: with the remedy.
    """
    if kind not in KINDS:
        raise ValueError(f"sandbox: expected one of {', '.join(KINDS)}, got {kind!r}")
    if kind == "none":
        if not trust:
            raise WallsMissingError(
                "sandbox none: submissions would run with your rights; read them, then add --trust-submissions"
            )
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            raise WallsMissingError("sandbox none: expected an ordinary user, got root, whom nothing stops")
    if kind == "docker" and not shutil.which("docker"):
        raise WallsMissingError("sandbox: expected docker, found no program of that name; run `mylib doctor`")
    if kind == "bubblewrap":
        done = subprocess.run([*_bubblewrap(), "/bin/true"], capture_output=True, text=True)
        if done.returncode:
            raise WallsMissingError(
                f"sandbox: bubblewrap does not work here ({done.stderr.strip()[:200]}); run `mylib doctor`"
            )


def _bubblewrap():
    """The command that starts what follows it behind walls.

    Every namespace is its own, the system is read-only and only the parts that Python needs are there, the environment
    is empty. CAP_SYS_ADMIN counts inside only: the server needs it to make namespaces for its children, and they give
    it up. Nobody inside can make a user namespace, which would bring rights back.
    """
    program = shutil.which("bwrap")
    if not program:
        raise WallsMissingError("sandbox: expected bubblewrap, found no program bwrap; run `mylib doctor`")
    command = [program, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"]
    command += ["--new-session", "--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--clearenv"]
    for name, value in ENVIRONMENT.items():
        command += ["--setenv", name, value]
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            command += ["--ro-bind", str(path), str(path)]
    for path in _python():
        command += ["--ro-bind", path, path]
    command += [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--tmpfs",
        "/dev/shm",
        "--tmpfs",
        "/tmp",
        "--dir",
        "/home",
    ]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]


def _python():
    """The folders of Python, its packages and this one: no folder of the course, which holds solutions."""
    folders = {sys.prefix, sys.base_prefix, *site.getsitepackages(), str(Path(mylib.__file__).parent)}
    system = [str(Path(folder)) for folder in SYSTEM]
    return sorted(
        folder
        for folder in folders
        if Path(folder).is_dir() and not any(f"{folder}/".startswith(f"{top}/") for top in system)
    )


def _start_here(kind):
    """The server as a process of this machine; it inherits its end of the control socket."""
    control, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    walls, walled = ([], "bare") if kind == "none" else (_bubblewrap(), "walled")
    server = _popen(
        [*walls, sys.executable, "-sP", "-c", SERVER, str(there.fileno()), walled], there.fileno()
    )
    there.close()
    return server, control


def _start_in_docker(_):
    """The server in a container, which meets us at a socket file, since a container inherits nothing.

    The server makes the same namespaces inside as behind bubblewrap, so the container keeps the right to do that
    (CAP_SYS_ADMIN, and no seccomp or AppArmor profile that forbids it); its forks give the right up.
    """
    program = shutil.which("docker")
    if not program:
        raise WallsMissingError("sandbox: expected docker, found no program of that name; run `mylib doctor`")
    command = [
        program,
        "run",
        "--rm",
        "--interactive",
        "--network",
        "none",
        "--read-only",
        "--cap-drop",
        "ALL",
    ]
    command += ["--cap-add", "SYS_ADMIN", "--security-opt", "no-new-privileges"]
    command += ["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"]
    command += ["--pids-limit", "512", "--memory", "6g"]
    for folder in ("/tmp", "/home", "/dev/shm"):
        command += ["--tmpfs", folder]
    for name, value in ENVIRONMENT.items():
        command += ["--env", f"{name}={value}"]
    with (
        tempfile.TemporaryDirectory(prefix="walls-") as meeting,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door,
    ):
        door.bind(f"{meeting}/control")
        door.listen(1)
        command += ["--volume", f"{meeting}:/control", os.environ.get("MYLIB_DOCKER_IMAGE", DOCKER_IMAGE)]
        server = _popen([*command, "python", "-sP", "-c", SERVER, "/control/control", "walled"])
        door.settimeout(0.2)
        for _ in range(5 * START_SECONDS):
            with contextlib.suppress(TimeoutError):
                return server, door.accept()[0]
            if server.poll() is not None:
                break
        control, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        there.close()  # whoever listens finds nobody there
        return server, control


def _popen(command, *descriptors):
    return subprocess.Popen(
        command,
        pass_fds=descriptors,
        env=ENVIRONMENT if command[0] == sys.executable else os.environ | ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@functools.cache
def shared():
    """The sandbox of this process, for whoever does not bring one."""
    return Sandbox()


class WalledProvisioner(LocalProvisioner):
    """Starts a Jupyter kernel behind the walls.

    The kernel manager may carry `sandbox`, and `parcel`, `buffers` and `descriptors` for the process.
    """

    child = None

    @property
    def has_process(self):
        """There is one."""
        return self.child is not None

    async def launch_kernel(self, cmd, **_):
        """Open the kernel's sockets here, where the client is, and hand them over; `cmd` is not used."""
        manager, info = self.parent, dict(self.connection_info)
        if info["transport"] != "ipc":
            raise ValueError(
                "mylib-walls: expected KernelManager.transport = 'ipc': there is no network inside"
            )
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

    async def poll(self):
        """None while it runs."""
        return None if self.child and self.child.poll() is None else 1

    async def wait(self):
        """Until it has ended."""
        while self.child and self.child.poll() is None:
            await asyncio.sleep(0.002)
        if self.child:
            self.child.close()
        self.child = None
        return 0

    async def send_signal(self, signum):
        """An interrupt, or the end."""
        if self.child:
            self.child.interrupt() if signum == 2 else self.child.kill()

    async def kill(self, restart=False):
        """End it."""
        if self.child:
            self.child.kill()

    terminate = kill


def _listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    return listener
