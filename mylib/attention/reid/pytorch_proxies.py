"""Camera-aware proxies in PyTorch: a memory with one vector for each cluster and camera, and the two losses."""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.reid import contract


class CameraProxies(nn.Module):
    r"""A vector for each cluster and each camera that sees it: the mean of its images' features, of length 1."""

    @torch.no_grad()
    def __init__(self, features, clusters, cameras, momentum=0.2):
        super().__init__()
        members = clusters >= 0
        contract.check_groups(features.shape, clusters.shape, cameras.shape, momentum, bool(members.any()))
        self.momentum = momentum
        pairs, which = torch.stack([cameras[members], clusters[members]]).unique(dim=1, return_inverse=True)
        unit = F.normalize(features.detach()[members])
        sums = unit.new_zeros(pairs.shape[1], unit.shape[1]).index_add_(0, which, unit)
        self.register_buffer("vectors", F.normalize(sums))
        self.register_buffer("cameras", pairs[0].long())
        self.register_buffer("clusters", pairs[1].long())
        self.register_buffer("indices", torch.full_like(clusters, -1).long().masked_scatter_(members, which))

    @torch.no_grad()
    def update(self, features, indices):
        r"""K'[j] <- m K'[j] + (1 - m) f(x_i) for the images of a batch, one after the other; then length 1.

        All at once: with n images of proxy j, of which l come after image i, K'[j] keeps m^n, and f(x_i) has the weight
        (1 - m) m^l.

        Raises:  ValueError: shapes that do not fit. Noise, which has no proxy: what the device says.
        """
        contract.check_batch("CameraProxies.update", features.shape, indices.shape, self.vectors.shape)
        f = F.normalize(features.to(self.vectors.dtype))
        later = (indices[:, None] == indices).triu(1).sum(1, keepdim=True)
        base = torch.full_like(f[:, :1], self.momentum)
        counts = torch.zeros_like(self.vectors[:, :1]).index_add_(0, indices, torch.ones_like(base))
        kept = self.vectors * torch.full_like(counts, self.momentum) ** counts
        moved = kept.index_add_(0, indices, (1 - self.momentum) * base**later * f)
        self.vectors.copy_(torch.where(counts > 0, F.normalize(moved), self.vectors))


def intra_camera_loss(features, indices, memory, temperature=0.07):
    r"""Tell an image's proxy from the other proxies of its own camera.

    Raises:  ValueError: shapes that do not fit, or a temperature that is not above 0. IndexError: noise among the
             indices, as far as the device says so.
    """
    contract.check_batch("intra_camera_loss", features.shape, indices.shape, memory.vectors.shape, temperature)
    cameras = memory.cameras.index_select(0, indices)
    scores = _scores(features, memory, temperature).masked_fill(memory.cameras != cameras[:, None], -torch.inf)
    counts = (cameras[:, None] == cameras).sum(1)  # N_c, for each image
    return (F.cross_entropy(scores, indices, reduction="none") / counts).sum()


def inter_camera_loss(features, indices, memory, temperature=0.07, negatives=50):
    r"""Pull an image to the proxies of its cluster in other cameras, away from the most similar of other clusters."""
    contract.check_batch("inter_camera_loss", features.shape, indices.shape, memory.vectors.shape, temperature)
    contract.check_negatives(negatives)
    same = memory.clusters == memory.clusters.index_select(0, indices)[:, None]
    positive = same & (memory.cameras != memory.cameras.index_select(0, indices)[:, None])
    scores = _scores(features, memory, temperature)
    most = min(negatives, scores.shape[1])
    hard = scores.masked_fill(same, -torch.inf).topk(most, dim=1).values
    pulled = scores.masked_fill(~positive, -torch.inf)
    counts = positive.sum(1)
    total = torch.cat([pulled, hard], 1).logsumexp(1)
    own = torch.where(positive, scores, 0).sum(1) / counts.clamp(min=1)
    return torch.where(counts > 0, total - own, 0).mean()


def _scores(features, memory, temperature):
    """K'[k] . f(x_i) / tau. Shape (batch, proxies)."""
    cosines = F.normalize(features) @ memory.vectors.to(features.dtype).T
    # Half precision would lose the sums of exponentials.
    return cosines.to(torch.promote_types(cosines.dtype, torch.float32)) / temperature
