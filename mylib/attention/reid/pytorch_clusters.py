"""Groups without labels, in PyTorch: distances between lists of neighbours, and clusters as dense regions."""

import torch
import torch.nn.functional as F

from mylib.attention.reid import contract
from mylib.attention.reid.contract import ROUNDING
from mylib.shared.devices import without_autocast

ENTRIES = 2**21  # pairs that are added at once: fits in a cache of 32 MB; larger gains nothing


@torch.no_grad()
def jaccard_distance(features, k1=20, k2=6):
    r"""Distance between the neighbourhoods of two images, in place of the distance between their features.

    Step 5 adds up over l: few images have l among their neighbours, and only their pairs share it. Waits for the device
    some times, to know how long lists are.
    """
    contract.check_reciprocal(features.shape, k1, k2, bool(features.isfinite().all()))
    unit = F.normalize(features.to(torch.promote_types(features.dtype, torch.float32)))
    with without_autocast(unit.device):  # half precision would mix up the order
        near = torch.cat([_nearest(unit, rows, max(k1 + 1, k2)) for rows in _blocks(unit, len(unit))])
        weights = _neighbourhoods(unit, near[:, : k1 + 1], round(k1 / 2))
    if k2 > 1:
        weights = _expanded_queries(*weights, near[:, :k2])
    distances = _shared(*weights)
    step = max(1, ENTRIES // len(unit))
    for start in range(0, len(unit), step):  # in place: another matrix of n^2 numbers would be the largest thing here
        rows = distances[start : start + step, start:]
        columns = distances[start:, start : start + step]
        shared = (rows + columns.T) / 2  # equal but for the order in which a GPU adds
        rows.copy_((1 - shared / (2 - shared)).clamp(0, 1))  # rows of V sum to 1, so that sum max = 2 - sum min
        columns.copy_(rows.T.clone())
    return distances


def _blocks(unit, entries):
    """Numbers of images, so many at once that ENTRIES hold them."""
    return torch.arange(len(unit), device=unit.device).split(max(1, ENTRIES // entries))


def _nearest(unit, rows, count):
    """Each image, and behind it those nearest to it; of equals the first. Shape (rows, count)."""
    distances = _distances(unit, rows, -1)  # itself first
    last = distances.kthvalue(count, dim=1, keepdim=True).values
    nearer, ties = distances < last, distances == last
    taken = nearer | (ties & (ties.cumsum(1) <= count - nearer.sum(1, keepdim=True)))
    found = taken.nonzero()[:, 1].view(len(rows), count)
    return found.gather(1, distances.gather(1, found).argsort(dim=1, stable=True))


def _distances(unit, rows, own):
    """d of some images to all, with `own` in place of that to itself."""
    return (2 - 2 * (unit[rows] @ unit.T)).clamp(min=0).scatter_(1, rows[:, None], own)


def _neighbourhoods(unit, near, half):
    """V of steps 1 to 3 as lists, the values and where they stand; short lists are filled with 0."""
    widest = max(len(unit), near.shape[1] ** 2)
    full = torch.cat([_reciprocal(near, rows) for rows in _blocks(unit, widest)])
    theirs = near[:, : half + 1]
    counted = torch.cat([_reciprocal(theirs, rows) for rows in _blocks(unit, widest)])
    lists = []
    for rows in _blocks(unit, widest):
        ours = near[rows]  # (rows, j)
        inside = torch.zeros(len(rows), len(unit), dtype=torch.bool, device=unit.device)
        inside.scatter_(1, torch.where(full[rows], ours, rows[:, None]), True)  # R(i, k1), which has i itself
        places, valid = theirs[ours], counted[ours]  # R(j, k1/2): (rows, j, l)
        common = inside.gather(1, places.flatten(1)).view_as(places) & valid
        trusted = full[rows] & (3 * common.sum(2) > 2 * valid.sum(2))  # in whole numbers
        more = torch.where(trusted[:, :, None] & valid, places, rows[:, None, None])
        inside.scatter_(1, more.flatten(1), True)
        scores = torch.where(inside, -_distances(unit, rows, 0), -torch.inf)
        lists.append(_as_list(F.softmax(scores, dim=1)))
    return _stacked(lists)


def _reciprocal(near, rows):
    """Whether i is among the k nearest of its k nearest, one after the other. Shape (rows, k + 1)."""
    return (near[near[rows]] == rows[:, None, None]).any(2)


def _expanded_queries(values, places, near):
    """V of step 4: the mean over the nearest, as lists."""
    lists = []
    for rows in _blocks(values, max(len(values), near.shape[1] * values.shape[1])):
        mean = values.new_zeros(len(rows), len(values))
        mean.scatter_add_(1, places[near[rows]].flatten(1), values[near[rows]].flatten(1))
        lists.append(_as_list(mean / near.shape[1]))
    return _stacked(lists)


def _as_list(weights):
    """What is not 0, and where; waits for the device, to know how much that is."""
    return weights.topk(int((weights > 0).sum(1).max()), dim=1)


def _stacked(lists):
    """Lists of several lengths, filled with 0."""
    longest = max(values.shape[1] for values, _ in lists)
    padded = ([F.pad(part, (0, longest - part.shape[1])) for part in parts] for parts in zip(*lists, strict=True))
    return [torch.cat(parts) for parts in padded]


def _shared(values, places):
    """sum_l min(V_i(l), V_j(l)) for all pairs, over the entries of each column l that are not 0."""
    count = len(values)
    image, entry = (values > 0).nonzero(as_tuple=True)
    column, order = places[image, entry].sort(stable=True)
    image, value = image[order], values[image, entry][order]
    sizes, columns = column.bincount(minlength=count).sort(descending=True)
    first = torch.searchsorted(column, columns)
    lengths = sizes.tolist()
    shared = values.new_zeros(count * count)
    start = 0
    # Columns of about one length at once; the shorter ones are filled with zeros, which add 0.
    while start < count and lengths[start]:
        steps = torch.arange(lengths[start], device=values.device)
        some = slice(start, start + max(1, ENTRIES // len(steps) ** 2))
        where = (first[some, None] + steps).clamp(max=len(image) - 1)
        images, entries = image[where], torch.where(steps < sizes[some, None], value[where], 0)
        pairs = images[:, :, None] * count + images[:, None]  # (columns, length, length)
        shared.index_add_(0, pairs.flatten(), torch.minimum(entries[:, :, None], entries[:, None]).flatten())
        start += len(where)
    return shared.view(count, count)


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
