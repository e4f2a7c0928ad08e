"""One list of the libraries that notebooks and their tests import, loaded once so that no fork has to.

mylib's own parts are not in it: whoever runs notebooks imports those itself.
"""

import ctypes
import gc
import io
import os
import random
import signal
import sys
from pathlib import Path

SEED = 0
PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def load(*, freeze: bool) -> None:
    """Import them, and do once what their first use costs.

    Args:    freeze: this process will fork for every submission: it must have one thread, and the collector of a
                 fork shall leave its objects, and so the shared pages, alone.
    """
    import matplotlib
    import matplotlib.pyplot
    import scipy.signal  # noqa: F401
    import sklearn  # noqa: F401
    import torch
    import tqdm

    import mylib.check
    import mylib.plots  # noqa: F401
    from mylib import data

    if not freeze:
        matplotlib.use("agg")
    # One thread: a fork hangs when its parent ever ran a two-thread OpenMP loop.
    torch.set_num_threads(1)
    tqdm.tqdm.monitor_interval = 0
    # The first optimiser of a process imports 800 modules, the first figure its fonts.
    weight = torch.nn.Parameter(torch.zeros(1))
    torch.optim.SGD([weight], 0.1).step()
    figure = matplotlib.pyplot.figure()
    figure.savefig(io.BytesIO())
    matplotlib.pyplot.close("all")
    data.mnist()
    data.digits()
    if freeze:
        _import_kernel()
        threads = len(list(Path("/proc/self/task").iterdir())) if Path("/proc/self/task").exists() else 1
        assert threads == 1, f"expected one thread before forking, got {threads}"
        gc.collect()
        gc.freeze()
        gc.enable()


def _import_kernel() -> None:
    """What a Jupyter kernel imports when it starts, and with its first cell: 0.15 s that no fork then spends."""
    from ipykernel import debugger, ipkernel  # noqa: F401
    from IPython.core import completerlib, logger, magics, oinspect  # noqa: F401
    from IPython.core.debugger import Pdb  # noqa: F401
    from IPython.extensions import storemagic  # noqa: F401
    from matplotlib_inline import backend_inline  # noqa: F401
    from tornado.platform import asyncio  # noqa: F401


def die_with_parent() -> None:
    """No process outlives the one that started it, where the system can see to that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def reset() -> None:
    """In a fork: a state that does not depend on what its parent did, and no word to the parent's streams."""
    import numpy as np
    import torch

    signal.signal(signal.SIGINT, signal.default_int_handler)
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002  an exercise's cell may still draw from the global generator
    torch.default_generator.manual_seed(SEED)  # torch.manual_seed also asks after every kind of accelerator: 4 ms
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
