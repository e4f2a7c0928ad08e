"""Work in processes of its own, each piece with a time limit: one that never ends costs only itself."""

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

# Seconds to import; the server that is forked has done so, whatever it is first asked for.
HEAVY = ("nbgrader.preprocessors", "nbconvert.filters.markdown_mistune")
Task = TypeVar("Task")
Value = TypeVar("Value")


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

    Args:    function: of a module, so that another process can import it.
             tasks: that can be pickled, like the values.
             jobs: processes.
             seconds: that one task may take; then its process is ended.
    """
    context = _context(function)
    waiting, idle = deque(tasks), list[_Worker]()
    busy: dict[Connection, tuple[_Worker, Task, float]] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < jobs:
                worker = idle.pop() if idle else _start(context, function)
                task = waiting.popleft()
                worker.connection.send(task)
                busy[worker.connection] = worker, task, time.monotonic() + seconds
            first = min(deadline for *_, deadline in busy.values())
            ready = wait(list(busy), timeout=max(0.0, first - time.monotonic()))
            for connection in [one for one in busy if one in ready]:
                worker, task, _ = busy.pop(connection)
                try:
                    done: Done[Task, Value] = Done(task, *worker.connection.recv())
                    idle.append(worker)
                except (EOFError, OSError):
                    done = Done(task, None, "its process ended", stopped=True)
                    _end(worker)
                yield done
            for connection, (worker, task, deadline) in list(busy.items()):
                if deadline <= time.monotonic():
                    del busy[connection]
                    _end(worker)
                    yield Done(task, None, f"took more than {seconds:g} s", stopped=True)
    finally:
        for worker in (*idle, *(worker for worker, *_ in busy.values())):
            _end(worker)


def _context(function: Callable[[Any], Any]) -> Any:
    """Where there can be one: a server that has imported what the function needs, and no threads; it is forked."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*HEAVY, function.__module__])
    return context


def _start(context: Any, function: Callable[[Any], Any]) -> _Worker:
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, function), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _end(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.kill()
    worker.process.join()
    worker.process.close()


def _work(connection: Connection, function: Callable[[Any], Any]) -> None:
    """The other process: until nobody asks any more."""
    while True:
        try:
            task = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            answer = function(task), ""
        except Exception as error:
            answer = None, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        connection.send(answer)
