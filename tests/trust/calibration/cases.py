"""What the tests of calibration share."""

import numpy as np
import pytest
import torch

from mylib.trust.calibration import pytorch, scratch

RNG = np.random.default_rng
SIDES = {
    "scratch": (scratch, np.asarray),
    "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value))),
}
both_sides = pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)

# Confidences 0.95, 0.9, 0.85 and 0.6 with right, wrong, right, right: the first of them, of 0.95, right.
FOUR = np.array([[0.95, 0.05], [0.1, 0.9], [0.85, 0.15], [0.4, 0.6]])
FOUR_LABELS = np.array([0, 0, 0, 1])


def softmax(logits):
    """Row by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def forecasts(seed, n=400, classes=5, scale=2.0, right=0.7):
    """Logits and labels: a share of about `right` at the largest logit, the others anywhere."""
    rng = RNG(seed)
    logits = rng.normal(0, scale, (n, classes))
    labels = np.where(rng.random(n) < right, logits.argmax(axis=1), rng.integers(0, classes, n))
    return logits, labels
