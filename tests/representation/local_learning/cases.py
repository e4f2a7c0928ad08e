"""What the tests of local_learning share."""

import numpy as np
import torch

from mylib.engine import Tensor
from mylib.representation.local_learning import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value)))}
RNG = np.random.default_rng
NET = {"channels": 2, "widths": (3, 4, 5), "strides": (1, 2, 1)}


def layer_case(seed, batch=6, positions=4, inputs=5, out=3, dtype=np.float64):
    """x, x_before, weight, bias, w_pred, w_retro and y at random, with both answers and both sides of the hinge."""
    rng = RNG(seed)
    x, before = rng.normal(size=(2, batch, positions, inputs))
    weight, bias = rng.normal(size=(out, inputs)), rng.normal(size=out)
    w_pred, w_retro = rng.normal(size=(2, out, out))
    arrays = [one.astype(dtype) for one in (x, before, weight, bias, w_pred, w_retro)]
    return [*arrays, np.where(np.arange(batch) % 2, -1.0, 1.0).astype(dtype)]


def pictures(seed=0, sizes=((9, 14), (12, 9), (10, 10)), channels=2):
    """Images in which each pixel has a value of its own, so that a window tells where it comes from."""
    rng = RNG(seed)
    return [rng.random((channels, *size)) for size in sizes]


def windows_as_positions(maps, kernel=3, stride=1):
    """What a convolution sees at each place, padded by kernel // 2. (batch, positions, channels kernel kernel)."""
    side = kernel // 2
    padded = np.pad(maps, ((0, 0), (0, 0), (side, side), (side, side)))
    views = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(2, 3))[:, :, ::stride, ::stride]
    return views.transpose(0, 2, 3, 1, 4, 5).reshape(len(maps), -1, maps.shape[1] * kernel * kernel)


def tracked(module, values):
    """A leaf that wants a gradient."""
    return Tensor(values, requires_grad=True) if module is scratch else torch.tensor(values, requires_grad=True)


def parameters_of(module_, seed=0):
    """Fresh random float64 numbers in every parameter."""
    rng = RNG(seed)
    state = {name: rng.normal(0, 0.5, tuple(value.shape)) for name, value in module_.state_dict().items()}
    module_.double().load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return state
