r"""Prototypes on the hypersphere in NumPy: where to put them, training towards them, classes and numbers in one space.

Notation, as on the slides: z is what the network puts out, p_k the prototype of class k, a point on the unit sphere of
`dims` dimensions, and theta the angle between two vectors. The length of z never matters, only its direction.
"""

import numpy as np

from mylib.engine import Tensor, as_tensor, binary_cross_entropy_with_logits, nn, record
from mylib.vision.convolution.scratch import LeNet
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

    Example:
        >>> p = separated_prototypes(classes=3, dims=2)  # a triangle: every cosine is -1/2
        >>> bool(np.allclose(p @ p.T, 1.5 * np.eye(3) - 0.5, atol=1e-3))
        True
    """
    contract.check_prototypes(classes, dims, steps)
    points = _unit(np.random.default_rng(seed).normal(size=(classes, dims)))
    momentum = np.zeros_like(points)
    # With a last rate of 1e-4 five points on the circle still jumped about by 1e-3; with 3e-5 they come to rest.
    for beta, rate in zip(np.geomspace(10, 1e4, steps), np.geomspace(0.1, 3e-5, steps), strict=True):
        gradient = classes * _crowding_gradient(points, beta)
        if triplets is not None:
            gradient += weight * _ranking_gradient(points, triplets)
        gradient -= (gradient * points).sum(axis=1, keepdims=True) * points  # what is left lies along the sphere
        momentum = 0.9 * momentum - rate * gradient
        points = _unit(points + momentum)
    return points


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

    Example:
        >>> prototype_loss([[0.0, 3.0]], [[1.0, 0.0], [0.0, 1.0]], [0]).item()
        1.0
    """
    z, prototypes, labels = as_tensor(z), np.asarray(prototypes), np.asarray(labels)
    contract.check_classification("prototype_loss", z.shape, prototypes.shape, labels.shape)
    _check_directions("prototype_loss", prototypes)
    bad = labels[(labels < 0) | (labels >= len(prototypes))]
    contract.check_labels(str(labels.dtype), bad.tolist(), len(prototypes))
    return _squared_gap(z, prototypes[labels], np.ones(len(labels)))


def semantic_ranking_loss(prototypes, triplets):
    r"""L = mean over triplets of -S' log S - (1 - S') log(1 - S), S = sigmoid(cos theta_ij - cos theta_ik).

    Privileged information: for classes i, j and k somebody knows which of j and k is more like i. S' is 1 if it is j.

    Args:    prototypes: of any length above 0. Shape (classes, dims).
             triplets: rows i, j, k with j the more alike; a fourth column, if there is one, is S'. Integers, shape
                 (n, 3) or (n, 4).
    Returns: scalar.
    Raises:  ValueError: no triplets, triplets of another shape, numbers that are no class, or a prototype of length 0.
    Source:  Mettes et al. (2019); Burges et al. (2005); slide "Obtaining hyperspherical prototypes".

    Example:
        >>> loss = semantic_ranking_loss([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]], [[0, 1, 2]])
        >>> round(loss.item(), 4)  # -log sigmoid(1 - (-1))
        0.1269
    """
    prototypes, triplets = as_tensor(prototypes), np.asarray(triplets)
    contract.check_triplets(prototypes.shape, triplets.shape, str(triplets.dtype))
    names = triplets[:, :3]
    contract.check_names(names[(names < 0) | (names >= len(prototypes))].tolist(), len(prototypes))
    _check_directions("semantic_ranking_loss", prototypes.data)
    i, j, k = names.T
    wanted = triplets[:, 3] if triplets.shape[1] == 4 else np.ones(len(triplets), int)
    p = prototypes / (prototypes * prototypes).sum(axis=1, keepdims=True).sqrt()
    difference = (p[i] * (p[j] - p[k])).sum(axis=1)  # cos theta_ij - cos theta_ik, one for each triplet
    return binary_cross_entropy_with_logits(difference, wanted.astype(p.dtype))


def regression_target(y, lower, upper):
    r"""r = 2 (y - v_l) / (v_u - v_l) - 1: a number as the cosine that the output shall have, -1 at v_l and 1 at v_u.

    Args:    y: numbers between the bounds. Any shape.
             lower, upper: the bounds v_l < v_u.
    Returns: array of y's shape.
    Raises:  ValueError: bounds in the wrong order, or a y beyond them, which no cosine can reach.
    Source:  Mettes et al. (2019); slide "Hyperspherical Prototype Regression".

    Example:
        >>> regression_target(np.array([1900, 1950, 2000]), 1900, 2000).tolist()
        [-1.0, 0.0, 1.0]
    """
    y = np.asarray(y)
    contract.check_bounds(lower, upper)
    if y.size:
        contract.check_between(y.min(), y.max(), lower, upper)
    return 2 * (y - lower) / (upper - lower) - 1


def prototype_regression_loss(z, prototype, targets):
    r"""L = sum_i (r_i - cos theta(z_i, p))^2: each output at its own angle to one prototype.

    Args:    z: outputs. Shape (batch, dims).
             prototype: p, of any length above 0. Shape (dims,).
             targets: r, cosines from `regression_target`. Shape (batch,).
    Returns: scalar, the sum over the batch.
    Raises:  ValueError: shapes that do not fit, or a prototype of length 0.
    Source:  Mettes et al. (2019); slide "Hyperspherical Prototype Regression".

    Example:
        >>> prototype_regression_loss([[5.0, 0.0], [0.0, 2.0]], [1.0, 0.0], [1.0, 0.5]).item()
        0.25
    """
    z, prototype, targets = as_tensor(z), np.asarray(prototype), np.asarray(targets)
    contract.check_regression(z.shape, prototype.shape, targets.shape)
    _check_directions("prototype_regression_loss", prototype[None])
    return _squared_gap(z, np.broadcast_to(prototype, z.shape), targets)


def classify(z, prototypes):
    r"""c* = argmax_c cos theta(z, p_c): the class whose prototype lies nearest in angle.

    Args:    z: outputs. Shape (batch, dims).
             prototypes: Shape (classes, dims).
    Returns: integer array; among equal cosines the lowest class. Shape (batch,).
    Raises:  ValueError: shapes that do not fit, or a prototype of length 0.
    Source:  Mettes et al. (2019); slide "Hyperspherical Prototype classification".

    Example:
        >>> classify([[0.1, 5.0], [3.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]).tolist()
        [1, 0]
    """
    z, prototypes = np.asarray(as_tensor(z)), np.asarray(prototypes)
    contract.check_classification("classify", z.shape, prototypes.shape)
    _check_directions("classify", prototypes)
    return (z @ _unit(prototypes).T).argmax(axis=1)  # the length of z changes no order


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

    Example:
        >>> HypersphericalNet(10, 3)(np.zeros((2, 1, 28, 28), np.float32)).shape
        (2, 3)
    """

    def __init__(self, classes, dims, joint=False, seed=0):
        super().__init__()
        contract.check_space(dims, joint)
        self.joint = joint
        self.backbone = LeNet(dims)
        places = separated_prototypes(classes, dims - joint, seed=seed).astype(np.float32)
        self.register_buffer("prototypes", np.pad(places, ((0, 0), (0, int(joint)))))
        self.register_buffer("axis", np.eye(dims, dtype=np.float32)[-1])

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
        return (classes, _cosine(np.asarray(z), self.axis)) if self.joint else classes


def _squared_gap(z, p, r):
    """sum_i (r_i - cos theta(z_i, p_i))^2 with the slide's gradient, as one operation."""
    p, r = (_unit(p).astype(z.dtype), r.astype(z.dtype))
    length = np.linalg.norm(z.data, axis=1, keepdims=True)
    there = ~(length <= SHORTEST)  # NaN is not short: it stays NaN, so that diverged training shows
    unit = np.where(there, z.data / np.where(there, length, 1), 0)
    cosine = (unit * p).sum(axis=1)
    # d cos / dz = (p - cos u) / ||z||
    slope = np.where(there, p - cosine[:, None] * unit, 0) / np.where(there, length, 1)
    slope *= (2 * (cosine - r))[:, None]
    return record(((r - cosine) ** 2).sum(), _slope_backward, (slope,), z._node)


def _slope_backward(gradient, needs, slope):
    """dL/dz = g times the slope that the forward pass has found."""
    return (gradient * slope,)


def _crowding_gradient(points, beta):
    """Gradient of the smooth largest cosine: a softmax over pairs says how much each pushes."""
    cosines = points @ points.T
    np.fill_diagonal(cosines, -np.inf)
    pushes = np.exp(beta * (cosines - cosines.max()))
    return 2 * (pushes / pushes.sum()) @ points


def _ranking_gradient(points, triplets):
    """Gradient of the ranking loss, from the tape."""
    traced = Tensor(points, requires_grad=True)
    semantic_ranking_loss(traced, triplets).backward()
    return traced.grad


def _cosine(z, p):
    length = np.maximum(np.linalg.norm(z, axis=-1), SHORTEST)
    return z @ p / (length * np.linalg.norm(p))


def _unit(points):
    return points / np.linalg.norm(points, axis=-1, keepdims=True)


def _check_directions(operation, prototypes):
    """Refuse prototypes that do not have a direction each."""
    bad = prototypes[~(np.isfinite(prototypes).all(axis=1) & prototypes.any(axis=1))]
    contract.check_directions(operation, bad.tolist())
