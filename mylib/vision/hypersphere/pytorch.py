r"""Prototypes on the hypersphere in PyTorch: where to put them, training towards them, classes and numbers at once.

Notation as in `scratch`. The placing of prototypes is small and runs on the CPU; everything else stays on the device of
its input. Values (labels, bounds) are looked at on the CPU only: on a GPU that would make every step wait.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.devices import on_cpu
from mylib.shared.docstrings import complete_from_twin
from mylib.vision.convolution.pytorch import LeNet
from mylib.vision.hypersphere import contract
from mylib.vision.hypersphere.contract import SHORTEST

__all__ = [
    "separated_prototypes",
    "prototype_loss",
    "semantic_ranking_loss",
    "regression_target",
    "prototype_regression_loss",
    "classify",
    "HypersphericalNet",
]


def separated_prototypes(classes, dims, steps=1000, seed=0, triplets=None, weight=10.0):
    """Points on the unit sphere whose largest cosine to each other is as small as possible, by autograd, on the CPU.

    Returns: float64 rows of length 1. Shape (classes, dims).
    """
    contract.check_prototypes(classes, dims, steps)
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(classes, dims, generator=generator, dtype=torch.float64)
    points = F.normalize(points).requires_grad_()
    optimizer = torch.optim.SGD([points], lr=0.1, momentum=0.9)
    same = torch.eye(classes, dtype=torch.bool)
    with torch.enable_grad():
        for step in range(steps):
            progress = step / max(steps - 1, 1)
            beta, optimizer.param_groups[0]["lr"] = 10 * 1e3**progress, 0.1 * 3e-4**progress
            unit = F.normalize(points)
            cosines = (unit @ unit.T).masked_fill(same, -torch.inf)
            loss = classes * torch.logsumexp(beta * cosines.flatten(), 0) / beta
            if triplets is not None:
                loss = loss + weight * semantic_ranking_loss(points, triplets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                points.copy_(F.normalize(points))
    return points.detach()


def prototype_loss(z, prototypes, labels):
    r"""L = sum_i (1 - cos theta(z_i, p_{y_i}))^2: turn each output towards the prototype of its class."""
    contract.check_classification("prototype_loss", z.shape, prototypes.shape, labels.shape)
    _check_directions("prototype_loss", prototypes)
    contract.check_labels(str(labels.dtype), _no_class(labels, len(prototypes)), len(prototypes))
    return (1 - _cosines(z, prototypes[labels])).square().sum()


def semantic_ranking_loss(prototypes, triplets):
    r"""L = mean over triplets of -S' log S - (1 - S') log(1 - S), S = sigmoid(cos theta_ij - cos theta_ik)."""
    triplets = torch.as_tensor(triplets, device=prototypes.device)
    contract.check_triplets(prototypes.shape, triplets.shape, str(triplets.dtype))
    contract.check_names(_no_class(triplets[:, :3], len(prototypes)), len(prototypes))
    _check_directions("semantic_ranking_loss", prototypes)
    unit = F.normalize(prototypes)
    cosines = unit @ unit.T
    i, j, k = triplets[:, :3].T
    difference = cosines[i, j] - cosines[i, k]
    wanted = triplets[:, 3] if triplets.shape[1] == 4 else torch.ones_like(i)
    return F.binary_cross_entropy_with_logits(difference, wanted.to(difference.dtype))


def regression_target(y, lower, upper):
    r"""r = 2 (y - v_l) / (v_u - v_l) - 1: a number as the cosine that the output shall have, -1 at v_l and 1 at v_u."""
    contract.check_bounds(lower, upper)
    if on_cpu(y) and y.numel():
        contract.check_between(y.min().item(), y.max().item(), lower, upper)
    return 2 * (y - lower) / (upper - lower) - 1


def prototype_regression_loss(z, prototype, targets):
    r"""L = sum_i (r_i - cos theta(z_i, p))^2: each output at its own angle to one prototype."""
    contract.check_regression(z.shape, prototype.shape, targets.shape)
    _check_directions("prototype_regression_loss", prototype[None])
    return (targets - _cosines(z, prototype.expand_as(z))).square().sum()


def classify(z, prototypes):
    """c* = argmax_c cos theta(z, p_c): the class whose prototype lies nearest in angle."""
    contract.check_classification("classify", z.shape, prototypes.shape)
    _check_directions("classify", prototypes)
    dtype = torch.promote_types(z.dtype, prototypes.dtype)  # after autocast z may be bfloat16
    cosines = z.to(dtype) @ F.normalize(prototypes).to(dtype).T  # times the length of z, which changes no order
    return cosines.argmax(dim=1)


class HypersphericalNet(nn.Module):
    """LeNet onto the sphere. With `joint`, classes and a number share one space."""

    def __init__(self, classes, dims, joint=False, seed=0):
        super().__init__()
        contract.check_space(dims, joint)
        self.joint = joint
        self.backbone = LeNet(dims)
        places = separated_prototypes(classes, dims - joint, seed=seed).float()
        self.register_buffer("prototypes", F.pad(places, (0, int(joint))))
        self.register_buffer("axis", torch.eye(dims)[-1])

    def forward(self, x):
        """Outputs whose direction counts. Shapes (batch, 1, 28, 28) to (batch, dims)."""
        return self.backbone(x)

    # The same text on both sides: it chooses a function that has its own mathematics.
    def loss(self, z, labels, targets=None):
        """Mean over the batch of the class loss and, in a joint space, of the loss of the number's cosine."""
        contract.check_targets(self.joint, targets is not None)
        if not self.joint:
            return prototype_loss(z, self.prototypes, labels) / len(z)
        by_class = prototype_loss(z[:, :-1], self.prototypes[:, :-1], labels)
        return (by_class + prototype_regression_loss(z, self.axis, targets)) / len(z)

    def predict(self, z):
        """Classes and, in a joint space, cosines to the axis. Shapes (batch, dims) to one or two of (batch,)."""
        classes = classify(z, self.prototypes)
        return (classes, _cosines(z, self.axis.expand_as(z))) if self.joint else classes


def _cosines(z, p):
    """cos theta of each row of z to the same row of p."""
    length = torch.linalg.vector_norm(z, dim=1)
    there = ~(length <= SHORTEST)  # NaN is not short: it stays NaN, so that diverged training shows
    along = (z * F.normalize(p)).sum(dim=1)
    return torch.where(there, along, 0) / torch.where(there, length, 1)


def _check_directions(operation, prototypes):
    """Refuse prototypes that do not have a direction each; on the CPU."""
    if on_cpu(prototypes):
        bad = prototypes[~(prototypes.isfinite().all(dim=1) & prototypes.any(dim=1))]
        contract.check_directions(operation, bad.tolist())


def _no_class(labels, classes):
    """Those labels that are no class, on the CPU; elsewhere nobody looks."""
    return labels[(labels < 0) | (labels >= classes)].tolist() if on_cpu(labels) else []


complete_from_twin(globals())
