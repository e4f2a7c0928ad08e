"""Rows of curriculum pseudo-labels: a step of FlexMatch against one of FixMatch, and of the views that both draw.

LeNet on digits of 28 x 28, 64 labelled and 448 unlabelled ones a step, 4,000 remembered. The curriculum counts whole
numbers and looks up thresholds; it adds no forward pass, so that the aim is a ratio of 1.05 at most. Measured once, on
a busy machine, steps in turn: 0.98 as a median, 1.00 of the fastest.
"""

import numpy as np
import torch

from mylib.few_labels.curriculum_labels import pytorch, scratch
from mylib.vision.convolution.pytorch import LeNet

LABELLED, UNLABELLED, BATCH, RATIO = 40, 4000, 64, 7


def training(curriculum):
    """A run on pictures of noise: what they show costs nothing."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    images = rng.random((UNLABELLED, 1, 28, 28), dtype=np.float32)
    net = LeNet()
    optimizer = torch.optim.Adam(net.parameters())
    few = images[:LABELLED], np.arange(LABELLED) % 10
    run = pytorch.FlexMatch(net, optimizer, few, images, batch_size=BATCH, ratio=RATIO, curriculum=curriculum)
    run.step()
    return run


def rows(row):
    """All of them, made with the class `row`."""
    flex, fix = training(True), training(False)
    images = np.random.default_rng(1).random((BATCH, 1, 28, 28), dtype=np.float32)
    tensor, rng = torch.tensor(images), np.random.default_rng(2)
    size = f"{BATCH} + {BATCH * RATIO} digits"
    return [
        row(f"FlexMatch, a step of LeNet; {size}", lambda: flex.step(), {"FixMatch": lambda: fix.step()}),
        row(
            f"weak view; {BATCH} digits",
            lambda: scratch.weak_augment(images, rng),
            {"PyTorch": lambda: pytorch.weak_augment(tensor, rng)},
        ),
        row(
            f"strong view; {BATCH} digits",
            lambda: scratch.strong_augment(images, rng),
            {"PyTorch": lambda: pytorch.strong_augment(tensor, rng)},
        ),
    ]
