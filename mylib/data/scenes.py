"""Digit scenes: real handwritten digits, scaled, tinted and scattered over real photographs, with boxes and masks."""

import functools
from typing import NamedTuple

import numpy as np

from mylib.data.images import mnist, photograph

# Scenes of the test part stand on photographs that no training scene shows.
BACKGROUNDS = {"train": ("astronaut", "coffee", "cat"), "test": ("rocket", "camera", "brick")}
INK = 0.3  # a pixel belongs to a digit where its stroke covers more than this
TRIES = 60  # to place one digit, before a scene is started anew
CENTRED_ON = ("border", "centre")


class Scenes(NamedTuple):
    """Pictures with several objects each.

    Args:    images: float32 in [0, 1]. Shape (n, 3, size, size).
             boxes: for each picture, x1, y1, x2, y2 of its visible digits in pixels, where pixel i covers [i, i + 1].
                 Float32, shape (k, 4).
             labels: for each picture, the digits. int64, shape (k,).
             masks: for each picture, the visible pixels of each digit. Boolean, shape (k, size, size).
    """

    images: np.ndarray
    boxes: list
    labels: list
    masks: list

    def label_maps(self):
        """The digit that each pixel shows, plus 1; 0 is background. int64, shape (n, size, size)."""
        maps = np.zeros((len(self.images), *self.images.shape[2:]), np.int64)
        for pixels, labels, masks in zip(maps, self.labels, self.masks, strict=True):
            for label, mask in zip(labels, masks, strict=True):
                pixels[mask] = label + 1
        return maps

    def padded(self):
        """Boxes and labels as arrays, so that scenes can be put into batches; label -1 marks what is no object.

        Returns: boxes, float32, shape (n, most, 4), and labels, int64, shape (n, most).

        Example:
            >>> boxes, labels = digit_scenes(count=3).padded()
            >>> boxes.shape == (*labels.shape, 4), sorted({len(boxes), len(labels)})
            (True, [3])
        """
        most = max(map(len, self.labels))
        boxes = np.zeros((len(self.images), most, 4), np.float32)
        labels = np.full((len(self.images), most), -1)
        for row, (its_boxes, its_labels) in enumerate(zip(self.boxes, self.labels, strict=True)):
            boxes[row, : len(its_boxes)], labels[row, : len(its_labels)] = its_boxes, its_labels
        return boxes, labels

    def padded_masks(self):
        """The masks as one array, in the order of `padded`; what is no object has an empty mask.

        Returns: booleans, shape (n, most, size, size).

        Example:
            >>> scenes = digit_scenes(count=3)
            >>> scenes.padded_masks().shape[:2] == scenes.padded()[1].shape
            True
        """
        most = max(map(len, self.labels))
        masks = np.zeros((len(self.images), most, *self.images.shape[2:]), bool)
        for row, its_masks in zip(masks, self.masks, strict=True):
            row[: len(its_masks)] = its_masks
        return masks


def digit_scenes(
    seed=0,
    count=100,
    size=64,
    digits=(2, 4),
    scale=(0.7, 1.3),
    visible=0.5,
    part="train",
    centred_on=None,
    window=16,
):
    """Real digits scattered, scaled and partly occluded on photographs.

    It imitates photographs with labelled objects: objects of several sizes, before one another and before clutter. It
    leaves out perspective, light and shadow, pose, and objects that the picture's edge cuts off.

    Args:    seed: of everything that is drawn.
             count: number of pictures.
             size: height and width, pixels.
             digits: least and largest number of digits in a picture.
             scale: least and largest size of a digit; 1 is MNIST's 20 pixels.
             visible: least share of a digit's pixels that later digits leave uncovered.
             part: "train" or "test": of the MNIST digits (`mnist` with seed 0) and of the photographs.
             centred_on: "border" puts the middle of each digit, up to half a pixel, on a corner where four windows
                 meet, "centre" in the middle of a window; None anywhere.
             window: side of these windows in pixels, counted from the upper left; used with `centred_on` alone.
    Returns: `Scenes`.
    Raises:  ValueError: a range that is none, an unknown part or place, or digits that do not fit into the picture.

    Example:
        >>> scenes = digit_scenes(count=3)
        >>> scenes.images.shape, scenes.boxes[0].shape[1]
        ((3, 3, 64, 64), 4)

    Source:  this course; digits of LeCun et al. (1998), photographs of scikit-image.
    """
    _check(count, size, digits, scale, visible, part)
    middles = _middles(size, digits, scale, centred_on, window)
    rng = np.random.default_rng([seed, part == "test"])
    made = [_scene(rng, size, digits, scale, visible, part, middles) for _ in range(count)]
    images, boxes, labels, masks = ([scene[field] for scene in made] for field in range(4))
    return Scenes(np.stack(images), boxes, labels, masks)


def _check(count, size, digits, scale, visible, part):
    if part not in BACKGROUNDS:
        raise ValueError(f"digit_scenes: expected part of {tuple(BACKGROUNDS)}, got {part!r}")
    if count < 1 or not 1 <= digits[0] <= digits[1] or not 0 < scale[0] <= scale[1] or not 0 < visible <= 1:
        raise ValueError(
            "digit_scenes: expected count of at least 1, 1 <= digits[0] <= digits[1], 0 < scale[0] <= scale[1] and "
            f"visible in (0, 1], got count={count}, digits={digits}, scale={scale}, visible={visible}"
        )
    # The largest digits' visible boxes may fill half of the picture; beyond, drawing places at random might not end.
    if 2 * digits[1] * visible * (20 * scale[1]) ** 2 > size**2 or 20 * scale[1] > size / 1.5:
        raise ValueError(
            f"digit_scenes: {digits[1]} digits of scale {scale[1]} do not fit into {size} x {size} pixels; use a "
            "larger size, or fewer or smaller digits"
        )


def _middles(size, digits, scale, centred_on, window):
    """Where the middle of a digit may lie in one direction; None for anywhere."""
    if centred_on is None:
        return None
    if centred_on not in CENTRED_ON or not 2 <= window <= size:
        raise ValueError(
            f"digit_scenes: expected centred_on of {CENTRED_ON} or None, and a window from 2 pixels to the picture's "
            f"{size}, got {centred_on!r} and {window}"
        )
    middles = np.arange(window if centred_on == "border" else window // 2, size, window)
    reach = round(20 * scale[1]) / 2
    middles = middles[(middles >= reach) & (middles <= size - reach)]  # the largest digit has room there
    if len(middles) ** 2 < digits[1]:
        raise ValueError(
            f"digit_scenes: expected a place for each of {digits[1]} digits of scale {scale[1]} centred on a "
            f"{centred_on} of windows of {window} pixels, got {len(middles) ** 2} places; use smaller windows, a "
            "larger picture, or fewer or smaller digits"
        )
    return middles


def _scene(rng, size, digits, scale, visible, part, middles):
    """One picture, its boxes, labels and masks."""
    glyphs, labels = _glyphs(part)
    while True:
        image, masks, areas = _background(rng, size, part), [], []
        chosen = rng.integers(len(labels), size=rng.integers(digits[0], digits[1] + 1))
        for which in chosen:
            placed = _place(rng, glyphs[which], masks, areas, size, scale, visible, middles)
            if placed is None:
                break  # no room is left: start again
            stroke, window = placed
            ink = rng.uniform(0.65, 1.0, 3)[:, None, None]
            image[:, *window] += stroke * (ink - image[:, *window])
            mask = np.zeros((size, size), bool)
            mask[window] = stroke > INK
            masks = [older & ~mask for older in masks] + [mask]
            areas.append(mask.sum())
        else:
            boxes = np.array([_box(mask) for mask in masks], np.float32)
            return image.astype(np.float32), boxes, labels[chosen], np.stack(masks)


def _place(rng, glyph, masks, areas, size, scale, visible, middles):
    """The digit at a random size and place that leaves the earlier ones visible: stroke and window; or None."""
    from PIL import Image

    for _ in range(TRIES):
        factor = rng.uniform(*scale)
        height, width = (max(3, round(side * factor)) for side in glyph.shape)
        stroke = np.asarray(Image.fromarray(glyph).resize((width, height), Image.Resampling.BILINEAR))
        if middles is None:
            top, left = rng.integers(size - height + 1), rng.integers(size - width + 1)
        else:
            top, left = rng.choice(middles) - height // 2, rng.choice(middles) - width // 2
        window = (slice(top, top + height), slice(left, left + width))
        left_over = ((mask.sum() - (mask[window] & (stroke > INK)).sum()) for mask in masks)
        if all(rest >= visible * area for rest, area in zip(left_over, areas, strict=True)):
            return stroke, window
    return None


def _background(rng, size, part):
    """A random crop of one photograph, darker and with less contrast than the digits' ink."""
    pixels = _photographs(part)[rng.integers(len(BACKGROUNDS[part]))]
    side = rng.integers(size, min(pixels.shape[1:]) + 1) if min(pixels.shape[1:]) > size else size
    step = side / size
    top, left = (rng.integers(n - side + 1) for n in pixels.shape[1:])
    places = (np.arange(size) * step).astype(int)
    crop = pixels[:, top + places[:, None], left + places]
    if rng.random() < 0.5:
        crop = crop[:, :, ::-1]
    return 0.6 * crop.astype(float)


@functools.cache
def _photographs(part):
    found = (photograph(name, height=256) for name in BACKGROUNDS[part])
    return [np.broadcast_to(pixels, (3, *pixels.shape[1:])) for pixels in found]


@functools.cache
def _glyphs(part):
    """The digits of that part, each cut to the box around its strokes, and their labels."""
    dataset = mnist(seed=0)
    images, labels = getattr(dataset, f"{part}_images"), getattr(dataset, f"{part}_labels")
    cut = []
    for image in images[:, 0]:
        left, top, right, bottom = _box(image > INK).astype(int)
        cut.append(np.ascontiguousarray(image[top:bottom, left:right]))
    return cut, labels


def _box(mask):
    """x1, y1, x2, y2 around the pixels of a mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
