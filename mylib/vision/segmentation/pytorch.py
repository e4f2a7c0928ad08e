"""One answer for every pixel, in PyTorch: enlarging maps, fully convolutional networks, their losses and their measure.

Notation as in `scratch`. A training step looks at no values: what does not count has weight 0.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.devices import on_cpu
from mylib.vision.segmentation.pytorch_instances import MaskHead, MaskRCNN, mask_iou, roi_align

__all__ = [
    "conv_transpose2d",
    "bilinear_kernel",
    "upsample_bilinear",
    "FCN",
    "pixel_loss",
    "mean_iou",
    "roi_align",
    "mask_iou",
    "MaskHead",
    "MaskRCNN",
]

IGNORE = -1  # the label of pixels that do not count


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    r"""The transpose (adjoint) of `conv2d`: every value of x puts a scaled copy of the kernel into y.

    y[n, o, i s + u d - p, j s + v d - p] += w[c, o, u, v] x[n, c, i, j]; what falls outside y is dropped.

    Args:    x: Shape (batch, channels, height, width).
             weight: w. Shape (channels, out / groups, k_h, k_w).
             bias: Shape (out,), or None.
             stride, padding, output_padding, dilation: s, p, extra rows at the end, d; numbers or pairs.
             groups: into how many independent groups the channels fall.
    Returns: Shape (batch, out, height', width'), height' = (height - 1) s - 2 p + d (k - 1) + output_padding + 1.
    Raises:  ValueError: shapes that do not fit each other.
    Source:  Zeiler et al. (2010); slide "Deconvolution". Differs: none.
    """
    if x.ndim != 4 or weight.ndim != 4 or weight.shape[0] != x.shape[1] or x.shape[1] % groups:
        raise ValueError(
            f"conv_transpose2d: expected x (batch, channels, height, width) and weight (channels, out / {groups}, k, "
            f"k), got {tuple(x.shape)} and {tuple(weight.shape)}"
        )
    return F.conv_transpose2d(x, weight, bias, stride, padding, output_padding, groups, dilation)


def bilinear_kernel(channels, factor):
    r"""Weights with which a transposed convolution of stride f interpolates: w[u] = 1 - |u - c| / f, outer product.

    Args:    channels: of input and output.
             factor: f, at least 1.
    Returns: float32, for `conv_transpose2d`. Shape (channels, channels, k, k), with k = 2 f - f mod 2.
    Raises:  ValueError: a number below 1.
    Source:  Long, Shelhamer and Darrell (2015), section 3.3. Differs: none.
    """
    if channels < 1 or factor < 1:
        raise ValueError(f"bilinear_kernel: expected channels and factor of at least 1, got {channels}, {factor}")
    box = torch.ones(1, 1, factor, factor, dtype=torch.float64) / factor
    tent = F.conv2d(box, box, padding=factor - 1)  # a tent is a box filtered with a box
    if factor % 2 == 0:  # an even factor has its middle between two taps
        tent = F.avg_pool2d(F.pad(tent, (1, 1, 1, 1)), 2, stride=1)
    kernel = torch.zeros(channels, channels, *tent.shape[2:], dtype=torch.float64)
    kernel[range(channels), range(channels)] = tent[0, 0]
    return kernel.float()


def upsample_bilinear(x, factor):
    r"""Enlarge a map f times by bilinear interpolation; beyond its border the outermost value continues.

    Args:    x: Shape (batch, channels, height, width).
             factor: f, at least 1.
    Returns: Shape (batch, channels, f height, f width).
    Raises:  ValueError: not four axes, or a factor below 1.
    Source:  Long, Shelhamer and Darrell (2015). Differs: PyTorch's own interpolation, without a kernel.
    """
    if x.ndim != 4 or factor < 1:
        raise ValueError(
            f"upsample_bilinear: expected x (batch, channels, height, width) and a factor of at least 1, got "
            f"{tuple(x.shape)} and {factor}"
        )
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


class FCN(nn.Module):
    r"""A network without fully connected layers: images of any size in, scores of every pixel out.

    Args:    classes: scores of each pixel; 1 for a regression.
             skips: 32, 16 or 8: the stride of the finest map that is used.
             width: channels of the first map; the next have 2, 4, 4 and 4 times as many.
             channels: of the images.
    Raises:  ValueError: other skips, a size below 1, or images whose sides 32 does not divide.
    Source:  Long, Shelhamer and Darrell (2015). Differs: as in `scratch`.
    """

    def __init__(self, classes, skips=8, width=16, channels=3):
        super().__init__()
        if skips not in (32, 16, 8):
            raise ValueError(f"FCN: expected skips of 32, 16 or 8, got {skips}")
        if min(classes, width, channels) < 1:
            raise ValueError(
                f"FCN: expected classes, width and channels of at least 1, got {classes}, {width}, {channels}"
            )
        self.skips = skips
        widths = [channels, width, 2 * width, 4 * width, 4 * width, 4 * width]
        for i in range(1, 6):
            # Without a bias: the normalisation that follows takes any constant away.
            self.add_module(f"conv{i}", nn.Conv2d(widths[i - 1], widths[i], 3, stride=2, padding=1, bias=False))
            self.add_module(f"norm{i}", nn.BatchNorm2d(widths[i]))
        self.score32 = nn.Conv2d(widths[5], classes, 1)
        if skips <= 16:
            self.score16, self.double32 = nn.Conv2d(4 * width, classes, 1), self._doubling(classes)
        if skips <= 8:
            self.score8, self.double16 = nn.Conv2d(4 * width, classes, 1), self._doubling(classes)

    @staticmethod
    def _doubling(classes):
        layer = nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1, bias=False)
        with torch.no_grad():
            layer.weight.copy_(bilinear_kernel(classes, 2))  # where learning starts
        return layer

    def forward(self, images):
        """Shapes (batch, channels, height, width) to (batch, classes, height, width)."""
        if images.ndim != 4 or images.shape[2] % 32 or images.shape[3] % 32 or not min(images.shape):
            raise ValueError(
                f"FCN: expected images (batch, channels, height, width) with sides that 32 divides, got "
                f"{tuple(images.shape)}; pad them"
            )
        x = images
        for conv, norm in ((self.conv1, self.norm1), (self.conv2, self.norm2), (self.conv3, self.norm3)):
            x = torch.relu(norm(conv(x)))
        at16 = torch.relu(self.norm4(self.conv4(x)))
        scores = self.score32(torch.relu(self.norm5(self.conv5(at16))))
        if self.skips <= 16:
            scores = self.double32(scores) + self.score16(at16)
        if self.skips <= 8:
            scores = self.double16(scores) + self.score8(x)
        return upsample_bilinear(scores, self.skips)


def pixel_loss(outputs, targets, kind="cross_entropy"):
    r"""The mean, over all pixels of all images, of a loss at each pixel.

    Args:    outputs: Shape (batch, channels, height, width).
             targets: for "cross_entropy" the class of each pixel, -1 where it does not count, int64, shape (batch,
                 height, width); for "squared" the values, NaN or infinite where unknown, shape of the
                 outputs.
             kind: "cross_entropy", or "squared": the squared difference.
    Returns: a number; 0 where no pixel counts.
    Raises:  ValueError: an unknown kind, or shapes that do not fit.
    Source:  Long, Shelhamer and Darrell (2015). Differs: as in `scratch`.
    """
    wanted = {"cross_entropy": (outputs.shape[0], *outputs.shape[2:]), "squared": tuple(outputs.shape)}
    if kind not in wanted:
        raise ValueError(f"pixel_loss: expected kind of {tuple(wanted)}, got {kind!r}")
    if outputs.ndim != 4 or tuple(targets.shape) != wanted[kind]:
        raise ValueError(
            f"pixel_loss: expected outputs (batch, channels, height, width) and targets {wanted[kind]} for {kind}, got "
            f"{tuple(outputs.shape)} and {tuple(targets.shape)}"
        )
    if kind == "cross_entropy":
        total = F.cross_entropy(outputs, targets, ignore_index=IGNORE, reduction="sum")
        return total / (targets != IGNORE).sum().clamp(min=1)
    known = targets.isfinite()
    # The unknown values are replaced before the difference: 0 times NaN would be NaN again.
    difference = outputs - torch.where(known, targets, 0).to(outputs.dtype)
    return (difference.square() * known).sum() / known.sum().clamp(min=1)


def mean_iou(predicted, target, classes):
    r"""Pixels that are c in both maps over pixels that are c in either, mean over the classes c that occur.

    Args:    predicted: class of each pixel. Integers, any shape.
             target: the same shape; pixels of -1 do not count.
             classes: how many there are.
    Returns: a number in [0, 1], on the device. float64.
    Raises:  ValueError: shapes that differ; on the CPU also a class outside 0 to classes - 1, or no pixel that counts.
    Source:  Long, Shelhamer and Darrell (2015), section 5. Differs: as in `scratch`.
    """
    if predicted.shape != target.shape:
        raise ValueError(
            f"mean_iou: expected two maps of one shape, got {tuple(predicted.shape)} and {tuple(target.shape)}"
        )
    counts = target != IGNORE
    if on_cpu(target):
        both = torch.stack([predicted[counts], target[counts]])
        if not both.numel() or both.min() < 0 or both.max() >= classes:
            raise ValueError(
                f"mean_iou: expected at least one pixel that counts, and classes 0 to {classes - 1} only; -1 is for "
                "the target"
            )
    names = torch.arange(classes, device=target.device).reshape(-1, *[1] * target.ndim)
    a, b = (predicted == names) & counts, (target == names) & counts  # (classes, ...)
    shared, either = (a & b).flatten(1).sum(1).double(), (a | b).flatten(1).sum(1).double()
    return (shared / either.clamp(min=1)).sum() / (either > 0).sum()
