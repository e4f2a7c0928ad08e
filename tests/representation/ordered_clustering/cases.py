"""What the tests of ordered_clustering share."""

import numpy as np
import torch

from mylib import engine
from mylib.representation.ordered_clustering import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.as_tensor)}
WRAP = {scratch: engine.as_tensor, pytorch: torch.as_tensor}
NN, OPTIM = {scratch: engine.nn, pytorch: torch.nn}, {scratch: engine.optim, pytorch: torch.optim}
RNG = np.random.default_rng
SMALL = {"channels": 2, "size": 8, "width": 3, "order_dim": 3, "identity_dim": 5}


def degrees(*angles):
    """Unit vectors in the plane."""
    radians = np.deg2rad(np.array(angles, float))
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def angles(vectors):
    """Degrees of vectors in the plane, from -180 to 180."""
    vectors = values(vectors)
    return np.rad2deg(np.arctan2(vectors[:, 1], vectors[:, 0]))


def values(result):
    """What either side returns, as NumPy's."""
    return result.detach().numpy() if torch.is_tensor(result) else np.asarray(result)


def best_value(x, labels, k, alpha):
    """The largest J that these labels allow, by its closed form: an outside formula for both sides."""
    h = x / np.linalg.norm(x, axis=1, keepdims=True)
    share = alpha / max(k - 1, 1)
    return sum(np.linalg.norm((1 + share) * h[labels == j].sum(axis=0) - share * h.sum(axis=0)) for j in range(k))


def objective_by_loops(x, centroids, labels, alpha):
    """J, term by term."""
    h, k, total = x / np.linalg.norm(x, axis=1, keepdims=True), len(centroids), 0.0
    for point, own in zip(h, labels, strict=True):
        total += point @ centroids[own]
        total -= sum(alpha / (k - 1) * (point @ centroids[j]) for j in range(k) if j != own)
    return total


def random_pairs(seed=0, batch=5, dtype=np.float64, **sizes):
    """Images of pairs, relations, centroids and labels."""
    rng, sizes = RNG(seed), SMALL | sizes
    shape = batch, sizes["channels"], sizes["size"], sizes["size"]
    x, y = rng.random((2, *shape)).astype(dtype)
    centroids = rng.normal(size=(3, sizes["identity_dim"])).astype(dtype)
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    return x, y, rng.integers(0, 3, batch), centroids, rng.integers(0, 3, batch)


def votes_by_loops(probabilities, references, levels, tolerance):
    """P of one query, sum by sum."""
    posterior, there = np.zeros(len(levels)), [r for r in range(len(references)) if not np.isnan(references[r])]
    for r in there:
        for o, holds in enumerate(
            (
                lambda d: d > tolerance,
                lambda d: abs(d) <= tolerance,
                lambda d: d < -tolerance,
            )
        ):
            which = [holds(level - references[r]) for level in levels]
            for m in np.flatnonzero(which):
                posterior[m] += probabilities[r][o] / sum(which) / len(there)
    return posterior
