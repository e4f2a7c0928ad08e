"""Digits blended with photographs: real strokes as the difference to a real background, in colour."""

import functools
from typing import NamedTuple

import numpy as np

from mylib.data.images import mnist, photograph

PHOTOGRAPHS = ("astronaut", "cat", "coffee", "rocket", "immunohistochemistry")
HEIGHT = 160  # pixels of each photograph: a window of 28 then shows an eye or a cup's rim, and no plain surface only


class Photographed(NamedTuple):
    """Digits on photographs.

    Args:    images: float32 in [0, 1]. Shape (n, 3, 28, 28).
             labels: which digit, 0 to 9. int64, shape (n,).
    """

    images: np.ndarray
    labels: np.ndarray


def digits_on_photographs(seed=0, part="train", test_fraction=0.5):
    r"""Every MNIST digit of a part once, blended with a window of a photograph: $|\text{window} - \text{digit}|$.

    Equation: pixel by pixel and channel by channel; the digit's ink $d$ in [0, 1] is the same in red, green and blue.
              Where there is no ink the photograph stays, where there is, it turns to its negative.

    Row i shows the digit of row i of `mnist(seed, test_fraction)`. Windows lie anywhere in one of five colour
    photographs, half of them are mirrored. Both parts use the same photographs, so that nothing but chance differs
    between them; a window says nothing of the digit. It imitates digits in colour before clutter, as MNIST-M and,
    further away, house numbers (SVHN) have them. It leaves out perspective, printed fonts, neighbouring digits, and the
    variety of many photographs.

    Args:    seed: of the division of the digits, and of the windows.
             part: "train" or "test".
             test_fraction: share of the digits in the test part.
    Returns: `Photographed`; 2,500 images in either part by default.
    Raises:  ValueError: another part, or a share outside (0, 1).

    Example:
        >>> images, labels = digits_on_photographs(part="test", test_fraction=0.1)
        >>> images.shape, labels.shape
        ((500, 3, 28, 28), (500,))

    Source:  Ganin, Lempitsky, "Unsupervised domain adaptation by backpropagation" (2015), MNIST-M; digits of LeCun et
             al. (1998). Differs: five photographs of scikit-image for the two hundred of BSDS500.
    """
    if part not in ("train", "test"):
        raise ValueError(f"digits_on_photographs: expected part 'train' or 'test', got {part!r}")
    source = mnist(seed, test_fraction)
    digits, labels = getattr(source, f"{part}_images"), getattr(source, f"{part}_labels")
    windows = _windows(np.random.default_rng([seed, part == "test"]), len(digits), digits.shape[-1])
    return Photographed(np.abs(windows - digits), labels)


def _windows(rng, count, size):
    """Windows anywhere in the photographs. Shape (count, 3, size, size)."""
    pixels, starts, widths = _photographs()
    which = rng.integers(len(widths), size=count)
    top = rng.integers(HEIGHT - size + 1, size=count)
    left = rng.integers(widths[which] - size + 1)
    rows, columns = top[:, None] + np.arange(size), left[:, None] + np.arange(size)  # (count, size)
    mirrored = rng.random(count) < 0.5
    columns[mirrored] = columns[mirrored, ::-1]
    places = starts[which, None, None] + rows[:, :, None] * widths[which, None, None] + columns[:, None]
    return np.ascontiguousarray(pixels[:, places].swapaxes(0, 1))


@functools.cache
def _photographs():
    """All of them, row by row in one array (3, pixels), so that one lookup cuts every window; starts and widths."""
    found = [photograph(name, height=HEIGHT) for name in PHOTOGRAPHS]
    widths = np.array([picture.shape[2] for picture in found])
    pixels = np.concatenate([picture.reshape(3, -1) for picture in found], axis=1)
    return pixels, HEIGHT * np.cumsum([0, *widths[:-1]]), widths
