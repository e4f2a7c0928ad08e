"""Rows of normalization: both twins of each norm beside torch's own, and of weight normalisation."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from mylib import engine
from mylib.engine import Tensor
from mylib.training.normalization import pytorch, scratch

SHAPE = (64, 32, 14, 14)


def train(call, x, gradient):
    """Forward and backward of a function of one input."""

    def run():
        x.grad = None
        call(x).backward(gradient)

    return run


def norms(row):
    """Each norm of images, forward and backward with respect to them."""
    calls = {
        "batch norm": (lambda m, x: m.batch_norm(x, None, None), lambda x: F.batch_norm(x, None, None, training=True)),
        "layer norm": (lambda m, x: m.layer_norm(x, SHAPE[1:]), lambda x: F.layer_norm(x, SHAPE[1:])),
        "instance norm": (lambda m, x: m.instance_norm(x), F.instance_norm),
        "group norm, 8 groups": (lambda m, x: m.group_norm(x, 8), lambda x: F.group_norm(x, 8)),
        "standardize over batch and positions": (
            lambda m, x: m.standardize(x, (0, 2, 3)),
            lambda x: F.batch_norm(x, None, None, training=True),
        ),
    }
    values, gradient = np.random.default_rng(9).standard_normal((2, *SHAPE)).astype(np.float32)
    ours, theirs, peer = Tensor(values, requires_grad=True), *(torch.tensor(values).requires_grad_() for _ in range(2))
    made = []
    for name, (norm, native) in calls.items():
        peers = {"torch": train(native, peer, torch.from_numpy(gradient))}
        twin = train(lambda x, norm=norm: norm(pytorch, x), theirs, torch.from_numpy(gradient))
        made.append(row(f"{name}, PyTorch twin", twin, peers))
        made.append(row(f"{name}, NumPy twin", train(lambda x, norm=norm: norm(scratch, x), ours, gradient), peers))
    return made


def weight_norm(row, batch=64, size=512):
    """A wrapped linear layer, forward and backward: the twins against torch's parametrization."""
    x, gradient = np.random.default_rng(10).standard_normal((2, batch, size)).astype(np.float32)
    tensors = [torch.tensor(x).requires_grad_() for _ in range(2)]
    peer = nn.utils.parametrizations.weight_norm(nn.Linear(size, size), dim=0)
    peers = {"torch parametrization": train(peer, tensors[0], torch.from_numpy(gradient))}
    twin = train(pytorch.WeightNorm(nn.Linear(size, size)), tensors[1], torch.from_numpy(gradient))
    ours = train(scratch.WeightNorm(engine.nn.Linear(size, size)), Tensor(x, requires_grad=True), gradient)
    name = f"weight norm, {batch} x {size} to {size}"
    return [row(f"{name}, PyTorch twin", twin, peers), row(f"{name}, NumPy twin", ours, peers)]


def rows(row):
    """All of them, made with the class `row`."""
    return [*norms(row), *weight_norm(row)]
