"""Many submissions at once: pure tasks on dask.distributed, on this machine or on a cluster.

A worker that dies takes its tasks' results with it, also finished ones; the tasks run again elsewhere. That is sound
because `examine` writes nothing, and because the ledger keeps a result that arrives twice once.
"""

import asyncio
import contextlib
import logging
import os

import dask
from distributed import Client, LocalCluster, as_completed

from mylib.classroom.grading.examine import examine
from mylib.classroom.sandbox.client import Sandbox

SETTINGS = {
    # A worker may be killed for what another program does; a submission itself cannot kill one.
    "distributed.scheduler.allowed-failures": 20,
    "distributed.worker.daemon": False,
    "distributed.comm.timeouts.connect": "20s",
    "logging.distributed": "critical",  # what fails is told in our own words
}
SANDBOXES = {}
STARTS = 3
GONE = (asyncio.CancelledError, TimeoutError, OSError)


@contextlib.contextmanager
def workers(jobs, scheduler, kind, limits):
    """A client of workers, which start their sandboxes at once while this process goes on.

    Args:    jobs: processes on this machine; one job runs in this process.
             scheduler: address of a running scheduler, in place of processes here; or None.
             kind: of sandbox.
             limits: of `Limits`.
    Yields:  distributed.Client.
    Raises:  OSError: no scheduler answers.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(SETTINGS), contextlib.ExitStack() as stack:
        here = scheduler is None and jobs == 1
        if scheduler is None:
            scheduler = stack.enter_context(_local_cluster(jobs))
        stack.callback(_close_sandboxes)
        client = stack.enter_context(Client(scheduler, set_as_default=False, timeout=20))
        addresses = [] if here else client.scheduler_info(n_workers=-1)["workers"]
        orders = [client.submit(_warm, kind, limits, workers=[one], key=f"warm-{one}") for one in addresses]
        yield client
        del orders  # a task is given up when nothing holds it


def _local_cluster(jobs):
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


def examine_all(client, jobs, kind, limits):
    """Examine submissions, in the order in which they are finished.

    Args:    client: of `workers`.
             jobs: {key: job of `make_job`}.
             kind: of sandbox.
             limits: of `Limits`.
    Yields:  key, result of `examine` or None, and why there is none.
    """
    futures = {
        client.submit(_task, job, kind, limits, key=_name(key), retries=3): key for key, job in jobs.items()
    }
    for future in as_completed(list(futures), loop=client.loop):
        key = futures.pop(future)
        try:
            yield key, future.result(timeout=60), ""
        except GONE as error:
            yield key, None, f"the scheduler is gone ({type(error).__name__})"
        except Exception as error:  # a defect of ours, or a task whose workers died again and again
            yield key, None, " ".join(str(error).split())[:300]
        future.release()


def cores():
    """How many processes this machine runs at a time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _name(key):
    return "-".join(["examine", *key])


def _task(job, kind, limits):
    """In a worker: one submission."""
    return examine(job, _sandbox(kind, limits))


def _warm(kind, limits):
    """In a worker; a failure is told by the first submission."""
    with contextlib.suppress(Exception):
        _sandbox(kind, limits).ready()


def _sandbox(kind, limits):
    """One warm server for all tasks of a worker, which ends with it."""
    if (kind, limits) not in SANDBOXES:
        SANDBOXES[kind, limits] = Sandbox(kind, limits)
    return SANDBOXES[kind, limits]


def _close_sandboxes():
    """Those of this process, where it was its own worker."""
    while SANDBOXES:
        SANDBOXES.popitem()[1].close()
