"""Rows of TENT: what a call that adapts costs beside a plain forward pass, on either side; time and memory.

Four convolutions with batch norm, 50 images of 28 x 28. A call is one forward and one backward pass and a step on 352
numbers; the plain pass keeps nothing for a backward one. Measured once,
on a busy machine: 2.5 to 3 times the time and 2.5 times the memory in PyTorch (7 against 3 MiB), 2.1 times the time and
1.5 times the memory in the engine (5 against 3 MiB).
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from mylib import engine
from mylib.trust.test_time import pytorch, scratch

IMAGES, SIDE, WIDTHS, STRIDES = 50, 28, (3, 16, 32, 64, 64), (2, 2, 2, 1)


class Mean(engine.nn.Module):
    """The mean over all positions, for the engine."""

    def forward(self, x):
        """(batch, channels, height, width) to (batch, channels)."""
        return x.mean(axis=(2, 3))


def network(nn, mean):
    """The network of the lecture, for either side."""
    layers = []
    for one, two, stride in zip(WIDTHS, WIDTHS[1:], STRIDES, strict=False):
        layers += [nn.Conv2d(one, two, 3, stride, padding=1, bias=False), nn.BatchNorm2d(two), nn.ReLU()]
    return nn.Sequential(*layers, *mean, nn.Linear(WIDTHS[-1], 10))


def setting(side):
    """A function that adapts, one that only answers with the same statistics, and a batch."""
    x = np.random.default_rng(0).random((IMAGES, 3, SIDE, SIDE), dtype=np.float32)
    if side == "engine":
        model = scratch.configure_model(network(engine.nn, [Mean()]))
        tent = scratch.Tent(model, engine.optim.Adam(scratch.collect_params(model)[0], 1e-4))
        return tent, engine.no_grad()(model), engine.Tensor(x)
    model = pytorch.configure_model(network(torch.nn, [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()]))
    tent = pytorch.Tent(model, torch.optim.Adam(pytorch.collect_params(model)[0], 1e-4))
    return tent, torch.no_grad()(model), torch.tensor(x)


def rows(row):
    """All of them, made with the class `row`."""
    size = f"{len(STRIDES)} convolutions, {IMAGES} images of {SIDE} x {SIDE}"
    (engine_tent, engine_plain, array), (torch_tent, torch_plain, tensor) = map(setting, ("engine", "torch"))
    return [
        row(
            f"TENT in PyTorch, {size}", lambda: torch_tent(tensor), {"plain forward pass": lambda: torch_plain(tensor)}
        ),
        row(
            f"TENT in the engine, {size}",
            lambda: engine_tent(array),
            {"plain forward pass": lambda: engine_plain(array)},
        ),
        row(f"TENT, {size}", lambda: engine_tent(array), {"torch": lambda: torch_tent(tensor)}),
    ]


CODE = """
import ctypes, re
import torch
torch.set_num_threads(1)
from benchmarks.trust_tent import setting
def status(field):
    return int(re.search(field + ":[^0-9]+([0-9]+)", open("/proc/self/status").read()).group(1))
tent, plain, x = setting("{side}")
call = {call}
call(x[:2])
ctypes.CDLL("libc.so.6").malloc_trim(0)
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
for _ in range(3):
    call(x)
print((status("VmHWM") - before) / 1024)
"""


def memory_report():
    """How far resident memory grows during a call, each one in a process of its own."""
    if not Path("/proc/self/clear_refs").exists():
        return "memory of TENT: needs Linux's /proc/self/clear_refs"
    lines = []
    for side in ("torch", "engine"):
        grown = {}
        for call in ("tent", "plain"):
            command = [sys.executable, "-c", CODE.format(side=side, call=call)]
            grown[call] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        ratio = grown["tent"] / max(grown["plain"], 0.1)
        lines.append(f"{side} TENT {grown['tent']:.1f} MiB, forward {grown['plain']:.1f} MiB, ratio {ratio:.1f}")
    return f"peak memory of a call with {IMAGES} images above the level before it: {'; '.join(lines)}"
