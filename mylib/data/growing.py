"""Digits that grow: handwritten individuals of several kinds whose strokes thicken with their age."""

import colorsys
from typing import NamedTuple

import numpy as np

from mylib.data.images import mnist

AGES = 16, 77  # years, the first and the last
THINNEST, THICKEST = 0.9, 3.6  # half the width of a stroke at these ages, pixels of a 28 x 28 digit
OFFSET = 0.12  # standard deviation of an individual's own half width, pixels
TINT = 0.03  # of the colours of an individual
NOISE = 0.02  # of a pixel


class Growing(NamedTuple):
    """Pictures of digits of some age.

    Args:    images: float32 in [0, 1]. Shape (n, 3, size, size).
             ages: whole years from 16 to 77. int64, shape (n,).
             kinds: which law and which colours, from 0. int64, shape (n,).
             digits: what is written, 0 to 9. int64, shape (n,).
    """

    images: np.ndarray
    ages: np.ndarray
    kinds: np.ndarray
    digits: np.ndarray


def growing_digits(seed=0, count=2000, kinds=2, size=16, part="train"):
    r"""Handwritten digits with an age: the older, the thicker their strokes.

    An individual is a real digit, thinned to the middle line of its strokes and drawn again: what is nearer to the line
    than the half width $r$ is ink, and a pixel on the edge is partly so. $r = 0.9 + 2.7 \, u^{p} + e$ pixels of a 28 x
    28 digit, with $u$ the share of the way from 16 to 77 years and $e$ the individual's own, of standard deviation
    0.12. Each kind has its exponent $p$, from 1/2 (thickens fast, then slowly) to 2 (the reverse), and its own colours
    of paper and ink, from which individuals differ a little.

    It imitates faces in one respect: groups look different and age by different laws, and nobody exactly by the law. It
    leaves out all that is a face, and all other marks of age. Nothing measured here says anything about people.

    Args:    seed: of the individuals, their ages and kinds.
             count: number of pictures.
             kinds: number of kinds, which are equally frequent but for chance.
             size: height and width, pixels.
             part: "train" or "test": other individuals, the same kinds.
    Returns: `Growing`, in random order.
    Raises:  ValueError: a count or a number of kinds below 1, a size below 8, or an unknown part.

    Example:
        >>> some = growing_digits(count=5, size=16)
        >>> some.images.shape, bool((some.ages >= 16).all() and (some.ages <= 77).all())
        ((5, 3, 16, 16), True)

    Source:  this course; digits of LeCun et al. (1998). Differs: none.
    """
    if min(count, kinds) < 1 or size < 8 or part not in ("train", "test"):
        raise ValueError(
            "growing_digits: expected count and kinds of at least 1, size of at least 8 and part 'train' or 'test', "
            f"got {count}, {kinds}, {size} and {part!r}"
        )
    rng = np.random.default_rng([seed, part == "test"])
    source = mnist(seed=seed)
    images, labels = getattr(source, f"{part}_images"), getattr(source, f"{part}_labels")
    passes = [rng.permutation(len(images)) for _ in range(-(-count // len(images)))]
    chosen = np.concatenate(passes)[:count]  # more pictures than digits: some are seen again, at another age
    ages, kind = rng.integers(AGES[0], AGES[1] + 1, count), rng.integers(0, kinds, count)
    grown = ((ages - AGES[0]) / (AGES[1] - AGES[0])) ** _exponents(kinds)[kind]
    radius = THINNEST + (THICKEST - THINNEST) * grown + rng.normal(0, OFFSET, count)
    individuals, which = np.unique(chosen, return_inverse=True)
    ink = np.clip(radius[:, None, None] + 0.5 - _to_line(images[individuals, 0])[which], 0, 1)
    shrink = _shares(ink.shape[1], size)
    ink = (shrink @ ink @ shrink.T)[:, None]
    paper, pen = (
        colour[kind] + rng.normal(0, TINT, (count, 3)) for colour in map(np.array, zip(*_colours(kinds), strict=True))
    )
    pictures = paper[:, :, None, None] * (1 - ink) + pen[:, :, None, None] * ink
    pictures += rng.normal(0, NOISE, pictures.shape)
    return Growing(np.clip(pictures, 0, 1).astype(np.float32), ages, kind, labels[chosen])


def stroke_thickness(images):
    r"""How thick the strokes of handwriting are: twice the mean distance to the paper along their middle line.

    Args:    images: light ink on dark paper; above 0.5 is ink. Shape (n, 1, height, width).
    Returns: pixels; 0 where there is no ink. float64, shape (n,).
    Raises:  ValueError: another number of axes or channels.

    Example:
        >>> bar = np.zeros((1, 1, 9, 20))
        >>> bar[:, :, 3:6, 2:18] = 1
        >>> stroke_thickness(bar).round(1).tolist()  # 4 along the middle, less at both ends
        [3.7]

    Source:  elementary; the middle line of Zhang and Suen (1984). Differs: none.
    """
    from scipy.ndimage import distance_transform_edt
    from skimage.morphology import skeletonize

    images = np.asarray(images)
    if images.ndim != 4 or images.shape[1] != 1:
        raise ValueError(
            f"stroke_thickness: expected images (n, 1, height, width), got {images.shape}; take one channel"
        )
    widths = []
    for ink in images[:, 0] > 0.5:
        inside = distance_transform_edt(np.pad(ink, 1))[1:-1, 1:-1]
        line = skeletonize(ink)
        widths.append(2 * inside[line].mean() if line.any() else 0.0)
    return np.array(widths, dtype=np.float64)


def _to_line(images):
    """Distance of each pixel to the middle line of the digit's strokes, pixels; far away where there is no ink."""
    from scipy.ndimage import distance_transform_edt
    from skimage.morphology import skeletonize

    return np.stack([distance_transform_edt(~skeletonize(image > 0.5)) for image in images]).astype(np.float32)


def _shares(before, after):
    """Which share of each of `after` pixels lies in each of `before` ones. Shape (after, before); rows sum to 1."""
    edges = np.linspace(0, before, after + 1)
    left, right = edges[:-1, None], edges[1:, None]
    cells = np.arange(before)
    return np.clip(np.minimum(right, cells + 1) - np.maximum(left, cells), 0, None) * after / before


def _exponents(kinds):
    """Of each kind's law of growth: 1/2 to 2, a factor from each to the next; 1 for a single kind."""
    return 2.0 ** np.linspace(-1, 1, kinds) if kinds > 1 else np.ones(1)


def _colours(kinds):
    """Paper and ink of each kind: light and dark, of hues that lie as far apart as they can."""
    hues = 0.1 + np.arange(kinds) / kinds
    return [(colorsys.hsv_to_rgb(hue % 1, 0.35, 0.95), colorsys.hsv_to_rgb((hue + 0.5) % 1, 0.6, 0.35)) for hue in hues]
