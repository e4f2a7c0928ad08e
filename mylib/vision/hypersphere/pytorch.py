r"""Prototypes on the hypersphere in PyTorch: where to put them, training towards them, classes and numbers at once.

Notation as in `scratch`. The placing of prototypes is small and runs on the CPU; everything else stays on the device of
its input. Values (labels, bounds) are looked at on the CPU only: on a GPU that would make every step wait.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.devices import on_cpu
from mylib.vision.convolution.pytorch import LeNet

__all__ = [
    "separated_prototypes",
    "prototype_loss",
    "semantic_ranking_loss",
    "regression_target",
    "prototype_regression_loss",
    "classify",
    "HypersphericalNet",
]

SHORTEST = 1e-8  # a shorter vector has no direction: cosine 0 to everything, and no gradient


def separated_prototypes(classes, dims, steps=1000, seed=0, triplets=None, weight=10.0):
    r"""Points on the unit sphere whose largest cosine to each other is as small as possible.

    The largest of many cosines has a gradient at one pair only. We go down its smooth version instead,

    S_beta = (1 / beta) log sum_{k != l} exp(beta cos theta_kl),

    which tends to the largest cosine while beta grows from 10 to 10,000 on the way, with momentum, and put the points
    back onto the sphere after each step. With triplets, `weight` times `semantic_ranking_loss` is added.

    Args:    classes: number of points, at least 2.
             dims: of the space, at least 1; the "sphere" of 1 dimension has room for two points only.
             steps: of the descent.
             seed: of the points that it starts from.
             triplets: privileged information, as in `semantic_ranking_loss`, or None.
             weight: of that loss beside the separation.
    Returns: array, rows of length 1. Shape (classes, dims).
    Raises:  ValueError: fewer than 2 classes, more than 2 in 1 dimension, or steps below 1.
    Source:  Mettes, van der Pol, Snoek (2019); slide "Obtaining hyperspherical prototypes". Differs: the
             paper descends on the largest cosines themselves.
    """
    _check_prototypes(classes, dims, steps)
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
    r"""L = sum_i (1 - cos theta(z_i, p_{y_i}))^2: turn each output towards the prototype of its class.

    With u_i = z_i / ||z_i|| and a prototype of length 1, the slide's gradient is
    dL/dz_i = 2 (1 - cos theta_i) (cos theta_i u_i - p_{y_i}) / ||z_i||. It is at right angles to z_i: only the
    direction is trained.

    Args:    z: outputs. Shape (batch, dims).
             prototypes: one for each class, of any length above 0. Shape (classes, dims).
             labels: integers below classes. Shape (batch,).
    Returns: scalar, the sum over the batch.
    Raises:  ValueError: shapes that do not fit, labels without a prototype, or a prototype of length 0.
    Source:  Mettes et al. (2019); slide "Hyperspherical Prototype classification". Differs: the slide has
             |z . p|, which would be content with an output on the opposite side; the paper has no bars, and so have we.
    """
    _check_directions("prototype_loss", z.shape, prototypes, labels.shape)
    _check_labels(labels, len(prototypes))
    return (1 - _cosines(z, prototypes[labels])).square().sum()


def semantic_ranking_loss(prototypes, triplets):
    r"""L = mean over triplets of -S' log S - (1 - S') log(1 - S), S = sigmoid(cos theta_ij - cos theta_ik).

    Privileged information: for classes i, j and k somebody knows which of j and k is more like i. S' is 1 if it is j.

    Args:    prototypes: of any length above 0. Shape (classes, dims).
             triplets: rows i, j, k with j the more alike; a fourth column, if there is one, is S'. Integers, shape
                 (n, 3) or (n, 4).
    Returns: scalar.
    Raises:  ValueError: no triplets, triplets of another shape, numbers that are no class, or a prototype of length 0.
    Source:  Mettes et al. (2019); Burges et al. (2005); slide "Obtaining hyperspherical prototypes".
    """
    triplets = torch.as_tensor(triplets, device=prototypes.device)
    _check_triplets(triplets, prototypes.shape)
    _check_lengths("semantic_ranking_loss", prototypes)
    unit = F.normalize(prototypes)
    cosines = unit @ unit.T
    i, j, k = triplets[:, :3].T
    difference = cosines[i, j] - cosines[i, k]
    wanted = triplets[:, 3] if triplets.shape[1] == 4 else torch.ones_like(i)
    return F.binary_cross_entropy_with_logits(difference, wanted.to(difference.dtype))


def regression_target(y, lower, upper):
    r"""r = 2 (y - v_l) / (v_u - v_l) - 1: a number as the cosine that the output shall have, -1 at v_l and 1 at v_u.

    Args:    y: numbers between the bounds. Any shape.
             lower, upper: the bounds v_l < v_u.
    Returns: Shape of y.
    Raises:  ValueError: bounds in the wrong order, or a y beyond them, which no cosine can reach.
    Source:  Mettes et al. (2019); slide "Hyperspherical Prototype Regression".
    """
    if not lower < upper:
        raise ValueError(f"regression_target: expected lower < upper, got {lower} and {upper}; exchange them?")
    if on_cpu(y) and y.numel() and not (lower <= y.min() and y.max() <= upper):
        raise ValueError(
            f"regression_target: expected y from {lower} to {upper}, got {y.min()} to {y.max()}; widen the bounds"
        )
    return 2 * (y - lower) / (upper - lower) - 1


def prototype_regression_loss(z, prototype, targets):
    r"""L = sum_i (r_i - cos theta(z_i, p))^2: each output at its own angle to one prototype.

    Args:    z: outputs. Shape (batch, dims).
             prototype: p, of any length above 0. Shape (dims,).
             targets: r, cosines from `regression_target`. Shape (batch,).
    Returns: scalar, the sum over the batch.
    Raises:  ValueError: shapes that do not fit, or a prototype of length 0.
    Source:  Mettes et al. (2019); slide "Hyperspherical Prototype Regression".
    """
    _check_directions("prototype_regression_loss", z.shape, prototype[None], targets.shape)
    return (targets - _cosines(z, prototype.expand_as(z))).square().sum()


def classify(z, prototypes):
    r"""c* = argmax_c cos theta(z, p_c): the class whose prototype lies nearest in angle.

    Args:    z: outputs. Shape (batch, dims).
             prototypes: Shape (classes, dims).
    Returns: integer array; among equal cosines the lowest class. Shape (batch,).
    Raises:  ValueError: shapes that do not fit, or a prototype of length 0.
    Source:  Mettes et al. (2019); slide "Hyperspherical Prototype classification".
    """
    _check_directions("classify", z.shape, prototypes, z.shape[:1])
    dtype = torch.promote_types(z.dtype, prototypes.dtype)  # after autocast z may be bfloat16
    cosines = z.to(dtype) @ F.normalize(prototypes).to(dtype).T  # times the length of z, which changes no order
    return cosines.argmax(dim=1)


class HypersphericalNet(nn.Module):
    r"""LeNet onto the sphere. With `joint`, classes and a number share one space.

    In the joint space the class prototypes lie in the first dims - 1 coordinates, and `axis`, the prototype of the
    number, is the last, so that every class can be combined with every number. A class is the direction of the first
    coordinates, the number the cosine to the axis. Both losses have the same form and scale: nothing needs weighing.

    Args:    classes: number of classes.
             dims: of the output, at least 2 (3 for joint).
             joint: whether the last coordinate is kept for a number.
             seed: of `separated_prototypes`.
    Raises:  ValueError: as `separated_prototypes`, or too few dimensions for a joint space.
    Source:  Mettes et al. (2019); slide "Joint classification and regression". Differs: LeNet for a ResNet; the
             slide does not say how classes and number are placed in the one space.
    """

    def __init__(self, classes, dims, joint=False, seed=0):
        super().__init__()
        if dims < 2 + joint:
            raise ValueError(f"HypersphericalNet: expected dims of at least {2 + joint}, got {dims}; use more")
        self.joint = joint
        self.backbone = LeNet(dims)
        places = separated_prototypes(classes, dims - joint, seed=seed).float()
        self.register_buffer("prototypes", F.pad(places, (0, int(joint))))
        self.register_buffer("axis", torch.eye(dims)[-1])

    def forward(self, x):
        """Outputs whose direction counts. Shapes (batch, 1, 28, 28) to (batch, dims)."""
        return self.backbone(x)

    def loss(self, z, labels, targets=None):
        """Mean over the batch of the class loss and, in a joint space, of the loss of the number's cosine."""
        if (targets is not None) != self.joint:
            raise ValueError(
                f"HypersphericalNet: expected targets {'for' if self.joint else 'only in'} a joint space, got "
                f"{'none' if targets is None else 'some'}; see joint="
            )
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


def _check_prototypes(classes, dims, steps):
    if classes < 2 or dims < 1 or steps < 1:
        raise ValueError(
            "separated_prototypes: expected classes of at least 2, dims and steps of at least 1, got "
            f"{classes}, {dims} and {steps}"
        )
    if dims == 1 and classes > 2:
        raise ValueError(
            f"separated_prototypes: {classes} classes cannot be told apart in 1 dimension, whose sphere is two points; "
            "use 2 dimensions or more"
        )


def _check_directions(name, z, prototypes, labels):
    """Raise unless the shapes z and labels fit the prototypes and, on the CPU, each prototype has a direction."""
    if len(z) != 2 or prototypes.ndim != 2 or prototypes.shape[1] != z[1] or labels != z[:1]:
        raise ValueError(
            f"{name}: expected z (batch, dims), prototypes with the same dims and one label or target for each z, got "
            f"{tuple(z)}, {tuple(prototypes.shape)} and {tuple(labels)}"
        )
    _check_lengths(name, prototypes)


def _check_lengths(name, prototypes):
    if on_cpu(prototypes) and not (prototypes.isfinite().all() and prototypes.any(dim=1).all()):
        raise ValueError(
            f"{name}: expected finite prototypes of a length above 0, got {prototypes.tolist()}; a direction is needed"
        )


def _check_labels(labels, classes):
    whole = not labels.is_floating_point() and labels.dtype != torch.bool
    looking = on_cpu(labels) and len(labels)
    if not whole or (looking and not 0 <= labels.min() <= labels.max() < classes):
        raise ValueError(
            f"prototype_loss: expected integer labels from 0 to {classes - 1}, got {labels.unique().tolist()}; each "
            "class needs a prototype"
        )


def _check_triplets(triplets, prototypes):
    shape, whole = tuple(triplets.shape), not triplets.is_floating_point()
    if len(shape) != 2 or shape[1] not in (3, 4) or not shape[0] or not whole:
        raise ValueError(
            f"semantic_ranking_loss: expected integer triplets of shape (n, 3) or (n, 4), n at least 1, got {shape} of "
            f"{triplets.dtype}"
        )
    names = triplets[:, :3]
    if on_cpu(triplets) and not 0 <= names.min() <= names.max() < prototypes[0]:
        raise ValueError(
            f"semantic_ranking_loss: expected classes from 0 to {prototypes[0] - 1}, got {names.min()} to {names.max()}"
        )
