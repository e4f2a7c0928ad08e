"""What the tests of feature_attention share."""

import numpy as np
import torch

from tests.twins import array as numbers

MODULES = {
    "se": lambda m: m.SqueezeExcitation(6, 3),
    "channel": lambda m: m.ChannelAttention(6, 2),
    "spatial": lambda m: m.SpatialAttention(3),
    "cbam": lambda m: m.CBAM(6, 3, 5),
}


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def give(module, **values):
    """These numbers into the parameters of that name (its dots as two underscores)."""
    state = {name: numbers(value) for name, value in module.state_dict().items()}
    state |= {name.replace("__", "."): np.asarray(v, np.float32) for name, v in values.items()}
    convert = torch.tensor if isinstance(module, torch.nn.Module) else np.asarray
    module.load_state_dict({name: convert(value) for name, value in state.items()})
    return module
