"""What the tests of distillation share."""

import numpy as np
import torch

from mylib import engine
from mylib.training.distillation import pytorch, scratch
from mylib.vision.convnets import pytorch as nets_pytorch
from mylib.vision.convnets import scratch as nets_scratch

SIDES = {"scratch": (scratch, engine.as_tensor), "pytorch": (pytorch, torch.as_tensor)}
NETS = {scratch: nets_scratch, pytorch: nets_pytorch}
NN = {scratch: engine.nn, pytorch: torch.nn}
RNG = np.random.default_rng
SMALL = {"image_size": 6, "patch": 3, "dim": 8, "depth": 2, "heads": 2, "mlp_dim": 12, "classes": 5, "channels": 2}
TEACHER, STUDENT = np.array([[4.0, 1.0, 0.0]]), np.array([[2.0, 1.0, 1.0]])  # the worked example


def values(result):
    """What either side returns, as NumPy's."""
    return result.detach().numpy() if torch.is_tensor(result) else np.asarray(result)


def tracked(module, array):
    """A leaf that wants a gradient, in float64."""
    array = np.asarray(array, np.float64)
    return engine.Tensor(array, requires_grad=True) if module is scratch else torch.tensor(array, requires_grad=True)


def load(model, state):
    """Weights into a model of either side, from arrays."""
    model.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return model


def randomise(model, seed=0):
    """Random weights in float64, the same on both sides; running variances above 0."""
    model.double()
    rng = RNG(seed)
    state = {name: values(value) for name, value in model.state_dict().items()}
    drawn = {
        name: abs(rng.normal(1, 0.2, value.shape)) if "var" in name else rng.normal(0, 0.4, value.shape)
        for name, value in state.items()
        if "tracked" not in name
    }
    return load(model, state | drawn)


def logits_and_labels(seed, batch=6, classes=4, scale=2.0):
    rng = RNG(seed)
    return (
        scale * rng.normal(size=(batch, classes)),
        scale * rng.normal(size=(batch, classes)),
        rng.integers(0, classes, batch),
    )


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def blobs(seed=0, count=60, classes=3, apart=3.0):
    """Points around the corners of a simplex, and their classes; a problem that a linear model can learn."""
    rng = RNG(seed)
    labels = np.arange(count) % classes
    return (apart * np.eye(classes)[labels] + rng.normal(size=(count, classes))).astype(np.float32), labels
