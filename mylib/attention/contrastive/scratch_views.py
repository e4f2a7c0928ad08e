r"""Views in NumPy: two random versions of an image, and the head whose outputs are compared.

Crop, mirror and blur are linear along each axis: one matrix for the rows of an image and one for its columns do all.
"""

import numpy as np

from mylib.attention.contrastive import contract
from mylib.attention.contrastive.views import BLUR_RADIUS, draw_views
from mylib.engine import nn


def augment(images, rng, crop=True, flip=False, blur=True, contrast=True):
    r"""A random view of each image: crop and enlarge, mirror, blur, change the contrast, each of them optional.

    view = clip(m + c (y - m), 0, 1), y = A_rows x A_columns^T, with m the mean of y and c the contrast.

    Args:    images: Shape (batch, channels, height, width), in [0, 1].
             rng: NumPy generator; it draws what `draw_views` says.
             crop: 40 to 100 % of the area at full size again.
             flip: mirror left and right. Off: a mirrored 2 is no digit.
             blur: half of the images, with a standard deviation of 0.1 to 1 pixel.
             contrast: a factor of 0.4 to 1.6.
    Returns: new images, of the same shape and type.
    Raises:  ValueError: another shape. TypeError: integers.
    Source:  Chen et al. (2020), appendix A; slide "Data augmentation". Differs: the contrast comes last; no colour,
             which grey images do not have; the crop keeps at least 40 % where the paper goes down to 8 %.

    Example:
        >>> views = augment(np.ones((2, 1, 6, 6)), np.random.default_rng(0), contrast=False)
        >>> bool(np.allclose(views, 1))  # white stays white wherever it is cut
        True
    """
    images = np.asarray(images)
    contract.check_images(images.shape, images.dtype.kind == "f")
    views = draw_views(rng, len(images), crop, flip, blur, contrast)
    height, width = images.shape[2:]
    rows = _blurring(views.blur, height) @ _resampling(views.top, views.height, height)
    columns = _resampling(views.left, views.width, width)
    columns[views.mirrored] = columns[views.mirrored, ::-1]
    columns = _blurring(views.blur, width) @ columns
    rows, columns = (one.astype(images.dtype)[:, None] for one in (rows, columns))
    y = rows @ images @ columns.swapaxes(-1, -2)  # (batch, channels, height, width)
    if contrast:
        mean = y.mean(axis=(1, 2, 3), keepdims=True)
        y = np.clip(mean + views.contrast.astype(y.dtype)[:, None, None, None] * (y - mean), 0, 1)
    return y


def _resampling(start, extent, size):
    """Matrices that stretch the part from start over the whole axis, by linear interpolation. Shape (n, size, size)."""
    centres = (start[:, None] + (np.arange(size) + 0.5) / size * extent[:, None]) * size - 0.5
    distance = np.abs(np.clip(centres, 0, size - 1)[:, :, None] - np.arange(size))
    return np.maximum(1 - distance, 0)


def _blurring(sigma, size):
    """Matrices that blur along an axis; beyond the border the last pixel goes on. Shape (n, size, size)."""
    offsets = np.arange(-BLUR_RADIUS, BLUR_RADIUS + 1)
    weights = np.exp(-0.5 * (offsets / np.maximum(sigma, 1e-3)[:, None]) ** 2)
    weights /= weights.sum(axis=1, keepdims=True)
    at = np.clip(np.arange(size)[:, None] + offsets, 0, size - 1)  # where each pixel looks
    places = np.arange(size) == at[:, :, None]  # (size, offsets, size)
    return np.einsum("no,iop->nip", weights, places.astype(float))


class ProjectionHead(nn.Module):
    r"""g(h) = W_2 ReLU(W_1 h + b_1) + b_2: what the loss sees; afterwards it is thrown away and h is used.

    Args:    in_features: of h.
             hidden: width in between.
             out_features: of the result.
    Source:  Chen et al. (2020), section 2.1; slide "A simple framework for contrastive learning". Differs: none.

    Example:
        >>> ProjectionHead(8, 16, 4)(np.zeros((2, 8), np.float32)).shape
        (2, 4)
    """

    def __init__(self, in_features, hidden, out_features):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(in_features, hidden), nn.ReLU(), nn.Linear(hidden, out_features))

    def forward(self, h):
        """Shapes (batch, in_features) to (batch, out_features)."""
        return self.layers(h)
