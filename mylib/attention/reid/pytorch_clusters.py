"""Groups without labels, in PyTorch: distances between lists of neighbours, and clusters as dense regions."""

import torch
import torch.nn.functional as F

from mylib.attention.reid import contract
from mylib.attention.reid.contract import ROUNDING

ENTRIES = 2**21  # pairs that are added at once: fits in a cache of 32 MB; larger gains nothing


@torch.no_grad()
def jaccard_distance(features, k1=20, k2=6):
    r"""Distance between the neighbourhoods of two images, in place of the distance between their features.

    Step 5 adds up over l: few images have l among their neighbours, and only their pairs share it. How many have which
    l is read back once.
    """
    contract.check_reciprocal(features.shape, k1, k2, bool(features.isfinite().all()))
    unit = F.normalize(features.to(torch.promote_types(features.dtype, torch.float32)))
    with torch.autocast(unit.device.type, enabled=False):  # half precision would mix up the order
        distances = (2 - 2 * (unit @ unit.T)).clamp(min=0).fill_diagonal_(-1)  # itself first
        order = distances.argsort(dim=1, stable=True)
        distances.fill_diagonal_(0)
        weights = F.softmax(torch.where(_expanded(order, k1), -distances, -torch.inf), dim=1)
    if k2 > 1:
        weights = sum(weights[order[:, nearest]] for nearest in range(k2)) / k2
    shared = _shared(weights)
    return (1 - shared / (2 - shared)).clamp(0, 1)


def _expanded(order, k1):
    """R*(i), as a matrix of booleans."""
    full, half = _reciprocal(order, k1), _reciprocal(order, round(k1 / 2))
    trusted = full * (3 * (full @ half.T) > 2 * half.sum(1))  # in whole numbers
    return full + trusted @ half > 0


def _reciprocal(order, k):
    """1 where i and j are among each other's k nearest. Float32, for products."""
    near = torch.zeros(order.shape, device=order.device).scatter_(1, order[:, : k + 1], 1.0)
    return near * near.T


def _shared(weights):
    """sum_l min(V_i(l), V_j(l)) for all pairs, over the entries of each column that are not 0."""
    count = len(weights)
    lengths, order = (weights > 0).sum(0).sort(descending=True)
    lengths, columns = lengths.tolist(), weights.T[order]
    shared = weights.new_zeros(count * count)
    start = 0
    # Columns of about one length at once; the shorter ones are filled with zeros, which add 0.
    while start < count:
        length = lengths[start]
        values, images = columns[start : start + max(1, ENTRIES // length**2)].topk(length, dim=1)
        places = images[:, :, None] * count + images[:, None]  # (columns, length, length)
        shared.index_add_(0, places.flatten(), torch.minimum(values[:, :, None], values[:, None]).flatten())
        start += len(values)
    shared = shared.view(count, count)
    return (shared + shared.T) / 2  # equal but for rounding


@torch.no_grad()
def dbscan(distances, eps, min_samples):
    r"""Clusters as connected dense regions; nobody says how many there are.

    By labels that flow and jump (pointer jumping: Shiloach and Vishkin 1982): every core starts as a cluster of its own
    and takes the smallest number among its neighbours; then each number is replaced by the number that its owner has.
    Chains halve with every round.
    """
    contract.check_dbscan(distances.shape, eps, min_samples)
    contract.check_distances(_symmetric(distances))
    near, count = distances <= eps, len(distances)
    core = near.sum(1) >= min_samples
    point, neighbour = (near & core).nonzero(as_tuple=True)  # each point, and the cores near it
    numbers = torch.arange(count, device=distances.device)
    nothing, root = torch.full_like(numbers, count), numbers
    while True:
        least = nothing.scatter_reduce(0, point, root[neighbour], "amin")
        least = torch.where(core, torch.minimum(least, root), root)
        hooked = root.scatter_reduce(0, root, least, "amin")  # a whole tree moves with its root
        jumped = torch.minimum(hooked[hooked], least)
        if torch.equal(jumped, root):
            break
        root = jumped
    first = core & (root == numbers)
    name = first.cumsum(0) - 1  # clusters in the order of their first cores
    least = nothing.scatter_reduce(0, point, root[neighbour], "amin")
    return torch.where(least < count, name[least.clamp(max=count - 1)], -1)


def _symmetric(distances):
    """Finite, not negative, and equal to its transpose but for rounding; waits for the device once."""
    asymmetry = (distances - distances.T).abs().amax()  # NaN where a distance is infinite
    return bool((distances.amin() >= 0) & (asymmetry <= ROUNDING * distances.amax()))
