r"""Gradients of a solution without its steps, in NumPy: the adjoint equation, solved backwards.

Notation: a(t) = dL/dy(t); theta are the parameters of f.
"""

import numpy as np

from mylib.engine import Tensor, nn, no_grad, record, tape
from mylib.trust.neural_sde import contract
from mylib.trust.neural_sde.scratch_solvers import STEPS, odeint


def odeint_adjoint(func, y0, t, method="rk4", steps=1):
    r"""The values of `odeint`, with gradients by the adjoint equation: memory does not depend on `steps`.

    Forwards nothing is remembered but y at the given times. Backwards, from the last time to the first, one solves

    dy/dt = f(t, y),   da/dt = -a^T df/dy,   dG/dt = -a^T df/dtheta,

    where a(t) = dL/dy(t) and G, which starts at 0, ends as dL/dtheta = int a^T df/dtheta dt. At each given time a gains
    the gradient that arrives there, and y is set to what was remembered. It is the gradient of the differential
    equation, exact as h goes to 0, and not that of the steps that were taken: the two differ by the solver's error.
    Where f contracts, the way back expands: if u' = -50 (u - t), an error of 1e-16 at the end is 5e5 one unit of time
    earlier, and so are the gradients of whatever depends on u.

    Args:    func: Module of (t, y). A parameter that it does not use gets 0.
             y0, t, method, steps: of `odeint`.
    Returns: y at all times, y0 first. Shape (times, *y0.shape).
    Raises:  ValueError: as `odeint`.
             TypeError: func is no Module, or y0 of whole numbers.
             RuntimeError: backward() inside `no_grad`, where f could not be differentiated.
    Source:  Pontryagin et al. (1962); Chen, Rubanova, Bettencourt, Duvenaud (2018). Differs: a fixed number of steps;
             no gradient of t.

    Example:
        >>> class Decay(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.rate = nn.Parameter(np.array(2.0))
        ...     def forward(self, t, y):
        ...         return -self.rate * y
        >>> decay = Decay()
        >>> odeint_adjoint(decay, np.ones(1), [0.0, 1.0], steps=20)[-1].sum().backward()
        >>> round(float(decay.rate.grad), 4)  # d/dr exp(-r) = -exp(-2)
        -0.1353
    """
    contract.check_module("odeint_adjoint", func, nn.Module)
    with no_grad():
        states = odeint(func, y0, t, method, steps).numpy()
    parameters = [one for one in func.parameters() if one.requires_grad]
    times = np.asarray(t.data if isinstance(t, Tensor) else t, np.float64)
    saved = func, parameters, states, times, method, int(steps)
    start = y0._node if isinstance(y0, Tensor) else None
    return record(states, adjoint_backward, saved, start, *(one._node for one in parameters))


def adjoint_backward(gradient, needs, func, parameters, states, times, method, steps):
    """dL/dy0 and dL/dtheta from dL/dy at all times: (y, a, G) as one long vector, solved from the end to the start."""
    if not tape.recording:
        raise RuntimeError("odeint_adjoint: backward() inside no_grad cannot differentiate func; call it outside")
    shape, size = states.shape[1:], states[0].size
    a = gradient[-1].reshape(-1)
    G = np.zeros(sum(one.size for one in parameters), states.dtype)

    def backwards(s, z):
        y, a = z[:size], z[size : 2 * size]
        slope, *pulled = vector_jacobian(func, parameters, s, y.reshape(shape), a.reshape(shape))
        return np.concatenate([slope.reshape(-1), *(-one.reshape(-1) for one in pulled)])

    for i in range(len(times) - 1, 0, -1):
        z, h = np.concatenate([states[i].reshape(-1), a, G]), (times[i - 1] - times[i]).item() / steps
        for k in range(steps):
            z = STEPS[method](backwards, times[i].item() + k * h, z, h)
        a, G = z[size : 2 * size] + gradient[i - 1].reshape(-1), z[2 * size :]
    ends = np.cumsum([one.size for one in parameters], dtype=int)
    found = [part.reshape(one.shape) for part, one in zip(np.split(G, ends), parameters, strict=False)]
    return [a.reshape(shape), *found]


def vector_jacobian(func, parameters, t, y, a):
    r"""f(t, y), a^T df/dy and a^T df/dtheta for each parameter, by a tape of this one call.

    What stands in the parameters' `.grad` is put aside meanwhile.
    """
    before = [None if one.grad is None else one.grad.copy() for one in parameters]
    for one in parameters:
        one.grad = None
    y = Tensor(y, requires_grad=True)
    slope = func(t, y)
    slope = slope if isinstance(slope, Tensor) else Tensor(np.asarray(slope, y.dtype))
    whole = slope + Tensor(np.zeros(y.shape, y.dtype))  # the shape of y, also where f is one number for all
    if whole.requires_grad:
        whole.backward(a)
    pulled = [np.zeros(one.shape, one.dtype) if one.grad is None else one.grad.copy() for one in (y, *parameters)]
    for one, old in zip(parameters, before, strict=True):
        one.grad = old
    return whole.numpy(), *pulled
