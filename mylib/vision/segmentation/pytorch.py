"""One answer for every pixel, in PyTorch: enlarging maps, fully convolutional networks, their losses and their measure.

Notation as in `scratch`. A training step looks at no values: what does not count has weight 0.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.devices import on_cpu
from mylib.shared.docstrings import complete_from_twin
from mylib.vision.segmentation import contract
from mylib.vision.segmentation.contract import IGNORE
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


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    """The transpose (adjoint) of `conv2d`: every value of x puts a scaled copy of the kernel into y.

    Raises:  ValueError: shapes that do not fit each other. RuntimeError: nothing is left of y.
    """
    contract.check_layer(x.shape, weight.shape, groups)
    return F.conv_transpose2d(x, weight, bias, stride, padding, output_padding, groups, dilation)


def bilinear_kernel(channels, factor):
    """w[u] = 1 - |u - c| / f, outer product: a tent, made by filtering a box with a box."""
    contract.check_kernel(channels, factor)
    box = torch.ones(1, 1, factor, factor, dtype=torch.float64) / factor
    tent = F.conv2d(box, box, padding=factor - 1)  # a tent is a box filtered with a box
    if factor % 2 == 0:  # an even factor has its middle between two taps
        tent = F.avg_pool2d(F.pad(tent, (1, 1, 1, 1)), 2, stride=1)
    kernel = torch.zeros(channels, channels, *tent.shape[2:], dtype=torch.float64)
    kernel[range(channels), range(channels)] = tent[0, 0]
    return kernel.float()


def upsample_bilinear(x, factor):
    """Enlarge a map f times by PyTorch's own bilinear interpolation, without a kernel."""
    contract.check_enlarging(x.shape, factor)
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


class FCN(nn.Module):
    """A network without fully connected layers: images of any size in, scores of every pixel out."""

    def __init__(self, classes, skips=8, width=16, channels=3):
        super().__init__()
        contract.check_network(classes, skips, width, channels)
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
        contract.check_images(images.shape)
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
    """The mean, over all pixels of all images, of a loss at each pixel; class labels are int64."""
    contract.check_pixels(outputs.shape, targets.shape, kind)
    if kind == "cross_entropy":
        total = F.cross_entropy(outputs, targets, ignore_index=IGNORE, reduction="sum")
        return total / (targets != IGNORE).sum().clamp(min=1)
    known = targets.isfinite()
    # The unknown values are replaced before the difference: 0 times NaN would be NaN again.
    difference = outputs - torch.where(known, targets, 0).to(outputs.dtype)
    return (difference.square() * known).sum() / known.sum().clamp(min=1)


def mean_iou(predicted, target, classes):
    """Pixels that are c in both maps over pixels that are c in either, mean over the classes c that occur.

    Returns: a number in [0, 1], on the device. float64.
    Raises:  ValueError: shapes that differ; on the CPU also a class outside 0 to classes - 1, or no pixel that counts.
    """
    contract.check_maps(predicted.shape, target.shape)
    counts = target != IGNORE
    if on_cpu(target):
        both = torch.stack([predicted[counts], target[counts]])
        contract.check_classes(both.numel() > 0 and bool(both.min() >= 0) and bool(both.max() < classes), classes)
    names = torch.arange(classes, device=target.device).reshape(-1, *[1] * target.ndim)
    a, b = (predicted == names) & counts, (target == names) & counts  # (classes, ...)
    shared, either = (a & b).flatten(1).sum(1).double(), (a | b).flatten(1).sum(1).double()
    return (shared / either.clamp(min=1)).sum() / (either > 0).sum()


complete_from_twin(globals())
