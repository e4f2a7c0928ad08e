"""Moving digits: real handwritten digits that move over photographic texture, as short clips with a motion to name."""

import functools
from typing import NamedTuple

import numpy as np

from mylib.data.images import mnist, photograph

DIRECTIONS = ("right", "down right", "down", "down left", "left", "up left", "up", "up right")
MOTIONS = (*DIRECTIONS, "rotate", "zoom", "still")
SETTINGS = ("normal", "no background", "no actor", "other actor")
# One photograph for each motion; training clips stand on its left half, test clips on its right half.
TEXTURES = (
    "brick",
    "coins",
    "grass",
    "text",
    "hubble_deep_field",
    "coffee",
    "page",
    "gravel",
    "cat",
    "retina",
    "rocket",
)
SPEED = (0.8, 1.3)  # pixels a frame
SPIN = (8.0, 16.0)  # degrees a frame, either way
GROWTH = (1.04, 1.08)  # a frame, or its inverse
EMPTY = 0.3  # the grey of no background: about the photographs' mean


class Clips(NamedTuple):
    """Short clips of one digit each.

    Args:    frames: float32 in [0, 1]. Shape (n, 1, time, size, size).
             labels: the clip's motion, as an index into the motions that were asked for. int64, shape (n,).
             digits: the digit that moves. int64, shape (n,).
             textures: the photograph behind it, as an index into the motions whose it is. int64, shape (n,).
    """

    frames: np.ndarray
    labels: np.ndarray
    digits: np.ndarray
    textures: np.ndarray


def moving_digits(
    seed=0,
    count=100,
    length=8,
    size=32,
    motions=MOTIONS,
    digits=range(10),
    telling=0.0,
    setting="normal",
    part="train",
):
    """Real digits that move, turn, grow or stand still over real photographs.

    In the middle frame, `frames[:, :, length // 2]`, every digit is upright, of the same size, and at a place that has
    nothing to do with its motion: that frame alone does not tell the motion.

    It imitates videos of actions: an actor, an action, and a scene that may give the action away (`telling`). It leaves
    out a moving camera, motion blur, actors that cover each other or leave the picture, and actions of several steps.

    Args:    seed: of everything that is drawn.
             count: number of clips; motions and digits are drawn with equal probability.
             length: frames in a clip.
             size: height and width, pixels, at least 24.
             motions: of `MOTIONS`; a clip's label is an index into them.
             digits: which digits act.
             telling: probability that a clip's photograph is its motion's own; else it is any of the motions'.
             setting: "normal"; "no background": a grey one; "no actor": the photograph alone; "other actor": a digit
                 that moves like another of the motions, before the background of the clip's label.
             part: "train" or "test": of the MNIST digits (`mnist` with seed 0) and of the photographs.
    Returns: `Clips`.
    Raises:  ValueError: an option that is none, or a clip too long to stay in the picture.

    Example:
        >>> clips = moving_digits(count=3, motions=("left", "right"))
        >>> clips.frames.shape, set(clips.labels.tolist()) <= {0, 1}
        ((3, 1, 8, 32, 32), True)

    Source:  this course, after Srivastava et al. (2015), "moving MNIST"; digits of LeCun et al. (1998), photographs of
             scikit-image.
    """
    motions, digits = tuple(motions), np.asarray(list(digits))
    _check(count, length, size, motions, digits, telling, setting, part)
    rng = np.random.default_rng([seed, part == "test"])
    images, image_labels = _glyphs(part)
    labels = rng.integers(len(motions), size=count)
    shown = rng.choice(digits, size=count)
    own = rng.random(count) < telling
    textures = np.where(own, labels, rng.integers(len(motions), size=count))
    others = (labels + rng.integers(1, max(2, len(motions)), size=count)) % len(motions)
    moves = others if setting == "other actor" else labels
    frames = np.empty((count, 1, length, size, size), np.float32)
    for clip, move, digit, texture in zip(frames[:, 0], moves, shown, textures, strict=True):
        background = _background(rng, TEXTURES[MOTIONS.index(motions[texture])], size, part)
        glyph = images[rng.choice(np.flatnonzero(image_labels == digit))]
        stroke = _render(glyph, *_path(rng, motions[move], length, size), size)
        ink = rng.uniform(0.85, 1.0)
        clip[:] = EMPTY if setting == "no background" else background
        if setting != "no actor":
            clip += stroke * (ink - clip)
    return Clips(frames, labels, shown, textures)


def _check(count, length, size, motions, digits, telling, setting, part):
    if setting not in SETTINGS or part not in ("train", "test"):
        raise ValueError(
            f"moving_digits: expected setting of {SETTINGS} and part 'train' or 'test', got {setting!r} and {part!r}"
        )
    if not motions or len(set(motions)) < len(motions) or not set(motions) <= set(MOTIONS):
        raise ValueError(f"moving_digits: expected different motions of {MOTIONS}, got {motions}")
    if not len(digits) or not set(digits.tolist()) <= set(range(10)):
        raise ValueError(f"moving_digits: expected digits from 0 to 9, got {digits.tolist()}")
    if setting == "other actor" and len(motions) < 2:
        raise ValueError(f"moving_digits: 'other actor' needs another motion, got {motions} alone")
    if count < 1 or length < 2 or not 0 <= telling <= 1:
        raise ValueError(
            "moving_digits: expected count of at least 1, length of at least 2 and telling in [0, 1], got "
            f"{count}, {length} and {telling}"
        )
    if size < 24 or _room(length, size) < 0 or size > 128:
        raise ValueError(
            f"moving_digits: a clip of {length} frames needs a size of at least {max(24, 14 + 2 * _reach(length)):.0f} "
            f"and at most 128 pixels, got {size}"
        )


def _reach(length):
    """How far from the middle a digit may come, pixels."""
    return SPEED[1] * length / 2


def _room(length, size):
    """How far from the picture's centre the middle of a path may lie, pixels; a digit is 14 pixels high."""
    return size / 2 - 7 - _reach(length)


def _path(rng, motion, length, size):
    """Centre (time, 2), angle and scale (time,) of the digit in each frame."""
    steps = np.arange(length) - (length // 2)  # 0 in the middle frame
    room = _room(length, size)
    centre = size / 2 + rng.uniform(-room, room, 2)
    speed, spin, growth = rng.uniform(*SPEED), rng.uniform(*SPIN), rng.uniform(*GROWTH)
    way = rng.choice([-1, 1])
    still = np.zeros(length)
    if motion in DIRECTIONS:
        angle = DIRECTIONS.index(motion) * np.pi / 4
        velocity = speed * np.array([np.sin(angle), np.cos(angle)])  # down and right
        return centre + steps[:, None] * velocity, still, still + 1
    turned = np.deg2rad(way * spin) * steps if motion == "rotate" else still
    grown = growth ** (way * steps) if motion == "zoom" else still + 1
    return np.tile(centre, (length, 1)), turned, grown


def _render(glyph, centres, angles, scales, size):
    """The glyph at each centre, angle and scale. Shape (time, size, size)."""
    pixels = np.stack(np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5, indexing="ij"))
    away = pixels[None] - centres[:, :, None, None]  # (time, 2, size, size): down, right
    cos, sin = (f(angles)[:, None, None] for f in (np.cos, np.sin))
    scale, middle = scales[:, None, None], (len(glyph) - 1) / 2
    rows = (cos * away[:, 0] + sin * away[:, 1]) / scale + middle
    columns = (cos * away[:, 1] - sin * away[:, 0]) / scale + middle
    return _sample(glyph, rows, columns)


def _sample(image, rows, columns):
    """The image between its pixels, by bilinear interpolation; 0 outside."""
    padded = np.pad(image, 1)
    rows, columns = (np.clip(v + 1, 0, n - 1.001) for v, n in zip((rows, columns), padded.shape, strict=True))
    top, left = rows.astype(int), columns.astype(int)
    down, right = rows - top, columns - left
    above = (1 - right) * padded[top, left] + right * padded[top, left + 1]
    below = (1 - right) * padded[top + 1, left] + right * padded[top + 1, left + 1]
    return (1 - down) * above + down * below


def _background(rng, name, size, part):
    """A random crop of one half of a photograph, darker than the digits' ink."""
    pixels = _texture(name)
    middle = pixels.shape[1] // 2
    half = pixels[:, :middle] if part == "train" else pixels[:, middle:]
    top, left = (rng.integers(n - size + 1) for n in half.shape)
    crop = half[top : top + size, left : left + size]
    return 0.6 * (crop[:, ::-1] if rng.random() < 0.5 else crop)


@functools.cache
def _texture(name):
    return photograph(name, height=128, width=256, grey=True)[0]


@functools.cache
def _glyphs(part):
    """The digits of that part at 0.7 of their size, the box around their strokes in the middle, and their labels."""
    from PIL import Image

    dataset = mnist(seed=0)
    shrunk = []
    for image in getattr(dataset, f"{part}_images")[:, 0]:
        inked = [np.flatnonzero(image.any(axis=axis)) for axis in (1, 0)]
        centred = np.roll(image, [(27 - places[0] - places[-1]) // 2 for places in inked], axis=(0, 1))
        shrunk.append(np.asarray(Image.fromarray(centred).resize((20, 20), Image.Resampling.BILINEAR)))
    return np.stack(shrunk), getattr(dataset, f"{part}_labels")
