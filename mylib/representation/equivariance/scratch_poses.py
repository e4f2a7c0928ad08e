r"""Shifts, and how far a map follows them; poses of parts, and what they say of the whole, in NumPy.

Notation: T is what is done to the input, T' what is expected of the output; P_i is the pose of part i seen from the
camera, R_i the same seen from the whole, O the pose of the whole. A pose is a 3 x 3 matrix that acts on (x, y, 1).
"""

import numpy as np

from mylib.engine import Tensor, as_tensor, record
from mylib.representation.equivariance import contract

__all__ = ["translate", "equivariance_error", "pose_votes", "vote_disagreement"]


def translate(images, rows, columns, wrap=False):
    r"""y[i, j] = x[i - rows, j - columns]: whole pixels, positive is down and to the right.

    Zeros come in at the border; with `wrap` what went out on the other side, y[i, j] = x[(i - rows) mod H, ...].
    Gradient: moved back by the same way, with zeros where x went out.

    Args:    images: of any dtype. Shape (..., height, width).
             rows, columns: whole numbers; beyond the image all is 0, or with `wrap` counted modulo its size.
             wrap: whether what goes out comes in on the other side.
    Returns: array of the shape and dtype of images; a Tensor, on the tape, for a Tensor.
    Raises:  TypeError: a shift that is no whole number.
             ValueError: images without rows and columns.
    Source:  slide "Invited Talk- Hinton" (human on the left, on the middle, on the right). Differs: none.

    Example:
        >>> translate(np.array([[1, 2, 3]]), 0, 1).tolist(), translate(np.array([[1, 2, 3]]), 0, 1, wrap=True).tolist()
        ([[0, 1, 2]], [[3, 1, 2]])
    """
    values = np.asarray(images)
    contract.check_shift(values.shape, rows, columns)
    moved = _moved(values, int(rows), int(columns), wrap)
    if isinstance(images, Tensor):
        return record(moved, _moved_backward, (int(rows), int(columns), wrap), images._node)
    return moved


def _moved(x, rows, columns, wrap):
    if wrap:
        return np.roll(x, (rows, columns), axis=(-2, -1))
    y = np.zeros_like(x)
    (to_row, from_row), (to_column, from_column) = (
        _overlap(shift, size) for shift, size in zip((rows, columns), x.shape[-2:], strict=True)
    )
    y[..., to_row, to_column] = x[..., from_row, from_column]
    return y


def _overlap(shift, size):
    """Which places of the new image are filled, and from which of the old one."""
    shift = max(-size, min(size, shift))
    return slice(max(shift, 0), size + min(shift, 0)), slice(max(-shift, 0), size - max(shift, 0))


def _moved_backward(gradient, needs, rows, columns, wrap):
    """dL/dx[i, j] = g[i + rows, j + columns], 0 where that is outside."""
    return (_moved(gradient, -rows, -columns, wrap),)


def equivariance_error(f, x, transform, transform_output=None):
    r"""||f(T x) - T' f(x)|| / ||f(x)||, each norm over the whole batch: 0 if f follows T by T'.

    Without T' it is the invariance error, ||f(T x) - f(x)|| / ||f(x)||.

    Args:    f: function of x, to an array or Tensor.
             x: inputs, as f takes them.
             transform: T, function of x.
             transform_output: T', function of the array f(x); None is the identity.
    Returns: Python float, at least 0.
    Raises:  ValueError: f(x) is all 0, or f(T x) and T' f(x) have two shapes.
    Source:  definition of equivariance; slide "Invited Talk- Hinton". Differs: none.

    Example:
        >>> x = np.arange(6.0).reshape(1, 2, 3)
        >>> shift = lambda images: translate(images, 0, 1, wrap=True)
        >>> equivariance_error(np.square, x, shift, shift), round(equivariance_error(np.square, x, shift), 3)
        (0.0, 0.649)
    """
    follows, output = np.asarray(f(transform(x))), np.asarray(f(x))
    expected = output if transform_output is None else np.asarray(transform_output(output))
    size = np.linalg.norm(output.astype(np.float64))
    contract.check_error(follows.shape, expected.shape, size)
    return float(np.linalg.norm(follows.astype(np.float64) - expected) / size)


def pose_votes(part_poses, relations):
    r"""O_i = P_i R_i^{-1}: which pose of the whole each part would come from.

    P_i = O R_i: a part is placed in the whole (R_i, which never changes: a weight), and the whole before the camera (O,
    which changes with the viewpoint: an activity). O_i R_i = P_i is solved, not inverted.

    Gradient: dL/dP_i = G R_i^{-T}, dL/dR_i = -O_i^T G R_i^{-T}, summed over the batch.

    Args:    part_poses: P. Shape (batch, parts, 3, 3).
             relations: R. Shape (parts, 3, 3).
    Returns: Tensor, the votes O_i. Shape (batch, parts, 3, 3).
    Raises:  ValueError: shapes that do not fit, or a relation without an inverse.
    Source:  Kosiorek, Sabour, Teh, Hinton (2019), section 2; slide "Invited Talk- Hinton". Differs: the paper
             learns R_i and finds P_i by a network; here both are given.

    Example:
        >>> face, nose = np.diag([2.0, 2.0, 1.0]), np.array([[1.0, 0, 3], [0, 1, 0], [0, 0, 1]])
        >>> np.allclose(pose_votes((face @ nose)[None, None], nose[None]).numpy()[0, 0], face)
        True
    """
    p, r = as_tensor(part_poses), as_tensor(relations)
    contract.check_poses(p.shape, r.shape)
    contract.check_solvable(np.flatnonzero(np.linalg.matrix_rank(r.data) < 3).tolist())
    votes = _divide(p.data, r.data)
    return record(votes, _votes_backward, (votes, r.data), p._node, r._node)


def _divide(a, r):
    """A R^{-1}: the solution of X R = A, that is of R^T X^T = A^T."""
    return np.linalg.solve(r.swapaxes(-1, -2), a.swapaxes(-1, -2)).swapaxes(-1, -2)


def _votes_backward(gradient, needs, votes, relations):
    """dL/dP = G R^{-T}, and dL/dR = -O^T (dL/dP)."""
    to_poses = np.linalg.solve(relations, gradient.swapaxes(-1, -2)).swapaxes(-1, -2)
    return to_poses, needs[1] and -(votes.swapaxes(-1, -2) @ to_poses).sum(axis=0)


def vote_disagreement(votes):
    r"""mean_i ||O_i - mean_j O_j||^2, Frobenius: 0 if all parts vote for one whole.

    Args:    votes: O_i. Shape (batch, parts, 3, 3).
    Returns: Tensor. Shape (batch,).
    Raises:  ValueError: another shape.
    Source:  elementary, a variance; the idea in Hinton, Krizhevsky and Wang (2011). Differs: the papers measure
             agreement by routing or by a likelihood.

    Example:
        >>> votes = np.stack([np.eye(3), np.diag([3.0, 1.0, 1.0])])[None]
        >>> vote_disagreement(votes).numpy().tolist()  # each is 1 away from the mean
        [1.0]
    """
    votes = as_tensor(votes)
    contract.check_disagreement(votes.shape)
    apart = votes - votes.mean(axis=1, keepdims=True)
    return (apart * apart).sum(axis=(-2, -1)).mean(axis=1)
