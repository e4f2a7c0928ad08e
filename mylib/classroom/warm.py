"""Inside the walls: a server with the libraries imported, which forks two processes for every submission.

`mylib.classroom.sandbox` starts it. A fork costs milliseconds where a fresh process spends seconds on imports. Each
fork gets namespaces of its own (files, processes, network), an empty disk in memory, and then gives up every right to
change them. A second process stays outside of those namespaces, watches the limits, and ends them.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import resource
import select
import signal
import socket
import sys
import tempfile
import time
import traceback
from pathlib import Path

from mylib.classroom import wire

SEED = 0
HOME = "/home/student"
LIBRARIES = (
    *("IPython.core.completerlib", "IPython.core.magics", "ipykernel.debugger", "ipykernel.ipkernel"),
    "ipykernel.kernelapp",
    *("matplotlib.pyplot", "matplotlib_inline.backend_inline", "mylib.check", "mylib.data", "mylib.plots"),
    *("mylib.classroom.student", "mylib.classroom.trusted", "scipy.signal", "sklearn", "torch"),
)
# From linux/sched.h, linux/mount.h, linux/prctl.h and linux/capability.h.
NEW_NAMESPACES = 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000 | 0x02000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_RECURSIVE_PRIVATE = 1, 2, 4, 0x4000 | 0x40000
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, CAPABILITY_VERSION = 1, 24, 0x20080522
PROC_FILES = ("cpuinfo", "meminfo", "stat", "version")
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
            import shutil

            shutil.rmtree(folder, ignore_errors=True)


def _watch(child, status, limits, walled):
    """Wait for the child's end, and bring it about at a limit or when the other side hangs up.

    Returns: why it was ended, or how it ended by itself.
    """
    import psutil

    deadline = time.monotonic() + limits["seconds"]
    base, reason = _memory(), ""
    while True:
        done, code = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if select.select([status], [], [], 0.02)[0]:
            order = status.recv(1)
            if order == b"i":
                os.kill(child, signal.SIGINT)
                continue
            reason = "ended"
        elif time.monotonic() > deadline:
            reason = f"it ran for more than {limits['seconds']:g} s"
        else:
            with contextlib.suppress(psutil.Error):
                reason = _over(psutil.Process(child), limits, base)
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


def _over(process, limits, base):
    """What the family of a process has too much of; "" if nothing."""
    import psutil

    family = [process, *process.children(recursive=True)]
    if len(family) > limits["processes"]:
        return f"it started more than {limits['processes']} processes"
    # Cheap first: forks share pages, which the resident sizes count again for each.
    if sum(max(0, one.memory_info().rss - base) for one in family) + base > limits["resident_bytes"]:
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
    limits = job["limits"]
    if walled:
        _mount(limits["folder_bytes"])
        _give_up_rights()
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
    _call("mount", b"none", b"/", None, MS_RECURSIVE_PRIVATE, None)
    for target, size in (
        (b"/tmp", folder_bytes),
        (b"/home", folder_bytes),
        (b"/dev/shm", folder_bytes),
        (b"/proc", 1_000_000),
    ):
        options = f"size={size},nr_inodes=10000,mode=755".encode()
        _call("mount", b"tmpfs", target, b"tmpfs", MS_NOSUID | MS_NODEV, options)
    for name, content in facts.items():
        Path("/proc", name).write_bytes(content)


def _give_up_rights():
    """Drop every capability for good; bubblewrap has forbidden new user namespaces and gaining rights by exec."""
    for capability in range(64):
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


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
