r"""Optimisers. Parameter p, gradient g, learning rate r; each step is the update rule in the class's docstring.

The rules update all parameters at once, as one long array (fast/flat.py).
"""

import math

import numpy as np

from mylib.engine.contract import check_parameters
from mylib.engine.fast.flat import FlatMemory

BLOCK = 1 << 16  # elements updated at a time: a chain of NumPy calls then stays in the cache


class Optimizer:
    """What all optimisers share: flat memory, and which stretches of it to update.

    Args:
        params: the leaves to update, e.g. `model.parameters()`; all of one floating-point dtype.
        learning_rate: r, at least 0; a plain attribute that a schedule may change between steps.
        at_least_zero: further options by name, refused below 0.

    Raises:
        ValueError: no parameters, one listed twice, several dtypes, or a negative option.
        TypeError: something that is not a leaf Tensor.

    Source: elementary. Differs: one group of parameters; no state_dict.
    """

    def __init__(self, params, learning_rate, **at_least_zero):
        self.params = list(params)
        self.learning_rate = learning_rate
        name = type(self).__name__
        check_parameters(name, self.params, {"learning_rate": learning_rate, **at_least_zero})
        self.memory = FlatMemory(self.params, name)

    def zero_grad(self):
        """Forget the gradients."""
        for p in self.params:
            p.grad = None

    def step(self):
        """Update every parameter that has a gradient."""
        for block, steps in self.memory.blocks(BLOCK):
            self.update(self.memory.values[block], self.memory.gradients[block], block, steps)

    def update(self, values, gradients, block, steps):
        """Apply the rule to a block of the flat arrays; `steps` counts from 1."""
        raise NotImplementedError


class SGD(Optimizer):
    r"""Gradient descent with momentum.

    g <- g + weight_decay p;   v <- momentum v + g (v = g at first);   p <- p - r v,
    or p <- p - r (g + momentum v) with Nesterov's momentum.

    Args:
        params: the leaves to update.
        learning_rate: r.
        momentum: in [0, 1).
        nesterov: look ahead along the velocity; needs momentum.
        weight_decay: factor of the L2 penalty's gradient.

    Raises:
        ValueError: a value out of range.

    Example:
        >>> from mylib.engine import Tensor
        >>> w = Tensor([1.0], requires_grad=True)
        >>> (w * w).sum().backward(); SGD([w], learning_rate=0.1).step(); w
        Tensor([0.8], requires_grad=True)

    Source: Sutskever et al. (2013). Differs: none; v as in torch, without r inside.
    """

    def __init__(self, params, learning_rate, momentum=0.0, nesterov=False, weight_decay=0.0):
        super().__init__(params, learning_rate, momentum=momentum, weight_decay=weight_decay)
        if nesterov and not momentum:
            raise ValueError("SGD: nesterov=True needs a momentum above 0")
        self.momentum, self.nesterov, self.weight_decay = momentum, nesterov, weight_decay
        self._velocity = self.memory.flat() if momentum else None

    def update(self, values, gradients, block, steps):
        """One step of the rule above."""
        if self.weight_decay:
            gradients = gradients + self.weight_decay * values
        if self.momentum:
            velocity = self._velocity[block]
            velocity *= self.momentum
            velocity += gradients
            gradients = gradients + self.momentum * velocity if self.nesterov else velocity
        values -= self.learning_rate * gradients


class Adam(Optimizer):
    r"""Steps of about the learning rate, whatever the gradient's scale.

    g <- g + weight_decay p;   m <- b1 m + (1 - b1) g;   v <- b2 v + (1 - b2) g^2;
    p <- p - r / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + eps)   at step t = 1, 2, ...

    Args:
        params: the leaves to update.
        learning_rate: r.
        betas: (b1, b2), both in [0, 1).
        eps: keeps the divisor above 0.
        weight_decay: factor of the L2 penalty's gradient.

    Raises:
        ValueError: a value out of range.

    Source: Kingma and Ba (2015), algorithm 1. Differs: none.
    """

    def __init__(self, params, learning_rate=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, learning_rate, eps=eps, weight_decay=weight_decay)
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"{type(self).__name__}: betas={betas}, expected two numbers in [0, 1)")
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay
        self._mean, self._square = self.memory.flat(), self.memory.flat()

    def update(self, values, gradients, block, steps):
        """One step of the rule above."""
        if self.weight_decay:
            gradients = gradients + self.weight_decay * values
        self._move(values, gradients, self._mean[block], self._square[block], steps)

    def _move(self, values, gradients, mean, square, steps):
        b1, b2 = self.betas
        change = gradients * (1 - b1)
        mean *= b1
        mean += change
        np.multiply(gradients, gradients, out=change)
        change *= 1 - b2
        square *= b2
        square += change
        np.sqrt(square, out=change)
        change /= math.sqrt(1 - b2**steps)
        change += self.eps
        np.divide(mean, change, out=change)
        change *= self.learning_rate / (1 - b1**steps)
        values -= change


class AdamW(Adam):
    r"""Adam with decoupled weight decay: p <- p - r weight_decay p first, then Adam's step without the penalty.

    Args:
        params: the leaves to update.
        learning_rate: r.
        betas: (b1, b2), both in [0, 1).
        eps: keeps the divisor above 0.
        weight_decay: share of each parameter that a step of size r removes, per r.

    Raises:
        ValueError: a value out of range.

    Source: Loshchilov and Hutter (2019), algorithm 2. Differs: none; torch's default weight_decay, 0.01.
    """

    def __init__(self, params, learning_rate=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, learning_rate, betas, eps, weight_decay)

    def update(self, values, gradients, block, steps):
        """One step of the rule above."""
        if self.weight_decay:
            values *= 1 - self.learning_rate * self.weight_decay
        self._move(values, gradients, self._mean[block], self._square[block], steps)
