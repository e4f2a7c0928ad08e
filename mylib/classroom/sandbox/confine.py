"""What a process gives up before it runs a submission: other files and processes, rights, system calls, memory.

All from inside, by Linux's own means; walls.py says what can be seen from there at all.
"""

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
from pathlib import Path

from mylib.classroom.sandbox.walls import HOME, python_folders

# From linux/sched.h, linux/mount.h, linux/prctl.h and linux/capability.h.
NEW_MOUNTS = 0x00020000
NEW_NAMESPACES = NEW_MOUNTS | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000 | 0x02000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_RECURSIVE, MNT_DETACH = 2, 4, 0x1000, 0x4000, 2
MS_RECURSIVE_PRIVATE = 0x4000 | 0x40000
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, CAPABILITY_VERSION = 1, 24, 0x20080522
PROC_FILES = ("cpuinfo", "meminfo", "stat", "version")
# System calls that no notebook needs. What they make outlives a submission (keys), holds memory that no limit sees
# (memory without a file or a process), or opens much of the kernel. From asm/unistd.h.
REFUSED_CALLS = {
    "add_key": {"x86_64": 248, "aarch64": 217},
    "request_key": {"x86_64": 249, "aarch64": 218},
    "keyctl": {"x86_64": 250, "aarch64": 219},
    "memfd_create": {"x86_64": 319, "aarch64": 279},
    "memfd_secret": {"x86_64": 447, "aarch64": 447},
    "shmget": {"x86_64": 29, "aarch64": 194},
    "msgget": {"x86_64": 68, "aarch64": 186},
    "semget": {"x86_64": 64, "aarch64": 190},
    "mq_open": {"x86_64": 240, "aarch64": 180},
    "ptrace": {"x86_64": 101, "aarch64": 117},
    "process_vm_readv": {"x86_64": 310, "aarch64": 270},
    "process_vm_writev": {"x86_64": 311, "aarch64": 271},
    "perf_event_open": {"x86_64": 298, "aarch64": 241},
    "bpf": {"x86_64": 321, "aarch64": 280},
    "userfaultfd": {"x86_64": 323, "aarch64": 282},
    "io_uring_setup": {"x86_64": 425, "aarch64": 425},
}
AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
SECCOMP_ALLOW, SECCOMP_ERRNO = 0x7FFF0000, 0x00050000
BPF_LOAD, BPF_JUMP_EQUAL, BPF_JUMP_AT_LEAST, BPF_RETURN = 0x20, 0x15, 0x35, 0x06
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """No process outlives the one that started it."""
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def leave_namespaces():
    """Processes that this one starts see none but each other, and no network."""
    _call("unshare", NEW_NAMESPACES)


def confine(folder_bytes):
    """Empty disks of so many bytes, no rights, and no call that a notebook does not need; for good.

    Args:    folder_bytes: what each disk holds at most.
    Raises:  OSError: this kernel, or machine, cannot.
    """
    _mount(folder_bytes)
    _give_up_rights()
    _refuse_calls()


def _mount(folder_bytes):
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


def _disk(target, size):
    options = f"size={size},nr_inodes=10000,mode=755".encode()
    _call("mount", b"tmpfs", target.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, options)


def _bind(folder, target):
    os.makedirs(target, exist_ok=True)
    _call("mount", folder.encode(), target.encode(), None, MS_BIND | MS_RECURSIVE, None)


def _give_up_rights():
    """Drop every capability for good; bubblewrap has forbidden new user namespaces and gaining rights by exec."""
    for capability in range(64):
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


def _refuse_calls():
    """Make the calls of `REFUSED_CALLS` fail, for this process and all that come from it."""
    machine = platform.machine()
    if machine not in AUDIT_ARCHITECTURES:
        raise OSError(f"expected a machine of type {' or '.join(AUDIT_ARCHITECTURES)}, got {machine}")
    numbers = [one[machine] for one in REFUSED_CALLS.values()]
    # Each instruction: what, how many to skip if so and if not, number. At 0 lies the call, at 4 the architecture;
    # another one has other numbers, and so have those from 2^30 on (x32).
    program = [
        (BPF_LOAD, 0, 0, 4),
        (BPF_JUMP_EQUAL, 0, len(numbers) + 3, AUDIT_ARCHITECTURES[machine]),
        (BPF_LOAD, 0, 0, 0),
        (BPF_JUMP_AT_LEAST, len(numbers) + 1, 0, 0x40000000),
        *((BPF_JUMP_EQUAL, len(numbers) - place, 0, number) for place, number in enumerate(numbers)),
        (BPF_RETURN, 0, 0, SECCOMP_ALLOW),
        (BPF_RETURN, 0, 0, SECCOMP_ERRNO | errno.EPERM),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in program))
    header = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(code)))
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0)


def limit(limits):
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


def _call(name, *arguments):
    if getattr(LIBC, name)(*arguments):
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
