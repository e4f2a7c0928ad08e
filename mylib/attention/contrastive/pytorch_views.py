"""Views in PyTorch: one sampling grid for the whole batch, one grouped convolution for all blurs."""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.contrastive import contract
from mylib.attention.contrastive.views import BLUR_RADIUS, draw_views


def augment(images, rng, crop=True, flip=False, blur=True, contrast=True):
    r"""A random view of each image: crop and enlarge, mirror, blur, change the contrast, each of them optional.

    Seven numbers for each image are drawn on the CPU; the images stay where they are.
    """
    contract.check_images(images.shape, images.is_floating_point())
    views = draw_views(rng, len(images), crop, flip, blur, contrast)
    numbers = torch.stack([torch.as_tensor(one, dtype=torch.float64) for one in views])
    top, left, height, width, mirrored, sigma, factor = numbers.to(images.device, images.dtype)
    y = images
    if crop or flip:
        # From the grid's [-1, 1] to the crop's part of it.
        zero = torch.zeros_like(top)
        across = torch.stack([width * (1 - 2 * mirrored), zero, 2 * left + width - 1], dim=1)
        down = torch.stack([zero, height, 2 * top + height - 1], dim=1)
        grid = F.affine_grid(torch.stack([across, down], dim=1), images.shape, align_corners=False)
        y = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    if blur:
        y = _blurred(y, sigma)
    if contrast:
        mean = y.mean(dim=(1, 2, 3), keepdim=True)
        y = (mean + factor[:, None, None, None] * (y - mean)).clamp(0, 1)
    return y


def _blurred(images, sigma):
    """Each image with its own Gaussian: the batch as channels of one image, each with its own kernel."""
    batch, channels, height, width = images.shape
    offsets = torch.arange(-BLUR_RADIUS, BLUR_RADIUS + 1, device=images.device, dtype=images.dtype)
    weights = torch.exp(-0.5 * (offsets / sigma.clamp(min=1e-3)[:, None]) ** 2)
    weights = (weights / weights.sum(dim=1, keepdim=True)).repeat_interleave(channels, 0)[:, None]
    y = F.pad(images.reshape(1, -1, height, width), [BLUR_RADIUS] * 4, mode="replicate")
    y = F.conv2d(y, weights[..., None], groups=batch * channels)
    y = F.conv2d(y, weights[:, :, None], groups=batch * channels)
    return y.reshape(images.shape)


class ProjectionHead(nn.Module):
    r"""g(h) = W_2 ReLU(W_1 h + b_1) + b_2: what the loss sees; afterwards it is thrown away and h is used."""

    def __init__(self, in_features, hidden, out_features):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(in_features, hidden), nn.ReLU(), nn.Linear(hidden, out_features))

    def forward(self, h):
        """Shapes (batch, in_features) to (batch, out_features)."""
        return self.layers(h)
