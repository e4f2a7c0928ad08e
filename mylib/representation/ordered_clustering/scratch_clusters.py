"""Repulsive clusters in NumPy: what they maximise, and k-means that does."""

import numpy as np

from mylib.representation.ordered_clustering import contract


def repulsive_objective(x, centroids, labels, alpha):
    r"""J = sum_j sum_{x in C_j} (h^T c_j - alpha / (k - 1) sum_{l != j} h^T c_l): near to its own, far from the others.

    h = unit(x) and the c_j have length 1; what is given is brought to it.

    Args:    x: points of any length above 0. Shape (n, dim).
             centroids: c_j. Shape (k, dim).
             labels: j of each point, integers below k. Shape (n,).
             alpha: weight of the repulsive term, at least 0; 0 where k is 1.
    Returns: J, a float.
    Raises:  ValueError: shapes, labels or alpha that do not fit, NaN, or a point or centroid of length 0.
    Source:  Lee and Kim (2021); slide "Proposed algorithm (Deep repulsive clustering (DRC))".
             Differs: none.

    Example:
        >>> x = np.array([[1.0, 0.0], [0.0, 2.0]])
        >>> repulsive_objective(x, x, [0, 1], alpha=0.1), repulsive_objective(x, -x, [0, 1], alpha=0.1)
        (2.0, -2.0)
    """
    x, centroids, labels = np.asarray(x), np.asarray(centroids), np.asarray(labels)
    contract.check_objective(x.shape, centroids.shape, labels.shape, alpha)
    k = len(centroids)
    contract.check_labels("repulsive_objective", labels.min(initial=0), labels.max(initial=0), k)
    h, c = directions("repulsive_objective", "x", x), directions("repulsive_objective", "centroids", centroids)
    cosines = h @ c.T  # (n, k)
    own = cosines[np.arange(len(h)), labels]
    others = cosines.sum(axis=1) - own
    return float((own - alpha / max(k - 1, 1) * others).sum())


def repulsive_kmeans(x, k, alpha=0.1, seed=0, iterations=100, centroids=None):
    r"""k directions that maximise J of `repulsive_objective`: each near to its own points and far from the others.

    In turn: each point goes to the centroid with the largest cosine, the first of equals; each centroid becomes

        c_j = unit(s_j - alpha / (k - 1) (S - s_j)),  s_j = sum of the h in C_j,  S = sum of all h.

    Neither step lowers J, and the loop ends when no point moves. A cluster without points starts again from the point
    that is farthest from its own centroid; where that lowers J, which it can if alpha is above 0, the best state on
    the way is returned. A sum of exactly 0 leaves its centroid where it was.

    Args:    x: points of any length above 0. Shape (n, dim).
             k: number of clusters, from 1 to n.
             alpha: weight of the repulsive term, at least 0; 0 is spherical k-means, and all that one cluster can have.
             seed: of the k points that are the first centroids, as in `spherical_kmeans`.
             iterations: at most.
             centroids: the first ones, or None. Shape (k, dim).
    Returns: centroids of length 1, shape (k, dim), and labels, integers below k, shape (n,).
    Raises:  ValueError: k, alpha or shapes that do not fit, NaN, or a point or centroid of length 0.
    Source:  Lee and Kim (2021); slide "Proposed algorithm (Deep repulsive clustering (DRC))". Differs:
             the slide's rule for the centroid is "max over x in C_j" and has no result; the authors' code also moves
             points until each cluster has half of its even share.

    Example:
        >>> x = np.array([[1.0, 0.1], [3.0, -0.3], [-1.0, 0.0]])
        >>> c, labels = repulsive_kmeans(x, 2, alpha=1.0, seed=1)
        >>> bool(labels[0] == labels[1] != labels[2]), np.abs(c[0] + c[1]).max().round(9).item()
        (True, 0.0)
    """
    x = np.asarray(x)
    start = None if centroids is None else np.asarray(centroids)
    contract.check_kmeans(x.shape, k, alpha, iterations, None if start is None else start.shape)
    h = directions("repulsive_kmeans", "x", x)
    if start is None:
        centroids = h[np.random.default_rng(seed).choice(len(h), k, replace=False)]
    else:
        centroids = directions("repulsive_kmeans", "centroids", start).astype(h.dtype)
    share, total = alpha / max(k - 1, 1), h.sum(axis=0)
    best, labels = None, None
    for _ in range(iterations):
        cosines = h @ centroids.T  # (n, k)
        nearest = cosines.argmax(axis=1)
        if labels is not None and (nearest == labels).all():
            break
        labels = nearest
        members = np.zeros((k, len(h)), h.dtype)
        members[labels, np.arange(len(h))] = 1
        pulls = (1 + share) * (members @ h) - share * total  # J = sum_j c_j^T pull_j
        centroids = _turn(centroids, pulls)
        empty = np.flatnonzero(members.sum(axis=1) == 0)
        farthest = np.argsort(cosines.max(axis=1), kind="stable")
        centroids[empty] = h[farthest[: len(empty)]]
        best = _better(best, (float((centroids * pulls).sum()), centroids, labels))
    return best[1:]


def _turn(centroids, pulls):
    """Unit vectors along the pulls; where there is none, the old ones."""
    length = np.linalg.norm(pulls, axis=1, keepdims=True)
    return np.where(length > 0, pulls / np.maximum(length, np.finfo(pulls.dtype).tiny), centroids)


def _better(best, state):
    """The one with the larger J; the later where rounding decides."""
    rounding = 1e-12 if state[1].dtype == np.float64 else 1e-5
    return best if best is not None and state[0] < best[0] - rounding * abs(best[0]) else state


def directions(operation, name, x):
    """Rows of length 1, in floating point; a row of zeros has no direction."""
    x = np.asarray(x, np.result_type(x.dtype, np.float32))
    contract.check_numbers(operation, **{name: bool(np.isfinite(x).all())})
    length = np.linalg.norm(x, axis=1, keepdims=True)
    contract.check_points(operation, int((length == 0).sum()))
    return x / length
