"""What the tests of detection share."""

import numpy as np
import torch

from mylib import data
from mylib.vision.detection import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}


def random_boxes(rng, *shape, size=40.0):
    corners = np.sort(rng.uniform(0, size, (*shape, 2, 2)), axis=-2)
    return corners.reshape(*shape, 4) + [0, 0, 0.5, 0.5]  # never empty


def random_rois(rng, count, batch, size):
    return np.concatenate([rng.integers(0, batch, (count, 1)), random_boxes(rng, count, size=size)], axis=1)


def scenes(count=4, seed=0):
    made = data.digit_scenes(seed=seed, count=count)
    return made.images, *made.padded()


def random_proposals(images, n, seed=0):
    return random_boxes(np.random.default_rng(seed), len(images), n, size=60.0).astype(np.float32)
