"""What the tests of contrastive_distillation share."""

import numpy as np
import torch

from mylib.engine import Tensor
from mylib.training.contrastive_distillation import pytorch, scratch
from tests.twins import unit

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value)))}
RNG = np.random.default_rng
DIMS = {"student_dim": 3, "teacher_dim": 5, "size": 12, "dim": 4, "negatives": 6}


def batch(seed, size=12, rows=4, negatives=6, dims=(3, 5)):
    """Features of both networks, image numbers, each once, and noise."""
    rng = RNG(seed)
    features = [rng.normal(size=(rows, dim)) for dim in dims]
    return [*features, rng.permutation(size)[:rows], rng.integers(0, size, (rows, negatives))]


def make_loss(module, seed=0, normalisers=(0.0, 0.0), **options):
    """A loss in float64 with the same random projections and banks on each side."""
    options = {**DIMS, "temperature": 0.5, **options}
    rng, loss = RNG(seed), module.CRDLoss(**options).double()
    state = {}
    for name in ("student", "teacher"):
        state[f"{name}_projection.weight"] = rng.normal(size=(options["dim"], options[f"{name}_dim"]))
        state[f"{name}_projection.bias"] = rng.normal(size=options["dim"])
        state[f"{name}_bank.vectors"] = unit(rng.normal(size=(options["size"], options["dim"])))
        state[f"{name}_normaliser"] = np.array(normalisers[name == "teacher"])
    loss.load_state_dict({key: torch.tensor(value) for key, value in state.items()})
    return loss, state


def gaussians(rng, rho, pairs):
    """Correlated pairs, independent ones, and the log ratio log p(t, s) - log p(t) p(s) of any pair."""
    t, noise, other = rng.normal(size=(3, pairs))
    s = rho * t + np.sqrt(1 - rho**2) * noise

    def log_ratio(t, s):
        return -0.5 * np.log(1 - rho**2) - (rho**2 * (t * t + s * s) - 2 * rho * t * s) / (2 * (1 - rho**2))

    return (t, s), (t, other), log_ratio


def tracked(module, values):
    """A leaf that wants a gradient."""
    return Tensor(values, requires_grad=True) if module is scratch else torch.tensor(values, requires_grad=True)
