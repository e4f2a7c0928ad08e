"""What the tests of shifted_windows share."""

import numpy as np
import torch

from mylib import engine
from mylib.attention.shifted_windows import pytorch, scratch

TENSOR = {scratch: engine.Tensor, pytorch: torch.tensor}

# Maps of 10 x 10 and 5 x 5 tokens: windows of 4 fill neither, merging pads nothing, and both stages are shifted.
SMALL = {
    "image_size": 20,
    "patch": 2,
    "dim": 8,
    "depths": (2, 2),
    "heads": (2, 4),
    "window": 4,
    "classes": 5,
    "channels": 2,
    "mlp_ratio": 2,
}
# Whole windows only, as the paper's sizes: 8 x 8 and 4 x 4 tokens, of which the second are one window.
WHOLE = SMALL | {"image_size": 16}


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def randomise(module, seed=0):
    """Random weights in float64, the same on both sides."""
    module.double()
    rng, state = np.random.default_rng(seed), module.state_dict()
    drawn = {name: rng.normal(0, 0.4, tuple(value.shape)) for name, value in state.items()}
    module.load_state_dict({name: torch.tensor(value) for name, value in drawn.items()})
    return module
