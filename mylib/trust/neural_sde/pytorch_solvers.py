r"""Solvers in PyTorch: Runge-Kutta of one's own order as a list of stages; times and steps stay on the device.

Notation: a stage (c, b) looks at the slope k at the time t + c h, from where the stage before would have gone, and
counts b in the step.
"""

import torch

from mylib.shared.devices import on_cpu
from mylib.trust.neural_sde import contract

STAGES = {
    "euler": ((0.0, 1.0),),
    "midpoint": ((0.0, 0.0), (0.5, 1.0)),
    "rk4": ((0.0, 1 / 6), (0.5, 1 / 3), (0.5, 1 / 3), (1.0, 1 / 6)),
}


def odeint(func, y0, t, method="rk4", steps=1):
    r"""The solution of dy/dt = f(t, y) at the given times; stage i has the slope k_i = f(t + c_i h, y + c_i h k_(i-1)).

    func gets t as a tensor without axes. The values of t are looked at on the CPU only.
    """
    contract.check_floating("odeint", y0.dtype, "y0")
    contract.check_solver("odeint", method, steps, _shape(t))
    t = times_of("odeint", t, y0)
    slope = fitting("odeint", "func", func, y0)
    states = [y0]
    for start, end in zip(t[:-1], t[1:], strict=True):
        y, h = states[-1], (end - start) / int(steps)
        for k in range(int(steps)):
            y = _step(slope, start + k * h, y, h, STAGES[method])
        states.append(y)
    return torch.stack(states)


def _step(slope, t, y, h, stages):
    k, end = None, y
    for c, b in stages:
        k = slope(t + c * h, y if k is None else torch.addcmul(y, k, c * h))
        end = torch.addcmul(end, k, b * h) if b else end
    return end


def sdeint(drift, diffusion, y0, t, steps=1, noise=None, rng=None):
    r"""One path of dy = f dt + g dW, y <- y + f h + g sqrt(h) xi; the noise of all steps is drawn at once.

    rng is a torch.Generator on y0's device; None draws from PyTorch's own.
    """
    contract.check_floating("sdeint", y0.dtype, "y0")
    contract.check_steps("sdeint", steps)
    contract.check_times("sdeint", _shape(t))
    t = times_of("sdeint", t, y0, either_way=False)
    count, steps = (len(t) - 1) * int(steps), int(steps)
    if noise is None:
        noise = torch.randn((count, *y0.shape), generator=rng, device=y0.device, dtype=y0.dtype)
    contract.check_noise("sdeint", noise.shape, count, y0.shape)
    f, g = fitting("sdeint", "drift", drift, y0), fitting("sdeint", "diffusion", diffusion, y0)
    lengths = t.diff() / steps
    kicks = noise * lengths.sqrt().repeat_interleave(steps, output_size=count).view(-1, *[1] * y0.ndim).to(noise.dtype)
    path = [y0]
    for number, h in enumerate(lengths):
        y = path[-1]
        for k in range(steps):
            now = t[number] + k * h
            y = torch.addcmul(y + f(now, y) * h, g(now, y), kicks[number * steps + k])
        path.append(y)
    return torch.stack(path)


def times_of(operation, t, y0, either_way=True):
    """The times on y0's device, in its precision or float32's if that is more."""
    kind = torch.promote_types(y0.dtype, torch.float32)
    t = t if torch.is_tensor(t) else torch.as_tensor(t, dtype=kind)
    if on_cpu(t):
        contract.check_monotone(operation, t.tolist(), either_way)
    return t.to(y0.device, kind, non_blocking=True)


def _shape(t):
    return t.shape if torch.is_tensor(t) else torch.as_tensor(t).shape


def fitting(operation, name, func, y0):
    """The function, with its result as a tensor that broadcasts to y."""

    def slope(t, y):
        value = func(t, y)
        value = value if torch.is_tensor(value) else torch.as_tensor(value, dtype=y0.dtype, device=y0.device)
        contract.check_slope(operation, name, value.shape, y0.shape)
        return value

    return slope
