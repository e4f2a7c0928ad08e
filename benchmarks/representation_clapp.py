"""Rows of local learning: one CLAPP layer's step, and a step of all layers, against end-to-end CPC; time and memory.

Six layers of 32 channels on maps of 32 x 32, a batch of 32 pairs. A layer that learns by itself needs its own activity
only: the network can be trained layer after layer, each one's graph freed before the next one is built. Measured once,
on a busy machine: one inner layer's step takes 0.15 of the end-to-end step's time, all layers' 0.86 of it, with 0.46 of
its memory (49 against 105 MiB).
"""

import subprocess
import sys
from pathlib import Path

import torch

from mylib.representation.local_learning import pytorch

LAYERS, WIDTH, SIDE, BATCH, NEGATIVES = 6, 32, 32, 32, 16


def setting():
    """A network whose layers are modules, one that is a single module, and glimpses with their answers."""
    torch.manual_seed(0)
    sizes = {"widths": (WIDTH,) * LAYERS, "strides": (1,) * LAYERS}
    local, whole = (pytorch.ClappNet(**sizes, modules=m) for m in ((1,) * LAYERS, (LAYERS,)))
    now, before = torch.randn(2, BATCH, 1, SIDE, SIDE)
    return local, whole, now, before, torch.where(torch.arange(BATCH) % 2 == 0, 1.0, -1.0)


def cpc_step(net, now, before, y):
    """End to end: the others of the batch are the negatives, the gradient goes through all layers."""
    net.zero_grad()
    z, c = net(torch.cat([now, before]))[-1].mean(dim=(2, 3)).chunk(2)
    others = (torch.arange(len(z))[:, None] + 1 + torch.arange(NEGATIVES)) % len(z)
    pytorch.cpc_loss(z, c, net.layers[-1].w_pred, z[others]).backward()


def layer_step(layer, now, before, y):
    """One layer: forward, loss and backward; what goes on has no graph."""
    layer.zero_grad()
    maps, maps_before = layer(now), layer(before)
    layer.local_loss(maps, maps_before, y).backward()
    return maps.detach(), maps_before.detach()


def clapp_step(net, now, before, y):
    """All layers, each one's graph gone before the next one's."""
    for layer in net.layers:
        now, before = layer_step(layer, now, before, y)


def rows(row):
    """All of them, made with the class `row`."""
    local, whole, now, before, y = setting()
    inside = torch.randn(2, BATCH, WIDTH, SIDE, SIDE)
    end_to_end = {"end-to-end CPC": lambda: cpc_step(whole, now, before, y)}
    size = f"{LAYERS} layers of {WIDTH} channels, {BATCH} pairs of {SIDE} x {SIDE}"
    return [
        row(f"CLAPP, one inner layer's step; {size}", lambda: layer_step(local.layers[1], *inside, y), end_to_end),
        row(f"CLAPP, all layers' step; {size}", lambda: clapp_step(local, now, before, y), end_to_end),
    ]


CODE = """
import ctypes, re
import torch
torch.set_num_threads(1)
from benchmarks.representation_clapp import clapp_step, cpc_step, layer_step, setting
def status(field):
    return int(re.search(field + ":[^0-9]+([0-9]+)", open("/proc/self/status").read()).group(1))
local, whole, *glimpses = setting()
step = lambda *given: {step}
step(*(one[:2] for one in glimpses))
ctypes.CDLL("libc.so.6").malloc_trim(0)
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
for _ in range(3):
    step(*glimpses)
print((status("VmHWM") - before) / 1024)
"""
STEPS = {"CLAPP layer by layer": "clapp_step(local, *given)", "end-to-end CPC": "cpc_step(whole, *given)"}


def memory_report():
    """How far resident memory grows during a step, each side in a process of its own."""
    if not Path("/proc/self/clear_refs").exists():
        return "memory of CLAPP: needs Linux's /proc/self/clear_refs"
    grown = {}
    for name, step in STEPS.items():
        output = subprocess.run(
            [sys.executable, "-c", CODE.format(step=step)], check=True, capture_output=True, text=True
        ).stdout
        grown[name] = float(output)
    sides = ", ".join(f"{name} {mebibytes:.1f} MiB" for name, mebibytes in grown.items())
    ratio = grown["CLAPP layer by layer"] / max(grown["end-to-end CPC"], 0.1)
    return f"peak memory of a step of {LAYERS} layers above the level before it: {sides}; CLAPP / CPC {ratio:.2f}"
