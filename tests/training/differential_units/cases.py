"""What the tests of differential_units share: units of every row, and sides."""

import numpy as np
import torch

from mylib.training.differential_units import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
RNG = np.random.default_rng
NAMES = ("a", "b", "c", "c1", "c2")

# (row, a, b, c): each row with every pattern of signs that it allows.
UNITS = [
    (2, 0, 2, 0),
    (2, 0, -2, 0),
    (3, 0, 2, 3),
    (3, 0, 0.5, -1),
    (4, 2, 0, 0),
    (4, -1, 0, 0),
    (5, 1.5, 0, 2),
    (5, -1.5, 0, -2),
    (6, 1.5, 0, -2),
    (6, -1.5, 0, 2),
    (7, 1, 2, 0),
    (7, 1, -2, 0),
    (7, -1, 2, 0),
    (7, -1, -2, 0),
    (8, 1, 1, 1),
    (8, -1, -1, -1),
    (8, 1, -1, 1),
    (8, -1, 1, -1),
    (9, 1, 3, 1),
    (9, 1, -3, 1),
    (9, -1, 3, 1),
    (9, 1, 1, -2),
    (9, 1, -1, -2),
    (10, 1, 2, 1),
    (10, -1, -2, -1),
    (10, 1, -2, 1),
    (10, 0.25, 1, 1),
]


def random_units(count, seed):
    """Coefficients of units of all rows, some so small that they count as 0. Shape (5, count)."""
    rng = RNG(seed)
    units = rng.normal(size=(5, count))
    small = rng.random((3, count)) < 0.3
    units[:3] = np.where(small, rng.choice([0.0, 0.005, -0.005], size=(3, count)), units[:3])
    double = (rng.random(count) < 0.1) & (np.abs(units[0]) > 0.1)
    units[2] = np.where(double, units[1] ** 2 / (4 * np.where(units[0] == 0, 1, units[0])), units[2])
    return units


def values(y):
    """An array of what either side returns."""
    return y.detach().numpy() if torch.is_tensor(y) else np.asarray(y)


def deu(side, t, *units, **options):
    """The solution by a side, of arrays or numbers."""
    module, array = side
    return values(
        module.deu(array(t), *(array(np.asarray(one, dtype=np.asarray(t).dtype)) for one in units), **options)
    )


def deu_gradient(side, t, *units, **options):
    """The six slopes by a side."""
    module, array = side
    given = (array(np.asarray(one, dtype=np.asarray(t).dtype)) for one in units)
    return [values(slope) for slope in module.deu_gradient(array(t), *given, **options)]
