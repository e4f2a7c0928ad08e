"""Work in processes of its own, each piece with a time limit: one that never ends costs only itself."""

import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Value = TypeVar("Value")
PATIENCE_SECONDS = 10  # for a process that is ending
ENDED = "its process ended"
Answer = tuple[int, Any, str, bool]  # number of the task, value, problem, stopped


@dataclass(frozen=True)
class Done(Generic[Task, Value]):
    """What became of a task.

    problem: why there is no value; "" if there is one.
    stopped: its process ended before it did, or was ended.
    """

    task: Task
    value: Value | None = None
    problem: str = ""
    stopped: bool = False


@dataclass
class _Worker:
    process: Any
    connection: Connection


def in_processes(
    function: Callable[[Task], Value], tasks: Iterable[Task], jobs: int, seconds: float
) -> Iterator[Done[Task, Value]]:
    """Call a function on each task, some at a time, and say how it went, in the order in which they end.

    One process is started afresh and imports what the function needs, which takes seconds; it has no threads, and the
    workers are forked from it.

    Args:    function: of a module, so that another process can import it.
             tasks: that can be pickled, like the values.
             jobs: processes.
             seconds: that one task may take; then its process is ended.
    """
    left = dict(enumerate(tasks))
    if not left:
        return
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    server = context.Process(target=_serve, args=(theirs, function, list(left.values()), jobs, seconds))
    server.start()
    theirs.close()
    try:
        while left:
            try:
                number, value, problem, stopped = ours.recv()
            except (EOFError, OSError):
                break
            yield Done(left.pop(number), value, problem, stopped)
        for task in left.values():
            yield Done(task, None, ENDED, stopped=True)
    finally:
        ours.close()
        if left:
            server.terminate()
        server.join(PATIENCE_SECONDS)
        server.kill()
        server.join()
        server.close()


def _serve(
    answers: Connection, function: Callable[[Any], Any], tasks: Sequence[Any], jobs: int, seconds: float
) -> None:
    """The first process: starts and ends the workers."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole family; the one that called ends this one
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    waiting, idle = deque(enumerate(tasks)), list[_Worker]()
    busy: dict[Connection, tuple[_Worker, int, float]] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < jobs:
                worker = idle.pop() if idle else _start(context, function)
                number, task = waiting.popleft()
                worker.connection.send(task)
                busy[worker.connection] = worker, number, time.monotonic() + seconds
            first = min(deadline for *_, deadline in busy.values())
            ready = wait(list(busy), timeout=max(0.0, first - time.monotonic()))
            for connection in [one for one in busy if one in ready]:
                worker, number, _ = busy.pop(connection)
                answers.send(_received(worker, number, idle))
            for connection, (worker, number, deadline) in list(busy.items()):
                if deadline <= time.monotonic():
                    del busy[connection]
                    _end(worker)
                    answers.send((number, None, f"took more than {seconds:g} s", True))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it may come while the workers are ended
        for worker in (*idle, *(worker for worker, *_ in busy.values())):
            _end(worker)


def _received(worker: _Worker, number: int, idle: list[_Worker]) -> Answer:
    try:
        value, problem = worker.connection.recv()
    except (EOFError, OSError):
        _end(worker)
        return number, None, ENDED, True
    idle.append(worker)
    return number, value, problem, False


def _start(context: Any, function: Callable[[Any], Any]) -> _Worker:
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, function, os.getpid()), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _end(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.kill()
    worker.process.join()
    worker.process.close()


def _work(connection: Connection, function: Callable[[Any], Any], parent: int) -> None:
    """A worker: until nobody asks any more, or nobody is there who could."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        try:
            while not connection.poll(1.0):
                if os.getppid() != parent:
                    return
            task = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer = function(task), ""
        except Exception as error:
            answer = None, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        connection.send(answer)
