r"""Weak and strong views in NumPy: one matrix an axis shifts or blurs, one lookup of four neighbours does the rest."""

import numpy as np

from mylib.few_labels.curriculum_labels import contract
from mylib.few_labels.curriculum_labels.views import draw_shifts, draw_strong, square_side


def weak_augment(images, rng):
    r"""omega: each image shifted by up to 2 of 28 pixels, the same share of another side; zeros come in.

    view[i, j] = image[i - down, j - right], in whole pixels, so that no edge gets softer; 0 outside of the image.

    Args:    images: floating point, in [0, 1]. Shape (batch, channels, height, width).
             rng: NumPy generator; it draws what `draw_shifts` says.
    Returns: new array of the same shape and type.
    Raises:  ValueError: another shape, or nothing. TypeError: integers.
    Source:  Sohn et al. (2020), section 2.3; slide "FixMatch". Differs: they flip besides; a mirrored 2 is no digit.

    Example:
        >>> image = np.zeros((1, 1, 14, 14))
        >>> image[0, 0, 5, 5] = 1
        >>> view = weak_augment(image, np.random.default_rng(0))
        >>> np.argwhere(view[0, 0]).tolist()  # 1 of 14 pixels at most, up or down, left or right
        [[6, 5]]
    """
    images = np.asarray(images)
    contract.check_weak(images.shape, images.dtype.kind == "f")
    height, width = images.shape[2:]
    shifts = draw_shifts(rng, len(images), height, width)
    rows, columns = (_shifting(*one).astype(images.dtype) for one in ((shifts.down, height), (shifts.right, width)))
    return rows[:, None] @ images @ columns[:, None].swapaxes(-1, -2)


def strong_augment(images, rng, operations=2, cutout=0.36):
    r"""Omega: a weak view, then some of five operations, drawn anew for each image, then one black square.

    The five: rotate by up to 30 degrees, shear by up to 0.3, zoom by e^-0.25 to e^0.25, contrast times 0.5 to 1.4,
    blur with a standard deviation of up to 1 pixel. The first three and the shift are one map of places,

    view(x) = image(A^-1 (x - m) + m - shift), A = zoom [[1, shear], [0, 1]] rotation, m the middle of the image,

    read by linear interpolation, 0 outside. Then y = G_rows view G_columns^T with rows of G proportional to
    exp(-(i - j)^2 / (2 blur^2)), and clip(y + (contrast - 1)(y - mean y), 0, 1).

    Args:    images: floating point, in [0, 1]. Shape (batch, channels, height, width).
             rng: NumPy generator; the first numbers are those of `weak_augment`, the others say `draw_strong`.
             operations: how many different ones of the five each image gets, 0 to 5.
             cutout: side of the square, as a share of the image's shorter side; 0: none.
    Returns: new array of the same shape and type.
    Raises:  ValueError: another shape, or nothing; numbers out of range. TypeError: integers.
    Source:  Sohn et al. (2020), section 2.3, after Cubuk et al. (2020) and DeVries and Taylor (2017); slide "FixMatch".
             Differs: five operations that suit grey digits, in one order; the square lies within the image; no flip.

    Example:
        >>> views = strong_augment(np.ones((2, 1, 28, 28)), np.random.default_rng(0), operations=0)
        >>> bool(((views == 0).sum(axis=(1, 2, 3)) >= 100).all())  # 0.36 of 28: a square of 10 x 10
        True
    """
    images = np.asarray(images)
    contract.check_strong(images.shape, images.dtype.kind == "f", operations, cutout)
    height, width = images.shape[2:]
    shifts = draw_shifts(rng, len(images), height, width)
    views = draw_strong(rng, len(images), height, width, operations, cutout)
    y = _looked_up(images, *_places(views, shifts, height, width))
    soft = np.flatnonzero(views.blur)  # two fifths of the images, as a rule
    rows, columns = (_blurring(views.blur[soft], side).astype(y.dtype)[:, None] for side in (height, width))
    y[soft] = rows @ y[soft] @ columns.swapaxes(-1, -2)
    stretch = (views.contrast - 1).astype(y.dtype)[:, None, None, None]
    y = np.clip(y + stretch * (y - y.mean(axis=(1, 2, 3), keepdims=True)), 0, 1)
    side = square_side(cutout, height, width)
    within = [
        (start[:, None] <= np.arange(size)) & (np.arange(size) < start[:, None] + side)
        for start, size in ((views.top, height), (views.left, width))
    ]
    return np.where(within[0][:, None, :, None] & within[1][:, None, None, :], y.dtype.type(0), y)


def _shifting(shift, size):
    """Matrices of zeros and ones that move an axis by whole pixels. Shape (n, size, size)."""
    return np.arange(size)[:, None] - shift[:, None, None] == np.arange(size)


def _places(views, shifts, height, width):
    """Where each pixel of a view looks, (row, column) in pixels of the image. Shapes (n, height, width)."""
    middle = (height - 1) / 2, (width - 1) / 2
    up, right = middle[0] - np.arange(height)[:, None], np.arange(width) - middle[1]  # from the middle, in the view
    turn, lean, size = (one[:, None, None] for one in (views.angle, views.shear, views.zoom))
    up, right = up / size, right / size
    right = right - lean * up
    cosine, sine = np.cos(turn), np.sin(turn)
    right, up = cosine * right + sine * up, cosine * up - sine * right
    return middle[0] - up - shifts.down[:, None, None], middle[1] + right - shifts.right[:, None, None]


def _looked_up(images, rows, columns):
    """Linear interpolation between four neighbours, 0 outside of the image. Shape (n, channels, height, width)."""
    count, channels, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))  # whoever looks outside finds the border of zeros
    rows, columns = np.clip(rows + 1, 0, height + 1), np.clip(columns + 1, 0, width + 1)
    above, before = np.minimum(rows.astype(int), height), np.minimum(columns.astype(int), width)
    down, right = ((rows - above).astype(images.dtype)[:, None], (columns - before).astype(images.dtype)[:, None])
    first = np.arange(count * channels).reshape(count, channels, 1, 1) * (height + 2) * (width + 2)
    at = first + (above * (width + 2) + before)[:, None]  # (n, channels, height, width)
    flat = padded.ravel()
    upper = flat[at] * (1 - right) + flat[at + 1] * right
    lower = flat[at + width + 2] * (1 - right) + flat[at + width + 3] * right
    return upper * (1 - down) + lower * down


def _blurring(sigma, size):
    """Matrices whose rows are Gaussians of sum 1 within the image, for sigma above 0. Shape (n, size, size)."""
    distance = np.arange(size)[:, None] - np.arange(size)
    weights = np.exp(-0.5 * (distance / np.maximum(sigma, 1e-3)[:, None, None]) ** 2)
    return weights / weights.sum(axis=-1, keepdims=True)
