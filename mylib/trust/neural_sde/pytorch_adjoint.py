r"""Gradients of a solution without its steps, in PyTorch: one autograd function that solves the adjoint backwards."""

from contextlib import nullcontext
from functools import partial

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from mylib.trust.neural_sde import contract
from mylib.trust.neural_sde.pytorch_solvers import STAGES, fitting, odeint, times_of


def odeint_adjoint(func, y0, t, method="rk4", steps=1):
    r"""The values of `odeint`; y, a = dL/dy and int a^T df/dtheta are solved backwards, and no step is remembered.

    The integral feeds nothing back, so it is not part of the state: each stage adds its share. Autocast is as it was
    forwards.
    """
    contract.check_module("odeint_adjoint", func, nn.Module)
    parameters = [one for one in func.parameters() if one.requires_grad]
    return _Adjoint.apply(func, t, method, steps, y0, *parameters)


class _Adjoint(torch.autograd.Function):
    @staticmethod
    def forward(ctx, func, t, method, steps, y0, *parameters):
        states = odeint(func, y0, t, method, steps)
        ctx.func, ctx.stages, ctx.steps = func, STAGES[method], int(steps)
        ctx.precision = _precision(y0.device.type)
        ctx.save_for_backward(times_of("odeint_adjoint", t, y0), states, *parameters)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        t, states, *parameters = ctx.saved_tensors
        slope = fitting("odeint_adjoint", "func", ctx.func, states[0])
        a, integrals = gradient[-1], [torch.zeros_like(one) for one in parameters]
        for i in reversed(range(1, len(t))):
            y, h = states[i], (t[i - 1] - t[i]) / ctx.steps
            for k in range(ctx.steps):
                with ctx.precision():
                    y, a = _back(slope, parameters, integrals, t[i] + k * h, y, a, h, ctx.stages)
            a = a + gradient[i - 1]
        return None, None, None, None, a, *integrals


def _precision(device_type):
    """A context in which autocast is as it is now."""
    if not torch.amp.is_autocast_available(device_type):
        return nullcontext
    now = {"dtype": torch.get_autocast_dtype(device_type), "enabled": torch.is_autocast_enabled(device_type)}
    return partial(torch.autocast, device_type, **now)


def _back(slope, parameters, integrals, t, y, a, h, stages):
    """One step of (y, a), h below 0 where time runs back; adds to the integrals in place."""
    dy = da = whole_y = whole_a = 0
    for c, b in stages:
        dy, da, *pulled = _pull(slope, parameters, t + c * h, y + (c * h) * dy, a + (c * h) * da)
        whole_y, whole_a = whole_y + b * dy, whole_a + b * da
        for integral, one in zip(integrals, pulled, strict=True):
            integral.addcmul_(one, (b * h).to(one.dtype))
    return y + h * whole_y, a + h * whole_a


def _pull(slope, parameters, t, y, a):
    """f, -a^T df/dy and -a^T df/dtheta."""
    with torch.enable_grad():
        y = y.detach().requires_grad_()
        value = slope(t, y).expand_as(y) + 0 * y  # a constant f has a graph too, and gradient 0
        pulled = torch.autograd.grad(value, (y, *parameters), -a, allow_unused=True, materialize_grads=True)
    return value.detach(), *pulled
