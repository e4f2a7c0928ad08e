"""How things are timed: A and B in turn in one process, so that both meet the same machine."""

import statistics
import time
from dataclasses import dataclass

import numpy as np
import threadpoolctl
import torch

torch.set_num_threads(1)


@dataclass
class Result:
    """Best seconds of both sides, the ratio of the best, and the median ratio of neighbouring runs."""

    ours: float
    peer: float
    best: float
    median: float
    peer_name: str


def once(call):
    """Seconds that one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(ours, peers, seconds):
    """Time `ours` and each of `peers` (name to function) in turn for a while; keep the fastest peer."""
    calls = {"engine": ours, **peers}
    for _ in range(2):  # warm-up: caches, lazy initialisation, memory from the system
        for call in calls.values():
            call()
    times = {name: [] for name in calls}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times["engine"]) < 3:
        for name, call in calls.items():
            times[name].append(once(call))
    name = min(peers, key=lambda n: min(times[n]))
    ratios = [a / b for a, b in zip(times["engine"], times[name], strict=True)]
    best = min(times["engine"]), min(times[name])
    return Result(*best, best[0] / best[1], statistics.median(ratios), name)


def sgemm_rate(size=1024):
    """Floating-point operations per second of one large float32 matrix product."""
    a = np.random.default_rng(0).standard_normal((size, size)).astype(np.float32)
    out = np.empty_like(a)
    return 2 * size**3 / min(once(lambda: np.matmul(a, a, out=out)) for _ in range(20))


def machine():
    """One line about what the numbers were measured on."""
    blas = [p for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"]
    kernels = ", ".join(f"{p['internal_api']} {p['version']} kernel {p.get('architecture')}" for p in blas)
    return f"BLAS: {kernels}; {sgemm_rate() / 1e9:.0f} GFLOP/s in sgemm 1024; torch {torch.__version__}, one thread"


def floor_report(quick):
    """How far whole training steps are from the same operations as one large matrix product."""
    from benchmarks import networks

    lines = []
    for name, build in networks.ENGINE.items():
        step = networks.engine_step(build)
        flops = networks.training_flops(name)
        seconds = min(once(step) for _ in range(5 if quick else 60))
        lines.append(
            f"{name}: {seconds * 1e3:.2f} ms per step of 64, {flops / 1e6:.0f} MFLOP, "
            f"{seconds / (flops / sgemm_rate()):.1f} times the GEMM floor"
        )
    return "\n".join(lines)
