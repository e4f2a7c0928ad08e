"""Where squares are hidden: drawn once for both twins, so that both hide the same."""

import numpy as np


def draw_squares(rng, count, height, width, size):
    """A square wholly inside each image, every place as likely as any other: its first rows, then its first columns.

    Args:    rng: NumPy generator.
             count: number of images.
             height, width: of the images, pixels.
             size: of the squares, pixels, at most the smaller of both.
    Returns: whether each pixel is hidden. Boolean, shape (count, 1, height, width).

    Example:
        >>> draw_squares(np.random.default_rng(0), 4, 5, 6, 2).sum(axis=(1, 2, 3)).tolist()
        [4, 4, 4, 4]
    """
    top, left = (rng.integers(0, length - size + 1, count)[:, None] for length in (height, width))
    rows, columns = np.arange(height) - top, np.arange(width) - left
    down, across = (rows >= 0) & (rows < size), (columns >= 0) & (columns < size)
    return (down[:, :, None] & across[:, None])[:, None]
