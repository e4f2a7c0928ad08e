r"""The losses in PyTorch: cross-entropies over one matrix product of unit vectors, in float32 also under autocast."""

import math

import torch
import torch.distributed as dist
import torch.nn.functional as F

from mylib.attention.contrastive import contract
from mylib.shared.devices import on_cpu


def non_parametric_softmax(v, bank, temperature=0.07):
    r"""P(i|v) = exp(f_i . v / tau) / sum_j exp(f_j . v / tau): every image of the training set is its own class."""
    contract.check_softmax(v.shape, bank.shape, temperature)
    return (F.normalize(v) @ F.normalize(bank).T / temperature).softmax(dim=-1)


def estimate_normaliser(v, bank, noise, temperature=0.07):
    r"""Z = n / m mean_i sum_j exp(f_j . v_i / tau), over the m noise images of each: the sum over all n, estimated.

    Returns: a scalar tensor. Wu et al. take it from the first batch and keep it.
    """
    with torch.no_grad():
        return _scores(v, bank, noise, temperature).exp().mean() * len(bank)


def noise_contrastive_loss(v, indices, noise, bank, normaliser, temperature=0.07):
    r"""Is this the vector of image i, or noise? m + 1 yes-or-no questions for a softmax over n images.

    The normaliser is a number or a scalar tensor, which is looked at on the CPU only.
    """
    looked_at = normaliser if not torch.is_tensor(normaliser) or on_cpu(normaliser) else 1.0
    contract.check_noise(v.shape, indices.shape, noise.shape, bank.shape, looked_at, temperature)
    every = torch.cat([indices[:, None], noise], dim=1)
    if on_cpu(every):
        contract.check_numbers("noise_contrastive_loss", "indices and noise", *map(int, every.aminmax()), len(bank))
    odds = torch.as_tensor(normaliser, dtype=v.dtype, device=v.device).log() + math.log(noise.shape[1] / len(bank))
    logits = _scores(v, bank, every, temperature) - odds
    answers = torch.zeros_like(logits)
    answers[:, 0] = 1
    return F.binary_cross_entropy_with_logits(logits, answers, reduction="sum") / len(v)


def nt_xent(z1, z2, temperature=0.5, gather=False):
    r"""Normalised temperature-scaled cross-entropy: each of 2 B views has to find the other view of its image.

    With `gather` the negatives come from the batches of all processes of `torch.distributed`, which must be of one
    size. Each process returns the loss of the joined batch. Its gradient is that of its own views' share, and flows
    into the other processes' views too: averaged over the processes, as `DistributedDataParallel` does, the gradient
    of every parameter is that of one process with the joined batch. With one process, or none started, it changes
    nothing.
    """
    contract.check_views(z1.shape, z2.shape, temperature)
    count = len(z1)
    anchors = F.normalize(torch.cat([z1, z2]))
    several = gather and dist.is_initialized() and dist.get_world_size() > 1
    first = dist.get_rank() * 2 * count if several else 0  # where our views stand among all
    views = _Gathered.apply(anchors) if several else anchors
    place = torch.arange(2 * count, device=z1.device)
    scores = anchors @ views.T / temperature  # (2 batch, 2 batch x processes)
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    itself = place[:, None] + first == torch.arange(len(views), device=z1.device)
    partner = first + (place + count) % (2 * count)
    loss = F.cross_entropy(scores.masked_fill(itself, -torch.inf), partner)
    if not several:
        return loss
    joined = loss.detach().clone()
    dist.all_reduce(joined)
    return loss + (joined / dist.get_world_size() - loss.detach())


class _Gathered(torch.autograd.Function):
    """The rows of all processes, in the order of their ranks; what flows back to ours comes from all of them."""

    @staticmethod
    def forward(ctx, rows):
        everyone = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(everyone, rows.contiguous())
        return torch.cat(everyone)

    @staticmethod
    def backward(ctx, gradient):
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        return gradient.chunk(dist.get_world_size())[dist.get_rank()]


def info_nce(q, k, queue, temperature=0.07):
    r"""L = -log exp(q . k / tau) / (exp(q . k / tau) + sum_j exp(q . k_j / tau)), the mean over the batch."""
    contract.check_keys(q.shape, k.shape, queue.shape, temperature)
    q, k = F.normalize(q), F.normalize(k)
    right = (q * k).sum(dim=1, keepdim=True)
    # A copy: the queue takes in the new keys before the backward pass needs the old ones.
    others = q @ F.normalize(queue.detach()).T
    scores = torch.cat([right, others.to(right.dtype)], dim=1) / temperature
    return F.cross_entropy(scores, torch.zeros(len(q), dtype=torch.long, device=q.device))


def proto_nce(q, k, queue, clusterings, temperature=0.07):
    r"""L = info_nce - 1/M sum_m log exp(q . c_s / phi_s) / sum_j exp(q . c_j / phi_j): and find your prototype.

    Every phi is looked at on the CPU only.
    """
    loss = info_nce(q, k, queue, temperature)
    q = F.normalize(q)
    contract.check_some_clusterings(clusterings)
    total = 0.0
    for centroids, labels, phi in clusterings:
        positive = bool((phi > 0).all()) if on_cpu(phi) else True
        contract.check_clustering(q.shape, centroids.shape, labels.shape, phi.shape, positive)
        total = total + F.cross_entropy(q @ F.normalize(centroids).T / phi, labels)
    return loss + total / len(clusterings)


def _scores(v, bank, which, temperature):
    """f_j . v / tau for the chosen rows of each. Shapes (batch, dim), (size, dim), (batch, m) to (batch, m)."""
    rows = F.embedding(which, bank)
    # Dot products are divided by the lengths, not the rows, of which there are dim times as many numbers.
    lengths = torch.linalg.vector_norm(rows, dim=-1).clamp(min=1e-12)
    return torch.bmm(rows, F.normalize(v)[:, :, None])[:, :, 0] / lengths / temperature
