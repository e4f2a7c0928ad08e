"""Class activation maps: a network whose last layer can be read as a picture, and what to do with the picture (NumPy).

Notation: f_k(x, y), the K maps of the last convolution, H x W places each; w_k^c, the weight of map k for class c; S_c,
the score of class c; M_c(x, y), its map. Boxes are x1, y1, x2, y2 in pixels, where pixel i covers [i, i + 1].
"""

import numpy as np

from mylib.attention.activation_maps import contract
from mylib.attention.activation_maps.contract import HEAT
from mylib.engine import as_tensor, linear, nn, no_grad
from mylib.vision.convnets.scratch import BatchNorm2d, convolution
from mylib.vision.segmentation.scratch import upsample_bilinear

__all__ = [
    "GAPNet",
    "class_scores",
    "class_activation_map",
    "overlay",
    "box_from_map",
    "pointing_game",
]


class GAPNet(nn.Module):
    r"""Convolutions, global average pooling and one linear layer without bias: S_c = sum_k w_k^c mean_{x,y} f_k(x, y).

    `features` are four 3x3 convolutions, each with a batch norm and a ReLU, and a 2x2 max pooling after the first and
    the second; so the maps f have a quarter of the image's height and width. `linear` holds the weights w.

    Args:    classes: number of scores.
             channels_in: of the images.
             width: channels of the first convolution; the others have 2, 4 and 4 times as many.
    Raises:  ValueError: a number below 1; images of other channels or smaller than 4 x 4.
    Source:  Zhou et al. (2016), "Learning deep features for discriminative localization", section 2; slide "Class
             Activation Maps". Differs: a small network trained from scratch instead of VGG or GoogLeNet.

    Example:
        >>> network = GAPNet(classes=3, width=4)
        >>> x = np.zeros((2, 3, 12, 8), np.float32)
        >>> network.features(x).shape, network(x).shape
        ((2, 16, 3, 2), (2, 3))
    """

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
        return self.bn(self.conv(x)).relu()


def class_scores(features, weights):
    r"""S_c = sum_k w_k^c F_k with F_k = 1 / (H W) sum_{x,y} f_k(x, y): what the network's last two layers compute.

    Args:    features: f, the maps of the last convolution. Shape (batch, channels, height, width).
             weights: w, a row for each class. Shape (classes, channels).
    Returns: Tensor. Shape (batch, classes).
    Raises:  ValueError: shapes that do not fit.
    Source:  Zhou et al. (2016), section 2; slide "Review: CNN". Differs: the slide pools with a sum and leaves out the
             1 / (H W) that makes it an average.

    Example:
        >>> class_scores([[[[1.0, 3.0]], [[0.0, 2.0]]]], [[1.0, 0.0], [1.0, -1.0]]).numpy().tolist()
        [[2.0, 1.0]]
    """
    features, weights = as_tensor(features), as_tensor(weights)
    contract.check_features("class_scores", features.shape, weights.shape)
    return linear(features.mean((2, 3)), weights)


def class_activation_map(features, weights, label):
    r"""M_c(x, y) = sum_k w_k^c f_k(x, y): how much each place speaks for class c. Its mean is the score S_c.

    S_c = sum_k w_k^c 1 / (H W) sum_{x,y} f_k(x, y) = 1 / (H W) sum_{x,y} M_c(x, y).

    Args:    features: f. Shape (batch, channels, height, width).
             weights: w. Shape (classes, channels).
             label: c, one integer, or one for each image. Shape () or (batch,).
    Returns: Tensor. Shape (batch, height, width).
    Raises:  ValueError: shapes that do not fit, labels that are no integers, or a label out of range.
    Source:  Zhou et al. (2016), equation 2; slide "Class Activation Maps". Differs: the slide's S_c is the sum of M_c,
             that is H W times the score of a network with average pooling.

    Example:
        >>> class_activation_map([[[[1.0, 3.0]], [[0.0, 2.0]]]], [[1.0, 0.0], [1.0, -1.0]], 1).numpy().tolist()
        [[[1.0, 1.0]]]
    """
    features, weights, label = as_tensor(features), as_tensor(weights), np.asarray(label)
    contract.check_features("class_activation_map", features.shape, weights.shape)
    batch, channels, height, width = features.shape
    contract.check_labels(label.shape, label.dtype.kind in "iu", batch)
    if label.size:
        contract.check_range(int(label.min()), int(label.max()), len(weights))
    chosen = weights[np.broadcast_to(label, batch)].reshape(batch, 1, channels)
    maps = chosen @ features.reshape(batch, channels, height * width)  # (batch, 1, height width)
    return maps.reshape(batch, height, width)


def overlay(image, cam, opacity=0.6):
    r"""A map laid over its image: (1 - a) image + a colour, with a = opacity max(M, 0) / max(M).

    The map is enlarged by bilinear interpolation. Where the evidence is 0 or speaks against the class, the image shows
    through unchanged; colours go from dark violet over orange to pale yellow.

    Args:    image: in [0, 1], grey or coloured. Shape (..., 1 or 3, height, width).
             cam: M. Shape (..., height / f, width / f) with a whole number f.
             opacity: at the map's maximum, in [0, 1].
    Returns: in [0, 1]. Shape (..., 3, height, width).
    Raises:  ValueError: sizes that do not fit, values outside [0, 1] in the image, a map that is not finite.
    Source:  Zhou et al. (2016), figure 2; slide "Class Activation Maps". Differs: the paper blends a rainbow evenly.

    Example:
        >>> picture = overlay(np.full((1, 4, 4), 0.5), [[0.0, 1.0], [0.0, 0.0]])
        >>> picture.shape, picture[:, 3, 0].tolist()
        ((3, 4, 4), [0.5, 0.5, 0.5])
    """
    image, cam = np.asarray(image), np.asarray(cam)
    factor = contract.check_overlay(image.shape, cam.shape, opacity)
    contract.check_overlay_values(((image >= 0) & (image <= 1)).all() and np.isfinite(cam).all())
    kind = np.result_type(image, np.float32)
    with no_grad():
        large = upsample_bilinear(cam.astype(kind).reshape(-1, 1, *cam.shape[-2:]), factor).numpy()
    evidence = np.maximum(large, 0).reshape(*image.shape[:-3], *image.shape[-2:])
    most = evidence.max((-2, -1), keepdims=True)
    heat = np.divide(evidence, most, out=np.zeros_like(evidence), where=most > 0)
    stops = np.linspace(0, 1, len(HEAT))
    colour = np.stack([np.interp(heat, stops, channel) for channel in zip(*HEAT, strict=True)], axis=-3)
    a = opacity * heat[..., None, :, :]
    return ((1 - a) * image + a * colour).astype(kind)


def box_from_map(cam, threshold=0.2):
    r"""The box around the largest connected region where M > threshold max(M).

    Pixels that touch along a side or at a corner are connected. Of several regions of equal size, the one counts whose
    first pixel comes first in reading order.

    Args:    cam: M, best enlarged to the size of the image. Shape (..., height, width).
             threshold: share of the map's maximum, in [0, 1).
    Returns: x1, y1, x2, y2. Shape (..., 4).
    Raises:  ValueError: a threshold that is no such share, or a map without a finite maximum above 0: nothing is above
                 the threshold then.
    Source:  Zhou et al. (2016), section 3.2, which takes 20 % of the maximum. Differs: the paper does not say which
             pixels are connected.

    Example:
        >>> box_from_map([[0.9, 0.0, 0.0], [0.0, 0.1, 0.5], [0.0, 0.0, 1.0]]).tolist()
        [2.0, 1.0, 3.0, 3.0]
    """
    cam = np.asarray(cam)
    cam = cam.astype(np.result_type(cam, np.float32), copy=False)
    contract.check_map(cam.shape, threshold)
    if not cam.size:
        return np.zeros((*cam.shape[:-2], 4), cam.dtype)
    maps = cam.reshape(-1, *cam.shape[-2:])
    most = maps.max((1, 2), keepdims=True)
    bad = ~((most > 0) & (most < np.inf))  # NaN too
    if bad.any():
        contract.refuse_map(most[bad][0])
    region = largest_region(maps > threshold * most)
    boxes = np.stack([*ends(region.any(1)), *ends(region.any(2))])  # x1, x2, y1, y2
    return boxes[[0, 2, 1, 3]].T.reshape(*cam.shape[:-2], 4).astype(cam.dtype)


def largest_region(mask):
    """Of each mask, the connected region of the most pixels. Shapes (n, height, width).

    Each pixel starts with its own place in reading order as a name, and takes the least name among its neighbours and
    itself until nothing changes. What it is named after has a name too, by now perhaps a smaller one: to take that one
    at once makes long regions quick. Masks that are done are left out of the next round.
    """
    n, height, width = mask.shape
    nothing = height * width  # the name of the background
    names = np.where(mask, np.arange(nothing, dtype=np.int32).reshape(height, width), np.int32(nothing))
    active = np.arange(n)
    while active.size:
        before, inside = names[active], mask[active]
        wide = np.pad(before, ((0, 0), (1, 1), (1, 1)), constant_values=nothing)
        rows = np.minimum(np.minimum(wide[:, :-2], wide[:, 1:-1]), wide[:, 2:])
        least = np.minimum(np.minimum(rows[:, :, :-2], rows[:, :, 1:-1]), rows[:, :, 2:])
        least[~inside] = nothing
        flat = least.reshape(len(active), -1)
        named = np.pad(flat, ((0, 0), (0, 1)), constant_values=nothing)  # nothing is named nothing
        names[active] = np.take_along_axis(named, flat, axis=1).reshape(before.shape)
        active = active[(names[active] != before).any((1, 2))]
    rows = (nothing + 1) * np.arange(n)[:, None, None]  # each mask counts its names in a row of its own
    sizes = np.bincount((names + rows).ravel(), minlength=n * (nothing + 1)).reshape(n, -1)
    return names == sizes[:, :nothing].argmax(1)[:, None, None]


def ends(occupied):
    """Of each row of booleans, where the first true one begins and the last one ends. (n, size) to (n,) twice."""
    return occupied.argmax(1), occupied.shape[1] - occupied[:, ::-1].argmax(1)


def pointing_game(cams, boxes):
    r"""Whether the middle of the map's highest pixel lies in the box: 1 is a hit, 0 is none.

    Args:    cams: maps of the images' size; of several highest pixels the first in reading order counts. Shape (...,
                 height, width).
             boxes: x1, y1, x2, y2 of the object. Shape (..., 4).
    Returns: booleans. Shape (...).
    Raises:  ValueError: not one box for each map.
    Source:  Zhang et al. (2016), "Top-down neural attention by excitation backprop", section 4.1. Differs: no margin of
             15 pixels around the box.

    Example:
        >>> pointing_game([[0.0, 2.0], [0.0, 1.0]], [1, 0, 2, 2])
        True
    """
    cams, boxes = np.asarray(cams), np.asarray(boxes)
    contract.check_pointing(cams.shape, boxes.shape)
    highest = cams.reshape(*cams.shape[:-2], -1).argmax(-1)
    y, x = (place + 0.5 for place in np.divmod(highest, cams.shape[-1]))
    hit = (boxes[..., 0] <= x) & (x <= boxes[..., 2]) & (boxes[..., 1] <= y) & (y <= boxes[..., 3])
    return hit if cams.ndim > 2 else bool(hit)
