"""Weak and strong views: the numbers that say how each image is changed, for both twins, so that both draw the same."""

from typing import NamedTuple

import numpy as np

FARTHEST_SHIFT = 2 / 28  # as a share of the side
WIDEST_ANGLE = 30.0  # degrees
STRONGEST_SHEAR = 0.3
STRONGEST_ZOOM = 0.25  # of the logarithm: from 78 to 128 % of the size
CONTRASTS = 0.5, 1.4
WIDEST_BLUR = 1.0  # standard deviation in pixels
KINDS = ("rotate", "shear", "zoom", "contrast", "blur")


class Shifts(NamedTuple):
    """Whole pixels for each image; positive ones move it down and to the right. Shapes (n,)."""

    down: np.ndarray
    right: np.ndarray


class StrongViews(NamedTuple):
    """One entry for each image; an operation that was not chosen has the number that changes nothing.

    Args:    angle: in radians, counter-clockwise as seen.
             shear: columns for each row further up.
             zoom: factor on the size.
             contrast: factor on the distance of each pixel from the image's mean.
             blur: standard deviation of the Gaussian in pixels.
             top, left: first row and column of the square that is blackened.
    """

    angle: np.ndarray
    shear: np.ndarray
    zoom: np.ndarray
    contrast: np.ndarray
    blur: np.ndarray
    top: np.ndarray
    left: np.ndarray


def draw_shifts(rng, count, height, width):
    """Every whole number of pixels up to 2 of 28, equally often.

    Args:    rng: NumPy generator.
             count: number of images.
             height, width: of an image.
    Returns: `Shifts`.
    """
    rows, columns = round(FARTHEST_SHIFT * height), round(FARTHEST_SHIFT * width)
    return Shifts(rng.integers(-rows, rows + 1, count), rng.integers(-columns, columns + 1, count))


def square_side(cutout, height, width):
    """Side of the blackened square in pixels: a share of the shorter side."""
    return round(cutout * min(height, width))


def draw_strong(rng, count, height, width, operations, cutout):
    """Draw strengths of all five operations, then which of them each image gets, then where its square lies.

    Args:    rng: NumPy generator.
             count: number of images.
             height, width: of an image.
             operations: how many different ones each image gets.
             cutout: side of the square, as a share of the image's.
    Returns: `StrongViews`.
    """
    strengths = (
        np.radians(rng.uniform(-WIDEST_ANGLE, WIDEST_ANGLE, count)),
        rng.uniform(-STRONGEST_SHEAR, STRONGEST_SHEAR, count),
        np.exp(rng.uniform(-STRONGEST_ZOOM, STRONGEST_ZOOM, count)),
        rng.uniform(*CONTRASTS, count),
        rng.uniform(0, WIDEST_BLUR, count),
    )
    ranks = rng.random((count, len(KINDS))).argsort(axis=1).argsort(axis=1)  # a random order of the five for each image
    nothing = 0.0, 0.0, 1.0, 1.0, 0.0
    kept = [np.where(ranks[:, k] < operations, strengths[k], nothing[k]) for k in range(len(KINDS))]
    side = square_side(cutout, height, width)
    return StrongViews(*kept, rng.integers(0, height - side + 1, count), rng.integers(0, width - side + 1, count))
