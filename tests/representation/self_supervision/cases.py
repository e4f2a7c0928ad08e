"""What the tests of self_supervision share."""

import numpy as np
import torch

from mylib import data
from mylib.representation.self_supervision import pytorch, scratch

RNG = np.random.default_rng
SIDES = {
    "scratch": (scratch, np.asarray),
    "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value))),
}


def small_digits(count):
    """Real digits at 14 x 14, means of 2 x 2 pixels, and their labels."""
    digits = data.mnist(seed=0)
    images = digits.train_images[:count].reshape(count, 1, 14, 2, 14, 2).mean((3, 5))
    return images, digits.train_labels[:count]
