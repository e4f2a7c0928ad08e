"""Groups without labels, in NumPy: distances between lists of neighbours, and clusters as dense regions."""

import numpy as np

from mylib.attention.contrastive.scratch_memory import unit_rows
from mylib.attention.reid import contract
from mylib.attention.reid.contract import ROUNDING


def jaccard_distance(features, k1=20, k2=6):
    r"""Distance between the neighbourhoods of two images, in place of the distance between their features.

    Features are brought to length 1; d is the squared Euclidean distance. With N(i, k) the image i and its k nearest:

    1. k-reciprocal neighbours R(i, k) = {j : j in N(i, k) and i in N(j, k)}, for k = k1;
    2. R*(i) also takes R(j, k1/2) of each j in R(i) where more than 2/3 of R(j, k1/2) lie in R(i); a half is rounded to
       the even number;
    3. V_i(j) = exp(-d(i, j)) for j in R*(i) and 0 elsewhere, divided by its sum;
    4. V_i becomes the mean of V over the k2 nearest of i, itself included (query expansion);
    5. d_J(i, j) = 1 - sum_l min(V_i(l), V_j(l)) / sum_l max(V_i(l), V_j(l)).

    Args:    features: Shape (n, dim).
             k1: neighbours that are looked at, from 1 to n - 1.
             k2: neighbours that V is averaged over; 1 leaves it.
    Returns: distances from 0 to 1, symmetric. Shape (n, n).
    Raises:  ValueError: no matrix of finite numbers, or more neighbours than there are images.
    Source:  Zhong et al. (2017), sections 3.2 to 3.4; CAP clusters with it. Differs: no blend with d itself
             (lambda = 0), as in CAP; d is not divided by its largest value. "More than" in step 2 and the sum in step 3
             are those of the authors' program; the paper says at least 2/3, and divides by nothing.

    Example:
        >>> d = jaccard_distance([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]], k1=1, k2=1)
        >>> d.round(3).tolist()[0]  # the neighbourhoods of both pairs have nothing in common
        [0.0, 0.01, 1.0, 1.0]
    """
    features = np.asarray(features)
    contract.check_reciprocal(features.shape, k1, k2, np.isfinite(features).all())
    unit = unit_rows(features)
    distances = np.maximum(2 - 2 * (unit @ unit.T), 0)
    np.fill_diagonal(distances, -1)  # each image is its own nearest, before any twin of it
    order = np.argsort(distances, axis=1, kind="stable")
    np.fill_diagonal(distances, 0)
    weights = np.where(_expanded(order, k1), np.exp(-distances), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    if k2 > 1:
        weights = sum(weights[order[:, nearest]] for nearest in range(k2)) / k2
    shared = np.zeros_like(weights)
    for column in weights.T:  # few images have this one in their neighbourhood: only their pairs share it
        (rows,) = np.nonzero(column)
        shared[rows[:, None], rows] += np.minimum(column[rows, None], column[rows])
    # Rows sum to 1, so that sum max = 2 - sum min.
    return np.clip(1 - shared / (2 - shared), 0, 1)


def _expanded(order, k1):
    """R*(i), as a matrix of booleans."""
    full, half = _reciprocal(order, k1), _reciprocal(order, round(k1 / 2))
    common = full.astype(np.float32) @ half.T.astype(np.float32)  # |R(i, k1) and R(j, k1/2)|
    trusted = full & (3 * common > 2 * half.sum(axis=1))  # in whole numbers
    return full | (trusted.astype(np.float32) @ half.astype(np.float32) > 0)


def _reciprocal(order, k):
    """Whether i and j are among each other's k nearest."""
    near = np.zeros(order.shape, bool)
    np.put_along_axis(near, order[:, : k + 1], True, axis=1)
    return near & near.T


def dbscan(distances, eps, min_samples):
    r"""Clusters as connected dense regions; nobody says how many there are.

    A point with at least `min_samples` points within `eps`, itself included, is a core. Cores within eps of each other
    belong to one cluster; another point within eps of a core belongs to that core's cluster; all others are noise.

    Args:    distances: symmetric. Shape (n, n).
             eps: radius above 0.
             min_samples: at least 1.
    Returns: labels 0, 1, ... in the order of the clusters' first cores, -1 for noise. int64, shape (n,). A point near
             the cores of several clusters gets the first of them.
    Raises:  ValueError: no matrix of distances, or eps or min_samples too small.
    Source:  Ester et al. (1996), section 3. Differs: none.

    Example:
        >>> x = np.array([0.0, 0.1, 0.2, 5.0, 9.0, 9.1])
        >>> dbscan(np.abs(x[:, None] - x), eps=0.15, min_samples=2).tolist()
        [0, 0, 0, -1, 1, 1]
    """
    distances = np.asarray(distances)
    contract.check_dbscan(distances.shape, eps, min_samples)
    contract.check_distances(_symmetric(distances))
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    labels = np.full(len(near), -1)
    clusters = 0
    for start in np.flatnonzero(core):
        if labels[start] >= 0:
            continue
        front = np.array([start])
        while len(front):  # all that the last ones reach, at once; each row is looked at once in all
            labels[front] = clusters
            front = np.flatnonzero(near[front[core[front]]].any(axis=0) & (labels < 0))
        clusters += 1
    return labels


def _symmetric(distances):
    """Finite, not negative, and equal to its transpose but for the rounding of a square root: 3e-4 in float32."""
    largest = distances.max(initial=0)
    if not (distances.min(initial=0) >= 0 and np.isfinite(largest)):
        return False
    return bool(np.abs(distances - distances.T).max(initial=0) <= ROUNDING * largest)
