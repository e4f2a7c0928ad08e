"""Rows of the topic self_supervision: a training step of RotNet, and turns of their own, against plain torch."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from mylib import engine
from mylib.representation.self_supervision import pytorch, scratch

WIDTH = 16


def plain_network():
    """RotNet's layers one after the other, as one writes them in torch."""
    sizes = [1, WIDTH, *[2 * WIDTH] * 3]
    layers = []
    for block, (before, after) in enumerate(zip(sizes, sizes[1:], strict=False)):
        layers += [nn.MaxPool2d(2)] if block == 1 else []
        layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2 * WIDTH, 4))


def plain_turns(images):
    """All pictures turned once, then all twice, and so on, by torch.rot90."""
    turned = torch.cat([torch.rot90(images, turn, (2, 3)) for turn in range(4)])
    return turned, torch.arange(4).repeat_interleave(len(images))


def torch_step(net, turns, images):
    """Rotations, loss, gradients and an update."""
    optimizer = torch.optim.Adam(net.parameters())

    def run():
        turned, labels = turns(images)
        optimizer.zero_grad()
        F.cross_entropy(net(turned), labels).backward()
        optimizer.step()

    return run


def engine_step(images):
    """The same with the NumPy twin."""
    net = scratch.RotNet(width=WIDTH)
    optimizer = engine.optim.Adam(net.parameters())

    def run():
        turned, labels = scratch.rotation_batch(images)
        optimizer.zero_grad()
        engine.cross_entropy(net(turned), labels).backward()
        optimizer.step()

    return run


def by_groups(images, turns):
    """Turns of their own, one call for each number of turns."""
    turned = torch.empty_like(images)
    for turn in range(4):
        turned[turns == turn] = torch.rot90(images[turns == turn], turn, (2, 3))
    return turned


def rows(row, batch=32, side=14):
    """All of them, made with the class `row`."""
    rng = np.random.default_rng(11)
    images = rng.random((batch, 1, side, side)).astype(np.float32)
    tensors = torch.from_numpy(images)
    many, turns = torch.from_numpy(rng.random((1000, 1, side, side)).astype(np.float32)), rng.integers(0, 4, 1000)
    turns = torch.from_numpy(turns)
    peer = {"torch": torch_step(plain_network(), plain_turns, tensors)}
    size = f"{batch} digits of {side}x{side} in four turns"
    return [
        row(f"RotNet training step, {size}, NumPy twin", engine_step(images), peer),
        row(
            f"RotNet training step, {size}, PyTorch twin",
            torch_step(pytorch.RotNet(width=WIDTH), pytorch.rotation_batch, tensors),
            peer,
        ),
        row(
            f"1000 images of {side}x{side} by turns of their own, PyTorch twin",
            lambda: pytorch.rotate90(many, turns),
            {"torch.rot90 by groups": lambda: by_groups(many, turns)},
        ),
    ]
