"""Class activation maps in PyTorch: the same network, and maps, pictures and boxes on the device of their input.

Notation as in `scratch`. A forward pass in training neither leaves the device nor waits for it; the functions that draw
or make boxes look at values to check them, which does.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.activation_maps import contract
from mylib.attention.activation_maps.contract import HEAT
from mylib.shared.docstrings import complete_from_twin
from mylib.vision.convnets.pytorch import BatchNorm2d, convolution
from mylib.vision.segmentation.pytorch import upsample_bilinear

__all__ = [
    "GAPNet",
    "class_scores",
    "class_activation_map",
    "overlay",
    "box_from_map",
    "pointing_game",
]


class GAPNet(nn.Module):
    r"""Convolutions, global average pooling, one linear layer without bias: S_c = sum_k w_k^c mean_{x,y} f_k(x, y)."""

    def __init__(self, classes=10, channels_in=3, width=12):
        super().__init__()
        contract.check_network(classes, channels_in, width)
        self.channels_in = channels_in
        self.features = nn.Sequential(
            ConvUnit(channels_in, width),
            nn.MaxPool2d(2),
            ConvUnit(width, 2 * width),
            nn.MaxPool2d(2),
            ConvUnit(2 * width, 4 * width),
            ConvUnit(4 * width, 4 * width),
        )
        self.linear = nn.Linear(4 * width, classes, bias=False)

    def forward(self, x):
        """Scores. Shapes (batch, channels_in, height, width) to (batch, classes)."""
        contract.check_images(x.shape, self.channels_in)
        return self.linear(self.features(x).mean((2, 3)))


class ConvUnit(nn.Module):
    """A 3x3 convolution, a batch norm and a ReLU."""

    def __init__(self, channels_in, channels_out):
        super().__init__()
        self.conv = convolution(channels_in, channels_out, 3)
        self.bn = BatchNorm2d(channels_out)

    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, channels_out, height, width)."""
        return torch.relu(self.bn(self.conv(x)))


def class_scores(features, weights):
    r"""S_c = sum_k w_k^c F_k with F_k = 1 / (H W) sum_{x,y} f_k(x, y): what the network's last two layers compute."""
    contract.check_features("class_scores", features.shape, weights.shape)
    return F.linear(F.adaptive_avg_pool2d(features, 1).flatten(1), weights)


def class_activation_map(features, weights, label):
    r"""M_c(x, y) = sum_k w_k^c f_k(x, y): how much each place speaks for class c. Its mean is the score S_c.

    For all classes at once it is a 1x1 convolution with the linear layer's weights.

    Example:
        >>> f = torch.tensor([[[[1.0, 3.0]], [[0.0, 2.0]]]])
        >>> class_activation_map(f, torch.tensor([[1.0, 0.0], [1.0, -1.0]]), 1)
        tensor([[[1., 1.]]])
    """
    contract.check_features("class_activation_map", features.shape, weights.shape)
    label = torch.as_tensor(label, device=features.device)
    integer = not (label.is_floating_point() or label.is_complex() or label.dtype == torch.bool)
    contract.check_labels(tuple(label.shape), integer, len(features))
    if label.numel():
        contract.check_range(int(label.min()), int(label.max()), len(weights))
    return torch.einsum("nk,nkhw->nhw", weights[label.long().expand(len(features))], features)


def overlay(image, cam, opacity=0.6):
    r"""A map laid over its image: (1 - a) image + a colour, with a = opacity max(M, 0) / max(M)."""
    factor = contract.check_overlay(tuple(image.shape), tuple(cam.shape), opacity)
    contract.check_overlay_values(((image >= 0) & (image <= 1)).all() and cam.isfinite().all())
    image = image.to(torch.promote_types(image.dtype, torch.float32))
    large = upsample_bilinear(cam.detach().to(image.dtype).reshape(-1, 1, *cam.shape[-2:]), factor)
    evidence = large.clamp_min(0).reshape(*image.shape[:-3], 1, *image.shape[-2:])
    most = evidence.amax((-2, -1), keepdim=True)
    heat = torch.where(most > 0, evidence / torch.where(most > 0, most, 1), 0)
    stops = torch.tensor(HEAT, dtype=image.dtype, device=image.device)
    # Each colour is a sum of tents around the stops.
    places = torch.arange(len(HEAT), dtype=image.dtype, device=image.device)
    tents = (1 - (heat[..., None] * (len(HEAT) - 1) - places).abs()).clamp_min(0)  # (..., 1, height, width, stops)
    colour = (tents @ stops).squeeze(-4).movedim(-1, -3)
    a = opacity * heat
    return (1 - a) * image + a * colour


def box_from_map(cam, threshold=0.2):
    r"""The box around the largest connected region where M > threshold max(M).

    Example:
        >>> box_from_map(torch.tensor([[0.9, 0.0, 0.0], [0.0, 0.1, 0.5], [0.0, 0.0, 1.0]]))
        tensor([2., 1., 3., 3.])
    """
    cam = cam.to(torch.promote_types(cam.dtype, torch.float32))
    contract.check_map(tuple(cam.shape), threshold)
    if not cam.numel():
        return cam.new_zeros(*cam.shape[:-2], 4)
    maps = cam.reshape(-1, *cam.shape[-2:])
    most = maps.amax((1, 2), keepdim=True)
    bad = ~((most > 0) & (most < torch.inf))  # NaN too
    if bad.any():
        contract.refuse_map(most[bad][0].item())
    region = largest_region(maps > threshold * most)
    (left, right), (top, bottom) = ends(region.any(1)), ends(region.any(2))
    return torch.stack([left, top, right, bottom], dim=1).reshape(*cam.shape[:-2], 4).to(cam)


def largest_region(mask):
    """Of each mask, the connected region of the most pixels. Shapes (n, height, width).

    Each pixel takes the largest number among its neighbours and itself, until a region is flooded with that of its
    first pixel. Where that number started, a larger one may stand by then: to take it makes long regions quick.
    """
    n, height, width = mask.shape
    pixels = height * width
    # 1 for the last pixel, `pixels` for the first one, 0 for the background. float32 holds whole numbers to 2^24.
    kind = torch.float32 if pixels <= 2**24 else torch.float64
    inside = mask.to(kind)
    start = torch.arange(pixels, 0, -1, dtype=kind, device=mask.device).reshape(height, width)
    numbers, before = inside * start, None
    while before is None or not torch.equal(numbers, before):
        before = numbers
        wide = F.pad(numbers, (1, 1, 1, 1))  # slices: a pooling of 3 x 3 is thirty times slower on a CPU
        rows = torch.maximum(torch.maximum(wide[:, :-2], wide[:, 1:-1]), wide[:, 2:])
        largest = torch.maximum(torch.maximum(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])
        numbers = (largest * inside).flatten(1)
        origin = (pixels - numbers).long()  # that of the background lies behind the last pixel
        numbers = F.pad(numbers, (0, 1)).gather(1, origin).reshape(mask.shape)
    first = (pixels - numbers).long().flatten(1)  # the first pixel of each region; `pixels` is the background
    sizes = torch.zeros(n, pixels + 1, dtype=torch.long, device=mask.device)
    sizes.scatter_add_(1, first, torch.ones_like(first))
    largest = sizes[:, :pixels].argmax(1, keepdim=True)
    return (first == largest).reshape(n, height, width)


def ends(occupied):
    """Of each row of booleans, where the first true one begins and the last one ends. (n, size) to (n,) twice."""
    occupied = occupied.int()
    return occupied.argmax(1), occupied.shape[1] - occupied.flip(1).argmax(1)


def pointing_game(cams, boxes):
    r"""Whether the middle of the map's highest pixel lies in the box: 1 is a hit, 0 is none."""
    contract.check_pointing(tuple(cams.shape), tuple(boxes.shape))
    highest = cams.flatten(-2).argmax(-1)
    y = highest.div(cams.shape[-1], rounding_mode="floor") + 0.5
    x = highest % cams.shape[-1] + 0.5
    return (boxes[..., 0] <= x) & (x <= boxes[..., 2]) & (boxes[..., 1] <= y) & (y <= boxes[..., 3])


complete_from_twin(globals())
