"""Rows of capsules: a CapsNet step, NumPy against PyTorch, against convolutions, and what routing takes of it.

A network of the lecture's size: 16 channels, 4 types of primary capsules at 36 positions, 10 digit capsules, images of
20 x 20 in batches of 64; both losses, the decoder, backward. The ordinary network has the same convolutions and as many
weights as the CapsNet without its decoder. Measured once, on a busy machine, best runs: NumPy takes 2.4 times PyTorch's
time, the CapsNet 5.8 times the ordinary network's, and routing with its gradient 0.52 of the CapsNet's step.
"""

import numpy as np
import torch
import torch.nn.functional as F

from mylib.representation.equivariance import pytorch, scratch

SIZE = {"image_size": 20, "kernel": 5, "width": 16, "types": 4, "hidden": (128, 256)}
BATCH = 64


def capsule_step(module, net, images, labels):
    """Both losses and all gradients."""

    def run():
        net.zero_grad()
        capsules = net(images)
        loss = module.margin_loss(module.capsule_lengths(capsules), labels)
        (loss + module.reconstruction_loss(net.reconstruct(capsules, labels), images)).backward()

    return run


def ordinary_step(images, labels):
    """Cross-entropy of two convolutions and two layers, and all gradients."""
    convolutions = [torch.nn.Conv2d(1, 16, 5), torch.nn.ReLU(), torch.nn.Conv2d(16, 32, 5, 2), torch.nn.ReLU()]
    layers = [torch.nn.Flatten(), torch.nn.Linear(1152, 158), torch.nn.ReLU(), torch.nn.Linear(158, 10)]
    net = torch.nn.Sequential(*convolutions, *layers)

    def run():
        net.zero_grad()
        F.cross_entropy(net(images), labels).backward()

    return run


def routing_alone(net, votes):
    """Three rounds and their gradient, for votes that are there already."""

    def run():
        votes.grad = None
        pytorch.dynamic_routing(votes, net.digit.iterations)[0].sum().backward()

    return run


def rows(row):
    """All of them, made with the class `row`."""
    rng = np.random.default_rng(11)
    images, labels = rng.random((BATCH, 1, 20, 20)).astype(np.float32), rng.integers(0, 10, BATCH)
    tensors = torch.from_numpy(images), torch.from_numpy(labels)
    torch.manual_seed(0)
    theirs, ours = pytorch.CapsNet(**SIZE), scratch.CapsNet(**SIZE)
    ours.load_state_dict(theirs.state_dict())
    with torch.no_grad():
        votes = theirs.digit.votes(theirs.primary(F.relu(theirs.convolution(tensors[0]))))
    step = capsule_step(pytorch, theirs, *tensors)
    size = f"{BATCH} images of 20 x 20"
    return [
        row(f"CapsNet step {size}, NumPy twin", capsule_step(scratch, ours, images, labels), {"PyTorch twin": step}),
        row(f"CapsNet step {size}, PyTorch twin", step, {"CNN of as many weights": ordinary_step(*tensors)}),
        row(
            f"CapsNet, three rounds of routing alone, {size}",
            routing_alone(theirs, votes.requires_grad_()),
            {"the whole step": step},
        ),
    ]
