"""Repulsive clusters in PyTorch: what they maximise, and k-means that does, where the points are."""

import numpy as np
import torch

from mylib.representation.ordered_clustering import contract
from mylib.shared.devices import at_least_float32, on_cpu


@torch.no_grad()
def repulsive_objective(x, centroids, labels, alpha):
    r"""J, from sums: each centroid times (1 + alpha / (k - 1)) its own sum minus alpha / (k - 1) the sum of all."""
    contract.check_objective(x.shape, centroids.shape, labels.shape, alpha)
    k = len(centroids)
    if labels.numel() and on_cpu(labels):
        contract.check_labels("repulsive_objective", *map(int, labels.aminmax()), k)
    h, c = directions("repulsive_objective", "x", x), directions("repulsive_objective", "centroids", centroids)
    return float((c.to(h.dtype) * pulls(h, labels, k, alpha)).sum())


@torch.no_grad()
def repulsive_kmeans(x, k, alpha=0.1, seed=0, iterations=100, centroids=None):
    r"""k directions that maximise J of `repulsive_objective`: each near to its own points and far from the others."""
    contract.check_kmeans(x.shape, k, alpha, iterations, None if centroids is None else centroids.shape)
    h = directions("repulsive_kmeans", "x", x)
    if centroids is None:
        first = np.random.default_rng(seed).choice(len(h), k, replace=False)
        c = h[torch.as_tensor(first, device=h.device)]
    else:
        c = directions("repulsive_kmeans", "centroids", centroids).to(h)
    rounding = 1e-12 if h.dtype == torch.float64 else 1e-5
    best, labels = None, None
    for _ in range(iterations):
        cosines, nearest = (h @ c.T).max(dim=1)
        if labels is not None and torch.equal(nearest, labels):
            break
        labels, pull = nearest, pulls(h, nearest, k, alpha)
        length = torch.linalg.vector_norm(pull, dim=1, keepdim=True)
        c = torch.where(length > 0, pull / length.masked_fill(length == 0, 1), c)
        # The r-th empty cluster takes the r-th farthest point; full ones look at a place that they do not use.
        empty = torch.bincount(labels, minlength=k) == 0
        farthest = cosines.argsort(stable=True)[(empty.cumsum(0) - 1).clamp(min=0)]
        c = torch.where(empty[:, None], h[farthest], c)
        value = float((c * pull).sum())
        if best is None or value >= best[0] - rounding * abs(best[0]):
            best = value, c, labels
    return best[1:]


def pulls(h, labels, k, alpha):
    """s_j - alpha / (k - 1) (S - s_j) for each cluster. Shape (k, dim)."""
    own = h.new_zeros(k, h.shape[1]).index_add_(0, labels, h)
    return own.add(own - h.sum(dim=0), alpha=alpha / (k - 1)) if alpha else own


def directions(operation, name, x):
    """Rows of length 1, of at least float32; a row of zeros has no direction."""
    x = at_least_float32(x)
    length = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    if on_cpu(x):
        contract.check_numbers(operation, **{name: bool(length.isfinite().all())})
        contract.check_points(operation, int((length == 0).sum()))
    return x / length
