"""Which part of an image to believe, in PyTorch: crops, attention over regions, and a loss that prefers a crop."""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.training.losses import contract


def region_crops(images):
    r"""The whole image and five crops of it, each enlarged to the size of the whole by `F.interpolate`.

    Returns: tensor. Shape (batch, 6, channels, height, width).
    """
    contract.check_images(images.shape)
    size = images.shape[2:]
    ranges = contract.crop_ranges(*size)
    crops = [images[:, :, top:bottom, left:right] for top, bottom, left, right in ranges]
    return torch.stack([F.interpolate(crop, size, mode="bilinear", align_corners=False) for crop in crops], dim=1)


class RegionAttention(nn.Module):
    r"""One feature vector out of those of all regions.

    The weights sum to 1 once divided by their sum, so that the second half of P is F_m itself; and [F_i; F_m] . q1 is
    F_i times the first half of q1 and F_m times the second. Nothing of size 2 dim is made for each region.
    """

    def __init__(self, dim):
        super().__init__()
        contract.check_region_dim(dim)
        self.dim = dim
        bounds = ((size, size**-0.5) for size in (dim, 2 * dim))  # as a Linear layer of so many inputs begins
        self.q0, self.q1 = (nn.Parameter(torch.empty(size).uniform_(-bound, bound)) for size, bound in bounds)

    def forward(self, features):
        """Shape (batch, regions, dim), region 0 the whole, to (batch, 2 dim) and the weights mu (batch, regions)."""
        contract.check_regions(features.shape, self.dim)
        alone = features @ self.q0
        log_mu = F.logsigmoid(alone)
        together = torch.einsum("br,brd->bd", log_mu.softmax(dim=1), features)
        first, second = self.q1.split(self.dim)
        log_nu = F.logsigmoid(features @ first + (together @ second)[:, None])
        own = torch.einsum("br,brd->bd", (log_mu + log_nu).softmax(dim=1), features)
        return torch.cat([own, together], dim=1), torch.sigmoid(alone)


def region_biased_loss(crop_weights, full_weight, margin=0.02):
    r"""mean over the batch of max(0, margin - (max_i mu_i - mu_0)).

    Returns: a scalar.
    """
    contract.check_bias(crop_weights.shape, full_weight.shape, margin)
    best = crop_weights.max(dim=1).values  # one crop gets the gradient, also of several that are equal
    return (full_weight + margin - best).clamp(min=0).mean()
