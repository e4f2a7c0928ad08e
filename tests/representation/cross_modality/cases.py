"""What the tests of cross_modality share."""

import numpy as np
import torch

from mylib import data
from mylib.engine import Tensor
from mylib.representation.cross_modality import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value)))}
RNG = np.random.default_rng

# The worked example: two persons, an infrared and an X feature of each.
INFRARED, X, PERSONS = [[0.0, 0.0], [4.0, 0.0]], [[1.0, 0.0], [3.0, 3.0]], [0, 1]


def features(seed, rows=6, others=8, persons=3, dim=4):
    """Two sets of features, a label for each row; every person is on both sides."""
    rng = RNG(seed)
    labels = [rng.permutation(np.arange(count) % persons) for count in (rows, others)]
    return rng.normal(size=(rows, dim)), rng.normal(size=(others, dim)), *labels


def small_people(identities=4, shots=2, seed=0, **options):
    """Few and small pictures."""
    return data.infrared_people(
        seed, identities=identities, visible=1, infrared=1, shots=shots, size=(16, 8), **options
    )


def tracked(module, values):
    """A leaf that wants a gradient."""
    return Tensor(values, requires_grad=True) if module is scratch else torch.tensor(values, requires_grad=True)
