"""Capsules in PyTorch: squash, routing by agreement, the network and its two losses.

Notation as in `scratch`. Capsules are computed in float32 at least, also under autocast: routing adds up small
differences. Labels are looked at on the CPU only: on a GPU that would make every step wait.
"""

import contextlib

import torch
import torch.nn.functional as F
from torch import nn

from mylib.representation.equivariance import contract
from mylib.representation.equivariance.pytorch_poses import (
    equivariance_error,
    pose_votes,
    translate,
    vote_disagreement,
)
from mylib.shared.devices import at_least_float32, on_cpu
from mylib.shared.docstrings import complete_from_twin

__all__ = [
    "translate",
    "equivariance_error",
    "squash",
    "capsule_lengths",
    "dynamic_routing",
    "PrimaryCapsules",
    "DigitCapsules",
    "CapsNet",
    "margin_loss",
    "reconstruction_loss",
    "pose_votes",
    "vote_disagreement",
]


def squash(s):
    r"""v = s ||s|| / (1 + ||s||^2), in float32 at least; autograd takes 0 as the slope of a norm at 0."""
    contract.check_vectors("squash", s.shape)
    s = at_least_float32(s)
    n = torch.linalg.vector_norm(s, dim=-1, keepdim=True)
    return s * (n / (1 + n.square()))


def capsule_lengths(v):
    """||v|| along the last axis, in float32 at least."""
    contract.check_vectors("capsule_lengths", v.shape)
    return torch.linalg.vector_norm(at_least_float32(v), dim=-1)


def dynamic_routing(votes, iterations=3):
    r"""Routing by agreement, with c_i = softmax over j of b_i, in float32 at least, also under autocast.

    The logits are never stored: as b_ij is a sum of u_{j|i} . v_j over the earlier rounds, it is u_{j|i} times the sum
    of these v_j. Each round is two products of matrices. Memory: the votes twice, and (batch, inputs, outputs) a round.
    """
    contract.check_votes(votes.shape, iterations)
    # The meta device knows no autocast.
    with contextlib.nullcontext() if votes.is_meta else torch.autocast(votes.device.type, enabled=False):
        u = at_least_float32(votes).transpose(1, 2).contiguous()  # (batch, outputs, inputs, dim): rows for products
        couplings = torch.full_like(u[..., 0], 1 / u.shape[1])  # softmax of zeros
        capsules = heard = squash(u.sum(dim=2) / u.shape[1])
        for _ in range(iterations - 1):
            couplings = (u @ heard.unsqueeze(3)).squeeze(3).softmax(dim=1)
            capsules = squash((couplings.unsqueeze(2) @ u).squeeze(2))
            heard = heard + capsules
    return capsules, couplings.transpose(1, 2)


class PrimaryCapsules(nn.Module):
    """The lowest capsules, u = squash(W * x + b): a convolution whose channels are taken as vectors."""

    def __init__(self, channels_in, types, dim, kernel=9, stride=2):
        super().__init__()
        contract.check_primary(channels_in, types, dim, kernel, stride)
        self.types, self.dim = types, dim
        self.convolution = nn.Conv2d(channels_in, types * dim, kernel, stride)

    def forward(self, x):
        """The map to capsules."""
        y = self.convolution(x).unflatten(1, (self.types, self.dim)).flatten(3)  # (batch, types, dim, positions)
        return squash(y.transpose(2, 3).flatten(1, 2))


class DigitCapsules(nn.Module):
    """One capsule for each class: votes u_{j|i} = W_ij u_i, then routing by agreement."""

    def __init__(self, inputs, classes, dim_in, dim, iterations=3):
        super().__init__()
        contract.check_digit(inputs, classes, dim_in, dim, iterations)
        self.iterations = iterations
        self.weight = nn.Parameter(torch.empty(inputs, classes, dim, dim_in).normal_(std=0.1))

    def votes(self, u):
        """W_ij u_i in one einsum. (batch, inputs, dim_in) to (batch, inputs, classes, dim)."""
        inputs, _, _, dim_in = self.weight.shape
        contract.check_capsules("DigitCapsules", u.shape, inputs, dim_in)
        return torch.einsum("ijde,bie->bijd", self.weight, u)

    def forward(self, u):
        """Capsules below to capsules of classes."""
        return dynamic_routing(self.votes(u), self.iterations)[0]


class CapsNet(nn.Module):
    """Image, convolution and ReLU, primary capsules, digit capsules; and a decoder from one capsule to the image."""

    def __init__(
        self,
        channels=1,
        image_size=28,
        classes=10,
        width=256,
        types=32,
        primary_dim=8,
        dim=16,
        kernel=9,
        iterations=3,
        hidden=(512, 1024),
    ):
        super().__init__()
        side = contract.primary_side(image_size, kernel)
        contract.check_network(channels, classes, width, hidden)
        self.shape, self.classes, self.dim = (channels, image_size, image_size), classes, dim
        self.convolution = nn.Conv2d(channels, width, kernel)
        self.primary = PrimaryCapsules(width, types, primary_dim, kernel)
        self.digit = DigitCapsules(types * side * side, classes, primary_dim, dim, iterations)
        layers = [nn.Linear(classes * dim, hidden[0]), nn.ReLU(), nn.Linear(hidden[0], hidden[1]), nn.ReLU()]
        self.decoder = nn.Sequential(*layers, nn.Linear(hidden[1], channels * image_size**2), nn.Sigmoid())

    def forward(self, images):
        """Images to capsules of classes."""
        contract.check_images(images.shape, *self.shape[:2])
        return self.digit(self.primary(F.relu(self.convolution(images))))

    def reconstruct(self, capsules, labels=None):
        """The image that one capsule tells of; all others are set to 0.

        Returns: tensor, pixels in (0, 1). Shape (batch, channels, image_size, image_size).
        """
        labels_shape = None if labels is None else labels.shape
        contract.check_reconstruction(capsules.shape, self.classes, self.dim, labels_shape)
        if labels is None:
            labels = capsules.square().sum(-1).argmax(dim=1)
        _check_classes("reconstruct", labels, self.classes)
        mask = F.one_hot(labels.long(), self.classes).to(capsules.dtype)
        return self.decoder((capsules * mask.unsqueeze(2)).flatten(1)).unflatten(1, self.shape)


def margin_loss(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    """L = sum_k T_k max(0, m+ - ||v_k||)^2 + w (1 - T_k) max(0, ||v_k|| - m-)^2, mean over the batch."""
    contract.check_margin(lengths.shape, labels.shape, m_plus, m_minus, weight)
    lengths = at_least_float32(lengths)
    if labels.ndim == 2:
        if on_cpu(labels):
            contract.check_marks(labels[(labels != 0) & (labels != 1)].tolist())
        there = labels.bool()
    else:
        _check_classes("margin_loss", labels, lengths.shape[1])
        there = labels.unsqueeze(1) == torch.arange(lengths.shape[1], device=labels.device)
    hinges = torch.where(there, m_plus - lengths, lengths - m_minus).clamp(min=0).square()
    return torch.where(there, hinges, weight * hinges).sum(dim=1).mean()


def _check_classes(operation, labels, classes):
    bad = labels[(labels < 0) | (labels >= classes)].tolist() if on_cpu(labels) else []
    contract.check_classes(operation, str(labels.dtype), bad, classes)


def reconstruction_loss(reconstruction, images, weight=0.0005):
    """L = w sum over pixels of (reconstruction - image)^2, mean over the batch."""
    contract.check_pictures(reconstruction.shape, images.shape, weight)
    reconstruction, images = at_least_float32(reconstruction), at_least_float32(images)
    return weight * F.mse_loss(reconstruction, images, reduction="sum") / len(images)


complete_from_twin(globals())
