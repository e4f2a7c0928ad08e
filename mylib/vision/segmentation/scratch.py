"""One answer for every pixel, in NumPy: enlarging maps, fully convolutional networks, their losses and their measure.

Notation: maps are (batch, channels, height, width), f is the factor by which a map is enlarged, g a gradient dL/dy.
"""

import numpy as np

from mylib import engine
from mylib.engine import nn, relu
from mylib.engine.tensor import float_tensor
from mylib.vision.segmentation import contract
from mylib.vision.segmentation.contract import IGNORE
from mylib.vision.segmentation.scratch_instances import (
    MaskHead,
    MaskRCNN,
    mask_iou,
    roi_align,
    roi_align_loops,
)

__all__ = [
    "conv_transpose2d",
    "bilinear_kernel",
    "upsample_bilinear",
    "FCN",
    "pixel_loss",
    "mean_iou",
    "roi_align",
    "roi_align_loops",
    "mask_iou",
    "MaskHead",
    "MaskRCNN",
]


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    r"""The transpose (adjoint) of `conv2d`: every value of x puts a scaled copy of the kernel into y.

    y[n, o, i s + u d - p, j s + v d - p] += w[c, o, u, v] x[n, c, i, j]; what falls outside y is dropped. The engine
    does it by one product of matrices, `plain_conv_transpose2d` copy by copy. Gradients: dL/dx = conv2d(g, w), which
    reads what was written, and dL/dw[c, o, u, v] = sum_{n, i, j} x[n, c, i, j] g[n, o, i s + u d - p, j s + v d - p].

    Args:    x: Shape (batch, channels, height, width).
             weight: w. Shape (channels, out / groups, k_h, k_w).
             bias: Shape (out,), or None.
             stride, padding, output_padding, dilation: s, p, extra rows at the end, d; numbers or pairs.
             groups: into how many independent groups the channels fall.
    Returns: Tensor. Shape (batch, out, height', width'), with
             height' = (height - 1) s - 2 p + d (k - 1) + output_padding + 1.
    Raises:  ValueError: shapes that do not fit each other, or nothing is left of y.
    Source:  Zeiler et al. (2010); slide "Deconvolution". Differs: torch also takes an output_padding
             below the dilation.

    Example:
        >>> conv_transpose2d([[[[1.0, 3.0]]]], [[[[1.0, 2.0]]]], stride=(1, 2)).numpy().tolist()
        [[[[1.0, 2.0, 3.0, 6.0]]]]
    """
    contract.check_layer(np.shape(x), np.shape(weight), groups)
    return engine.conv_transpose2d(x, weight, bias, stride, padding, output_padding, dilation, groups)


def plain_conv_transpose2d(x, weight, stride, padding):
    """A copy of the kernel for every place, added up in an array, of which the padding is cut off in the end."""
    (batch, _, height, width), (_, out, k_h, k_w) = x.shape, weight.shape
    y = np.zeros((batch, out, (height - 1) * stride[0] + k_h, (width - 1) * stride[1] + k_w), x.dtype)
    for i in range(height):
        for j in range(width):
            top, left = i * stride[0], j * stride[1]
            y[:, :, top : top + k_h, left : left + k_w] += np.tensordot(x[:, :, i, j], weight, axes=1)
    return y[:, :, padding[0] : y.shape[2] - padding[0], padding[1] : y.shape[3] - padding[1]]


def bilinear_kernel(channels, factor):
    r"""Weights with which a transposed convolution of stride f interpolates: w[u] = 1 - |u - c| / f, outer product.

    The kernel has 2 f - f mod 2 taps, c is its middle. Each channel is enlarged alone.

    Args:    channels: of input and output.
             factor: f, at least 1.
    Returns: float32 array for `conv_transpose2d`. Shape (channels, channels, k, k).
    Raises:  ValueError: a number below 1.
    Source:  Long, Shelhamer and Darrell (2015), section 3.3. Differs: none.

    Example:
        >>> bilinear_kernel(1, 2)[0, 0, 0].tolist()
        [0.0625, 0.1875, 0.1875, 0.0625]
    """
    contract.check_kernel(channels, factor)
    return (np.eye(channels)[:, :, None, None] * np.outer(_tent(factor), _tent(factor))).astype(np.float32)


def upsample_bilinear(x, factor):
    r"""Enlarge a map f times by bilinear interpolation; beyond its border the outermost value continues.

    A transposed convolution with `bilinear_kernel` treats what is beyond the border as 0, so that its result darkens
    there. Divided by what it makes of a map of ones, it does not. The kernel is an outer product, so that rows and
    columns are enlarged one after the other: 2 k products for each value instead of k^2.

    Args:    x: Shape (batch, channels, height, width).
             factor: f, at least 1.
    Returns: Tensor. Shape (batch, channels, f height, f width).
    Raises:  ValueError: not four axes, or a factor below 1.
    Source:  Long, Shelhamer and Darrell (2015). Differs: the border; the paper crops it away.

    Example:
        >>> upsample_bilinear([[[[0.0, 4.0]]]], 2).numpy()[0, 0, 0].tolist()
        [0.0, 1.0, 3.0, 4.0]
    """
    x = float_tensor(x, "upsample_bilinear")
    contract.check_enlarging(x.shape, factor)
    batch, channels, height, width = x.shape
    y, tent, cut = x.reshape(batch * channels, 1, height, width), _tent(factor).astype(x.dtype), factor // 2
    for stride, padding, shape in (((factor, 1), (cut, 0), (-1, 1)), ((1, factor), (0, cut), (1, -1))):
        kernel = tent.reshape(1, 1, *shape)
        ones = conv_transpose2d(np.ones((1, *y.shape[1:]), x.dtype), kernel, None, stride, padding)
        y = conv_transpose2d(y, kernel, None, stride, padding) / ones.numpy()
    return y.reshape(batch, channels, factor * height, factor * width)


class FCN(nn.Module):
    r"""A network without fully connected layers: images of any size in, scores of every pixel out.

    Five convolutions of stride 2 shrink the image 32 times; 1 x 1 convolutions give scores there. `skips=32` enlarges
    them 32 times at once; 16 doubles them by a learned transposed convolution, adds scores of the map at stride 16, and
    enlarges 16 times; 8 does so once more.

    Args:    classes: scores of each pixel; 1 for a regression.
             skips: 32, 16 or 8: the stride of the finest map that is used.
             width: channels of the first map; the next have 2, 4, 4 and 4 times as many.
             channels: of the images.
    Raises:  ValueError: other skips, a size below 1, or images whose sides 32 does not divide.
    Source:  Long, Shelhamer and Darrell (2015); slides "Fully-convolutional networks". Differs: a small network with
             batch normalisation instead of VGG16, whose convolutions stride where VGG16 pools.

    Example:
        >>> FCN(classes=3, skips=16, width=4)(np.zeros((2, 3, 64, 96), np.float32)).shape
        (2, 3, 64, 96)
    """

    def __init__(self, classes, skips=8, width=16, channels=3):
        super().__init__()
        contract.check_network(classes, skips, width, channels)
        self.skips = skips
        widths = [channels, width, 2 * width, 4 * width, 4 * width, 4 * width]
        for i in range(1, 6):
            # Without a bias: the normalisation that follows takes any constant away.
            setattr(self, f"conv{i}", nn.Conv2d(widths[i - 1], widths[i], 3, stride=2, padding=1, bias=False))
            setattr(self, f"norm{i}", nn.BatchNorm2d(widths[i]))
        self.score32 = nn.Conv2d(widths[5], classes, 1)
        for stride in (16, 8):
            if skips <= stride:
                setattr(self, f"score{stride}", nn.Conv2d(4 * width, classes, 1))
                double = nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1, bias=False)
                double.weight.data = bilinear_kernel(classes, 2)  # where learning starts
                setattr(self, f"double{2 * stride}", double)

    def forward(self, images):
        """Shapes (batch, channels, height, width) to (batch, classes, height, width)."""
        contract.check_images(images.shape)
        x, maps = images, {}
        for i in range(1, 6):
            x = relu(getattr(self, f"norm{i}")(getattr(self, f"conv{i}")(x)))
            maps[2**i] = x
        scores = self.score32(maps[32])
        for stride in (16, 8):
            if self.skips <= stride:
                coarse = getattr(self, f"double{2 * stride}")(scores)
                scores = coarse + getattr(self, f"score{stride}")(maps[stride])
        return upsample_bilinear(scores, self.skips)


def pixel_loss(outputs, targets, kind="cross_entropy"):
    r"""The mean, over all pixels of all images, of a loss at each pixel.

    Args:    outputs: Shape (batch, channels, height, width).
             targets: for "cross_entropy" the class of each pixel, -1 where it does not count, integers, shape (batch,
                 height, width); for "squared" the values, NaN or infinite where unknown, shape of the
                 outputs.
             kind: "cross_entropy", or "squared": the squared difference.
    Returns: Tensor: a number; 0 where no pixel counts.
    Raises:  ValueError: an unknown kind, or shapes that do not fit.
    Source:  Long, Shelhamer and Darrell (2015); slide "Fully-convolutional networks". Differs: a mean over pixels, the
             paper adds them up.

    Example:
        >>> pixel_loss(np.zeros((1, 1, 1, 2)), np.array([[[[3.0, np.nan]]]]), "squared").item()
        9.0
    """
    outputs = float_tensor(outputs, "pixel_loss")
    contract.check_pixels(outputs.shape, np.shape(targets), kind)
    if kind == "cross_entropy":
        reduction = "mean" if (np.asarray(targets) != IGNORE).any() else "sum"  # a sum of nothing is 0
        return engine.cross_entropy(outputs, targets, ignore_index=IGNORE, reduction=reduction)
    targets = np.asarray(targets, outputs.dtype)
    known = np.isfinite(targets)
    weights = (known / max(known.sum(), 1)).astype(outputs.dtype)
    difference = outputs - np.where(known, targets, 0).astype(outputs.dtype)
    return (difference * difference * weights).sum()


def mean_iou(predicted, target, classes):
    r"""Pixels that are c in both maps over pixels that are c in either, mean over the classes c that occur.

    Args:    predicted: class of each pixel. Integers, any shape.
             target: the same shape; pixels of -1 do not count.
             classes: how many there are.
    Returns: a number in [0, 1].
    Raises:  ValueError: shapes that differ, a class outside 0 to classes - 1, or no pixel that counts.
    Source:  Long, Shelhamer and Darrell (2015), section 5. Differs: classes that occur in neither map are left out.

    Example:
        >>> mean_iou([0, 0, 1, 1], [0, 0, 0, 1], classes=3)  # 2/3 and 1/2
        0.5833333333333333
    """
    predicted, target = np.asarray(predicted), np.asarray(target)
    contract.check_maps(predicted.shape, target.shape)
    counts = target != IGNORE
    a, b = predicted[counts], target[counts]
    good = a.size > 0 and min(a.min(), b.min()) >= 0 and max(a.max(), b.max()) < classes
    contract.check_classes(good, classes)
    table = np.bincount(b.ravel() * classes + a.ravel(), minlength=classes**2).reshape(classes, classes)
    both = table.diagonal()
    either = table.sum(axis=0) + table.sum(axis=1) - both
    return float((both[either > 0] / either[either > 0]).mean())


def _tent(factor):
    """1 - |u - c| / f for the 2 f - f mod 2 taps around the middle c."""
    taps = 2 * factor - factor % 2
    return 1 - np.abs(np.arange(taps) - (taps - 1) / 2) / factor
