r"""SGDW and AdamW in NumPy: single steps as the slide prints them, optimisers over flat memory, and schedules.

Notation, as on the slide: theta are the weights, g the gradient, alpha the learning rate, lambda the decay, eta_t the
schedule's multiplier, beta what is kept of the past. The slide prints two methods in two colours at once; with the
colours lost its weights decay twice. `decoupled` says which of the two terms with lambda is meant.
"""

import math

import numpy as np

from mylib.engine.optim import Optimizer
from mylib.training.optimizers import contract

__all__ = [
    "sgdw_step",
    "adamw_step",
    "SGDW",
    "AdamW",
    "cosine_multiplier",
    "constant_multiplier",
    "normalized_weight_decay",
]


def sgdw_step(theta, gradient, momentum_buffer, learning_rate, momentum, weight_decay, multiplier=1.0, decoupled=True):
    r"""m <- beta m + eta alpha g, theta <- theta - m - eta lambda theta: the decay stands outside of the momentum.

    Without `decoupled` it is SGD with the L2 penalty: g <- g + lambda theta first, and no term at the end.
    The multiplier eta stands inside of the buffer: with eta = 0 the weights still move, by beta m.

    Args:    theta: weights. Any shape.
             gradient: of the loss, without a penalty. Shape of theta.
             momentum_buffer: m, zeros before the first step. Shape of theta.
             learning_rate: alpha, at least 0.
             momentum: beta, in [0, 1).
             weight_decay: lambda, at least 0. It is not multiplied by alpha: torch's weight_decay is lambda / alpha.
             multiplier: eta_t, at least 0.
             decoupled: True for SGDW, False for SGD with the L2 penalty.
    Returns: (theta, buffer), new arrays of theta's shape; the arguments stay as they are.
    Raises:  ValueError: shapes that differ, or a number out of its range.
    Source:  Loshchilov and Hutter (2019), algorithm 1; slide "AdamW/SGDW [11]". Differs: torch's SGD keeps eta and
             alpha outside of the buffer, which is the same only while they do not change.

    Example:
        >>> theta, m = sgdw_step(np.array([1.0]), np.array([0.5]), np.zeros(1), 0.1, 0.9, 0.01)
        >>> theta.round(6).tolist(), m.round(6).tolist()
        ([0.94], [0.05])
    """
    theta, g, m = (np.asarray(values) for values in (theta, gradient, momentum_buffer))
    rates = {"learning_rate": learning_rate, "weight_decay": weight_decay, "multiplier": multiplier}
    shapes = {"theta": theta.shape, "gradient": g.shape, "momentum_buffer": m.shape}
    contract.check_step("sgdw_step", shapes, momentum=momentum, **rates)
    # Python's numbers: NumPy's would make float64 out of float32.
    alpha, beta, lam, eta = map(float, (learning_rate, momentum, weight_decay, multiplier))
    if not decoupled:
        g = g + lam * theta  # line 6, the penalty's colour
    m = beta * m + eta * alpha * g  # line 8
    if decoupled:
        return theta - m - eta * lam * theta, m  # line 9, the decay's colour
    return theta - m, m  # line 9


def adamw_step(
    theta,
    gradient,
    mean,
    square,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.0,
    multiplier=1.0,
    decoupled=True,
):
    r"""theta <- theta - eta (alpha m^ / (sqrt(v^) + eps) + lambda theta): the decay is not divided by the root.

    m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2,  m^ = m / (1 - beta1^t),  v^ = v / (1 - beta2^t).

    Without `decoupled` it is Adam with the L2 penalty: g <- g + lambda theta first, so that the penalty goes through
    both moments, and no term at the end. With eta = 0 the weights stand still and the moments move on.

    Args:    theta: weights. Any shape.
             gradient: of the loss, without a penalty. Shape of theta.
             mean, square: m and v, zeros before the first step. Shape of theta.
             step: t, which counts from 1.
             learning_rate: alpha, at least 0.
             betas: (beta1, beta2), both in [0, 1).
             eps: keeps the divisor above 0; with 0, a weight that never had a gradient becomes NaN.
             weight_decay: lambda, at least 0. It is not multiplied by alpha: torch's weight_decay is lambda / alpha.
             multiplier: eta_t, at least 0.
             decoupled: True for AdamW, False for Adam with the L2 penalty.
    Returns: (theta, mean, square), new arrays of theta's shape; the arguments stay as they are.
    Raises:  ValueError: shapes that differ, or a number out of its range.
    Source:  Loshchilov and Hutter (2019), algorithm 2; Kingma and Ba (2015); slide "AdamW/SGDW [11]". Differs: torch's
             AdamW multiplies the decay by alpha.

    Example:
        >>> zero = np.zeros(1)
        >>> theta, m, v = adamw_step(np.array([1.0]), np.array([0.5]), zero, zero, 1, 0.1, weight_decay=0.01)
        >>> theta.round(6).tolist()  # the first step is alpha, whatever the gradient, and the decay
        [0.89]
    """
    theta, g, m, v = (np.asarray(values) for values in (theta, gradient, mean, square))
    rates = {"learning_rate": learning_rate, "weight_decay": weight_decay, "multiplier": multiplier}
    shapes = {"theta": theta.shape, "gradient": g.shape, "mean": m.shape, "square": v.shape}
    contract.check_step("adamw_step", shapes, betas=betas, eps=eps, step=step, **rates)
    alpha, b1, b2, eps, lam, eta = map(float, (learning_rate, *betas, eps, weight_decay, multiplier))
    if not decoupled:
        g = g + lam * theta  # line 6, the penalty's colour
    m = b1 * m + (1 - b1) * g  # line 7
    v = b2 * v + (1 - b2) * g * g  # line 8
    m_hat = m / (1 - b1 ** int(step))  # line 9
    v_hat = v / (1 - b2 ** int(step))  # line 10
    change = alpha * m_hat / (np.sqrt(v_hat) + eps)
    if decoupled:
        change = change + lam * theta  # line 12, the decay's colour
    return theta - eta * change, m, v  # line 12


class _Scheduled(Optimizer):
    """An optimiser that asks its schedule at each step, and whose state can be saved."""

    buffers = ()

    def __init__(self, parameters, learning_rate, weight_decay, schedule, decoupled):
        super().__init__(parameters, learning_rate)
        contract.check_schedule(type(self).__name__, schedule)
        self.weight_decay, self.schedule, self.decoupled = weight_decay, schedule, decoupled
        self.steps, self.multiplier = 0, 1.0

    def step(self):
        """Update every parameter that has a gradient; the others neither decay nor count the step."""
        self.multiplier = contract.scheduled(type(self).__name__, self.schedule, self.steps + 1)
        self.steps += 1
        super().step()

    def state_dict(self):
        """Steps of the schedule and of each parameter, and the buffers, as copies."""
        buffers = {name: getattr(self, name).copy() for name in self.buffers}
        return {"steps": self.steps, "steps_of_each": list(self.memory.steps), **buffers}

    def load_state_dict(self, state):
        """Go on where an optimiser of the same parameters was when its state was saved."""
        mine = self.state_dict()
        contract.check_state(type(self).__name__, *({k: np.shape(v) for k, v in one.items()} for one in (mine, state)))
        self.steps, self.memory.steps = state["steps"], list(state["steps_of_each"])
        for name in self.buffers:
            np.copyto(getattr(self, name), state[name])


class SGDW(_Scheduled):
    r"""For torch.optim.SGD's weight_decay, take lambda / alpha: the decay is not multiplied by the learning rate.

    m <- beta m + eta_t alpha g,  theta <- theta - m - eta_t lambda theta  (`sgdw_step`).

    A parameter without a gradient is left alone: it does not decay, and its state stays. Weights and biases decay
    alike; to exempt biases, give them to a second optimiser with weight_decay=0.

    Args:    parameters: the leaves to update, of one dtype.
             learning_rate: alpha, a plain attribute; better change the schedule, which changes the decay with it.
             momentum: beta, in [0, 1).
             weight_decay: lambda, at least 0.
             schedule: function of the step (1, 2, ...) to eta_t, such as `constant_multiplier`; None is always 1.
             decoupled: False adds the L2 penalty's gradient lambda theta to g instead.
    Raises:  ValueError: no parameters, one listed twice, several dtypes, a number out of range; at a step, a schedule
                 that gives NaN, infinity or a negative number (nothing is updated then).
             TypeError: something that is not a leaf Tensor, or a schedule that is no function of numbers to numbers.
    Source:  Loshchilov and Hutter (2019), algorithm 1; slide "AdamW/SGDW [11]". Differs: eta_t and alpha stand inside
             of the momentum buffer, torch's learning rate outside.

    Example:
        >>> from mylib.engine import Tensor
        >>> w = Tensor([1.0], requires_grad=True)
        >>> (0.5 * w).sum().backward(); SGDW([w], learning_rate=0.1, weight_decay=0.01).step(); w
        Tensor([0.94], requires_grad=True)
    """

    buffers = ("momentum_buffer",)

    def __init__(self, parameters, learning_rate, momentum=0.9, weight_decay=0.0, schedule=None, decoupled=True):
        contract.check_options("SGDW", learning_rate=learning_rate, momentum=momentum, weight_decay=weight_decay)
        super().__init__(parameters, learning_rate, weight_decay, schedule, decoupled)
        self.momentum = momentum
        self.momentum_buffer = self.memory.flat()

    def update(self, values, gradients, block, steps):
        """One step of the rule above, in place, with one temporary array."""
        m, shrink = self.momentum_buffer[block], self.multiplier * self.weight_decay
        rate = self.multiplier * self.learning_rate
        m *= self.momentum
        if self.weight_decay and not self.decoupled:
            m += (rate * self.weight_decay) * values
        m += rate * gradients
        if shrink and self.decoupled:
            values *= 1 - shrink  # of theta as it was: before the gradient's part
        values -= m


class AdamW(_Scheduled):
    r"""For torch.optim.AdamW's weight_decay, take lambda / alpha: the decay is not multiplied by the learning rate.

    theta <- theta - eta_t (alpha m^ / (sqrt(v^) + eps) + lambda theta)  (`adamw_step`).

    A parameter without a gradient is left alone: it does not decay, and its moments and its count of steps stay.
    Weights and biases decay alike; to exempt biases, give them to a second optimiser with weight_decay=0.

    Args:    parameters: the leaves to update, of one dtype.
             learning_rate: alpha, a plain attribute; better change the schedule, which changes the decay with it.
             betas: (beta1, beta2), both in [0, 1).
             eps: keeps the divisor above 0.
             weight_decay: lambda, at least 0.
             schedule: function of the step (1, 2, ...) to eta_t, such as `constant_multiplier`; None is always 1.
             decoupled: False adds the L2 penalty's gradient lambda theta to g instead, as torch.optim.Adam does.
    Raises:  ValueError: no parameters, one listed twice, several dtypes, a number out of range; at a step, a schedule
                 that gives NaN, infinity or a negative number (nothing is updated then).
             TypeError: something that is not a leaf Tensor, or a schedule that is no function of numbers to numbers.
    Source:  Loshchilov and Hutter (2019), algorithm 2; slide "AdamW/SGDW [11]". Differs: the default decay is 0,
             torch's 0.01; the schedule counts calls of `step`, the bias corrections the steps of each parameter.

    Example:
        >>> from mylib.engine import Tensor
        >>> w = Tensor([1.0], requires_grad=True)
        >>> (0.5 * w).sum().backward(); AdamW([w], learning_rate=0.1, weight_decay=0.01).step(); w
        Tensor([0.89], requires_grad=True)
    """

    buffers = ("mean", "square")

    def __init__(
        self,
        parameters,
        learning_rate=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0.0,
        schedule=None,
        decoupled=True,
    ):
        contract.check_options("AdamW", learning_rate=learning_rate, betas=betas, eps=eps, weight_decay=weight_decay)
        super().__init__(parameters, learning_rate, weight_decay, schedule, decoupled)
        self.betas, self.eps = betas, eps
        self.mean, self.square = self.memory.flat(), self.memory.flat()

    def update(self, values, gradients, block, steps):
        """One step of the rule above, in place, with one temporary array, or two under the L2 penalty."""
        if self.weight_decay and not self.decoupled:
            gradients = gradients + self.weight_decay * values
        (b1, b2), m, v = self.betas, self.mean[block], self.square[block]
        change = (1 - b1) * gradients
        m *= b1
        m += change
        np.multiply(gradients, gradients, out=change)
        change *= 1 - b2
        v *= b2
        v += change
        np.sqrt(v, out=change)
        change *= 1 / math.sqrt(1 - b2**steps)
        change += self.eps
        np.divide(m, change, out=change)
        change *= self.multiplier * self.learning_rate / (1 - b1**steps)
        shrink = self.multiplier * self.weight_decay
        if shrink and self.decoupled:
            values *= 1 - shrink  # of theta as it was: before the gradient's part
        values -= change


def cosine_multiplier(step, period, growth=1.0):
    r"""eta_t = 0.5 + 0.5 cos(pi T_cur / T_i): from 1 towards 0 along half a cosine, and back to 1 at each restart.

    T_cur counts the steps since the last restart, from 0; T_0 = period, and T_{i+1} = growth T_i.

    Args:    step: t, which counts from 1.
             period: T_0, the steps until the first restart, at least 1.
             growth: at least 1; 2 doubles the period at each restart.
    Returns: number in (0, 1]; 1 at the first step and at each restart, never quite 0.
    Raises:  ValueError: a step that is no whole number from 1 on, a period or a growth below 1.
    Source:  Loshchilov and Hutter (2017), equation 5 with eta_min 0 and eta_max 1; slide "AdamW/SGDW [11]", line 7.
             Differs: one value a step, where the authors' code also counts parts of an epoch.

    Example:
        >>> [round(cosine_multiplier(step, period=2, growth=2), 3) for step in range(1, 8)]
        [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """
    contract.check_cosine(step, period, growth)
    t_cur, t_i = step - 1, period
    if growth == 1:
        t_cur %= t_i
    while t_cur >= t_i:
        t_cur, t_i = t_cur - t_i, growth * t_i
    return 0.5 + 0.5 * math.cos(math.pi * t_cur / t_i)


def constant_multiplier(step):
    r"""eta_t = 1 at every step.

    Args:    step: t, which counts from 1.
    Returns: 1.0.
    Raises:  ValueError: a step that is no whole number from 1 on.
    Source:  elementary; slide "AdamW/SGDW [11]", line 7. Differs: none.

    Example:
        >>> constant_multiplier(7)
        1.0
    """
    contract.check_count("constant_multiplier", "step", step)
    return 1.0


def normalized_weight_decay(rate, batch_size, examples, epochs):
    r"""lambda = lambda_norm sqrt(b / (B T)): a decay that suits another batch size, data set or length of training.

    Args:    rate: lambda_norm, at least 0.
             batch_size: b, above 0.
             examples: B, in the training set, above 0.
             epochs: T, passes of the whole training, or until the next restart; above 0.
    Returns: lambda, a number.
    Raises:  ValueError: a number out of its range.
    Source:  Loshchilov and Hutter (2019), appendix B.1. Differs: none.

    Example:
        >>> normalized_weight_decay(0.5, batch_size=100, examples=10_000, epochs=25)
        0.01
    """
    contract.check_normalization(rate, batch_size, examples, epochs)
    return rate * math.sqrt(batch_size / (examples * epochs))
