"""How re-identification is judged, in PyTorch: distances, and where the right images stand in the ranked gallery."""

import numpy as np
import torch

from mylib.attention.reid.contract import check_matches, check_ranking, check_ranks, check_vectors


def euclidean_distances(x, y):
    r"""d(i, j) = ||x_i - y_j||, all pairs.

    Args:    x, y: vectors. Shapes (n, dim) and (m, dim).
    Returns: distances. Shape (n, m).
    Raises:  ValueError: shapes that do not fit, or no vectors. TypeError: whole numbers.
    Source:  elementary; slide "The flow of a practical person Re-ID system". Differs: none.
    """
    floating = x.is_floating_point() and y.is_floating_point()
    check_vectors("euclidean_distances", tuple(x.shape), tuple(y.shape), floating)
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def cumulative_match(distances, ids_q, ids_g, cams_q, cams_g, ranks=(1, 5, 10, 20)):
    r"""Share of queries with a right image among their first r: the CMC curve at rank-1, 5, 10 and 20.

    Args:    distances: of each query to each gallery image. Shape (queries, gallery).
             ids_q, ids_g: identities. Shapes (queries,) and (gallery,).
             cams_q, cams_g: cameras; images of the query's person by the query's camera are left out.
             ranks: r, each at least 1; beyond the gallery's size the share is 1.
    Returns: shares from 0 to 1, one for each rank.
    Raises:  ValueError: shapes that do not fit, distances that are not finite, a rank below 1, or a query without a
             right image.
    Source:  Zheng et al. (2015), section 5; the columns R1, R5, R10 of the table. Differs: a query that has no right
             image is an error; the field's programs leave it out without a word.
    """
    ranks = np.asarray(ranks)
    check_ranks(ranks)
    places, valid = _places("cumulative_match", distances, ids_q, ids_g, cams_q, cams_g)
    best = torch.where(valid, places, places.shape[1] + 1).amin(1)
    limits = torch.as_tensor(ranks, device=best.device)
    return (best[:, None] <= limits).to(torch.get_default_dtype()).mean(0)


def mean_average_precision(distances, ids_q, ids_g, cams_q, cams_g):
    r"""mAP: the mean over queries of AP = 1/R sum_{r=1}^R r / place_r, place_r being where the r-th right image stands.

    Args:    distances, ids_q, ids_g, cams_q, cams_g: as in `cumulative_match`.
    Returns: scalar from 0 to 1.
    Raises:  ValueError: shapes that do not fit, distances that are not finite, or a query without a right image.
    Source:  Zheng et al. (2015), section 5; the column mAP of the table. Differs: that paper's program joins precisions
             by trapezoids, which gives a little less; a query without a right image is an error.
    """
    places, valid = _places("mean_average_precision", distances, ids_q, ids_g, cams_q, cams_g)
    sorted_places = torch.where(valid, places, places.shape[1] + 1).sort(1).values
    r = torch.arange(1, places.shape[1] + 1, device=places.device)
    precisions = (r / sorted_places) * (r <= valid.sum(1, keepdim=True))
    return (precisions.sum(1) / valid.sum(1)).mean()


def _places(name, distances, ids_q, ids_g, cams_q, cams_g):
    """The place of each gallery image in each query's list, from 1, and whether it is a right one."""
    shapes = (tuple(value.shape) for value in (distances, ids_q, ids_g, cams_q, cams_g))
    check_ranking(name, *shapes)
    same = ids_q[:, None] == ids_g
    left_out = same & (cams_q[:, None] == cams_g)
    valid = same & ~left_out
    found = torch.cat([valid.any(1), distances.isfinite().all()[None]]).cpu().numpy()  # read once
    check_matches(name, found[:-1], found[-1])
    # What is left out comes last.
    order = distances.masked_fill(left_out, torch.inf).argsort(dim=1, stable=True)
    return torch.empty_like(order).scatter_(1, order, _numbers(order)), valid


def _numbers(order):
    """1, 2, 3, ... in each row."""
    return torch.arange(1, order.shape[1] + 1, device=order.device).expand_as(order)
