"""The walls: how a server is started so that nothing it starts can reach the rest of the machine."""

import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import mylib
from mylib.classroom.course.limits import ONE_THREAD

KINDS = ("bubblewrap", "none")
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
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # a figure shows itself below its cell
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "OMP_THREAD_LIMIT": "1",  # also where an answer asks for more: a fork of two threads hangs
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",  # the same order of sets, and so the same points, each time
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    # There is no network: a client of packages shall say so at once.
    "PIP_NO_INDEX": "1",
    "PIP_RETRIES": "0",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "UV_OFFLINE": "1",
    "USER": "student",
}


class WallsMissingError(RuntimeError):
    """The sandbox cannot be had here; the message says what to do."""


def require(kind: str, trust: bool = False) -> None:
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
    if kind == "bubblewrap":
        done = subprocess.run([*bubblewrap(), "/bin/true"], capture_output=True, text=True)
        if done.returncode:
            raise WallsMissingError(
                f"sandbox: bubblewrap does not work here ({done.stderr.strip()[:200]}); run `mylib doctor`"
            )
        if missing := libseccomp():
            raise WallsMissingError(f"sandbox: {missing}; run `mylib doctor`")


def libseccomp() -> str:
    """Why the filter of system calls cannot be had; "" if it can."""
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        return f"expected the system's library libseccomp, got: {' '.join(str(error).split())[:100]}"
    return ""


def bubblewrap() -> list[str]:
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
    path: Path | str
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


def python_folders() -> list[str]:
    """The folders of Python, its packages and this one: no folder of the course, which holds solutions."""
    folders = {sys.prefix, sys.base_prefix, *site.getsitepackages(), str(Path(mylib.__file__).parent)}
    system = [str(Path(folder)) for folder in SYSTEM]
    return sorted(
        folder
        for folder in folders
        if Path(folder).is_dir() and not any(f"{folder}/".startswith(f"{top}/") for top in system)
    )
