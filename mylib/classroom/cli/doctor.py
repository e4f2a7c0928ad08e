"""What this machine has for the course and what it lacks, each with the command that gets it. Changes nothing."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mylib.classroom.publishing.assets import BROWSERS

PYTHON = (3, 11)
GIGABYTE = 1_000_000_000
DISK_GB, MEMORY_GB = 2, 3
SYSCTL = Path("/proc/sys")
CONTAINERS = (Path("/.dockerenv"), Path("/run/.containerenv"))
MANAGERS = {
    "apt-get": "sudo apt-get install -y",
    "dnf": "sudo dnf install -y",
    "pacman": "sudo pacman -S --noconfirm",
    "zypper": "sudo zypper install -y",
    "apk": "sudo apk add",
    "brew": "brew install",
}
# What the sandbox asks of bubblewrap; the last option but one is there since version 0.8.
WALLS = (
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "true",
)
APPARMOR = (
    r"printf 'abi <abi/4.0>,\nprofile bwrap %s flags=(unconfined) {{ userns, }}\n' {bwrap} "
    "| sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap"
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for.

    ok: it is there and works.
    required: grading or the two commands of the README need it.
    text: what was found.
    remedy: a command, or what else to do; "" where nothing is to be done.
    """

    name: str
    ok: bool
    required: bool
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        mark = "ok      " if self.ok else "missing " if self.required else "optional"
        return f"{mark} {self.name}: {self.text}" + (f"; {self.remedy}" if self.remedy else "")


def examine(folder: str | Path) -> list[Finding]:
    """Look for everything.

    Args:    folder: where grading writes; it need not exist.
    Returns: list of `Finding`, what is required first.
    """
    up, message = walls()
    return [
        _python(),
        _kernel(),
        Finding("bubblewrap", up, True, *_split(message)),
        *([_one_process()] if up else []),
        _program("make", required=True),
        _program("git", required=True),
        _disk(Path(folder)),
        _program(*BROWSERS, why="for mylib pdf and the browser tests"),
        _machine(),
        _cuda(),
    ]


def healthy(findings: Iterable[Finding]) -> bool:
    """All that is required is there.

    Args:    findings: of `examine`.
    """
    return all(one.ok for one in findings if one.required)


def walls() -> tuple[bool, str]:
    """Whether submissions can run behind walls here: bubblewrap is there, and the system lets it make namespaces.

    Returns: True or False; one line that says what was found, and after "; " what to do.
    """
    if platform.system() != "Linux":
        return (
            False,
            f"{platform.system()} has no bubblewrap; grade on Linux, or in a virtual machine with it",
        )
    program = shutil.which("bwrap")
    if not program:
        return False, f"no program bwrap; {install('bubblewrap')}"
    try:
        done = subprocess.run([program, *WALLS], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, f"{program} does not run ({error}); {install('bubblewrap')}"
    if done.returncode == 0:
        return True, f"{program} makes namespaces"
    said = " ".join(done.stderr.split())[:200]
    if "nknown option" in said:
        return False, f"{program} is older than 0.8 ({said}); install bubblewrap 0.8 or newer"
    return False, f"{program} may not make namespaces ({said}); {_why_no_namespaces(program)}"


def _one_process() -> Finding:
    """Start a process behind the walls, as grading does: a program that is there need not work."""
    from mylib.classroom.sandbox.client import Sandbox
    from mylib.classroom.sandbox.walls import WallsMissingError, libseccomp

    if missing := libseccomp():
        package = "libseccomp2" if shutil.which("apt-get") else "libseccomp"
        return Finding("sandbox", False, True, missing, install(package))
    try:
        with Sandbox() as sandbox:
            sandbox.start()
    except (WallsMissingError, OSError) as error:
        return Finding("sandbox", False, True, str(error).replace("; run `mylib doctor`", ""), "")
    return Finding("sandbox", True, True, "a process starts behind the walls")


def _why_no_namespaces(program: str) -> str:
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":  # Ubuntu 24.04 and later
        return f"AppArmor stops it until it has a profile: {APPARMOR.format(bwrap=program)}"
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if _setting("user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=15000"
    if any(mark.exists() for mark in CONTAINERS):
        return (
            "start this container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
            "--security-opt systempaths=unconfined"
        )
    return "ask whoever runs this machine to allow user namespaces"


def install(package: str) -> str:
    """The command that installs a package on this system.

    Args:    package: its usual name.
    Returns: a command, or a sentence where no package manager is known.
    """
    for manager, command in MANAGERS.items():
        if shutil.which(manager):
            return f"{command} {package}"
    return f"install {package} with the system's package manager"


def _program(*names: str, required: bool = False, why: str = "") -> Finding:
    for name in names:
        if path := shutil.which(name):
            return Finding(names[0], True, required, path)
    return Finding(names[0], False, required, f"not found{', ' + why if why else ''}", install(names[0]))


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info >= PYTHON:
        return Finding("Python", True, True, f"{version}, {sys.executable}")
    wanted = ".".join(map(str, PYTHON))
    return Finding("Python", False, True, f"{version}, expected {wanted} or newer", install("python3"))


def _kernel() -> Finding:
    """The kernel that notebooks ask for, and this package in it: it may be another Python than this one."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    name, again = "kernel python3", "make setup"
    try:
        python = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return Finding(name, False, True, "no kernel of that name", "python -m ipykernel install --sys-prefix")
    program = shutil.which(python, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if not program:
        return Finding(name, False, True, f"its Python {python} is not there", again)
    try:
        command = [program, "-c", "import ipykernel, mylib; print(mylib.__file__)"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=os.path.abspath(os.sep))
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(name, False, True, f"{program} does not run ({error})", again)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return Finding(name, False, True, f"{program} cannot import mylib ({said[0][:100]})", again)
    return Finding(name, True, True, f"{program} with {Path(done.stdout.strip()).parent}")


def _disk(folder: Path) -> Finding:
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    free = shutil.disk_usage(there).free / GIGABYTE
    if free >= DISK_GB:
        return Finding("disk", True, True, f"{free:.0f} GB free for {folder}")
    text = f"{free:.1f} GB free for {folder}, expected {DISK_GB} GB"
    return Finding("disk", False, True, text, "free some, or name another folder with --output")


def _machine() -> Finding:
    import psutil

    memory = psutil.virtual_memory().total / GIGABYTE
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    text = f"{cores} cores, {memory:.0f} GB of memory"
    if memory >= MEMORY_GB * cores:  # type: ignore[operator]  # Linux and macOS know their cores
        return Finding("machine", True, False, text)
    jobs = max(1, int(memory // MEMORY_GB))
    return Finding(
        "machine", False, False, f"{text}: too little for {cores} submissions at a time", f"use --jobs {jobs}"
    )


def _cuda() -> Finding:
    import torch

    if torch.cuda.is_available():
        return Finding("CUDA", True, False, torch.cuda.get_device_name())
    return Finding("CUDA", False, False, "no device; everything runs without one, at quick scale")


def _setting(name: str) -> str:
    try:
        return (SYSCTL / name).read_text().strip()
    except OSError:
        return ""


def _split(message: str) -> tuple[str, str]:
    text, _, remedy = message.partition("; ")
    return text, remedy
