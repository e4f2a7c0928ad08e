"""Camera-aware proxies in PyTorch: a memory with one vector for each cluster and camera, and the two losses."""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.reid.contract import check_batch, check_groups, check_negatives


class CameraProxies(nn.Module):
    r"""A vector for each cluster and each camera that sees it: the mean of its images' features, brought to length 1.

    Args:    features: of all images. Shape (n, dim).
             clusters: of each image, -1 for noise, which gets no proxy. Shape (n,).
             cameras: of each image. Shape (n,).
             momentum: m of `update`, from 0 to 1.
    Attributes: vectors, shape (proxies, dim), camera by camera; clusters and cameras of the proxies, shape (proxies,);
             indices: the proxy of each of the n images, -1 for noise.
    Raises:  ValueError: shapes that do not fit, noise alone, or a momentum that is no share.
    Source:  Wang et al. (2021), "Camera-aware proxies"; slide "Model". Differs: `update` restores length 1
             after a batch, the authors' program after each image.
    """

    @torch.no_grad()
    def __init__(self, features, clusters, cameras, momentum=0.2):
        super().__init__()
        members = clusters >= 0
        check_groups(tuple(features.shape), tuple(clusters.shape), tuple(cameras.shape), momentum, members.any())
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

        Args:    features: Shape (batch, dim).
                 indices: j, the proxy of each image. Shape (batch,).
        """
        check_batch("CameraProxies.update", tuple(features.shape), tuple(indices.shape), tuple(self.vectors.shape))
        f = F.normalize(features.to(self.vectors.dtype))
        later = (indices[:, None] == indices).triu(1).sum(1, keepdim=True)
        base = torch.full_like(f[:, :1], self.momentum)
        counts = torch.zeros_like(self.vectors[:, :1]).index_add_(0, indices, torch.ones_like(base))
        kept = self.vectors * torch.full_like(counts, self.momentum) ** counts
        moved = kept.index_add_(0, indices, (1 - self.momentum) * base**later * f)
        self.vectors.copy_(torch.where(counts > 0, F.normalize(moved), self.vectors))


def intra_camera_loss(features, indices, memory, temperature=0.07):
    r"""Tell an image's proxy from the other proxies of its own camera.

    L = - sum_c 1/N_c sum_{x_i in D_c} log exp(K'[j] . f(x_i) / tau) / sum_{k of camera c} exp(K'[k] . f(x_i) / tau).

    Args:    features: f, brought to length 1 here. Shape (batch, dim).
             indices: j, the proxy of each image. Shape (batch,).
             memory: K', a `CameraProxies`; constant.
             temperature: tau above 0.
    Returns: scalar.
    Raises:  ValueError: shapes that do not fit, or a temperature that is not above 0. IndexError: noise among the
             indices, as far as the device says so.
    Source:  Wang et al. (2021), the intra-camera loss; slide "Loss". Differs: none.
    """
    check_batch(
        "intra_camera_loss",
        tuple(features.shape),
        tuple(indices.shape),
        tuple(memory.vectors.shape),
        temperature,
    )
    cameras = memory.cameras.index_select(0, indices)
    scores = _scores(features, memory, temperature).masked_fill(memory.cameras != cameras[:, None], -torch.inf)
    counts = (cameras[:, None] == cameras).sum(1)  # N_c, for each image
    return (F.cross_entropy(scores, indices, reduction="none") / counts).sum()


def inter_camera_loss(features, indices, memory, temperature=0.07, negatives=50):
    r"""Pull an image to the proxies of its cluster in other cameras, away from the most similar ones of other clusters.

    L = - 1/N' sum_i 1/|P| sum_{p in P} log S(p, x_i) / (sum_{u in P} S(u, x_i) + sum_{q in Q} S(q, x_i)),

    with S, P and Q as in `scratch`: P is the image's cluster in other cameras, Q the nearest of all other clusters.

    Args:    features, indices, memory, temperature: as in `intra_camera_loss`.
             negatives: |Q|; where there are fewer, all of them.
    Returns: scalar.
    Raises:  ValueError: as `intra_camera_loss`, or no negatives.
    Source:  Wang et al. (2021), the inter-camera loss; slide "Loss". Differs: the mean over the batch, where the slide
             sums.
    """
    check_batch(
        "inter_camera_loss",
        tuple(features.shape),
        tuple(indices.shape),
        tuple(memory.vectors.shape),
        temperature,
    )
    check_negatives(negatives)
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
