"""Rows of the topic optimizers: a step of AdamW beside the engine's own and torch's, on the weights of one network."""

import numpy as np
import torch

from mylib.engine import Tensor, optim
from mylib.training.optimizers import pytorch, scratch

SHAPES = [(64, 196), (64,), (10, 64), (10,)] + [(256, 256)] * 8  # half a million weights in twelve arrays
RATES = {"learning_rate": 1e-3, "weight_decay": 1e-5}
TORCH_RATES = {"lr": 1e-3, "weight_decay": 1e-2}  # the same decay: torch multiplies it by the rate


def rows(row):
    """Both twins against their peers, made with the class `row`."""
    rng = np.random.default_rng(9)
    values = [rng.standard_normal(shape).astype(np.float32) for shape in SHAPES]

    def engine_step(make, **rates):
        """A step of an optimiser on leaves of the engine."""
        weights = [Tensor(value, requires_grad=True) for value in values]
        optimizer = make(weights, **rates)
        for weight in weights:
            weight.grad = 0.01 * weight.data
        return optimizer.step

    def torch_step(make, **rates):
        """A step of an optimiser on tensors."""
        weights = [torch.tensor(value, requires_grad=True) for value in values]
        for weight in weights:
            weight.grad = 0.01 * weight.detach()
        return make(weights, **rates).step

    engines = engine_step(optim.AdamW, learning_rate=1e-3, weight_decay=1e-2)
    plain = torch_step(torch.optim.AdamW, foreach=True, **TORCH_RATES)
    fused = torch_step(torch.optim.AdamW, fused=True, **TORCH_RATES)
    ours = engine_step(scratch.AdamW, **RATES)
    name = "AdamW step, 0.5 million weights"
    return [
        row(f"{name}, NumPy twin (engine)", ours, {"engine.optim.AdamW": engines}),
        row(f"{name}, NumPy twin (torch)", ours, {"torch fused": fused}),
        row(f"{name}, PyTorch twin", torch_step(pytorch.AdamW, **RATES), {"torch foreach": plain}),
    ]
