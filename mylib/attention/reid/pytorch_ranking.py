"""How re-identification is judged, in PyTorch: distances, and where the right images stand in the ranked gallery."""

import numpy as np
import torch

from mylib.attention.reid import contract


def euclidean_distances(x, y):
    r"""d(i, j) = ||x_i - y_j||, all pairs.

    By differences and not by a product of matrices, so that small ones keep their digits.

    Returns: distances. Shape (n, m).
    """
    floating = x.is_floating_point() and y.is_floating_point()
    contract.check_vectors(x.shape, y.shape, floating)
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def cumulative_match(distances, ids_q, ids_g, cams_q, cams_g, ranks=(1, 5, 10, 20)):
    r"""Share of queries with a right image among their first r: the CMC curve at rank-1, 5, 10 and 20.

    Returns: shares from 0 to 1, in the type of the distances, in half precision float32.
    """
    ranks = np.asarray(ranks)
    contract.check_ranks(ranks.shape, ranks.min(initial=1))
    places, valid = _places("cumulative_match", distances, ids_q, ids_g, cams_q, cams_g)
    best = torch.where(valid, places, places.shape[1] + 1).amin(1)
    limits = torch.as_tensor(ranks, device=best.device)
    return (best[:, None] <= limits).to(_exact(distances)).mean(0)


def mean_average_precision(distances, ids_q, ids_g, cams_q, cams_g):
    r"""mAP: the mean over queries of AP = 1/R sum_{r=1}^R r / place_r, place_r being where the r-th right image stands.

    Returns: scalar tensor from 0 to 1, in the type of the distances, in half precision float32.
    """
    places, valid = _places("mean_average_precision", distances, ids_q, ids_g, cams_q, cams_g)
    sorted_places = torch.where(valid, places, places.shape[1] + 1).sort(1).values
    r = torch.arange(1, places.shape[1] + 1, device=places.device, dtype=_exact(distances))
    precisions = (r / sorted_places) * (r <= valid.sum(1, keepdim=True))
    return (precisions.sum(1) / valid.sum(1)).mean()


def _places(name, distances, ids_q, ids_g, cams_q, cams_g):
    """The place of each gallery image in each query's list, from 1, and whether it is a right one."""
    contract.check_ranking(name, *(value.shape for value in (distances, ids_q, ids_g, cams_q, cams_g)))
    same = ids_q[:, None] == ids_g
    left_out = same & (cams_q[:, None] == cams_g)
    valid = same & ~left_out
    found = torch.cat([valid.any(1), distances.isfinite().all()[None]]).cpu().numpy()  # read once
    contract.check_matches(name, len(valid), np.flatnonzero(~found[:-1]).tolist(), found[-1])
    # What is left out comes last.
    order = distances.masked_fill(left_out, torch.inf).argsort(dim=1, stable=True)
    return torch.empty_like(order).scatter_(1, order, _numbers(order)), valid


def _exact(distances):
    """The type of what is counted and averaged: half precision has no number for the place 2,049."""
    return torch.promote_types(distances.dtype, torch.float32)


def _numbers(order):
    """1, 2, 3, ... in each row."""
    return torch.arange(1, order.shape[1] + 1, device=order.device).expand_as(order)
