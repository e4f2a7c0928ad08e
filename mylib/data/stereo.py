"""A stereo pair with measured depth."""

import functools
from typing import NamedTuple

import numpy as np

# Of the left camera, in pixels and metres, as scikit-image's documentation of the pair gives them.
FOCAL_LENGTH, BASELINE, OFFSET = 994.978, 0.193001, 31.086


class StereoPair(NamedTuple):
    """Two photographs of one scene from cameras side by side, rectified: what matches lies in the same row.

    Args:    left, right: float32 in [0, 1]. Shape (3, height, width).
             disparity: how many pixels further left the right image shows what the left one shows at a pixel; NaN where
                 it was not measured. Float32, shape (height, width).
             depth: distance from the cameras, metres; NaN where it was not measured. Float32, shape (height, width).
    """

    left: np.ndarray
    right: np.ndarray
    disparity: np.ndarray
    depth: np.ndarray


def stereo_pair(factor=1):
    """The motorcycle of the Middlebury benchmark: a real stereo pair and its depth, measured with structured light.

    Args:    factor: each block of factor x factor pixels becomes one; rows and columns left over are dropped.
    Returns: `StereoPair` of 500 x 741 pixels, divided by the factor.
    Raises:  ValueError: a factor below 1, or above 100.

    Example:
        >>> pair = stereo_pair(factor=4)
        >>> pair.left.shape, pair.disparity.shape
        ((3, 125, 185), (125, 185))

    Source:  Scharstein et al., "High-resolution stereo datasets with subpixel-accurate ground truth" (2014);
             scikit-image. Differs: depth z follows from disparity d by z = f B / (d + offset), with focal length f,
             baseline B and the distance of the two principal points as offset.
    """
    if not 1 <= factor <= 100:
        raise ValueError(f"stereo_pair: expected a factor from 1 to 100, got {factor}")
    left, right, disparity = _full_size()
    known = np.isfinite(disparity)
    share = _block_mean(known.astype(float)[None], factor)[0]
    total = _block_mean(np.where(known, disparity, 0)[None], factor)[0]
    mean = np.where(share >= 0.5, total / np.maximum(share, 1e-9), np.nan)  # of a block that is mostly known
    images = (_block_mean(image, factor).astype(np.float32) for image in (left, right))
    depth = FOCAL_LENGTH * BASELINE / (mean + OFFSET)
    return StereoPair(*images, (mean / factor).astype(np.float32), depth.astype(np.float32))


@functools.cache
def _full_size():
    import skimage

    left, right, disparity = skimage.data.stereo_motorcycle()
    return *(image.transpose(2, 0, 1) / 255 for image in (left, right)), disparity.astype(float)


def _block_mean(image, factor):
    channels, height, width = image.shape
    rows, columns = height // factor, width // factor
    cut = image[:, : rows * factor, : columns * factor]
    return cut.reshape(channels, rows, factor, columns, factor).mean(axis=(2, 4))
