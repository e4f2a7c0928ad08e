"""Prototypes in PyTorch: k-means on the sphere where the points are, and how tight each cluster is."""

import numpy as np
import torch
import torch.nn.functional as F

from mylib.attention.contrastive import contract
from mylib.shared.devices import on_cpu


@torch.no_grad()
def spherical_kmeans(x, k, seed=0, iterations=100):
    r"""k directions such that each point is near one of them: k-means with cosines."""
    contract.check_clusters(x.shape, k, iterations)
    x = F.normalize(x)
    first = np.random.default_rng(seed).choice(len(x), k, replace=False)
    centroids = x[torch.as_tensor(first, device=x.device)]
    labels = None
    for _ in range(iterations):
        cosines, nearest = (x @ centroids.T).max(dim=1)
        if labels is not None and torch.equal(nearest, labels):
            break
        labels = nearest
        sums = torch.zeros_like(centroids).index_add_(0, labels, x)
        counts = torch.bincount(labels, minlength=k)
        # The r-th empty cluster takes the r-th farthest point; full ones look at a place that they do not use.
        empty = counts == 0
        farthest = cosines.argsort(stable=True)[(empty.cumsum(0) - 1).clamp(min=0)]
        centroids = F.normalize(torch.where(empty[:, None], x[farthest], sums))
    return centroids, labels


@torch.no_grad()
def concentration(x, centroids, labels, alpha=10.0, temperature=0.2):
    r"""phi_c = sum_i ||x_i - c|| / (Z log(Z + alpha)) over the Z points of cluster c: small if tight and large."""
    contract.check_concentration(x.shape, centroids.shape, labels.shape, alpha, temperature)
    if labels.numel() and on_cpu(labels):
        contract.check_numbers("concentration", "labels", *map(int, labels.aminmax()), len(centroids))
    distances = (F.normalize(x) - F.normalize(centroids)[labels]).norm(dim=1)
    zero = distances.new_zeros(len(centroids))
    count = zero.index_add(0, labels, torch.ones_like(distances))
    at_least_one = count.clamp(min=1)
    phi = zero.index_add(0, labels, distances) / (at_least_one * (at_least_one + alpha).log())
    several = count > 1
    largest = torch.where(several, phi, 0).max()
    phi = torch.where(several, phi, largest)
    phi = torch.maximum(phi, 1e-3 * largest)  # all points on the centroid: a temperature of 0 is no temperature
    return torch.where(largest > 0, temperature * phi / phi.mean(), temperature)
