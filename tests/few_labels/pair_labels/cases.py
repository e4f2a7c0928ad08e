"""What the tests of pair_labels share."""

import numpy as np
import torch

from mylib.engine import Tensor
from mylib.few_labels.pair_labels import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value)))}
RNG = np.random.default_rng
BY_HAND = np.array([[1.0, 0.0], [0.96, 0.04], [0.5, 0.5]]), np.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7]])


def guesses(seed, n=12, classes=4, spread=2.5):
    """Rows of probabilities, some of them sure, in families of similar ones."""
    rng = RNG(seed)
    logits = rng.normal(0, spread, (n // 3 + 1, classes))[rng.integers(0, n // 3 + 1, n)] + rng.normal(
        0, 0.2, (n, classes)
    )
    return softmax(2 * logits)


def softmax(logits):
    """Rows that sum to 1."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def by_equation(q, p, confidence, similarity):
    """L_P in NumPy, term by term, from probabilities."""
    n, total = len(q), 0.0
    for i in range(n):
        for j in range(n):
            alike = np.sum(np.sqrt(q[i] * q[j]))
            if i != j and q[i].max() > confidence and alike > similarity:
                total += alike * (1 - np.sum(np.sqrt(q[i] * p[j])))
    return total / (n * (n - 1) / 2)


def tracked(module, values):
    """A leaf that wants a gradient."""
    values = np.array(values)
    return Tensor(values, requires_grad=True) if module is scratch else torch.tensor(values, requires_grad=True)
