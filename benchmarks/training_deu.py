"""Rows of differential_units: what a layer of units that solve equations costs beside ReLU, in time and in memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from mylib import engine
from mylib.engine import Tensor
from mylib.training.differential_units import pytorch, scratch

SHAPE = (256, 256)  # examples and units
MEMORY = """
import ctypes, re
import numpy as np, torch
from mylib.engine import Tensor
from mylib import engine
from mylib.training.differential_units import pytorch, scratch
torch.set_num_threads(1)
def status(field):
    return int(re.search(field + ":[^0-9]+([0-9]+)", open("/proc/self/status").read()).group(1))
layer = {layer}
def step(rows):
    x = {wrap}(np.random.default_rng(0).standard_normal((rows, 256)).astype(np.float32))
    x.requires_grad = True
    layer(x).sum().backward()
step(300)
ctypes.CDLL("libc.so.6").malloc_trim(0)
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
step(8192)
print((status("VmHWM") - before) / 1024)
"""
SIDES = {
    "DEU, PyTorch twin": ("pytorch.DEU(256)", "torch.from_numpy"),
    "DEU, NumPy twin": ("scratch.DEU(256)", "Tensor"),
    "ReLU of torch": ("torch.relu", "torch.from_numpy"),
    "ReLU of the engine": ("engine.relu", "Tensor"),
}


def rows(row):
    """Forward alone and with backward: both twins of the layer, beside torch's ReLU, made with the class `row`."""
    values = np.random.default_rng(11).standard_normal(SHAPE).astype(np.float32)
    ones = np.ones(SHAPE, np.float32)
    made = []
    for name, layer, wrap in (("PyTorch", pytorch.DEU(256), torch.tensor), ("NumPy", scratch.DEU(256), Tensor)):
        ours, peer = wrap(values, requires_grad=True), torch.tensor(values, requires_grad=True)
        gradient = torch.from_numpy(ones) if name == "PyTorch" else ones
        made.append(row(f"DEU layer forward, {name} twin", _forward(layer, ours), {"ReLU": _forward(torch.relu, peer)}))
        trained = {"ReLU": _train(torch.relu, peer, torch.from_numpy(ones))}
        made.append(row(f"DEU layer forward+backward, {name} twin", _train(layer, ours, gradient), trained))
    return made


def memory_report():
    """Peak memory of one step on 8,192 examples of 256 units (8 MiB), each layer in a process of its own."""
    if not Path("/proc/self/clear_refs").exists():
        return "peak memory of a DEU layer: needs Linux's /proc/self/clear_refs"
    grown = {}
    for name, (layer, wrap) in SIDES.items():
        code = MEMORY.format(layer=layer, wrap=wrap)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        grown[name] = float(done.stdout)
    listed = ", ".join(f"{name} {value:.0f} MiB" for name, value in grown.items())
    return f"peak memory of forward and backward, 8,192 x 256 (8 MiB): {listed}"


def _forward(call, x):
    def run():
        with engine.no_grad(), torch.no_grad():
            call(x)

    return run


def _train(call, x, gradient):
    def run():
        x.grad = None
        call(x).backward(gradient)

    return run
