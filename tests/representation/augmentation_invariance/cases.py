"""What the tests of augmentation_invariance share."""

import numpy as np
import torch

from mylib.engine import nn
from mylib.representation.augmentation_invariance import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value)))}
RNG = np.random.default_rng


def vectors(seed, heads, batch=4, dim=5, size=6):
    """Queries, keys and queues of random lengths."""
    rng = RNG(seed)
    shapes = (heads, batch, dim), (heads, heads, batch, dim), (heads, size, dim)
    return [rng.normal(size=shape) * rng.uniform(0.5, 2, (*shape[:-1], 1)) for shape in shapes]


def trunk(layers=nn):
    """Two small convolutions and one mean per channel."""
    return layers.Sequential(
        layers.Conv2d(3, 4, 3, 2, 1), layers.ReLU(), layers.Conv2d(4, 6, 3, 1, 1), layers.ReLU(), Mean(layers)
    )


def Mean(layers):
    """A module that takes the mean over height and width."""

    class _Mean(layers.Module):
        def forward(self, x):
            return x.mean((2, 3))

    return _Mean()
