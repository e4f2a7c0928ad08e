"""What the tests of video share."""

import numpy as np
import scipy.ndimage
import torch

from mylib import data
from mylib.vision.video import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
INSIDE = (..., slice(16, -16), slice(16, -16))


def translated(name, motion, size=128):
    """A real photograph, and the same moved by (right, down) pixels with splines of fifth order."""
    photograph = data.photograph(name, height=size, width=size, grey=True)[0].astype(float)
    right, down = motion
    return photograph, scipy.ndimage.shift(photograph, (down, right), order=5, mode="mirror")


def endpoint_error(flow, motion):
    return np.hypot(*(np.asarray(flow)[..., i, :, :] - motion[i] for i in (0, 1)))
