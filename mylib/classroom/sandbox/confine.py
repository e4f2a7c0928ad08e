"""What a process gives up before it runs a submission: other files and processes, rights, system calls, memory.

All from inside, by Linux's own means; walls.py says what can be seen from there at all.
"""

import contextlib
import ctypes
import errno
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mylib.classroom.sandbox.walls import HOME, python_folders

if sys.platform == "linux":
    with contextlib.suppress(RuntimeError):  # no libseccomp: `walls.require` has said so
        import pyseccomp

# From linux/sched.h, linux/mount.h, linux/prctl.h and linux/capability.h.
NEW_MOUNTS = 0x00020000
NEW_NAMESPACES = NEW_MOUNTS | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000 | 0x02000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_RECURSIVE, MNT_DETACH = 2, 4, 0x1000, 0x4000, 2
MS_RECURSIVE_PRIVATE = 0x4000 | 0x40000
PR_CAPBSET_DROP, CAPABILITY_VERSION = 24, 0x20080522
PROC_FILES = ("cpuinfo", "meminfo", "stat", "version")
# System calls that no notebook needs. What they make outlives a submission (keys), holds memory that no limit sees
# (memory without a file or a process), or opens much of the kernel.
REFUSED_CALLS = (
    *(
        "add_key",
        "request_key",
        "keyctl",
        "memfd_create",
        "memfd_secret",
        "shmget",
        "msgget",
        "semget",
        "mq_open",
    ),
    *(
        "ptrace",
        "process_vm_readv",
        "process_vm_writev",
        "perf_event_open",
        "bpf",
        "userfaultfd",
        "io_uring_setup",
    ),
    # They tell which pages of a file are in memory: a hidden input could be written there, for the next submission.
    *("mincore", "cachestat", "fadvise64"),
)
RWF_NOWAIT = 8  # from linux/fs.h: read what is in memory, or fail; the sixth argument of preadv2
LIBC = ctypes.CDLL(None, use_errno=True)


def leave_namespaces() -> None:
    """Processes that this one starts see none but each other, and no network."""
    _call("unshare", NEW_NAMESPACES)


def confine(folder_bytes: int) -> None:
    """Empty disks of so many bytes, no rights, and no call that a notebook does not need; for good.

    Args:    folder_bytes: what each disk holds at most.
    Raises:  OSError: this kernel, or machine, cannot.
    """
    _mount(folder_bytes)
    _give_up_rights()
    _refuse_calls()


def _mount(folder_bytes: int) -> None:
    """Replace what can be written by empty disks in memory, and /proc by a few plain facts."""
    facts = {name: Path("/proc", name).read_bytes() for name in PROC_FILES}
    _call("unshare", NEW_MOUNTS)  # again: the watcher needs its own /proc to see anything
    _call("mount", b"none", b"/", None, MS_RECURSIVE_PRIVATE, None)
    _disk(HOME, folder_bytes)
    # A Python that lies below /tmp is carried over the new disk there.
    carried = {f"{HOME}/.{at}": one for at, one in enumerate(python_folders()) if one.startswith("/tmp/")}
    for aside, folder in carried.items():
        _bind(folder, aside)
    for target in ("/tmp", "/dev/shm"):
        _disk(target, folder_bytes)
    for aside, folder in carried.items():
        _bind(aside, folder)
        _call("umount2", aside.encode(), MNT_DETACH)
        os.rmdir(aside)
    _disk("/proc", 1_000_000)
    # Terminals of its own: on the server's, submissions could write to each other. `!ls` in a notebook needs one.
    _call("mount", b"devpts", b"/dev/pts", b"devpts", MS_NOSUID, b"newinstance,ptmxmode=0666,mode=620,max=16")
    for name, content in facts.items():
        Path("/proc", name).write_bytes(content)


def _disk(target: str, size: int) -> None:
    options = f"size={size},nr_inodes=10000,mode=755".encode()
    _call("mount", b"tmpfs", target.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, options)


def _bind(folder: str, target: str) -> None:
    os.makedirs(target, exist_ok=True)
    _call("mount", folder.encode(), target.encode(), None, MS_BIND | MS_RECURSIVE, None)


def _give_up_rights() -> None:
    """Drop every capability for good; bubblewrap has forbidden new user namespaces and gaining rights by exec."""
    for capability in range(64):
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


def _refuse_calls() -> None:
    """Make the calls of `REFUSED_CALLS` fail, for this process and all that come from it."""
    refuse = pyseccomp.ERRNO(errno.EPERM)
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    rules.set_attr(pyseccomp.Attr.ACT_BADARCH, refuse)  # another set of numbers for the same calls
    for name in REFUSED_CALLS:
        rules.add_rule(refuse, name)
    rules.add_rule(refuse, "preadv2", pyseccomp.Arg(5, pyseccomp.MASKED_EQ, RWF_NOWAIT, RWF_NOWAIT))
    rules.load()


def limit(limits: Mapping[str, Any]) -> None:
    """The system's own limits, for this process and all that come from it.

    Args:    limits: dict of `Limits`.
    """
    for what, most in (
        (resource.RLIMIT_AS, limits["address_bytes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 1024),
        (
            resource.RLIMIT_NPROC,
            4 * limits["processes"],
        ),  # counts threads; not enforced where root started us
    ):
        resource.setrlimit(what, (most, most))


def _call(name: str, *arguments: Any) -> None:
    if getattr(LIBC, name)(*arguments):
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
