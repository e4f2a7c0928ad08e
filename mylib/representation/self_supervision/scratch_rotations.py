"""Quarter turns of images, and the labels that they give, in NumPy."""

import numpy as np

from mylib import engine
from mylib.representation.self_supervision import contract


def rotate90(images, quarter_turns):
    r"""Turn images counter-clockwise by quarter turns: rows and columns change places, and one axis is flipped.

    y[i, j] = x[j, width - 1 - i] for one turn, x[height - 1 - i, width - 1 - j] for two and
    x[height - 1 - j, i] for three. No pixel is interpolated, so that turning leaves no traces to tell it by.

    Args:    images: x. Shape (..., height, width); Tensor or array.
             quarter_turns: an integer of any sign, modulo 4, for all images; or one for each, of shape (batch,).
    Returns: new images, of the type that came in. Shape (..., height, width), or (..., width, height) after an odd
             turn of all.
    Raises:  ValueError: shapes that do not fit, or images that are no squares with an odd turn of their own.
             TypeError: integer images, or turns that are no integers.
    Source:  Gidaris, Singh, Komodakis (2018), section 3.1; slide "Self-supervised learning example". Differs: none.

    Example:
        >>> rotate90([[1.0, 2.0], [3.0, 4.0]], 1).tolist()
        [[2.0, 4.0], [1.0, 3.0]]
    """
    images = images if isinstance(images, engine.Tensor) else np.asarray(images)
    turns = np.asarray(quarter_turns)
    contract.check_floating("rotate90", images.dtype)
    contract.check_turns(images.shape, turns.shape, turns.dtype, bool((turns % 2).any()))
    if not turns.shape:
        return _turned(images, int(turns) % 4)
    stack = engine.stack if isinstance(images, engine.Tensor) else np.stack
    # All turns of all images, then one of each; images that are no squares only have the even ones.
    step = 1 if images.shape[-1] == images.shape[-2] else 2
    versions = stack([_turned(images, turn) for turn in range(0, 4, step)])  # (turns, batch, ..., height, width)
    return versions[turns % 4 // step, np.arange(len(turns))]


def _turned(images, turn):
    """All images by the same number of quarter turns, 0 to 3."""
    if turn % 2:
        images = images.swapaxes(-1, -2)
    rows = slice(None, None, -1 if turn in (1, 2) else 1)
    columns = slice(None, None, -1 if turn in (2, 3) else 1)
    turned = images[..., rows, columns]
    return turned if isinstance(turned, engine.Tensor) else np.array(turned, order="C")
