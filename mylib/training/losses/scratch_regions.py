"""Which part of an image to believe, in NumPy: crops, attention over regions, and a loss that prefers a crop."""

import numpy as np

from mylib.engine import abs, as_tensor, concatenate, exp, generator, log, minimum, nn, relu, softmax, stack
from mylib.training.losses import contract


def region_crops(images):
    r"""The whole image and five crops of it, each enlarged again to the size of the whole.

    Top left, top right and bottom centre with 75 % of each side, the centre with 90 % and with 85 %, rounded to whole
    pixels. A crop of h of H rows is enlarged bilinearly with half-pixel centres: row i of the result lies at
    (i + 1/2) h / H - 1/2 of the crop, and beyond its first and last row that one goes on.

    Args:    images: Shape (batch, channels, height, width).
    Returns: Tensor. Shape (batch, 6, channels, height, width).
    Raises:  ValueError: something that is no batch of images.
    Source:  Wang et al. (2020), fixed-position crops; slide "RAN Loss". Differs: none.

    Example:
        >>> region_crops(np.zeros((2, 1, 28, 28), np.float32)).shape
        (2, 6, 1, 28, 28)
    """
    x = as_tensor(images)
    contract.check_images(x.shape)
    crops = []
    for top, bottom, left, right in contract.crop_ranges(*x.shape[2:]):
        rows, columns = _enlarging(top, bottom, x.shape[2]), _enlarging(left, right, x.shape[3])
        crops.append(rows.astype(x.dtype) @ x @ columns.astype(x.dtype).T)
    return stack(crops, axis=1)


class RegionAttention(nn.Module):
    r"""One feature vector out of those of all regions, weighted by how far each region can be believed.

        mu_i = sigmoid(F_i . q0)                     each region by itself
        F_m = sum_i mu_i F_i / sum_i mu_i
        nu_i = sigmoid([F_i; F_m] . q1)              each region beside all of them
        P = sum_i mu_i nu_i [F_i; F_m] / sum_i mu_i nu_i

    Quotients of sigmoids are taken as a softmax of their logarithms, which no small sigmoid can bring to 0 / 0.

    Args:    dim: of a region's features.
    Raises:  ValueError: no dimension; features of another shape.
    Source:  Wang et al. (2020), self-attention and relation-attention; slide "RAN Loss". Differs: the authors' code
             has biases, and takes a softmax over the regions behind each sigmoid.

    Example:
        >>> pooled, weights = RegionAttention(4)(np.zeros((2, 6, 4), np.float32))
        >>> pooled.shape, weights.data[0].tolist()
        ((2, 8), [0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    """

    def __init__(self, dim):
        super().__init__()
        contract.check_region_dim(dim)
        self.dim = dim
        self.q0, self.q1 = (nn.Parameter(_uniform(size)) for size in (dim, 2 * dim))

    def forward(self, features):
        """Shape (batch, regions, dim), region 0 the whole, to (batch, 2 dim) and the weights mu (batch, regions)."""
        f = as_tensor(features)
        contract.check_regions(f.shape, self.dim)
        log_mu = _log_sigmoid(f @ self.q0)
        together = (softmax(log_mu, axis=1).unsqueeze(2) * f).sum(axis=1, keepdims=True)  # F_m
        both = concatenate([f, together.broadcast_to(*f.shape)], axis=2)
        log_nu = _log_sigmoid(both @ self.q1)
        pooled = (softmax(log_mu + log_nu, axis=1).unsqueeze(2) * both).sum(axis=1)
        return pooled, exp(log_mu)


def region_biased_loss(crop_weights, full_weight, margin=0.02):
    r"""mean over the batch of max(0, margin - (max_i mu_i - mu_0)): some crop shall count more than the whole.

    Args:    crop_weights: mu_1 to mu_k of the crops. Shape (batch, k).
             full_weight: mu_0 of the whole image. Shape (batch,).
             margin: by how much, at least 0.
    Returns: Tensor, a scalar.
    Raises:  ValueError: shapes that do not fit, an empty batch, a margin below 0.
    Source:  Wang et al. (2020), region-biased loss; slide "RAN Loss". Differs: the authors' code has the margin 0.1,
             on weights behind a softmax over the regions.

    Example:
        >>> round(region_biased_loss([[0.5, 0.25]], [0.5], margin=0.125).item(), 4)
        0.125
    """
    crops, full = as_tensor(crop_weights), as_tensor(full_weight)
    contract.check_bias(crops.shape, full.shape, margin)
    return relu(margin - (crops.max(axis=1) - full)).mean()


def _enlarging(first, last, size):
    """The matrix that reads rows first to last - 1 of `size`, and enlarges them to `size` again. Shape (size, size)."""
    crop = last - first
    at = ((np.arange(size) + 0.5) * crop / size - 0.5).clip(0, crop - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, crop - 1)
    rows = np.eye(size)[first:last]
    return (1 - (at - low))[:, None] * rows[low] + (at - low)[:, None] * rows[high]


def _log_sigmoid(x):
    """log sigmoid(x) = min(x, 0) - log(1 + e^-|x|)."""
    return minimum(x, 0.0) - log(1.0 + exp(-abs(x)))


def _uniform(size):
    """As a Linear layer of so many inputs begins."""
    bound = size**-0.5
    return generator().uniform(-bound, bound, size).astype(np.float32)
