"""Inside the walls: a server with the libraries imported, which forks two processes for every submission.

`mylib.classroom.sandbox` starts it. A fork costs milliseconds where a fresh process spends seconds on imports. Each
fork gets namespaces of its own (files, processes, network), an empty disk in memory, and then gives up every right to
change them. A second process stays outside of those namespaces, watches the limits, and ends them.
"""

import contextlib
import ctypes
import errno
import gc
import importlib
import json
import os
import platform
import random
import resource
import select
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
import traceback
from pathlib import Path

from mylib.classroom import wire
from mylib.classroom.walls import HOME, python_folders

SEED, OURS = 0, 12
ORDERS = {b"i": signal.SIGINT, b"s": signal.SIGSTOP}
PAUSE_SECONDS = 0.02
LIBRARIES = (
    *("IPython.core.completerlib", "IPython.core.debugger", "IPython.core.magics", "IPython.core.oinspect"),
    *("IPython.extensions.storemagic", "ipykernel.debugger", "ipykernel.ipkernel", "ipykernel.kernelapp"),
    "tornado.platform.asyncio",
    *("matplotlib.pyplot", "matplotlib_inline.backend_inline", "mylib.check", "mylib.data", "mylib.plots"),
    *("mylib.classroom.student", "mylib.classroom.trusted", "scipy.signal", "sklearn", "torch"),
)
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


def serve(address, walled):
    """Fork for every job until the other side hangs up.

    Args:    address: of the socket on which jobs come (JSON, and the descriptors for the new process): the number of
                 an open one, or a path.
             walled: this process may make namespaces; otherwise its children share its own.
    """
    control = _connect(address)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended children leave nothing behind
    warm_up()
    control.send(json.dumps({"memory": _memory()}).encode())
    while True:
        message, descriptors, *_ = socket.recv_fds(control, 65_536, 64)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _in_child(_supervise, json.loads(message), descriptors, walled)
        for one in descriptors:
            os.close(one)


def _connect(address):
    if address.isdigit():
        return socket.socket(fileno=int(address))
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.connect(address)
    return control


def warm_up():
    """Import what notebooks and their tests import, so that no fork has to."""
    for name in LIBRARIES:
        importlib.import_module(name)
    import torch
    import tqdm

    # One thread: a fork hangs when its parent ever ran a two-thread OpenMP loop.
    torch.set_num_threads(1)
    tqdm.tqdm.monitor_interval = 0
    # The first optimiser of a process imports 800 modules, the first figure its fonts.
    weight = torch.nn.Parameter(torch.zeros(1))
    torch.optim.SGD([weight], 0.1).step()
    figure = sys.modules["matplotlib.pyplot"].figure()
    figure.canvas.get_renderer()
    sys.modules["matplotlib.pyplot"].close("all")
    for load in ("mnist", "digits"):
        getattr(sys.modules["mylib.data"], load)()
    threads = len(list(Path("/proc/self/task").iterdir())) if Path("/proc/self/task").exists() else 1
    assert threads == 1, f"expected one thread before forking, got {threads}"
    gc.collect()
    gc.freeze()  # the collector of a fork leaves our objects, and so the shared pages, alone


def _in_child(target, *arguments):
    """Run, tell what went wrong, and leave without the parent's exit handlers."""
    try:
        target(*arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _supervise(job, descriptors, walled):
    """In the first fork: make the namespaces, fork the process that works in them, and watch it."""
    _die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    status = socket.socket(fileno=descriptors[0])
    folder = HOME if walled else tempfile.mkdtemp(prefix="submission-")
    if walled:
        _call("unshare", NEW_NAMESPACES)
    child = os.fork()
    if child == 0:
        status.close()
        _in_child(_work, job, descriptors[1:], folder, walled)
    for one in descriptors[1:]:
        os.close(one)
    try:
        reason = _watch(child, status, job["limits"], walled)
        with contextlib.suppress(OSError):
            status.send(json.dumps(reason).encode())
    finally:
        if not walled:
            shutil.rmtree(folder, ignore_errors=True)


def _watch(child, status, limits, walled):
    """Wait for the child's end, and bring it about at a limit or when the other side hangs up.

    Returns: why it was ended, or how it ended by itself. That it stands still, as ordered, is told as null.
    """
    import psutil

    deadline = time.monotonic() + limits["seconds"]
    base, reason, pause = _memory(), "", PAUSE_SECONDS
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


def _over(process, limits, base, walled):
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


def _kill(child, walled):
    with contextlib.suppress(ProcessLookupError):
        if not walled:
            os.killpg(child, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)  # the first of its namespace: the kernel ends all the others with it


def _work(job, descriptors, folder, walled):
    """In the second fork, behind its own walls: take the parcel and do what the role says."""
    _die_with_parent()
    os.setsid()
    os.nice(5)  # behind the one that watches
    limits = job["limits"]
    if walled:
        _mount(limits["folder_bytes"])
        _give_up_rights()
        _refuse_calls()
    _limit(limits)
    parcel, buffers = wire.receive(socket.socket(fileno=descriptors[0]))
    os.makedirs(folder, exist_ok=True)
    os.environ.update(HOME=folder, IPYTHONDIR=f"{folder}/.ipython")
    os.chdir(folder)
    for name, position in parcel["files"].items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffers[position])
    # Behind the libraries: a torch.py of the student's must not take the place of the real one.
    sys.path = [entry for entry in sys.path if entry] + [folder]
    _reset()
    role = {"answers": "student", "tests": "trusted"}[job["role"]]
    sys.modules[f"mylib.classroom.{role}"].main(parcel, descriptors[1:])


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


def _limit(limits):
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


def _reset():
    """A state that does not depend on what this server forked before."""
    import numpy as np
    import torch

    signal.signal(signal.SIGINT, signal.default_int_handler)
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002  an exercise's cell may still draw from the global generator
    torch.manual_seed(SEED)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr


def _die_with_parent():
    """No process outlives the one that started it."""
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _call(name, *arguments):
    if getattr(LIBC, name)(*arguments):
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def _memory():
    """Resident bytes of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
