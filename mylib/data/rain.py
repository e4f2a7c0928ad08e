"""Photographs in the rain, each with its clean picture: one renderer for labels, another that stands for real rain."""

import functools
from typing import NamedTuple

import numpy as np

from mylib.data.images import photograph

# Rain of the test part falls on photographs that no picture to learn from shows.
PHOTOGRAPHS = {"train": ("astronaut", "cat", "coffee"), "test": ("rocket", "camera", "brick")}
RAINS = ("streaks", "storm")
LINES = {"dense": 26, "sparse": 7}  # a picture has on average, whatever its size
HEIGHT = 3  # a photograph is this many pictures high before one is cut out of it
SMALLEST = 16  # pixels; below, a line is no line


class _Draws(NamedTuple):
    """All that chance decides, in the same order for both renderers: gap 0 is therefore the same rain."""

    tilt: np.ndarray  # (n,) angle of a picture's rain from the vertical, radians
    lines: np.ndarray  # (n,) number of lines
    places: np.ndarray  # (n, most, 2) middle of each line, in sides
    length: np.ndarray  # (n, most) in sides
    light: np.ndarray  # (n, most) what a line adds
    near: np.ndarray  # (n, most) 0 far away, 1 at the lens; of the storm alone, as all below
    sway: np.ndarray  # (n, most) a line's own angle beside the picture's, radians
    haze: np.ndarray  # (n,) optical depth at the horizon
    drops: np.ndarray  # (n, 3, 3) row, column and radius of drops on the lens, in sides


def rainy_photographs(seed=0, count=96, size=32, rain="streaks", density="dense", gap=1.0, part="train"):
    r"""Pairs of a photograph in the rain and the same photograph without it.

    "streaks" is the rain that is easily made with its label: thin straight lines, one angle a picture, added to it.
    "storm" stands for real rain, from which a network that has seen streaks alone is kept away by a domain gap: lines
    at several depths (near ones wide, long, soft and bright), each with an angle of its own, blended so that white
    saturates, 1 - (1 - x)(1 - r), haze that grows with depth (higher in the picture is farther away), drops on
    the lens. It leaves out real drops that bend what is behind them, motion from frame to frame, and what a camera
    does to the light. That its clean pictures are known is for the judge: a method that learns without labels must
    not look at them.

    Args:    seed: of everything that is drawn. With one seed both rains and both densities fall on the same pictures.
             count: number of pictures.
             size: height and width, pixels, 16 or more.
             rain: "streaks" or "storm".
             density: "dense" (26 lines a picture on average) or "sparse" (7).
             gap: how far "storm" has gone from "streaks", which it equals at 0, to its full difference at 1; of
                 "storm" alone.
             part: "train" (crops of astronaut, cat, coffee) or "test" (rocket, camera, brick).
    Returns: rainy and clean, float32 in [0, 1], each of shape (count, 3, size, size).
    Raises:  ValueError: an unknown rain, density or part, a gap outside [0, 1], no picture, or one of under 16 pixels.

    Example:
        >>> rainy, clean = rainy_photographs(count=2)
        >>> rainy.shape, bool((rainy >= clean).all())
        ((2, 3, 32, 32), True)

    Source:  this course, after the two kinds of rain of Yasarla, Sindagi, Patel, "Syn2Real transfer learning for
             image deraining" (2020); photographs of scikit-image.
    """
    _check(count, size, rain, density, gap, part)
    rng = np.random.default_rng([seed, part == "test"])
    clean = _crops(rng, count, size, part)
    draws = _draw(rng, count, density)
    gap = gap if rain == "storm" else 0.0
    light = _fallen(draws, size, gap)[:, None]
    behind = _veiled(clean, draws, gap)
    added, screened = behind + light, 1 - (1 - behind) * (1 - np.minimum(light, 1))
    rainy = _on_the_lens((1 - gap) * added + gap * screened, draws, gap)
    return np.clip(rainy, 0, 1).astype(np.float32), clean.astype(np.float32)


def _check(count, size, rain, density, gap, part):
    for name, value, allowed in (("rain", rain, RAINS), ("density", density, LINES), ("part", part, PHOTOGRAPHS)):
        if value not in tuple(allowed):
            raise ValueError(f"rainy_photographs: expected {name} of {tuple(allowed)}, got {value!r}")
    if count < 1 or size < SMALLEST:
        raise ValueError(
            f"rainy_photographs: expected count of at least 1 and size of at least {SMALLEST}, got {count} and {size}"
        )
    if not 0 <= gap <= 1:
        raise ValueError(f"rainy_photographs: expected gap from 0 to 1, got {gap}; 0 is streaks, 1 the whole storm")


def _crops(rng, count, size, part):
    """Windows of the photographs, half of them mirrored. (count, 3, size, size), float64."""
    photographs = _photographs(part, HEIGHT * size)
    which, mirrored = rng.integers(len(photographs), size=count), rng.random(count) < 0.5
    shares = rng.random((2, count))
    clean = np.empty((count, 3, size, size))
    for number, pixels in enumerate(photographs):
        mine = np.flatnonzero(which == number)
        free = np.array(pixels.shape[1:])[:, None] - size + 1
        top, left = (shares[:, mine] * free).astype(int)[:, :, None] + np.arange(size)  # (pictures, size) each
        clean[mine] = pixels[:, top[:, :, None], left[:, None]].swapaxes(0, 1)
    clean[mirrored] = clean[mirrored, :, :, ::-1]
    return clean


@functools.cache
def _photographs(part, height):
    found = (photograph(name, height=height) for name in PHOTOGRAPHS[part])
    return [np.broadcast_to(pixels, (3, *pixels.shape[1:])).astype(float) for pixels in found]


def _draw(rng, count, density):
    """Chance, once for all renderers: the sparse rain is the dense one with most of its lines left out."""
    most = round(1.5 * LINES["dense"])
    share = rng.uniform(0.5, 1.5, count)
    lines = (count, most)
    return _Draws(
        tilt=rng.uniform(-0.5, 0.5, count),
        lines=np.rint(share * LINES[density]),
        places=rng.uniform(-0.1, 1.1, (*lines, 2)),
        length=rng.uniform(0.15, 0.4, lines),
        light=rng.uniform(0.2, 0.5, lines),
        near=rng.random(lines),
        sway=rng.normal(0, 0.3, lines),
        haze=rng.uniform(0.3, 1.0, count),
        drops=rng.uniform((0, 0, 0.03), (1, 1, 0.09), (count, 3, 3)),
    )


def _fallen(draws, size, gap):
    """The light that rain adds to each pixel, all pictures at once, line by line. (n, size, size)."""
    middle = (np.arange(size) + 0.5) / size
    down, right = middle[:, None], middle
    near = draws.near
    angle = draws.tilt[:, None] + gap * draws.sway
    length = draws.length * (1 + gap * (2 * near - 0.7))
    width = (1 + gap * 2.5 * near**2) * 1.2 / 32  # in sides, as the rest: a rain is the same at every size
    soft = (1 + gap * 2.5 * near**2) / 32  # over which an edge fades
    light = draws.light * (1 - gap * 0.5 * (1 - near)) * (np.arange(near.shape[1]) < draws.lines[:, None])
    total = np.zeros((len(near), size, size))
    for k in range(int(draws.lines.max())):
        one = (slice(None), k, None, None)
        y, x = (middles - draws.places[:, k, axis, None, None] for axis, middles in enumerate((down, right)))
        sine, cosine = np.sin(angle[one]), np.cos(angle[one])
        along, across = np.abs(y * cosine + x * sine), np.abs(x * cosine - y * sine)
        inside = [
            np.clip((extent[one] - distance) / soft[one] + 0.5, 0, 1)
            for extent, distance in ((length / 2, along), (width / 2, across))
        ]
        total += light[one] * inside[0] * inside[1]
    return total


def _veiled(clean, draws, gap):
    """x t + a (1 - t), t = exp(-haze depth): light that is lost on its way, and grey light that comes in."""
    depth = np.linspace(1, 0, clean.shape[2])[:, None]
    through = np.exp(-gap * draws.haze[:, None, None, None] * depth)
    return clean * through + 0.8 * (1 - through)


def _on_the_lens(rainy, draws, gap):
    """Round drops, in which the picture fades to its own mean, made lighter."""
    middle = (np.arange(rainy.shape[2]) + 0.5) / rainy.shape[2]
    row, column, radius = (draws.drops[:, :, k, None, None] for k in range(3))
    distance = np.hypot(middle[:, None] - row, middle - column)
    cover = 0.7 * gap * np.clip((radius - distance) * 32 + 0.5, 0, 1).max(axis=1)[:, None]
    bright = np.minimum(rainy.mean(axis=(2, 3), keepdims=True) + 0.2, 1)
    return rainy * (1 - cover) + bright * cover
