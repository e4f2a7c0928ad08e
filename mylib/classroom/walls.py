"""The walls: how a server is started so that nothing it starts can reach the rest of the machine."""

import contextlib
import os
import shutil
import site
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import mylib
from mylib.classroom.course import ONE_THREAD

KINDS = ("bubblewrap", "docker", "none")
START_SECONDS = 120
SERVER = "import sys; from mylib.classroom.warm import serve; serve(sys.argv[1], sys.argv[2] == 'walled')"
DOCKER_IMAGE = "mylib"
HOME = "/student"  # at the top, where nobody keeps a Python
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
HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage"  # the C library asks there whether it may have any
ENVIRONMENT = ONE_THREAD | {
    # Memory in pages of 2 MB where the system has them: a fork copies the table of pages, 11 ms of small ones.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "PYTHONMALLOC": "malloc",
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
        done = subprocess.run([*bubblewrap(), "/bin/true"], capture_output=True, text=True)
        if done.returncode:
            raise WallsMissingError(
                f"sandbox: bubblewrap does not work here ({done.stderr.strip()[:200]}); run `mylib doctor`"
            )


def bubblewrap():
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
    command += ["--ro-bind-try", HUGE_PAGES, HUGE_PAGES]
    # Before Python's folders, which may lie in one of these.
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm", "--tmpfs", "/tmp", "--dir", HOME]
    for path in python_folders():
        command += ["--ro-bind", path, path]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]


def python_folders():
    """The folders of Python, its packages and this one: no folder of the course, which holds solutions."""
    folders = {sys.prefix, sys.base_prefix, *site.getsitepackages(), str(Path(mylib.__file__).parent)}
    system = [str(Path(folder)) for folder in SYSTEM]
    return sorted(
        folder
        for folder in folders
        if Path(folder).is_dir() and not any(f"{folder}/".startswith(f"{top}/") for top in system)
    )


def start_here(kind):
    """The server as a process of this machine; it inherits its end of the control socket."""
    control, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    walls, walled = ([], "bare") if kind == "none" else (bubblewrap(), "walled")
    server = _popen(
        [*walls, sys.executable, "-sP", "-c", SERVER, str(there.fileno()), walled], there.fileno()
    )
    there.close()
    return server, control


def start_in_docker(_):
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
    for folder in ("/tmp", HOME, "/dev/shm"):
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
