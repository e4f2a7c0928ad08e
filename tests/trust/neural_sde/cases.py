"""What the tests of neural_sde share."""

import numpy as np
import torch

from mylib import engine
from mylib.engine import Tensor
from mylib.trust.neural_sde import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value)))}
NN = {"scratch": engine.nn, "pytorch": torch.nn}
RNG = np.random.default_rng
METHODS = ("euler", "midpoint", "rk4")


def linear(t, y):
    """dy/dt = -2 y + t; from y(0) = 1 the solution is (2 t - 1) / 4 + 1.25 exp(-2 t)."""
    return -2 * y + t


def exact(t):
    return (2 * np.asarray(t) - 1) / 4 + 1.25 * np.exp(-2 * np.asarray(t))


def pendulum(t, y):
    """Not linear, and time stands in it: y'' = -y^3 + t, as two numbers in the last axis."""
    stack = torch.stack if torch.is_tensor(y) else engine.stack if isinstance(y, Tensor) else np.stack
    q, p = y[..., 0], y[..., 1]
    return stack([p, -(q * q * q) + t], -1)


def tracked(module, values):
    """A leaf that wants a gradient."""
    return Tensor(values, requires_grad=True) if module is scratch else torch.tensor(values, requires_grad=True)


def field(name, dim=3, extra=False, frozen=False):
    """A module f(t, y) = tanh(W y + b) (1 + t) of one side, in float64 with random weights."""
    nn = NN[name]

    class Field(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(dim, dim)
            if extra:
                ones = np.ones(2, np.float32)
                self.unused = nn.Parameter(ones if name == "scratch" else torch.tensor(ones))

        def forward(self, t, y):
            return self.layer(y).tanh() * (1 + t)

    made = Field().double()
    fill(made)
    made.layer.bias.requires_grad = not frozen
    return made


def fill(module_, seed=0, scale=0.5):
    """Fresh random float64 numbers in every parameter."""
    rng = RNG(seed)
    state = {name: rng.normal(0, scale, tuple(value.shape)) for name, value in module_.state_dict().items()}
    module_.double().load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return state


def sde_net(name, depth=4, sigma=0.7, dim=4, classes=3, channels=1, **options):
    """A small SDE-Net for images of 2 by 2 pixels, with random weights in float64."""
    module, nn = SIDES[name][0], NN[name]
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(4 * channels, dim), nn.Tanh())
    net = module.SDENet(encoder, nn.Linear(dim, classes), dim, 6, depth, sigma=sigma, **options)
    fill(net)
    return net
