"""Groups without labels, in PyTorch: distances between lists of neighbours, and clusters as dense regions."""

import torch
import torch.nn.functional as F

from mylib.attention.reid.arguments import check_dbscan, check_reciprocal

ENTRIES = 2**24  # of the largest intermediate: 64 MB in float32


@torch.no_grad()
def jaccard_distance(features, k1=20, k2=6):
    r"""Distance between the neighbourhoods of two images: the five steps of `scratch.jaccard_distance`.

    d_J(i, j) = 1 - sum_l min(V_i(l), V_j(l)) / sum_l max(V_i(l), V_j(l)), where V_i weights the k-reciprocal
    neighbours of i. All in matrix products and gathers; how many neighbours a row has at most is read back once.

    Args:    features: Shape (n, dim).
             k1: neighbours that are looked at, from 1 to n - 1.
             k2: neighbours that V is averaged over; 1 leaves it.
    Returns: distances from 0 to 1. Shape (n, n).
    Raises:  ValueError: no matrix, or more neighbours than there are images.
    Source:  Zhong et al. (2017), sections 3.2 to 3.4; CAP clusters with it. Differs: as in `scratch`.
    """
    check_reciprocal(tuple(features.shape), k1, k2)
    unit = F.normalize(features)
    distances = (2 - 2 * (unit @ unit.T)).clamp(min=0).fill_diagonal_(-1)  # itself first
    order = distances.argsort(dim=1, stable=True)
    distances.fill_diagonal_(0)
    full, half = _reciprocal(order, k1), _reciprocal(order, round(k1 / 2))
    trusted = full * (full @ half.T > 2 / 3 * half.sum(1))
    expanded = full + trusted @ half > 0
    weights = F.softmax(torch.where(expanded, -distances, -torch.inf), dim=1)
    if k2 > 1:
        average = torch.zeros_like(weights).scatter_(1, order[:, :k2], 1 / k2)
        weights = average @ weights
    shared = _shared(weights)
    return (1 - shared / (2 - shared)).clamp(0, 1)


def _reciprocal(order, k):
    """1 where i and j are among each other's k nearest. Float32, for products."""
    near = torch.zeros(order.shape, device=order.device).scatter_(1, order[:, : k + 1], 1.0)
    return near * near.T


def _shared(weights):
    """sum_l min(V_i(l), V_j(l)) for all pairs, over the entries of each row that are not 0."""
    most = int((weights > 0).sum(1).max())
    values, places = weights.topk(most, dim=1)
    columns = weights.T.contiguous()
    step = max(1, ENTRIES // (most * len(weights)))
    parts = [
        torch.minimum(columns[where], value.unsqueeze(2)).sum(1)  # (rows, most, n) to (rows, n)
        for where, value in zip(places.split(step), values.split(step), strict=True)
    ]
    shared = torch.cat(parts)
    return (shared + shared.T) / 2  # equal but for rounding


@torch.no_grad()
def dbscan(distances, eps, min_samples):
    r"""Clusters as connected dense regions, as `scratch.dbscan`; here by labels that flow and jump.

    Every core starts as a cluster of its own and takes the smallest number among its neighbours; then each number is
    replaced by the number that its owner has. Chains halve with every round.

    Args:    distances: symmetric. Shape (n, n).
             eps: radius above 0.
             min_samples: at least 1.
    Returns: labels 0, 1, ... in the order of the clusters' first cores, -1 for noise. int64, shape (n,).
    Raises:  ValueError: no matrix of distances, or eps or min_samples too small.
    Source:  Ester et al. (1996), section 3; pointer jumping: Shiloach and Vishkin (1982). Differs: none.
    """
    square = distances.ndim == 2 and distances.shape[0] == distances.shape[1]
    fits = torch.isfinite(distances).all() & (distances >= 0).all()
    fits = bool(fits) and (not square or torch.allclose(distances, distances.T, rtol=1e-5, atol=1e-6))
    check_dbscan(tuple(distances.shape), fits, eps, min_samples)
    near, count = distances <= eps, len(distances)
    core = near.sum(1) >= min_samples
    numbers = torch.arange(count, device=distances.device)
    nearby, root = near & core, numbers
    while True:
        least = torch.where(nearby, root, count).amin(1)
        least = torch.where(core, torch.minimum(least, root), root)
        hooked = root.scatter_reduce(0, root, least, "amin")  # a whole tree moves with its root
        jumped = torch.minimum(hooked[hooked], least)
        if torch.equal(jumped, root):
            break
        root = jumped
    first = core & (root == numbers)
    name = first.cumsum(0) - 1  # clusters in the order of their first cores
    least = torch.where(nearby, root, count).amin(1)
    reached = least < count
    return torch.where(reached, name[least.clamp(max=count - 1)], -1)
