"""Inside the walls: a server with the libraries imported, which forks two processes for every submission.

client.py starts it. A fork costs milliseconds where a fresh process spends seconds on imports. Each fork gets
namespaces of its own (files, processes, network), an empty disk in memory, and then gives up every right to change
them. A second process stays outside of those namespaces, watches the limits, and ends them.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from mylib.classroom.notebook import libraries
from mylib.classroom.notebook.libraries import die_with_parent
from mylib.classroom.sandbox import answer_side, messages, test_side
from mylib.classroom.sandbox.confine import confine, leave_namespaces, limit
from mylib.classroom.sandbox.walls import HOME
from mylib.classroom.sandbox.watchdog import memory, watch

ROLES = {"answers": answer_side, "tests": test_side}


def serve(descriptor: int, walled: bool) -> None:
    """Fork for every job until the other side hangs up.

    Args:    descriptor: of the socket on which jobs come: JSON, and the descriptors for the new process.
             walled: this process may make namespaces; otherwise its children share its own.
    """
    control = socket.socket(fileno=descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended children leave nothing behind
    answer_side.prepare()
    libraries.load(freeze=True)
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


def _in_child(target: Callable[..., None], *arguments: Any) -> NoReturn:
    """Run, tell what went wrong, and leave without the parent's exit handlers."""
    try:
        target(*arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _supervise(job: dict[str, Any], descriptors: Sequence[int], walled: bool) -> None:
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


def _work(job: dict[str, Any], descriptors: Sequence[int], folder: str, walled: bool) -> None:
    """In the second fork, behind its own walls: take the parcel and do what the role says."""
    die_with_parent()
    os.setsid()
    os.nice(5)  # behind the one that watches
    limits = job["limits"]
    if walled:
        confine(limits["folder_bytes"])
    limit(limits)
    parcel, buffers = messages.receive(socket.socket(fileno=descriptors[0]))
    os.makedirs(folder, exist_ok=True)
    os.environ.update(HOME=folder, IPYTHONDIR=f"{folder}/.ipython")
    os.chdir(folder)
    for name, position in parcel["files"].items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffers[position])
    # Behind the libraries: a torch.py of the student's must not take the place of the real one.
    sys.path = [entry for entry in sys.path if entry] + [folder]
    libraries.reset()
    ROLES[job["role"]].main(parcel, descriptors[1:])
