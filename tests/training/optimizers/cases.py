"""What the tests of optimizers share: both sides behind one interface of arrays."""

import numpy as np
import torch

from mylib import engine
from mylib.training.optimizers import pytorch, scratch
from tests.twins import array

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
RNG = np.random.default_rng
SHAPES = [(3, 4), (5,), (), (2, 1, 3), (260, 270)]  # the last does not fit into one block of the flat memory


def leaves(module, values):
    """Parameters of a side from arrays."""
    make = engine.Tensor if module is scratch else torch.tensor
    return [make(value, requires_grad=True) for value in values]


def give(parameters, gradients):
    """Put gradients where a backward pass would; None is a parameter that took no part."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = None
        if gradient is not None:
            parameter.backward(torch.tensor(gradient) if torch.is_tensor(parameter) else gradient)


def run(optimizer, parameters, all_gradients):
    """Weights after each step, as copies."""
    track = []
    for gradients in all_gradients:
        give(parameters, gradients)
        optimizer.step()
        track.append([array(p.detach()).copy() for p in parameters])
    return track


def random_gradients(seed, shapes, steps, missing=False):
    """For each step a gradient for each parameter; with `missing`, each parameter misses some steps."""
    rng = RNG(seed)
    return [
        [None if missing and step > 1 and (step + at) % 3 == 0 else rng.normal(size=s) for at, s in enumerate(shapes)]
        for step in range(steps)
    ]
