"""What the tests of curriculum_labels share."""

import numpy as np
import torch

from mylib import engine
from mylib.engine import Tensor
from mylib.few_labels.curriculum_labels import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value)))}
RNG = np.random.default_rng

# The worked example: ten images of three classes, five of them used so far.
COUNTS, UNUSED, TAU = [4, 1, 0], 5, 0.9


def tracked(module, values):
    """A leaf that wants a gradient."""
    return Tensor(values, requires_grad=True) if module is scratch else torch.tensor(values, requires_grad=True)


def sets(seed=0, labelled=8, unlabelled=40, side=8, classes=3, dtype=np.float32):
    """Few labelled and more unlabelled images: stripes whose direction is the class, and noise."""
    rng = RNG(seed)
    labels = np.arange(labelled + unlabelled) % classes
    rows, columns = np.indices((side, side)) / side
    angle = np.pi * labels / classes
    waves = np.sin(8 * (np.cos(angle)[:, None, None] * rows + np.sin(angle)[:, None, None] * columns))
    images = 0.5 + 0.25 * waves + rng.uniform(-0.2, 0.2, waves.shape)
    images = images[:, None].astype(dtype)
    return (images[:labelled], labels[:labelled]), images[labelled:], labels[labelled:]


def linear_model(module, inputs=64, classes=3):
    """A network with a hidden layer, of either side."""
    nn = engine.nn if module is scratch else torch.nn
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 12), nn.ReLU(), nn.Linear(12, classes))


def sgd(module, model, rate=0.1):
    """Gradient descent with momentum, of either side."""
    optim = engine.optim if module is scratch else torch.optim
    return optim.SGD(model.parameters(), rate, momentum=0.9)


def small_run(module, seed=0, rate=0.1, model=None, data_seed=0, **options):
    """A run on `sets`, eight labelled images, and a batch of four with three times as many without labels."""
    labelled, unlabelled, _ = sets(data_seed)
    model = linear_model(module) if model is None else model
    options = {"batch_size": 4, "ratio": 3, "threshold": 0.6, "decay": 0.5, "seed": seed} | options
    return module.FlexMatch(model, sgd(module, model, rate), labelled, unlabelled, **options)


def by_the_book(remembered, q, positions, tau, warm_up=True, mapping=lambda x: x / (2 - x)):
    """Algorithm 1, lines 4 to 17, as it is printed: loops over classes and images. Returns T, u and what is used."""
    classes, remembered = q.shape[1], list(remembered)
    sigma = [sum(1 for u in remembered if u == c) for c in range(classes)]
    unused = sum(1 for u in remembered if u == -1)
    if warm_up and max(sigma) < unused:
        beta = [s / max(max(sigma), unused) for s in sigma]  # equation 11
    else:
        beta = [s / max(sigma) if max(sigma) else 0.0 for s in sigma]  # equation 6
    thresholds = [mapping(b) * tau for b in beta]
    for row, n in zip(q, positions, strict=True):
        if max(row) > tau:
            remembered[n] = int(np.argmax(row))
    used = [max(row) > thresholds[int(np.argmax(row))] for row in q]
    return np.array(thresholds), np.array(remembered), np.array(used)
