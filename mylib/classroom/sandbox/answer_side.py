"""The student's side, behind the walls: a Jupyter kernel that runs the cells, and lends what they made to the tests.

Nothing here is relied upon: the student's code runs in the same process and can change all of it. It can only change
what the tests are told, and the tests believe nothing but data (messages.py).
"""

import builtins
import contextlib
import gc
import json
import os
import pickle
import select
import signal
import socket
import sys
import threading
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.pool import Pool

import numpy as np
import torch
import zmq
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from tornado.ioloop import IOLoop
from traitlets import Any
from traitlets.config import Config

from mylib.classroom.sandbox import messages, values

POOLS = (ThreadPoolExecutor, ProcessPoolExecutor, Pool)  # a ThreadPool is a Pool


class WarmKernel(IPythonKernel):
    """A kernel that is made before the fork and connected after it: making one takes longer than the fork."""

    @classmethod
    def instance(cls, **given: typing.Any) -> typing.Any:
        """The one of this process; what is given reaches it also where it was made before."""
        kernel: typing.Any = super().instance(**given)
        for name, value in given.items():
            if value is not None:
                setattr(kernel, name, value)
        kernel._stdout, kernel._stderr = sys.stdout, sys.stderr
        for channel in (kernel.shell.displayhook, kernel.shell.display_pub):
            channel.session, channel.pub_socket = kernel.session, kernel.iopub_socket
        return kernel


class LentSockets(IPKernelApp):
    """A kernel's program whose sockets were opened outside of the walls, where the client is."""

    listeners = Any(help="{port: descriptor of a listening socket}")

    def parse_command_line(self, argv: typing.Any = None) -> None:
        """There is none."""

    def _try_bind_socket(self, s: typing.Any, port: int) -> int:
        s.setsockopt(zmq.USE_FD, self.listeners[port])
        s.bind(f"{self.transport}://{self.ip}-{port}")
        return port

    def init_heartbeat(self) -> None:
        """No thread for it: whether the process lives is seen from outside."""


def prepare() -> None:
    """Before any fork: what a kernel imports and sets up when it starts, without sockets."""
    config = Config({"HistoryManager": {"enabled": False}})
    app = LentSockets.instance(
        config=config,
        kernel_class=WarmKernel,
        ignore_cwd=True,  # the student's files come behind the libraries
        capture_fd_output=False,
    )
    WarmKernel.instance(parent=app, log=app.log)


def main(parcel: dict[str, typing.Any], descriptors: Sequence[int]) -> None:
    """Be the kernel.

    Args:    parcel: of the kernel's client; its connection is what a connection file says.
             descriptors: five listening sockets in the order of `ports`, and one through which the client hands in
                 a socket for each snapshot, at the moment when it is lent: what a cell wrote before cannot be in it.
    """
    connection = parcel["connection"]
    ports = [connection[f"{name}_port"] for name in ("shell", "iopub", "stdin", "control", "hb")]
    path = os.path.join(os.environ["HOME"], ".connection.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(connection, file)
    app: typing.Any = LentSockets.instance()
    app.connection_file, app.listeners = path, dict(zip(ports, descriptors, strict=False))
    app.initialize([])
    app.shell.ipython_dir, app.shell.profile_dir = app.ipython_dir, app.profile_dir
    os.unlink(path)
    if len(descriptors) > len(ports):
        door = socket.socket(fileno=descriptors[len(ports)])
        IOLoop.current().add_handler(door, lambda *_: _lend_at(door, app.shell.user_ns), IOLoop.READ)
    app.start()


def _lend_at(door: socket.socket, namespace: dict[str, typing.Any]) -> None:
    """Lend to the socket that the client has just handed in, and send its word back when that is done."""
    word, descriptors, *_ = socket.recv_fds(door, 16, 1)
    if not word:
        IOLoop.current().remove_handler(door)
    for descriptor in descriptors:
        lend(socket.socket(fileno=descriptor), namespace, [door])
        door.send(word)


def lend(sock: socket.socket, namespace: dict[str, typing.Any], others: Iterable[typing.Any] = ()) -> None:
    """Fork; the fork answers the tests with the state of now, while the notebook goes on.

    Args:    sock: to the tests; this process gives up its copy.
             namespace: the notebook's names.
             others: sockets that the fork must not hold, or the end of their snapshots would not be noticed.
    """
    threads = threading.active_count()
    if os.fork():
        sock.close()
        return
    try:
        for other in others:
            other.close()
        _settle(sock)
        if threads > 1:
            _revive_pools()
        Lender(sock, namespace).run()
    finally:
        os._exit(0)


def _settle(sock: socket.socket) -> None:
    """Make the fork quiet, deaf to the notebook's interrupts, and end it with the tests' interest."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nowhere = open(os.devnull, "w")  # noqa: SIM115
    # Typeshed calls the last two final.
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = nowhere  # type: ignore[misc]
    sys.displayhook = sys.__displayhook__

    def wait_for_hangup() -> None:
        watcher = select.poll()
        watcher.register(sock, select.POLLRDHUP)
        watcher.poll()
        os._exit(0)

    threading.Thread(target=wait_for_hangup, daemon=True).start()


def _revive_pools() -> None:
    """Threads do not survive a fork: pools that a cell has made get new ones, and answers that use them go on."""
    pools = [one for one in gc.get_objects() if isinstance(one, POOLS)]
    for pool in pools:
        with contextlib.suppress(Exception):
            # Their classes are known; typeshed does not know what they keep for themselves.
            if isinstance(pool, ThreadPoolExecutor):
                prefix, start = pool._thread_name_prefix, (pool._initializer, pool._initargs)
                pool.__init__(pool._max_workers, prefix, *start)  # type: ignore[misc]
            elif isinstance(pool, ProcessPoolExecutor):
                pool.__init__(  # type: ignore[misc]
                    pool._max_workers,  # type: ignore[attr-defined]
                    pool._mp_context,
                    pool._initializer,
                    pool._initargs,
                )
            else:
                pool.__init__(  # type: ignore[misc]
                    pool._processes,  # type: ignore[attr-defined]
                    pool._initializer,  # type: ignore[attr-defined]
                    pool._initargs,  # type: ignore[attr-defined]
                )


class Lender:
    """Answers the requests of the tests, one after the other."""

    def __init__(self, sock: socket.socket, namespace: dict[str, typing.Any]) -> None:
        self.sock, self.namespace = sock, namespace
        self.kept: list[typing.Any] = []

    def run(self) -> None:
        """Until the tests hang up."""
        while True:
            try:
                head, buffers = messages.receive(self.sock)
            except EOFError:
                return
            self.reply(self.answer, head, buffers)

    def reply(self, function: Callable[..., typing.Any], *arguments: typing.Any) -> None:
        """Send what a function returns, or the error that it raises."""
        buffers: list[typing.Any] = []
        try:
            head = function(*arguments, buffers)
        except BaseException as error:  # whatever the student's code raises
            kinds = [kind.__name__ for kind in type(error).__mro__ if getattr(builtins, kind.__name__, None) is kind]
            buffers = []
            head = {"error": kinds, "name": type(error).__name__, "message": _text(error)}
        messages.send(self.sock, head, buffers)

    def answer(
        self, head: Mapping[str, typing.Any], received: Sequence[typing.Any], buffers: list[typing.Any]
    ) -> dict[str, typing.Any]:
        """Do what one request says."""
        if "name" in head:
            if head["name"] not in self.namespace:
                return {"missing": True}
            return {"value": self.encode(self.namespace[head["name"]], buffers)}
        arguments, named = self.decode(head["arguments"], received), self.decode(head["named"], received)
        with self.as_there(head["context"], received):
            if "source" in head:
                space = dict(self.namespace)
                exec(compile(head["source"], "<test>", "exec"), space)
                function = space[head["function"]]
            else:
                function = self.decode(head["of"], received)
            value = _OPERATIONS[head["do"]](function, *arguments, **named)
        reply = {"value": self.encode(value, buffers)}
        if head["copy_back"]:
            reply["changed"] = self.encode((arguments, named), buffers)
        return reply

    @contextlib.contextmanager
    def as_there(self, context: Mapping[str, typing.Any], received: Sequence[typing.Any]) -> Iterator[None]:
        """Arithmetic errors, gradients and random numbers as the test has set them."""
        if context["random"] is not None:
            torch_state, numpy_state = self.decode(context["random"], received)
            torch.set_rng_state(torch_state)
            np.random.set_state(numpy_state)  # noqa: NPY002
        with np.errstate(**context["errors"]), torch.set_grad_enabled(context["gradients"]):
            yield

    def encode(self, value: typing.Any, buffers: list[typing.Any]) -> typing.Any:
        """Data as data; anything else is kept here, and its key goes over."""
        return values.encode(value, self.keep, buffers)

    def keep(self, value: typing.Any) -> dict[str, typing.Any]:
        """The key of an object."""
        self.kept.append(value)
        return {"is": "object", "key": len(self.kept) - 1, "type": type(value).__name__}

    def decode(self, tree: typing.Any, received: Sequence[typing.Any]) -> typing.Any:
        """What the tests sent."""
        return values.decode(tree, lambda part: self.thing(part, received), received)

    def thing(self, tree: Mapping[str, typing.Any], received: Sequence[typing.Any]) -> typing.Any:
        """An object that was kept here, one that the tests hand over, or a function of theirs."""
        if tree["is"] == "object":
            return self.kept[tree["key"]]
        if tree["is"] == "pickle":
            return pickle.loads(received[tree["data"]])
        return self.call_back(tree["key"])

    def call_back(self, key: int) -> Callable[..., typing.Any]:
        """A function of the tests, which runs there."""

        def function(*arguments: typing.Any, **named: typing.Any) -> typing.Any:
            buffers: list[typing.Any] = []
            tree = self.encode((arguments, named), buffers)
            messages.send(self.sock, {"call": key, "with": tree}, buffers)
            while True:
                head, received = messages.receive(self.sock)
                if "returned" in head:
                    return self.decode(head["returned"], received)
                if "raised" in head:
                    raise self.decode(head["raised"], received)
                self.reply(self.answer, head, received)

        return function


_OPERATIONS: dict[str, Callable[..., typing.Any]] = {
    "call": lambda function, *arguments, **named: function(*arguments, **named),
    "attribute": getattr,
    "set": setattr,
    "item": lambda value, key: value[key],
    "length": len,
    "items": list,
}


def _text(error: BaseException) -> str:
    with contextlib.suppress(Exception):
        return str(error)[:2000]
    return ""
