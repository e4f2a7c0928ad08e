"""What the tests of deraining share."""

import numpy as np
import torch

from mylib import engine
from mylib.few_labels.deraining import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value)))}
RNG = np.random.default_rng
SIZES = {"channels": 2, "width": 3, "latent": 4}


def rbf(module, length_scale):
    """The squared exponential with a length, as a kernel of two sets of rows."""
    return lambda x, y: module.rbf_kernel(x, y, length_scale)


def tracked(module, values):
    """A leaf that wants a gradient."""
    if module is scratch:
        return engine.Tensor(values, requires_grad=True)
    return torch.tensor(values, requires_grad=True)


def pictures(seed, count=5, channels=2, height=8, width=12):
    """Random numbers in [0, 1]."""
    return RNG(seed).random((count, channels, height, width))


def adam(module, model, learning_rate=0.01):
    """The side's optimiser of a model."""
    return (engine if module is scratch else torch).optim.Adam(model.parameters(), learning_rate)


def random_derainer(module, seed=0, **sizes):
    """A network of float64 with random weights, the same on both sides, and these weights."""
    rng = RNG(seed)
    model = module.Derainer(**SIZES | sizes).double()
    state = {name: rng.normal(0, 0.3, tuple(value.shape)) for name, value in model.state_dict().items()}
    model.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return model, state
