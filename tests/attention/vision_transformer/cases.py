"""What the tests of vision_transformer share."""

import numpy as np
import torch

from mylib import engine
from mylib.attention.vision_transformer import pytorch, scratch

TENSOR = {scratch: engine.Tensor, pytorch: torch.tensor}

SMALL = {
    "image_size": 6,
    "patch": 3,
    "dim": 8,
    "depth": 2,
    "heads": 2,
    "mlp_dim": 12,
    "classes": 5,
    "channels": 2,
}


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def randomise(module, seed=0):
    """Random weights in float64, the same on both sides."""
    module.double()
    rng, state = np.random.default_rng(seed), module.state_dict()
    drawn = {name: rng.normal(0, 0.4, tuple(value.shape)) for name, value in state.items()}
    module.load_state_dict({name: torch.tensor(value) for name, value in drawn.items()})
    return module
