"""Rows of neural differential equations: the adjoint against the tape, and rk4 against torchdiffeq; time, and memory.

A net of 64 units moves 256 states of 64 numbers by rk4, forwards and backwards. The tape keeps every step; the adjoint
keeps none and solves a second equation, three times the size, on the way back. Measured once, on a busy machine
(medians): a training step with the adjoint takes 2.0 to 2.2 times the tape's time, with 2.3, 2.6 and 3.3 MiB against
12.8, 112.5 and 1,177 at 10, 100 and 1,000 steps; rk4 takes 0.8 of torchdiffeq's time forwards, 0.7 in a training step
with the tape.
"""

import subprocess
import sys
from pathlib import Path

import torch
import torchdiffeq

from mylib.trust.neural_sde import pytorch

BATCH, WIDTH, STEPS = 256, 64, (10, 100)


class Slope(torch.nn.Module):
    """Two layers, and the time."""

    def __init__(self):
        super().__init__()
        self.first, self.second = torch.nn.Linear(WIDTH, WIDTH), torch.nn.Linear(WIDTH, WIDTH)

    def forward(self, t, y):
        """dy/dt."""
        return self.second(torch.tanh(self.first(y) + t))


def setting():
    """A slope, states, and two times."""
    torch.manual_seed(0)
    return Slope(), torch.randn(BATCH, WIDTH), torch.tensor([0.0, 1.0])


def train_step(solve, slope, y0, t, steps):
    """Forwards and backwards; the gradients are dropped."""
    slope.zero_grad()
    solve(slope, y0, t, steps=steps)[-1].square().mean().backward()


def theirs(slope, y0, t, steps):
    """torchdiffeq's rk4 (the 3/8 rule: as many slopes) with as many steps."""
    options = {"step_size": 1 / steps}
    return torchdiffeq.odeint(slope, y0, t, method="rk4", options=options)


def theirs_adjoint(slope, y0, t, steps):
    """torchdiffeq's adjoint, with the same steps on the way back."""
    options = {"step_size": 1 / steps}
    return torchdiffeq.odeint_adjoint(slope, y0, t, method="rk4", options=options, adjoint_options=dict(options))


def rows(row):
    """All of them, made with the class `row`."""
    slope, y0, t = setting()
    given = slope, y0, t

    def step(solve, steps):
        return lambda: train_step(solve, *given, steps)

    def forward(solve, steps):
        def run():
            with torch.no_grad():
                solve(*given, steps=steps)

        return run

    size = f"{BATCH} states of {WIDTH}"
    made = [
        row(
            f"adjoint against tape, a training step of rk4, {steps} steps; {size}",
            step(pytorch.odeint_adjoint, steps),
            {"tape": step(pytorch.odeint, steps)},
        )
        for steps in STEPS
    ]
    return [
        *made,
        row(f"rk4 forwards, 100 steps; {size}", forward(pytorch.odeint, 100), {"torchdiffeq": forward(theirs, 100)}),
        row(
            f"rk4 with its tape, a training step, 100 steps; {size}",
            step(pytorch.odeint, 100),
            {"torchdiffeq": step(theirs, 100)},
        ),
        row(
            f"rk4 with the adjoint, a training step, 100 steps; {size}",
            step(pytorch.odeint_adjoint, 100),
            {"torchdiffeq": step(theirs_adjoint, 100)},
        ),
    ]


CODE = """
import ctypes, re
import torch
torch.set_num_threads(1)
from benchmarks.trust_neural_sde import setting, train_step
from mylib.trust.neural_sde import pytorch
def status(field):
    return int(re.search(field + ":[^0-9]+([0-9]+)", open("/proc/self/status").read()).group(1))
given = setting()
train_step(pytorch.{solve}, *given, 2)
ctypes.CDLL("libc.so.6").malloc_trim(0)
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
train_step(pytorch.{solve}, *given, {steps})
print((status("VmHWM") - before) / 1024)
"""


def memory_report():
    """How far resident memory grows during a training step, each in a process of its own."""
    if not Path("/proc/self/clear_refs").exists():
        return "memory of neural ODEs: needs Linux's /proc/self/clear_refs"
    lines = []
    for solve in ("odeint", "odeint_adjoint"):
        grown = []
        for steps in (10, 100, 1000):
            code = CODE.format(solve=solve, steps=steps)
            output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
            grown.append(f"{float(output):.1f}")
        lines.append(f"{solve} {', '.join(grown)}")
    return f"peak memory of a training step of rk4, 10, 100 and 1,000 steps (MiB): {'; '.join(lines)}"
