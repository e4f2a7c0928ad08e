r"""Solvers of dy/dt = f(t, y) and of dy = f dt + g dW, in NumPy: the tape remembers every step.

Notation: h is the length of a step, (t1 - t0) / steps; k1, k2, ... are slopes at places within it.
"""

import numpy as np

from mylib.engine import Tensor, as_tensor, generator, stack
from mylib.trust.neural_sde import contract


def euler_step(func, t, y, h):
    """y + h f(t, y): straight on, at the slope of the beginning. Error of a step h^2, of the whole way h."""
    return y + h * func(t, y)


def midpoint_step(func, t, y, h):
    """The slope in the middle, which half an Euler step finds. Error of the whole way h^2."""
    return y + h * func(t + h / 2, euler_step(func, t, y, h / 2))


def rk4_step(func, t, y, h):
    """y + h (k1 + 2 k2 + 2 k3 + k4) / 6: beginning, middle twice, end, as in Simpson's rule. Error h^4."""
    k1 = func(t, y)
    k2 = func(t + h / 2, y + h / 2 * k1)
    k3 = func(t + h / 2, y + h / 2 * k2)
    k4 = func(t + h, y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


STEPS = {"euler": euler_step, "midpoint": midpoint_step, "rk4": rk4_step}


def odeint(func, y0, t, method="rk4", steps=1):
    r"""The solution of dy/dt = f(t, y), y(t_0) = y0, at the given times.

    Each interval is divided into `steps` equal steps of length h, and one step goes from y to

    euler:     y + h f(t, y)
    midpoint:  y + h f(t + h/2, y + h/2 f(t, y))
    rk4:       y + h (k1 + 2 k2 + 2 k3 + k4) / 6,  k1 = f(t, y),  k2 = f(t + h/2, y + h k1 / 2),
               k3 = f(t + h/2, y + h k2 / 2),  k4 = f(t + h, y + h k3)

    The error at the end falls like h, h^2 and h^4. The tape holds every step, so its memory grows with `steps`.

    Args:    func: f(t, y), of a number t and a Tensor y; returns what broadcasts to y.
             y0: where it starts. Floating point, any shape.
             t: times, rising or falling throughout; intervals may differ. Shape (times,).
             method: "euler", "midpoint" or "rk4".
             steps: in each interval.
    Returns: y at all times, y0 first. Shape (times, *y0.shape).
    Raises:  ValueError: t that turns round, an unknown method, steps below 1, or a slope that does not fit y.
             TypeError: y0 of whole numbers.
    Source:  Runge (1895), Kutta (1901); slide "Neural Net as Deterministic Dynamical System" for Euler. Differs: a
             fixed number of steps; torchdiffeq's "rk4" is Kutta's other rule, with weights 1/8, 3/8, 3/8, 1/8.

    Example:
        >>> y = odeint(lambda t, y: -2 * y + t, np.ones(1), [0.0, 1.0], steps=10)
        >>> y.numpy()[:, 0].round(4).tolist()
        [1.0, 0.4192]
    """
    y, times = _state("odeint", y0), _times(t)
    contract.check_solver("odeint", method, steps, times.shape)
    contract.check_monotone("odeint", times.tolist())
    step, slope = STEPS[method], _fitting("odeint", "func", func, y)
    states = [y]
    for start, h in _intervals(times, int(steps)):
        for k in range(int(steps)):
            y = step(slope, start + k * h, y, h)
        states.append(y)
    return stack(states)


def sdeint(drift, diffusion, y0, t, steps=1, noise=None, rng=None):
    r"""One path of dy = f(t, y) dt + g(t, y) dW by Euler and Maruyama: y <- y + f h + g sqrt(h) xi, xi ~ N(0, 1).

    Every entry of y has a xi of its own at every step. The variance of what is added is g^2 h: a sum over steps then
    has the variance g^2 (t1 - t0) however many steps there are, which is why it is sqrt(h).

    Args:    drift: f(t, y); returns what broadcasts to y.
             diffusion: g(t, y); returns what broadcasts to y, such as (n, 1) for one number an image.
             y0: where it starts. Floating point, any shape.
             t: rising times. Shape (times,).
             steps: in each interval.
             noise: xi of all steps in order. Shape ((times - 1) steps, *y0.shape); None draws it.
             rng: NumPy Generator to draw from; None: the engine's.
    Returns: y at all times, y0 first. Shape (times, *y0.shape).
    Raises:  ValueError: t that does not rise, steps below 1, noise of another shape, or a drift or diffusion that does
             not broadcast to y.
             TypeError: y0 of whole numbers.
    Source:  Maruyama (1955); Kong, Sun, Zhang (2020). Differs: none.

    Example:
        >>> path = sdeint(lambda t, y: -y, lambda t, y: 0.5, [2.0], [0.0, 0.25], noise=[[1.0]])
        >>> path.numpy()[:, 0].tolist()  # 2 - 2/4 + 0.5 * 0.5 * 1
        [2.0, 1.75]
    """
    y, times, steps_each = _state("sdeint", y0), _times(t), steps
    contract.check_steps("sdeint", steps)
    contract.check_times("sdeint", times.shape)
    contract.check_monotone("sdeint", times.tolist(), either_way=False)
    f, g = _fitting("sdeint", "drift", drift, y), _fitting("sdeint", "diffusion", diffusion, y)
    count = (len(times) - 1) * int(steps_each)
    if noise is None:
        noise = (rng or generator()).standard_normal((count, *y.shape)).astype(y.dtype)
    noise = as_tensor(noise if isinstance(noise, Tensor) else np.asarray(noise, y.dtype))
    contract.check_noise("sdeint", noise.shape, count, y.shape)
    states, xi = [y], iter(noise)
    for start, h in _intervals(times, int(steps_each)):
        for k in range(int(steps_each)):
            now = start + k * h
            y = y + f(now, y) * h + g(now, y) * (h**0.5 * next(xi))
        states.append(y)
    return stack(states)


def _state(operation, y0):
    y = as_tensor(y0)
    contract.check_floating(operation, y.dtype, "y0")
    return y


def _times(t):
    return np.asarray(t.data if isinstance(t, Tensor) else t, np.float64)


def _intervals(times, steps):
    """Beginning, and length of a step, of each interval: Python's numbers, which leave float32 as it is."""
    return [(start, (end - start) / steps) for start, end in zip(times[:-1].tolist(), times[1:].tolist(), strict=True)]


def _fitting(operation, name, func, y0):
    """The function, with its result as a Tensor that broadcasts to y."""

    def slope(t, y):
        value = func(t, y)
        value = value if isinstance(value, Tensor) else as_tensor(np.asarray(value, y0.dtype))
        contract.check_slope(operation, name, value.shape, y0.shape)
        return value

    return slope
