"""Shifts and how far a map follows them, poses of parts and what they say of the whole, in PyTorch."""

import torch
import torch.nn.functional as F

from mylib.representation.equivariance import contract
from mylib.shared.devices import on_cpu, widest_float

__all__ = ["translate", "equivariance_error", "pose_votes", "vote_disagreement"]


def translate(images, rows, columns, wrap=False):
    """y[i, j] = x[i - rows, j - columns], by padding on one side and cutting on the other.

    Returns: tensor of the shape, dtype and device of images.
    """
    contract.check_shift(images.shape, rows, columns)
    rows, columns = int(rows), int(columns)
    if wrap:
        return images.roll((rows, columns), (-2, -1))
    height, width = images.shape[-2:]
    rows, columns = max(-height, min(height, rows)), max(-width, min(width, columns))
    return F.pad(images, (columns, -columns, rows, -rows))  # negative padding cuts


@torch.no_grad()
def equivariance_error(f, x, transform, transform_output=None):
    """||f(T x) - T' f(x)|| / ||f(x)||, each norm over the whole batch; reads two numbers back from the device.

    The functions take and return tensors.
    """
    output = f(x)
    expected = output if transform_output is None else transform_output(output)
    follows, wide = f(transform(x)), widest_float(output.device)
    size = output.to(wide).norm().item()
    contract.check_error(follows.shape, expected.shape, size)
    return (follows.to(wide) - expected.to(wide)).norm().item() / size


def pose_votes(part_poses, relations):
    """O_i = P_i R_i^{-1}: which pose of the whole each part would come from, solved for all parts at once."""
    contract.check_poses(part_poses.shape, relations.shape)
    if on_cpu(relations):
        singular = torch.linalg.matrix_rank(relations.detach()) < 3
        contract.check_solvable(singular.nonzero().flatten().tolist())
    return torch.linalg.solve_ex(relations, part_poses, left=False)[0]  # the checks of `solve` would wait for a GPU


def vote_disagreement(votes):
    """mean_i ||O_i - mean_j O_j||^2: the variance over the parts, summed over the nine entries."""
    contract.check_disagreement(votes.shape)
    return votes.var(dim=1, correction=0).sum(dim=(-2, -1))
