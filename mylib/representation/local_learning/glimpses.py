"""Glimpses of an eye that rests or jumps: drawn in NumPy for both twins, so that both see the same."""

from typing import NamedTuple

import numpy as np

from mylib.representation.local_learning import contract


class Glimpses(NamedTuple):
    """Pairs of windows: what was seen a moment ago, and what is seen now.

    Args:    before: earlier windows. Shape (count, channels, window, window).
             now: present windows. Shape (count, channels, window, window); of synchronous ones (2 count, ...), all
                 fixations and then all saccades, row i and row count + i for the earlier window i.
             y: +1.0 where the eye stayed on the image, -1.0 where it jumped to another one; one for each of `now`.
             scenes_before, scenes: numbers of the images. int64, one for each of `before` and of `now`.
             places_before, places: top and left of each window in its image, pixels. Shape (..., 2).
    """

    before: np.ndarray
    now: np.ndarray
    y: np.ndarray
    scenes_before: np.ndarray
    scenes: np.ndarray
    places_before: np.ndarray
    places: np.ndarray


def draw_glimpses(images, rng, count, window=12, drift=4, synchronous=False):
    r"""Let an eye rest (+1) or jump (-1) `count` times, each with probability 1/2, and cut out what it sees.

    The earlier window lies anywhere on an image drawn at random. After a fixation the window lies on the same image, at
    most `drift` pixels higher or lower and at most `drift` to the left or right, evenly among the places inside the
    image. After a saccade it lies anywhere on another image, evenly drawn.

    Args:    images: list of at least two arrays (channels, height, width), of any sizes.
             rng: NumPy generator.
             count: number of earlier windows.
             window: side of a window, pixels.
             drift: how far the eye moves during a fixation, pixels, 0 or more.
             synchronous: a fixation *and* a saccade for every earlier window.
    Returns: `Glimpses`; windows and y have the images' type.
    Raises:  ValueError: fewer than two images, an image smaller than the window, other channels, or numbers out of
                 range.
             TypeError: images that are not of floating point.
    Source:  Illing et al. (2021) and slide "Idea & model". Differs: the paper's eye moves over a grid of
             patches of an image; here it moves pixel by pixel.

    Example:
        >>> images = [np.zeros((1, 20, 30)), np.ones((1, 16, 16))]
        >>> glimpses = draw_glimpses(images, np.random.default_rng(0), count=5)
        >>> glimpses.now.shape, bool(((glimpses.now == glimpses.before).all(axis=(1, 2, 3)) == (glimpses.y > 0)).all())
        ((5, 1, 12, 12), True)
    """
    images = [np.asarray(image) for image in images]
    contract.check_glimpses([image.shape for image in images], count, window, drift)
    for image in images:
        contract.check_floating("draw_glimpses", image.dtype, "images")
    room = np.array([image.shape[1:] for image in images]) - window  # the last place of a window
    first = rng.integers(len(images), size=count)
    start = _evenly(rng, np.zeros_like(room[first]), room[first])
    near = _evenly(rng, np.maximum(start - drift, 0), np.minimum(start + drift, room[first]))
    second = (first + rng.integers(1, len(images), size=count)) % len(images)  # never the same image
    far = _evenly(rng, np.zeros_like(room[second]), room[second])
    stays = rng.random(count) < 0.5
    if synchronous:
        scenes, places = np.concatenate([first, second]), np.concatenate([near, far])
        stays = np.arange(2 * count) < count
    else:
        scenes, places = np.where(stays, first, second), np.where(stays[:, None], near, far)
    before, now = (_cut(images, *where, window) for where in ((first, start), (scenes, places)))
    y = np.where(stays, 1, -1).astype(before.dtype)
    return Glimpses(before, now, y, first, scenes, start, places)


def standardise(windows):
    r"""(x - mean) / deviation for each window by itself: brightness and contrast shall not give the image away.

    Args:    windows: Shape (..., channels, height, width).
    Returns: as large; a window of a single grey becomes 0.
    Raises:  TypeError: windows that are not of floating point.
    Source:  elementary. Differs: none.

    Example:
        >>> standardise(np.array([[[1.0, 3.0]]])).tolist()
        [[[-1.0, 1.0]]]
    """
    windows = np.asarray(windows)
    contract.check_floating("standardise", windows.dtype, "windows")
    axes = (-3, -2, -1)
    centred = windows - windows.mean(axis=axes, keepdims=True)
    deviation = np.sqrt((centred * centred).mean(axis=axes, keepdims=True))
    # Below a millionth the rest is rounding of one grey.
    return centred / np.where(deviation > 1e-6, deviation, np.inf)


def _evenly(rng, low, high):
    """Whole numbers from low to high, both included."""
    return low + np.floor(rng.random(low.shape) * (high - low + 1)).astype(np.int64)


def _cut(images, scenes, places, window):
    """Windows at their places: a loop over images, not over windows."""
    kind = np.result_type(*images)
    cut = np.empty((len(scenes), len(images[0]), window, window), kind)
    for number, image in enumerate(images):
        chosen = np.flatnonzero(scenes == number)
        views = np.lib.stride_tricks.sliding_window_view(image, (window, window), axis=(1, 2))
        top, left = places[chosen].T
        cut[chosen] = views[:, top, left].swapaxes(0, 1)
    return cut
