"""Corruptions of images in five severities: noise, blur, weather and digital, as benchmarks of robustness have them."""

import numpy as np
from scipy import ndimage

# What severity 1 to 5 means. Noise, brightness, contrast: ImageNet-C's own numbers (Hendrycks, Dietterich 2019).
# Lengths are shares of the shorter side, so that a severity means the same at 28 pixels as at 224.
SEVERITIES = {
    "gaussian_noise": (0.08, 0.12, 0.18, 0.26, 0.38),  # standard deviation
    "shot_noise": (60, 25, 12, 5, 3),  # photons that make white
    "impulse_noise": (0.03, 0.06, 0.09, 0.17, 0.27),  # share of values that become 0 or 1
    "blur": (0.02, 0.03, 0.04, 0.055, 0.07),  # standard deviation of the Gaussian
    "motion_blur": (0.1, 0.15, 0.2, 0.3, 0.4),  # length of the way
    "fog": (0.3, 0.5, 0.75, 1.0, 1.5),  # weight of the fog beside the image's 1
    "brightness": (0.1, 0.2, 0.3, 0.4, 0.5),  # added
    "contrast": (0.4, 0.3, 0.2, 0.1, 0.05),  # distance from the mean is multiplied by this
    "pixelate": (0.6, 0.5, 0.4, 0.3, 0.25),  # side of the small image, as a share
    "rotation": (10, 20, 30, 45, 60),  # degrees, to either side
}


def corrupt(images, kind, severity, seed=0):
    """Images as a worse camera, worse weather or worse storage would give them.

    It imitates the families of ImageNet-C (noise, blur, weather, digital) at any size, and leaves out its defocus and
    glass blur, snow, frost, elastic distortion and JPEG. With one seed, severities share their draws: each is the one
    before, only more.

    Args:    images: floats in [0, 1]. Shape (n, channels, height, width). Not changed.
             kind: one of gaussian_noise, shot_noise, impulse_noise, blur, motion_blur, fog, brightness, contrast,
                 pixelate, rotation.
             severity: 0 (a copy) to 5; `SEVERITIES` has what each means.
             seed: of the noise, the fog, and the directions.
    Returns: float32 in [0, 1], same shape.
    Raises:  ValueError: an unknown kind, a severity that is no whole number from 0 to 5, images of another layout or
                 outside [0, 1].

    Example:
        >>> brighter = corrupt(np.full((1, 1, 2, 2), 0.25, np.float32), "brightness", 2)
        >>> bool(np.allclose(brighter, 0.25 + 0.2))
        True

    Source:  Hendrycks, Dietterich, "Benchmarking neural network robustness to common corruptions and perturbations"
             (ICLR 2019).
    """
    images = _check(images, kind, severity)
    if severity == 0 or not images.size:
        return images.copy()
    made = _MAKERS[kind](images, SEVERITIES[kind][severity - 1], np.random.default_rng(seed))
    return np.clip(made, 0, 1).astype(np.float32)


def _check(images, kind, severity):
    if kind not in SEVERITIES:
        raise ValueError(f"corrupt: expected kind of {tuple(SEVERITIES)}, got {kind!r}")
    if isinstance(severity, bool) or severity not in range(6):
        raise ValueError(f"corrupt: expected severity of 0 (a copy), 1, 2, 3, 4, 5, got {severity!r}")
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype.kind != "f":
        raise ValueError(
            f"corrupt: expected images of shape (n, channels, height, width) as floats, got {images.shape} of "
            f"{images.dtype}; bytes are divided by 255, one image is given as image[None]"
        )
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(
            f"corrupt: expected values in [0, 1], got {images.min():.4g} to {images.max():.4g}; corrupt first, "
            "normalise afterwards"
        )
    return images.astype(np.float32)


def _gaussian_noise(x, deviation, rng):
    return x + deviation * rng.standard_normal(x.shape, dtype=np.float32)


def _shot_noise(x, photons, rng):
    return rng.poisson(x * photons) / photons


def _impulse_noise(x, share, rng):
    draw, white = rng.random(x.shape, dtype=np.float32), rng.random(x.shape) < 0.5
    return np.where(draw < share, white, x)


def _blur(x, share, rng):
    sigma = share * min(x.shape[2:])
    return ndimage.gaussian_filter(x, (0, 0, sigma, sigma), mode="nearest")


def _motion_blur(x, share, rng):
    """The mean of the image along a straight way; each image goes in a direction of its own.

    The way is the same from every pixel, so it is a kernel: one for each image, of bilinear weights, and the sum over
    it a product of Fourier transforms. The edge goes on.
    """
    angle = rng.uniform(0, np.pi, len(x))
    length = share * min(x.shape[2:])
    steps = np.linspace(-length / 2, length / 2, 2 * int(np.ceil(length)) + 1)
    reach = int(length / 2) + 1
    kernels, image = np.zeros((len(x), 2 * reach + 1, 2 * reach + 1)), np.arange(len(x))
    for step in steps:
        rows, columns = reach + step * np.sin(angle), reach + step * np.cos(angle)
        top, left = rows.astype(int), columns.astype(int)
        down, right = rows - top, columns - left
        for below, beside in np.ndindex(2, 2):
            weight = np.abs(1 - below - down) * np.abs(1 - beside - right)
            kernels[image, np.minimum(top + below, 2 * reach), np.minimum(left + beside, 2 * reach)] += weight
    padded = np.pad(x, ((0, 0), (0, 0), (reach, reach), (reach, reach)), mode="edge")
    size = padded.shape[2:]
    blurred = [
        np.fft.irfft2(np.fft.rfft2(some.astype(float)) * np.fft.rfft2(kernel, s=size)[:, None].conj(), s=size)
        for some, kernel in ((padded[a : a + 256], kernels[a : a + 256]) for a in range(0, len(x), 256))
    ]
    return np.concatenate(blurred)[:, :, : x.shape[2], : x.shape[3]] / len(steps)


def _fog(x, weight, rng):
    """A smooth field, the same for all channels, whose amplitude falls as 1 over the frequency."""
    height, width = x.shape[2:]
    frequency = np.hypot(np.fft.fftfreq(height)[:, None] * height, np.fft.rfftfreq(width) * width)
    noise = np.fft.rfft2(rng.standard_normal((len(x), 1, height, width)))
    field = np.fft.irfft2(noise / np.maximum(frequency, 1), s=(height, width))
    low, high = field.min(axis=(2, 3), keepdims=True), field.max(axis=(2, 3), keepdims=True)
    fog = (field - low) / np.maximum(high - low, 1e-12)
    return (x + weight * fog) / (1 + weight)


def _brightness(x, added, rng):
    return x + added


def _contrast(x, factor, rng):
    mean = x.mean(axis=(2, 3), keepdims=True)
    return mean + factor * (x - mean)


def _pixelate(x, share, rng):
    """Each value of the small image is the mean of what it covers; enlarged again, it stands there as a block."""
    small = [max(1, round(share * side)) for side in x.shape[2:]]
    rows, columns = (_overlaps(few, side) for few, side in zip(small, x.shape[2:], strict=True))
    means = rows @ x @ columns.T
    places = [(np.arange(side) + 0.5) * few // side for few, side in zip(small, x.shape[2:], strict=True)]
    return means[:, :, places[0].astype(int)[:, None], places[1].astype(int)]


def _rotation(x, degrees, rng):
    angle = np.deg2rad(degrees) * rng.choice([-1, 1], (len(x), 1, 1))
    height, width = x.shape[2:]
    rows, columns = np.mgrid[:height, :width] - np.array([height - 1, width - 1]).reshape(2, 1, 1) / 2
    return _sample(
        x,
        rows * np.cos(angle) + columns * np.sin(angle) + (height - 1) / 2,
        columns * np.cos(angle) - rows * np.sin(angle) + (width - 1) / 2,
    )


def _sample(x, rows, columns):
    """Bilinear values at places of their own for each image, shape (n, height, width); outside the edge goes on."""
    height, width = x.shape[2:]
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    bottom, beside = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    image = np.arange(len(x))[:, None, None]
    at = x.transpose(0, 2, 3, 1)  # channels last: one lookup finds all of them
    upper = at[image, top, left] * (1 - right) + at[image, top, beside] * right
    lower = at[image, bottom, left] * (1 - right) + at[image, bottom, beside] * right
    return (upper * (1 - down) + lower * down).transpose(0, 3, 1, 2)


def _overlaps(few, side):
    """Share that each of `side` cells has in each of `few` equal parts of the same length. Shape (few, side)."""
    edges = np.linspace(0, side, few + 1)
    cells = np.arange(side)
    covered = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    return (covered.clip(0) * few / side).astype(np.float32)


_MAKERS = {
    "gaussian_noise": _gaussian_noise,
    "shot_noise": _shot_noise,
    "impulse_noise": _impulse_noise,
    "blur": _blur,
    "motion_blur": _motion_blur,
    "fog": _fog,
    "brightness": _brightness,
    "contrast": _contrast,
    "pixelate": _pixelate,
    "rotation": _rotation,
}
