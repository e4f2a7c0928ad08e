"""Prototypes in PyTorch: k-means on the sphere where the points are, and how tight each cluster is."""

import numpy as np
import torch
import torch.nn.functional as F

from mylib.attention.contrastive.contract import check_clusters, check_concentration, check_numbers
from mylib.shared.devices import on_cpu


@torch.no_grad()
def spherical_kmeans(x, k, seed=0, iterations=100):
    r"""k directions such that each point is near one of them: k-means with cosines.

    In turn: each point goes to the centroid with the largest cosine; each centroid becomes unit(sum of its points). The
    sum of these cosines never falls, and the loop ends when no point moves. A cluster without points starts again from
    the point that is farthest from its own centroid.

    Args:    x: points of any length above 0. Shape (n, dim).
             k: number of clusters, from 1 to n.
             seed: of the k points that are the first centroids.
             iterations: at most.
    Returns: centroids of length 1, shape (k, dim), and labels, integers below k, shape (n,).
    Raises:  ValueError: k out of range, or x is no matrix.
    Source:  Dhillon and Modha (2001); Li et al. (2021), section 3.2. Differs: none.
    """
    check_clusters(tuple(x.shape), k, iterations)
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
    r"""phi_c = sum_i ||x_i - c|| / (Z log(Z + alpha)) over the Z points of cluster c: small for a tight, large cluster.

    All are then scaled to a mean of tau. A cluster of one point or none says nothing of its spread, which would come
    out as 0 and rule the softmax; it gets the largest of the others.

    Args:    x: the points, brought to length 1. Shape (n, dim).
             centroids: Shape (k, dim).
             labels: cluster of each point. Shape (n,).
             alpha: keeps small clusters from a large phi.
             temperature: tau, the mean of the result.
    Returns: phi above 0. Shape (k,).
    Raises:  ValueError: shapes that do not fit, or a temperature or alpha that is not above 0.
    Source:  Li et al. (2021), equation 12, and its code for clusters of one. Differs: as `scratch`.
    """
    check_concentration(tuple(x.shape), tuple(centroids.shape), tuple(labels.shape), alpha, temperature)
    if labels.numel() and on_cpu(labels):
        check_numbers("concentration", "labels", *map(int, labels.aminmax()), len(centroids))
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
