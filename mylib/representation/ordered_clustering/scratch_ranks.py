"""Ranks in NumPy: what two ranks are to each other, which references a query has, and what their votes come to."""

import numpy as np

from mylib.engine import as_tensor
from mylib.representation.ordered_clustering import contract
from mylib.representation.ordered_clustering.rounds import blocks


def order_relation(first, second, tolerance):
    r"""0 "older" if theta_x - theta_y > tau, 1 "about equal" if |theta_x - theta_y| <= tau, 2 "younger" otherwise.

    For ages theta = log(age) and tau = 0.1: equal ratios count alike, not equal years.

    Args:    first, second: theta_x and theta_y, of shapes that fit each other as in arithmetic.
             tolerance: tau, at least 0.
    Returns: int64, of their common shape.
    Raises:  ValueError: shapes that do not fit, NaN, or a negative tolerance.
    Source:  Lee and Kim (2021); Lim et al. (2020). Differs: none.

    Example:
        >>> order_relation(np.log([20, 40, 42]), np.log([40, 40, 40]), 0.1).tolist()
        [2, 1, 1]
    """
    x, y = np.asarray(first, np.float64), np.asarray(second, np.float64)
    contract.check_broadcast(x.shape, y.shape)
    contract.check_tolerance("order_relation", tolerance)
    contract.check_numbers("order_relation", first=bool(np.isfinite(x).all()), second=bool(np.isfinite(y).all()))
    difference = x - y
    older, younger = difference > tolerance, difference < -tolerance
    return np.where(older, contract.OLDER, np.where(younger, contract.YOUNGER, contract.ABOUT_EQUAL)).astype(np.int64)


def choose_references(identity, clusters, ranks, query_identity, query_clusters, levels, per_level=1):
    r"""For each query and each level, the images of its cluster and of that rank with the largest cosines of h_id.

    Args:    identity: h_id of the images with known ranks, of any length. Shape (n, dim).
             clusters: of these images, integers. Shape (n,).
             ranks: theta of these images. Shape (n,).
             query_identity, query_clusters: of the images to be judged. Shapes (query, dim) and (query,).
             levels: thetas to have references of, ascending. Equal means exactly equal. Shape (levels,).
             per_level: references of each level, the most similar first, the lower index of equals.
    Returns: indices, level by level, -1 where the cluster has no (further) image of that rank. int64, shape (query,
             levels * per_level).
    Raises:  ValueError: shapes that do not fit, NaN, or levels that do not ascend.
    Source:  Lee and Kim (2021). Differs: none.

    Example:
        >>> identity, ranks = np.array([[1.0, 0], [0, 1], [1, 1], [1, 0]]), [1, 1, 2, 2]
        >>> choose_references(identity, [0, 0, 0, 1], ranks, [[0.0, 1], [1, 0]], [0, 1], [1, 2]).tolist()
        [[1, 2], [-1, 3]]
    """
    identity, query_identity = np.asarray(identity), np.asarray(query_identity)
    clusters, query_clusters = np.asarray(clusters), np.asarray(query_clusters)
    ranks, levels = np.asarray(ranks, np.float64), np.asarray(levels, np.float64)
    shapes = identity.shape, clusters.shape, ranks.shape, query_identity.shape, query_clusters.shape, levels.shape
    contract.check_references(*shapes, per_level)
    contract.check_levels("choose_references", bool((levels[1:] > levels[:-1]).all()))
    finite = {"identity": identity, "ranks": ranks, "query_identity": query_identity, "levels": levels}
    contract.check_numbers("choose_references", **{name: bool(np.isfinite(v).all()) for name, v in finite.items()})
    level = np.minimum(np.searchsorted(levels, ranks), len(levels) - 1)
    known = levels[level] == ranks
    mine, theirs = _unit(identity), _unit(query_identity)
    chosen = np.full((len(theirs), len(levels) * per_level), -1)
    for cluster in np.unique(query_clusters):
        members, rows = np.flatnonzero(known & (clusters == cluster)), np.flatnonzero(query_clusters == cluster)
        for block in blocks(len(rows), len(members)):
            cosines = theirs[rows[block]] @ mine[members].T
            chosen[rows[block]] = _first_of_each(cosines, members, level[members], len(levels), per_level)
    return chosen


def _first_of_each(cosines, members, level, levels, per_level):
    """The best `per_level` of each level in each row: one sort by level, then by falling cosine."""
    order = np.lexsort((-cosines, np.broadcast_to(level, cosines.shape)))
    count = np.bincount(level, minlength=levels)
    place = (np.cumsum(count) - count)[:, None] + np.arange(per_level)  # (levels, per_level)
    there = np.arange(per_level) < count[:, None]
    found = members[order[:, np.where(there, place, 0)]] if len(members) else np.zeros((len(cosines), *place.shape))
    return np.where(there, found, -1).reshape(len(cosines), -1)


def estimate_rank(probabilities, references, levels, tolerance):
    r"""P(m) = 1/R sum_r sum_o p_r(o) [m is o to y_r] / n_ro: each reference shares its three votes among the levels.

    n_ro is the number of levels that are o to y_r; where it is 0, the vote is lost. The estimate is the level with the
    largest P, the lowest of equals.

    Args:    probabilities: p_r(o) that the query is older than reference r (o = 0), about equal (1), younger (2). Shape
                 (query, references, 3).
             references: theta of the references, NaN for none (`choose_references` says -1). Shape (query, references).
             levels: the thetas that an estimate may have, ascending. Shape (levels,).
             tolerance: tau of `order_relation`, in units of theta.
    Returns: estimates, float64 of shape (query,), and P, float64 of shape (query, levels); R counts references that are
             there, so that rows sum to 1 if every n_ro is above 0.
    Raises:  ValueError: shapes that do not fit, levels that do not ascend, probabilities that are none, a negative
                 tolerance, or a query without a reference.
    Source:  Lee and Kim (2021). Differs: none.

    Example:
        >>> sure = [[[1.0, 0, 0], [0, 0, 1.0]]]  # older than 1, younger than 3
        >>> rank, p = estimate_rank(sure, [[1.0, 3.0]], [1.0, 2.0, 3.0], tolerance=0.5)
        >>> rank.tolist(), p.tolist()
        ([2.0], [[0.25, 0.5, 0.25]])
    """
    p = np.asarray(as_tensor(probabilities).data, np.float64)
    references, levels = np.asarray(references, np.float64), np.asarray(levels, np.float64)
    contract.check_votes(p.shape, references.shape, levels.shape, tolerance)
    contract.check_numbers("estimate_rank", levels=bool(np.isfinite(levels).all()))
    contract.check_levels("estimate_rank", bool((levels[1:] > levels[:-1]).all()))
    there = ~np.isnan(references)
    contract.check_someone(int(there.sum(axis=1).min(initial=1)))
    p = np.where(there[:, :, None], p, 1 / 3)  # nobody was asked there
    contract.check_probabilities(bool(((p >= 0).all(axis=2) & (abs(p.sum(axis=2) - 1) < contract.ROUNDING)).all()))
    parts = blocks(len(p), p.shape[1] * len(levels))
    posterior = [_votes(p[block], references[block], there[block], levels, tolerance) for block in parts]
    posterior = np.concatenate([np.zeros((0, len(levels))), *posterior])
    return levels[posterior.argmax(axis=1)], posterior


def _votes(p, references, there, levels, tolerance):
    """Mean votes of the references that are there. Shape (query, levels)."""
    relation = order_relation(
        levels, np.where(there, references, 0)[:, :, None], tolerance
    )  # (query, references, levels)
    count = np.stack([(relation == o).sum(axis=2) for o in range(3)], axis=2)  # n_ro
    share = np.where(count > 0, p / np.maximum(count, 1), 0)
    votes = np.take_along_axis(share, relation, axis=2)  # each level takes the share of what it is to the reference
    return np.where(there[:, :, None], votes, 0).sum(axis=1) / there.sum(axis=1, keepdims=True)


def cumulative_score(estimate, truth, limit=5.0):
    r"""CS(l) = 100 / n |{i : |estimate_i - truth_i| <= l}|: how many per cent are wrong by l at most.

    Args:    estimate, truth: in the units of `limit`, for ages years. Shape (n,), n of at least 1.
             limit: l, at least 0. Round estimates that stand for whole years: exp(log 21) is not exactly 21.
    Returns: per cent, a float.
    Raises:  ValueError: shapes that do not fit, NaN, nothing to count, or a negative limit.
    Source:  Lee and Kim (2021); slide "Facial age estimation". Differs: none.

    Example:
        >>> cumulative_score([20, 31, 40, 66], [25, 25, 41, 66])
        75.0
    """
    estimate, truth = np.asarray(estimate, np.float64), np.asarray(truth, np.float64)
    contract.check_score(estimate.shape, truth.shape, limit)
    finite = {"estimate": bool(np.isfinite(estimate).all()), "truth": bool(np.isfinite(truth).all())}
    contract.check_numbers("cumulative_score", **finite)
    return float(100 * (abs(estimate - truth) <= limit).mean())


def _unit(x):
    """Rows of length 1 in floating point; a row of zeros stays, and is like nothing."""
    x = np.asarray(x, np.result_type(x.dtype, np.float32))
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
