"""People seen by several cameras: drawn figures with clothes and build of their own, in colour and in infrared."""

from typing import NamedTuple

import numpy as np

GARMENTS = {"jacket": (0.05, 0.95), "trousers": (0.05, 0.8), "bag": (0.05, 0.95)}  # the range of each colour channel
LUMINANCE = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue look (ITU-R BT.601)


class People(NamedTuple):
    """Pictures of people.

    Args:    images: float32 in [0, 1]. Shape (n, 3, height, width).
             ids: who it is, from 0. int64, shape (n,).
             cameras: who took it, from 0. int64, shape (n,).
    """

    images: np.ndarray
    ids: np.ndarray
    cameras: np.ndarray

    def query_and_gallery(self):
        """Numbers of the images in two groups, as in the field: one query for each person and camera, the rest.

        Returns: two integer arrays.

        Example:
            >>> queries, gallery = camera_people(identities=3, cameras=2, shots=4).query_and_gallery()
            >>> len(queries), len(gallery)
            (6, 18)
        """
        pairs = self.ids * (self.cameras.max() + 1) + self.cameras
        _, first = np.unique(pairs, return_index=True)
        return first, np.setdiff1d(np.arange(len(pairs)), first)


def camera_people(seed=0, identities=40, cameras=4, shots=4, size=(32, 16), difference=1.0, part="train"):
    """Drawn figures, several times by each of several cameras.

    It imitates the sets of person re-identification: cut-out people whose hair, skin, jacket, trousers, bag and build
    stay theirs, in cameras of different colour, height, sharpness and background. From picture to picture the place,
    the step and the light change. It leaves out what makes the real task hard beyond that: faces and gait, turning
    bodies, folds and patterns of cloth, other people and things in front, shadows, bad cut-outs, and people who dress
    alike on purpose. Numbers measured here say nothing about real people or about real cameras.

    Args:    seed: of the cameras, and, with the part, of the people and pictures.
             identities: number of people.
             cameras: number of cameras; everyone passes all of them.
             shots: pictures of each person by each camera.
             size: height and width, pixels.
             difference: how much cameras differ; 0: all alike.
             part: "train" or "test": other people, the same cameras.
    Returns: `People`, ordered by person, then camera.
    Raises:  ValueError: a number below 1, a negative difference, a size below 8, or an unknown part.

    Example:
        >>> people = camera_people(identities=3, cameras=2, shots=2)
        >>> people.images.shape, people.ids[:5].tolist(), people.cameras[:5].tolist()
        ((12, 3, 32, 16), [0, 0, 0, 0, 1], [0, 0, 1, 1, 0])

    Source:  this course; Market-1501 (Zheng et al. 2015) is the kind of set that it imitates.
    """
    if min(identities, cameras, shots) < 1 or difference < 0 or min(size) < 8 or part not in ("train", "test"):
        raise ValueError(
            "camera_people: expected identities, cameras and shots of at least 1, difference of at least 0, sides of "
            f"at least 8 and part 'train' or 'test', got {identities}, {cameras}, {shots}, {difference}, {size} and "
            f"{part!r}"
        )
    views = _cameras(np.random.default_rng([seed, 2]), cameras, difference)
    rng = np.random.default_rng([seed, part == "test"])
    persons = _persons(rng, identities)
    ids, seen = _everyone_everywhere(identities, cameras, shots)
    person = {name: values[ids] for name, values in persons.items()}
    view = {name: values[seen] for name, values in views.items()}
    return People(_pictures(rng, person, view, size), ids, seen)


class ModalPeople(NamedTuple):
    """Pictures of people by day and by night.

    Args:    images: float32 in [0, 1]; in infrared all three channels are equal. Shape (n, 3, height, width).
             ids: who it is, from 0. int64, shape (n,).
             cameras: who took it, from 0; visible cameras first. int64, shape (n,).
             infrared: whether it was taken in infrared. Boolean, shape (n,).
    """

    images: np.ndarray
    ids: np.ndarray
    cameras: np.ndarray
    infrared: np.ndarray


def infrared_people(
    seed=0, identities=40, visible=2, infrared=2, shots=4, size=(32, 16), correlation=0.5, part="train"
):
    """The figures of `camera_people`, by some cameras in colour, and by others in the near infrared.

    It imitates sets like SYSU-MM01: colour by day, by night a lamp and one channel, repeated three times. In the near
    infrared a garment reflects what its dye lets through: a jacket that is black to us can be bright. So jacket,
    trousers and bag have a reflectance of their own there, whose correlation with their brightness (luminance) is
    chosen: 1: what is bright stays bright; 0: one says nothing of the other. Skin and hair keep their brightness. The
    lamp falls off from the middle of the picture, and the noise is larger; such cameras differ less in exposure.

    It leaves out what `camera_people` leaves out, faces and gait before all; there are no thermal pictures (RegDB is
    thermal, SYSU-MM01 near infrared). Numbers measured here say nothing about real people, cameras or clothes.

    Args:    seed: of the cameras, and, with the part, of the people and pictures.
             identities: number of people.
             visible, infrared: number of cameras of each kind; everyone passes all of them.
             shots: pictures of each person by each camera.
             size: height and width, pixels.
             correlation: of reflectance with brightness, over garments, from 0 to 1.
             part: "train" or "test": other people, the same cameras.
    Returns: `ModalPeople`, ordered by person, then camera.
    Raises:  ValueError: a number below 1, a correlation outside of 0 to 1, a size below 8, or an unknown part.

    Example:
        >>> people = infrared_people(identities=2, visible=1, infrared=2, shots=1)
        >>> people.images.shape, people.cameras.tolist(), people.infrared.tolist()
        ((6, 3, 32, 16), [0, 1, 2, 0, 1, 2], [False, True, True, False, True, True])

    Source:  this course; SYSU-MM01 (Wu et al. 2017) is the kind of set that it imitates.
    """
    if min(identities, visible, infrared, shots) < 1 or min(size) < 8 or part not in ("train", "test"):
        raise ValueError(
            "infrared_people: expected identities, visible, infrared and shots of at least 1, sides of at least 8 and "
            f"part 'train' or 'test', got {identities}, {visible}, {infrared}, {shots}, {size} and {part!r}"
        )
    if not 0 <= correlation <= 1:
        raise ValueError(f"infrared_people: expected correlation from 0 to 1, got {correlation}")
    views = _cameras(np.random.default_rng([seed, 2]), visible + infrared, 1.0)
    for name in ("gain", "gamma"):
        views[name][visible:] **= 1 / 3  # a camera that brings its own lamp is exposed for it
    rng = np.random.default_rng([seed, part == "test"])
    persons = _persons(rng, identities)
    night = _by_night(np.random.default_rng([seed, part == "test", 3]), persons, correlation)
    ids, seen = _everyone_everywhere(identities, visible + infrared, shots)
    dark = seen >= visible
    person = {
        name: np.where(dark.reshape(-1, *[1] * (values.ndim - 1)), night.get(name, values)[ids], values[ids])
        for name, values in persons.items()
    }
    images = _pictures(rng, person, {name: values[seen] for name, values in views.items()}, size)
    images[dark] = _under_a_lamp(rng, images[dark, :1])
    return ModalPeople(images, ids, seen, dark)


def _everyone_everywhere(identities, cameras, shots):
    """Person and camera of each picture, in order."""
    grids = np.meshgrid(np.arange(identities), np.arange(cameras), np.arange(shots), indexing="ij")
    return grids[0].ravel(), grids[1].ravel()


def _by_night(rng, persons, correlation):
    """Colours in the near infrared, grey: a number for each garment, and the brightness of skin and hair."""
    colours = {}
    for name, (low, high) in GARMENTS.items():
        deviation = (high - low) / np.sqrt(12) * np.linalg.norm(LUMINANCE)
        brightness = (persons[name] @ LUMINANCE - (low + high) / 2) / deviation  # mean 0, deviation 1
        own = rng.normal(size=len(brightness))
        mixed = correlation * brightness + np.sqrt(1 - correlation**2) * own
        colours[name] = np.clip(0.5 + 0.22 * mixed, 0.03, 0.97)
    colours |= {name: persons[name] @ LUMINANCE for name in ("skin", "hair")}
    return {name: np.repeat(values[:, None], 3, axis=1) for name, values in colours.items()}


def _under_a_lamp(rng, image):
    """One channel of each picture: a lamp that falls off from the middle, and more noise. (n, 1, height, width)."""
    height, width = image.shape[2:]
    down = (np.arange(height) + 0.5) / height - 0.5
    across = (np.arange(width) + 0.5) / height - 0.5 * width / height
    lamp = 1 / (1 + 2 * (down[:, None] ** 2 + across**2))
    return np.clip(image * lamp + rng.normal(0, 0.04, image.shape), 0, 1)


def _persons(rng, count):
    """What belongs to a person: colours (count, 3), lengths in units of the picture's height (count,)."""
    skin = np.array([0.9, 0.72, 0.6]) * rng.uniform(0.45, 1.0, (count, 1))
    return {
        "skin": skin,
        "hair": rng.uniform(0.05, 0.5, (count, 1)) * rng.uniform(0.6, 1.0, (count, 3)),
        **{name: rng.uniform(*limits, (count, 3)) for name, limits in GARMENTS.items()},
        "side": rng.choice([-1.0, 0.0, 1.0], count),  # of the bag; 0: none
        "tall": rng.uniform(0.88, 1.05, count),
        "wide": rng.uniform(0.8, 1.3, count),
        "hem": rng.uniform(0.5, 0.68, count),  # where the jacket ends
        "sleeve": rng.uniform(0.3, 1.0, count),  # how much of the arm it covers
    }


def _cameras(rng, count, difference):
    """What belongs to a camera; at difference 0 the same for all."""
    drawn = rng.normal(size=(count, 3))
    return {
        "gain": np.exp(0.3 * difference * drawn),  # the colour of its light
        "gamma": np.exp(0.2 * difference * rng.normal(size=count)),
        "tilt": 1 + 0.25 * difference * rng.uniform(-1, 1, count),  # from above, heads are large and legs are short
        "lean": 0.12 * difference * rng.uniform(-1, 1, count),
        "blur": 0.35 + 0.6 * difference * rng.uniform(0, 1, count),  # pixels
        "wall": 0.45 + 0.2 * difference * rng.uniform(-1, 1, (count, 3)),
        "floor": 0.35 + 0.15 * difference * rng.uniform(-1, 1, (count, 3)),
    }


def _pictures(rng, person, view, size):
    """All pictures at once. Shape (n, 3, height, width)."""
    height, width = size
    count = len(view["lean"])
    person = {name: values.reshape(count, -1, 1, 1) for name, values in person.items()}
    view = {name: values.reshape(count, -1, 1, 1) for name, values in view.items()}
    shift, zoom = rng.uniform(-0.05, 0.05, (2, count, 1, 1, 1)), rng.uniform(0.92, 1.05, (count, 1, 1, 1))
    step, light = rng.uniform(0, 0.06, (count, 1, 1, 1)), rng.uniform(0.85, 1.15, (count, 1, 1, 1))
    down = ((np.arange(height) + 0.5) / height).reshape(1, 1, -1, 1)
    across = ((np.arange(width) + 0.5) / height - width / height / 2).reshape(1, 1, 1, -1)
    scale = zoom * person["tall"]
    y = np.clip((down - 0.5 - shift[0]) / scale + 0.5, 0, None) ** view["tilt"]  # 0: crown, 1: soles
    x = (across - shift[1] - view["lean"] * (down - 0.5)) / scale
    soft = 0.5 / height  # an edge is about a pixel wide

    def box(left, right, top, bottom):
        """Cover of a rectangle, from 0 to 1."""
        sides = np.minimum(np.minimum(x - left, right - x), np.minimum(y - top, bottom - y))
        return np.clip(sides / (2 * soft) + 0.5, 0, 1)

    floor = box(-9, 9, 0.82, 9)
    image = view["wall"] + floor * (view["floor"] - view["wall"])
    half = 0.115 * person["wide"]

    def paint(cover, colour):
        nonlocal image
        image = image + cover * (colour - image)

    hem, sleeve = person["hem"], 0.22 + 0.33 * person["sleeve"]
    for side in (-1, 1):
        middle = side * (0.5 * half + step)
        paint(box(middle - 0.45 * half, middle + 0.45 * half, hem - 0.05, 0.97), person["trousers"])
        arm = side * (1.2 * half + 0.5 * step)
        paint(box(arm - 0.3 * half, arm + 0.3 * half, 0.22, 0.56), person["skin"])
        paint(box(arm - 0.35 * half, arm + 0.35 * half, 0.2, sleeve), person["jacket"])
    paint(box(-half, half, 0.19, hem), person["jacket"])
    bag = person["side"]
    paint((bag != 0) * box(bag * half - 0.07, bag * half + 0.07, 0.36, 0.54), person["bag"])
    paint(box(-0.065, 0.065, 0.06, 0.2), person["skin"])
    paint(box(-0.075, 0.075, 0.02, 0.1), person["hair"])
    image = np.clip(image * light * view["gain"], 0, 1) ** view["gamma"]
    image = _blurred(image, view["blur"]) + rng.normal(0, 0.02, image.shape)
    return np.clip(image, 0, 1).astype(np.float32)


def _blurred(image, sigma):
    """A Gaussian of its own for each picture, along both axes; at the border the sum of weights stays 1."""
    for axis in (2, 3):
        place = np.arange(image.shape[axis])
        weights = np.exp(-0.5 * ((place[:, None] - place) / sigma[:, 0, 0, 0, None, None]) ** 2)
        weights /= weights.sum(axis=2, keepdims=True)
        image = np.einsum("npq,ncqw->ncpw" if axis == 2 else "npq,nchq->nchp", weights, image, optimize=True)
    return image
