"""What the tests of normalization share."""

import numpy as np
import torch

from mylib import engine
from mylib.attention.vision_transformer import pytorch as vit_pytorch
from mylib.attention.vision_transformer import scratch as vit_scratch
from mylib.training.normalization import pytorch, scratch
from mylib.vision.convnets import pytorch as nets_pytorch
from mylib.vision.convnets import scratch as nets_scratch

RNG = np.random.default_rng


class Scratch:
    """The NumPy side: its methods, its layers, and how it holds inputs and running statistics."""

    methods, nn, nets, vit = scratch, engine.nn, nets_scratch, vit_scratch
    buffer = staticmethod(np.array)

    @staticmethod
    def tensor(array, grad=False):
        return engine.Tensor(array, requires_grad=grad)

    @staticmethod
    def set_weights(layer, **values):
        for name, value in values.items():
            getattr(layer, name).data = value

    sgd = staticmethod(lambda parameters, rate: engine.optim.SGD(parameters, rate))


class PyTorch:
    """The PyTorch side."""

    methods, nn, nets, vit = pytorch, torch.nn, nets_pytorch, vit_pytorch
    buffer = staticmethod(lambda values: torch.tensor(np.array(values)))

    @staticmethod
    def tensor(array, grad=False):
        return torch.tensor(np.asarray(array), requires_grad=grad)

    @staticmethod
    def set_weights(layer, **values):
        with torch.no_grad():
            for name, value in values.items():
                getattr(layer, name).copy_(torch.tensor(value))

    sgd = staticmethod(lambda parameters, rate: torch.optim.SGD(parameters, rate))


SIDES = {"scratch": Scratch, "pytorch": PyTorch}
NORMS = {  # of images, each with an affine map per channel
    "batch": lambda m, x, w, b: m.batch_norm(x, None, None, w, b, training=True),
    "instance": lambda m, x, w, b: m.instance_norm(x, w, b),
    "group": lambda m, x, w, b: m.group_norm(x, 3, w, b),
    "layer of images": lambda m, x, w, b: m.group_norm(x, 1, w, b),
}
VIT = {"dim": 16, "depth": 2, "heads": 2, "mlp_dim": 24, "classes": 3, "channels": 1}


def numbers(value):
    """What either side returns, as NumPy's."""
    return value.detach().numpy() if torch.is_tensor(value) else np.asarray(value)


def modules(network):
    """All modules of a network of either side."""
    return list(network.modules())
