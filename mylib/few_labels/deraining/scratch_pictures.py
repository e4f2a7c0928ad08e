r"""Losses and measures of pictures in NumPy: smooth L1, fixed edge filters, PSNR and SSIM."""

import numpy as np

from mylib.engine import abs, as_tensor, clip, concatenate, conv2d, mean_pool2d, mse_loss, relu
from mylib.few_labels.deraining import contract

ACROSS = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 4  # Sobel: 1 at a step of height 1
POINT = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]) / 4  # Laplace
FILTERS = np.stack([sign * one for one in (ACROSS, ACROSS.T, POINT) for sign in (1, -1)])[:, None]
DEVIATION = 1.5  # of the window of `ssim`, pixels


def supervised_loss(prediction, target, features=None, weight=0.04):
    r"""L_sup = mean s(y - t) + lambda_p mean (Phi(y) - Phi(t))^2, with s(r) = r^2 / 2 for |r| < 1, else |r| - 1/2.

    With m = min(|r|, 1), s = m (|r| - m / 2). For pictures in [0, 1] it is half the squared error: its minimum is the
    mean of what a pixel may be, that of |r| the median, and in thin rain the median is the rainy pixel itself.

    Args:    prediction: y. Any shape.
             target: t. Same shape.
             features: Phi, function of images, such as `edge_features`; None leaves the second term out.
             weight: lambda_p.
    Returns: Tensor, a number.
    Raises:  ValueError: shapes differ, or a weight below 0.
    Source:  Yasarla et al. (2020): the slide has the absolute error, the authors' code the smooth one.
             Differs: features are given, the paper's are VGG-16's.

    Example:
        >>> supervised_loss([0.5, 3.0], [0.0, 0.0]).item()  # (0.125 + 2.5) / 2
        1.3125
    """
    prediction, target = as_tensor(prediction), as_tensor(target)
    contract.check_supervised(prediction.shape, target.shape, weight)
    distance = abs(prediction - target)
    short = clip(distance, None, 1)
    loss = (short * (distance - short / 2)).mean()
    return loss if features is None else loss + weight * mse_loss(features(prediction), features(target))


def edge_features(images):
    r"""Phi: where pictures have edges and points, brighter or darker than beside them, at full and at half size.

    Two Sobel filters and one Laplace filter, each with both signs, on every channel; then max(0, .). A step of height 1
    gives 1. Pictures at half size are means of 2 x 2 pixels. No border is added.

    Args:    images: Shape (n, channels, height, width).
    Returns: Tensor. Shape (n, features): channel by channel and filter by filter, full size, then half size.
    Raises:  ValueError: images with a side under 6 pixels.
    Source:  Sobel, Feldman (1968); stands for the first layers of VGG, which cannot be shipped.
             Differs: fixed filters, none learned.

    Example:
        >>> edge_features(np.ones((2, 3, 8, 8))).shape  # 3 channels, 6 filters, 6 x 6 and 2 x 2 places
        (2, 720)
    """
    images = as_tensor(images)
    contract.check_features(images.shape)
    filters = FILTERS.astype(images.dtype)
    found = []
    for scale in (images, mean_pool2d(images, 2)):
        single = scale.reshape(-1, 1, *scale.shape[2:])  # (n channels, 1, height, width)
        found.append(relu(conv2d(single, filters)).reshape(len(images), -1))
    return concatenate(found, axis=1)


def psnr(x, y, data_range=1.0):
    r"""PSNR = 10 log10(R^2 / mean (x - y)^2), in decibels, for each picture: 3 dB more is half the squared error.

    Args:    x, y: pictures. Shape (n, ...).
             data_range: R, the distance from the darkest to the lightest value.
    Returns: float64 array. Shape (n,); infinite where two pictures are the same.
    Raises:  ValueError: shapes differ, no axis for the pictures, or a range that is not above 0.
    Source:  elementary. Differs: none.

    Example:
        >>> psnr([[0.5, 0.5], [1.0, 0.0]], [[0.4, 0.6], [1.0, 0.0]]).round(6).tolist()
        [20.0, inf]
    """
    x, y = _pair(x, y)
    contract.check_psnr(x.shape, y.shape, data_range)
    apart = (x - y).reshape(len(x), -1)
    error = np.square(apart, out=apart).mean(axis=1, dtype=float)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range**2 / error)


def ssim(x, y, data_range=1.0):
    r"""Structural similarity: are means, contrasts and patterns of two pictures alike, window by window?

    SSIM = (2 m_x m_y + c1) (2 s_xy + c2) / ((m_x^2 + m_y^2 + c1) (s_x^2 + s_y^2 + c2)), with means, variances and
    covariance under a Gaussian of deviation 1.5 pixels and radius 5; c1 = (0.01 R)^2, c2 = (0.03 R)^2. The mean over
    all windows that lie inside, and over channels; 1 for the same picture.

    Args:    x, y: pictures. Shape (n, channels, height, width).
             data_range: R.
    Returns: float64 array. Shape (n,).
    Raises:  ValueError: shapes differ, a side under 11 pixels, or a range that is not above 0.
    Source:  Wang, Bovik, Sheikh, Simoncelli (2004). Differs: none.

    Example:
        >>> ssim(np.full((1, 1, 11, 11), 0.5), np.full((1, 1, 11, 11), 0.7)).round(6).tolist()
        [0.945953]
    """
    x, y = (one.astype(float) for one in _pair(x, y))
    contract.check_ssim(x.shape, y.shape, data_range)
    down, right = (_window_rows(side) for side in x.shape[2:])
    mean_x, mean_y, xx, yy, xy = (down @ one @ right.T for one in (x, y, x * x, y * y, x * y))
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    brightness = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    spread = xx - mean_x**2 + yy - mean_y**2
    return (brightness * (2 * (xy - mean_x * mean_y) + c2) / (spread + c2)).mean(axis=(1, 2, 3))


def _pair(x, y):
    """Arrays of one type that has a fraction: float32, or float64."""
    x, y = (np.asarray(one.data if hasattr(one, "requires_grad") else one) for one in (x, y))
    kind = np.result_type(x, y, np.float32)
    return x.astype(kind, copy=False), y.astype(kind, copy=False)


def _window_rows(side):
    """A matrix that takes the Gaussian mean of 11 pixels around each that has them. (side - 10, side)."""
    offset = np.arange(side) - np.arange(side - contract.WINDOW + 1)[:, None] - contract.WINDOW // 2
    weights = np.exp(-0.5 * (offset / DEVIATION) ** 2) * (np.abs(offset) <= contract.WINDOW // 2)
    return weights / weights.sum(axis=1, keepdims=True)
