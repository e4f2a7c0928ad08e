"""The two sides of test_time under the same names, a small network for both, and its images."""

from typing import NamedTuple

import numpy as np
import torch

from mylib import engine
from mylib.trust.test_time import pytorch, scratch
from mylib.vision.convnets import pytorch as convnets_pytorch
from mylib.vision.convnets import scratch as convnets_scratch


class Side(NamedTuple):
    """What differs between the sides."""

    functions: object
    nn: object
    make: object  # an array of this side
    sgd: object
    adam: object
    no_grad: object
    convnets: object


SIDES = {
    "scratch": Side(
        scratch,
        engine.nn,
        lambda values: engine.Tensor(np.asarray(values)),
        lambda parameters, rate, momentum=0.0: engine.optim.SGD(parameters, rate, momentum),
        engine.optim.Adam,
        engine.no_grad,
        convnets_scratch,
    ),
    "pytorch": Side(
        pytorch,
        torch.nn,
        lambda values: torch.tensor(np.asarray(values)),
        lambda parameters, rate, momentum=0.0: torch.optim.SGD(parameters, rate, momentum),
        torch.optim.Adam,
        torch.no_grad,
        convnets_pytorch,
    ),
}


def network(nn, norm=None, classes=3):
    """Two convolutions with batch norm and dropout, and a linear layer, on images of 6 x 6."""
    norm = norm or nn.BatchNorm2d
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, stride=2, padding=1),
        norm(4),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Conv2d(4, 5, 3, padding=1, bias=False),
        norm(5),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(45, classes),
    )


def images(seed, count=8, dtype=np.float64):
    """Images of 6 x 6 with other means than 0."""
    return np.random.default_rng(seed).normal(0.7, 1.3, (count, 2, 6, 6)).astype(dtype)


def prepared(side, seed=0, rate=0.05, momentum=0.9, make=None, **options):
    """A random network in float64 that is ready, its optimiser, and Tent."""
    model = (make or network)(side.nn).double()
    randomise(model, seed)
    side.functions.configure_model(model)
    optimizer = side.sgd(side.functions.collect_params(model)[0], rate, momentum)
    return model, optimizer, side.functions.Tent(model, optimizer, **options)


def randomise(model, seed=0):
    """The same random weights, and running statistics that fit nothing, on either side."""
    rng, state = np.random.default_rng(seed), {}
    for name, value in model.state_dict().items():
        value = np.asarray(value)
        drawn = rng.normal(0, 0.5, value.shape) if value.ndim else value
        state[name] = np.abs(drawn) + 0.5 if name.endswith("running_var") else drawn
        if name.split(".")[-1] == "weight" and value.ndim == 1:
            state[name] = 1 + 0.3 * drawn  # gamma
    if isinstance(model, torch.nn.Module):
        state = {name: torch.tensor(value) for name, value in state.items()}
    model.load_state_dict(state)


def state(model):
    """All weights and buffers as arrays, copied."""
    return {name: np.asarray(value).copy() for name, value in model.state_dict().items()}


def values(result):
    """An array of either side's tensor."""
    return np.asarray(result.detach())
