"""Ranks in PyTorch: what two ranks are to each other, which references a query has, and what their votes come to."""

import torch

from mylib.representation.ordered_clustering import contract
from mylib.representation.ordered_clustering.rounds import blocks
from mylib.shared.devices import at_least_float32, on_cpu, widest_float


def order_relation(first, second, tolerance):
    r"""0 "older", 1 "about equal" or 2 "younger": 1 - sign of a difference that exceeds tau."""
    contract.check_broadcast(first.shape, second.shape)
    contract.check_tolerance("order_relation", tolerance)
    x, y = _wide(first), _wide(second)
    if on_cpu(x):
        finite = {"first": bool(x.isfinite().all()), "second": bool(y.isfinite().all())}
        contract.check_numbers("order_relation", **finite)
    return _relation(x - y, tolerance)


def _relation(difference, tolerance):
    """Which of three each difference is."""
    return 1 - (difference > tolerance).long() + (difference < -tolerance).long()


@torch.no_grad()
def choose_references(identity, clusters, ranks, query_identity, query_clusters, levels, per_level=1):
    r"""For each query and each level, the images of its cluster and of that rank with the largest cosines of h_id."""
    shapes = identity.shape, clusters.shape, ranks.shape, query_identity.shape, query_clusters.shape, levels.shape
    contract.check_references(*shapes, per_level)
    ranks, levels = _wide(ranks), _wide(levels)
    if on_cpu(levels):
        contract.check_levels("choose_references", bool((levels[1:] > levels[:-1]).all()))
        finite = {"identity": identity, "ranks": ranks, "query_identity": query_identity, "levels": levels}
        contract.check_numbers("choose_references", **{name: bool(v.isfinite().all()) for name, v in finite.items()})
    if not (len(identity) and len(query_identity)):
        return torch.full((len(query_identity), len(levels) * per_level), -1, device=levels.device)
    names = torch.unique(clusters)
    group, groups = _groups(names, clusters, ranks, levels)
    count = torch.bincount(group, minlength=groups + 1)
    start = count.cumsum(0) - count
    mine, theirs = (torch.nn.functional.normalize(at_least_float32(part)) for part in (identity, query_identity))
    cluster = torch.searchsorted(names, query_clusters).clamp(max=len(names) - 1)
    known = names[cluster] == query_clusters
    wanted = cluster[:, None] * len(levels) + torch.arange(len(levels), device=levels.device)  # (query, levels)
    place = torch.arange(per_level, device=levels.device)
    chosen = []
    for block in blocks(len(theirs), len(mine)):
        # Sorted by falling cosine, then by group without disturbing that: a group stands where it stands in every row.
        by_cosine = (theirs[block] @ mine.T).argsort(dim=1, descending=True, stable=True)
        order = by_cosine.gather(1, group[by_cosine].argsort(dim=1, stable=True))
        there = (place < count[wanted[block], None]) & known[block, None, None]
        where = torch.where(there, start[wanted[block], None] + place, 0).flatten(1)
        chosen.append(torch.where(there.flatten(1), order.gather(1, where), -1))
    return torch.cat(chosen)


def _groups(names, clusters, ranks, levels):
    """Cluster and level of each image as one number, and how many there are; the last number is for other ranks."""
    level = torch.searchsorted(levels, ranks).clamp(max=len(levels) - 1)
    group = torch.searchsorted(names, clusters) * len(levels) + level
    groups = len(names) * len(levels)
    return torch.where(levels[level] == ranks, group, groups), groups


def estimate_rank(probabilities, references, levels, tolerance):
    r"""P(m): each reference shares its three votes among the levels; one product of votes with who gets them."""
    contract.check_votes(probabilities.shape, references.shape, levels.shape, tolerance)
    p, references, levels = _wide(probabilities), _wide(references), _wide(levels)
    there = ~references.isnan()
    p = torch.where(there[:, :, None], p, 1 / 3)  # nobody was asked there
    if on_cpu(p):
        _check(p, there, levels)
    posterior = [levels.new_zeros(0, len(levels))]
    for block in blocks(len(p), 3 * p.shape[1] * len(levels)):
        difference = levels - torch.where(there[block], references[block], 0)[:, :, None]
        is_o = torch.nn.functional.one_hot(_relation(difference, tolerance), 3).to(p)  # (query, references, levels, 3)
        count = is_o.sum(dim=2)  # n_ro; where it is 0, no level takes the vote
        share = p[block] / count.clamp(min=1) * there[block, :, None]
        votes = torch.einsum("qro,qrmo->qm", share, is_o)
        posterior.append(votes / there[block].sum(dim=1, keepdim=True))
    posterior = torch.cat(posterior)
    return levels[posterior.argmax(dim=1)], posterior


def _check(p, there, levels):
    contract.check_numbers("estimate_rank", levels=bool(levels.isfinite().all()))
    contract.check_levels("estimate_rank", bool((levels[1:] > levels[:-1]).all()))
    if len(there):
        contract.check_someone(int(there.sum(dim=1).min()))
    good = (p >= 0).all(dim=2) & ((p.sum(dim=2) - 1).abs() < contract.ROUNDING)
    contract.check_probabilities(bool(good.all()))


def cumulative_score(estimate, truth, limit=5.0):
    r"""CS(l): how many per cent are wrong by l at most."""
    contract.check_score(estimate.shape, truth.shape, limit)
    estimate, truth = _wide(estimate), _wide(truth)
    if on_cpu(estimate):
        finite = {"estimate": bool(estimate.isfinite().all()), "truth": bool(truth.isfinite().all())}
        contract.check_numbers("cumulative_score", **finite)
    within = (estimate - truth).abs().le(limit)
    return 100 * float(within.sum()) / len(within)


def _wide(values):
    return values.to(widest_float(values.device))
