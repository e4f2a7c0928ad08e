"""Which two images are compared in training: drawn by one NumPy generator for both sides."""

import numpy as np

from mylib.representation.ordered_clustering import contract


def draw_pairs(ranks, labels, tolerance, rng, count):
    r"""Pairs within a cluster, of which a third are older, a third about equal, a third younger.

    The first of each pair is any point of a cluster with two or more. The relation it shall have is drawn with equal
    chances; where no point of the cluster has it, the next one takes its place (after 2 comes 0). Then the second is
    drawn among all that have it. Nothing is compared with itself.

    Args:    ranks: theta. Shape (n,).
             labels: cluster of each. Integers, shape (n,).
             tolerance: tau of `order_relation`.
             rng: NumPy generator.
             count: number of pairs.
    Returns: (first, second, relation), each int64 of shape (count,): indices, and what the first is to the second.
    Raises:  ValueError: shapes that do not fit, NaN, a negative tolerance, or no cluster with two points.
    Source:  Lee and Kim (2021). Differs: their code draws the second alike among all of the cluster, so
             that "about equal" is rare.

    Example:
        >>> first, second, relation = draw_pairs([1.0, 2.0, 5.0], [0, 0, 1], 0.5, np.random.default_rng(0), 100)
        >>> sorted(set(zip(first.tolist(), second.tolist(), relation.tolist())))
        [(0, 1, 2), (1, 0, 0)]
    """
    ranks, labels = np.asarray(ranks, np.float64), np.asarray(labels)
    several = labels.ndim == 1 and bool((np.unique(labels, return_counts=True)[1] > 1).any())
    contract.check_pairs(ranks.shape, labels.shape, tolerance, count, several)
    contract.check_numbers("draw_pairs", ranks=bool(np.isfinite(ranks).all()))
    order = np.lexsort((ranks, labels))  # clusters one after the other, ascending ranks in each
    sorted_labels, ranked = labels[order], ranks[order]
    start = np.searchsorted(sorted_labels, sorted_labels, "left")
    end = np.searchsorted(sorted_labels, sorted_labels, "right")
    eligible = np.flatnonzero(end - start > 1)
    place = eligible[rng.integers(0, len(eligible), count)] if count else np.zeros(0, np.int64)
    wanted, share = rng.integers(0, 3, count), rng.random(count)
    mine, low, high = ranked[place], start[place], end[place]
    # In its cluster: first all that it is older than, then its equals, then all that it is younger than.
    equal = _bisect(low, high, lambda at: mine - ranked[at] > tolerance)
    above = _bisect(equal, high, lambda at: mine - ranked[at] >= -tolerance)
    begins, sizes = np.stack([low, equal, above]), np.stack([equal - low, above - equal - 1, high - above])
    columns = np.arange(count)
    for _ in range(2):
        wanted = np.where(sizes[wanted, columns] > 0, wanted, (wanted + 1) % 3)
    other = begins[wanted, columns] + (share * sizes[wanted, columns]).astype(np.int64)
    other += (wanted == contract.ABOUT_EQUAL) & (other >= place)  # steps over itself
    return order[place], order[other], wanted.astype(np.int64)


def _bisect(low, high, holds):
    """The first place from `low` on, below `high`, where a condition fails that holds first and fails then."""
    low, high = low.copy(), high.copy()
    while (low < high).any():
        middle = (low + high) // 2
        open_ = low < high
        true = holds(np.minimum(middle, np.maximum(high - 1, 0))) & open_
        low, high = np.where(true, middle + 1, low), np.where(open_ & ~true, middle, high)
    return low
