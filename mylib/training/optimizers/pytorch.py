r"""SGDW and AdamW in PyTorch: single steps on tensors, optimisers that update all parameters at once, and schedules.

Notation as in `scratch`. The optimisers are of torch's own kind: groups of parameters with options, closures,
`state_dict()`, and one call of torch's `_foreach_` operations for all of a group. Nothing waits for a device.
"""

import math
from itertools import accumulate, count, takewhile

import torch

from mylib.shared.docstrings import complete_from_twin
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
    """SGDW's next weights and buffer, out of place.

    Returns: (theta, buffer), new tensors on theta's device.
    """
    rates = {"learning_rate": learning_rate, "weight_decay": weight_decay, "multiplier": multiplier}
    shapes = {"theta": theta.shape, "gradient": gradient.shape, "momentum_buffer": momentum_buffer.shape}
    contract.check_step("sgdw_step", shapes, momentum=momentum, **rates)
    penalised = gradient if decoupled else gradient + theta * weight_decay  # line 6
    buffer = momentum_buffer * momentum + penalised * (multiplier * learning_rate)  # line 8
    kept = 1 - multiplier * weight_decay if decoupled else 1
    return theta * kept - buffer, buffer  # line 9


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
    """AdamW's next weights and moments, out of place.

    Returns: (theta, mean, square), new tensors on theta's device.
    """
    rates = {"learning_rate": learning_rate, "weight_decay": weight_decay, "multiplier": multiplier}
    shapes = {"theta": theta.shape, "gradient": gradient.shape, "mean": mean.shape, "square": square.shape}
    contract.check_step("adamw_step", shapes, betas=betas, eps=eps, step=step, **rates)
    penalised = gradient if decoupled else gradient + theta * weight_decay  # line 6
    mean = penalised + (mean - penalised) * betas[0]  # line 7: beta1 of the way from g back to m
    square = penalised.square() + (square - penalised.square()) * betas[1]  # line 8
    rate = learning_rate / (1 - betas[0] ** step)  # line 9
    root = square.sqrt() / math.sqrt(1 - betas[1] ** step) + eps  # line 10
    kept = 1 - multiplier * weight_decay if decoupled else 1
    return theta * kept - mean / root * (multiplier * rate), mean, square  # line 12


class _Scheduled(torch.optim.Optimizer):
    """What both optimisers share: options, closure, schedule, and which parameters have a gradient."""

    def __init__(self, parameters, schedule, **defaults):
        contract.check_schedule(type(self).__name__, schedule)
        self.schedule = schedule
        super().__init__(parameters, {**defaults, "steps": 0})

    def __getstate__(self):
        return {**super().__getstate__(), "schedule": self.schedule}  # what a copy and a pickle hold

    def add_param_group(self, param_group):
        """Add parameters with options of their own; torch calls it for those that the optimiser is made with."""
        name, known = type(self).__name__, self.defaults.keys() - {"steps"}
        contract.check_group(name, param_group.keys() - known - {"params"}, known)
        options = {key: param_group.get(key, self.defaults[key]) for key in known - {"decoupled"}}
        contract.check_options(name, **options)
        params = param_group["params"]
        params = [params] if torch.is_tensor(params) else params if isinstance(params, set) else list(params)
        # torch refuses what is no tensor, no leaf, or stands in another group
        tensors = [p for p in params if torch.is_tensor(p)]
        contract.check_parameters(name, tensors, [p.is_floating_point() for p in tensors])
        super().add_param_group({**param_group, "params": params})
        self.param_groups[-1]["steps"] = self.param_groups[0]["steps"]  # a group that comes later shares the schedule

    @torch.no_grad()
    def step(self, closure=None):
        """Update every parameter that has a gradient; the others neither decay nor count the step.

        Args:    closure: function without arguments that computes gradients and returns the loss, or None.
        Returns: what the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        name = type(self).__name__
        trained = [[p for p in group["params"] if p.grad is not None] for group in self.param_groups]
        contract.check_dense(name, any(p.grad.is_sparse for params in trained for p in params))
        eta = contract.scheduled(name, self.schedule, self.param_groups[0]["steps"] + 1)
        for group, params in zip(self.param_groups, trained, strict=True):
            group["steps"] += 1
            if params:
                self._update(group, params, [p.grad for p in params], eta)
        return loss

    def _buffers(self, params, *names):
        """State of these parameters by name, each a list; zeros where a parameter has none yet."""
        for p in params:
            state = self.state[p]
            for name in names if not state else ():
                state[name] = torch.zeros_like(p, memory_format=torch.preserve_format)
        return [[self.state[p][name] for p in params] for name in names]


class SGDW(_Scheduled):
    """For torch.optim.SGD's weight_decay, take lambda / alpha: the decay is not multiplied by the learning rate.

    Groups of parameters have the options "lr" (alpha), "momentum", "weight_decay" and "decoupled": biases are exempt
    with {"params": biases, "weight_decay": 0}. `state_dict()` holds the steps and buffers, and no schedule.
    """

    def __init__(self, parameters, learning_rate, momentum=0.9, weight_decay=0.0, schedule=None, decoupled=True):
        options = {"lr": learning_rate, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(parameters, schedule, decoupled=decoupled, **options)

    def _update(self, group, params, gradients, eta):
        rate, weight_decay = eta * group["lr"], group["weight_decay"]
        (buffers,) = self._buffers(params, "momentum_buffer")
        torch._foreach_mul_(buffers, group["momentum"])
        torch._foreach_add_(buffers, gradients, alpha=rate)
        if weight_decay and group["decoupled"]:
            torch._foreach_mul_(params, 1 - eta * weight_decay)
        elif weight_decay:
            torch._foreach_add_(buffers, params, alpha=rate * weight_decay)
        torch._foreach_sub_(params, buffers)


class AdamW(_Scheduled):
    """For torch.optim.AdamW's weight_decay, take lambda / alpha: the decay is not multiplied by the learning rate.

    Groups of parameters have the options "lr" (alpha), "betas", "eps", "weight_decay" and "decoupled": biases are
    exempt with {"params": biases, "weight_decay": 0}. `state_dict()` holds the steps and moments, and no schedule.
    """

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
        options = {"lr": learning_rate, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(parameters, schedule, decoupled=decoupled, **options)

    def _update(self, group, params, gradients, eta):
        (b1, b2), weight_decay = group["betas"], group["weight_decay"]
        means, squares = self._buffers(params, "mean", "square")
        steps = []
        for p in params:
            self.state[p]["step"] = self.state[p].get("step", 0) + 1
            steps.append(self.state[p]["step"])
        if weight_decay and group["decoupled"]:
            torch._foreach_mul_(params, 1 - eta * weight_decay)
        elif weight_decay:
            gradients = torch._foreach_add(gradients, params, alpha=weight_decay)
        torch._foreach_lerp_(means, gradients, 1 - b1)
        torch._foreach_mul_(squares, b2)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - b2)
        roots = torch._foreach_sqrt(squares)
        torch._foreach_div_(roots, [math.sqrt(1 - b2**t) for t in steps])
        torch._foreach_add_(roots, group["eps"])
        torch._foreach_addcdiv_(params, means, roots, [-eta * group["lr"] / (1 - b1**t) for t in steps])


def cosine_multiplier(step, period, growth=1.0):
    """Half a cosine from 1 towards 0, again and again: cos^2(pi T_cur / (2 T_i)).

    Returns: a Python number: the schedule asks no device.
    """
    contract.check_cosine(step, period, growth)
    done, length = step - 1, period
    if growth > 1:
        lengths = (period * growth**i for i in count())
        restarts = list(takewhile(lambda end: end <= done, accumulate(lengths)))  # steps before each past restart
        done, length = done - (restarts[-1] if restarts else 0), period * growth ** len(restarts)
    return math.cos(math.pi * (done % length) / (2 * length)) ** 2


def constant_multiplier(step):
    """Always 1."""
    contract.check_count("constant_multiplier", "step", step)
    return 1.0


def normalized_weight_decay(rate, batch_size, examples, epochs):
    """The rate over the root of the number of updates, examples * epochs / batch_size."""
    contract.check_normalization(rate, batch_size, examples, epochs)
    updates = examples * epochs / batch_size
    return rate / math.sqrt(updates)


complete_from_twin(globals())
