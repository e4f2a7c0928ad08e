"""How re-identification is judged, in NumPy: distances, and where the right images stand in the ranked gallery."""

import numpy as np

from mylib.attention.reid import contract


def euclidean_distances(x, y):
    r"""d(i, j) = ||x_i - y_j|| = sqrt(||x_i||^2 + ||y_j||^2 - 2 x_i . y_j), all pairs by one matrix product.

    Args:    x, y: vectors. Shapes (n, dim) and (m, dim).
    Returns: distances. Shape (n, m). Differences below 1e-8 (float64) of the vectors' lengths are lost to rounding.
    Raises:  ValueError: shapes that do not fit, or no vectors. TypeError: whole numbers.
    Source:  elementary; slide "The flow of a practical person Re-ID system". Differs: none.

    Example:
        >>> euclidean_distances([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]]).tolist()
        [[5.0, 1.0]]
    """
    x, y = np.asarray(x), np.asarray(y)
    floating = all(np.issubdtype(value.dtype, np.floating) for value in (x, y))
    contract.check_vectors(x.shape, y.shape, floating)
    squares = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1) - 2 * (x @ y.T)
    return np.sqrt(np.maximum(squares, 0))  # rounding can leave a little less than 0


def cumulative_match(distances, ids_q, ids_g, cams_q, cams_g, ranks=(1, 5, 10, 20)):
    r"""Share of queries with a right image among their first r: the CMC curve at rank-1, 5, 10 and 20.

    The field's rule: gallery images of the query's person by the query's own camera are left out of its list; they are
    nearly the query itself.

    Args:    distances: of each query to each gallery image. Shape (queries, gallery).
             ids_q, ids_g: identities. Shapes (queries,) and (gallery,).
             cams_q, cams_g: cameras, likewise.
             ranks: r, each at least 1; beyond the gallery's size the share is 1.
    Returns: shares from 0 to 1, one for each rank.
    Raises:  ValueError: shapes that do not fit, distances that are not finite, a rank below 1, or a query without a
             right image.
    Source:  Zheng et al. (2015), section 5; the columns R1, R5, R10 of the table. Differs: a query that has no right
             image is an error; the field's programs leave it out without a word.

    Example:
        >>> # the nearest image is the same person, seen by the same camera: left out; the next is another person
        >>> cumulative_match([[0.1, 0.2, 0.3]], [7], [7, 8, 7], [0], [0, 1, 1], ranks=(1, 2)).tolist()
        [0.0, 1.0]
    """
    ranks = np.asarray(ranks)
    contract.check_ranks(ranks.shape, ranks.min(initial=1))
    right, place = _ranked("cumulative_match", distances, ids_q, ids_g, cams_q, cams_g)
    best = np.where(right, place, np.inf).min(axis=1)
    return (best[:, None] <= ranks).mean(axis=0)


def mean_average_precision(distances, ids_q, ids_g, cams_q, cams_g):
    r"""mAP: the mean over queries of AP = 1/R sum_{r=1}^R r / place_r, place_r being where the r-th right image stands.

    r / place_r is the precision of the list that ends at this image. The field's rule as in `cumulative_match`.

    Args:    distances, ids_q, ids_g, cams_q, cams_g: as in `cumulative_match`.
    Returns: a number from 0 to 1.
    Raises:  ValueError: shapes that do not fit, distances that are not finite, or a query without a right image.
    Source:  Zheng et al. (2015), section 5; the column mAP of the table. Differs: that paper's program joins precisions
             by trapezoids, which gives a little less; a query without a right image is an error.

    Example:
        >>> # right images at places 1 and 3: (1/1 + 2/3) / 2
        >>> round(mean_average_precision([[0.1, 0.2, 0.3]], [7], [7, 8, 7], [0], [1, 1, 2]), 4)
        0.8333
    """
    right, place = _ranked("mean_average_precision", distances, ids_q, ids_g, cams_q, cams_g)
    precision = right.cumsum(axis=1) / np.maximum(place, 1)
    return float((np.where(right, precision, 0).sum(axis=1) / right.sum(axis=1)).mean())


def _ranked(name, distances, ids_q, ids_g, cams_q, cams_g):
    """For each query, in the order of its distances: is it a right image, and which place it has, from 1."""
    distances = np.asarray(distances)
    ids_q, ids_g, cams_q, cams_g = (np.asarray(value) for value in (ids_q, ids_g, cams_q, cams_g))
    contract.check_ranking(name, distances.shape, ids_q.shape, ids_g.shape, cams_q.shape, cams_g.shape)
    order = np.argsort(distances, axis=1, kind="stable")
    same = ids_g[order] == ids_q[:, None]
    counts = ~(same & (cams_g[order] == cams_q[:, None]))
    right = same & counts
    contract.check_matches(name, len(right), np.flatnonzero(~right.any(axis=1)).tolist(), np.isfinite(distances).all())
    return right, counts.cumsum(axis=1)
