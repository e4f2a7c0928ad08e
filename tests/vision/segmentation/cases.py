"""What the tests of segmentation share."""

import numpy as np
import torch

from mylib import data
from mylib.vision.segmentation import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}


def random_rois(rng, count, batch, size, least=0.5):
    corners = np.sort(rng.uniform(-2, size, (count, 2, 2)), axis=1)
    boxes = corners.reshape(count, 4) + [0, 0, least, least]
    return np.concatenate([rng.integers(0, batch, (count, 1)), boxes], axis=1)


def scenes(count=3, seed=0):
    made = data.digit_scenes(seed=seed, count=count)
    return made.images, *made.padded(), made.padded_masks()
