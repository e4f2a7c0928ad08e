"""Coloured digits: real handwritten digits with an ink of some hue, turned by quarter turns; three things to tell."""

from typing import NamedTuple

import numpy as np

from mylib.data.images import mnist

SIZES = (28, 14, 7)  # pixels: blocks of 1, 2 or 4 pixels of MNIST make one


class Coloured(NamedTuple):
    """Digits, and the three labels of each.

    Args:    images: float32 in [0, 1], black paper. Shape (n, 3, size, size).
             digits: which digit, 0 to 9. int64, shape (n,).
             hues: which ink; number h stands h / hues of a turn from red towards green. int64, shape (n,).
             turns: quarter turns counter-clockwise, 0 to 3. int64, shape (n,).
    """

    images: np.ndarray
    digits: np.ndarray
    hues: np.ndarray
    turns: np.ndarray


def coloured_digits(seed=0, size=14, hues=8, part="train"):
    r"""Every MNIST digit of a part once, in one of `hues` inks and one of four positions, both drawn evenly.

    Equation: channel $k$ (red, green, blue: 0, 1, 2) of ink $h$ is $(1 + \cos 2\pi(h / \text{hues} - k / 3)) / 2$: a
              circle about the grey axis, as large as the cube of colours allows. All inks have the same sum of
              channels, and a turn about the grey axis makes one of the other.

    It imitates a factor that some tasks need and others ignore (colour; which way is up): digit, hue and turn have
    nothing to do with each other. It leaves out shading, clutter, and colours that go with the object. A turned 0 or 8
    looks nearly as before, and a 6 becomes a 9: no one can tell all turns and digits.

    Args:    seed: of inks and turns; the division into parts is always `mnist`'s of seed 0.
             size: height and width, 28, 14 or 7 pixels.
             hues: number of inks, at least 1.
             part: "train" (4,000 digits) or "test" (1,000).
    Returns: `Coloured`.
    Raises:  ValueError: another part or size, or no hue.

    Example:
        >>> found = coloured_digits(part="test")
        >>> found.images.shape, int(found.hues.max()), int(found.turns.max())
        ((1000, 3, 14, 14), 7, 3)

    Source:  this course; digits of LeCun, Cortes, Burges, "The MNIST database of handwritten digits" (1998).
    """
    if part not in ("train", "test") or size not in SIZES or hues < 1:
        raise ValueError(
            f"coloured_digits: expected part 'train' or 'test', size of {SIZES} and hues of at least 1, got {part!r}, "
            f"{size} and {hues}; other sizes would need interpolation"
        )
    source = mnist(0)
    grey, digits = (
        (source.train_images, source.train_labels) if part == "train" else (source.test_images, source.test_labels)
    )
    rng = np.random.default_rng([seed, part == "test"])
    count, block = len(grey), grey.shape[-1] // size
    ink, turns = rng.integers(hues, size=count), rng.integers(4, size=count)
    small = grey.reshape(count, 1, size, block, size, block).mean(axis=(3, 5))
    images = small * inks(hues)[ink][:, :, None, None].astype(np.float32)
    for turn in (1, 2, 3):
        images[turns == turn] = np.rot90(images[turns == turn], turn, axes=(2, 3))
    return Coloured(images, digits, ink, turns)


def inks(hues):
    """Red, green and blue of each ink. Shape (hues, 3)."""
    return 0.5 + 0.5 * np.cos(2 * np.pi * (np.arange(hues)[:, None] / hues - np.arange(3) / 3))
