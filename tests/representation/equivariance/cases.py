"""What the tests of equivariance share."""

import numpy as np
import torch

from mylib.engine import Tensor
from mylib.representation.equivariance import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
RNG = np.random.default_rng
SMALL = {"image_size": 13, "classes": 4, "width": 3, "types": 2, "primary_dim": 3, "dim": 5, "kernel": 5}
SMALL |= {"hidden": (6, 7)}


def values(result):
    return result.detach().numpy() if torch.is_tensor(result) else np.asarray(result)


def tracked(module, array):
    """A leaf that wants a gradient, in float64."""
    array = np.asarray(array, np.float64)
    return Tensor(array, requires_grad=True) if module is scratch else torch.tensor(array, requires_grad=True)


def pose(angle, scale, x, y):
    """Turned, scaled, then moved: a 3 x 3 matrix."""
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, x], [s, c, y], [0, 0, 1.0]])


def poses(rng, *shape):
    """Random poses, of scales between a half and two. Shape (*shape, 3, 3)."""
    drawn = [pose(rng.uniform(-3, 3), rng.uniform(0.5, 2), *rng.normal(size=2)) for _ in range(int(np.prod(shape)))]
    return np.array(drawn).reshape(*shape, 3, 3)


def routed_by_loops(votes, iterations):
    """Procedure 1 of the paper with one loop for each index, and the squash with its division."""
    batch, inputs, outputs, dim = votes.shape
    capsules, couplings = np.zeros((batch, outputs, dim)), np.zeros((batch, inputs, outputs))
    for n in range(batch):
        logits = np.zeros((inputs, outputs))
        for round_ in range(iterations):
            for i in range(inputs):
                couplings[n, i] = np.exp(logits[i]) / np.exp(logits[i]).sum()
            for j in range(outputs):
                s = sum(couplings[n, i, j] * votes[n, i, j] for i in range(inputs))
                length = np.linalg.norm(s)
                capsules[n, j] = length**2 / (1 + length**2) * s / length
            if round_ < iterations - 1:
                for i in range(inputs):
                    for j in range(outputs):
                        logits[i, j] += votes[n, i, j] @ capsules[n, j]
    return capsules, couplings
