"""Prototypes in NumPy: k-means on the sphere, and how tight each cluster is."""

import numpy as np

from mylib.attention.contrastive import contract
from mylib.attention.contrastive.scratch_memory import unit_rows


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

    Example:
        >>> c, labels = spherical_kmeans(np.array([[1.0, 0.1], [3.0, -0.3], [-1.0, 0.0]]), 2, seed=1)
        >>> bool(labels[0] == labels[1] != labels[2])
        True
    """
    x = np.asarray(x)
    contract.check_clusters(x.shape, k, iterations)
    x = unit_rows(x)
    centroids = x[np.random.default_rng(seed).choice(len(x), k, replace=False)]
    labels = None
    for _ in range(iterations):
        cosines = x @ centroids.T  # (n, k)
        nearest = cosines.argmax(axis=1)
        if labels is not None and (nearest == labels).all():
            break
        labels = nearest
        members = np.zeros((k, len(x)), x.dtype)
        members[labels, np.arange(len(x))] = 1
        sums = members @ x
        empty = np.flatnonzero(members.sum(axis=1) == 0)
        farthest = np.argsort(cosines.max(axis=1), kind="stable")
        sums[empty] = x[farthest[: len(empty)]]
        centroids = unit_rows(sums)
    return centroids, labels


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
    Source:  Li et al. (2021), equation 12, and its code for clusters of one. Differs: where no cluster has two
             points, or all points of those lie on their centroids, every phi is tau.

    Example:
        >>> x = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
        >>> concentration(x, np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0, 1]), temperature=0.5).tolist()
        [0.5, 0.5]
    """
    x, centroids, labels = np.asarray(x), np.asarray(centroids), np.asarray(labels)
    contract.check_concentration(x.shape, centroids.shape, labels.shape, alpha, temperature)
    contract.check_numbers("concentration", "labels", labels.min(initial=0), labels.max(initial=0), len(centroids))
    distances = np.linalg.norm(unit_rows(x) - unit_rows(centroids)[labels], axis=1)
    count = np.bincount(labels, minlength=len(centroids))
    spread = np.bincount(labels, weights=distances, minlength=len(centroids))
    several = count > 1
    phi = spread / (np.maximum(count, 1) * np.log(np.maximum(count, 1) + alpha))
    largest = phi[several].max(initial=0.0)
    if not largest > 0:
        return np.full(len(centroids), temperature)
    phi = np.where(several, phi, largest)
    phi = np.maximum(phi, 1e-3 * largest)  # all points on the centroid: a temperature of 0 is no temperature
    return temperature * phi / phi.mean()
