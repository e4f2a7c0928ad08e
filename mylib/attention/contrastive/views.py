"""Random views: the numbers that say how each image is changed, for both twins, so that both draw the same."""

from typing import NamedTuple

import numpy as np

SMALLEST_AREA = 0.4  # of a crop, as a share of the image: below it half a 7 is a 1
ASPECTS = 3 / 4, 4 / 3
WIDEST_BLUR = 1.0  # standard deviation in pixels
BLUR_RADIUS = 2  # pixels on each side that a blur looks at
STRONGEST_CONTRAST = 0.6  # factors from 1 - 0.6 to 1 + 0.6


class Views(NamedTuple):
    """One entry for each image.

    Args:    top, left: of the crop, as shares of height and width.
             height, width: of the crop, as shares.
             mirrored: whether left and right are exchanged.
             blur: standard deviation of the Gaussian in pixels; 0 leaves the image sharp.
             contrast: factor on the distance of each pixel from the image's mean.
    """

    top: np.ndarray
    left: np.ndarray
    height: np.ndarray
    width: np.ndarray
    mirrored: np.ndarray
    blur: np.ndarray
    contrast: np.ndarray


def draw_views(rng, count, crop=True, flip=False, blur=True, contrast=True):
    """Draw them; what is switched off draws nothing.

    Args:    rng: NumPy generator.
             count: number of images.
             crop: a part of 40 to 100 % of the area, 3:4 to 4:3, brought back to full size.
             flip: mirror half of the images.
             blur: blur half of the images, with a standard deviation of 0.1 to 1 pixel.
             contrast: a factor of 0.4 to 1.6.
    Returns: `Views`.
    """
    height = width = np.ones(count)
    top = left = np.zeros(count)
    if crop:
        area = rng.uniform(SMALLEST_AREA, 1, count)
        aspect = np.exp(rng.uniform(*np.log(ASPECTS), count))
        height, width = np.minimum(np.sqrt(area / aspect), 1), np.minimum(np.sqrt(area * aspect), 1)
        top, left = rng.uniform(size=count) * (1 - height), rng.uniform(size=count) * (1 - width)
    mirrored = rng.uniform(size=count) < 0.5 if flip else np.zeros(count, bool)
    sigma = rng.uniform(0.1, WIDEST_BLUR, count) * (rng.uniform(size=count) < 0.5) if blur else np.zeros(count)
    spread = STRONGEST_CONTRAST if contrast else 0.0
    factor = rng.uniform(1 - spread, 1 + spread, count) if contrast else np.ones(count)
    return Views(top, left, height, width, mirrored, sigma, factor)
