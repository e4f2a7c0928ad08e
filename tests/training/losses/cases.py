"""What the tests of losses share."""

import numpy as np
import torch

from mylib.engine import Tensor
from mylib.training.losses import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
RNG = np.random.default_rng


def number(loss):
    return loss.item()


def values(result):
    return result.detach().numpy() if torch.is_tensor(result) else np.asarray(result)


def tracked(module, array):
    """A leaf that wants a gradient, in float64."""
    array = np.asarray(array, np.float64)
    return Tensor(array, requires_grad=True) if module is scratch else torch.tensor(array, requires_grad=True)


def gradient(leaf):
    return np.asarray(leaf.grad)


def set_centers(loss, centers):
    """Give a loss centres in float64."""
    loss.double()
    loss.load_state_dict({"centers": torch.tensor(np.asarray(centers, np.float64))})
    return loss


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def gaussian_batch(rng, counts, dim):
    """Features of Gaussians with means and spreads of their own, so many of each class, shuffled; and labels."""
    labels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    means, spreads = rng.normal(size=(len(counts), dim)), rng.uniform(0.5, 2, (len(counts), dim))
    return means[labels] + spreads[labels] * rng.normal(size=(len(labels), dim)), labels
