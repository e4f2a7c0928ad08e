"""Rows of the pair loss: two products of matrices against the double loop, and against an array of (n, n, C).

The loop reads like the equation and is there for reading. The array of (n, n, C) is the usual way to write it without a
loop: sqrt(q_i p_j) for all pairs and classes, summed afterwards. Measured once on a busy machine, forward and backward:
32 views of 10 classes take 0.006 of the double loop's time; 512 views of 100 classes take 0.018 of the time of an array
of (n, n, C) and 0.04 of its memory (5 against 106 MiB).
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from mylib.engine import Tensor
from mylib.few_labels.pair_labels import pytorch, scratch

FEW, CLASSES = 32, 10
VIEWS, MANY_CLASSES = 512, 100


def setting(n, classes):
    """Logits, and guesses in families of similar ones of which most are sure."""
    rng = np.random.default_rng(0)
    families = 12 * np.eye(classes, dtype=np.float32)[rng.integers(0, min(classes, 10), n)]
    powers = np.exp(families + rng.normal(size=(n, classes)).astype(np.float32))
    return rng.normal(size=(n, classes)).astype(np.float32), powers / powers.sum(axis=1, keepdims=True)


def pair_loss_cube(logits, q, confidence=0.95, similarity=0.9):
    """The same loss with sqrt(q_i q_j) and sqrt(q_i p_j) for every pair and class: two tensors of (n, n, C)."""
    n, root_p = len(q), (F.log_softmax(logits, dim=1) / 2).exp()
    alike = (q[:, None].sqrt() * q[None].sqrt()).sum(dim=2)
    away = 1 - (q[:, None].sqrt() * root_p[None]).sum(dim=2)
    counts = (q.amax(dim=1, keepdim=True) > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    return torch.where(counts, alike * away, 0).sum() / (n * (n - 1) / 2)


def step(loss, logits, q):
    """Forward and backward; the logits' gradient."""
    logits.grad = None
    loss(logits, q).backward()
    return logits.grad


def rows(row):
    """All of them, made with the class `row`."""
    few, q = setting(FEW, CLASSES)
    logits = Tensor(few, requires_grad=True)
    many, many_q = map(torch.tensor, setting(VIEWS, MANY_CLASSES))
    many.requires_grad_()
    return [
        row(
            f"pair loss in NumPy, {FEW} views of {CLASSES} classes, forward+backward",
            lambda: step(scratch.pair_loss, logits, q),
            {"double loop": lambda: step(scratch.pair_loss_loops, logits, q)},
        ),
        row(
            f"pair loss in PyTorch, {VIEWS} views of {MANY_CLASSES} classes, forward+backward",
            lambda: step(pytorch.pair_loss, many, many_q),
            {"(n, n, C)": lambda: step(pair_loss_cube, many, many_q)},
        ),
    ]


CODE = """
import ctypes, re
import torch
torch.set_num_threads(1)
from benchmarks.few_labels_pairs import MANY_CLASSES, VIEWS, pair_loss_cube, setting, step
from mylib.few_labels.pair_labels.pytorch import pair_loss
def status(field):
    return int(re.search(field + ":[^0-9]+([0-9]+)", open("/proc/self/status").read()).group(1))
logits, q = map(torch.tensor, setting(VIEWS, MANY_CLASSES))
logits.requires_grad_()
step({loss}, logits[:8].detach().requires_grad_(), q[:8])
ctypes.CDLL("libc.so.6").malloc_trim(0)
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
step({loss}, logits, q)
print((status("VmHWM") - before) / 1024)
"""


def memory_report():
    """How far resident memory grows during a step, each side in a process of its own."""
    if not Path("/proc/self/clear_refs").exists():
        return "memory of the pair loss: needs Linux's /proc/self/clear_refs"
    grown = {}
    for name, loss in (("two products", "pair_loss"), ("(n, n, C)", "pair_loss_cube")):
        command = [sys.executable, "-c", CODE.format(loss=loss)]
        grown[name] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    sides = ", ".join(f"{name} {mebibytes:.1f} MiB" for name, mebibytes in grown.items())
    ratio = grown["two products"] / max(grown["(n, n, C)"], 0.1)
    return f"peak memory of the pair loss of {VIEWS} views above the level before it: {sides}; ratio {ratio:.3f}"
