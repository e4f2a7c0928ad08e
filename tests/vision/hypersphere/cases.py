"""What the tests of hypersphere share."""

import numpy as np
import torch

from mylib.vision.hypersphere import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
RNG = np.random.default_rng


def largest_cosine(points):
    points = np.asarray(points)
    return (points @ points.T)[~np.eye(len(points), dtype=bool)].max()


def number(loss):
    return loss.item()
