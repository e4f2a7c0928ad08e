"""Many submissions at once: pure tasks on dask.distributed, on this machine or on a cluster.

A worker that dies takes its tasks' results with it, also finished ones; the tasks run again elsewhere. That is sound
because `examine` writes nothing, and because the ledger keeps a result that arrives twice once.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator
from typing import Any

import dask
from distributed import Client, Future, LocalCluster, as_completed

from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.examine import examine
from mylib.classroom.notebook.verdicts import Job, Outcome
from mylib.classroom.sandbox.client import Sandbox

Key = tuple[str, str, str]

SETTINGS = {
    # A worker may be killed for what another program does; a submission itself cannot kill one.
    "distributed.scheduler.allowed-failures": 20,
    "distributed.worker.daemon": False,
    "distributed.comm.timeouts.connect": "20s",
    "logging.distributed": "critical",  # what fails is told in our own words
}
SANDBOXES: dict[tuple[str, Limits], Sandbox] = {}
STARTS = 3
QUEUE = 3  # tasks that wait for each process; more would only fill memory
GONE = (asyncio.CancelledError, TimeoutError, OSError)


class Crew:
    """Processes that examine submissions.

    Args:    jobs: processes on this machine; one job runs in this process.
             scheduler: address of a running scheduler, in place of processes here; or None.
             kind: of sandbox.
             limits: of `Limits`.
    """

    def __init__(self, jobs: int, scheduler: str | None, kind: str, limits: Limits) -> None:
        self.jobs, self.scheduler, self.kind, self.limits = jobs, scheduler, kind, limits
        self.client: Any = None
        self.stack = contextlib.ExitStack()

    def start(self, tasks: int) -> None:
        """Start them; they warm up while this process goes on.

        Args:    tasks: how many there will be at least.
        Raises:  OSError: no scheduler answers.
        """
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self.stack.enter_context(dask.config.set(SETTINGS))
        self.jobs = max(1, min(self.jobs, tasks))
        here = self.scheduler is None and self.jobs == 1
        place = self.scheduler or self.stack.enter_context(_local_cluster(self.jobs))
        self.stack.callback(_close_sandboxes)
        self.client = self.stack.enter_context(Client(place, set_as_default=False, timeout=20))
        addresses = [] if here else list(self.client.scheduler_info(n_workers=-1)["workers"])
        self.jobs = max(self.jobs, len(addresses))
        self.warming = [
            self.client.submit(_warm, self.kind, self.limits, workers=[one], key=f"warm-{one}") for one in addresses
        ]

    def examine_all(self, tasks: Iterator[tuple[Key, Job]]) -> Iterator[tuple[Key, Outcome | None, str]]:
        """Examine submissions; only a few are held at a time.

        Args:    tasks: key and job of each; drawn when there is room for another.
        Yields:  key, outcome or None, and why there is none; in the order in which they are finished.
        """
        flying: dict[Future[Any], Key] = {}
        finished: Any = None
        for key, job in tasks:
            if self.client is None:
                self.start(self.jobs)
            future = self.client.submit(_task, job, self.kind, self.limits, key="-".join(["examine", *key]), retries=3)
            flying[future] = key
            if finished is None:
                finished = as_completed([future], loop=self.client.loop)
            else:
                finished.add(future)
            if len(flying) >= self.jobs * (1 + QUEUE):
                yield self._outcome(next(finished), flying)
        while flying:
            yield self._outcome(next(finished), flying)

    def _outcome(self, future: Any, flying: dict[Future[Any], Key]) -> tuple[Key, Outcome | None, str]:
        key = flying.pop(future)
        try:
            return key, future.result(timeout=60), ""
        except GONE as error:
            return key, None, f"the scheduler is gone ({type(error).__name__})"
        except Exception as error:  # a defect of ours, or a task whose workers died again and again
            return key, None, " ".join(str(error).split())[:300]
        finally:
            future.release()

    def close(self) -> None:
        """End them."""
        self.warming = []  # a task is given up when nothing holds it
        self.stack.close()


def _local_cluster(jobs: int) -> Any:
    """Workers on this machine; a start during which one of them is killed is tried again."""
    for left in reversed(range(STARTS)):
        try:
            return LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=jobs > 1,
                memory_limit=0,
                # Loopback also for workers in this process: the usual asks for a way to the internet.
                host="127.0.0.1",
                protocol="tcp://",
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        except (RuntimeError, OSError):
            if not left:
                raise
    raise AssertionError("the loop above ends with a value or an error")


def cores() -> int:
    """How many processes this machine runs at a time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _task(job: Job, kind: str, limits: Limits) -> Outcome:
    """In a worker: one submission."""
    return examine(job, _sandbox(kind, limits))


def _warm(kind: str, limits: Limits) -> None:
    """In a worker; a failure is told by the first submission."""
    with contextlib.suppress(Exception):
        _sandbox(kind, limits).ready()


def _sandbox(kind: str, limits: Limits) -> Sandbox:
    """One warm server for all tasks of a worker, which ends with it."""
    if (kind, limits) not in SANDBOXES:
        SANDBOXES[kind, limits] = Sandbox(kind, limits)
    return SANDBOXES[kind, limits]


def _close_sandboxes() -> None:
    """Those of this process, where it was its own worker."""
    while SANDBOXES:
        SANDBOXES.popitem()[1].close()
