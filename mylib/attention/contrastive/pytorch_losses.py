r"""The losses in PyTorch: cross-entropies over one matrix product of unit vectors, in float32 also under autocast."""

import math

import torch
import torch.distributed as dist
import torch.nn.functional as F

from mylib.attention.contrastive.contract import (
    check_clustering,
    check_noise,
    check_numbers,
    check_pair,
    check_temperature,
    check_views,
)
from mylib.shared.devices import on_cpu


def non_parametric_softmax(v, bank, temperature=0.07):
    r"""P(i|v) = exp(f_i . v / tau) / sum_j exp(f_j . v / tau): every image of the training set is a class of its own.

    In place of a weight vector for each class stands the vector f_i of image i itself, from a memory bank.

    Args:    v: embeddings. Shape (batch, dim).
             bank: f, one row for each training image. Shape (size, dim).
             temperature: tau above 0.
    Returns: probabilities. Shape (batch, size).
    Raises:  ValueError: shapes that do not fit, or a temperature that is not above 0.
    Source:  Wu et al. (2018), equation 2; slide "Non-Parametric Instance Discrimination". Differs: none.
    """
    check_pair("non_parametric_softmax", "bank", v.shape, bank.shape)
    check_temperature("non_parametric_softmax", temperature)
    return (F.normalize(v) @ F.normalize(bank).T / temperature).softmax(dim=-1)


def estimate_normaliser(v, bank, noise, temperature=0.07):
    r"""Z = n / m mean_i sum_j exp(f_j . v_i / tau), over the m noise images of each: the sum over all n, estimated.

    Args:    v: embeddings. Shape (batch, dim).
             bank: Shape (size, dim).
             noise: numbers of images drawn evenly. Shape (batch, m).
             temperature: tau above 0.
    Returns: a scalar tensor. Wu et al. take it from the first batch and keep it.
    Source:  Wu et al. (2018), equation 8. Differs: none.
    """
    with torch.no_grad():
        return _scores(v, bank, noise, temperature).exp().mean() * len(bank)


def noise_contrastive_loss(v, indices, noise, bank, normaliser, temperature=0.07):
    r"""Is this the vector of image i, or noise? m + 1 yes-or-no questions for a softmax over n images.

    With P(i|v) = exp(f_i . v / tau) / Z and noise that draws each image with probability 1 / n, the posterior of "data"
    is h = P / (P + m / n), and

    J = -1/B sum_b [ log h(i_b, v_b) + sum_{j in noise_b} log(1 - h(j, v_b)) ].

    Since h is a sigmoid of log P - log(m / n), J is a binary cross-entropy of these logits.

    Args:    v: embeddings. Shape (batch, dim).
             indices: number of each image in the bank. Shape (batch,).
             noise: numbers of the noise images. Shape (batch, m).
             bank: Shape (size, dim).
             normaliser: Z, of `estimate_normaliser`: a number or a scalar tensor.
             temperature: tau above 0.
    Returns: scalar J.
    Raises:  ValueError: shapes that do not fit, or a temperature or normaliser that is not above 0 (the latter is
             looked at on the CPU only).
    Source:  Gutmann and Hyvarinen (2010); Wu et al. (2018), equations 4 to 7. Differs: none.
    """
    check_pair("noise_contrastive_loss", "bank", v.shape, bank.shape)
    check_temperature("noise_contrastive_loss", temperature)
    looked_at = normaliser if not torch.is_tensor(normaliser) or on_cpu(normaliser) else 1.0
    check_noise(tuple(indices.shape), tuple(noise.shape), tuple(v.shape), looked_at)
    every = torch.cat([indices[:, None], noise], dim=1)
    if on_cpu(every):
        check_numbers("noise_contrastive_loss", "indices and noise", *map(int, every.aminmax()), len(bank))
    odds = torch.as_tensor(normaliser, dtype=v.dtype, device=v.device).log() + math.log(noise.shape[1] / len(bank))
    logits = _scores(v, bank, every, temperature) - odds
    answers = torch.zeros_like(logits)
    answers[:, 0] = 1
    return F.binary_cross_entropy_with_logits(logits, answers, reduction="sum") / len(v)


def nt_xent(z1, z2, temperature=0.5, gather=False):
    r"""Normalised temperature-scaled cross-entropy: each of 2 B views has to find the other view of its image.

    l(i, j) = -log exp(cos(z_i, z_j) / tau) / sum_{k != i} exp(cos(z_i, z_k) / tau),

    and the loss is the mean of l over the 2 B ordered pairs of views. All other views of the batch are the negatives.

    With `gather` the negatives come from the batches of all processes of `torch.distributed`, which must be of one
    size. Each process returns the loss of the joined batch. Its gradient is that of its own views' share, and flows
    into the other processes' views too: averaged over the processes, as `DistributedDataParallel` does, the gradient
    of every parameter is that of one process with the joined batch.

    Args:    z1, z2: the two views, row by row of the same images. Shape (batch, dim).
             temperature: tau above 0.
             gather: negatives from all processes. With one process, or none started, it changes nothing.
    Returns: scalar.
    Raises:  ValueError: shapes that do not fit, an empty batch, or a temperature that is not above 0.
    Source:  Chen et al. (2020), equation 1; slides "Contrastive learning", "Large batch size". Differs: none.
    """
    check_views("nt_xent", tuple(z1.shape), tuple(z2.shape))
    check_temperature("nt_xent", temperature)
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
    r"""L = -log exp(q . k / tau) / (exp(q . k / tau) + sum_j exp(q . k_j / tau)), the mean over the batch.

    Args:    q: queries. Shape (batch, dim).
             k: the key of each query, from the slow encoder. Shape (batch, dim).
             queue: keys of earlier batches, the negatives. Shape (size, dim).
             temperature: tau above 0.
    Returns: scalar.
    Raises:  ValueError: shapes that do not fit, an empty batch, or a temperature that is not above 0.
    Source:  van den Oord et al. (2018); He et al. (2020), equation 1; slide "Momentum Contrast". Differs: none.
    """
    check_views("info_nce", tuple(q.shape), tuple(k.shape))
    check_pair("info_nce", "queue", q.shape, queue.shape)
    check_temperature("info_nce", temperature)
    q, k = F.normalize(q), F.normalize(k)
    right = (q * k).sum(dim=1, keepdim=True)
    # A copy: the queue takes in the new keys before the backward pass needs the old ones.
    others = q @ F.normalize(queue.detach()).T
    scores = torch.cat([right, others.to(right.dtype)], dim=1) / temperature
    return F.cross_entropy(scores, torch.zeros(len(q), dtype=torch.long, device=q.device))


def proto_nce(q, k, queue, clusterings, temperature=0.07):
    r"""L = info_nce - 1/M sum_m log exp(q . c_s / phi_s) / sum_j exp(q . c_j / phi_j): and find your prototype.

    M clusterings of all images, of different sizes, each give an image its centroid c_s. Each cluster has a temperature
    phi of its own, its `concentration`: loose clusters are pulled together, tight ones left alone.

    Args:    q, k, queue, temperature: as in `info_nce`.
             clusterings: list of M (centroids, labels, phi): shapes (clusters, dim), (batch,) and (clusters,); labels
                 say to which cluster each image of the batch belongs.
    Returns: scalar, the mean over the batch.
    Raises:  ValueError: as `info_nce`, no clusterings, or a phi that is not above 0 (looked at on the CPU only).
    Source:  Li et al. (2021), equation 11; slide "Prototypical Contrastive Learning". Differs: as `scratch`.
    """
    loss = info_nce(q, k, queue, temperature)
    q = F.normalize(q)
    if not clusterings:
        raise ValueError("proto_nce: expected at least one clustering, got none; info_nce does without")
    total = 0.0
    for centroids, labels, phi in clusterings:
        positive = bool((phi > 0).all()) if on_cpu(phi) else True
        check_clustering(tuple(q.shape), tuple(centroids.shape), tuple(labels.shape), tuple(phi.shape), positive)
        total = total + F.cross_entropy(q @ F.normalize(centroids).T / phi, labels)
    return loss + total / len(clusterings)


def _scores(v, bank, which, temperature):
    """f_j . v / tau for the chosen rows of each. Shapes (batch, dim), (size, dim), (batch, m) to (batch, m)."""
    rows = F.normalize(F.embedding(which, bank), dim=-1)
    return torch.bmm(rows, F.normalize(v)[:, :, None])[:, :, 0] / temperature
