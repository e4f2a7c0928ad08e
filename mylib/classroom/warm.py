"""Inside the walls: a server with the libraries imported, which forks two processes for every submission.

`mylib.classroom.sandbox` starts it. A fork costs milliseconds where a fresh process spends seconds on imports. Each
fork gets namespaces of its own (files, processes, network), an empty disk in memory, and then gives up every right to
change them. A second process stays outside of those namespaces, watches the limits, and ends them.
"""

import contextlib
import gc
import importlib
import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from pathlib import Path

from mylib.classroom import wire
from mylib.classroom.confine import confine, die_with_parent, leave_namespaces, limit
from mylib.classroom.walls import HOME
from mylib.classroom.watch import memory, watch

SEED = 0
LIBRARIES = (
    *("IPython.core.completerlib", "IPython.core.debugger", "IPython.core.magics", "IPython.core.oinspect"),
    *("IPython.extensions.storemagic", "ipykernel.debugger", "ipykernel.ipkernel", "ipykernel.kernelapp"),
    "tornado.platform.asyncio",
    *("matplotlib.pyplot", "matplotlib_inline.backend_inline", "mylib.check", "mylib.data", "mylib.plots"),
    *("mylib.classroom.student", "mylib.classroom.trusted", "scipy.signal", "sklearn", "torch"),
)


def serve(address, walled):
    """Fork for every job until the other side hangs up.

    Args:    address: of the socket on which jobs come (JSON, and the descriptors for the new process): the number of
                 an open one, or a path.
             walled: this process may make namespaces; otherwise its children share its own.
    """
    control = _connect(address)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended children leave nothing behind
    warm_up()
    control.send(json.dumps({"memory": memory()}).encode())
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
    die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    status = socket.socket(fileno=descriptors[0])
    folder = HOME if walled else tempfile.mkdtemp(prefix="submission-")
    if walled:
        leave_namespaces()
    child = os.fork()
    if child == 0:
        status.close()
        _in_child(_work, job, descriptors[1:], folder, walled)
    for one in descriptors[1:]:
        os.close(one)
    try:
        reason = watch(child, status, job["limits"], walled)
        with contextlib.suppress(OSError):
            status.send(json.dumps(reason).encode())
    finally:
        if not walled:
            shutil.rmtree(folder, ignore_errors=True)


def _work(job, descriptors, folder, walled):
    """In the second fork, behind its own walls: take the parcel and do what the role says."""
    die_with_parent()
    os.setsid()
    os.nice(5)  # behind the one that watches
    limits = job["limits"]
    if walled:
        confine(limits["folder_bytes"])
    limit(limits)
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
